//! Models as they are: what ships, and what the operators need to be read right.

#![allow(clippy::unwrap_used)]

mod common;

use bytes::Bytes;
use common::*;
use fastserve_ir::Dim;
use fastserve_onnx::proto::attribute_proto::AttributeType;
use fastserve_onnx::proto::tensor_proto::DataType;
use fastserve_onnx::proto::tensor_shape_proto::dimension::Value;
use fastserve_onnx::proto::*;
use fastserve_ops::Ops;
use fastserve_tensor::{Bool, DType, bf16, f16};

#[test]
fn tiny_cnn_surveyed() {
    let file = fastserve_onnx::map_file(&repository("models/tiny_cnn.onnx")).unwrap();
    let survey = fastserve_onnx::survey(&file, &Ops).unwrap();
    assert_eq!((survey.ir_version, survey.nodes, survey.constants), (8, 6, 4));
    assert_eq!(survey.opsets, [(String::new(), 17)]);
    assert!(survey.operators.iter().all(|o| o.supported == o.count && o.why.is_none()));
    let names: Vec<&str> = survey.operators.iter().map(|o| o.name.as_str()).collect();
    assert_eq!(names, ["Conv", "Flatten", "Gemm", "MaxPool", "Relu", "Softmax"]);
}

#[test]
fn extents_become_numbers_symbols_and_new_symbols() {
    let mut g = graph(vec![node("Relu", &["x"], &["y"])]);
    let dims =
        [Some(Value::DimParam("B".into())), Some(Value::DimValue(3)), None, Some(Value::DimValue(-1)), Some(Value::DimParam("x_2".into()))];
    g.input = vec![value_info("x", 1, &dims)];
    let graph = load_model("extents", &model(g)).unwrap();
    let names: Vec<&str> = graph.symbols().iter().map(|s| s.name.as_str()).collect();
    assert_eq!(names, ["B", "x_2_", "x_3", "x_2"]);
    assert_eq!(graph.fact(graph.inputs()[0]).shape[1], Dim::Known(3));
    graph.verify().unwrap();
}

#[test]
fn nodes_in_any_order_are_sorted() {
    let nodes = vec![node("Relu", &["b"], &["y"]), node("Relu", &["a"], &["b"]), node("Relu", &["x"], &["a"])];
    let graph = load_model("unsorted", &of_nodes(nodes)).unwrap();
    let order: Vec<&str> = graph.nodes().map(|(_, n)| &*n.name).collect();
    assert_eq!(order, ["a", "b", "y"]);
    graph.verify().unwrap();
}

#[test]
fn optional_inputs_may_be_empty_and_unused_outputs_dropped() {
    let mut clip = node("Clip", &["x", "", "high"], &["y"]);
    clip.name = "clip".into();
    let drop = node("Relu", &["x"], &["unused", "mask"]);
    let mut high = tensor("high", DataType::Float, &[]);
    high.float_data = vec![6.0];
    let g = GraphProto { initializer: vec![high], ..graph(vec![clip, drop]) };
    let graph = load_model("optional", &model(g)).unwrap();
    let clip = graph.nodes().find(|(_, n)| &*n.name == "clip").unwrap().1;
    assert_eq!(clip.inputs[1], None);
    assert!(graph.find_value("mask").is_none());
    graph.verify().unwrap();
}

#[test]
fn an_output_that_is_used_but_not_made_is_unsupported() {
    let nodes = vec![node("Exp", &["x"], &["kept", "mask"]), node("Relu", &["mask"], &["y"])];
    let error = error_of("mask", &of_nodes(nodes));
    assert!(error.contains("Exp (opset 17) x 1\n    `kept`: output 1 (`mask`) is used, but only 1 are supported"), "{error}");
}

#[test]
fn an_initializer_that_is_an_input_too_is_a_constant() {
    let mut c = tensor("c", DataType::Float, &[4]);
    c.float_data = vec![1.0; 4];
    let mut g = GraphProto { initializer: vec![c], ..graph(vec![node("Add", &["x", "c"], &["y"])]) };
    g.input.push(value_info("c", 1, &[Some(Value::DimValue(4))]));
    let graph = load_model("input and initializer", &model(g)).unwrap();
    assert_eq!(graph.inputs().len(), 1);
}

#[test]
fn constant_nodes_and_all_attribute_kinds() {
    let mut value = attribute("value", AttributeType::Tensor);
    value.t = Some(TensorProto { raw_data: Some(Bytes::from_static(&[0, 0, 0x80, 0x3f])), ..tensor("", DataType::Float, &[1]) });
    let constant = NodeProto { attribute: vec![value], ..node("Constant", &[], &["c"]) };
    let mut pads = attribute("value_floats", AttributeType::Floats);
    pads.floats = vec![1.0, 2.0, 3.0, 4.0];
    let floats = NodeProto { attribute: vec![pads], ..node("Constant", &[], &["f"]) };
    let nodes = vec![constant, floats, node("Add", &["x", "c"], &["z"]), node("Mul", &["z", "f"], &["y"])];
    let graph = load_model("constants", &of_nodes(nodes)).unwrap();
    let f = graph.constant(graph.find_value("f").unwrap()).unwrap();
    assert_eq!(f.as_slice::<f32>().unwrap(), [1.0, 2.0, 3.0, 4.0]);
}

/// The one constant `t` of a model.
fn constant(tensor: TensorProto) -> fastserve_tensor::Tensor {
    let graph = load_model("constant", &with_initializer(tensor)).unwrap();
    graph.constant(graph.find_value("t").unwrap()).unwrap().clone()
}

#[test]
fn typed_lists_of_all_types() {
    let make = |kind, fill: fn(&mut TensorProto)| {
        let mut t = tensor("t", kind, &[2]);
        fill(&mut t);
        constant(t)
    };
    assert_eq!(make(DataType::Float, |t| t.float_data = vec![1.5, -0.0]).as_slice::<f32>().unwrap(), [1.5, -0.0]);
    assert_eq!(make(DataType::Double, |t| t.double_data = vec![1.5, 2.0]).as_slice::<f64>().unwrap(), [1.5, 2.0]);
    assert_eq!(make(DataType::Int64, |t| t.int64_data = vec![-1, i64::MAX]).as_slice::<i64>().unwrap(), [-1, i64::MAX]);
    assert_eq!(make(DataType::Int32, |t| t.int32_data = vec![-1, i32::MIN]).as_slice::<i32>().unwrap(), [-1, i32::MIN]);
    assert_eq!(make(DataType::Int16, |t| t.int32_data = vec![-1, 300]).as_slice::<i16>().unwrap(), [-1, 300]);
    assert_eq!(make(DataType::Int8, |t| t.int32_data = vec![-128, 127]).as_slice::<i8>().unwrap(), [-128, 127]);
    assert_eq!(make(DataType::Uint8, |t| t.int32_data = vec![0, 255]).as_slice::<u8>().unwrap(), [0, 255]);
    assert_eq!(make(DataType::Uint16, |t| t.int32_data = vec![0, 65535]).as_slice::<u16>().unwrap(), [0, 65535]);
    assert_eq!(make(DataType::Uint32, |t| t.uint64_data = vec![0, u32::MAX.into()]).as_slice::<u32>().unwrap(), [0, u32::MAX]);
    assert_eq!(make(DataType::Uint64, |t| t.uint64_data = vec![0, u64::MAX]).as_slice::<u64>().unwrap(), [0, u64::MAX]);
    assert_eq!(make(DataType::Bool, |t| t.int32_data = vec![0, 1]).as_slice::<Bool>().unwrap(), [Bool(0), Bool(1)]);
    assert_eq!(make(DataType::Float16, |t| t.int32_data = vec![0x3c00, 0]).as_slice::<f16>().unwrap(), [f16::ONE, f16::ZERO]);
    assert_eq!(make(DataType::Bfloat16, |t| t.int32_data = vec![0x3f80, 0]).as_slice::<bf16>().unwrap(), [bf16::ONE, bf16::ZERO]);
}

#[test]
fn elements_out_of_range_are_named() {
    let mut t = tensor("t", DataType::Uint8, &[2]);
    t.int32_data = vec![1, 256];
    assert_eq!(
        error_of("range", &with_initializer(t)),
        "graph.initializer[0] `t`: int32_data[1] is 256, which the element type cannot hold"
    );
}

#[test]
fn raw_data_and_empty_tensors() {
    let raw = TensorProto { raw_data: Some(Bytes::from_static(&[1, 2, 3])), ..tensor("t", DataType::Uint8, &[3]) };
    assert_eq!(constant(raw).as_slice::<u8>().unwrap(), [1, 2, 3]);
    let empty = constant(tensor("t", DataType::Float, &[0, 7]));
    assert_eq!((empty.dtype(), empty.numel()), (DType::F32, 0));
}

#[test]
fn lists_that_are_not_packed_are_read_too() {
    // int64_data: 1 and 2 with a key each, then 3 and 4 packed.
    let mut t = tensor("t", DataType::Int64, &[4]).encode_to_vec_with(&[0x38, 1, 0x38, 2]);
    t.extend(field(7, &[3, 4]));
    let mut g = field(5, &t);
    g.extend(prost::Message::encode_to_vec(&graph(vec![node("Relu", &["x"], &["y"])])));
    let graph = load("unpacked", raw_model(&g), None).unwrap();
    assert_eq!(graph.constant(graph.find_value("t").unwrap()).unwrap().as_slice::<i64>().unwrap(), [1, 2, 3, 4]);
}

trait Extend {
    fn encode_to_vec_with(&self, more: &[u8]) -> Vec<u8>;
}

impl<M: prost::Message> Extend for M {
    fn encode_to_vec_with(&self, more: &[u8]) -> Vec<u8> {
        let mut bytes = self.encode_to_vec();
        bytes.extend_from_slice(more);
        bytes
    }
}
