//! Values in files: `input_0.pb` and `output_0.pb` of ONNX's test folders, of every type that a model's inputs have.

use bytes::Bytes;
use fastserve_tensor::Tensor;

use crate::error::OnnxError;
use crate::header::Header;
use crate::prescan;
use crate::schema;
use crate::sequences::Told;
use crate::tensor_file::{read_tensor, tensor_of};
use crate::unsupported::Unsupported;
use crate::view::{self, Type, ValueInfo};
use crate::wire::Span;

/// How a value lies in a file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ValueKind {
    /// A `TensorProto`.
    Tensor,
    /// A `SequenceProto`.
    Sequence,
    /// An `OptionalProto`.
    Optional,
}

/// A value of a model's input or output.
#[derive(Clone, Debug)]
pub enum Value {
    /// A tensor, or an optional one that is there.
    Tensor(Tensor),
    /// A sequence, or an optional one that is there.
    Sequence(Vec<Tensor>),
    /// An optional value that is not there.
    Absent,
}

/// The inputs and outputs of a model as its file declares them: name and kind, in order. Inputs that are constants are left out.
#[derive(Clone, Debug, Default)]
pub struct Declared {
    /// What the caller gives.
    pub inputs: Vec<(String, ValueKind)>,
    /// What the model makes.
    pub outputs: Vec<(String, ValueKind)>,
}

impl Value {
    /// The tensors, one for each port that the model has for this input or output.
    pub fn tensors(self) -> Vec<Tensor> {
        match self {
            Value::Tensor(tensor) => vec![tensor],
            Value::Sequence(list) => list,
            Value::Absent => Vec::new(),
        }
    }

    /// What loading must be told so that a model takes this value as an input of this kind; `None` for a tensor.
    pub fn told(&self, kind: ValueKind) -> Option<Told> {
        let extents = |t: &Tensor| Some(t.shape().to_vec());
        match self {
            _ if kind == ValueKind::Tensor => None,
            Value::Tensor(tensor) => Some(Told::Elements(vec![extents(tensor)])),
            Value::Sequence(list) => Some(Told::Elements(list.iter().map(extents).collect())),
            Value::Absent => Some(Told::Absent),
        }
    }
}

/// The inputs and outputs of a model that its file declares.
///
/// # Errors
/// Bytes that are no model.
pub fn declared(bytes: &Bytes) -> Result<Declared, OnnxError> {
    prescan::scan(bytes)?;
    let graph = Header::read(bytes)?.graph;
    let mut constants = std::collections::HashSet::new();
    for &span in &graph.initializers {
        constants.insert(view::Tensor::read(span)?.name);
    }
    let ports = |spans: &[Span<'_>], without: &std::collections::HashSet<&str>| {
        let infos = spans.iter().map(|&span| ValueInfo::read(span)).collect::<Result<Vec<_>, _>>()?;
        let infos = infos.iter().filter(|info| !without.contains(info.name));
        Ok::<_, OnnxError>(infos.map(|info| (info.name.to_owned(), kind_of(&info.kind))).collect())
    };
    Ok(Declared { inputs: ports(&graph.inputs, &constants)?, outputs: ports(&graph.outputs, &Default::default())? })
}

fn kind_of(kind: &Type<'_>) -> ValueKind {
    match kind {
        Type::List(list) if list.optional => ValueKind::Optional,
        Type::List(_) => ValueKind::Sequence,
        _ => ValueKind::Tensor,
    }
}

/// The value of this kind that a file's bytes describe; see [`read_tensor`].
///
/// # Errors
/// Bytes that are no such message, numbers that do not fit type and extents, or something within that is no tensor.
pub fn read_value(bytes: &Bytes, kind: ValueKind) -> Result<Value, OnnxError> {
    match kind {
        ValueKind::Tensor => read_tensor(bytes).map(Value::Tensor),
        ValueKind::Sequence => {
            prescan::scan_as(bytes, &schema::SEQUENCE)?;
            sequence(bytes, Span::of(bytes)).map(Value::Sequence)
        }
        ValueKind::Optional => optional(bytes),
    }
}

fn sequence(bytes: &Bytes, span: Span<'_>) -> Result<Vec<Tensor>, OnnxError> {
    let mut tensors = Vec::new();
    for field in span.fields() {
        let field = field?;
        match field.tag {
            3 => tensors.push(tensor_of(bytes, field.span()?)?),
            4..=7 => return Err(other("a sequence of something else than tensors")),
            _ => {}
        }
    }
    Ok(tensors)
}

fn optional(bytes: &Bytes) -> Result<Value, OnnxError> {
    prescan::scan_as(bytes, &schema::OPTIONAL)?;
    let mut value = Value::Absent;
    for field in Span::of(bytes).fields() {
        let field = field?;
        match field.tag {
            3 => value = Value::Tensor(tensor_of(bytes, field.span()?)?),
            5 => value = Value::Sequence(sequence(bytes, field.span()?)?),
            4 | 6 | 7 => return Err(other("an optional value of something else than a tensor or a sequence")),
            _ => {}
        }
    }
    Ok(value)
}

fn other(what: &str) -> OnnxError {
    OnnxError::Unsupported(vec![Unsupported::part("", "value", what.into())])
}
