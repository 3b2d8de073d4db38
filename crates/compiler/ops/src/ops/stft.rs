//! STFT: spectra of overlapping frames of a signal.

use std::sync::Arc;

use fastserve_ir::{AttrError, Attrs, Dim, DimOp, Fact, Inputs, Io, Op, OpError, OpRef, ShapeError};

use crate::def::OpDef;
use crate::elements::require_float;
use crate::numbers::{expect_shape, known_scalar, numbers, optional, scalar, store};
use crate::spectrum::{Complex, Transform};

/// `[batch, time, 1 or 2]` to `[batch, frames, bins, 2]`. Inputs are the signal, the step from frame to frame, and optionally a window
/// and the length of a frame.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Stft {
    /// Whether a spectrum is its first half, which says all of a real signal.
    pub onesided: bool,
}

pub(crate) const DEFS: &[OpDef] = &[OpDef { name: "STFT", since: 17, build }];

fn build(attrs: &Attrs, _: i64) -> Result<OpRef, AttrError> {
    attrs.only(&["onesided"])?;
    Ok(Arc::new(Stft { onesided: attrs.flag("onesided", true)? }))
}

fn positive(value: i64, what: &str) -> Result<usize, ShapeError> {
    let n = usize::try_from(value).ok().filter(|&n| n > 0);
    n.ok_or_else(|| ShapeError::shape(format!("{what}: expected a positive number, got {value}")))
}

impl Op for Stft {
    fn name(&self) -> &'static str {
        "STFT"
    }

    fn attrs(&self) -> Attrs {
        if self.onesided { Attrs::new() } else { Attrs::new().with_int("onesided", 0) }
    }

    fn infer(&self, inputs: &Inputs<'_>) -> Result<Vec<Fact>, ShapeError> {
        let x = require_float(inputs, 0)?;
        let [batch, time, rest @ ..] = &x.shape[..] else { return Err(ShapeError::shape("expected a batch of signals")) };
        if rest.len() > 1 || rest.iter().any(|d| d.known().is_some_and(|n| !(1..=2).contains(&n))) {
            return Err(ShapeError::shape("expected 1 or 2 numbers in the last axis"));
        }
        let step = known_scalar(inputs, 1)?.map(|n| positive(n, "frame_step")).transpose()?;
        let length = match (inputs.opt(3), inputs.opt(2)) {
            (Some(_), _) => known_scalar(inputs, 3)?.map_or(Ok(Dim::New), |n| positive(n, "frame_length").map(Dim::Known))?,
            (None, Some(window)) => inputs.ranked(2, 1).map(|_| window.shape[0].clone())?,
            (None, None) => time.clone(),
        };
        let steps = |step: usize| {
            // What one symbol leaves of another, only the run tells.
            let Some(span) = time.clone().combine(DimOp::Sub, length.clone()) else { return Some(Dim::New) };
            span.combine(DimOp::Div, step.into())?.combine(DimOp::Add, 1.into())
        };
        let frames = step.map_or(Some(Dim::New), steps);
        let half = |d: Dim| d.combine(DimOp::Div, 2.into())?.combine(DimOp::Add, 1.into());
        let bins = if self.onesided { half(length) } else { Some(length) };
        let (frames, bins) = (frames.ok_or(ShapeError::Overflow)?, bins.ok_or(ShapeError::Overflow)?);
        Ok(vec![Fact::new(x.dtype, vec![batch.clone(), frames, bins, 2.into()])])
    }

    fn reference(&self, io: &mut Io<'_>) -> Result<(), OpError> {
        let (shape, out) = (io.shape(0)?, io.out_shape(0)?);
        let (batch, time, parts) = match shape.dims() {
            [batch, time] => (*batch, *time, 1),
            [batch, time, parts @ 1..=2] => (*batch, *time, *parts),
            _ => return Err(OpError::Value(format!("expected a batch of signals, got {shape}"))),
        };
        let (window, step) = (optional(io, 2)?, positive(scalar(io, 1)? as i64, "frame_step")?);
        let length = match (io.opt(3), &window) {
            (Some(_), _) => positive(scalar(io, 3)? as i64, "frame_length")?,
            (None, Some(window)) => window.len(),
            (None, None) => time,
        };
        if length > time || window.as_ref().is_some_and(|w| w.len() != length) {
            return Err(OpError::Value(format!("a frame of {length} fits neither its window nor a signal of {time}")));
        }
        let frames = (time - length) / step + 1;
        let bins = if self.onesided { length / 2 + 1 } else { length };
        if !expect_shape(io, 0, &[batch, frames, bins, 2])? {
            return Ok(());
        }
        let x = numbers(io, 0)?;
        let transform = Transform::new(length);
        let mut y = Vec::with_capacity(out.numel());
        for frame in 0..batch * frames {
            let start = frame / frames * time + frame % frames * step;
            let point = |k: usize| {
                let at = (start + k) * parts;
                let weight = window.as_ref().map_or(1.0, |w| w[k]);
                Complex::new(x[at], if parts == 2 { x[at + 1] } else { 0.0 }).scale(weight)
            };
            let signal: Vec<Complex> = (0..length).map(point).collect();
            y.extend(transform.forward(&signal).into_iter().take(bins).flat_map(|v| [v.re, v.im]));
        }
        store(io, 0, &y)
    }
}
