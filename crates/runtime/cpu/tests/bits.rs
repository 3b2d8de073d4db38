//! The same bits: threads, batch, instruction set, the host's control word.
#![allow(clippy::unwrap_used, clippy::panic)]

mod common;

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
use fastserve_testkit::tolerance::{Tolerance, compare};

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

/// Each operator's kernel: threads, instruction sets, and a request alone; and near to its reference body, portable code too.
#[test]
fn operators_agree() {
    for text in common::texts() {
        let graph = parse(&text, &Ops).unwrap();
        let all = Random::new(6).inputs(&graph, &[11]).unwrap();
        let truth = fastserve_testkit::interpret::interpret(&graph, &all, &[11]).unwrap();
        let Some(&base) = fused().first() else { return };
        let first = run(&graph, base, 1, &all);
        for cpu in Cpu::all_available() {
            for threads in [1, 2, 3] {
                let got = run(&graph, cpu, threads, &all);
                assert!(got == first || cpu.id() == IsaId::Portable, "{} on {threads} threads\n{text}", cpu.name());
                for (got, truth) in got.iter().zip(&truth) {
                    compare(got, truth, Tolerance::F32).unwrap_or_else(|e| panic!("{}: {e}\n{text}", cpu.name()));
                }
            }
        }
        for i in [0, 4, 10] {
            let alone: Vec<Tensor> = all.iter().map(|t| row(t, i)).collect();
            let alone = run(&graph, base, 1, &alone);
            assert!(alone.iter().zip(&first).all(|(a, b)| *a == row(b, i)), "row {i} alone\n{text}");
        }
    }
}

/// Enough rows for several tasks.
#[test]
fn operators_agree_on_many_rows() {
    for text in common::texts() {
        let graph = parse(&text, &Ops).unwrap();
        let all = Random::new(7).inputs(&graph, &[1203]).unwrap();
        let results: Vec<Vec<Tensor>> =
            fused().into_iter().flat_map(|cpu| [1, 2, 3].map(|threads| run(&graph, cpu, threads, &all))).collect();
        assert!(results.iter().all(|r| *r == results[0]), "{text}");
    }
}

/// Extents that are known in the run only.
#[test]
fn symbolic_extents_have_kernels() {
    for body in [
        "input %x: f32[N,3,H,W] %y: f32[N,3,1,1] = GlobalAveragePool(%x) @n",
        "input %x: f32[N,3,H,W] %y: f32[N,3,1,1] = GlobalMaxPool(%x) @n",
        "input %x: f32[N,3,H] input %z: f32[W] %y: f32[N,3,1] = GlobalAveragePool(%x) @n",
        "input %x: f32[N,3,H,W] const %a: i64[2] = {2, 3} %y: f32[N,3,1,1] = ReduceMean(%x, %a) @n",
        "input %x: f32[N,3,H,W] const %p: i64[8] = {0, 0, 1, 2, 0, 0, 1, 0} %y: f32[N,3,(H+2),(W+2)] = Pad{mode=\"reflect\"}(%x, %p) @n",
        "input %x: f32[N,3,H,W] const %s: f32[4] = {1, 1, 2, 2} %y: f32[N,3,(H*2),(W*2)] = Resize{mode=\"linear\"}(%x, _, %s) @n",
    ] {
        let graph = parse(&format!("graph g(N, H, W) {{ {body} return %y }}"), &Ops).unwrap_or_else(|e| panic!("{e}\n{body}"));
        let compiled = CpuBackend::new().unwrap().compile(&graph, &CompileOptions { threads: 1, optimize: true }).unwrap();
        assert!(compiled.explain(&[2, 7, 9]).unwrap().steps.iter().all(|s| s.kernel != "reference"), "{body}");
        for symbols in [[1, 7, 9], [5, 3, 33]] {
            let inputs = Random::new(8).inputs(&graph, &symbols).unwrap();
            let truth = fastserve_testkit::interpret::interpret(&graph, &inputs, &symbols).unwrap();
            for cpu in Cpu::all_available() {
                let got = run(&graph, cpu, 2, &inputs);
                compare(&got[0], &truth[0], Tolerance::F32).unwrap_or_else(|e| panic!("{}: {e}\n{body}", cpu.name()));
            }
        }
    }
}

/// No operator of the list runs by its reference body.
#[test]
fn operators_have_kernels() {
    for text in common::texts() {
        let graph = parse(&text, &Ops).unwrap();
        let compiled = CpuBackend::new().unwrap().compile(&graph, &CompileOptions { threads: 1, optimize: true }).unwrap();
        let explain = compiled.explain(&[2]).unwrap();
        assert!(explain.steps.iter().all(|s| s.kernel != "reference"), "{text}\n{:?}", explain.steps);
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
