//! Single tensors in files: `input_0.pb` and `output_0.pb` of ONNX's test folders.

use bytes::Bytes;
use fastserve_tensor::Tensor;

use crate::error::{OnnxError, Refusal, shown};
use crate::external::External;
use crate::prescan;
use crate::schema;
use crate::tensors::Data;
use crate::unsupported::Unsupported;
use crate::view;
use crate::wire::Span;

/// The tensor that a file's bytes describe as a `TensorProto`, which may not refer to other files. It shares the bytes where they
/// lie aligned.
///
/// # Errors
/// Bytes that are no such message, numbers that do not fit type and extents, or elements of a type that is not supported.
pub fn read_tensor(bytes: &Bytes) -> Result<Tensor, OnnxError> {
    prescan::scan_as(bytes, &schema::TENSOR)?;
    tensor_of(bytes, Span::of(bytes))
}

/// The tensor of a message in a file that was scanned.
pub(crate) fn tensor_of(bytes: &Bytes, span: Span<'_>) -> Result<Tensor, OnnxError> {
    let proto = view::Tensor::read(span)?;
    // No external file is read: there is no folder for it.
    let mut data = Data::new(bytes, External::new(None, prescan::Budget::none(), false)?);
    data.tensor(&proto, &format!("tensor `{}`", shown(proto.name))).map_err(|refusal| match refusal {
        Refusal::Wrong(e) => e,
        Refusal::Unsupported(why) => OnnxError::Unsupported(vec![Unsupported::part(proto.name, "tensor", why)]),
    })
}
