//! Files made to break a reader: each is refused with its place, within memory and time.

#![allow(clippy::unwrap_used)]

mod common;

use std::path::Path;

use bytes::Bytes;
use common::*;
use fastserve_onnx::OnnxError;
use fastserve_onnx::proto::attribute_proto::AttributeType;
use fastserve_onnx::proto::tensor_proto::DataType;
use fastserve_onnx::proto::tensor_shape_proto::dimension::Value;
use fastserve_onnx::proto::*;
use prost::Message;

fn relu() -> GraphProto {
    graph(vec![node("Relu", &["x"], &["y"])])
}

fn initializer_error(name: &str, tensor: TensorProto) -> String {
    error_of(name, &with_initializer(tensor))
}

#[test]
fn extents_whose_product_overflows() {
    let error = initializer_error("overflow", tensor("w", DataType::Float, &[1 << 40, 1 << 40]));
    assert_eq!(error, "graph.initializer[0] `w`: f32[1099511627776,1099511627776] is larger than memory can be");
}

#[test]
fn negative_extents() {
    let error = initializer_error("negative", tensor("w", DataType::Float, &[3, -5]));
    assert_eq!(error, "graph.initializer[0] `w`: extent 1: expected 0 or more, got -5");
}

#[test]
fn a_tensor_that_claims_2_to_the_62_bytes() {
    let claim = [1 << 60];
    let listed = initializer_error("claim, list", tensor("w", DataType::Float, &claim));
    assert_eq!(listed, "graph.initializer[0] `w`: f32[1152921504606846976] takes 1152921504606846976 elements, float_data has 0");
    let raw = TensorProto { raw_data: Some(Bytes::from_static(&[0; 4])), ..tensor("w", DataType::Float, &claim) };
    let raw = initializer_error("claim, raw", raw);
    assert_eq!(raw, "graph.initializer[0] `w`: f32[1152921504606846976] takes 4611686018427387904 bytes, got 4");
}

#[test]
fn a_rank_of_a_million() {
    let error = initializer_error("rank", tensor("w", DataType::Float, &vec![1; 1_000_000]));
    assert_eq!(error, "graph.initializer[0] `w`: rank 9 is more than 8");
    let mut g = relu();
    g.input = vec![value_info("x", 1, &vec![Some(Value::DimValue(1)); 100_000])];
    assert_eq!(error_of("input rank", &model(g)), "graph.input[0] `x`: rank 9 is more than 8");
}

#[test]
fn a_million_empty_nodes_in_2_megabytes() {
    let file = raw_model(&[0x0a, 0].repeat(1_000_000));
    let error = load("empty nodes", file, None).unwrap_err();
    assert!(matches!(&error, OnnxError::Limit { path, .. } if path.starts_with("graph.node[")), "{error}");
    assert!(error.to_string().contains("would take more memory than 64 MiB and 2 times the file's"), "{error}");
}

#[test]
fn graphs_nested_10_000_deep() {
    let mut inner = Vec::new();
    for _ in 0..10_000 {
        inner = field(1, &field(5, &field(6, &inner)));
    }
    let error = load("nested graphs", raw_model(&inner), None).unwrap_err().to_string();
    assert!(error.contains("(graph.node[0].attribute[0].g.node[0].attribute[0].g"), "{error}");
    assert!(error.ends_with("messages nest deeper than 64"), "{error}");
}

#[test]
fn types_nested_10_000_deep() {
    let mut inner = Vec::new();
    for _ in 0..10_000 {
        inner = field(4, &field(1, &inner));
    }
    let mut g = relu().encode_to_vec();
    g.extend(field(11, &[field(1, b"s"), field(2, &inner)].concat()));
    let error = load("nested types", raw_model(&g), None).unwrap_err().to_string();
    assert!(error.contains("(graph.input[1].type.sequence_type.elem_type.sequence_type"), "{error}");
    assert!(error.ends_with("messages nest deeper than 64"), "{error}");
}

#[test]
fn numbers_of_one_byte_that_take_eight() {
    for (megabytes, fits) in [(4, true), (20, false)] {
        let count = megabytes << 20;
        let mut t = tensor("w", DataType::Int64, &[count as i64]).encode_to_vec();
        t.extend(field(7, &vec![1; count]));
        let file = raw_model(&[field(5, &t), relu().encode_to_vec()].concat());
        let result = load("packed varints", file, None);
        assert_eq!(result.is_ok(), fits);
        if let Err(error) = result {
            assert!(error.to_string().contains("(graph.initializer[0].int64_data[0]): loading would take more memory"), "{error}");
        }
    }
}

#[test]
fn large_lists_of_floats_are_not_expanded() {
    let count = 24 << 20;
    let mut t = tensor("w", DataType::Float, &[count as i64]).encode_to_vec();
    t.extend(field(4, &vec![0; 4 * count]));
    load("float_data", raw_model(&[field(5, &t), relu().encode_to_vec()].concat()), None).unwrap();
}

#[test]
fn data_that_is_not_aligned_is_copied_once() {
    let count = 24 << 20;
    for pad in 0..4 {
        let t = [
            field(8, b"w"),
            vec![0x10, 1],
            field(1, &[0x80, 0x80, 0x80, 0x0c]),
            field(12, &vec![b'.'; pad]),
            field(9, &vec![0; 4 * count]),
        ];
        load("raw_data", raw_model(&[field(5, &t.concat()), relu().encode_to_vec()].concat()), None).unwrap();
    }
}

#[test]
fn a_circle_is_named() {
    let nodes =
        vec![node("Relu", &["x"], &["a"]), node("Add", &["a", "d"], &["b"]), node("Relu", &["b"], &["d"]), node("Relu", &["d"], &["y"])];
    let error = error_of("circle", &of_nodes(nodes));
    assert_eq!(error, "nodes need each other in a circle: graph.node[1] `b` (Add) <- graph.node[2] `d` (Relu)");
    let own = error_of("own circle", &of_nodes(vec![node("Add", &["x", "y"], &["y"])]));
    assert_eq!(own, "nodes need each other in a circle: graph.node[0] `y` (Add)");
}

#[test]
fn a_missing_input_is_named() {
    let error = error_of("missing", &of_nodes(vec![node("Add", &["x", "nowhere"], &["y"])]));
    assert_eq!(error, "graph.node[0] `y` (Add): nothing makes `nowhere`");
    let mut g = relu();
    g.output[0].name = "z".into();
    assert_eq!(error_of("missing output", &model(g)), "graph.output[0] `z`: nothing makes `z`");
}

#[test]
fn duplicate_names_are_named() {
    let twice = error_of("two nodes", &of_nodes(vec![node("Relu", &["x"], &["y"]), node("Relu", &["x"], &["y"])]));
    assert_eq!(twice, "graph.node[1] `y` (Relu): the name `y` is taken by graph.node[0] `y` (Relu)");
    let input = error_of("node and input", &of_nodes(vec![node("Relu", &["x"], &["x"])]));
    assert_eq!(input, "graph.node[0] `x` (Relu): the name `x` is taken by an input or a constant");
    let t = tensor("w", DataType::Float, &[0]);
    let constants = error_of("two constants", &model(GraphProto { initializer: vec![t.clone(), t], ..relu() }));
    assert_eq!(constants, "graph.initializer[1] `w`: the name `w` is taken by an input or a constant");
    let mut g = relu();
    g.input.push(g.input[0].clone());
    assert!(error_of("two inputs", &model(g)).starts_with("graph.input[1] `x`: the name `x` is taken"));
    let attrs = vec![AttributeProto { i: Some(1), ..attribute("axis", AttributeType::Int) }; 2];
    let error = error_of("two attributes", &of_nodes(vec![NodeProto { attribute: attrs, ..node("Softmax", &["x"], &["y"]) }]));
    assert_eq!(error, "graph.node[0] `y` (Softmax): attribute `axis` is there twice");
}

#[test]
fn everything_unsupported_comes_at_once() {
    let body = NodeProto {
        attribute: vec![AttributeProto { g: Some(relu()), ..attribute("body", AttributeType::Graph) }],
        ..node("Loop", &["b"], &["c"])
    };
    let odd = AttributeProto { i: Some(1), ..attribute("odd", AttributeType::Int) };
    let nodes = vec![
        node("NoSuchOp", &["x"], &["a"]),
        node("NoSuchOp", &["a"], &["b"]),
        body,
        NodeProto { domain: "com.example".into(), ..node("Special", &["c"], &["d"]) },
        NodeProto { attribute: vec![odd], ..node("Softmax", &["d"], &["e"]) },
        node("Mine", &["e"], &["y"]),
    ];
    let mut m = of_nodes(nodes);
    let g = m.graph.as_mut().unwrap();
    g.initializer = vec![tensor("words", DataType::String, &[1]), tensor("pairs", DataType::Complex128, &[2])];
    g.sparse_initializer = vec![SparseTensorProto { values: Some(tensor("thin", DataType::Float, &[1])), ..Default::default() }];
    m.opset_import.push(OperatorSetIdProto { domain: "com.example".into(), version: 3 });
    let body = vec![node("Relu", &["p"], &["q"]), node("Unheard", &["q"], &["r"]), node("Mine", &["r"], &["s"])];
    m.functions = vec![FunctionProto { name: "Mine".into(), node: body, ..Default::default() }];
    let expected = "not supported: 6 kinds of operators in 8 places
  NoSuchOp (opset 17) x 2
    `a`: no such operator
    `b`: no such operator
  Softmax (opset 17) x 1
    `e`: unknown attribute `odd`
  Unheard (opset 17) x 1
    `y/r`: no such operator
  com.example.Special (opset 3) x 1
    `d`: no such operator
  initializer x 2
    `words`: elements of type STRING
    `pairs`: elements of type COMPLEX128
  sparse_initializer x 1
    `thin`: a sparse constant
what to do: ";
    let error = error_of("unsupported", &m);
    assert!(error.starts_with(expected), "{error}");
    assert_eq!(error.matches("what to do: ").count(), 4, "{error}");
    assert!(
        error.contains("export the model with standard operators (Special)") && error.contains("feed it numbers (initializer)"),
        "{error}"
    );
    let survey = fastserve_onnx::survey(&m.encode_to_vec().into(), &fastserve_ops::Ops).unwrap();
    assert_eq!(survey.functions, ["Mine"]);
    let row = survey.operators.iter().find(|o| o.name == "NoSuchOp").unwrap();
    assert_eq!((row.count, row.supported, row.why.as_deref()), (2, 0, Some("no such operator")));
}

#[test]
fn attributes_types_and_inner_nodes_come_too() {
    let inner = GraphProto {
        node: vec![node("AlsoNot", &["x"], &["p"]), NodeProto { name: "fine".into(), ..node("Relu", &["p"], &["q"]) }],
        initializer: vec![tensor("odd", DataType::Complex64, &[1])],
        ..Default::default()
    };
    let deep = AttributeProto { g: Some(inner), ..attribute("then_branch", AttributeType::Graph) };
    let deeper = GraphProto { node: vec![NodeProto { attribute: vec![deep], ..node("NotThat", &["x"], &["p"]) }], ..Default::default() };
    let graphs = AttributeProto { graphs: vec![deeper], ..attribute("many", AttributeType::Graphs) };
    let kinds = [("tp", AttributeType::TypeProto), ("tensors", AttributeType::Tensors)].map(|(name, kind)| attribute(name, kind));
    let nodes = vec![
        NodeProto { name: "outer".into(), attribute: vec![graphs], ..node("NotThis", &["x"], &["a"]) },
        NodeProto { attribute: kinds.to_vec(), ..node("Relu", &["x"], &["b"]) },
        node("Equal", &["x", "x"], &["same"]),
        NodeProto { name: "sum".into(), ..node("ReduceSum", &["same"], &["c"]) },
        NodeProto { name: "mish".into(), ..node("Mish", &["c"], &["d"]) },
        node("Add", &["a", "d"], &["e"]),
        node("Add", &["e", "b"], &["y"]),
    ];
    let Err(OnnxError::Unsupported(all)) = load_model("within", &of_nodes(nodes)) else { panic!("it was loaded") };
    let found: Vec<(&str, &str)> = all.iter().map(|u| (u.node.as_str(), u.why.as_str())).collect();
    let expected = [
        ("outer", "no such operator (attribute `many` is graphs)"),
        ("outer/p", "no such operator (attribute `then_branch` is a graph)"),
        ("outer/odd", "elements of type COMPLEX64"),
        ("outer/p", "no such operator"),
        ("b", "attribute `tp` is a type; attribute `tensors` is tensors"),
        ("mish", "only a later version of the operator is there"),
        ("sum", "input 0: expected a number to compute with, got bool, of ReduceSum(bool[N,4])"),
    ];
    assert_eq!(found, expected);
}

#[test]
fn a_shape_that_does_not_fit_names_node_operator_and_inputs() {
    let w = TensorProto { float_data: vec![0.0; 6], ..tensor("w", DataType::Float, &[3, 2]) };
    let g = GraphProto { initializer: vec![w], ..graph(vec![node("MatMul", &["x", "w"], &["y"])]) };
    let error = error_of("shapes", &model(g));
    assert!(error.starts_with("graph.node[0] `y` (MatMul): MatMul(f32[N,4], f32[3,2]): "), "{error}");
}

#[test]
fn versions_and_operator_sets() {
    let mut m = model(relu());
    m.ir_version = i64::MAX;
    let error = error_of("ir", &m);
    assert!(error.contains("`ir_version`: expected version 1 to ") && error.contains("onnx.version_converter"), "{error}");
    m.ir_version = 8;
    m.opset_import.clear();
    assert_eq!(error_of("no opset", &m), "graph.node[0] `y` (Relu): opset_import has no version for the domain ``");
    for version in [0, -1] {
        m.opset_import = vec![OperatorSetIdProto { domain: "ai.onnx".into(), version }];
        assert!(error_of("opset", &m).ends_with(&format!(", got {version}")));
    }
    m.opset_import = vec![OperatorSetIdProto { domain: "ai.onnx".into(), version: i64::MAX }];
    assert!(matches!(load_model("newer", &m), Err(OnnxError::Unsupported(_))));
    m.opset_import = [("", 17), ("ai.onnx", 18)].map(|(d, version)| OperatorSetIdProto { domain: d.into(), version }).to_vec();
    assert_eq!(error_of("two opsets", &m), "opset_import: domain `` is imported in versions 17 and 18");
    m.graph = None;
    assert_eq!(error_of("no graph", &m), "model: expected a graph, got none");
}

#[test]
fn borders_of_the_graph() {
    let mut g = relu();
    g.input[0].r#type = None;
    assert_eq!(error_of("no type", &model(g)), "graph.input[0] `x`: expected a type, got none");
    let mut g = relu();
    g.input = vec![value_info("x", 99, &[])];
    assert_eq!(error_of("bad type", &model(g)), "graph.input[0] `x`: expected a data type of 1 to 26, got 99");
    let mut g = relu();
    g.input = vec![value_info("x", 1, &[Some(Value::DimValue(-2))])];
    assert_eq!(error_of("bad extent", &model(g)), "graph.input[0] `x`: extent 0: expected 0 or more, got -2");
    let mut g = relu();
    g.input = vec![value_info("x", 1, &[Some(Value::DimValue(1 << 40)), None, Some(Value::DimValue(1 << 40))])];
    assert_eq!(error_of("large input", &model(g)), "graph.input[0] `x`: the known extents multiply to more than memory can be");
    let mut g = relu();
    g.output = vec![value_info("y", 7, &[])];
    assert_eq!(error_of("output type", &model(g)), "graph.output[0] `y`: declared as i64, but the nodes make f32");
    let g = GraphProto { output: Vec::new(), ..relu() };
    assert_eq!(error_of("no output", &model(g)), "graph.output: expected one or more, got none");
}

#[test]
fn names_that_are_too_long_or_no_text() {
    let file = raw_model(&field(1, &field(4, &vec![b'a'; 5000])));
    let error = load("long name", file, None).unwrap_err().to_string();
    assert!(error.ends_with("(graph.node[0].op_type): a name of 5000 bytes: at most 4096 are read"), "{error}");
    let error = load("no text", raw_model(&field(1, &field(4, &[b'a', 0xff]))), None).unwrap_err().to_string();
    assert_eq!(error, "byte 13 (graph.node[0].op_type): text is not UTF-8");
}

#[test]
fn fields_of_another_type_and_two_graphs() {
    let error = load("type", raw_model(&[0x08, 1]), None).unwrap_err().to_string();
    assert_eq!(error, "byte 8 (graph.node[0]): a varint does not belong here");
    let one = raw_model(&relu().encode_to_vec());
    let error = load("two graphs", [&one[..], &field(7, &[])].concat().into(), None).unwrap_err().to_string();
    assert_eq!(error, format!("byte {} (graph): is there twice", one.len()));
}

#[test]
fn extents_that_grow_without_end() {
    // Each pooling subtracts from a symbolic extent; the expression would be as deep as the graph.
    let names: Vec<String> = (0..20_000).map(|i| if i == 0 { "x".into() } else { format!("v{i}") }).collect();
    let kernel = AttributeProto { ints: vec![2, 2], ..attribute("kernel_shape", AttributeType::Ints) };
    let pool = |w: &[String]| NodeProto { attribute: vec![kernel.clone()], ..node("MaxPool", &[&w[0]], &[&w[1]]) };
    let mut g = graph(names.windows(2).map(pool).collect());
    g.input = vec![value_info("x", 1, &[Some(Value::DimValue(1)), Some(Value::DimValue(1)), None, None])];
    g.output[0].name = names.last().unwrap().clone();
    let error = error_of("deep extents", &model(g));
    assert!(error.ends_with("makes a value with an extent of more than 1024 terms"), "{error}");
}

#[test]
fn too_many_symbols() {
    let mut g = relu();
    g.input.extend((0..5000).map(|i| value_info(&format!("i{i}"), 1, &[None])));
    let error = error_of("symbols", &model(g));
    assert!(error.ends_with("more than 4096 symbols"), "{error}");
}

/// `y = Relu(x)` with a constant that lies outside.
fn outside(location: &str, offset: &str, length: Option<&str>) -> Bytes {
    let mut t = tensor("w", DataType::Float, &[2]);
    t.data_location = tensor_proto::DataLocation::External as i32;
    let entry = |key: &str, value: &str| StringStringEntryProto { key: key.into(), value: value.into() };
    t.external_data = vec![entry("location", location), entry("offset", offset)];
    t.external_data.extend(length.map(|l| entry("length", l)));
    with_initializer(t).encode_to_vec().into()
}

fn outside_error(name: &str, location: &str, base: Option<&Path>) -> String {
    load(name, outside(location, "0", Some("8")), base).unwrap_err().to_string()
}

#[test]
fn external_data_beneath_the_folder_is_read() {
    let dir = tempfile::tempdir().unwrap();
    std::fs::create_dir(dir.path().join("sub")).unwrap();
    let numbers: Vec<u8> = [0.0f32, 1.0, 2.0, 3.0].iter().flat_map(|v| v.to_le_bytes()).collect();
    std::fs::write(dir.path().join("sub/data"), numbers).unwrap();
    for (location, offset, length) in [("sub/data", "4", Some("8")), ("./sub/data", "4", None)] {
        let graph = load("external", outside(location, offset, length), Some(dir.path())).unwrap();
        let w = graph.constant(graph.find_value("w").unwrap()).unwrap();
        assert_eq!(w.as_slice::<f32>().unwrap(), [1.0, 2.0]);
    }
    std::fs::write(dir.path().join("model.onnx"), outside("sub/data", "8", None)).unwrap();
    fastserve_onnx::read_file(&dir.path().join("model.onnx"), &fastserve_ops::Ops).unwrap();
}

#[test]
fn external_data_without_a_folder() {
    let error = outside_error("no folder", "data", None);
    assert_eq!(error, "graph.initializer[0] `w`: external data `data`: a model without a folder cannot have any");
}

#[test]
fn external_data_by_a_path_that_leaves_the_folder() {
    let dir = tempfile::tempdir().unwrap();
    for location in ["../../etc/passwd", "/etc/passwd", "a/../../b", "..", "", "..\\x", "a\0b"] {
        let error = outside_error("path", location, Some(dir.path()));
        assert!(error.starts_with("graph.initializer[0] `w`: external data `"), "{error}");
        assert!(error.contains("relative"), "{error}");
    }
    let error = outside_error("no file", "nothing", Some(dir.path()));
    assert!(error.contains("external data `nothing`: No such file"), "{error}");
    let error = outside_error("folder", ".", Some(dir.path()));
    assert!(error.ends_with("not a regular file"), "{error}");
}

#[cfg(unix)]
#[test]
fn external_data_by_links_that_leave_the_folder() {
    let (dir, other) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    let secret = other.path().join("secret");
    std::fs::write(&secret, [0; 8]).unwrap();
    std::os::unix::fs::symlink(&secret, dir.path().join("soft")).unwrap();
    std::os::unix::fs::symlink(other.path(), dir.path().join("folder")).unwrap();
    for location in ["soft", "folder/secret"] {
        let error = outside_error("soft link", location, Some(dir.path()));
        assert!(error.ends_with(&format!("external data `{location}`: a link leads out of the model's folder")), "{error}");
    }
    std::fs::hard_link(&secret, dir.path().join("hard")).unwrap();
    let error = outside_error("hard link", "hard", Some(dir.path()));
    assert!(error.ends_with("the file has another name (a hard link), which may lie outside the model's folder"), "{error}");
    std::fs::write(dir.path().join("own"), [0; 8]).unwrap();
    std::os::unix::fs::symlink("own", dir.path().join("inner")).unwrap();
    load("inner link", outside("inner", "0", None), Some(dir.path())).unwrap();
}

#[test]
fn external_data_past_the_end() {
    let dir = tempfile::tempdir().unwrap();
    std::fs::write(dir.path().join("data"), [0; 8]).unwrap();
    std::fs::write(dir.path().join("empty"), []).unwrap();
    let error =
        |location, offset, length| load("past the end", outside(location, offset, length), Some(dir.path())).unwrap_err().to_string();
    assert!(error("data", "4", Some("8")).ends_with("external data `data`: 8 bytes at 4 leave the file, which has 8"));
    assert!(error("empty", "0", None).ends_with("8 bytes at 0 leave the file, which has 0"));
    assert!(error("data", "18446744073709551615", Some("8")).contains("leave the file"));
    assert!(error("data", "0", Some("4")).ends_with("length: expected 8 bytes, got 4"));
    assert!(error("data", "-1", None).ends_with("offset: expected a number of bytes, got `-1`"));
    assert!(error("data", "99999999999999999999", None).contains("offset: expected a number of bytes"));
}

/// A tensor of two floats that lies in this file.
fn lies_in(location: &str) -> TensorProto {
    let entry = StringStringEntryProto { key: "location".into(), value: location.into() };
    TensorProto {
        data_location: tensor_proto::DataLocation::External as i32,
        external_data: vec![entry],
        ..tensor("w", DataType::Float, &[2])
    }
}

#[test]
fn external_data_of_a_sparse_initializer_is_not_looked_at() {
    let dir = tempfile::tempdir().unwrap();
    for location in ["../../etc/passwd", "/etc/passwd", "nothing"] {
        let indices = TensorProto { name: String::new(), ..lies_in(location) };
        let sparse = SparseTensorProto { values: Some(lies_in(location)), indices: Some(indices), dims: vec![1 << 40] };
        let m = model(GraphProto { sparse_initializer: vec![sparse], ..relu() });
        let error = load("sparse", m.encode_to_vec().into(), Some(dir.path())).unwrap_err().to_string();
        assert!(error.contains("sparse_initializer x 1\n    `w`: a sparse constant"), "{error}");
    }
}

#[test]
fn external_data_within_nodes_and_bodies_stays_in_the_folder() {
    let dir = tempfile::tempdir().unwrap();
    std::fs::write(dir.path().join("data"), [0; 8]).unwrap();
    let constant = |location: &str| {
        let value = AttributeProto { t: Some(lies_in(location)), ..attribute("value", AttributeType::Tensor) };
        NodeProto { attribute: vec![value], ..node("Constant", &[], &["k"]) }
    };
    let branch = |name: &str, location: &str, as_node: bool| {
        let mut inner = GraphProto { node: vec![node("Add", &["x0", "k"], &["z"])], output: vec![value("z")], ..Default::default() };
        match as_node {
            true => inner.node.insert(0, constant(location)),
            false => inner.initializer = vec![TensorProto { name: "k".into(), ..lies_in(location) }],
        }
        AttributeProto { g: Some(inner), ..attribute(name, AttributeType::Graph) }
    };
    let choice = |location: &str, as_node: bool| {
        let branches = vec![branch("then_branch", "data", as_node), branch("else_branch", location, as_node)];
        let mut g = graph(vec![NodeProto { attribute: branches, ..node("If", &["c"], &["y"]) }]);
        g.input = vec![value_info("c", 9, &[]), value_info("x0", 1, &[Some(Value::DimValue(2))])];
        model(g)
    };
    let files = |location: &str| {
        [of_nodes(vec![constant(location), node("Add", &["x", "k"], &["y"])]), choice(location, true), choice(location, false)]
    };
    for (location, why) in [
        ("../../etc/passwd", "must not contain `..`"),
        ("/etc/passwd", "must be relative"),
        ("nothing", "No such file"),
        ("\0", "relative path"),
    ] {
        for m in files(location) {
            let error = load("inner constant", m.encode_to_vec().into(), Some(dir.path())).unwrap_err().to_string();
            assert!(error.contains("external data `") && error.contains(why), "{error}");
            assert!(
                error.contains("graph.node[0] `k` (Constant), attribute `value`: ") || error.starts_with("within `y/else`: graph."),
                "{error}"
            );
        }
    }
    for m in &files("data")[1..] {
        load("inner constant", m.encode_to_vec().into(), Some(dir.path())).unwrap();
    }
}

#[test]
fn many_tensors_that_share_one_region_which_is_not_aligned() {
    let dir = tempfile::tempdir().unwrap();
    std::fs::write(dir.path().join("data"), vec![0; (4 << 20) + 1]).unwrap();
    let entry = |key: &str, value: &str| StringStringEntryProto { key: key.into(), value: value.into() };
    let one = |i: usize| TensorProto {
        data_location: 1,
        external_data: vec![entry("location", "data"), entry("offset", "1"), entry("length", "4194304")],
        ..tensor(&format!("w{i}"), DataType::Float, &[1 << 20])
    };
    let m = model(GraphProto { initializer: (0..100).map(one).collect(), ..relu() });
    let error = fastserve_onnx::read_bytes(m.encode_to_vec().into(), Some(dir.path()), &fastserve_ops::Ops).unwrap_err().to_string();
    // 60 MiB and twice both files hold 16 copies.
    assert!(error.starts_with("graph.initializer[16] `w16`: external data `data`: copies of parts that are not aligned"), "{error}");
}

#[test]
fn numbers_in_two_places() {
    let both = TensorProto { raw_data: Some(Bytes::from_static(&[0; 4])), float_data: vec![0.0], ..tensor("w", DataType::Float, &[1]) };
    assert_eq!(initializer_error("both", both), "graph.initializer[0] `w`: expected numbers in one place, got a list and another");
}

#[test]
fn a_shape_input_of_millions_of_elements() {
    let count = 2_000_000;
    let shape = TensorProto { raw_data: Some(vec![1; 8 * count].into()), ..tensor("s", DataType::Int64, &[count as i64]) };
    let g = GraphProto { initializer: vec![shape], ..graph(vec![node("Reshape", &["x", "s"], &["y"])]) };
    load_model("long shape", &model(g)).unwrap_err();
}

/// A function `name` of `p`, which calls `calls` in turn.
fn function(name: &str, calls: &[&str]) -> FunctionProto {
    let value = |i: usize| if i == 0 { "p".to_owned() } else { format!("v{i}") };
    let nodes = calls.iter().enumerate().map(|(i, call)| node(call, &[&value(i)], &[&value(i + 1)]));
    FunctionProto {
        name: name.into(),
        node: nodes.collect(),
        input: vec!["p".into()],
        output: vec![value(calls.len())],
        ..Default::default()
    }
}

#[test]
fn the_nodes_of_a_function_join_the_graph() {
    let mut m = of_nodes(vec![node("Mine", &["x"], &["a"]), NodeProto { name: "again".into(), ..node("Mine", &["a"], &["y"]) }]);
    let mut mine = function("Mine", &["Relu", "LeakyRelu"]);
    let alpha = AttributeProto { ref_attr_name: "slope".into(), ..attribute("alpha", AttributeType::Float) };
    mine.node[1].attribute.push(alpha);
    mine.attribute_proto.push(AttributeProto { f: Some(0.5), ..attribute("slope", AttributeType::Float) });
    m.functions = vec![mine];
    m.graph.as_mut().unwrap().node[1].attribute.push(AttributeProto { f: Some(0.25), ..attribute("slope", AttributeType::Float) });
    let graph = load_model("functions", &m).unwrap();
    let text = fastserve_ir::text::print(&graph);
    for part in ["Relu(%x)", "LeakyRelu{alpha=0.5}(%a/v1)", "Relu(%a)", "LeakyRelu{alpha=0.25}(%again/v1)", "return %y"] {
        assert!(text.contains(part), "{part} in\n{text}");
    }
}

#[test]
fn functions_that_call_themselves_or_grow_without_end() {
    let mut m = of_nodes(vec![node("Mine", &["x"], &["y"])]);
    m.functions = vec![function("Mine", &["Mine"])];
    assert!(error_of("a function that calls itself", &m).contains("nest deeper than 32"));
    let names: Vec<String> = (0..30).map(|i| format!("F{i}")).collect();
    let mut functions = vec![function("F0", &["Relu", "Relu"])];
    functions.extend(names.windows(2).map(|pair| function(&pair[1], &[&pair[0], &pair[0]])));
    let mut m = of_nodes(vec![node("F29", &["x"], &["y"])]);
    m.functions = functions;
    assert!(error_of("functions that double", &m).contains("more than 16384 nodes"));
}

#[test]
fn a_constant_condition_takes_one_branch() {
    let branch = |op: &str, name: &str| {
        let inner = GraphProto { node: vec![node(op, &["x"], &["inner"])], output: vec![value("inner")], ..Default::default() };
        AttributeProto { g: Some(inner), ..attribute(name, AttributeType::Graph) }
    };
    let condition = TensorProto { raw_data: Some(vec![0].into()), ..tensor("c", DataType::Bool, &[1]) };
    let chosen = NodeProto { attribute: vec![branch("Neg", "then_branch"), branch("Abs", "else_branch")], ..node("If", &["c"], &["y"]) };
    let mut g = of_nodes(vec![chosen]);
    g.graph.as_mut().unwrap().initializer = vec![condition];
    let text = fastserve_ir::text::print(&load_model("branch", &g).unwrap());
    assert!(text.contains("Abs(%x)") && !text.contains("Neg") && !text.contains("If"), "{text}");
}

fn value(name: &str) -> ValueInfoProto {
    ValueInfoProto { name: name.into(), ..Default::default() }
}

#[test]
fn extents_that_data_tell_are_counted() {
    let one = |i: usize| node("NonZero", &["x"], &[&format!("n{i}")]);
    let mut nodes: Vec<NodeProto> = (0..5000).map(one).collect();
    nodes.push(node("Relu", &["x"], &["y"]));
    let error = error_of("more extents than are counted", &of_nodes(nodes));
    assert!(error.contains("more than 4096 extents"), "{error}");
}

/// A loop that carries two values and makes their extents larger, with as much again within.
fn widening(depth: usize) -> GraphProto {
    let typed = |name: &str| value(name);
    let mut nodes = vec![node("Concat", &["a", "b"], &["a1"]), node("Concat", &["b", "a"], &["b1"])];
    nodes.iter_mut().for_each(|n| n.attribute.push(AttributeProto { i: Some(0), ..attribute("axis", AttributeType::Int) }));
    if depth > 0 {
        let body = AttributeProto { g: Some(widening(depth - 1)), ..attribute("body", AttributeType::Graph) };
        nodes.insert(0, NodeProto { attribute: vec![body], ..node("Loop", &["", "c", "a0", "b0"], &["a", "b"]) });
    } else {
        nodes.insert(0, node("Identity", &["a0"], &["a"]));
        nodes.insert(1, node("Identity", &["b0"], &["b"]));
    }
    GraphProto {
        node: nodes,
        input: ["i", "c", "a0", "b0"].map(typed).to_vec(),
        output: ["c", "a1", "b1"].map(typed).to_vec(),
        ..Default::default()
    }
}

#[test]
fn bodies_within_bodies_are_not_read_without_end() {
    let body = AttributeProto { g: Some(widening(12)), ..attribute("body", AttributeType::Graph) };
    let mut m = of_nodes(vec![NodeProto { attribute: vec![body], ..node("Loop", &["", "go", "x", "x"], &["y", "z"]) }]);
    m.graph.as_mut().unwrap().initializer = vec![TensorProto { raw_data: Some(vec![1].into()), ..tensor("go", DataType::Bool, &[]) }];
    // Whatever comes of it: it comes in time, which loading checks.
    let _ = load_model("loops within loops", &m);
}
