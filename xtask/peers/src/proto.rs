//! Between ONNX's tensors and plain elements.

use anyhow::Result;
use tract_onnx::data_resolver::FopenDataResolver;
use tract_onnx::pb::TensorProto;
use tract_onnx::pb::tensor_proto::DataType;
use tract_onnx::prelude::Tensor;

/// The tensor in a message.
pub fn tensor(proto: &TensorProto) -> Result<Tensor> {
    tract_onnx::tensor::load_tensor(&FopenDataResolver, proto, None)
}

/// A message of elements in little-endian order.
pub fn message(kind: DataType, shape: &[usize], raw: Vec<u8>) -> TensorProto {
    TensorProto { dims: shape.iter().map(|&d| d as i64).collect(), data_type: kind as i32, raw_data: raw, ..TensorProto::default() }
}
