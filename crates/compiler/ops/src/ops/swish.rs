//! Swish and SwiGLU: elements times their own sigmoid, and that times another input.

use std::sync::Arc;

use fastserve_ir::{AttrError, Attrs, Fact, Inputs, Io, LowerCx, Lowered, Op, OpError, OpRef, ShapeError};
use fastserve_kernels::elementwise::UnaryOp;
use fastserve_kernels::epilogue::Activation;

use crate::def::OpDef;
use crate::elements::require_float;
use crate::numbers::{numbers, store};

/// `x · sigmoid(alpha · x)`, times the second input for SwiGLU.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Swish {
    /// Factor within the sigmoid.
    pub alpha: f32,
    /// Whether there is a second input: SwiGLU.
    pub gate: bool,
}

pub(crate) const DEFS: &[OpDef] = &[
    OpDef { name: "SwiGLU", since: 28, build: |attrs, _| build(attrs, true) },
    OpDef { name: "Swish", since: 24, build: |attrs, _| build(attrs, false) },
];

fn build(attrs: &Attrs, gate: bool) -> Result<OpRef, AttrError> {
    attrs.only(&["alpha"])?;
    Ok(Arc::new(Swish { alpha: attrs.float_or("alpha", 1.0)?, gate }))
}

impl Op for Swish {
    fn name(&self) -> &'static str {
        if self.gate { "SwiGLU" } else { "Swish" }
    }

    fn attrs(&self) -> Attrs {
        Attrs::new().with_float("alpha", self.alpha)
    }

    fn infer(&self, inputs: &Inputs<'_>) -> Result<Vec<Fact>, ShapeError> {
        let x = require_float(inputs, 0)?;
        if self.gate {
            let b = inputs.same_dtype(1, x.dtype)?;
            let differ = |(a, b): (&fastserve_ir::Dim, &fastserve_ir::Dim)| matches!((a.known(), b.known()), (Some(a), Some(b)) if a != b);
            if b.rank() != x.rank() || x.shape.iter().zip(&b.shape).any(differ) {
                return Err(ShapeError::shape(format!("extents {:?} and {:?} differ", x.shape, b.shape)));
            }
        }
        Ok(vec![Fact::new(x.dtype, x.shape.clone())])
    }

    fn reference(&self, io: &mut Io<'_>) -> Result<(), OpError> {
        let alpha = f64::from(self.alpha);
        let mut y: Vec<f64> = numbers(io, 0)?.into_iter().map(|x| x / (1.0 + (-alpha * x).exp())).collect();
        if self.gate {
            let b = numbers(io, 1)?;
            if io.shape(0)? != io.shape(1)? {
                return Err(OpError::Value(format!("extents {} and {} differ", io.shape(0)?, io.shape(1)?)));
            }
            y.iter_mut().zip(b).for_each(|(y, b)| *y *= b);
        }
        store(io, 0, &y)
    }

    fn is_linear(&self) -> bool {
        true
    }

    fn lower(&self, cx: &LowerCx<'_>) -> Lowered {
        if !self.gate && self.alpha == 1.0 && cx.all_f32() {
            Lowered::Unary(UnaryOp::Activation(Activation::Silu))
        } else {
            Lowered::Reference
        }
    }
}
