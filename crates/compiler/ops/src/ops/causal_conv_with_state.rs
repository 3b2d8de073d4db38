//! CausalConvWithState: a convolution of each channel over its past.

use std::sync::Arc;

use fastserve_ir::{AttrError, Attrs, Dim, DimOp, Fact, Inputs, Io, Op, OpError, OpRef, ShapeError};

use crate::def::OpDef;
use crate::elements::require_float;
use crate::numbers::{choice, expect_shape, numbers, optional, store, store_if_asked};

/// Inputs are X `[B, C, L]`, weights `[C, 1, K]`, and optionally a bias and the last `K − 1` positions before X; they are kept for
/// the next call.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct CausalConvWithState {
    /// Whether `x · sigmoid(x)` follows.
    pub silu: bool,
}

const ACTIVATIONS: [&str; 3] = ["none", "silu", "swish"];

pub(crate) const DEFS: &[OpDef] = &[OpDef { name: "CausalConvWithState", since: 27, build }];

fn build(attrs: &Attrs, _: i64) -> Result<OpRef, AttrError> {
    attrs.only(&["activation"])?;
    Ok(Arc::new(CausalConvWithState { silu: choice(attrs, "activation", &ACTIVATIONS, 0)? > 0 }))
}

impl Op for CausalConvWithState {
    fn name(&self) -> &'static str {
        "CausalConvWithState"
    }

    fn attrs(&self) -> Attrs {
        if self.silu { Attrs::new().with_str("activation", ACTIVATIONS[1]) } else { Attrs::new() }
    }

    fn infer(&self, inputs: &Inputs<'_>) -> Result<Vec<Fact>, ShapeError> {
        let x = require_float(inputs, 0)?;
        inputs.ranked(0, 3)?;
        let w = inputs.ranked(1, 3)?;
        for (i, rank) in [(1, 3), (2, 1), (3, 3)] {
            if i == 1 || inputs.opt(i).is_some() {
                inputs.same_dtype(i, x.dtype)?;
                inputs.ranked(i, rank)?;
            }
        }
        let past = w.shape[2].clone().combine(DimOp::Sub, Dim::Known(1)).ok_or(ShapeError::Overflow)?;
        let state = vec![x.shape[0].clone(), x.shape[1].clone(), past];
        Ok(vec![Fact::new(x.dtype, x.shape.clone()), Fact::new(x.dtype, state)])
    }

    fn reference(&self, io: &mut Io<'_>) -> Result<(), OpError> {
        let (shape, kernel) = (io.shape(0)?, io.shape(1)?);
        let wrong = || OpError::Value(format!("{shape} and {kernel} make no convolution of channels"));
        let ([batch, channels, len], [own, 1, taps]) = (shape.dims(), kernel.dims()) else { return Err(wrong()) };
        let (batch, channels, len, past) = (*batch, *channels, *len, taps.checked_sub(1).ok_or_else(wrong)?);
        let (line, tail) = (expect_shape(io, 0, &[batch, channels, len])?, expect_shape(io, 1, &[batch, channels, past])?);
        if !line && !tail {
            return Ok(());
        }
        let (x, w, bias, state) = (numbers(io, 0)?, numbers(io, 1)?, optional(io, 2)?, optional(io, 3)?);
        let count = batch.checked_mul(channels).and_then(|n| n.checked_mul(past));
        let fits = *own == channels && bias.as_ref().is_none_or(|b| b.len() == channels);
        if !fits || state.as_ref().is_some_and(|s| Some(s.len()) != count) {
            return Err(OpError::Value(format!("weights, bias or state do not fit {shape}")));
        }
        let (mut y, mut kept) = (Vec::with_capacity(x.len()), Vec::new());
        for line in 0..batch * channels {
            let channel = line % channels;
            let before = state.as_ref().map_or_else(|| vec![0.0; past], |s| s[line * past..(line + 1) * past].to_vec());
            let all = [&before[..], &x[line * len..(line + 1) * len]].concat();
            let first = bias.as_ref().map_or(0.0, |b| b[channel]);
            let taps = &w[channel * (past + 1)..(channel + 1) * (past + 1)];
            let sum = |window: &[f64]| first + window.iter().zip(taps).map(|(a, b)| a * b).sum::<f64>();
            y.extend(all.windows(past + 1).map(sum).map(|v| if self.silu { v / (1.0 + (-v).exp()) } else { v }));
            kept.extend_from_slice(&all[all.len() - past..]);
        }
        store(io, 0, &y)?;
        store_if_asked(io, 1, &kept)
    }
}
