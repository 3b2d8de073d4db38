//! Graphs within nodes: branches, loops, and limits that hold within them.
#![allow(clippy::unwrap_used, clippy::panic)]

use std::sync::Arc;

use fastserve_backend::{Backend, Bindings, CompileOptions, Executable, RunCx, RunError, Session};
use fastserve_cpu::CpuBackend;
use fastserve_ir::text::{parse, print};
use fastserve_ops::Ops;
use fastserve_tensor::{Bool, Tensor, TensorView};

/// Doubles `x` so many times, and stacks what each trip makes.
const DOUBLING: &str = "graph doubling(N, y_0, all_0, all_1) {
  input %n: i64[]
  input %x: f32[N,2]
  const %go: bool[] = {1}
  %y: f32[y_0,2], %all: f32[all_0,all_1,2] = Loop{body=graph body(M) {
    input %i: i64[]
    input %c: bool[]
    input %v: f32[M,2]
    %w: f32[M,2] = Add(%v, %v) @double
    return %c, %w, %w
  }, fs.captures=[], fs.carried=1}(%n, %go, %x) @loop
  %z: f32[y_0,2] = Relu(%y) @after
  return %z, %all
}
";

/// One branch takes the rows of `x` that `w` weighs, the other one row.
const CHOICE: &str = "graph choice(N, y_0) {
  input %c: bool[]
  input %x: f32[N,2]
  const %w: f32[2,2] = {1, 2, 3, 4}
  %y: f32[y_0,2] = If{else_branch=graph other(M) {
    const %row: f32[1,2] = {7, 8}
    return %row
  }, fs.else_captures=[], fs.then_captures=[1,2], then_branch=graph then(M) {
    input %a: f32[M,2]
    input %b: f32[2,2]
    %p: f32[M,2] = MatMul(%a, %b) @product
    return %p
  }}(%c, %x, %w) @if
  return %y
}
";

fn compile(text: &str, threads: usize) -> Arc<dyn Executable> {
    let graph = parse(text, &Ops).unwrap();
    assert_eq!(print(&parse(&print(&graph), &Ops).unwrap()), print(&graph));
    CpuBackend::new().unwrap().compile(&graph, &CompileOptions { threads, optimize: true }).unwrap()
}

fn run(session: &mut dyn Session, inputs: &[&Tensor], cx: &mut RunCx<'_>) -> Result<(), RunError> {
    let views: Vec<TensorView<'_>> = inputs.iter().map(|t| t.view().unwrap()).collect();
    session.run(&mut Bindings::lent(&views), cx)
}

fn floats(session: &dyn Session, i: usize) -> (Vec<usize>, Vec<f32>) {
    let out = session.output(i).unwrap();
    (out.shape().dims().to_vec(), out.as_slice::<f32>().unwrap().to_vec())
}

#[test]
fn a_loop_runs_as_often_as_it_is_told() {
    for threads in [1, 2] {
        let compiled = compile(DOUBLING, threads);
        let mut session = compiled.session().unwrap();
        for (trips, rows) in [(3i64, 1usize), (0, 1), (1, 3), (3, 1), (-1, 2)] {
            let x: Vec<f32> = (0..rows * 2).map(|v| v as f32).collect();
            let (n, x_tensor) = (Tensor::scalar(trips).unwrap(), Tensor::from_slice(&[rows, 2], &x).unwrap());
            run(session.as_mut(), &[&n, &x_tensor], &mut RunCx::default()).unwrap();
            let count = usize::try_from(trips).unwrap_or(0);
            let expected: Vec<f32> = x.iter().map(|v| v * (1 << count) as f32).collect();
            assert_eq!(floats(session.as_ref(), 0), (vec![rows, 2], expected), "{trips} trips of {rows} rows");
            let (shape, all) = floats(session.as_ref(), 1);
            assert_eq!((shape[0], all.len()), (count, count * rows * 2), "{trips} trips of {rows} rows");
        }
    }
}

#[test]
fn branches_may_differ_in_extents() {
    let compiled = compile(CHOICE, 1);
    let mut session = compiled.session().unwrap();
    let x = Tensor::from_slice(&[3, 2], &[1f32, 0.0, 0.0, 1.0, 1.0, 1.0]).unwrap();
    for _ in 0..2 {
        let holds = Tensor::scalar(Bool::from(true)).unwrap();
        run(session.as_mut(), &[&holds, &x], &mut RunCx::default()).unwrap();
        assert_eq!(floats(session.as_ref(), 0), (vec![3, 2], vec![1.0, 2.0, 3.0, 4.0, 4.0, 6.0]));
        let not = Tensor::scalar(Bool::from(false)).unwrap();
        run(session.as_mut(), &[&not, &x], &mut RunCx::default()).unwrap();
        assert_eq!(floats(session.as_ref(), 0), (vec![1, 2], vec![7.0, 8.0]));
    }
}

#[test]
fn limits_hold_within_a_loop() {
    let compiled = compile(DOUBLING, 1);
    let mut session = compiled.session().unwrap();
    let (n, x) = (Tensor::scalar(i64::MAX).unwrap(), Tensor::from_slice(&[1, 2], &[0f32, 0.0]).unwrap());
    let error = run(session.as_mut(), &[&n, &x], &mut RunCx { step_limit: Some(1000), ..RunCx::default() }).unwrap_err();
    assert!(matches!(error, RunError::Budget { what: "steps", .. }), "{error}");
    let error = run(session.as_mut(), &[&n, &x], &mut RunCx { memory_limit_bytes: Some(1 << 16), ..RunCx::default() }).unwrap_err();
    assert!(matches!(error, RunError::Budget { what: "bytes", .. }), "{error}");
    let three = Tensor::scalar(3i64).unwrap();
    run(session.as_mut(), &[&three, &x], &mut RunCx::default()).unwrap();
}
