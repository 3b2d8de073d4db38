//! SwiGLU: elements times their own sigmoid, times another input.

use std::sync::Arc;

use fastserve_ir::{AttrError, Attrs, Fact, Inputs, Io, Op, OpError, OpRef, ShapeError};

use crate::def::OpDef;
use crate::elements::require_float;
use crate::numbers::{numbers, store};

/// `x · sigmoid(alpha · x) · gate`.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct SwiGlu {
    /// Factor within the sigmoid.
    pub alpha: f32,
}

pub(crate) const DEFS: &[OpDef] = &[OpDef { name: "SwiGLU", since: 28, build }];

fn build(attrs: &Attrs, _: i64) -> Result<OpRef, AttrError> {
    attrs.only(&["alpha"])?;
    Ok(Arc::new(SwiGlu { alpha: attrs.float_or("alpha", 1.0)? }))
}

impl Op for SwiGlu {
    fn name(&self) -> &'static str {
        "SwiGLU"
    }

    fn attrs(&self) -> Attrs {
        Attrs::new().with_float("alpha", self.alpha)
    }

    fn infer(&self, inputs: &Inputs<'_>) -> Result<Vec<Fact>, ShapeError> {
        let x = require_float(inputs, 0)?;
        let gate = inputs.same_dtype(1, x.dtype)?;
        if gate.rank() != x.rank() || x.shape.iter().zip(&gate.shape).any(|(a, b)| a.differs(b)) {
            return Err(ShapeError::shape(format!("extents {:?} and {:?} differ", x.shape, gate.shape)));
        }
        Ok(vec![Fact::new(x.dtype, x.shape.clone())])
    }

    fn reference(&self, io: &mut Io<'_>) -> Result<(), OpError> {
        let (x, gate, alpha) = (numbers(io, 0)?, numbers(io, 1)?, f64::from(self.alpha));
        if io.shape(0)? != io.shape(1)? {
            return Err(OpError::Value(format!("extents {} and {} differ", io.shape(0)?, io.shape(1)?)));
        }
        let y: Vec<f64> = x.iter().zip(gate).map(|(x, gate)| x / (1.0 + (-alpha * x).exp()) * gate).collect();
        store(io, 0, &y)
    }

    fn is_linear(&self) -> bool {
        true
    }
}
