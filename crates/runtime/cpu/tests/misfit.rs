//! Symbols whose extents must fit a weight: the end of their bucket does not.
#![allow(clippy::unwrap_used, clippy::panic)]

use fastserve_backend::{Backend, Bindings, CompileOptions, RunCx, RunError, Session};
use fastserve_cpu::CpuBackend;
use fastserve_ir::text::parse;
use fastserve_ops::Ops;
use fastserve_tensor::{Tensor, TensorView};
use fastserve_testkit::interpret::interpret;
use fastserve_testkit::tolerance::{Tolerance, compare};

const PRODUCT: &str = "graph product(N, K) {
  input %x: f32[N,K]
  const %w: f32[5,2] = {1, -2, 3, 0.5, 4, -1, 2, 0, 1, -3}
  %r: f32[N,K] = Relu(%x) @relu
  %y: f32[N,2] = MatMul(%r, %w) @product
  return %y
}";

const CHANNELS: &str = "graph channels(N, C, H) {
  input %x: f32[N,C,H]
  const %a: f32[5] = {1, -2, 3, 0.5, 4}
  const %b: f32[5] = {4, 1, 2, 3, 0.5}
  %y: f32[N,C,H] = BatchNormalization{epsilon=0.001}(%x, %a, %b, %a, %b) @normal
  return %y
}";

fn input(shape: &[usize]) -> Tensor {
    let numbers: Vec<f32> = (0..shape.iter().product()).map(|i| ((i * 37 % 101) as f32 - 50.0) / 25.0).collect();
    Tensor::from_slice(shape, &numbers).unwrap()
}

fn run(session: &mut dyn Session, x: &Tensor) -> Result<Tensor, RunError> {
    let views: [TensorView<'_>; 1] = [x.view().unwrap()];
    session.run(&mut Bindings::lent(&views), &mut RunCx::default())?;
    Ok(Tensor::copy_of(&session.output(0)?).unwrap())
}

fn check(text: &str, fit: &[&[usize]], misfit: &[usize]) {
    let graph = parse(text, &Ops).unwrap_or_else(|e| panic!("{e}"));
    for optimize in [false, true] {
        let model = CpuBackend::new().unwrap().compile(&graph, &CompileOptions { threads: 1, optimize }).unwrap();
        let mut session = model.session().unwrap();
        for shape in fit {
            let x = input(shape);
            let expected = interpret(&graph, std::slice::from_ref(&x), shape).unwrap();
            compare(&run(&mut *session, &x).unwrap(), &expected[0], Tolerance::F32).unwrap();
            assert!(run(&mut *session, &input(misfit)).is_err(), "{misfit:?} is no extent of it");
        }
    }
}

#[test]
fn the_inner_extent_of_a_product() {
    check(PRODUCT, &[&[3, 5], &[1, 5], &[7, 5]], &[3, 4]);
}

#[test]
fn channels_of_a_normalisation() {
    check(CHANNELS, &[&[2, 5, 3], &[1, 5, 7]], &[2, 4, 3]);
}
