//! LayerNormalization and RMSNormalization: over the trailing axes.

use std::sync::Arc;

use fastserve_ir::{
    AttrError, Attrs, Dim, Fact, Inputs, Io, LowerCx, Lowered, NormalizeOver, NormalizeSpec, Op, OpError, OpRef, ShapeError, normalize_axis,
};
use fastserve_tensor::{DType, Shape, bf16};

use crate::broadcast::{broadcast_strides, fits, walk};
use crate::def::OpDef;
use crate::elements::{Float, count, for_float, require_float};
use crate::numbers::{self, numbers};

/// `(x − mean) / √(var + ε) · scale + bias` over all axes from `axis` on; RMSNormalization has neither mean nor bias.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct LayerNormalization {
    /// First of the axes; negative ones count from the end.
    pub axis: i64,
    /// Added to the variance or mean square.
    pub epsilon: f32,
    /// Whether the mean is left in: RMSNormalization.
    pub rms: bool,
    /// Type of the outputs Mean and InvStdDev: f32, or bf16.
    pub stash: DType,
}

pub(crate) const DEFS: &[OpDef] = &[
    OpDef { name: "LayerNormalization", since: 17, build: |attrs, _| build(attrs, false) },
    OpDef { name: "RMSNormalization", since: 23, build: |attrs, _| build(attrs, true) },
];

fn build(attrs: &Attrs, rms: bool) -> Result<OpRef, AttrError> {
    attrs.only(&["axis", "epsilon", "stash_type"])?;
    let stash = match attrs.int_or("stash_type", 1)? {
        1 => DType::F32,
        16 => DType::BF16,
        other => return Err(AttrError::value("stash_type", format!("expected 1 or 16, got {other}"))),
    };
    let (axis, epsilon) = (attrs.int_or("axis", -1)?, attrs.float_or("epsilon", 1e-5)?);
    Ok(Arc::new(LayerNormalization { axis, epsilon, rms, stash }))
}

impl Op for LayerNormalization {
    fn name(&self) -> &'static str {
        if self.rms { "RMSNormalization" } else { "LayerNormalization" }
    }

    fn attrs(&self) -> Attrs {
        let attrs = Attrs::new().with_int("axis", self.axis).with_float("epsilon", self.epsilon);
        if self.stash == DType::BF16 { attrs.with_int("stash_type", 16) } else { attrs }
    }

    fn infer(&self, inputs: &Inputs<'_>) -> Result<Vec<Fact>, ShapeError> {
        let x = require_float(inputs, 0)?;
        let axis = normalize_axis(self.axis, x.rank())?;
        for i in 1..if self.rms { 2 } else { 3 } {
            if i == 1 || inputs.opt(i).is_some() {
                // The scale of RMSNormalization has the type of the result, which may be another than that of X.
                let parameter = if self.rms { require_float(inputs, i)? } else { inputs.same_dtype(i, x.dtype)? };
                check_parameter(parameter, &x.shape, i)?;
            }
        }
        if self.rms {
            return Ok(vec![Fact::new(inputs.req(1)?.dtype, x.shape.clone())]);
        }
        let y = Fact::new(x.dtype, x.shape.clone());
        let stat = |(i, d): (usize, &Dim)| if i < axis { d.clone() } else { Dim::Known(1) };
        let stats = Fact::new(self.stash, x.shape.iter().enumerate().map(stat).collect());
        Ok(vec![y, stats.clone(), stats])
    }

    fn reference(&self, io: &mut Io<'_>) -> Result<(), OpError> {
        let dtype = io.dtype(0)?;
        if self.rms && io.dtype(1)? != dtype {
            return self.mixed(io);
        }
        for_float!(dtype, T => self.body::<T>(io))
    }

    fn lower(&self, cx: &LowerCx<'_>) -> Lowered {
        match self.spec(cx) {
            Some(spec) if cx.all_f32() && cx.outputs.len() == 1 => Lowered::Normalize(spec),
            _ => Lowered::Reference,
        }
    }
}

/// A parameter is repeated to the extents of the input, which stay. Extents that are not known are compared at run time.
pub(crate) fn check_parameter(parameter: &Fact, x: &[Dim], i: usize) -> Result<(), ShapeError> {
    let fits = |(p, x): (&Dim, &Dim)| match (p.known(), x.known()) {
        (Some(p), Some(x)) => p == 1 || p == x,
        _ => true,
    };
    if parameter.rank() <= x.len() && parameter.shape.iter().rev().zip(x.iter().rev()).all(fits) {
        return Ok(());
    }
    Err(ShapeError::shape(format!("input {i} cannot be broadcast to the extents of input 0")))
}

impl LayerNormalization {
    /// The kernel's parameters have an element for each position of a row.
    fn spec(&self, cx: &LowerCx<'_>) -> Option<NormalizeSpec> {
        let x = cx.inputs.req(0).ok()?;
        let axis = normalize_axis(self.axis, x.rank()).ok()?;
        let whole = |i: usize| cx.inputs.opt(i).is_none_or(|p| p.shape == x.shape[axis..]);
        let spec = NormalizeSpec { over: NormalizeOver::From(axis), epsilon: self.epsilon, centred: !self.rms };
        (whole(1) && whole(2)).then_some(spec)
    }

    fn body<T: Float>(&self, io: &mut Io<'_>) -> Result<(), OpError> {
        let shape = io.shape(0)?;
        let axis = normalize_axis(self.axis, shape.rank())?;
        let (outer, len) = (count(&shape[..axis]), count(&shape[axis..]));
        let x = io.slice::<T>(0)?;
        let rows = (0..outer).map(|r| self.row(x.get(r * len..(r + 1) * len).unwrap_or_default()));
        let stats: Vec<(f64, f64)> = if len == 0 { Vec::new() } else { rows.collect() };
        self.store_stats(io, &stats)?;
        if len == 0 {
            return Ok(());
        }
        let normal: Vec<f64> = x.iter().enumerate().map(|(i, v)| (v.to_f64() - stats[i / len].0) * stats[i / len].1).collect();
        scale_and_shift::<T>(io, &shape, &normal, if self.rms { &[1] } else { &[1, 2] })
    }

    /// The body where X and the result have different types.
    fn mixed(&self, io: &mut Io<'_>) -> Result<(), OpError> {
        let (shape, own) = (io.shape(0)?, io.shape(1)?);
        let len = count(&shape[normalize_axis(self.axis, shape.rank())?..]);
        let (x, scale) = (numbers(io, 0)?, numbers(io, 1)?);
        if !fits(&own, &shape) {
            return Err(OpError::Value(format!("cannot broadcast {own} to {shape}")));
        }
        let factor = |row: &[f64]| 1.0 / (row.iter().map(|v| v * v).sum::<f64>() / len as f64 + f64::from(self.epsilon)).sqrt();
        let factors: Vec<f64> = x.chunks(len.max(1)).map(factor).collect();
        let mut y = vec![0.0; x.len()];
        if !y.is_empty() {
            walk(&shape, &[broadcast_strides(&own, &shape)], |i, [s]| y[i] = x[i] * factors[i / len] * scale[s]);
        }
        numbers::store(io, 0, &y)
    }

    /// What is subtracted from a row, and what it is multiplied with.
    fn row<T: Float>(&self, x: &[T]) -> (f64, f64) {
        let (mean, variance) = moments(x.iter().map(|v| v.to_f64()), x.len(), !self.rms);
        (mean, 1.0 / (variance + f64::from(self.epsilon)).sqrt())
    }

    fn store_stats(&self, io: &mut Io<'_>, stats: &[(f64, f64)]) -> Result<(), OpError> {
        for i in 1..io.num_outputs() {
            let value = |s: &(f64, f64)| if i == 1 { s.0 } else { s.1 };
            match self.stash {
                DType::BF16 => store::<bf16>(io.out_slice(i)?, stats.iter().map(value)),
                _ => store::<f32>(io.out_slice(i)?, stats.iter().map(value)),
            }
        }
        Ok(())
    }
}

fn store<T: Float>(y: &mut [T], values: impl Iterator<Item = f64>) {
    y.iter_mut().zip(values).for_each(|(y, v)| *y = T::from_f64(v));
}

/// Mean (0 unless `centred`) and mean square of the distances from it.
pub(crate) fn moments(x: impl Iterator<Item = f64> + Clone, count: usize, centred: bool) -> (f64, f64) {
    let mean = if centred { x.clone().sum::<f64>() / count as f64 } else { 0.0 };
    (mean, x.map(|v| (v - mean).powi(2)).sum::<f64>() / count as f64)
}

/// Stores `normal · scale + bias`, each parameter (the inputs `params`) repeated to the extents of the output.
fn scale_and_shift<T: Float>(io: &mut Io<'_>, shape: &Shape, normal: &[f64], params: &[usize]) -> Result<(), OpError> {
    let one = [T::from_f64(1.0)];
    let zero = [T::from_f64(0.0)];
    let mut operands = [(&one[..], Shape::SCALAR), (&zero[..], Shape::SCALAR)];
    for (operand, &i) in operands.iter_mut().zip(params) {
        if i == 1 || io.opt(i).is_some() {
            *operand = (io.slice::<T>(i)?, io.shape(i)?);
        }
    }
    if operands.iter().any(|(_, s)| !fits(s, shape)) || io.out_shape(0)? != *shape {
        return Err(OpError::Value(format!("cannot broadcast the parameters to {shape}")));
    }
    let strides = operands.map(|(_, s)| broadcast_strides(&s, shape));
    let y = io.out_slice::<T>(0)?;
    walk(shape, &strides, |i, [s, b]| y[i] = T::from_f64(normal[i] * operands[0].0[s].to_f64() + operands[1].0[b].to_f64()));
    Ok(())
}
