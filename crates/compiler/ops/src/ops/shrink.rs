//! Shrink: elements moved towards zero, those near it to zero.

use std::sync::Arc;

use fastserve_ir::{AttrError, Attrs, Fact, Inputs, Io, Op, OpError, OpRef, ShapeError};

use crate::def::OpDef;
use crate::elements::require_number;
use crate::numbers::{numbers, store};

/// `x + bias` below `-lambd`, `x - bias` above `lambd`, 0 between.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Shrink {
    /// How far an element is moved.
    pub bias: f32,
    /// What is near zero.
    pub lambd: f32,
}

pub(crate) const DEFS: &[OpDef] = &[OpDef { name: "Shrink", since: 9, build }];

fn build(attrs: &Attrs, _: i64) -> Result<OpRef, AttrError> {
    attrs.only(&["bias", "lambd"])?;
    Ok(Arc::new(Shrink { bias: attrs.float_or("bias", 0.0)?, lambd: attrs.float_or("lambd", 0.5)? }))
}

impl Op for Shrink {
    fn name(&self) -> &'static str {
        "Shrink"
    }

    fn attrs(&self) -> Attrs {
        Attrs::new().with_float("bias", self.bias).with_float("lambd", self.lambd)
    }

    fn infer(&self, inputs: &Inputs<'_>) -> Result<Vec<Fact>, ShapeError> {
        let x = require_number(inputs, 0)?;
        Ok(vec![Fact::new(x.dtype, x.shape.clone())])
    }

    fn reference(&self, io: &mut Io<'_>) -> Result<(), OpError> {
        let (bias, lambd) = (f64::from(self.bias), f64::from(self.lambd));
        let shrunk = |x: f64| {
            if x < -lambd {
                x + bias
            } else if x > lambd {
                x - bias
            } else if x.is_nan() {
                x
            } else {
                0.0
            }
        };
        let y: Vec<f64> = numbers(io, 0)?.into_iter().map(shrunk).collect();
        store(io, 0, &y)
    }

    fn is_linear(&self) -> bool {
        true
    }
}
