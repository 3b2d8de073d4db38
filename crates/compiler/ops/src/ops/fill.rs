//! ConstantOfShape, Range, EyeLike: elements that come from no input.

use std::sync::Arc;

use fastserve_ir::{AttrError, Attrs, Dim, DimOp, Fact, Inputs, Io, Op, OpError, OpRef, ShapeError};
use fastserve_tensor::{DType, Shape, Tensor, TensorError};

use crate::def::OpDef;
use crate::elements::{Float, Int, NumericBody};
use crate::ops::cast::onnx_type;
use crate::shape_ints::{self, MINUS_ONE};

/// One value everywhere; the extents are the input.
#[derive(Clone, Debug, PartialEq)]
pub struct ConstantOfShape {
    /// One element; 0.0 by default.
    pub value: Tensor,
}

/// `start, start + delta, …` before `limit`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Range;

/// Ones on a diagonal, zeros elsewhere.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct EyeLike {
    /// The type; the input's by default.
    pub dtype: Option<DType>,
    /// Which diagonal: above the main one where positive.
    pub k: i64,
}

pub(crate) const DEFS: &[OpDef] = &[
    OpDef { name: "ConstantOfShape", since: 9, build: constant_of_shape },
    OpDef { name: "Range", since: 11, build: range },
    OpDef { name: "EyeLike", since: 9, build: eye_like },
];

/// The type of what is between (`stash_type`, from opset 27 on) is f64 here.
fn range(attrs: &Attrs, _: i64) -> Result<OpRef, AttrError> {
    attrs.only(&["stash_type"])?;
    match attrs.int_or("stash_type", 1)? {
        1 | 11 => Ok(Arc::new(Range)),
        other => Err(AttrError::value("stash_type", format!("expected 1 or 11, got {other}"))),
    }
}

fn constant_of_shape(attrs: &Attrs, _: i64) -> Result<OpRef, AttrError> {
    attrs.only(&["value"])?;
    let failed = |e: TensorError| AttrError::value("value", e.to_string());
    let value = match attrs.tensor("value")? {
        Some(value) if value.numel() == 1 => value.reshaped(Shape::SCALAR).map_err(failed)?,
        Some(value) => return Err(AttrError::value("value", format!("expected one element, got {}", value.numel()))),
        None => Tensor::scalar(0f32).map_err(failed)?,
    };
    Ok(Arc::new(ConstantOfShape { value }))
}

fn eye_like(attrs: &Attrs, _: i64) -> Result<OpRef, AttrError> {
    attrs.only(&["dtype", "k"])?;
    let dtype = attrs.int("dtype")?.map(|n| onnx_type("dtype", n)).transpose()?;
    Ok(Arc::new(EyeLike { dtype, k: attrs.int_or("k", 0)? }))
}

impl Op for ConstantOfShape {
    fn name(&self) -> &'static str {
        "ConstantOfShape"
    }

    fn attrs(&self) -> Attrs {
        Attrs::new().with_tensor("value", self.value.clone())
    }

    fn infer(&self, inputs: &Inputs<'_>) -> Result<Vec<Fact>, ShapeError> {
        let shape = shape_ints::extents(inputs, 0)?;
        let ints = self.ints(&shape);
        Ok(vec![Fact::new(self.value.dtype(), shape).with_ints(ints)])
    }

    fn reference(&self, io: &mut Io<'_>) -> Result<(), OpError> {
        let value = self.value.bytes();
        let y = io.output(0)?.bytes_mut();
        y.chunks_exact_mut(value.len().max(1)).for_each(|y| y.copy_from_slice(value));
        Ok(())
    }

    fn is_linear(&self) -> bool {
        true
    }
}

impl ConstantOfShape {
    /// A short row of one integer is shape arithmetic.
    fn ints(&self, shape: &[Dim]) -> Option<Vec<Dim>> {
        let [len] = shape else { return None };
        let len = len.known().filter(|&n| n <= fastserve_tensor::MAX_RANK)?;
        match self.value.as_slice::<i64>().ok()?.first()? {
            -1 => Some(vec![MINUS_ONE; len]),
            n => Some(vec![Dim::Known(usize::try_from(*n).ok()?); len]),
        }
    }
}

impl Op for Range {
    fn name(&self) -> &'static str {
        "Range"
    }

    fn attrs(&self) -> Attrs {
        Attrs::new()
    }

    fn infer(&self, inputs: &Inputs<'_>) -> Result<Vec<Fact>, ShapeError> {
        let start = crate::elements::require_number(inputs, 0)?;
        for i in 1..3 {
            inputs.same_dtype(i, start.dtype)?;
        }
        if let Some(i) = (0..3).find(|&i| inputs.opt(i).is_some_and(|f| f.rank() > 1)) {
            return Err(ShapeError::shape(format!("input {i}: expected a scalar")));
        }
        let len = match length_of_constants(inputs) {
            Some(len) => Dim::Known(len?),
            None => length_of_ints(inputs)?.unwrap_or(Dim::New),
        };
        Ok(vec![Fact::new(start.dtype, vec![len])])
    }

    fn reference(&self, io: &mut Io<'_>) -> Result<(), OpError> {
        let dtype = io.dtype(0)?;
        RangeBody(io).run(dtype)
    }

    fn is_linear(&self) -> bool {
        true
    }
}

/// The number of elements where all three are constants.
fn length_of_constants(inputs: &Inputs<'_>) -> Option<Result<usize, ShapeError>> {
    let number = |i| number_of(inputs.opt(i)?.value.as_ref()?);
    let (start, limit, delta) = (number(0)?, number(1)?, number(2)?);
    if let (Number::Int(start), Number::Int(limit), Number::Int(delta)) = (start, limit, delta) {
        return Some(whole_length(start, limit, delta));
    }
    let (start, limit, delta) = (start.float(), limit.float(), delta.float());
    let len = ((limit - start) / delta).ceil().max(0.0);
    let fits = delta != 0.0 && len.is_finite() && len < usize::MAX as f64 / 16.0;
    Some(if fits { Ok(len as usize) } else { Err(ShapeError::shape(format!("no range from {start} to {limit} by {delta}"))) })
}

/// An element as it is.
#[derive(Clone, Copy)]
enum Number {
    Int(i128),
    Float(f64),
}

impl Number {
    fn float(self) -> f64 {
        match self {
            Number::Int(n) => n as f64,
            Number::Float(v) => v,
        }
    }
}

/// ⌈(limit − start) / delta⌉ of integers.
fn whole_length(start: i128, limit: i128, delta: i128) -> Result<usize, ShapeError> {
    let span = if delta < 0 { start.saturating_sub(limit) } else { limit.saturating_sub(start) };
    let len =
        span.max(0).unsigned_abs().checked_add(delta.unsigned_abs().saturating_sub(1)).and_then(|n| n.checked_div(delta.unsigned_abs()));
    let len = len.and_then(|n| usize::try_from(n).ok()).filter(|&n| n < usize::MAX / 16);
    len.ok_or_else(|| ShapeError::shape(format!("no range from {start} to {limit} by {delta}")))
}

fn number_of(value: &Tensor) -> Option<Number> {
    let mut first = First { value, found: None };
    first.run(value.dtype()).ok()?;
    first.found
}

struct First<'v> {
    value: &'v Tensor,
    found: Option<Number>,
}

impl NumericBody for First<'_> {
    fn float<T: Float>(&mut self) -> Result<(), OpError> {
        self.found = self.value.as_slice::<T>()?.first().map(|v| Number::Float(v.to_f64()));
        Ok(())
    }

    fn int<T: Int>(&mut self) -> Result<(), OpError> {
        self.found = self.value.as_slice::<T>()?.first().map(|v| Number::Int(v.to_i128()));
        Ok(())
    }
}

/// The number of elements from extents: ⌈(limit − start) / delta⌉; `None` where only data tell it.
fn length_of_ints(inputs: &Inputs<'_>) -> Result<Option<Dim>, ShapeError> {
    let one = |i: usize| Ok(shape_ints::elements(inputs.req(i)?).and_then(|list| list.first().cloned()).filter(|d| *d != MINUS_ONE));
    let (Some(start), Some(limit), Some(delta)) = (one(0)?, one(1)?, one(2)?) else { return Ok(None) };
    let Some(delta) = delta.known().filter(|&d| d > 0) else { return Ok(None) };
    let Some(span) = limit.combine(DimOp::Sub, start) else { return Ok(None) };
    span.combine(DimOp::CeilDiv, delta.into()).ok_or(ShapeError::Overflow).map(Some)
}

struct RangeBody<'b, 'a>(&'b mut Io<'a>);

impl RangeBody<'_, '_> {
    fn ends<T: fastserve_tensor::Element>(&self) -> Result<(T, T), OpError> {
        let first = |i| self.0.slice::<T>(i)?.first().copied().ok_or_else(|| OpError::Value(format!("input {i} is empty")));
        Ok((first(0)?, first(2)?))
    }
}

impl NumericBody for RangeBody<'_, '_> {
    fn float<T: Float>(&mut self) -> Result<(), OpError> {
        let (start, delta) = self.ends::<T>()?;
        let value = |i: usize| T::from_f64(start.to_f64() + i as f64 * delta.to_f64());
        self.0.out_slice::<T>(0)?.iter_mut().enumerate().for_each(|(i, y)| *y = value(i));
        Ok(())
    }

    fn int<T: Int>(&mut self) -> Result<(), OpError> {
        let (start, delta) = self.ends::<T>()?;
        let value = |i: usize| T::wrap(start.to_i128().wrapping_add((i as i128).wrapping_mul(delta.to_i128())));
        self.0.out_slice::<T>(0)?.iter_mut().enumerate().for_each(|(i, y)| *y = value(i));
        Ok(())
    }
}

impl Op for EyeLike {
    fn name(&self) -> &'static str {
        "EyeLike"
    }

    fn attrs(&self) -> Attrs {
        let attrs = if self.k == 0 { Attrs::new() } else { Attrs::new().with_int("k", self.k) };
        self.dtype.map_or(attrs.clone(), |d| attrs.with_int("dtype", crate::ops::cast::onnx_number(d)))
    }

    fn infer(&self, inputs: &Inputs<'_>) -> Result<Vec<Fact>, ShapeError> {
        let x = inputs.ranked(0, 2)?;
        let dtype = self.dtype.unwrap_or(x.dtype);
        if dtype != DType::Bool && !dtype.is_number() {
            return Err(ShapeError::DType { index: 0, expected: crate::elements::NUMBER.into(), got: dtype });
        }
        Ok(vec![Fact::new(dtype, x.shape.clone())])
    }

    fn reference(&self, io: &mut Io<'_>) -> Result<(), OpError> {
        let shape = io.out_shape(0)?;
        let [_, cols] = shape.dims() else { return Err(OpError::Value(format!("expected a matrix, got {shape}"))) };
        let (cols, k) = (*cols, self.k);
        let dtype = io.output(0)?.dtype();
        let one = one_of(dtype);
        let y = io.output(0)?.bytes_mut();
        for (i, y) in y.chunks_exact_mut(dtype.size_bytes()).enumerate() {
            let on = i as i128 / cols as i128 + i128::from(k) == i as i128 % cols as i128;
            y.copy_from_slice(if on { &one[..y.len()] } else { &[0; 8][..y.len()] });
        }
        Ok(())
    }

    fn is_linear(&self) -> bool {
        true
    }
}

/// The bytes of a 1.
pub(crate) fn one_of(dtype: DType) -> [u8; 8] {
    let mut one = [0; 8];
    let bytes: &[u8] = match dtype {
        DType::F16 => &fastserve_tensor::f16::ONE.to_le_bytes(),
        DType::BF16 => &fastserve_tensor::bf16::ONE.to_le_bytes(),
        DType::F32 => &1f32.to_le_bytes(),
        DType::F64 => &1f64.to_le_bytes(),
        _ => &[1],
    };
    one[..bytes.len()].copy_from_slice(bytes);
    one
}
