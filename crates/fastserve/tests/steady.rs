//! Steady runs of whole models make no allocator call, on any thread.
#![allow(clippy::unwrap_used)]

mod common;

use common::{session, tiny_cnns};
use fastserve::{Bindings, Model, RunCx, embedded_digits};
use fastserve_testkit::fixtures;

#[global_allocator]
static ALLOCATOR: fastserve_testkit::sys::Counting = fastserve_testkit::sys::Counting;

/// One test function: another one in parallel would count here too.
#[test]
fn a_steady_run_allocates_nothing() {
    let input = embedded_digits().unwrap().batch(0..7).unwrap();
    let mnist = Model::open(fixtures::path("built/mnist_cnn.onnx")).unwrap();
    for model in tiny_cnns().into_iter().chain([mnist]) {
        for threads in [1, 2] {
            let mut session = session(&model, threads);
            let views = [input.view().unwrap()];
            session.run(&views).unwrap();
            let before = fastserve_testkit::sys::allocator_calls();
            for _ in 0..50 {
                session.run_with(&mut Bindings::lent(&views), &mut RunCx::default()).unwrap();
            }
            assert_eq!(fastserve_testkit::sys::allocator_calls() - before, 0, "{} on {threads} threads", model.graph().name);
        }
    }
}
