//! SkipLayerNormalization and SkipSimplifiedLayerNormalization of the domain com.microsoft, and SimplifiedLayerNormalization: rows
//! normalised, after a residual is added.

use std::sync::Arc;

use fastserve_ir::{AttrError, Attrs, Dim, Fact, Inputs, Io, Op, OpError, OpRef, ShapeError, normalize_axis};
use fastserve_tensor::DType;

use crate::def::OpDef;
use crate::elements::{count, require_float};
use crate::numbers::{expect_shape, numbers, optional, store, store_if_asked};
use crate::ops::layer_normalization::moments;

/// Rows of the last axis. Inputs are X, the residual, gamma, for the centred one beta, and a bias that is added with the residual;
/// outputs are the result, means, inverse deviations, and the sum that was normalised.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct SkipNormalization {
    /// Added to the variance.
    pub epsilon: f32,
    /// Whether the mean is subtracted first.
    pub centred: bool,
}

/// RMSNormalization by its older name: inputs are X and the scale; outputs are the result and inverse deviations.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct SimplifiedNormalization {
    /// First of the axes of a row; negative ones count from the end.
    pub axis: i64,
    /// Added to the mean square.
    pub epsilon: f32,
}

pub(crate) const DEFS: &[OpDef] = &[
    OpDef { name: "SimplifiedLayerNormalization", since: 1, build: simplified },
    OpDef { name: "com.microsoft.SkipLayerNormalization", since: 1, build: |attrs, _| skip(attrs, true) },
    OpDef { name: "com.microsoft.SkipSimplifiedLayerNormalization", since: 1, build: |attrs, _| skip(attrs, false) },
];

fn skip(attrs: &Attrs, centred: bool) -> Result<OpRef, AttrError> {
    attrs.only(&["epsilon"])?;
    Ok(Arc::new(SkipNormalization { epsilon: attrs.float_or("epsilon", 1e-12)?, centred }))
}

fn simplified(attrs: &Attrs, _: i64) -> Result<OpRef, AttrError> {
    attrs.only(&["axis", "epsilon", "stash_type"])?;
    if attrs.int_or("stash_type", 1)? != 1 {
        return Err(AttrError::value("stash_type", "expected 1, f32"));
    }
    Ok(Arc::new(SimplifiedNormalization { axis: attrs.int_or("axis", -1)?, epsilon: attrs.float_or("epsilon", 1e-5)? }))
}

impl Op for SkipNormalization {
    fn name(&self) -> &'static str {
        if self.centred { "com.microsoft.SkipLayerNormalization" } else { "com.microsoft.SkipSimplifiedLayerNormalization" }
    }

    fn attrs(&self) -> Attrs {
        Attrs::new().with_float("epsilon", self.epsilon)
    }

    fn infer(&self, inputs: &Inputs<'_>) -> Result<Vec<Fact>, ShapeError> {
        let x = require_float(inputs, 0)?;
        if x.rank() == 0 || inputs.same_dtype(1, x.dtype)?.rank() > x.rank() {
            return Err(ShapeError::shape("the residual does not fit"));
        }
        for i in 2..if self.centred { 5 } else { 4 } {
            if i == 2 || inputs.opt(i).is_some() {
                inputs.same_dtype(i, x.dtype)?;
                inputs.ranked(i, 1)?;
            }
        }
        let rows = [&x.shape[..x.rank() - 1], &[Dim::Known(1)]].concat();
        let stats = Fact::new(DType::F32, rows);
        let sum = Fact::new(x.dtype, x.shape.clone());
        Ok(vec![sum.clone(), stats.clone(), stats, sum])
    }

    fn reference(&self, io: &mut Io<'_>) -> Result<(), OpError> {
        let shape = io.shape(0)?;
        if !expect_shape(io, 0, &shape)? {
            return Ok(());
        }
        let len = shape.last().copied().unwrap_or(0);
        let (mut x, skip) = (numbers(io, 0)?, numbers(io, 1)?);
        let parameters = [optional(io, 2)?, if self.centred { optional(io, 3)? } else { None }];
        let bias = optional(io, if self.centred { 4 } else { 3 })?;
        let repeats = !skip.is_empty() && x.len().is_multiple_of(skip.len()) && skip.len().is_multiple_of(len);
        if !repeats || parameters.iter().chain([&bias]).flatten().any(|p| p.len() != len) {
            return Err(OpError::Value(format!("the residual or the parameters do not fit {shape}")));
        }
        let at = |list: &Option<Vec<f64>>, i: usize, default: f64| list.as_ref().map_or(default, |l| l[i % len]);
        x.iter_mut().enumerate().for_each(|(i, x)| *x += skip[i % skip.len()] + at(&bias, i, 0.0));
        let rows: Vec<(f64, f64)> = x.chunks(len).map(|row| scaled(row, self.epsilon, self.centred)).collect();
        let value =
            |(i, x): (usize, &f64)| (x - rows[i / len].0) * rows[i / len].1 * at(&parameters[0], i, 1.0) + at(&parameters[1], i, 0.0);
        let y: Vec<f64> = x.iter().enumerate().map(value).collect();
        store(io, 0, &y)?;
        store_if_asked(io, 1, &rows.iter().map(|r| r.0).collect::<Vec<_>>())?;
        store_if_asked(io, 2, &rows.iter().map(|r| r.1).collect::<Vec<_>>())?;
        store_if_asked(io, 3, &x)
    }
}

/// The mean of a row (0 unless it is centred) and one over its deviation.
fn scaled(row: &[f64], epsilon: f32, centred: bool) -> (f64, f64) {
    let (mean, square) = moments(row.iter().copied(), row.len(), centred);
    (mean, 1.0 / (square + f64::from(epsilon)).sqrt())
}

impl Op for SimplifiedNormalization {
    fn name(&self) -> &'static str {
        "SimplifiedLayerNormalization"
    }

    fn attrs(&self) -> Attrs {
        Attrs::new().with_int("axis", self.axis).with_float("epsilon", self.epsilon)
    }

    fn infer(&self, inputs: &Inputs<'_>) -> Result<Vec<Fact>, ShapeError> {
        let (x, scale) = (require_float(inputs, 0)?, require_float(inputs, 1)?);
        let axis = normalize_axis(self.axis, x.rank())?;
        let stat = |(i, d): (usize, &Dim)| if i < axis { d.clone() } else { Dim::Known(1) };
        let stats = Fact::new(DType::F32, x.shape.iter().enumerate().map(stat).collect());
        Ok(vec![Fact::new(scale.dtype, x.shape.clone()), stats])
    }

    fn reference(&self, io: &mut Io<'_>) -> Result<(), OpError> {
        let shape = io.shape(0)?;
        if !expect_shape(io, 0, &shape)? {
            return Ok(());
        }
        let len = count(&shape[normalize_axis(self.axis, shape.rank())?..]);
        let (x, scale) = (numbers(io, 0)?, numbers(io, 1)?);
        if scale.len() != len {
            return Err(OpError::Value(format!("a scale of {} does not fit rows of {len}", scale.len())));
        }
        let rows: Vec<f64> = x.chunks(len).map(|row| scaled(row, self.epsilon, false).1).collect();
        let y: Vec<f64> = x.iter().enumerate().map(|(i, x)| x * rows[i / len] * scale[i % len]).collect();
        store(io, 0, &y)?;
        store_if_asked(io, 1, &rows)
    }
}
