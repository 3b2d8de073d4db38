//! Gelu and its kin of the domain com.microsoft, of which some add a bias first.

use std::sync::Arc;

use fastserve_ir::{AttrError, Attrs, Fact, Inputs, Io, LowerCx, Lowered, Op, OpError, OpRef, ShapeError};
use fastserve_kernels::elementwise::UnaryOp;
use fastserve_kernels::epilogue::Activation;

use crate::def::OpDef;
use crate::elements::require_float;
use crate::numbers::{numbers, optional, store};
use crate::ops::unary::apply;

/// Which function.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum GeluKind {
    /// With the error function.
    Exact,
    /// With the error function, a bias is required.
    Biased,
    /// With the hyperbolic tangent.
    Fast,
    /// `x · sigmoid(alpha · x)`.
    Quick {
        /// Factor within the sigmoid.
        alpha: f32,
    },
}

/// A function of X, or of X and a bias a channel.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct BiasedGelu(pub GeluKind);

pub(crate) const DEFS: &[OpDef] = &[
    OpDef { name: "com.microsoft.BiasGelu", since: 1, build: |attrs, _| plain(attrs, GeluKind::Biased) },
    OpDef { name: "com.microsoft.FastGelu", since: 1, build: |attrs, _| plain(attrs, GeluKind::Fast) },
    OpDef { name: "com.microsoft.Gelu", since: 1, build: |attrs, _| plain(attrs, GeluKind::Exact) },
    OpDef { name: "com.microsoft.QuickGelu", since: 1, build: quick },
];

fn plain(attrs: &Attrs, kind: GeluKind) -> Result<OpRef, AttrError> {
    attrs.only(&[]).map(|()| Arc::new(BiasedGelu(kind)) as OpRef)
}

fn quick(attrs: &Attrs, _: i64) -> Result<OpRef, AttrError> {
    attrs.only(&["alpha"])?;
    Ok(Arc::new(BiasedGelu(GeluKind::Quick { alpha: attrs.float_or("alpha", 1.702)? })))
}

impl BiasedGelu {
    /// The function, as one of one element.
    fn unary(&self) -> UnaryOp {
        UnaryOp::Activation(match self.0 {
            GeluKind::Exact | GeluKind::Biased => Activation::Gelu,
            GeluKind::Fast => Activation::GeluTanh,
            GeluKind::Quick { alpha } => Activation::Swish { alpha },
        })
    }

    fn value(&self, x: f64) -> f64 {
        apply(self.unary(), x)
    }
}

impl Op for BiasedGelu {
    fn name(&self) -> &'static str {
        match self.0 {
            GeluKind::Biased => "com.microsoft.BiasGelu",
            GeluKind::Exact => "com.microsoft.Gelu",
            GeluKind::Fast => "com.microsoft.FastGelu",
            GeluKind::Quick { .. } => "com.microsoft.QuickGelu",
        }
    }

    fn attrs(&self) -> Attrs {
        match self.0 {
            GeluKind::Quick { alpha } => Attrs::new().with_float("alpha", alpha),
            _ => Attrs::new(),
        }
    }

    fn infer(&self, inputs: &Inputs<'_>) -> Result<Vec<Fact>, ShapeError> {
        let x = require_float(inputs, 0)?;
        if self.0 == GeluKind::Biased || self.0 == GeluKind::Fast && inputs.opt(1).is_some() {
            inputs.same_dtype(1, x.dtype)?;
            inputs.ranked(1, 1)?;
        }
        Ok(vec![Fact::new(x.dtype, x.shape.clone())])
    }

    fn reference(&self, io: &mut Io<'_>) -> Result<(), OpError> {
        let (mut x, shape) = (numbers(io, 0)?, io.shape(0)?);
        if let Some(bias) = optional(io, 1)? {
            if shape.last() != Some(&bias.len()) {
                return Err(OpError::Value(format!("a bias of {} does not fit {shape}", bias.len())));
            }
            x.iter_mut().enumerate().for_each(|(i, x)| *x += bias[i % bias.len()]);
        }
        x.iter_mut().for_each(|x| *x = self.value(*x));
        store(io, 0, &x)
    }

    fn lower(&self, cx: &LowerCx<'_>) -> Lowered {
        if cx.all_f32() && cx.inputs.opt(1).is_none() { Lowered::Unary(self.unary()) } else { Lowered::Reference }
    }
}
