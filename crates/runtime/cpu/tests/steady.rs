//! A steady run makes no allocator call, on any thread.
#![allow(clippy::unwrap_used, clippy::panic)]

mod common;

use fastserve_backend::{Backend, Bindings, CompileOptions, OutputBinding, RunCx, Session};
use fastserve_cpu::CpuBackend;
use fastserve_ir::text::parse;
use fastserve_ops::Ops;
use fastserve_tensor::{Tensor, TensorView};
use fastserve_testkit::conformance::NETWORKS;
use fastserve_testkit::random::Random;
use fastserve_testkit::sys;

#[global_allocator]
static ALLOCATOR: sys::Counting = sys::Counting;

fn calls_of(mut f: impl FnMut()) -> usize {
    let before = sys::allocator_calls();
    f();
    sys::allocator_calls() - before
}

fn run(session: &mut dyn Session, views: &[TensorView<'_>]) {
    session.run(&mut Bindings::lent(views), &mut RunCx::default()).unwrap();
}

/// One test function: another one in parallel would count here too.
#[test]
fn the_second_run_allocates_nothing() {
    for text in NETWORKS.iter().map(|text| (*text).to_owned()).chain(common::texts()) {
        let graph = parse(&text, &Ops).unwrap_or_else(|e| panic!("{e}\n{text}"));
        for threads in [1, 2] {
            let compiled = CpuBackend::new().unwrap().compile(&graph, &CompileOptions { threads, optimize: true }).unwrap();
            let mut session = compiled.session().unwrap();
            let small = Random::new(1).inputs(&graph, &[5]).unwrap();
            let large = Random::new(1).inputs(&graph, &[8]).unwrap();
            let small: Vec<TensorView<'_>> = small.iter().map(|t| t.view().unwrap()).collect();
            let large: Vec<TensorView<'_>> = large.iter().map(|t| t.view().unwrap()).collect();
            run(session.as_mut(), &large);
            run(session.as_mut(), &small);
            let name = format!("{} on {threads} threads", graph.name);
            assert_eq!(calls_of(|| (0..20).for_each(|_| run(session.as_mut(), &small))), 0, "{name}");
            let mut own: Vec<Tensor> = (0..graph.outputs().len()).map(|i| Tensor::copy_of(&session.output(i).unwrap()).unwrap()).collect();
            let mut outputs: Vec<OutputBinding<'_>> = own.iter_mut().map(|t| OutputBinding::Caller(t.view_mut().unwrap())).collect();
            let mut io = Bindings { inputs: &small, outputs: &mut outputs };
            assert_eq!(calls_of(|| session.run(&mut io, &mut RunCx::default()).unwrap()), 0, "{name}, into the caller's memory");
        }
    }
}
