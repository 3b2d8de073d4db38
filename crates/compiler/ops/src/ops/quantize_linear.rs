//! QuantizeLinear and DynamicQuantizeLinear.

use std::borrow::Cow;
use std::sync::Arc;

use fastserve_ir::{AttrError, Attrs, Fact, Inputs, Io, Op, OpError, OpRef, ShapeError};
use fastserve_tensor::{DType, TensorView};

use crate::def::OpDef;
use crate::numbers::numbers;
use crate::ops::cast::{onnx_number, onnx_type};
use crate::quantized::codes::{Code, for_code, quantize, zeros};
use crate::quantized::dynamic::scale_of;
use crate::quantized::runs::{Runs, check};

/// `x / scale + zero point`, rounded half to even and saturated. Inputs are x, scales, and optionally zero points.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct QuantizeLinear {
    /// The axis along which there are several scales.
    pub axis: i64,
    /// How many indices of the axis share a scale; 0 where scales do not differ along other axes.
    pub block_size: usize,
    /// The result's type, where no zero point says it.
    pub output: Option<DType>,
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
    // `saturate` concerns 8-bit floats only; a division is made in f32, of which `precision` asks no more.
    attrs.only(&["axis", "block_size", "output_dtype", "precision", "saturate"])?;
    Ok(Arc::new(QuantizeLinear { axis: attrs.int_or("axis", 1)?, block_size: block_size(attrs)?, output: output(attrs)? }))
}

/// `block_size`, 0 by default.
pub(crate) fn block_size(attrs: &Attrs) -> Result<usize, AttrError> {
    let size = attrs.int_or("block_size", 0)?;
    usize::try_from(size).map_err(|_| AttrError::value("block_size", "expected no negative number"))
}

/// `output_dtype`, of which 0 is none.
pub(crate) fn output(attrs: &Attrs) -> Result<Option<DType>, AttrError> {
    let number = attrs.int("output_dtype")?.filter(|&n| n != 0);
    number.map(|n| onnx_type("output_dtype", n)).transpose()
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
        written(self.axis, self.block_size, self.output)
    }

    fn infer(&self, inputs: &Inputs<'_>) -> Result<Vec<Fact>, ShapeError> {
        let (x, scales) = (inputs.req(0)?, inputs.req(1)?);
        let floats = |d: DType| d.is_float() || d == DType::I32;
        if let Some((index, fact)) = [x, scales].into_iter().enumerate().find(|(_, f)| !floats(f.dtype)) {
            return Err(ShapeError::DType { index, expected: "a float or i32".into(), got: fact.dtype });
        }
        check(x, scales, self.axis, self.block_size)?;
        let dtype = inputs.opt(2).map(|zero| zero.dtype).or(self.output).unwrap_or(DType::U8);
        if !matches!(dtype, DType::U8 | DType::I8 | DType::U16 | DType::I16) {
            return Err(ShapeError::DType { index: 2, expected: "an integer of 8 or 16 bits".into(), got: dtype });
        }
        if self.output.is_some_and(|output| output != dtype) {
            return Err(ShapeError::shape("`output_dtype` and the zero point's type differ"));
        }
        Ok(vec![Fact::new(dtype, x.shape.clone())])
    }

    fn reference(&self, io: &mut Io<'_>) -> Result<(), OpError> {
        let dtype = io.output(0)?.dtype();
        for_code!(dtype, T => self.body::<T>(io))
    }

    fn is_linear(&self) -> bool {
        true
    }
}

impl QuantizeLinear {
    fn body<T: Code>(&self, io: &mut Io<'_>) -> Result<(), OpError> {
        let x = floats(&io.input(0)?)?;
        let runs = Runs::new(&io.shape(0)?, &io.shape(1)?, self.axis, self.block_size)?;
        let (scales, zeros) = (numbers(io, 1)?, zeros(io, 2)?);
        let y = io.out_slice::<T>(0)?;
        if y.len() != x.len() {
            return Err(OpError::Value(format!("{} elements are made, {} are asked for", x.len(), y.len())));
        }
        let zero = |i: usize| if zeros.len() == 1 { zeros.first() } else { zeros.get(i) }.copied();
        if zeros.len() != 1 && zeros.len() != scales.len() {
            return Err(OpError::Value(format!("{} scales have {} zero points", scales.len(), zeros.len())));
        }
        runs.each(x.len(), |at, i| {
            let (Some(scale), Some(zero)) = (scales.get(i), zero(i)) else { return };
            quantize(&x[at.clone()], *scale as f32, zero.clamp(T::BOUNDS.0, T::BOUNDS.1), &mut y[at]);
        });
        Ok(())
    }
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
