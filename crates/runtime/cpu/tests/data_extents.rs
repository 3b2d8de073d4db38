//! Extents that data tell: runs of one session in sequence, beside the interpreter.
#![allow(clippy::unwrap_used, clippy::panic)]

use fastserve_backend::{Backend, Bindings, CompileOptions, RunCx, RunError, Session};
use fastserve_cpu::CpuBackend;
use fastserve_ir::Graph;
use fastserve_ir::text::parse;
use fastserve_ops::Ops;
use fastserve_tensor::{Tensor, TensorView};
use fastserve_testkit::interpret::interpret;
use fastserve_testkit::tolerance::{Tolerance, compare};

/// Rows that are picked by what is not 0 in a row of marks, multiplied; outputs of the first segment, and of the last.
const PICKED: &str = "graph picked(N, K) {
  input %m: i64[N]
  input %x: f32[N,4]
  const %w: f32[4,3] = {1, -2, 3, 0.5, 4, -1, 2, 0, 1, -3, 2, 5}
  const %flat: i64[1] = {-1}
  %r: f32[N,4] = Relu(%x) @relu
  %alias: f32[(N*4)] = Reshape(%r, %flat) @alias
  %i: i64[1,K] = NonZero(%m) @where
  %j: i64[K,1] = Transpose{perm=[1,0]}(%i) @turn
  %rows: i64[K] = Reshape(%j, %flat) @rows
  %picked: f32[K,4] = Gather(%r, %rows) @pick
  %some: f32[K] = Gather(%alias, %rows) @some
  %y: f32[K,3] = MatMul(%picked, %w) @product
  return %y, %some, %alias, %j
}";

/// Two nodes in sequence whose data tell extents, and values that several segments read.
const SEQUENCE: &str = "graph sequence(N, K, U, V, W) {
  input %m: i64[N]
  input %x: f32[N,4]
  const %flat: i64[1] = {-1}
  %i: i64[1,K] = NonZero(%m) @where
  %rows: i64[K] = Reshape(%i, %flat) @rows
  %marks: i64[K] = Gather(%m, %rows) @marks
  %u: i64[U], %first: i64[V], %inverse: i64[K], %count: i64[W] = Unique(%marks) @unique
  %back: i64[V] = Gather(%rows, %first) @back
  %y: f32[V,4] = Gather(%x, %back) @pick
  %t: f32[4,V] = Transpose{perm=[1,0]}(%y) @turn
  %p: f32[V,V] = MatMul(%y, %t) @product
  %all: f32[N,V] = MatMul(%x, %t) @all
  return %p, %all, %u, %count, %inverse, %x
}";

/// Extents that are elements of a value computed in the run.
const ELEMENTS: &str = "graph elements(N, A, B, C) {
  input %m: i64[N]
  input %x: f32[N,4]
  const %zero: i64[1] = {0}
  const %keep: i64[3] = {1, -1, 2}
  %n: i64[1] = ReduceMax(%m, %zero) @most
  const %one: i64[1] = {1}
  const %last: f32[1] = {2.5}
  %column: i64[2] = Concat{axis=0}(%n, %one) @shape
  %e: f32[A] = Expand(%last, %n) @expand
  %z: i64[B,1] = ConstantOfShape{value=i64[1]{7}}(%column) @blank
  %s: f32[C,4] = Slice(%x, %zero, %n, %zero) @part
  %q: f32[1,(C*2),2] = Reshape(%s, %keep) @halves
  return %e, %z, %q
}";

fn marks(values: &[i64]) -> [Tensor; 2] {
    let x: Vec<f32> = (0..values.len() * 4).map(|i| ((i * 37 % 101) as f32 - 50.0) / 25.0).collect();
    [Tensor::from_slice(&[values.len()], values).unwrap(), Tensor::from_slice(&[values.len(), 4], &x).unwrap()]
}

fn session(graph: &Graph, threads: usize) -> Box<dyn Session> {
    CpuBackend::new().unwrap().compile(graph, &CompileOptions { threads, optimize: true }).unwrap().session().unwrap()
}

fn run(session: &mut dyn Session, inputs: &[Tensor], cx: &mut RunCx<'_>) -> Result<(), RunError> {
    let views: Vec<TensorView<'_>> = inputs.iter().map(|t| t.view().unwrap()).collect();
    session.run(&mut Bindings::lent(&views), cx)
}

/// Runs one session with all inputs in order, and compares each run with the interpreter.
fn check(text: &str, runs: &[Vec<i64>]) {
    let graph = parse(text, &Ops).unwrap_or_else(|e| panic!("{e}\n{text}"));
    for threads in [1, 2] {
        let mut session = session(&graph, threads);
        for values in runs {
            let inputs = marks(values);
            let mut symbols = vec![0; graph.symbols().len()];
            symbols[0] = values.len();
            let truth = interpret(&graph, &inputs, &symbols).unwrap();
            run(session.as_mut(), &inputs, &mut RunCx::default()).unwrap_or_else(|e| panic!("{}: {e}\n{values:?}", graph.name));
            for (i, truth) in truth.iter().enumerate() {
                let got = Tensor::copy_of(&session.output(i).unwrap()).unwrap();
                compare(&got, truth, Tolerance::F32).unwrap_or_else(|e| panic!("{} output {i}: {e}\n{values:?}", graph.name));
            }
        }
    }
}

/// Counts of 0, 1 and many, and back again; the same extents with other counts, and other extents with the same count.
fn varied() -> Vec<Vec<i64>> {
    let many: Vec<i64> = (0..700).map(|i| i * 7 % 5).collect();
    let few: Vec<i64> = (0..700).map(|i| i64::from(i % 100 == 3)).collect();
    let lists: [&[i64]; 8] = [&[0, 3, 0, 2], &[0, 0, 0, 0], &[0, 0, 1, 0], &many, &few, &[4, 4, 1, 4], &[0, 0, 0, 0], &[2]];
    lists.iter().chain(lists.iter().rev()).map(|l| l.to_vec()).collect()
}

#[test]
fn rows_that_data_pick() {
    check(PICKED, &varied());
}

#[test]
fn one_after_the_other() {
    check(SEQUENCE, &varied());
}

#[test]
fn extents_that_are_elements() {
    check(ELEMENTS, &[vec![1, 3, 2, 2], vec![0, 0, 0], vec![1], vec![2, 9, 1], vec![500; 600], vec![1, 3, 2, 2]]);
}

/// The memory that a run is granted holds for extents that data tell too.
#[test]
fn too_much_is_an_error() {
    let text =
        "graph g(A, B) { input %n: i64[2] const %x: f32[1] = {1} %e: f32[A,B] = Expand(%x, %n) @e %y: f32[A,B] = Relu(%e) @r return %y }";
    let graph = parse(text, &Ops).unwrap();
    let mut session = session(&graph, 2);
    let wants = |dims: [i64; 2]| [Tensor::from_slice(&[2], &dims).unwrap()];
    let mut limited = RunCx { memory_limit_bytes: Some(1 << 20), ..RunCx::default() };
    let error = run(session.as_mut(), &wants([1 << 20, 1 << 20]), &mut limited).unwrap_err();
    assert!(matches!(error, RunError::Budget { what: "bytes", .. }), "{error}");
    let error = run(session.as_mut(), &wants([1 << 29, 1 << 28]), &mut RunCx::default()).unwrap_err();
    assert!(error.to_string().contains("memory"), "{error}");
    for dims in [[i64::MAX, i64::MAX], [-1, 2], [i64::MIN, 1]] {
        let error = run(session.as_mut(), &wants(dims), &mut RunCx::default()).unwrap_err();
        assert!(matches!(error, RunError::Extents(_) | RunError::Node { .. }), "{error}");
    }
    run(session.as_mut(), &wants([2, 3]), &mut RunCx::default()).unwrap();
    assert_eq!(session.output(0).unwrap().as_slice::<f32>().unwrap(), [1.0; 6]);
}
