//! Tensors, and the types of inputs and outputs.

use bytes::Bytes;
use fastserve_ir::{Dim, Fact, Graph};
use fastserve_tensor::Tensor;

use crate::packed;
use crate::proto::tensor_shape_proto::{Dimension, dimension};
use crate::proto::{TensorProto, TensorShapeProto, TypeProto, ValueInfoProto, type_proto};
use crate::tensors::data_type;

/// The bytes of a tensor, shared.
struct Owner(Tensor);

impl AsRef<[u8]> for Owner {
    fn as_ref(&self) -> &[u8] {
        self.0.bytes()
    }
}

/// A tensor with its elements as they lie in memory, which are not copied, or packed.
pub(super) fn tensor(name: &str, tensor: &Tensor) -> TensorProto {
    let packed = packed::is_packed(tensor.dtype());
    let bytes = if packed { packed::pack(tensor.dtype(), tensor.bytes()).into() } else { Bytes::from_owner(Owner(tensor.clone())) };
    TensorProto {
        name: name.to_owned(),
        dims: tensor.shape().iter().map(|&d| d as i64).collect(),
        data_type: data_type(tensor.dtype()),
        raw_data: Some(bytes),
        ..Default::default()
    }
}

/// Name, element type and extents: known ones as numbers, symbols by name, and nothing where an extent is an expression.
pub(super) fn info(graph: &Graph, name: &str, fact: &Fact) -> ValueInfoProto {
    typed(name, fact, |dim| extent(graph, dim))
}

/// The same without the names of symbols.
pub(super) fn loose(name: &str, fact: &Fact) -> ValueInfoProto {
    typed(name, fact, known)
}

fn typed(name: &str, fact: &Fact, extent: impl Fn(&Dim) -> Option<dimension::Value>) -> ValueInfoProto {
    let dim = fact.shape.iter().map(|d| Dimension { value: extent(d), ..Default::default() }).collect();
    let kind = type_proto::Tensor { elem_type: data_type(fact.dtype), shape: Some(TensorShapeProto { dim }) };
    let kind = TypeProto { value: Some(type_proto::Value::TensorType(kind)), ..Default::default() };
    ValueInfoProto { name: name.to_owned(), r#type: Some(kind), ..Default::default() }
}

fn known(dim: &Dim) -> Option<dimension::Value> {
    dim.known().and_then(|n| i64::try_from(n).ok()).map(dimension::Value::DimValue)
}

fn extent(graph: &Graph, dim: &Dim) -> Option<dimension::Value> {
    match dim {
        Dim::Sym(s) => graph.symbols().get(s.index()).map(|s| dimension::Value::DimParam(s.name.clone())),
        other => known(other),
    }
}
