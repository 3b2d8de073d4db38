//! QuantizeLinear and DynamicQuantizeLinear.

use std::borrow::Cow;
use std::sync::Arc;

use fastserve_ir::{AttrError, Attrs, Fact, Inputs, Io, Op, OpError, OpRef, ShapeError};
use fastserve_tensor::{DType, Narrow, Rounding, TensorView, bf16, f16};

use crate::def::OpDef;
use crate::elements::words_mut;
use crate::numbers::{numbers, optional};
use crate::ops::cast::{onnx_number, onnx_type};
use crate::quantized::codes::{Code, for_code, quantize, quantize_within, zeros};
use crate::quantized::dynamic::scale_of;
use crate::quantized::runs::{Runs, check};

/// `x / scale + zero point`, rounded half to even and saturated. Inputs are x, scales, and optionally zero points. To whole numbers
/// the quotient is rounded before the zero point is added, to floats of 8 bits and less the sum is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct QuantizeLinear {
    /// The axis along which there are several scales.
    pub axis: i64,
    /// How many indices of the axis share a scale; 0 where scales do not differ along other axes.
    pub block_size: usize,
    /// The result's type, where no zero point says it.
    pub output: Option<DType>,
    /// The type of the quotient, f32 where none is said.
    pub precision: Option<DType>,
    /// Whether floats of 8 bits that are too large become the largest one.
    pub saturate: bool,
}

/// To codes 0 to 255 with the scale that the numbers tell. Outputs are the codes, the scale, the zero point.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct DynamicQuantizeLinear;

pub(crate) const DEFS: &[OpDef] = &[
    OpDef {
        name: "DynamicQuantizeLinear",
        since: 11,
        build: |attrs, _| {
            attrs.only(&[])?;
            Ok(Arc::new(DynamicQuantizeLinear))
        },
    },
    OpDef { name: "QuantizeLinear", since: 10, build },
];

fn build(attrs: &Attrs, _: i64) -> Result<OpRef, AttrError> {
    attrs.only(&["axis", "block_size", "output_dtype", "precision", "saturate"])?;
    let precision = dtype(attrs, "precision")?;
    if precision.is_some_and(|d| !matches!(d, DType::F16 | DType::BF16 | DType::F32)) {
        return Err(AttrError::value("precision", "expected f16, bf16 or f32"));
    }
    let (axis, saturate) = (attrs.int_or("axis", 1)?, attrs.flag("saturate", true)?);
    Ok(Arc::new(QuantizeLinear { axis, block_size: block_size(attrs)?, output: output(attrs)?, precision, saturate }))
}

/// `block_size`, 0 by default.
pub(crate) fn block_size(attrs: &Attrs) -> Result<usize, AttrError> {
    let size = attrs.int_or("block_size", 0)?;
    usize::try_from(size).map_err(|_| AttrError::value("block_size", "expected no negative number"))
}

/// `output_dtype`, of which 0 is none.
pub(crate) fn output(attrs: &Attrs) -> Result<Option<DType>, AttrError> {
    dtype(attrs, "output_dtype")
}

/// An element type by its number, of which 0 is none.
fn dtype(attrs: &Attrs, name: &'static str) -> Result<Option<DType>, AttrError> {
    attrs.int(name)?.filter(|&n| n != 0).map(|n| onnx_type(name, n)).transpose()
}

/// The attributes that both directions have, without those at their defaults.
pub(crate) fn written(axis: i64, block_size: usize, output: Option<DType>) -> Attrs {
    let mut attrs = Attrs::new().with_int("axis", axis);
    if block_size > 0 {
        attrs = attrs.with_int("block_size", block_size as i64);
    }
    output.map_or(attrs.clone(), |dtype| attrs.with_int("output_dtype", onnx_number(dtype)))
}

/// The numbers as f32.
///
/// # Errors
/// Elements of another type than floats and i32.
pub(crate) fn floats<'a>(view: &TensorView<'a>) -> Result<Cow<'a, [f32]>, OpError> {
    Ok(match view.dtype() {
        DType::F32 => Cow::Borrowed(view.as_slice::<f32>()?),
        DType::I32 => view.as_slice::<i32>()?.iter().map(|&v| v as f32).collect(),
        dtype if dtype.is_float() => crate::numbers::numbers_of(view)?.iter().map(|&v| v as f32).collect(),
        other => return Err(OpError::DType(other)),
    })
}

impl Op for QuantizeLinear {
    fn name(&self) -> &'static str {
        "QuantizeLinear"
    }

    fn attrs(&self) -> Attrs {
        let attrs = written(self.axis, self.block_size, self.output);
        let attrs = self.precision.map_or(attrs.clone(), |dtype| attrs.with_int("precision", onnx_number(dtype)));
        if self.saturate { attrs } else { attrs.with_int("saturate", 0) }
    }

    fn infer(&self, inputs: &Inputs<'_>) -> Result<Vec<Fact>, ShapeError> {
        let (x, scales) = (inputs.req(0)?, inputs.req(1)?);
        let takes = |i: usize, d: DType| d.is_float() || d == DType::I32 || i == 1 && d == DType::F8E8M0;
        if let Some((index, fact)) = [x, scales].into_iter().enumerate().find(|(i, f)| !takes(*i, f.dtype)) {
            return Err(ShapeError::DType { index, expected: "a float or i32".into(), got: fact.dtype });
        }
        check(x, scales, self.axis, self.block_size)?;
        let dtype = inputs.opt(2).map(|zero| zero.dtype).or(self.output).unwrap_or(DType::U8);
        if !is_code(dtype) {
            return Err(ShapeError::DType { index: 2, expected: CODE.into(), got: dtype });
        }
        if self.output.is_some_and(|output| output != dtype) {
            return Err(ShapeError::shape("`output_dtype` and the zero point's type differ"));
        }
        Ok(vec![Fact::new(dtype, x.shape.clone())])
    }

    fn reference(&self, io: &mut Io<'_>) -> Result<(), OpError> {
        let dtype = io.output(0)?.dtype();
        match dtype.narrow() {
            None => for_code!(dtype, T => self.body::<T>(io)),
            Some(narrow) if narrow.is_int() => self.narrow_integers(io, narrow),
            Some(narrow) => self.narrow_floats(io, narrow),
        }
    }

    fn is_linear(&self) -> bool {
        true
    }
}

/// What is expected of a quantized tensor.
const CODE: &str = "an integer of 2 to 16 bits or a float of 4 or 8 bits";

/// Whether elements can be quantized to this type.
pub(crate) fn is_code(dtype: DType) -> bool {
    let integer = matches!(dtype, DType::U8 | DType::I8 | DType::U16 | DType::I16);
    integer || dtype.narrow().is_some() && dtype != DType::F8E8M0
}

/// The zero point of each scale, of which there may be one for all.
///
/// # Errors
/// Another number of them.
pub(crate) fn zero_of<T: Copy>(zeros: &[T], scales: usize) -> Result<impl Fn(usize) -> Option<T>, OpError> {
    if zeros.len() != 1 && zeros.len() != scales {
        return Err(OpError::Value(format!("{scales} scales have {} zero points", zeros.len())));
    }
    Ok(move |i: usize| if zeros.len() == 1 { zeros.first() } else { zeros.get(i) }.copied())
}

impl QuantizeLinear {
    fn body<T: Code>(&self, io: &mut Io<'_>) -> Result<(), OpError> {
        let zeros = zeros(io, 2)?;
        let precision = self.precision;
        self.each(io, &zeros, |x, scale, zero, y: &mut [T]| match precision {
            None | Some(DType::F32) => quantize(x, scale, zero.clamp(T::BOUNDS.0, T::BOUNDS.1), y),
            _ => quantize_within(T::BOUNDS, quotients(x, scale, precision), zero, T::narrow, y),
        })
    }

    fn narrow_integers(&self, io: &mut Io<'_>, narrow: Narrow) -> Result<(), OpError> {
        let (zeros, bounds) = (zeros(io, 2)?, narrow.bounds().unwrap_or_default());
        let precision = self.precision;
        self.each(io, &zeros, |x, scale, zero, y: &mut [u8]| {
            quantize_within(bounds, quotients(x, scale, precision), zero, |v| v as u8, y);
        })
    }

    fn narrow_floats(&self, io: &mut Io<'_>, narrow: Narrow) -> Result<(), OpError> {
        let zeros = optional(io, 2)?.unwrap_or_else(|| vec![0.0]);
        let (precision, rounding) = (self.precision, Rounding { saturate: self.saturate, ..Rounding::default() });
        self.each(io, &zeros, |x, scale, zero, y: &mut [u8]| {
            // A sum with 0 is left out: it would lose the sign of −0.
            let sum = |v: f32| if zero == 0.0 { v } else { v + zero as f32 };
            let codes = quotients(x, scale, precision).map(|v| narrow.code(sum(v).into(), rounding));
            y.iter_mut().zip(codes).for_each(|(y, code)| *y = code);
        })
    }

    /// Calls `body(x, scale, zero point, y)` for runs of elements that share them.
    fn each<T: bytemuck::Pod, Z: Copy>(
        &self,
        io: &mut Io<'_>,
        zeros: &[Z],
        mut body: impl FnMut(&[f32], f32, Z, &mut [T]),
    ) -> Result<(), OpError> {
        let x = floats(&io.input(0)?)?;
        let runs = Runs::new(&io.shape(0)?, &io.shape(1)?, self.axis, self.block_size)?;
        let scales = numbers(io, 1)?;
        let zero = zero_of(zeros, scales.len())?;
        let y = words_mut::<T>(io, 0)?;
        if y.len() != x.len() {
            return Err(OpError::Value(format!("{} elements are made, {} are asked for", x.len(), y.len())));
        }
        runs.each(x.len(), |at, i| {
            let (Some(scale), Some(zero)) = (scales.get(i), zero(i)) else { return };
            body(&x[at.clone()], *scale as f32, zero, &mut y[at]);
        });
        Ok(())
    }
}

/// `x / scale`, of numbers of a type and rounded to it.
fn quotients(x: &[f32], scale: f32, precision: Option<DType>) -> impl Iterator<Item = f32> {
    let round = move |v: f32| match precision {
        Some(DType::F16) => f16::from_f32(v).to_f32(),
        Some(DType::BF16) => bf16::from_f32(v).to_f32(),
        _ => v,
    };
    let scale = round(scale);
    x.iter().map(move |&x| round(round(x) / scale))
}

impl Op for DynamicQuantizeLinear {
    fn name(&self) -> &'static str {
        "DynamicQuantizeLinear"
    }

    fn attrs(&self) -> Attrs {
        Attrs::new()
    }

    fn infer(&self, inputs: &Inputs<'_>) -> Result<Vec<Fact>, ShapeError> {
        let x = inputs.same_dtype(0, DType::F32)?;
        Ok(vec![Fact::new(DType::U8, x.shape.clone()), Fact::new(DType::F32, vec![]), Fact::new(DType::U8, vec![])])
    }

    fn reference(&self, io: &mut Io<'_>) -> Result<(), OpError> {
        let x = io.slice::<f32>(0)?;
        let (scale, zero) = scale_of(x);
        quantize(x, scale, zero, io.out_slice::<u8>(0)?);
        if io.num_outputs() > 1 {
            io.out_slice::<f32>(1)?.fill(scale);
        }
        if io.num_outputs() > 2 {
            io.out_slice::<u8>(2)?.fill(zero as u8);
        }
        Ok(())
    }

    fn is_linear(&self) -> bool {
        true
    }
}
