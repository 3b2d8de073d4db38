//! DequantizeLinear.

use std::sync::Arc;

use fastserve_ir::{AttrError, Attrs, Fact, Inputs, Io, Op, OpError, OpRef, ShapeError};
use fastserve_tensor::{DType, Narrow};

use crate::def::OpDef;
use crate::elements::{Float, for_float, words};
use crate::numbers::{numbers, optional};
use crate::ops::quantize_linear::{block_size, is_code, output, written, zero_of};
use crate::quantized::codes::{Code, for_code, zeros};
use crate::quantized::runs::{Runs, check};

/// `(x − zero point) · scale`. Inputs are x, scales, and optionally zero points.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct DequantizeLinear {
    /// The axis along which there are several scales.
    pub axis: i64,
    /// How many indices of the axis share a scale; 0 where scales do not differ along other axes.
    pub block_size: usize,
    /// The result's type; that of the scales by default.
    pub output: Option<DType>,
}

pub(crate) const DEFS: &[OpDef] = &[OpDef { name: "DequantizeLinear", since: 10, build }];

fn build(attrs: &Attrs, _: i64) -> Result<OpRef, AttrError> {
    attrs.only(&["axis", "block_size", "output_dtype"])?;
    let output = output(attrs)?;
    if output.is_some_and(|dtype| !dtype.is_float()) {
        return Err(AttrError::value("output_dtype", "expected a float"));
    }
    Ok(Arc::new(DequantizeLinear { axis: attrs.int_or("axis", 1)?, block_size: block_size(attrs)?, output }))
}

impl Op for DequantizeLinear {
    fn name(&self) -> &'static str {
        "DequantizeLinear"
    }

    fn attrs(&self) -> Attrs {
        written(self.axis, self.block_size, self.output)
    }

    fn infer(&self, inputs: &Inputs<'_>) -> Result<Vec<Fact>, ShapeError> {
        let (x, scales) = (inputs.req(0)?, inputs.req(1)?);
        if !is_code(x.dtype) && x.dtype != DType::I32 {
            let expected = "an integer of 2 to 16 or 32 bits or a float of 4 or 8 bits";
            return Err(ShapeError::DType { index: 0, expected: expected.into(), got: x.dtype });
        }
        // Powers of two say no type to compute with.
        let typed = scales.dtype.is_float() || scales.dtype == DType::F8E8M0 && self.output.is_some();
        if !typed {
            return Err(ShapeError::DType { index: 1, expected: "a float, or f8e8m0 with `output_dtype`".into(), got: scales.dtype });
        }
        if inputs.opt(2).is_some() {
            inputs.same_dtype(2, x.dtype)?;
        }
        check(x, scales, self.axis, self.block_size)?;
        Ok(vec![Fact::new(self.output.unwrap_or(scales.dtype), x.shape.clone())])
    }

    fn reference(&self, io: &mut Io<'_>) -> Result<(), OpError> {
        let (from, to) = (io.dtype(0)?, io.output(0)?.dtype());
        if let Some(narrow) = from.narrow() {
            return for_float!(to, Y => self.narrow_body::<Y>(io, narrow));
        }
        if from == DType::I32 {
            return for_float!(to, Y => self.body::<i32, Y>(io));
        }
        for_code!(from, X => for_float!(to, Y => self.body::<X, Y>(io)))
    }

    fn is_linear(&self) -> bool {
        true
    }
}

impl DequantizeLinear {
    fn body<X: Code, Y: Float>(&self, io: &mut Io<'_>) -> Result<(), OpError> {
        let x = io.slice::<X>(0)?;
        let runs = Runs::new(&io.shape(0)?, &io.shape(1)?, self.axis, self.block_size)?;
        let (scales, zeros) = (numbers(io, 1)?, zeros(io, 2)?);
        let zero = zero_of(&zeros, scales.len())?;
        let y = made::<Y>(io, x.len())?;
        runs.each(x.len(), |at, i| {
            let (Some(&scale), Some(zero)) = (scales.get(i), zero(i)) else { return };
            let scale = scale as f32;
            let pairs = y[at.clone()].iter_mut().zip(&x[at]);
            pairs.for_each(|(y, x)| *y = Y::from_f64(f64::from(x.wide().wrapping_sub(zero) as f32 * scale)));
        });
        Ok(())
    }

    fn narrow_body<Y: Float>(&self, io: &mut Io<'_>, narrow: Narrow) -> Result<(), OpError> {
        let numbers_of_codes: [f32; 256] = std::array::from_fn(|code| narrow.number(code as u8) as f32);
        let x = words::<u8>(io, 0)?;
        let runs = Runs::new(&io.shape(0)?, &io.shape(1)?, self.axis, self.block_size)?;
        let (scales, zeros) = (numbers(io, 1)?, optional(io, 2)?.unwrap_or_else(|| vec![0.0]));
        let zero = zero_of(&zeros, scales.len())?;
        let y = made::<Y>(io, x.len())?;
        runs.each(x.len(), |at, i| {
            let (Some(&scale), Some(zero)) = (scales.get(i), zero(i)) else { return };
            let (scale, zero) = (scale as f32, zero as f32);
            let pairs = y[at.clone()].iter_mut().zip(&x[at]);
            pairs.for_each(|(y, &x)| *y = Y::from_f64(f64::from((numbers_of_codes[usize::from(x)] - zero) * scale)));
        });
        Ok(())
    }
}

/// The output, which must have so many elements.
fn made<'b, Y: Float>(io: &'b mut Io<'_>, count: usize) -> Result<&'b mut [Y], OpError> {
    let y = io.out_slice::<Y>(0)?;
    if y.len() == count { Ok(y) } else { Err(OpError::Value(format!("{count} elements are made, {} are asked for", y.len()))) }
}
