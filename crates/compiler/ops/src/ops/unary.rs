//! One input, element by element: a table of operators.

use std::sync::Arc;

use fastserve_ir::{AttrError, Attrs, Fact, Inputs, Io, LowerCx, Lowered, Op, OpError, OpRef, ShapeError};
use fastserve_kernels::elementwise::UnaryOp;
use fastserve_kernels::epilogue::Activation;
use fastserve_tensor::DType;

use crate::def::OpDef;
use crate::elements::{Float, Int, NumericBody};

/// An operator of the table, with its parameters.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Unary(pub UnaryOp);

macro_rules! table {
    ($($name:literal $since:literal $build:expr;)*) => {
        pub(crate) const DEFS: &[OpDef] = &[$(OpDef { name: $name, since: $since, build: |attrs, _| make(attrs, $build) }),*];
    };
}

table! {
    "Abs" 6 |_| Ok(UnaryOp::Abs);
    "Ceil" 6 |_| Ok(UnaryOp::Ceil);
    "Erf" 9 |_| Ok(UnaryOp::Erf);
    "Exp" 6 |_| Ok(UnaryOp::Exp);
    "Floor" 6 |_| Ok(UnaryOp::Floor);
    "HardSigmoid" 6 |a| Ok(UnaryOp::Activation(Activation::HardSigmoid { alpha: a.float_or("alpha", 0.2)?, beta: a.float_or("beta", 0.5)? }));
    "HardSwish" 14 |_| Ok(UnaryOp::Activation(Activation::HardSwish));
    "LeakyRelu" 6 |a| Ok(UnaryOp::Activation(Activation::LeakyRelu { alpha: a.float_or("alpha", 0.01)? }));
    "Neg" 6 |_| Ok(UnaryOp::Neg);
    "Reciprocal" 6 |_| Ok(UnaryOp::Reciprocal);
    "Relu" 6 |_| Ok(UnaryOp::Activation(Activation::Relu));
    "Round" 11 |_| Ok(UnaryOp::Round);
    "Sigmoid" 6 |_| Ok(UnaryOp::Activation(Activation::Sigmoid));
    "Sqrt" 6 |_| Ok(UnaryOp::Sqrt);
    "Tanh" 6 |_| Ok(UnaryOp::Activation(Activation::Tanh));
    "fs.Clip" 1 |a| Ok(UnaryOp::Activation(read_clip(a)?));
    "fs.Gelu" 1 |_| Ok(UnaryOp::Gelu);
    "fs.Silu" 1 |_| Ok(UnaryOp::Activation(Activation::Silu));
}

fn read_clip(attrs: &Attrs) -> Result<Activation, AttrError> {
    let (min, max) = (attrs.float_or("min", f32::NEG_INFINITY)?, attrs.float_or("max", f32::INFINITY)?);
    Ok(Activation::Clip { min, max })
}

fn make(attrs: &Attrs, op: impl Fn(&Attrs) -> Result<UnaryOp, AttrError>) -> Result<OpRef, AttrError> {
    let op = Unary(op(attrs)?);
    let own = op.attrs();
    match attrs.iter().find(|(name, _)| own.get(name).is_none()) {
        Some((name, _)) => Err(AttrError::Unknown(name.to_owned())),
        None => Ok(Arc::new(op)),
    }
}

impl Op for Unary {
    fn name(&self) -> &'static str {
        match self.0 {
            UnaryOp::Abs => "Abs",
            UnaryOp::Ceil => "Ceil",
            UnaryOp::Erf => "Erf",
            UnaryOp::Exp => "Exp",
            UnaryOp::Floor => "Floor",
            UnaryOp::Gelu => "fs.Gelu",
            UnaryOp::Neg => "Neg",
            UnaryOp::Reciprocal => "Reciprocal",
            UnaryOp::Round => "Round",
            UnaryOp::Sqrt => "Sqrt",
            UnaryOp::Activation(Activation::None) => "Identity",
            UnaryOp::Activation(Activation::Clip { .. }) => "fs.Clip",
            UnaryOp::Activation(Activation::HardSigmoid { .. }) => "HardSigmoid",
            UnaryOp::Activation(Activation::HardSwish) => "HardSwish",
            UnaryOp::Activation(Activation::LeakyRelu { .. }) => "LeakyRelu",
            UnaryOp::Activation(Activation::Relu) => "Relu",
            UnaryOp::Activation(Activation::Sigmoid) => "Sigmoid",
            UnaryOp::Activation(Activation::Silu) => "fs.Silu",
            UnaryOp::Activation(Activation::Tanh) => "Tanh",
        }
    }

    fn attrs(&self) -> Attrs {
        match self.0 {
            UnaryOp::Activation(Activation::LeakyRelu { alpha }) => Attrs::new().with_float("alpha", alpha),
            UnaryOp::Activation(Activation::HardSigmoid { alpha, beta }) => {
                Attrs::new().with_float("alpha", alpha).with_float("beta", beta)
            }
            UnaryOp::Activation(Activation::Clip { min, max }) => Attrs::new().with_float("min", min).with_float("max", max),
            _ => Attrs::new(),
        }
    }

    fn infer(&self, inputs: &Inputs<'_>) -> Result<Vec<Fact>, ShapeError> {
        let x = inputs.req(0)?;
        if !x.dtype.is_float() && !self.takes_integers(x.dtype) {
            return Err(ShapeError::DType { index: 0, expected: "a float".into(), got: x.dtype });
        }
        Ok(vec![Fact::new(x.dtype, x.shape.clone())])
    }

    fn reference(&self, io: &mut Io<'_>) -> Result<(), OpError> {
        let dtype = io.dtype(0)?;
        Body { op: self.0, io }.run(dtype)
    }

    fn lower(&self, cx: &LowerCx<'_>) -> Lowered {
        if cx.all_f32() { Lowered::Unary(self.0) } else { Lowered::Reference }
    }
}

impl Unary {
    fn takes_integers(&self, dtype: DType) -> bool {
        dtype != DType::Bool && matches!(self.0, UnaryOp::Abs | UnaryOp::Neg | UnaryOp::Activation(Activation::Relu))
    }
}

struct Body<'b, 'a> {
    op: UnaryOp,
    io: &'b mut Io<'a>,
}

impl NumericBody for Body<'_, '_> {
    fn float<T: Float>(&mut self) -> Result<(), OpError> {
        let x = self.io.slice::<T>(0)?;
        for (y, x) in self.io.out_slice::<T>(0)?.iter_mut().zip(x) {
            *y = T::from_f64(apply(self.op, x.to_f64()));
        }
        Ok(())
    }

    fn int<T: Int>(&mut self) -> Result<(), OpError> {
        let x = self.io.slice::<T>(0)?;
        for (y, x) in self.io.out_slice::<T>(0)?.iter_mut().zip(x) {
            *y = T::wrap(apply_int(self.op, x.to_i128()));
        }
        Ok(())
    }
}

/// The operator on one number. A NaN stays one.
pub fn apply(op: UnaryOp, x: f64) -> f64 {
    match op {
        UnaryOp::Abs => x.abs(),
        UnaryOp::Activation(activation) => activate(activation, x),
        UnaryOp::Ceil => x.ceil(),
        UnaryOp::Erf => erf(x),
        UnaryOp::Exp => x.exp(),
        UnaryOp::Floor => x.floor(),
        UnaryOp::Gelu => x / 2.0 * (1.0 + erf(x * std::f64::consts::FRAC_1_SQRT_2)),
        UnaryOp::Neg => -x,
        UnaryOp::Reciprocal => 1.0 / x,
        UnaryOp::Round => x.round_ties_even(),
        UnaryOp::Sqrt => x.sqrt(),
    }
}

/// An activation of one number. A NaN stays one.
pub fn activate(activation: Activation, x: f64) -> f64 {
    let hard = |alpha: f64, beta: f64| clip(alpha * x + beta, 0.0, 1.0);
    match activation {
        Activation::None => x,
        Activation::Clip { min, max } => clip(x, min.into(), max.into()),
        Activation::HardSigmoid { alpha, beta } => hard(alpha.into(), beta.into()),
        Activation::HardSwish => x * hard(1.0 / 6.0, 0.5),
        Activation::LeakyRelu { alpha } if x < 0.0 => x * f64::from(alpha),
        Activation::Relu if x <= 0.0 => 0.0,
        Activation::LeakyRelu { .. } | Activation::Relu => x,
        Activation::Sigmoid => 1.0 / (1.0 + (-x).exp()),
        Activation::Silu => x / (1.0 + (-x).exp()),
        Activation::Tanh => x.tanh(),
    }
}

/// `min(max(x, min), max)`; a NaN stays one.
pub(crate) fn clip(x: f64, min: f64, max: f64) -> f64 {
    let low = if x < min { min } else { x };
    if low > max { max } else { low }
}

fn apply_int(op: UnaryOp, x: i128) -> i128 {
    match op {
        UnaryOp::Abs => x.abs(),
        UnaryOp::Neg => -x,
        _ => x.max(0),
    }
}

/// The error function, to about 1e-15: its Taylor series near 0, the continued fraction of `erfc` beyond (Abramowitz and
/// Stegun, 7.1.5 and 7.1.14).
fn erf(x: f64) -> f64 {
    if x.is_nan() || x == 0.0 {
        return x;
    }
    let a = x.abs();
    let y = if a < 2.5 { erf_series(a) } else { 1.0 - erfc_fraction(a) };
    y.copysign(x)
}

fn erf_series(x: f64) -> f64 {
    let (mut term, mut sum) = (x, x);
    for n in 1..100 {
        term *= -x * x / f64::from(n);
        sum += term / f64::from(2 * n + 1);
    }
    sum * std::f64::consts::FRAC_2_SQRT_PI
}

fn erfc_fraction(x: f64) -> f64 {
    if x > 27.0 {
        return 0.0;
    }
    let tail = (1..60).rev().fold(0.0, |f, n| f64::from(n) / 2.0 / (x + f));
    (-x * x).exp() / (std::f64::consts::PI.sqrt() * (x + tail))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn erf_at_known_points() {
        for (x, y) in [(0.5, 0.520_499_877_813_046_5), (1.0, 0.842_700_792_949_714_9), (3.0, 0.999_977_909_503_001_4)] {
            assert!((erf(x) - y).abs() < 1e-14, "erf({x}) = {}", erf(x));
            assert_eq!(erf(-x), -erf(x));
        }
        assert_eq!(erf(f64::INFINITY), 1.0);
    }
}
