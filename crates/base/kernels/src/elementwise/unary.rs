#![allow(unsafe_code)]
//! Functions of one element.

use super::TASK_ELEMENTS;
use crate::disjoint::Disjoint;
use crate::epilogue::{Activation, activate};
use crate::error::{KernelError, check_len};
use fastserve_parallel::Team;
use fastserve_simd::{Cpu, Isa, Kernel, LANES, math};

/// A function of one element. NaN gives NaN in all of them.
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
    /// `x / 2 * (1 + erf(x / sqrt 2))`.
    Gelu,
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
    UnaryOp::Exp,
    UnaryOp::Neg,
    UnaryOp::Abs,
    UnaryOp::Sqrt,
    UnaryOp::Erf,
    UnaryOp::Floor,
    UnaryOp::Ceil,
    UnaryOp::Round,
    UnaryOp::Reciprocal,
    UnaryOp::Gelu,
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
        UnaryOp::Gelu => {
            let scaled = isa.mul(x, isa.splat(std::f32::consts::FRAC_1_SQRT_2));
            isa.mul(isa.mul(x, isa.splat(0.5)), isa.add(one, math::erf(isa, scaled)))
        }
    }
}
