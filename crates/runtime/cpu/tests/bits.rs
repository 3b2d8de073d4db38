//! The same bits: threads, batch, instruction set, the host's control word.
#![allow(clippy::unwrap_used, clippy::panic)]

use fastserve_backend::{Backend, Bindings, CompileOptions, RunCx};
use fastserve_cpu::CpuBackend;
use fastserve_ir::Graph;
use fastserve_ir::text::parse;
use fastserve_ops::Ops;
use fastserve_simd::{Cpu, IsaId};
use fastserve_tensor::{Shape, Tensor, TensorView};
use fastserve_testkit::conformance::NETWORKS;
use fastserve_testkit::random::Random;
use fastserve_testkit::sys;

fn run(graph: &Graph, cpu: Cpu, threads: usize, inputs: &[Tensor]) -> Vec<Tensor> {
    let compiled = CpuBackend::with_cpu(cpu).compile(graph, &CompileOptions { threads, optimize: true }).unwrap();
    let mut session = compiled.session().unwrap();
    let views: Vec<TensorView<'_>> = inputs.iter().map(|t| t.view().unwrap()).collect();
    session.run(&mut Bindings::lent(&views), &mut RunCx::default()).unwrap();
    (0..graph.outputs().len()).map(|i| Tensor::copy_of(&session.output(i).unwrap()).unwrap()).collect()
}

fn networks() -> Vec<Graph> {
    NETWORKS.iter().map(|text| parse(text, &Ops).unwrap()).collect()
}

/// Instruction sets with a fused multiply-add, which must agree.
fn fused() -> Vec<Cpu> {
    Cpu::all_available().into_iter().filter(|c| c.id() != IsaId::Portable).collect()
}

/// Row `i` of the leading axis.
fn row(t: &Tensor, i: usize) -> Tensor {
    let mut dims = t.shape().to_vec();
    let size = t.bytes().len() / dims[0];
    dims[0] = 1;
    let view = TensorView::new(t.dtype(), Shape::new(&dims).unwrap(), &t.bytes()[i * size..][..size]).unwrap();
    Tensor::copy_of(&view).unwrap()
}

#[test]
fn threads_and_instruction_sets_agree() {
    for graph in networks() {
        for batch in [1, 5, 32] {
            let inputs = Random::new(3).inputs(&graph, &[batch]).unwrap();
            let results: Vec<Vec<Tensor>> =
                fused().into_iter().flat_map(|cpu| [1, 2, 3].map(|threads| run(&graph, cpu, threads, &inputs))).collect();
            for other in &results[1..] {
                assert!(*other == results[0], "{} at batch {batch}", graph.name);
            }
        }
    }
}

#[test]
fn a_request_does_not_see_its_batch() {
    for graph in networks() {
        let all = Random::new(4).inputs(&graph, &[32]).unwrap();
        for cpu in fused() {
            let alone: Vec<Vec<Tensor>> =
                (0..32).map(|i| run(&graph, cpu, 1, &all.iter().map(|t| row(t, i)).collect::<Vec<_>>())).collect();
            for batch in 1..=32 {
                let some = Random::new(4).inputs(&graph, &[32]).unwrap();
                let some: Vec<Tensor> = some.iter().map(|t| rows(t, batch)).collect();
                for (o, output) in run(&graph, cpu, 2, &some).iter().enumerate() {
                    (0..batch).for_each(|i| assert!(row(output, i) == alone[i][o], "{} output {o}, row {i} of {batch}", graph.name));
                }
            }
        }
    }
}

/// The first `n` rows.
fn rows(t: &Tensor, n: usize) -> Tensor {
    let mut dims = t.shape().to_vec();
    let size = t.bytes().len() / dims[0] * n;
    dims[0] = n;
    let view = TensorView::new(t.dtype(), Shape::new(&dims).unwrap(), &t.bytes()[..size]).unwrap();
    Tensor::copy_of(&view).unwrap()
}

#[test]
#[cfg(target_arch = "x86_64")]
fn a_host_that_flushes_to_zero_changes_nothing() {
    for graph in networks() {
        let mut inputs = Random::new(5).inputs(&graph, &[8]).unwrap();
        // Denormal, so that flushing would show.
        inputs.iter_mut().flat_map(|t| t.as_mut_slice::<f32>().unwrap().iter_mut()).step_by(2).for_each(|v| *v *= 1e-39);
        for cpu in fused() {
            let expected = run(&graph, cpu, 2, &inputs);
            let got = sys::with_hostile_control_word(|| run(&graph, cpu, 2, &inputs));
            assert!(got == expected, "{}", graph.name);
        }
    }
}
