//! What operators that are made of others build with.

use fastserve_ir::{Attrs, Builder, ComposeError, Dim, ShapeError, ValueId};
use fastserve_tensor::{DType, Tensor, bf16, f16};

use crate::ops::cast::onnx_number;

/// An input that must be there.
pub(crate) fn req(inputs: &[Option<ValueId>], i: usize) -> Result<ValueId, ComposeError> {
    opt(inputs, i).ok_or_else(|| ShapeError::MissingInput(i).into())
}

/// An input that may be absent.
pub(crate) fn opt(inputs: &[Option<ValueId>], i: usize) -> Option<ValueId> {
    inputs.get(i).copied().flatten()
}

pub(crate) fn first(made: Vec<ValueId>) -> Result<ValueId, ComposeError> {
    made.first().copied().ok_or_else(|| ShapeError::MissingInput(0).into())
}

/// Refuses inputs that the standard has and this project does not.
///
/// # Errors
/// The first of `names` that is there: places and names.
pub(crate) fn refuse_inputs(inputs: &[Option<ValueId>], names: &[(usize, &str)]) -> Result<(), ComposeError> {
    match names.iter().find(|(i, _)| opt(inputs, *i).is_some()) {
        Some((i, name)) => Err(lack(format!("input {i} (`{name}`) is not supported"))),
        None => Ok(()),
    }
}

/// Refuses an output that the standard has and this project does not.
///
/// # Errors
/// It is asked for.
pub(crate) fn refuse_output(b: &Builder<'_>, i: usize, name: &str) -> Result<(), ComposeError> {
    if b.asks(i) { Err(lack(format!("output {i} (`{name}`) is not supported"))) } else { Ok(()) }
}

/// Something that the standard has and this project does not.
pub(crate) fn lack(what: impl Into<String>) -> ComposeError {
    ShapeError::Unsupported(what.into()).into()
}

/// Something that the operator does not take.
pub(crate) fn wrong(what: impl Into<String>) -> ComposeError {
    ShapeError::shape(what).into()
}

/// Elements as f32.
pub(crate) fn float(b: &mut Builder<'_>, x: ValueId) -> Result<ValueId, ComposeError> {
    cast(b, x, DType::F32)
}

/// Elements as another type.
pub(crate) fn cast(b: &mut Builder<'_>, x: ValueId, to: DType) -> Result<ValueId, ComposeError> {
    if b.fact(x).dtype == to { Ok(x) } else { b.part("Cast", Attrs::new().with_int("to", onnx_number(to)), &[x]) }
}

/// A scalar of a floating-point type.
pub(crate) fn number(b: &mut Builder<'_>, value: f32, dtype: DType) -> Result<ValueId, ComposeError> {
    let tensor = match dtype {
        DType::F16 => Tensor::scalar(f16::from_f32(value))?,
        DType::BF16 => Tensor::scalar(bf16::from_f32(value))?,
        DType::F64 => Tensor::scalar(f64::from(value))?,
        _ => Tensor::scalar(value)?,
    };
    Ok(b.constant(tensor))
}

/// A scalar integer.
pub(crate) fn integer(b: &mut Builder<'_>, value: i64) -> Result<ValueId, ComposeError> {
    let tensor = Tensor::scalar(value)?;
    Ok(b.constant(tensor))
}

/// A part of two operands.
pub(crate) fn join(b: &mut Builder<'_>, op: &str, x: ValueId, y: ValueId) -> Result<ValueId, ComposeError> {
    b.part(op, Attrs::new(), &[x, y])
}

/// A value times a number; the value itself where that is 1.
pub(crate) fn scaled(b: &mut Builder<'_>, x: ValueId, factor: f32) -> Result<ValueId, ComposeError> {
    if factor == 1.0 {
        return Ok(x);
    }
    let dtype = b.fact(x).dtype;
    let factor = number(b, factor, dtype)?;
    join(b, "Mul", x, factor)
}

/// A value and another, if there is one, added.
pub(crate) fn plus(b: &mut Builder<'_>, x: ValueId, y: Option<ValueId>) -> Result<ValueId, ComposeError> {
    y.map_or(Ok(x), |y| join(b, "Add", x, y))
}

/// Other extents: 0 copies one, −1 is what remains.
pub(crate) fn reshape(b: &mut Builder<'_>, x: ValueId, extents: &[i64]) -> Result<ValueId, ComposeError> {
    let extents = b.ints(extents)?;
    b.part("Reshape", Attrs::new(), &[x, extents])
}

/// Axes in another order.
pub(crate) fn transpose(b: &mut Builder<'_>, x: ValueId, order: &[i64]) -> Result<ValueId, ComposeError> {
    b.part("Transpose", Attrs::new().with_ints("perm", order.to_vec()), &[x])
}

/// The last two axes change places.
pub(crate) fn turned(b: &mut Builder<'_>, x: ValueId) -> Result<ValueId, ComposeError> {
    let rank = b.fact(x).rank();
    let mut order: Vec<i64> = (0..rank as i64).collect();
    order.swap(rank.saturating_sub(2), rank.saturating_sub(1));
    transpose(b, x, &order)
}

/// Axes of extent 1 at these places of the result.
pub(crate) fn unsqueeze(b: &mut Builder<'_>, x: ValueId, axes: &[i64]) -> Result<ValueId, ComposeError> {
    let axes = b.ints(axes)?;
    b.part("Unsqueeze", Attrs::new(), &[x, axes])
}

/// Without an axis of extent 1.
pub(crate) fn squeeze(b: &mut Builder<'_>, x: ValueId, axis: i64) -> Result<ValueId, ComposeError> {
    let axes = b.ints(&[axis])?;
    b.part("Squeeze", Attrs::new(), &[x, axes])
}

/// Values behind each other.
pub(crate) fn concat(b: &mut Builder<'_>, parts: &[ValueId], axis: i64) -> Result<ValueId, ComposeError> {
    b.part("Concat", Attrs::new().with_int("axis", axis), parts)
}

/// Parts of an axis, of these lengths.
pub(crate) fn split(b: &mut Builder<'_>, x: ValueId, axis: i64, lengths: &[usize]) -> Result<Vec<ValueId>, ComposeError> {
    let attrs = Attrs::new().with_int("axis", axis).with_ints("fs.split", fastserve_ir::attrs::ints_of(lengths));
    b.parts("Split", attrs, &[Some(x)], lengths.len())
}

/// Equal halves of an axis.
pub(crate) fn halves(b: &mut Builder<'_>, x: ValueId, axis: i64) -> Result<(ValueId, ValueId), ComposeError> {
    let attrs = Attrs::new().with_int("axis", axis).with_int("num_outputs", 2);
    match b.parts("Split", attrs, &[Some(x)], 2)?[..] {
        [left, right] => Ok((left, right)),
        _ => Err(wrong("Split makes two parts")),
    }
}

/// Extents from axis `from` up to axis `to`, as a vector.
pub(crate) fn extents(b: &mut Builder<'_>, x: ValueId, from: usize, to: usize) -> Result<ValueId, ComposeError> {
    b.part("Shape", Attrs::new().with_int("start", from as i64).with_int("end", to as i64), &[x])
}

/// The extent of an axis, as a scalar.
pub(crate) fn extent(b: &mut Builder<'_>, x: ValueId, axis: usize) -> Result<ValueId, ComposeError> {
    let one = extents(b, x, axis, axis + 1)?;
    squeeze(b, one, 0)
}

/// 0, 1, … along an axis, as a vector of integers.
pub(crate) fn places(b: &mut Builder<'_>, x: ValueId, axis: usize) -> Result<ValueId, ComposeError> {
    let limit = extent(b, x, axis)?;
    let (start, step) = (integer(b, 0)?, integer(b, 1)?);
    b.part("Range", Attrs::new(), &[start, limit, step])
}

/// A vector with `behind` axes of extent 1 behind its own.
pub(crate) fn column(b: &mut Builder<'_>, x: ValueId, behind: usize) -> Result<ValueId, ComposeError> {
    let mut extents = vec![-1];
    extents.resize(behind + 1, 1);
    reshape(b, x, &extents)
}

/// An extent that must be known.
///
/// # Errors
/// It is not.
pub(crate) fn known(b: &Builder<'_>, x: ValueId, axis: usize, what: &str) -> Result<usize, ComposeError> {
    b.fact(x).shape.get(axis).and_then(Dim::known).ok_or_else(|| lack(format!("{what} must be known when the model is loaded")))
}
