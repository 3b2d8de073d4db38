//! Models that are written: onnxruntime reads them and answers as before.
//!
//! Needs the Python that `cargo xtask test` makes and names in `FASTSERVE_ORACLE_PYTHON`.
#![allow(clippy::unwrap_used, clippy::panic)]

mod common;

use common::many::Many;
use common::table::{Row, Tier, table};
use fastserve::ir::{Fact, Graph, Named as Op, ValueId, text};
use fastserve::onnx::write::{WriteError, write_bytes};
use fastserve::{Error, Format, Model, Ops, Tensor, WriteOptions};
use fastserve_testkit::interpret::interpret;
use fastserve_testkit::random::Random;
use fastserve_testkit::vectors::{self, Vector};
use fastserve_testkit::{Tolerance, graphs};

/// As whole networks are compared everywhere.
const NETWORK: Tolerance = Tolerance { absolute: 1e-4, relative: 1e-3 };

type Named = (String, Tensor);

/// Operators whose numbers are each program's own.
const CHANCE: &[&str] = &["Bernoulli", "Dropout", "Multinomial", "RandomNormal", "RandomNormalLike", "RandomUniform", "RandomUniformLike"];

/// Vectors that another reference made, and that onnxruntime refuses or sees otherwise.
const OTHERWISE: &[&str] = &[
    // It hides keys with the lowest number, not with minus infinity, in the products that it returns.
    "attention-causal",
    // It wants a mask as long as the keys.
    "attention-short_bool_mask",
    // Its ellipses have one rank.
    "einsum-ellipsis_broadcast",
    // It does not move positions outside to the border where curves are cubic; it samples cubic curves in images only, and no rows.
    "gridsample-cubic_border_0",
    "gridsample-cubic_border_1",
    "gridsample-one_axis",
    "gridsample-volume_cubic",
    // It has no zero point for each row.
    "matmulinteger-rows",
    // Its indices count in the extents that are asked for, not in those that follow from the window.
    "maxunpool-larger",
    // It has no zero point for each channel in the integers that the operator is made of.
    "qlinearconv-channels",
    // It has the parts of axes in another order, and does not see all that lies beyond the input.
    "resize-crop_axes",
    "resize-crop_cubic_beyond",
    "resize-crop_linear_beyond",
    "resize-crop_nearest_beyond",
    // It has cubic curves of f32 only, and cuts what lies between integers.
    "resize-cubic_integers",
    "resize-linear_integers",
];

/// onnxruntime has no kernel for an operator with these types.
fn is_lack(error: &str) -> bool {
    error.contains("NOT_IMPLEMENTED") || error.contains("Could not find an implementation")
}

fn named(graph: &Graph, ids: &[ValueId], tensors: Vec<Tensor>) -> Vec<Named> {
    ids.iter().map(|&id| graph.value(id).name.to_string()).zip(tensors).collect()
}

fn answers(model: &Model, inputs: &[Named]) -> Vec<Named> {
    let mut session = common::session(model, 2);
    let given: Vec<(&str, &Tensor)> = inputs.iter().map(|(n, t)| (n.as_str(), t)).collect();
    let outputs = session.run_named(&given).unwrap();
    outputs.iter().map(|o| o.map(|(name, view)| (name.to_owned(), Tensor::copy_of(&view).unwrap())).unwrap()).collect()
}

/// The written file, read again, answers with the same bits.
fn reads_back(name: &str, path: &std::path::Path, inputs: &[Named], expected: &[Named]) {
    let again = answers(&Model::open(path).unwrap(), inputs);
    for ((output, got), (_, expected)) in again.iter().zip(expected) {
        assert!(got.shape() == expected.shape() && got.bytes() == expected.bytes(), "{name}: {output} has other bits");
    }
}

fn add_network(many: &mut Many, row: &Row) {
    let model = row.open();
    let inputs = row.inputs(&row.cases[0]);
    let expected = answers(&model, &inputs);
    let path = many.model(&row.name);
    model.write_onnx(&path, &WriteOptions { external_data: row.name.len().is_multiple_of(2) }).unwrap();
    reads_back(&row.name, &path, &inputs, &expected);
    many.add(&row.name, &inputs, &expected, NETWORK);
    let name = format!("{}.simplified", row.name);
    let simple = model.optimized().unwrap();
    simple.write_onnx(many.model(&name), &WriteOptions::default()).unwrap();
    reads_back(&name, &many.model(&name), &inputs, &answers(&simple, &inputs));
    many.add(&name, &inputs, &expected, NETWORK);
}

#[test]
fn networks() {
    let Some(mut many) = Many::new() else { return };
    table().model.iter().filter(|row| row.tier == Tier::Default).for_each(|row| add_network(&mut many, row));
    assert_eq!(many.check(), Default::default());
}

#[test]
fn graphs_of_several_nodes() {
    let Some(mut many) = Many::new() else { return };
    for case in graphs::cases("").unwrap() {
        let name = case.path.file_stem().unwrap().to_str().unwrap().to_owned();
        let model = Model::from_graph(text::parse(&case.before, &Ops).unwrap(), Format::Text).unwrap();
        let graph = model.graph();
        let symbols = vec![3; graph.symbols().len()];
        let inputs = Random::new(7).inputs(graph, &symbols).unwrap();
        let expected = named(graph, graph.outputs(), interpret(graph, &inputs, &symbols).unwrap());
        match model.write_onnx(many.model(&name), &WriteOptions::default()) {
            // Texts about kernels.
            Err(Error::OnnxWrite(WriteError::Unsupported(parts))) if parts.iter().all(|p| p.op.starts_with("fs.")) => continue,
            other => assert!(other.unwrap() > 0),
        }
        let narrow = graph.values().any(|(_, v)| matches!(v.fact.dtype, fastserve::DType::F16 | fastserve::DType::BF16));
        let tolerance = if narrow { Tolerance::F16 } else { Tolerance::F32 };
        many.add(&name, &named(graph, graph.inputs(), inputs), &expected, tolerance);
    }
    let wrong: Vec<_> = many.check().into_iter().filter(|(_, e)| !is_lack(e)).collect();
    assert_eq!(wrong, []);
}

/// Branches, loops and walks: names that stand on both sides, captured values of every graph around, constants within, and results that
/// no node of their graph makes.
const WITHIN: &[(&str, &str)] = &[
    (
        "branches",
        "graph branches(N, N_0, N_1) {
  input %c: bool[]
  input %x: f32[N,2]
  const %w: f32[2,2] = {1, 2, 3, 4}
  %p: f32[N,2] = Relu(%x) @first
  %y: f32[N_0,2], %z: f32[N_1,2] = If{else_branch=graph other(M) {
    input %p: f32[M,2]
    const %row: f32[1,2] = {7, 8}
    return %row, %p
  }, fs.else_captures=[3], fs.then_captures=[1,2], then_branch=graph then(M) {
    input %a: f32[M,2]
    input %b: f32[2,2]
    %p: f32[M,2] = MatMul(%a, %b) @first
    return %p, %p
  }}(%c, %p, %w, %x) @if
  %r: f32[N_0,2] = Neg(%y) @last
  return %r, %z
}
",
    ),
    (
        "loops",
        "graph loops(N, y_0, all_0, all_1) {
  input %n: i64[]
  input %c: bool[]
  input %x: f32[N,2]
  const %go: bool[] = {1}
  %y: f32[y_0,2], %all: f32[all_0,all_1,2] = Loop{body=graph body(M, K, w_0) {
    input %i: i64[]
    input %go: bool[]
    input %v: f32[M,2]
    input %c: bool[]
    input %x: f32[K,2]
    %w: f32[w_0,2] = If{else_branch=graph other(A, B) {
      input %v: f32[A,2]
      input %x: f32[B,2]
      %w: f32[B,2] = Neg(%x) @turn
      return %w
    }, fs.else_captures=[2,3], fs.then_captures=[1], then_branch=graph then(A) {
      input %v: f32[A,2]
      const %two: f32[] = {2}
      %w: f32[A,2] = Mul(%v, %two) @double
      return %w
    }}(%c, %v, %v, %x) @if
    return %go, %w, %v
  }, fs.captures=[3,4], fs.carried=1}(%n, %go, %x, %c, %x) @loop
  return %y, %all
}
",
    ),
    (
        "walks",
        "graph walks(N) {
  input %s: f32[2]
  input %x: f32[3,2]
  input %k: f32[2]
  %last: f32[2], %sums: f32[2,3] = Scan{body=graph body() {
    input %s: f32[2]
    input %e: f32[2]
    input %k: f32[2]
    %t: f32[2] = Mul(%e, %k) @times
    %u: f32[2] = Add(%s, %t) @sum
    return %u, %u
  }, fs.captures=[2], fs.states=1, num_scan_inputs=1, scan_input_axes=[0], scan_input_directions=[1], scan_output_axes=[1], \
         scan_output_directions=[0]}(%s, %x, %k) @scan
  return %last, %sums
}
",
    ),
];

#[test]
fn graphs_within_nodes() {
    let Some(mut many) = Many::new() else { return };
    for (name, text) in WITHIN {
        let model = Model::from_graph(text::parse(text, &Ops).unwrap_or_else(|e| panic!("{name}: {e}")), Format::Text).unwrap();
        for (case, holds) in [("holds", true), ("not", false)] {
            let name = format!("{name}-{case}");
            let inputs = given_within(model.graph(), holds);
            let expected = answers(&model, &inputs);
            model.write_onnx(many.model(&name), &WriteOptions { external_data: holds }).unwrap();
            reads_back(&name, &many.model(&name), &inputs, &expected);
            many.add(&name, &inputs, &expected, Tolerance::F32);
        }
    }
    assert_eq!(many.check(), Default::default());
}

/// Three rows of anything, three trips, and a condition.
fn given_within(graph: &Graph, holds: bool) -> Vec<Named> {
    let drawn = Random::new(7).inputs(graph, &vec![3; graph.symbols().len()]).unwrap();
    let set = |t: Tensor| match t.dtype() {
        fastserve::DType::Bool => Tensor::scalar(fastserve::Bool::from(holds)).unwrap(),
        fastserve::DType::I64 => Tensor::scalar(3i64).unwrap(),
        _ => t,
    };
    named(graph, graph.inputs(), drawn.into_iter().map(set).collect())
}

#[test]
#[ignore = "needs cargo xtask fixtures --zoo"]
fn networks_with_branches() {
    let Some(mut many) = Many::new() else { return };
    let branches = |row: &&Row| ["silero_livekit", "silero_web", "silero_half", "silero_ifless"].contains(&row.name.as_str());
    table().model.iter().filter(branches).for_each(|row| add_network(&mut many, row));
    assert_eq!(many.check(), Default::default());
}

/// A graph of one operator, whose inputs are given.
fn graph_of(v: &Vector) -> Option<(Graph, Vec<Tensor>)> {
    let mut graph = Graph::new("vector");
    let mut given = Vec::new();
    let mut add = |graph: &mut Graph, (i, t): (usize, &Option<Tensor>)| {
        let t = t.as_ref()?;
        if i > 0 && t.numel() <= 64 {
            return Some(graph.add_const(&format!("c{i}"), t.clone()));
        }
        given.push(t.clone());
        Some(graph.add_input(&format!("x{i}"), Fact::new(t.dtype(), t.shape().iter().map(|&d| d.into()).collect())))
    };
    let inputs: Vec<Option<ValueId>> = v.inputs.iter().enumerate().map(|it| add(&mut graph, it)).collect();
    let (domain, op) = v.op.rsplit_once('.').filter(|(domain, _)| *domain != "fs").unwrap_or(("", &v.op));
    let names: Vec<String> = (0..v.outputs.len()).map(|i| format!("y{i}")).collect();
    let named = Op { domain, op, opset: v.opset, attrs: &v.attrs };
    let made = graph.add_operator(&Ops, named, "node", &inputs, &names.iter().map(String::as_str).collect::<Vec<_>>()).ok()?;
    made.into_iter().for_each(|id| graph.add_output(id));
    Some((graph, given))
}

#[test]
fn every_form_of_every_operator() {
    let Some(mut many) = Many::new() else { return };
    let mut count = 0;
    for v in vectors::load_all().unwrap() {
        let Some((graph, inputs)) = graph_of(&v).filter(|_| !CHANCE.contains(&v.op.as_str())) else { continue };
        let Ok(bytes) = write_bytes(&graph, &Ops) else { continue };
        let folder = v.path.parent().unwrap().file_name().unwrap().to_str().unwrap();
        let name = format!("{folder}-{}", v.path.file_stem().unwrap().to_str().unwrap());
        std::fs::write(many.model(&name), bytes).unwrap();
        let tolerance = Tolerance { absolute: 1e-3, relative: 1e-2 };
        many.add(&name, &named(&graph, graph.inputs(), inputs), &named(&graph, graph.outputs(), v.outputs.clone()), tolerance);
        count += 1;
    }
    let wrong = many.check();
    let lacks = wrong.values().filter(|e| is_lack(e)).count();
    let wrong: Vec<_> = wrong
        .into_iter()
        .filter(|(name, e)| !is_lack(e) && !OTHERWISE.contains(&name.as_str()))
        .map(|(name, e)| format!("{name}: {e}"))
        .collect();
    println!("{count} written; onnxruntime has no kernel for {lacks}");
    assert!(wrong.is_empty(), "{} of {count}:\n{}", wrong.len(), wrong.join("\n"));
}
