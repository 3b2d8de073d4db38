//! Files with sequences and optional values: what is told of them, what is refused, and what was made to break a reader.

#![allow(clippy::unwrap_used)]

mod common;

use bytes::Bytes;
use common::*;
use fastserve_ir::Graph;
use fastserve_onnx::proto::attribute_proto::AttributeType;
use fastserve_onnx::proto::tensor_proto::DataType;
use fastserve_onnx::proto::tensor_shape_proto::dimension::Value as Extent;
use fastserve_onnx::proto::*;
use fastserve_onnx::{OnnxError, ReadOptions, Told, Value, ValueKind, declared, read_value};
use prost::Message;

/// The type of a sequence of f32 tensors [N, 4].
fn sequence_type() -> TypeProto {
    let element = value_info("", 1, &[Some(Extent::DimParam("N".into())), Some(Extent::DimValue(4))]).r#type;
    let sequence = type_proto::Sequence { elem_type: element.map(Box::new) };
    TypeProto { value: Some(type_proto::Value::SequenceType(Box::new(sequence))), ..Default::default() }
}

fn optional_of(kind: TypeProto) -> TypeProto {
    let optional = type_proto::Optional { elem_type: Some(Box::new(kind)) };
    TypeProto { value: Some(type_proto::Value::OptionalType(Box::new(optional))), ..Default::default() }
}

fn input(name: &str, kind: TypeProto) -> ValueInfoProto {
    ValueInfoProto { name: name.into(), r#type: Some(kind), ..Default::default() }
}

fn name_only(name: &str) -> ValueInfoProto {
    ValueInfoProto { name: name.into(), ..Default::default() }
}

fn ints(name: &str, values: &[i64], dims: &[i64]) -> TensorProto {
    TensorProto { int64_data: values.to_vec(), ..tensor(name, DataType::Int64, dims) }
}

fn with_graph(node: NodeProto, name: &str, graph: GraphProto) -> NodeProto {
    NodeProto { attribute: vec![AttributeProto { g: Some(graph), ..attribute(name, AttributeType::Graph) }], ..node }
}

fn body(nodes: Vec<NodeProto>, inputs: &[&str], outputs: &[&str]) -> GraphProto {
    let named = |names: &[&str]| names.iter().map(|n| name_only(n)).collect();
    GraphProto { node: nodes, input: named(inputs), output: named(outputs), ..Default::default() }
}

/// A model of a sequence `s` beside `x`.
fn of_sequence(nodes: Vec<NodeProto>) -> ModelProto {
    let mut g = graph(nodes);
    g.input.push(input("s", sequence_type()));
    model(g)
}

fn told(name: &str, told: Told) -> ReadOptions {
    ReadOptions { told: [(name.to_owned(), told)].into() }
}

fn read(m: &ModelProto, options: &ReadOptions) -> Result<Graph, OnnxError> {
    load_told("sequence", m.encode_to_vec().into(), None, options)
}

fn text(m: &ModelProto, options: &ReadOptions) -> String {
    let graph = read(m, options).unwrap();
    graph.verify().unwrap();
    fastserve_ir::text::print(&graph)
}

fn refusal(m: &ModelProto, options: &ReadOptions) -> String {
    read(m, options).unwrap_err().to_string()
}

fn names(graph: &Graph) -> (Vec<String>, Vec<String>) {
    let named = |ids: &[fastserve_ir::ValueId]| ids.iter().map(|&id| graph.value(id).name.to_string()).collect();
    (named(graph.inputs()), named(graph.outputs()))
}

#[test]
fn each_element_is_a_port() {
    let m = of_sequence(vec![node("SequenceInsert", &["s", "x"], &["y"])]);
    let (inputs, outputs) = names(&read(&m, &told("s", Told::count(2))).unwrap());
    assert_eq!(inputs, ["x", "s[0]", "s[1]"]);
    assert_eq!(outputs, ["y[0]", "y[1]", "y[2]"]);
    let (_, outputs) = names(&read(&m, &told("s", Told::count(0))).unwrap());
    assert_eq!(outputs, ["y[0]"]);
}

#[test]
fn what_is_told_must_fit_and_must_be_asked_for() {
    let m = of_sequence(vec![node("SequenceInsert", &["s", "x"], &["y"])]);
    let untold = refusal(&m, &ReadOptions::default());
    assert!(untold.contains("must be told") && untold.contains("--sequence NAME=3"), "{untold}");
    let shown = text(&m, &told("s", Told::Elements(vec![Some(vec![7, 4])])));
    assert!(shown.contains("[7,4]"), "{shown}");
    for (options, why) in [
        (told("s", Told::Elements(vec![Some(vec![7, 5])])), "are not those of its type"),
        (told("s", Told::Elements(vec![Some(vec![7])])), "are not those of its type"),
        (told("s", Told::Absent), "it is no optional value"),
        (told("x", Told::count(1)), "`x`: elements are told, but"),
        (told("s", Told::count(5000)), "more than 4096 symbols"),
    ] {
        let error = refusal(&m, &options);
        assert!(error.contains(why), "{error}");
    }
    let mut m = of_sequence(vec![node("SequenceInsert", &["s", "x"], &["y"])]);
    let unranked = type_proto::Tensor { elem_type: 1, shape: None };
    let unranked = TypeProto { value: Some(type_proto::Value::TensorType(unranked)), ..Default::default() };
    let unranked = type_proto::Sequence { elem_type: Some(Box::new(unranked)) };
    let unranked = TypeProto { value: Some(type_proto::Value::SequenceType(Box::new(unranked))), ..Default::default() };
    m.graph.as_mut().unwrap().input[1] = input("s", unranked);
    assert!(refusal(&m, &told("s", Told::count(1))).contains("unknown rank"));
    assert!(read(&m, &told("s", Told::Elements(vec![Some(vec![3]), Some(vec![])]))).is_ok());
}

#[test]
fn an_optional_value_is_there_or_not() {
    let nodes = vec![node("OptionalHasElement", &["s"], &["y"]), node("Identity", &["s"], &["z"])];
    let mut g = graph(nodes);
    g.output.push(name_only("z"));
    g.input.push(input("s", optional_of(sequence_type())));
    let m = model(g.clone());
    let (inputs, outputs) = names(&read(&m, &told("s", Told::count(2))).unwrap());
    assert_eq!((inputs.len(), outputs), (3, vec!["y".into(), "z[0]".to_owned(), "z[1]".into()]));
    let (inputs, outputs) = names(&read(&m, &told("s", Told::Absent)).unwrap());
    assert_eq!((inputs, outputs), (vec!["x".to_owned()], vec!["y".to_owned()]));
    g.input[1] = input("s", optional_of(value_info("", 1, &[Some(Extent::DimValue(4))]).r#type.unwrap()));
    let m = model(g.clone());
    let (inputs, outputs) = names(&read(&m, &told("s", Told::count(1))).unwrap());
    assert_eq!((inputs, outputs), (vec!["x".to_owned(), "s".to_owned()], vec!["y".to_owned(), "z".to_owned()]));
    assert!(refusal(&m, &told("s", Told::count(2))).contains("expected one element"));
    g.node = vec![node("OptionalGetElement", &["s"], &["y"]), node("Identity", &["s"], &["z"])];
    let error = refusal(&model(g), &told("s", Told::Absent));
    assert!(error.contains("expected an optional value that is there"), "{error}");
}

#[test]
fn types_are_checked_and_places_named() {
    let construct = node("SequenceConstruct", &["x", "x"], &["q"]);
    let with = |node: NodeProto| of_nodes(vec![construct.clone(), node]);
    for (m, why) in [
        (with(node("Relu", &["q"], &["y"])), "graph.node[1] `y` (Relu): input `q` is a sequence, and Relu takes tensors"),
        (with(node("SequenceLength", &["x"], &["y"])), "input 0 `x`: expected a sequence, got a tensor"),
        (with(node("SequenceInsert", &["q", "q"], &["y"])), "input 1 `q`: expected a tensor, got a sequence"),
        (with(node("SequenceAt", &["q"], &["y"])), "expected a position, got nothing"),
        (with(node("SequenceAt", &["q", "x"], &["y"])), "expected a position of i32 or i64, got f32"),
        (with(node("ConcatFromSequence", &["q"], &["y"])), "attribute `axis` is missing"),
        (of_nodes(vec![node("SequenceConstruct", &[], &["y"])]), "expected one input or more"),
        (of_nodes(vec![node("SequenceEmpty", &[], &["q"]), node("SequenceErase", &["q"], &["y"])]), "got an empty one"),
    ] {
        let error = error_of("types", &m);
        assert!(error.contains(why), "{error}");
    }
    for (op, at) in [("SequenceAt", 2), ("SequenceAt", -3), ("SequenceErase", 2)] {
        let mut m = with(node(op, &["q", "p"], &["y"]));
        m.graph.as_mut().unwrap().initializer = vec![ints("p", &[at], &[])];
        assert!(error_of("position", &m).contains(&format!("position {at} is outside a sequence of 2")));
    }
    let mut m = with(node("SequenceInsert", &["q", "p"], &["y"]));
    m.graph.as_mut().unwrap().initializer = vec![ints("p", &[1], &[])];
    assert!(error_of("element type", &m).contains("expected an element of the sequence's type f32, got i64"));
}

#[test]
fn lengths_that_only_the_run_tells_are_refused_by_name() {
    let mut g = graph(vec![node("SplitToSequence", &["x", "k"], &["y"])]);
    g.input.push(value_info("k", 7, &[]));
    let error = error_of("split", &model(g));
    assert!(error.contains("SplitToSequence (opset 17) x 1") && error.contains("depends on the contents of input 1"), "{error}");
    let error = error_of("extent", &of_nodes(vec![node("SplitToSequence", &["x"], &["y"])]));
    assert!(error.contains("extent 0, which only the run tells"), "{error}");
    let inner =
        body(vec![node("SequenceInsert", &["q0", "x"], &["q1"]), node("Identity", &["c"], &["c1"])], &["i", "c", "q0"], &["c1", "q1"]);
    let mut g = graph(vec![node("SequenceEmpty", &[], &["e"]), with_graph(node("Loop", &["m", "", "e"], &["y"]), "body", inner)]);
    g.input.push(value_info("m", 7, &[]));
    let error = error_of("loop", &model(g));
    assert!(error.contains("Loop (opset 17) x 1") && error.contains("number of trips depends on the contents of input 0"), "{error}");
}

/// SequenceMap over the sequence around, `depth` deep: each level does the one within once for each element.
fn nested_maps(depth: usize) -> NodeProto {
    let inner = match depth {
        0 => body(vec![node("Relu", &["e0"], &["r0"])], &["e0"], &["r0"]),
        d => {
            let (e, m, r) = (format!("e{d}"), format!("m{d}"), format!("r{d}"));
            let length = node("SequenceLength", &[&m], &[&r]);
            body(vec![NodeProto { output: vec![m.clone()], ..nested_maps(d - 1) }, length], &[&e], &[&r])
        }
    };
    with_graph(node("SequenceMap", &["q"], &["y"]), "body", inner)
}

#[test]
fn maps_within_maps_stay_within_the_nodes_that_bodies_may_add() {
    let build = |n: usize, depth: usize| {
        let inputs = vec!["x"; n];
        of_nodes(vec![node("SequenceConstruct", &inputs, &["q"]), nested_maps(depth)])
    };
    let graph = load_model("small maps", &build(3, 2)).unwrap();
    graph.verify().unwrap();
    let error = error_of("maps within maps", &build(40, 8));
    assert!(error.contains("more than 16384 nodes"), "{error}");
    assert!(error_of("deep maps", &build(1, 40)).contains("nest deeper"), "depth");
}

#[test]
fn loops_that_do_not_end_are_refused() {
    let inner = body(vec![node("Identity", &["c"], &["c1"])], &["i", "c", "q0"], &["c1", "q0"]);
    let m = of_nodes(vec![node("SequenceEmpty", &[], &["e"]), with_graph(node("Loop", &["", "", "e"], &["y"]), "body", inner)]);
    assert!(error_of("endless", &m).contains("more than 16384 nodes"));
    // No node at all: what it yields is what it is given.
    let inner = body(vec![], &["i", "c", "q0"], &["c", "q0"]);
    let mut m = of_nodes(vec![node("SequenceEmpty", &[], &["e"]), with_graph(node("Loop", &["m", "", "e"], &["y"]), "body", inner)]);
    m.graph.as_mut().unwrap().initializer = vec![ints("m", &[i64::MAX], &[])];
    assert!(error_of("endless and empty", &m).contains("more than 16384 nodes"));
}

#[test]
fn elements_are_counted() {
    // Each of these is one element longer than the one before.
    let mut nodes = vec![node("SequenceEmpty", &[], &["q0"])];
    let name = |i: usize| format!("q{i}");
    nodes.extend((0..3000).map(|i| node("SequenceInsert", &[&name(i), "x"], &[&name(i + 1)])));
    nodes.push(node("SequenceLength", &[&name(3000)], &["y"]));
    assert!(error_of("longer and longer", &of_nodes(nodes)).contains("more than 1048576 elements"));
    let mut g = graph(vec![node("SplitToSequence", &["w"], &["y"])]);
    g.input.push(value_info("w", 1, &[Some(Extent::DimValue(1 << 40))]));
    assert!(error_of("a long axis", &model(g)).contains("more than 16384 nodes"));
}

#[test]
fn ports_and_captures_of_elements_are_counted() {
    let many = node("SequenceConstruct", &["x"; 8000], &["q"]);
    // One sequence under many names that go out.
    let name = |i: usize| format!("y{i}");
    let mut nodes = vec![many.clone(), node("Identity", &["x"], &["y"])];
    nodes.extend((0..500).map(|i| node("Identity", &["q"], &[&name(i)])));
    let mut g = graph(nodes);
    g.output.extend((0..500).map(|i| name_only(&name(i))));
    assert!(error_of("outputs", &model(g)).contains("more than 16384 nodes"));
    // And in many branches that use it.
    let branch = |name: &str| {
        let mut g = body(vec![node("SequenceLength", &["q"], &["n"])], &[], &["n"]);
        g.name = name.into();
        AttributeProto { g: Some(g), ..attribute(name, AttributeType::Graph) }
    };
    let choice = |i: usize| {
        let attribute = vec![branch("then_branch"), branch("else_branch")];
        NodeProto { attribute, ..node("If", &["c"], &[&name(i)]) }
    };
    let mut nodes = vec![many, node("Identity", &["x"], &["y"])];
    nodes.extend((0..500).map(choice));
    let mut g = graph(nodes);
    g.input.push(value_info("c", 9, &[]));
    assert!(error_of("branches", &model(g)).contains("more than 16384 nodes"));
}

#[test]
fn weights_of_a_body_are_read_once() {
    // 1 MB that does not lie as in memory, for each of 4000 elements.
    let weights = TensorProto { int64_data: vec![1; 131_072], ..tensor("w", DataType::Int64, &[131_072]) };
    let inner = GraphProto { initializer: vec![weights], ..body(vec![node("Shape", &["w"], &["r"])], &["e"], &["r"]) };
    let inputs = vec!["x"; 4000];
    let map = with_graph(node("SequenceMap", &["q"], &["y"]), "body", inner);
    load_model("weights", &of_nodes(vec![node("SequenceConstruct", &inputs, &["q"]), map])).unwrap();
}

#[test]
fn names_of_elements_that_are_taken_are_refused() {
    let mut m = of_sequence(vec![node("SequenceInsert", &["s", "x"], &["y"])]);
    m.graph.as_mut().unwrap().input.push(value_info("s[0]", 1, &[]));
    let error = refusal(&m, &told("s", Told::count(1)));
    assert!(error.contains("the name `s[0]` is taken"), "{error}");
}

#[test]
fn values_in_files() {
    let t = |v: f32| TensorProto { float_data: vec![v], ..tensor("t", DataType::Float, &[1]) }.encode_to_vec();
    let sequence = [field(1, b"s"), vec![0x10, 1], field(3, &t(1.0)), field(3, &t(2.0))].concat();
    let read = |bytes: &[u8], kind| read_value(&Bytes::copy_from_slice(bytes), kind);
    let Value::Sequence(list) = read(&sequence, ValueKind::Sequence).unwrap() else { panic!("no sequence") };
    assert_eq!(list.iter().map(|t| t.as_slice::<f32>().unwrap()[0]).collect::<Vec<_>>(), [1.0, 2.0]);
    assert!(matches!(read(&[0x10, 1], ValueKind::Optional), Ok(Value::Absent)));
    assert!(matches!(read(&field(3, &t(1.0)), ValueKind::Optional), Ok(Value::Tensor(_))));
    assert!(matches!(read(&field(5, &sequence), ValueKind::Optional), Ok(Value::Sequence(list)) if list.len() == 2));
    assert!(matches!(read(&field(6, &[]), ValueKind::Optional), Err(OnnxError::Unsupported(_))));
    assert!(matches!(read(&field(5, &sequence), ValueKind::Sequence), Err(OnnxError::Unsupported(_))));
    // Cut off and damaged: a value or an error.
    for at in 0..sequence.len() {
        let _ = read(&sequence[..at], ValueKind::Sequence);
        for bit in 0..8 {
            let mut copy = sequence.clone();
            copy[at] ^= 1 << bit;
            for kind in [ValueKind::Tensor, ValueKind::Sequence, ValueKind::Optional] {
                let _ = read(&copy, kind);
            }
        }
    }
}

#[test]
fn a_model_with_sequences_cut_off_and_damaged() {
    let inner = body(vec![node("Add", &["e", "x"], &["r"])], &["e"], &["r"]);
    let map = with_graph(node("SequenceMap", &["s"], &["m"]), "body", inner);
    let mut m = of_sequence(vec![
        map,
        node("SplitToSequence", &["x", "parts"], &["p"]),
        node("SequenceAt", &["p", "at"], &["first"]),
        node("SequenceInsert", &["m", "first", "at"], &["y"]),
    ]);
    let g = m.graph.as_mut().unwrap();
    g.initializer = vec![ints("parts", &[1, 2], &[2]), ints("at", &[1], &[])];
    g.input.push(input("o", optional_of(sequence_type())));
    let file = m.encode_to_vec();
    let options = ReadOptions { told: [("s".to_owned(), Told::count(3)), ("o".to_owned(), Told::Absent)].into() };
    assert!(load_told("whole", file.clone().into(), None, &options).is_ok());
    for at in 0..file.len() {
        let _ = load_told("cut", file[..at].to_vec().into(), None, &options);
        for bit in 0..8 {
            let mut copy = file.clone();
            copy[at] ^= 1 << bit;
            let copy = Bytes::from(copy);
            let _ = declared(&copy);
            if let Ok(graph) = load_told("flip", copy, None, &options) {
                graph.verify().unwrap();
            }
        }
    }
}
