#![allow(unsafe_code)]
//! Functions of one element.

use super::TASK_ELEMENTS;
use crate::disjoint::Disjoint;
use crate::epilogue::{Activation, activate};
use crate::error::{KernelError, check_len};
use fastserve_parallel::Team;
use fastserve_simd::{Cpu, Isa, Kernel, LANES, math};
use std::hash::{Hash, Hasher};

/// A parameter: compares and hashes by its bits.
#[derive(Copy, Clone, Debug)]
pub struct Param(pub f32);

impl PartialEq for Param {
    fn eq(&self, other: &Self) -> bool {
        self.0.to_bits() == other.0.to_bits()
    }
}

impl Eq for Param {}

impl Hash for Param {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.0.to_bits().hash(state);
    }
}

/// A function of one element. NaN gives NaN in all of them, but for an exponent of 0.
#[derive(Copy, Clone, Debug, PartialEq, Eq, Hash)]
pub enum UnaryOp {
    /// One that can also follow a sum.
    Activation(Activation),
    /// `e^x`.
    Exp,
    /// `-x`.
    Neg,
    /// `|x|`.
    Abs,
    /// The correctly rounded square root.
    Sqrt,
    /// The error function.
    Erf,
    /// The greatest integer not above.
    Floor,
    /// The least integer not below.
    Ceil,
    /// The nearest integer, ties to even.
    Round,
    /// `1 / x`.
    Reciprocal,
    /// The natural logarithm.
    Log,
    /// The sine of radians.
    Sin,
    /// The cosine of radians.
    Cos,
    /// `x ^ exponent`: products, roots and quotients for small whole exponents and halves, else through f64.
    Power {
        /// The exponent.
        exponent: Param,
    },
    /// -1, 0 or 1; a zero keeps its sign.
    Sign,
    /// `ln(1 + e^x)`.
    Softplus,
    /// `x / (1 + |x|)`.
    Softsign,
    /// `x` where `x >= 0`, `alpha * (e^x - 1)` elsewhere.
    Elu {
        /// The limit is `-alpha`.
        alpha: Param,
    },
    /// `x` where `x >= 0`, `alpha * (e^(x / alpha) - 1)` elsewhere.
    Celu {
        /// The limit is `-alpha`.
        alpha: Param,
    },
    /// `gamma * x` where `x > 0`, `gamma * alpha * (e^x - 1)` elsewhere.
    Selu {
        /// The limit is `-gamma * alpha`.
        alpha: Param,
        /// The slope above zero.
        gamma: Param,
    },
    /// `x` where `x > alpha`, 0 elsewhere.
    ThresholdedRelu {
        /// The threshold.
        alpha: Param,
    },
}

/// Every function, with parameters for tests.
pub static UNARY: &[UnaryOp] = &[
    UnaryOp::Activation(Activation::None),
    UnaryOp::Activation(Activation::Relu),
    UnaryOp::Activation(Activation::Clip { min: 0.0, max: 6.0 }),
    UnaryOp::Activation(Activation::LeakyRelu { alpha: 0.01 }),
    UnaryOp::Activation(Activation::Sigmoid),
    UnaryOp::Activation(Activation::Tanh),
    UnaryOp::Activation(Activation::HardSigmoid { alpha: 0.2, beta: 0.5 }),
    UnaryOp::Activation(Activation::HardSwish),
    UnaryOp::Activation(Activation::Silu),
    UnaryOp::Activation(Activation::Swish { alpha: 1.702 }),
    UnaryOp::Activation(Activation::Gelu),
    UnaryOp::Activation(Activation::GeluTanh),
    UnaryOp::Activation(Activation::Mish),
    UnaryOp::Exp,
    UnaryOp::Neg,
    UnaryOp::Abs,
    UnaryOp::Sqrt,
    UnaryOp::Erf,
    UnaryOp::Floor,
    UnaryOp::Ceil,
    UnaryOp::Round,
    UnaryOp::Reciprocal,
    UnaryOp::Log,
    UnaryOp::Sin,
    UnaryOp::Cos,
    UnaryOp::Power { exponent: Param(1.0) },
    UnaryOp::Power { exponent: Param(2.0) },
    UnaryOp::Power { exponent: Param(3.0) },
    UnaryOp::Power { exponent: Param(4.0) },
    UnaryOp::Power { exponent: Param(-1.0) },
    UnaryOp::Power { exponent: Param(-2.0) },
    UnaryOp::Power { exponent: Param(0.5) },
    UnaryOp::Power { exponent: Param(-0.5) },
    UnaryOp::Power { exponent: Param(2.5) },
    UnaryOp::Sign,
    UnaryOp::Softplus,
    UnaryOp::Softsign,
    UnaryOp::Elu { alpha: Param(1.5) },
    UnaryOp::Celu { alpha: Param(1.5) },
    UnaryOp::Selu { alpha: Param(1.673_263_2), gamma: Param(1.050_701) },
    UnaryOp::ThresholdedRelu { alpha: Param(0.75) },
];

/// `y[i] = op(x[i])` for all of `x`.
pub fn unary_f32(cpu: Cpu, op: UnaryOp, x: &[f32], y: &mut [f32], team: Team) -> Result<(), KernelError> {
    check_len("unary y", x.len(), y.len())?;
    split(&mut y[..x.len()], team, &|start, y| {
        let x = &x[start..start + y.len()];
        cpu.run(Map { op, x: Some(x), y });
    });
    Ok(())
}

/// `xy[i] = op(xy[i])`.
pub fn unary_in_place_f32(cpu: Cpu, op: UnaryOp, xy: &mut [f32], team: Team) -> Result<(), KernelError> {
    split(xy, team, &|_, y| cpu.run(Map { op, x: None, y }));
    Ok(())
}

/// Calls `task` with the start and the elements of each part of `y`.
pub(super) fn split(y: &mut [f32], team: Team, task: &(dyn Fn(usize, &mut [f32]) + Sync)) {
    let len = y.len();
    let out = Disjoint::new(y);
    team.run(len.div_ceil(TASK_ELEMENTS), &|index, _| {
        let start = index.0 * TASK_ELEMENTS;
        // SAFETY: the tasks' parts do not overlap.
        task(start, unsafe { out.part(start..len.min(start + TASK_ELEMENTS)) });
    });
}

struct Map<'a> {
    op: UnaryOp,
    /// `y` itself where absent.
    x: Option<&'a [f32]>,
    y: &'a mut [f32],
}

impl Kernel for Map<'_> {
    type Out = ();

    #[inline(always)]
    fn run<I: Isa>(self, isa: I) {
        if let Some(x) = self.x {
            self.y.copy_from_slice(x);
        }
        let (whole, rest) = self.y.as_chunks_mut::<LANES>();
        for y in whole {
            isa.store(apply(isa, self.op, isa.load(y)), y);
        }
        if !rest.is_empty() {
            isa.store_partial(apply(isa, self.op, isa.load_partial(rest, 0.0)), rest);
        }
    }
}

#[inline(always)]
fn apply<I: Isa>(isa: I, op: UnaryOp, x: I::F32) -> I::F32 {
    let one = isa.splat(1.0);
    match op {
        UnaryOp::Activation(activation) => activate(isa, activation, x),
        UnaryOp::Exp => math::exp(isa, x),
        UnaryOp::Neg => isa.neg(x),
        UnaryOp::Abs => isa.abs(x),
        UnaryOp::Sqrt => isa.sqrt(x),
        UnaryOp::Erf => math::erf(isa, x),
        UnaryOp::Floor => isa.floor(x),
        UnaryOp::Ceil => isa.neg(isa.floor(isa.neg(x))),
        UnaryOp::Round => isa.round(x),
        UnaryOp::Reciprocal => isa.div(one, x),
        UnaryOp::Log => math::log(isa, x),
        UnaryOp::Sin => math::sin(isa, x),
        UnaryOp::Cos => math::cos(isa, x),
        UnaryOp::Power { exponent } => power(isa, x, exponent.0),
        UnaryOp::Sign => isa.select(isa.gt(x, isa.splat(0.0)), one, isa.select(isa.lt(x, isa.splat(0.0)), isa.neg(one), x)),
        UnaryOp::Softplus => isa.add(isa.relu(x), math::log1p(isa, math::exp(isa, isa.neg(isa.abs(x))))),
        UnaryOp::Softsign => isa.div(x, isa.add(one, isa.abs(x))),
        UnaryOp::Elu { alpha } => below_zero(isa, x, isa.mul(isa.splat(alpha.0), math::expm1(isa, x))),
        UnaryOp::Celu { alpha } => {
            let alpha = isa.splat(alpha.0);
            below_zero(isa, x, isa.mul(alpha, math::expm1(isa, isa.div(x, alpha))))
        }
        UnaryOp::Selu { alpha, gamma } => {
            let below = isa.mul(isa.splat(alpha.0), math::expm1(isa, x));
            isa.mul(isa.splat(gamma.0), isa.select(isa.gt(x, isa.splat(0.0)), x, below))
        }
        UnaryOp::ThresholdedRelu { alpha } => {
            let kept = isa.select(isa.is_nan(x), x, isa.splat(0.0));
            isa.select(isa.gt(x, isa.splat(alpha.0)), x, kept)
        }
    }
}

/// `below` where `x < 0`, `x` elsewhere.
#[inline(always)]
fn below_zero<I: Isa>(isa: I, x: I::F32, below: I::F32) -> I::F32 {
    isa.select(isa.lt(x, isa.splat(0.0)), below, x)
}

#[inline(always)]
fn power<I: Isa>(isa: I, x: I::F32, exponent: f32) -> I::F32 {
    let one = isa.splat(1.0);
    let square = isa.mul(x, x);
    if exponent == 0.0 {
        one
    } else if exponent == 1.0 {
        x
    } else if exponent == 2.0 {
        square
    } else if exponent == 3.0 {
        isa.mul(square, x)
    } else if exponent == 4.0 {
        isa.mul(square, square)
    } else if exponent == -1.0 {
        isa.div(one, x)
    } else if exponent == -2.0 {
        let inverse = isa.div(one, x);
        isa.mul(inverse, inverse)
    } else if exponent == 0.5 {
        root(isa, x)
    } else if exponent == -0.5 {
        isa.div(one, root(isa, x))
    } else {
        let mut lanes = [0.0; LANES];
        isa.store(x, &mut lanes);
        for lane in &mut lanes {
            *lane = f64::from(*lane).powf(f64::from(exponent)) as f32;
        }
        isa.load(&lanes)
    }
}

/// The root as a power: of -0 it is +0, of minus infinity infinity.
#[inline(always)]
fn root<I: Isa>(isa: I, x: I::F32) -> I::F32 {
    let root = isa.add(isa.sqrt(x), isa.splat(0.0));
    isa.select(isa.lt(x, isa.splat(f32::MIN)), isa.splat(f32::INFINITY), root)
}
