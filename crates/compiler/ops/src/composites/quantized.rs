//! Parts that operators over quantized values share.

use fastserve_ir::{Attrs, Builder, ComposeError, ShapeError, ValueId};
use fastserve_tensor::{DType, Tensor};

use crate::ops::cast::onnx_number;

/// An input that must be there.
pub(crate) fn req(inputs: &[Option<ValueId>], i: usize) -> Result<ValueId, ComposeError> {
    opt(inputs, i).ok_or_else(|| ShapeError::MissingInput(i).into())
}

/// An input that may be absent.
pub(crate) fn opt(inputs: &[Option<ValueId>], i: usize) -> Option<ValueId> {
    inputs.get(i).copied().flatten()
}

/// The numbers for which codes stand.
pub(crate) fn dequantize(b: &mut Builder<'_>, x: ValueId, scale: ValueId, zero: Option<ValueId>) -> Result<ValueId, ComposeError> {
    first(b.parts("DequantizeLinear", Attrs::new(), &[Some(x), Some(scale), zero], 1)?)
}

/// Codes of type `dtype`.
pub(crate) fn quantize(
    b: &mut Builder<'_>,
    x: ValueId,
    scale: ValueId,
    zero: Option<ValueId>,
    dtype: DType,
) -> Result<ValueId, ComposeError> {
    let attrs = if zero.is_none() { Attrs::new().with_int("output_dtype", onnx_number(dtype)) } else { Attrs::new() };
    first(b.parts("QuantizeLinear", attrs, &[Some(x), Some(scale), zero], 1)?)
}

/// Codes of whole numbers: rounded, moved by the zero point, saturated.
pub(crate) fn saturate(b: &mut Builder<'_>, x: ValueId, zero: Option<ValueId>, dtype: DType) -> Result<ValueId, ComposeError> {
    let one = b.constant(Tensor::scalar(1.0f32)?);
    quantize(b, x, one, zero, dtype)
}

pub(crate) fn first(made: Vec<ValueId>) -> Result<ValueId, ComposeError> {
    made.first().copied().ok_or_else(|| ShapeError::MissingInput(0).into())
}

/// Elements as f32.
pub(crate) fn float(b: &mut Builder<'_>, x: ValueId) -> Result<ValueId, ComposeError> {
    b.part("Cast", Attrs::new().with_int("to", onnx_number(DType::F32)), &[x])
}

/// A vector with `behind` axes of extent 1 behind its own.
pub(crate) fn column(b: &mut Builder<'_>, x: ValueId, behind: usize) -> Result<ValueId, ComposeError> {
    let mut extents = vec![-1];
    extents.resize(behind + 1, 1);
    let extents = b.ints(&extents)?;
    b.part("Reshape", Attrs::new(), &[x, extents])
}

/// Parameters of the rows of a matrix: a vector of several becomes a column.
pub(crate) fn rows(b: &mut Builder<'_>, x: ValueId) -> Result<ValueId, ComposeError> {
    let fact = b.fact(x);
    let several = fact.rank() == 1 && fact.shape[0].known() != Some(1);
    if several { column(b, x, 1) } else { Ok(x) }
}
