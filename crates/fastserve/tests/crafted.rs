//! Models made to do harm when they are compiled or run: each gives an answer or an error that names the place, within time and memory.
#![allow(clippy::unwrap_used, clippy::panic)]

#[path = "../../compiler/formats/onnx/tests/common/mod.rs"]
mod files;

use std::time::{Duration, Instant};

use fastserve::onnx::proto::attribute_proto::AttributeType;
use fastserve::onnx::proto::tensor_proto::DataType;
use fastserve::onnx::proto::tensor_shape_proto::dimension::Value;
use fastserve::onnx::proto::*;
use fastserve::{Bindings, CompileOptions, Cpu, Error, Model, RunCx, Session, Tensor};
use fastserve_testkit::sys::peak;
use files::{attribute, graph, model, node, tensor, value_info};
use prost::Message;

/// Code that is not optimised takes longer.
const TIME_LIMIT: Duration = Duration::from_secs(if cfg!(debug_assertions) { 60 } else { 10 });
const RUN_LIMIT_BYTES: usize = 32 << 20;
const STEPS: u64 = 1000;

fn ints(name: &str, values: &[i64]) -> TensorProto {
    TensorProto { int64_data: values.to_vec(), ..tensor(name, DataType::Int64, &[values.len() as i64]) }
}

fn floats(name: &str, values: &[f32]) -> TensorProto {
    TensorProto { float_data: values.to_vec(), ..tensor(name, DataType::Float, &[values.len() as i64]) }
}

fn with(node: NodeProto, name: &str, value: i64) -> NodeProto {
    let mut node = node;
    node.attribute.push(AttributeProto { i: Some(value), ..attribute(name, AttributeType::Int) });
    node
}

/// A graph of `x` [N, 4] with these constants.
fn of(nodes: Vec<NodeProto>, constants: Vec<TensorProto>) -> GraphProto {
    GraphProto { initializer: constants, ..graph(nodes) }
}

fn open(graph: GraphProto) -> Result<Model, Error> {
    Model::from_bytes(model(graph).encode_to_vec().into())
}

fn session(model: &Model) -> Result<Session, Error> {
    model.compile(&Cpu::new()?, &CompileOptions { threads: 1, ..CompileOptions::default() })?.session()
}

/// Loads, compiles and runs a graph on these inputs with limits; what went wrong.
fn outcome(what: &str, graph: GraphProto, inputs: &[Tensor], limit_bytes: usize) -> Result<(), Error> {
    let start = Instant::now();
    let (result, grown) = peak(|| {
        let mut session = session(&open(graph)?)?;
        let views = inputs.iter().map(Tensor::view).collect::<Result<Vec<_>, _>>()?;
        let mut cx = RunCx { memory_limit_bytes: Some(RUN_LIMIT_BYTES), step_limit: Some(STEPS), ..RunCx::default() };
        session.run_with(&mut Bindings::lent(&views), &mut cx).map(drop)
    });
    assert!(start.elapsed() < TIME_LIMIT, "{what}: took {:?}", start.elapsed());
    assert!(grown <= limit_bytes, "{what}: took {grown} bytes");
    result
}

fn error(what: &str, graph: GraphProto, inputs: &[Tensor]) -> String {
    outcome(what, graph, inputs, RUN_LIMIT_BYTES + (16 << 20)).expect_err(what).to_string()
}

/// Whether an error says that something is larger than it may be.
fn is_too_large(error: &str) -> bool {
    ["bytes", "memory", "overflow", "too large"].iter().any(|word| error.contains(word))
}

fn x(rows: usize) -> Tensor {
    Tensor::from_slice(&[rows, 4], &vec![1.0f32; 4 * rows]).unwrap()
}

/// The same with the second input given when the model runs.
fn fed(op: &str, node_inputs: &[&str], second: &str, element: DataType, count: i64) -> GraphProto {
    let mut g = graph(vec![node(op, node_inputs, &["y"])]);
    g.input.push(value_info(second, element as i32, &[Some(Value::DimValue(count))]));
    g
}

fn list(values: &[i64]) -> Tensor {
    Tensor::from_slice(&[values.len()], values).unwrap()
}

#[test]
fn a_loop_of_2_to_the_63_trips() {
    let body = GraphProto {
        node: vec![node("Identity", &["c"], &["go"]), node("Add", &["v", "v"], &["w"])],
        input: ["i", "c", "v"].map(|name| ValueInfoProto { name: name.into(), ..Default::default() }).to_vec(),
        output: ["go", "w"].map(|name| ValueInfoProto { name: name.into(), ..Default::default() }).to_vec(),
        ..Default::default()
    };
    let body = AttributeProto { g: Some(body), ..attribute("body", AttributeType::Graph) };
    let repeat = NodeProto { attribute: vec![body], ..node("Loop", &["n", "", "x"], &["y"]) };
    let trips = TensorProto { int64_data: vec![i64::MAX], ..tensor("n", DataType::Int64, &[]) };
    let found = error("trips", of(vec![repeat], vec![trips]), &[x(2)]);
    assert!(found.ends_with("the limit is 1000"), "{found}");
}

#[test]
fn a_loop_that_stacks_without_end() {
    let body = GraphProto {
        node: vec![node("Identity", &["c"], &["go"]), node("Expand", &["v", "large"], &["w"])],
        input: ["i", "c", "v"].map(|name| ValueInfoProto { name: name.into(), ..Default::default() }).to_vec(),
        output: ["go", "v", "w"].map(|name| ValueInfoProto { name: name.into(), ..Default::default() }).to_vec(),
        ..Default::default()
    };
    let body = AttributeProto { g: Some(body), ..attribute("body", AttributeType::Graph) };
    let repeat = NodeProto { attribute: vec![body], ..node("Loop", &["", "", "x"], &["z", "y"]) };
    let found = error("stacks", of(vec![repeat], vec![ints("large", &[1 << 12, 1, 4])]), &[x(2)]);
    assert!(found.contains("bytes"), "{found}");
}

#[test]
fn an_expansion_to_2_to_the_40_elements() {
    for shape in [[1 << 40, 1, 4], [1 << 38, 4, 1], [1 << 60, 4, 4]] {
        let known = error("known", of(vec![node("Expand", &["x", "s"], &["y"])], vec![ints("s", &shape)]), &[x(1)]);
        assert!(is_too_large(&known), "{known}");
        let told = error("told by data", fed("Expand", &["x", "s"], "s", DataType::Int64, 3), &[x(1), list(&shape)]);
        assert!(is_too_large(&told), "{told}");
    }
}

#[test]
fn an_expansion_without_limits_is_refused_by_the_machine() {
    let model = open(of(vec![node("Expand", &["x", "s"], &["y"])], vec![ints("s", &[1 << 58, 1, 4])])).unwrap();
    let mut session = session(&model).unwrap();
    let one = x(1);
    let found = session.run(&[one.view().unwrap()]).map(drop).unwrap_err().to_string();
    assert!(found.contains("memory"), "{found}");
}

#[test]
fn a_reshape_that_lies() {
    // A list of one extent is not looked at where the elements leave one answer.
    let by = |shape: &[i64]| of(vec![node("Reshape", &["x", "s"], &["y"])], vec![ints("s", shape)]);
    for shape in [&[3, 5][..], &[-1, 3], &[-1, -1], &[0, 0, 0], &[i64::MIN, 4], &[i64::MAX, i64::MAX], &[-2, 4], &[1 << 62, -1]] {
        let known = error(&format!("{shape:?}"), by(shape), &[x(2)]);
        assert!(known.contains("`y`"), "{shape:?}: {known}");
        let graph = fed("Reshape", &["x", "s"], "s", DataType::Int64, shape.len() as i64);
        let told = error(&format!("{shape:?} told by data"), graph, &[x(2), list(shape)]);
        assert!(told.contains("`y`") || told.contains("input"), "{shape:?}: {told}");
    }
}

#[test]
fn a_resize_by_a_thousand_million() {
    let scales = [1e9, 1e9];
    for mode in ["nearest", "linear", "cubic"] {
        let mode = AttributeProto { s: Some(mode.as_bytes().to_vec()), ..attribute("mode", AttributeType::String) };
        let resize = |name: &str| NodeProto { attribute: vec![mode.clone()], ..node("Resize", &["x", "", name], &["y"]) };
        let known = error("known", of(vec![resize("s")], vec![floats("s", &scales)]), &[x(3)]);
        assert!(is_too_large(&known), "{known}");
        let mut g = graph(vec![resize("s")]);
        g.input.push(value_info("s", DataType::Float as i32, &[Some(Value::DimValue(2))]));
        let told = error("told by data", g, &[x(3), Tensor::from_slice(&[2], &scales).unwrap()]);
        assert!(is_too_large(&told), "{told}");
    }
}

#[test]
fn sizes_that_data_tell_and_no_memory_holds() {
    let huge = 1i64 << 40;
    let cases: [(&str, NodeProto, TensorProto); 4] = [
        ("Tile", node("Tile", &["x", "s"], &["y"]), ints("s", &[huge, 1])),
        ("ConstantOfShape", node("ConstantOfShape", &["s"], &["y"]), ints("s", &[huge])),
        ("Pad", node("Pad", &["x", "s"], &["y"]), ints("s", &[huge, 0, 0, 0])),
        ("Range", node("Range", &["zero", "s", "one"], &["y"]), TensorProto { dims: Vec::new(), ..ints("s", &[huge]) }),
    ];
    for (name, node, size) in cases {
        let scalar = |name: &str, v: i64| TensorProto { dims: Vec::new(), ..ints(name, &[v]) };
        let constants = vec![size, scalar("zero", 0), scalar("one", 1)];
        let found = error(name, of(vec![node], constants), &[x(1)]);
        assert!(found.contains("bytes") || found.contains("memory"), "{name}: {found}");
    }
}

/// `count` constants of 64 MiB each, of a few bytes in the file, added up.
fn bombs(count: usize) -> GraphProto {
    let mut nodes: Vec<NodeProto> = (0..count).map(|i| node("ConstantOfShape", &["s"], &[&format!("c{i}")])).collect();
    nodes.push(NodeProto { input: (0..count).map(|i| format!("c{i}")).collect(), ..node("Sum", &[], &["y"]) });
    of(nodes, vec![ints("s", &[16 << 20])])
}

#[test]
#[ignore = "takes 2 GiB of memory"]
fn constants_that_nodes_make_do_not_take_all_memory() {
    // 1000 constants are 64 GB.
    let start = Instant::now();
    let (compiled, grown) = peak(|| open(bombs(1000)).and_then(|m| session(&m)).map(drop));
    assert!(compiled.is_ok() && start.elapsed() < TIME_LIMIT, "{:?}", start.elapsed());
    assert!(grown <= (2 << 30) + (256 << 20), "{grown} bytes");
}

#[test]
fn a_product_of_large_constants_is_not_computed_at_load() {
    let side = 4000;
    let fill = |name: &str| node("ConstantOfShape", &["s"], &[name]);
    let nodes = vec![
        fill("a"),
        fill("b"),
        node("MatMul", &["a", "b"], &["c"]),
        node("Det", &["a"], &["d"]),
        with(node("ReduceSum", &["c"], &["r"]), "keepdims", 0),
        node("Sum", &["x", "r", "d"], &["y"]),
    ];
    let start = Instant::now();
    let made = open(of(nodes, vec![ints("s", &[side, side])])).and_then(|m| session(&m)).map(drop);
    assert!(made.is_ok() && start.elapsed() < TIME_LIMIT, "{:?}", start.elapsed());
}
