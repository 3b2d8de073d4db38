//! Makes models, and loads them with an eye on memory and time.
#![allow(dead_code)]

use fastserve_testkit::sys;
use std::path::Path;
use std::time::{Duration, Instant};

use bytes::Bytes;
use fastserve_ir::Graph;
use fastserve_onnx::limits::{HEAP_BASE_BYTES, HEAP_PER_FILE_BYTE};
use fastserve_onnx::proto::attribute_proto::AttributeType;
use fastserve_onnx::proto::tensor_shape_proto::{Dimension, dimension};
use fastserve_onnx::proto::*;
use fastserve_onnx::{OnnxError, ReadOptions};
use fastserve_ops::Ops;
use prost::Message;

#[global_allocator]
static ALLOCATOR: sys::Counting = sys::Counting;

/// How long any file may take; code that is not optimized is not held to it.
const MAX_TIME: Duration = Duration::from_secs(if cfg!(debug_assertions) { 60 } else { 2 });

/// Loads a file, and checks that it stays within memory and time whatever comes of it.
pub(crate) fn load(name: &str, file: Bytes, base: Option<&Path>) -> Result<Graph, OnnxError> {
    load_told(name, file, base, &ReadOptions::default())
}

/// The same, of which something is told.
pub(crate) fn load_told(name: &str, file: Bytes, base: Option<&Path>, told: &ReadOptions) -> Result<Graph, OnnxError> {
    let (len, start) = (file.len(), Instant::now());
    let (result, peak) = sys::peak(|| fastserve_onnx::read_bytes_with(file, base, &Ops, told));
    let bound = HEAP_BASE_BYTES + HEAP_PER_FILE_BYTE * len;
    assert!(peak <= bound, "{name}: {peak} bytes of heap for a file of {len}");
    assert!(start.elapsed() < MAX_TIME, "{name}: took {:?}", start.elapsed());
    if std::env::var_os("SHOW_PEAK").is_some() {
        let what = result.as_ref().map_or_else(|e| e.to_string().chars().take(100).collect(), |g| format!("{} nodes", g.nodes().count()));
        println!("{name}: file {len}, peak {peak}, {:?}: {what}", start.elapsed());
    }
    result
}

/// Loads a model without a folder.
pub(crate) fn load_model(name: &str, model: &ModelProto) -> Result<Graph, OnnxError> {
    load(name, model.encode_to_vec().into(), None)
}

/// The text of the error that a model must give.
pub(crate) fn error_of(name: &str, model: &ModelProto) -> String {
    load_model(name, model).unwrap_err().to_string()
}

/// A model of this graph, opset 17.
pub(crate) fn model(graph: GraphProto) -> ModelProto {
    let opset = OperatorSetIdProto { domain: String::new(), version: 17 };
    ModelProto { ir_version: 8, graph: Some(graph), opset_import: vec![opset], ..Default::default() }
}

/// A graph from `x` [N, 4] to `y` with these nodes.
pub(crate) fn graph(nodes: Vec<NodeProto>) -> GraphProto {
    let n = Some(dimension::Value::DimParam("N".into()));
    let four = Some(dimension::Value::DimValue(4));
    GraphProto {
        name: "g".into(),
        node: nodes,
        input: vec![value_info("x", 1, &[n, four])],
        output: vec![ValueInfoProto { name: "y".into(), ..Default::default() }],
        ..Default::default()
    }
}

/// A model from `x` to `y` with these nodes.
pub(crate) fn of_nodes(nodes: Vec<NodeProto>) -> ModelProto {
    model(graph(nodes))
}

/// A model `y = Relu(x)` with this initializer, which nothing uses.
pub(crate) fn with_initializer(tensor: TensorProto) -> ModelProto {
    model(GraphProto { initializer: vec![tensor], ..graph(vec![node("Relu", &["x"], &["y"])]) })
}

pub(crate) fn node(op: &str, inputs: &[&str], outputs: &[&str]) -> NodeProto {
    let names = |list: &[&str]| list.iter().map(|&s| s.to_owned()).collect();
    NodeProto { op_type: op.into(), name: String::new(), input: names(inputs), output: names(outputs), ..Default::default() }
}

pub(crate) fn value_info(name: &str, element: i32, dims: &[Option<dimension::Value>]) -> ValueInfoProto {
    let dim = dims.iter().map(|value| Dimension { value: value.clone(), ..Default::default() }).collect();
    let tensor = type_proto::Tensor { elem_type: element, shape: Some(TensorShapeProto { dim }) };
    let kind = TypeProto { value: Some(type_proto::Value::TensorType(tensor)), ..Default::default() };
    ValueInfoProto { name: name.into(), r#type: Some(kind), ..Default::default() }
}

pub(crate) fn tensor(name: &str, data_type: tensor_proto::DataType, dims: &[i64]) -> TensorProto {
    TensorProto { name: name.into(), data_type: data_type as i32, dims: dims.to_vec(), ..Default::default() }
}

pub(crate) fn attribute(name: &str, kind: AttributeType) -> AttributeProto {
    AttributeProto { name: name.into(), r#type: kind as i32, ..Default::default() }
}

/// Writes a key and a length-delimited field.
pub(crate) fn field(tag: u32, body: &[u8]) -> Vec<u8> {
    let mut out = Vec::with_capacity(body.len() + 8);
    prost::encoding::encode_key(tag, prost::encoding::WireType::LengthDelimited, &mut out);
    prost::encoding::encode_varint(body.len() as u64, &mut out);
    out.extend_from_slice(body);
    out
}

/// A model file whose graph is `graph`, in bytes.
pub(crate) fn raw_model(graph: &[u8]) -> Bytes {
    let mut out = vec![0x08, 8];
    out.extend(field(8, &[0x10, 17]));
    out.extend(field(7, graph));
    out.into()
}

/// The file of the repository at this path.
pub(crate) fn repository(path: &str) -> std::path::PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../../..").join(path)
}
