//! PRelu: a slope for negative elements, broadcast.

use std::sync::Arc;

use fastserve_ir::{AttrError, Attrs, Fact, Inputs, Io, LowerCx, Lowered, MapOp, Op, OpError, OpRef, ShapeError};
use fastserve_tensor::Element;

use crate::broadcast::{broadcast_strides, fits, walk};
use crate::def::OpDef;
use crate::elements::{Float, Int, NumericBody, require_number};
use crate::ops::layer_normalization::check_parameter;

/// `x · slope` where `x < 0`, else `x`; the slope is repeated to the extents of `x`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PRelu;

pub(crate) const DEFS: &[OpDef] = &[OpDef { name: "PRelu", since: 7, build }];

fn build(attrs: &Attrs, _: i64) -> Result<OpRef, AttrError> {
    attrs.only(&[])?;
    Ok(Arc::new(PRelu))
}

impl Op for PRelu {
    fn name(&self) -> &'static str {
        "PRelu"
    }

    fn attrs(&self) -> Attrs {
        Attrs::new()
    }

    fn infer(&self, inputs: &Inputs<'_>) -> Result<Vec<Fact>, ShapeError> {
        let x = require_number(inputs, 0)?;
        check_parameter(inputs.same_dtype(1, x.dtype)?, &x.shape, 1)?;
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
        if cx.all_f32() { Lowered::Map(MapOp::Slope) } else { Lowered::Reference }
    }
}

struct Body<'b, 'a> {
    io: &'b mut Io<'a>,
}

impl Body<'_, '_> {
    fn run_with<T: Element>(&mut self, f: impl Fn(T, T) -> T) -> Result<(), OpError> {
        let (x, slope) = (self.io.slice::<T>(0)?, self.io.slice::<T>(1)?);
        let (shape, own) = (self.io.shape(0)?, self.io.shape(1)?);
        if !fits(&own, &shape) || self.io.out_shape(0)? != shape {
            return Err(OpError::Value(format!("cannot broadcast {own} to {shape}")));
        }
        let y = self.io.out_slice::<T>(0)?;
        walk(&shape, &[broadcast_strides(&own, &shape)], |i, [s]| y[i] = f(x[i], slope[s]));
        Ok(())
    }
}

impl NumericBody for Body<'_, '_> {
    fn float<T: Float>(&mut self) -> Result<(), OpError> {
        self.run_with::<T>(|x, slope| if x.to_f64() < 0.0 { T::from_f64(x.to_f64() * slope.to_f64()) } else { x })
    }

    fn int<T: Int>(&mut self) -> Result<(), OpError> {
        self.run_with::<T>(|x, slope| if x.to_i128() < 0 { T::wrap(x.to_i128().wrapping_mul(slope.to_i128())) } else { x })
    }
}
