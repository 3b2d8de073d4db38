//! Parts that operators over quantized values share.

use fastserve_ir::{Attrs, Builder, ComposeError, ValueId};
use fastserve_tensor::{DType, Tensor};

use super::parts::{column, first};
use crate::ops::cast::onnx_number;

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

/// Parameters of the rows of a matrix: a vector of several becomes a column.
pub(crate) fn rows(b: &mut Builder<'_>, x: ValueId) -> Result<ValueId, ComposeError> {
    let fact = b.fact(x);
    let several = fact.rank() == 1 && fact.shape[0].known() != Some(1);
    if several { column(b, x, 1) } else { Ok(x) }
}
