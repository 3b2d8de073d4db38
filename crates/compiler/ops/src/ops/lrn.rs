//! LRN: local response normalisation across channels.

use std::sync::Arc;

use fastserve_ir::{AttrError, Attrs, Fact, Inputs, Io, LowerCx, Lowered, LrnSpec, Op, OpError, OpRef, ShapeError};

use crate::def::OpDef;
use crate::elements::{Float, count, for_float, require_float};

/// `x / (bias + alpha / size · Σ x²)^beta`, the sum over `size` neighbouring channels (axis 1).
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Lrn {
    /// Number of channels in a sum, the element's own among them.
    pub size: usize,
    /// Weight of the mean of squares.
    pub alpha: f32,
    /// The exponent.
    pub beta: f32,
    /// Added to the mean of squares.
    pub bias: f32,
}

pub(crate) const DEFS: &[OpDef] = &[OpDef { name: "LRN", since: 1, build }];

fn build(attrs: &Attrs, _: i64) -> Result<OpRef, AttrError> {
    attrs.only(&["alpha", "beta", "bias", "size"])?;
    let size = attrs.int("size")?.ok_or(AttrError::Missing("size"))?;
    let size = usize::try_from(size).ok().filter(|&s| s > 0).ok_or_else(|| AttrError::value("size", "expected at least 1"))?;
    let (alpha, beta) = (attrs.float_or("alpha", 1e-4)?, attrs.float_or("beta", 0.75)?);
    Ok(Arc::new(Lrn { size, alpha, beta, bias: attrs.float_or("bias", 1.0)? }))
}

impl Op for Lrn {
    fn name(&self) -> &'static str {
        "LRN"
    }

    fn attrs(&self) -> Attrs {
        let attrs = Attrs::new().with_float("alpha", self.alpha).with_float("beta", self.beta);
        attrs.with_float("bias", self.bias).with_int("size", self.size as i64)
    }

    fn infer(&self, inputs: &Inputs<'_>) -> Result<Vec<Fact>, ShapeError> {
        let x = require_float(inputs, 0)?;
        if x.rank() < 2 {
            return Err(ShapeError::shape(format!("expected rank 2 or more, got {}", x.rank())));
        }
        Ok(vec![Fact::new(x.dtype, x.shape.clone())])
    }

    fn reference(&self, io: &mut Io<'_>) -> Result<(), OpError> {
        let dtype = io.dtype(0)?;
        for_float!(dtype, T => self.body::<T>(io))
    }

    fn lower(&self, cx: &LowerCx<'_>) -> Lowered {
        let spec = LrnSpec { size: self.size, alpha: self.alpha, beta: self.beta, bias: self.bias };
        if cx.all_f32() { Lowered::Lrn(spec) } else { Lowered::Reference }
    }
}

impl Lrn {
    fn body<T: Float>(&self, io: &mut Io<'_>) -> Result<(), OpError> {
        let shape = io.shape(0)?;
        let channels = shape.get(1).copied().unwrap_or(1);
        let inner = count(shape.get(2..).unwrap_or_default());
        let x = io.slice::<T>(0)?;
        let y = io.out_slice::<T>(0)?;
        if y.len() != x.len() {
            return Err(OpError::Value(format!("expected {} elements, got {}", y.len(), x.len())));
        }
        for (i, y) in y.iter_mut().enumerate() {
            let c = i / inner % channels;
            let first = c.saturating_sub((self.size - 1) / 2);
            let behind = c.saturating_add(self.size / 2).saturating_add(1).min(channels);
            let start = i - c * inner;
            let sum: f64 = (first..behind).map(|c| x[start + c * inner].to_f64().powi(2)).sum();
            let base = f64::from(self.bias) + f64::from(self.alpha) / self.size as f64 * sum;
            *y = T::from_f64(x[i].to_f64() / base.powf(self.beta.into()));
        }
        Ok(())
    }
}
