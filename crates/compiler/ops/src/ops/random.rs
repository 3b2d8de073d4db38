//! RandomNormal, RandomUniform, the same like an input, Bernoulli and Multinomial.

use std::sync::Arc;

use fastserve_ir::{AttrError, Attrs, Dim, Fact, Inputs, Io, Op, OpError, OpRef, ShapeError};
use fastserve_tensor::DType;

use crate::def::OpDef;
use crate::elements::require_float;
use crate::numbers::{numbers, store};
use crate::ops::cast::{onnx_number, onnx_type};
use crate::random::Stream;
use crate::shape_ints::ranked;

/// How numbers are spread.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Spread {
    /// Around a mean, with a standard deviation.
    Normal {
        /// The mean.
        mean: f32,
        /// The standard deviation.
        scale: f32,
    },
    /// Evenly between two ends.
    Uniform {
        /// The lower end, included.
        low: f32,
        /// The upper end, not included before rounding.
        high: f32,
    },
}

/// Random numbers, of given extents or of those of the input.
///
/// A seed gives the same numbers in each run and on each machine; without one they differ from run to run.
#[derive(Clone, Debug, PartialEq)]
pub struct Random {
    /// How they are spread.
    pub spread: Spread,
    /// The seed.
    pub seed: Option<f32>,
    /// The extents; those of the input where there are none.
    pub shape: Option<Vec<usize>>,
    /// The type; the input's where there is none.
    pub dtype: Option<DType>,
}

/// 1 with the probability that the input says, else 0.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Bernoulli {
    /// The seed.
    pub seed: Option<f32>,
    /// The type; the input's where there is none.
    pub dtype: Option<DType>,
}

/// Classes drawn by the logarithms of their weights, `[batch, classes]`.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Multinomial {
    /// The seed.
    pub seed: Option<f32>,
    /// How many are drawn for each row.
    pub sample_size: usize,
    /// The type, i32 or i64.
    pub dtype: DType,
}

pub(crate) const DEFS: &[OpDef] = &[
    OpDef { name: "Bernoulli", since: 15, build: bernoulli },
    OpDef { name: "Multinomial", since: 7, build: multinomial },
    OpDef { name: "RandomNormal", since: 1, build: |attrs, _| random(attrs, ["mean", "scale"], true) },
    OpDef { name: "RandomNormalLike", since: 1, build: |attrs, _| random(attrs, ["mean", "scale"], false) },
    OpDef { name: "RandomUniform", since: 1, build: |attrs, _| random(attrs, ["low", "high"], true) },
    OpDef { name: "RandomUniformLike", since: 1, build: |attrs, _| random(attrs, ["low", "high"], false) },
];

fn dtype_of(attrs: &Attrs) -> Result<Option<DType>, AttrError> {
    attrs.int("dtype")?.map(|n| onnx_type("dtype", n)).transpose()
}

fn random(attrs: &Attrs, names: [&'static str; 2], own_shape: bool) -> Result<OpRef, AttrError> {
    attrs.only(&[&names[..], if own_shape { &["dtype", "seed", "shape"] } else { &["dtype", "seed"] }].concat())?;
    let shape = if own_shape { Some(attrs.sizes("shape")?.ok_or(AttrError::Missing("shape"))?) } else { None };
    let dtype = dtype_of(attrs)?.or(own_shape.then_some(DType::F32));
    if dtype.is_some_and(|d| !d.is_float()) {
        return Err(AttrError::value("dtype", "expected a float's type"));
    }
    let (first, second) = (attrs.float_or(names[0], 0.0)?, attrs.float_or(names[1], 1.0)?);
    let spread = match names[0] {
        "mean" => Spread::Normal { mean: first, scale: second },
        _ => Spread::Uniform { low: first, high: second },
    };
    Ok(Arc::new(Random { spread, seed: attrs.float("seed")?, shape, dtype }))
}

fn bernoulli(attrs: &Attrs, _: i64) -> Result<OpRef, AttrError> {
    attrs.only(&["dtype", "seed"])?;
    Ok(Arc::new(Bernoulli { seed: attrs.float("seed")?, dtype: dtype_of(attrs)? }))
}

fn multinomial(attrs: &Attrs, _: i64) -> Result<OpRef, AttrError> {
    attrs.only(&["dtype", "sample_size", "seed"])?;
    let size = attrs.int_or("sample_size", 1)?;
    let sample_size = usize::try_from(size).map_err(|_| AttrError::value("sample_size", format!("{size} samples")))?;
    let dtype = dtype_of(attrs)?.unwrap_or(DType::I32);
    if !matches!(dtype, DType::I32 | DType::I64) {
        return Err(AttrError::value("dtype", "expected i32 or i64"));
    }
    Ok(Arc::new(Multinomial { seed: attrs.float("seed")?, sample_size, dtype }))
}

fn with_common(attrs: Attrs, seed: Option<f32>, dtype: Option<DType>) -> Attrs {
    let attrs = seed.map_or(attrs.clone(), |s| attrs.with_float("seed", s));
    dtype.map_or(attrs.clone(), |d| attrs.with_int("dtype", onnx_number(d)))
}

impl Op for Random {
    fn name(&self) -> &'static str {
        match (self.spread, self.shape.is_some()) {
            (Spread::Normal { .. }, true) => "RandomNormal",
            (Spread::Normal { .. }, false) => "RandomNormalLike",
            (Spread::Uniform { .. }, true) => "RandomUniform",
            (Spread::Uniform { .. }, false) => "RandomUniformLike",
        }
    }

    fn attrs(&self) -> Attrs {
        let attrs = match self.spread {
            Spread::Normal { mean, scale } => Attrs::new().with_float("mean", mean).with_float("scale", scale),
            Spread::Uniform { low, high } => Attrs::new().with_float("low", low).with_float("high", high),
        };
        let attrs = with_common(attrs, self.seed, self.dtype);
        self.shape.as_ref().map_or(attrs.clone(), |s| attrs.with_ints("shape", fastserve_ir::ints_of(s)))
    }

    fn infer(&self, inputs: &Inputs<'_>) -> Result<Vec<Fact>, ShapeError> {
        if let Some(shape) = &self.shape {
            let shape = ranked(shape.iter().map(|&n| Dim::Known(n)).collect())?;
            return Ok(vec![Fact::new(self.dtype.unwrap_or(DType::F32), shape)]);
        }
        let x = inputs.req(0)?;
        let dtype = self.dtype.unwrap_or(x.dtype);
        if !dtype.is_float() {
            return Err(ShapeError::DType { index: 0, expected: "a float, or the attribute `dtype`".into(), got: x.dtype });
        }
        Ok(vec![Fact::new(dtype, x.shape.clone())])
    }

    fn reference(&self, io: &mut Io<'_>) -> Result<(), OpError> {
        let stream = Stream::new(self.seed);
        let number = |i: usize| match self.spread {
            Spread::Normal { mean, scale } => f64::from(mean) + f64::from(scale) * stream.normal(i),
            Spread::Uniform { low, high } => f64::from(low) + (f64::from(high) - f64::from(low)) * stream.uniform(i),
        };
        let values: Vec<f64> = (0..io.out_shape(0)?.numel()).map(number).collect();
        store(io, 0, &values)
    }

    fn repeatable(&self) -> bool {
        self.seed.is_some()
    }
}

impl Op for Bernoulli {
    fn name(&self) -> &'static str {
        "Bernoulli"
    }

    fn attrs(&self) -> Attrs {
        with_common(Attrs::new(), self.seed, self.dtype)
    }

    fn infer(&self, inputs: &Inputs<'_>) -> Result<Vec<Fact>, ShapeError> {
        let x = require_float(inputs, 0)?;
        Ok(vec![Fact::new(self.dtype.unwrap_or(x.dtype), x.shape.clone())])
    }

    fn reference(&self, io: &mut Io<'_>) -> Result<(), OpError> {
        let stream = Stream::new(self.seed);
        let drawn = |(i, p): (usize, f64)| f64::from(u8::from(stream.uniform(i) < p));
        let values: Vec<f64> = numbers(io, 0)?.into_iter().enumerate().map(drawn).collect();
        store(io, 0, &values)
    }

    fn repeatable(&self) -> bool {
        self.seed.is_some()
    }
}

impl Op for Multinomial {
    fn name(&self) -> &'static str {
        "Multinomial"
    }

    fn attrs(&self) -> Attrs {
        with_common(Attrs::new(), self.seed, Some(self.dtype)).with_int("sample_size", self.sample_size as i64)
    }

    fn infer(&self, inputs: &Inputs<'_>) -> Result<Vec<Fact>, ShapeError> {
        require_float(inputs, 0)?;
        let x = inputs.ranked(0, 2)?;
        Ok(vec![Fact::new(self.dtype, vec![x.shape[0].clone(), self.sample_size.into()])])
    }

    fn reference(&self, io: &mut Io<'_>) -> Result<(), OpError> {
        let (shape, out, x) = (io.shape(0)?, io.out_shape(0)?, numbers(io, 0)?);
        let [rows, classes] = shape.dims() else { return Err(OpError::Value(format!("expected a matrix, got {shape}"))) };
        if out[..] != [*rows, self.sample_size] || (*classes == 0 && out.numel() > 0) {
            return Err(OpError::Value(format!("{out} cannot be drawn from {shape}")));
        }
        let stream = Stream::new(self.seed);
        let mut values = Vec::with_capacity(out.numel());
        for (row, x) in x.chunks_exact((*classes).max(1)).enumerate() {
            let sums = cumulative(x);
            let total = sums.last().copied().unwrap_or(0.0);
            let draw = |i: usize| {
                let at = stream.uniform(row * self.sample_size + i) * total;
                sums.partition_point(|&s| s <= at).min(classes - 1) as f64
            };
            values.extend((0..self.sample_size).map(draw));
        }
        store(io, 0, &values)
    }

    fn repeatable(&self) -> bool {
        self.seed.is_some()
    }
}

/// Running sums of the weights, of which `x` are logarithms, relative to the largest.
fn cumulative(x: &[f64]) -> Vec<f64> {
    let max = x.iter().copied().fold(f64::NEG_INFINITY, f64::max);
    let mut sum = 0.0;
    x.iter()
        .map(|v| {
            sum += if max.is_finite() { (v - max).exp() } else { 1.0 };
            sum
        })
        .collect()
}
