//! Clip with its bounds as inputs (opset 11 on) or as attributes (before).

use std::sync::Arc;

use fastserve_ir::{AttrError, Attrs, Fact, Inputs, Io, LowerCx, Lowered, Op, OpError, OpRef, ShapeError};
use fastserve_kernels::elementwise::UnaryOp;
use fastserve_kernels::epilogue::Activation;

use crate::def::OpDef;
use crate::elements::{Float, Int, NumericBody, require_number};
use crate::ops::unary::{Unary, clip};

/// Clip with optional inputs `min` and `max`, each a scalar.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Clip;

pub(crate) const DEFS: &[OpDef] =
    &[OpDef { name: "Clip", since: 1, build: with_attributes }, OpDef { name: "Clip", since: 11, build: with_inputs }];

fn with_attributes(attrs: &Attrs, _: i64) -> Result<OpRef, AttrError> {
    attrs.only(&["min", "max"])?;
    let (min, max) = (attrs.float_or("min", f32::MIN)?, attrs.float_or("max", f32::MAX)?);
    Ok(Arc::new(Unary(UnaryOp::Activation(Activation::Clip { min, max }))))
}

fn with_inputs(attrs: &Attrs, _: i64) -> Result<OpRef, AttrError> {
    attrs.only(&[])?;
    Ok(Arc::new(Clip))
}

impl Op for Clip {
    fn name(&self) -> &'static str {
        "Clip"
    }

    fn attrs(&self) -> Attrs {
        Attrs::new()
    }

    fn infer(&self, inputs: &Inputs<'_>) -> Result<Vec<Fact>, ShapeError> {
        let x = require_number(inputs, 0)?;
        for i in [1, 2] {
            if inputs.opt(i).is_some() {
                inputs.same_dtype(i, x.dtype)?;
            }
        }
        Ok(vec![Fact::new(x.dtype, x.shape.clone())])
    }

    fn reference(&self, io: &mut Io<'_>) -> Result<(), OpError> {
        let dtype = io.dtype(0)?;
        Body { io }.run(dtype)
    }

    fn is_linear(&self) -> bool {
        true
    }

    fn lower(&self, cx: &LowerCx<'_>) -> Lowered {
        match bounds(&cx.inputs) {
            Some((min, max)) if cx.all_f32() => Lowered::Unary(UnaryOp::Activation(Activation::Clip { min, max })),
            _ => Lowered::Reference,
        }
    }
}

/// The bounds, where they are constant f32 or absent.
pub fn bounds(inputs: &Inputs<'_>) -> Option<(f32, f32)> {
    let bound = |i: usize, absent: f32| match inputs.opt(i) {
        None => Some(absent),
        Some(fact) => fact.value.as_ref()?.as_slice::<f32>().ok()?.first().copied(),
    };
    Some((bound(1, f32::NEG_INFINITY)?, bound(2, f32::INFINITY)?))
}

struct Body<'b, 'a> {
    io: &'b mut Io<'a>,
}

impl Body<'_, '_> {
    fn bound<T: fastserve_tensor::Element>(&self, i: usize) -> Result<Option<T>, OpError> {
        let Some(view) = self.io.opt(i) else { return Ok(None) };
        let first = view.as_slice::<T>()?.first().copied();
        first.map(Some).ok_or_else(|| OpError::Value(format!("input {i}: expected one element, got none")))
    }
}

impl NumericBody for Body<'_, '_> {
    fn float<T: Float>(&mut self) -> Result<(), OpError> {
        let min = self.bound::<T>(1)?.map_or(f64::NEG_INFINITY, T::to_f64);
        let max = self.bound::<T>(2)?.map_or(f64::INFINITY, T::to_f64);
        let x = self.io.slice::<T>(0)?;
        self.io.out_slice::<T>(0)?.iter_mut().zip(x).for_each(|(y, x)| *y = T::from_f64(clip(x.to_f64(), min, max)));
        Ok(())
    }

    fn int<T: Int>(&mut self) -> Result<(), OpError> {
        let min = self.bound::<T>(1)?.map_or(i128::MIN, T::to_i128);
        let max = self.bound::<T>(2)?.map_or(i128::MAX, T::to_i128);
        let x = self.io.slice::<T>(0)?;
        self.io.out_slice::<T>(0)?.iter_mut().zip(x).for_each(|(y, x)| *y = T::wrap(x.to_i128().max(min).min(max)));
        Ok(())
    }
}
