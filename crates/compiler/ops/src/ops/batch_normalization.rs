//! BatchNormalization: by given statistics, or in training by those of the batch.

use std::sync::Arc;

use fastserve_ir::{AttrError, Attrs, Fact, Inputs, Io, Op, OpError, OpRef, ShapeError};

use crate::def::OpDef;
use crate::elements::{Float, count, for_float, require_float};
use crate::numbers::{numbers, store, store_if_asked};
use crate::ops::layer_normalization::moments;

/// `(x − mean) / √(var + ε) · scale + bias` per channel (axis 1).
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct BatchNormalization {
    /// Added to the variance.
    pub epsilon: f32,
}

pub(crate) const DEFS: &[OpDef] =
    &[OpDef { name: "BatchNormalization", since: 1, build: old }, OpDef { name: "BatchNormalization", since: 7, build }];

/// BatchNormalization in training, or with parameters for each position.
///
/// Outputs: Y, the running mean and variance, and (before opset 9 they had a place) the mean and variance of the batch.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct BatchStatistics {
    /// Added to the variance.
    pub epsilon: f32,
    /// How much of the running statistics stays in training; `None` at inference.
    pub momentum: Option<f32>,
    /// Whether parameters and statistics are those of each position rather than of each channel (`spatial=0`, before opset 9).
    pub by_position: bool,
}

/// Before opset 7 an attribute says that the node is no training.
fn old(attrs: &Attrs, _: i64) -> Result<OpRef, AttrError> {
    attrs.only(&["epsilon", "momentum", "spatial", "is_test"])?;
    make(attrs, !attrs.flag("is_test", false)?)
}

fn build(attrs: &Attrs, _: i64) -> Result<OpRef, AttrError> {
    attrs.only(&["epsilon", "fs.by_position", "momentum", "spatial", "training_mode"])?;
    make(attrs, attrs.flag("training_mode", false)?)
}

const BY_POSITION: &str = "fs.by_position";

fn make(attrs: &Attrs, training: bool) -> Result<OpRef, AttrError> {
    let (epsilon, momentum) = (attrs.float_or("epsilon", 1e-5)?, attrs.float_or("momentum", 0.9)?);
    let by_position = !attrs.flag("spatial", true)? || attrs.flag(BY_POSITION, false)?;
    if !training && !by_position {
        return Ok(Arc::new(BatchNormalization { epsilon }));
    }
    Ok(Arc::new(BatchStatistics { epsilon, momentum: training.then_some(momentum), by_position }))
}

impl Op for BatchNormalization {
    fn name(&self) -> &'static str {
        "BatchNormalization"
    }

    fn attrs(&self) -> Attrs {
        Attrs::new().with_float("epsilon", self.epsilon)
    }

    fn infer(&self, inputs: &Inputs<'_>) -> Result<Vec<Fact>, ShapeError> {
        let x = require_float(inputs, 0)?;
        let channels = x.shape.get(1).cloned().unwrap_or(1.into());
        for i in 1..5 {
            let p = inputs.ranked(i, 1)?;
            if p.shape[0].differs(&channels) {
                return Err(ShapeError::shape(format!("input {i}: expected one element a channel")));
            }
        }
        Ok(vec![Fact::new(x.dtype, x.shape.clone())])
    }

    fn reference(&self, io: &mut Io<'_>) -> Result<(), OpError> {
        let dtype = io.dtype(0)?;
        for_float!(dtype, T => self.body::<T>(io))
    }
}

impl BatchNormalization {
    fn body<T: Float>(&self, io: &mut Io<'_>) -> Result<(), OpError> {
        let shape = io.shape(0)?;
        let channels = shape.get(1).copied().unwrap_or(1);
        let inner = count(shape.get(2..).unwrap_or_default());
        let x = io.slice::<T>(0)?;
        let p = [io.slice::<T>(1)?, io.slice::<T>(2)?, io.slice::<T>(3)?, io.slice::<T>(4)?];
        if p.iter().any(|p| p.len() != channels) {
            return Err(OpError::Value(format!("expected {channels} elements of each of the inputs 1 to 4")));
        }
        for (i, (y, x)) in io.out_slice::<T>(0)?.iter_mut().zip(x).enumerate() {
            let c = i / inner % channels;
            let [scale, bias, mean, var] = p.map(|p| p[c].to_f64());
            *y = T::from_f64((x.to_f64() - mean) / (var + f64::from(self.epsilon)).sqrt() * scale + bias);
        }
        Ok(())
    }
}

impl Op for BatchStatistics {
    fn name(&self) -> &'static str {
        "BatchNormalization"
    }

    fn attrs(&self) -> Attrs {
        let attrs = Attrs::new().with_float("epsilon", self.epsilon);
        let attrs = if self.by_position { attrs.with_int(BY_POSITION, 1) } else { attrs };
        self.momentum.map_or(attrs.clone(), |m| attrs.with_int("training_mode", 1).with_float("momentum", m))
    }

    fn infer(&self, inputs: &Inputs<'_>) -> Result<Vec<Fact>, ShapeError> {
        let x = require_float(inputs, 0)?;
        let own = match x.shape.get(1..) {
            Some(shape) if self.by_position => shape.to_vec(),
            _ => vec![x.shape.get(1).cloned().unwrap_or(1.into())],
        };
        for i in 1..5 {
            let p = require_float(inputs, i)?;
            if p.rank() != own.len() || p.shape.iter().zip(&own).any(|(a, b)| a.differs(b)) {
                return Err(ShapeError::shape(format!("input {i}: expected extents {own:?}, got {:?}", p.shape)));
            }
        }
        let (mean, var) = (Fact::new(inputs.req(3)?.dtype, own.clone()), Fact::new(inputs.req(4)?.dtype, own));
        let y = Fact::new(x.dtype, x.shape.clone());
        Ok(if self.momentum.is_some() { vec![y, mean.clone(), var.clone(), mean, var] } else { vec![y] })
    }

    fn reference(&self, io: &mut Io<'_>) -> Result<(), OpError> {
        let (shape, x) = (io.shape(0)?, numbers(io, 0)?);
        let inner = if self.by_position { 1 } else { count(shape.get(2..).unwrap_or_default()) };
        let own = if self.by_position { count(shape.get(1..).unwrap_or_default()) } else { shape.get(1).copied().unwrap_or(1) };
        let [scale, bias, mean, var] = [numbers(io, 1)?, numbers(io, 2)?, numbers(io, 3)?, numbers(io, 4)?];
        if [&scale, &bias, &mean, &var].iter().any(|p| p.len() != own) {
            return Err(OpError::Value(format!("expected {own} elements of each of the inputs 1 to 4")));
        }
        let group = |i: usize| i / inner.max(1) % own.max(1);
        let Some(momentum) = self.momentum else { return self.normalize(io, &x, group, [&scale, &bias, &mean, &var]) };
        let (batch_mean, batch_var) = statistics(&x, own, inner);
        self.normalize(io, &x, group, [&scale, &bias, &batch_mean, &batch_var])?;
        let running = |old: &[f64], new: &[f64]| {
            let part = f64::from(momentum);
            old.iter().zip(new).map(|(old, new)| old * part + new * (1.0 - part)).collect::<Vec<f64>>()
        };
        for (i, values) in [(1, running(&mean, &batch_mean)), (2, running(&var, &batch_var)), (3, batch_mean), (4, batch_var)] {
            store_if_asked(io, i, &values)?;
        }
        Ok(())
    }
}

/// The mean and the variance (of the population) of each of `own` groups: groups of `inner` elements follow one another.
fn statistics(x: &[f64], own: usize, inner: usize) -> (Vec<f64>, Vec<f64>) {
    let len = x.len() / own.max(1);
    let stride = own.saturating_mul(inner);
    let group = |g: usize| x.chunks(stride.max(1)).flat_map(move |image| image.iter().skip(g * inner).take(inner).copied());
    (0..own).map(|g| moments(group(g), len, true)).unzip()
}

impl BatchStatistics {
    fn normalize(&self, io: &mut Io<'_>, x: &[f64], group: impl Fn(usize) -> usize, p: [&[f64]; 4]) -> Result<(), OpError> {
        let epsilon = f64::from(self.epsilon);
        let one = |(i, x): (usize, &f64)| {
            let [scale, bias, mean, var] = p.map(|p| p[group(i)]);
            (x - mean) / (var + epsilon).sqrt() * scale + bias
        };
        let y: Vec<f64> = x.iter().enumerate().map(one).collect();
        store(io, 0, &y)
    }
}
