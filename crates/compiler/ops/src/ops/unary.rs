//! One input, element by element: a table of operators.

use std::sync::Arc;

use fastserve_ir::{AttrError, Attrs, Fact, Inputs, Io, LowerCx, Lowered, Op, OpError, OpRef, ShapeError};
use fastserve_kernels::elementwise::{Param, UnaryOp};
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
    "Abs" 1 |_| Ok(UnaryOp::Abs);
    "Ceil" 1 |_| Ok(UnaryOp::Ceil);
    "Celu" 12 |a| Ok(UnaryOp::Celu { alpha: param(a, "alpha", 1.0)? });
    "Cos" 7 |_| Ok(UnaryOp::Cos);
    "Elu" 1 |a| Ok(UnaryOp::Elu { alpha: param(a, "alpha", 1.0)? });
    "Erf" 9 |_| Ok(UnaryOp::Erf);
    "Exp" 1 |_| Ok(UnaryOp::Exp);
    "Floor" 1 |_| Ok(UnaryOp::Floor);
    "Gelu" 20 |a| Ok(UnaryOp::Activation(read_gelu(a)?));
    "HardSigmoid" 1 |a| Ok(UnaryOp::Activation(Activation::HardSigmoid { alpha: a.float_or("alpha", 0.2)?, beta: a.float_or("beta", 0.5)? }));
    "HardSwish" 14 |_| Ok(UnaryOp::Activation(Activation::HardSwish));
    "LeakyRelu" 1 |a| Ok(UnaryOp::Activation(Activation::LeakyRelu { alpha: a.float_or("alpha", 0.01)? }));
    "Log" 1 |_| Ok(UnaryOp::Log);
    "Mish" 18 |_| Ok(UnaryOp::Activation(Activation::Mish));
    "Neg" 1 |_| Ok(UnaryOp::Neg);
    "Reciprocal" 1 |_| Ok(UnaryOp::Reciprocal);
    "Relu" 1 |_| Ok(UnaryOp::Activation(Activation::Relu));
    "Round" 11 |_| Ok(UnaryOp::Round);
    "Selu" 1 |a| Ok(UnaryOp::Selu { alpha: param(a, "alpha", 1.6732)?, gamma: param(a, "gamma", 1.0507)? });
    "Selu" 6 |a| Ok(UnaryOp::Selu { alpha: param(a, "alpha", SELU_ALPHA)?, gamma: param(a, "gamma", SELU_GAMMA)? });
    "Sigmoid" 1 |_| Ok(UnaryOp::Activation(Activation::Sigmoid));
    "Sign" 9 |_| Ok(UnaryOp::Sign);
    "Sin" 7 |_| Ok(UnaryOp::Sin);
    "Softplus" 1 |_| Ok(UnaryOp::Softplus);
    "Softsign" 1 |_| Ok(UnaryOp::Softsign);
    "Sqrt" 1 |_| Ok(UnaryOp::Sqrt);
    "Swish" 24 |a| Ok(UnaryOp::Activation(Activation::Swish { alpha: a.float_or("alpha", 1.0)? }));
    "Tanh" 1 |_| Ok(UnaryOp::Activation(Activation::Tanh));
    "ThresholdedRelu" 10 |a| Ok(UnaryOp::ThresholdedRelu { alpha: param(a, "alpha", 1.0)? });
    "fs.Power" 1 |a| Ok(UnaryOp::Power { exponent: param(a, "exponent", 1.0)? });
    "fs.Clip" 1 |a| Ok(UnaryOp::Activation(read_clip(a)?));
    "fs.Silu" 1 |_| Ok(UnaryOp::Activation(Activation::Silu));
}

/// What ONNX says where the attributes are absent.
const SELU_ALPHA: f32 = 1.673_263_2;
const SELU_GAMMA: f32 = 1.050_701;

fn param(attrs: &Attrs, name: &str, default: f32) -> Result<Param, AttrError> {
    attrs.float_or(name, default).map(Param)
}

fn read_gelu(attrs: &Attrs) -> Result<Activation, AttrError> {
    match attrs.str("approximate")?.as_deref() {
        None | Some("none") => Ok(Activation::Gelu),
        Some("tanh") => Ok(Activation::GeluTanh),
        Some(other) => Err(AttrError::value("approximate", format!("`none` or `tanh`, not `{other}`"))),
    }
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
            UnaryOp::Celu { .. } => "Celu",
            UnaryOp::Cos => "Cos",
            UnaryOp::Elu { .. } => "Elu",
            UnaryOp::Erf => "Erf",
            UnaryOp::Exp => "Exp",
            UnaryOp::Floor => "Floor",
            UnaryOp::Log => "Log",
            UnaryOp::Neg => "Neg",
            UnaryOp::Reciprocal => "Reciprocal",
            UnaryOp::Round => "Round",
            UnaryOp::Selu { .. } => "Selu",
            UnaryOp::Sign => "Sign",
            UnaryOp::Sin => "Sin",
            UnaryOp::Softplus => "Softplus",
            UnaryOp::Softsign => "Softsign",
            UnaryOp::Power { .. } => "fs.Power",
            UnaryOp::Sqrt => "Sqrt",
            UnaryOp::ThresholdedRelu { .. } => "ThresholdedRelu",
            UnaryOp::Activation(Activation::None) => "Identity",
            UnaryOp::Activation(Activation::Clip { .. }) => "fs.Clip",
            UnaryOp::Activation(Activation::Gelu | Activation::GeluTanh) => "Gelu",
            UnaryOp::Activation(Activation::HardSigmoid { .. }) => "HardSigmoid",
            UnaryOp::Activation(Activation::HardSwish) => "HardSwish",
            UnaryOp::Activation(Activation::LeakyRelu { .. }) => "LeakyRelu",
            UnaryOp::Activation(Activation::Mish) => "Mish",
            UnaryOp::Activation(Activation::Relu) => "Relu",
            UnaryOp::Activation(Activation::Sigmoid) => "Sigmoid",
            UnaryOp::Activation(Activation::Silu) => "fs.Silu",
            UnaryOp::Activation(Activation::Swish { .. }) => "Swish",
            UnaryOp::Activation(Activation::Tanh) => "Tanh",
        }
    }

    fn attrs(&self) -> Attrs {
        match self.0 {
            UnaryOp::Activation(Activation::LeakyRelu { alpha } | Activation::Swish { alpha }) => Attrs::new().with_float("alpha", alpha),
            UnaryOp::Activation(Activation::HardSigmoid { alpha, beta }) => {
                Attrs::new().with_float("alpha", alpha).with_float("beta", beta)
            }
            UnaryOp::Activation(Activation::Clip { min, max }) => Attrs::new().with_float("min", min).with_float("max", max),
            UnaryOp::Activation(Activation::Gelu) => Attrs::new().with_str("approximate", "none"),
            UnaryOp::Activation(Activation::GeluTanh) => Attrs::new().with_str("approximate", "tanh"),
            UnaryOp::Elu { alpha } | UnaryOp::Celu { alpha } | UnaryOp::ThresholdedRelu { alpha } => {
                Attrs::new().with_float("alpha", alpha.0)
            }
            UnaryOp::Power { exponent } => Attrs::new().with_float("exponent", exponent.0),
            UnaryOp::Selu { alpha, gamma } => Attrs::new().with_float("alpha", alpha.0).with_float("gamma", gamma.0),
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

    fn is_linear(&self) -> bool {
        true
    }

    fn lower(&self, cx: &LowerCx<'_>) -> Lowered {
        if cx.all_f32() { Lowered::Unary(self.0) } else { Lowered::Reference }
    }
}

impl Unary {
    fn takes_integers(&self, dtype: DType) -> bool {
        dtype.is_number()
            && matches!(self.0, UnaryOp::Abs | UnaryOp::Erf | UnaryOp::Neg | UnaryOp::Sign | UnaryOp::Activation(Activation::Relu))
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
        UnaryOp::Celu { alpha } => linear_unit(x, alpha.0.into(), x / f64::from(alpha.0)),
        UnaryOp::Cos => x.cos(),
        UnaryOp::Elu { alpha } => linear_unit(x, alpha.0.into(), x),
        UnaryOp::Erf => erf(x),
        UnaryOp::Exp => x.exp(),
        UnaryOp::Floor => x.floor(),
        UnaryOp::Log => x.ln(),
        UnaryOp::Neg => -x,
        UnaryOp::Reciprocal => 1.0 / x,
        UnaryOp::Round => x.round_ties_even(),
        UnaryOp::Selu { gamma, .. } if x > 0.0 => f64::from(gamma.0) * x,
        UnaryOp::Selu { alpha, gamma } => f64::from(gamma.0) * f64::from(alpha.0) * x.exp_m1(),
        UnaryOp::Sign if x == 0.0 || x.is_nan() => x,
        UnaryOp::Sign => x.signum(),
        UnaryOp::Sin => x.sin(),
        UnaryOp::Softplus => x.max(0.0) + (-x.abs()).exp().ln_1p(),
        UnaryOp::Softsign => x / (1.0 + x.abs()),
        UnaryOp::Power { exponent } => x.powf(exponent.0.into()),
        UnaryOp::Sqrt => x.sqrt(),
        UnaryOp::ThresholdedRelu { alpha } if x <= f64::from(alpha.0) => 0.0,
        UnaryOp::ThresholdedRelu { .. } => x,
    }
}

/// `x` where it is not below 0, `alpha * (e^exponent - 1)` elsewhere.
fn linear_unit(x: f64, alpha: f64, exponent: f64) -> f64 {
    if x < 0.0 { alpha * exponent.exp_m1() } else { x }
}

/// An activation of one number. A NaN stays one.
pub fn activate(activation: Activation, x: f64) -> f64 {
    let hard = |alpha: f64, beta: f64| clip(alpha * x + beta, 0.0, 1.0);
    match activation {
        Activation::None => x,
        Activation::Clip { min, max } => clip(x, min.into(), max.into()),
        Activation::Gelu => x / 2.0 * (1.0 + erf(x * std::f64::consts::FRAC_1_SQRT_2)),
        Activation::GeluTanh => x / 2.0 * (1.0 + (std::f64::consts::FRAC_2_PI.sqrt() * (x + 0.044715 * x * x * x)).tanh()),
        Activation::HardSigmoid { alpha, beta } => hard(alpha.into(), beta.into()),
        Activation::HardSwish => x * hard(1.0 / 6.0, 0.5),
        Activation::LeakyRelu { alpha } if x < 0.0 => x * f64::from(alpha),
        Activation::Relu if x <= 0.0 => 0.0,
        Activation::LeakyRelu { .. } | Activation::Relu => x,
        Activation::Mish => x * (x.max(0.0) + (-x.abs()).exp().ln_1p()).tanh(),
        Activation::Sigmoid => 1.0 / (1.0 + (-x).exp()),
        Activation::Silu => x / (1.0 + (-x).exp()),
        Activation::Swish { alpha } => x / (1.0 + (-f64::from(alpha) * x).exp()),
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
        UnaryOp::Erf => erf(x as f64) as i128,
        UnaryOp::Neg => -x,
        UnaryOp::Sign => x.signum(),
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
