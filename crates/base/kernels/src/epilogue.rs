//! What follows a sum: bias, residual and activation, as data.

use fastserve_simd::{Isa, Kernel, LANES, math};
use std::hash::{Hash, Hasher};

/// The function after the sum. Parameters compare and hash by their bits.
#[derive(Copy, Clone, Debug, Default)]
pub enum Activation {
    /// The value itself.
    #[default]
    None,
    /// `max(x, 0)`; NaN stays, and -0 gives +0.
    Relu,
    /// `min(max(x, min), max)`; NaN and a zero between the bounds stay as they are.
    Clip {
        /// The lower bound.
        min: f32,
        /// The upper bound; it wins where the bounds cross.
        max: f32,
    },
    /// `x` where `x >= 0`, `alpha * x` elsewhere.
    LeakyRelu {
        /// The slope below zero.
        alpha: f32,
    },
    /// `1 / (1 + e^-x)`.
    Sigmoid,
    /// `tanh(x)`.
    Tanh,
    /// `min(max(alpha * x + beta, 0), 1)`.
    HardSigmoid {
        /// The slope.
        alpha: f32,
        /// The value at zero.
        beta: f32,
    },
    /// `x * min(max(x / 6 + 0.5, 0), 1)`.
    HardSwish,
    /// `x * sigmoid(x)`.
    Silu,
    /// `x * sigmoid(alpha * x)`.
    Swish {
        /// Factor within the sigmoid.
        alpha: f32,
    },
    /// `x / 2 * (1 + erf(x / sqrt 2))`.
    Gelu,
    /// `x / 2 * (1 + tanh(sqrt(2 / pi) * (x + 0.044715 x^3)))`.
    GeluTanh,
    /// `x * tanh(ln(1 + e^x))`.
    Mish,
}

impl Activation {
    fn key(self) -> (u8, u32, u32) {
        match self {
            Activation::None => (0, 0, 0),
            Activation::Relu => (1, 0, 0),
            Activation::Clip { min, max } => (2, min.to_bits(), max.to_bits()),
            Activation::LeakyRelu { alpha } => (3, alpha.to_bits(), 0),
            Activation::Sigmoid => (4, 0, 0),
            Activation::Tanh => (5, 0, 0),
            Activation::HardSigmoid { alpha, beta } => (6, alpha.to_bits(), beta.to_bits()),
            Activation::HardSwish => (7, 0, 0),
            Activation::Silu => (8, 0, 0),
            Activation::Gelu => (9, 0, 0),
            Activation::GeluTanh => (10, 0, 0),
            Activation::Mish => (11, 0, 0),
            Activation::Swish { alpha } => (12, alpha.to_bits(), 0),
        }
    }
}

impl PartialEq for Activation {
    fn eq(&self, other: &Self) -> bool {
        self.key() == other.key()
    }
}

impl Eq for Activation {}

impl Hash for Activation {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.key().hash(state);
    }
}

/// Along which axis of the output matrix a bias runs. A convolution's rows are its output channels.
#[derive(Copy, Clone, Debug, Default, PartialEq, Eq, Hash)]
pub enum BiasAxis {
    /// No bias.
    #[default]
    None,
    /// One value per row.
    Row,
    /// One value per column.
    Column,
}

/// `y = activation(sum + bias + residual)`, in this order. The default does nothing.
///
/// Scale, zero point and output type come with the quantized kernels.
#[derive(Copy, Clone, Debug, Default, PartialEq, Eq, Hash)]
pub struct Epilogue {
    /// The bias axis.
    pub bias: BiasAxis,
    /// The function applied last.
    pub activation: Activation,
    /// Whether a tensor of the output's layout is added.
    pub residual: bool,
}

/// Whether an activation is done in registers, by [`quick_activate`].
pub(crate) const fn is_quick(activation: Activation) -> bool {
    matches!(activation, Activation::None | Activation::Relu | Activation::Clip { .. })
}

/// The commonest activations; `x` itself for others.
#[inline(always)]
pub(crate) fn quick_activate<I: Isa>(isa: I, activation: Activation, x: I::F32) -> I::F32 {
    match activation {
        Activation::Relu => isa.relu(x),
        Activation::Clip { min, max } => clip(isa, x, min, max),
        _ => x,
    }
}

/// Any activation over what is stored. One function an instruction set: with all its cases it is far larger than the tiles
/// that call it.
#[inline(never)]
pub(crate) fn activate_stored<I: Isa>(isa: I, activation: Activation, out: &mut [f32]) {
    isa.enter(Stored { activation, out });
}

struct Stored<'a> {
    activation: Activation,
    out: &'a mut [f32],
}

impl Kernel for Stored<'_> {
    type Out = ();

    #[inline(always)]
    fn run<I: Isa>(self, isa: I) {
        let (whole, rest) = self.out.as_chunks_mut::<LANES>();
        for out in whole {
            isa.store(activate(isa, self.activation, isa.load(out)), out);
        }
        if !rest.is_empty() {
            isa.store_partial(activate(isa, self.activation, isa.load_partial(rest, 0.0)), rest);
        }
    }
}

/// `activation(x)`, lane by lane.
#[inline(always)]
pub(crate) fn activate<I: Isa>(isa: I, activation: Activation, x: I::F32) -> I::F32 {
    match activation {
        Activation::None => x,
        Activation::Relu => isa.relu(x),
        Activation::Clip { min, max } => clip(isa, x, min, max),
        Activation::LeakyRelu { alpha } => {
            let below = isa.mul(x, isa.splat(alpha));
            isa.select(isa.lt(x, isa.splat(0.0)), below, x)
        }
        Activation::Sigmoid => math::sigmoid(isa, x),
        Activation::Tanh => math::tanh(isa, x),
        Activation::HardSigmoid { alpha, beta } => hard_sigmoid(isa, x, alpha, beta),
        Activation::HardSwish => isa.mul(x, hard_sigmoid(isa, x, 1.0 / 6.0, 0.5)),
        Activation::Silu => isa.mul(x, math::sigmoid(isa, x)),
        Activation::Swish { alpha } => isa.mul(x, math::sigmoid(isa, isa.mul(x, isa.splat(alpha)))),
        Activation::Gelu => gelu(isa, x),
        Activation::GeluTanh => gelu_tanh(isa, x),
        Activation::Mish => mish(isa, x),
    }
}

#[inline(always)]
fn gelu<I: Isa>(isa: I, x: I::F32) -> I::F32 {
    let erf = math::erf(isa, isa.mul(x, isa.splat(std::f32::consts::FRAC_1_SQRT_2)));
    isa.mul(isa.mul(x, isa.splat(0.5)), isa.add(isa.splat(1.0), erf))
}

/// As `(1 + tanh(u)) / 2` is `sigmoid(2 u)`, nothing cancels.
#[inline(always)]
fn gelu_tanh<I: Isa>(isa: I, x: I::F32) -> I::F32 {
    const TWICE: f32 = 1.595_769; // 2 sqrt(2 / pi)
    let inner = isa.fma(isa.mul(x, x), isa.splat(0.044_715 * TWICE), isa.splat(TWICE));
    isa.mul(x, math::sigmoid(isa, isa.mul(x, inner)))
}

/// `tanh(ln(1 + e))` is `w / (w + 2)` with `w = e * (e + 2)`.
#[inline(always)]
fn mish<I: Isa>(isa: I, x: I::F32) -> I::F32 {
    // From 20 on the quotient rounds to 1. The bound first: where `x` is NaN the second operand stays.
    let e = math::exp(isa, isa.lesser(isa.splat(20.0), x));
    let w = isa.mul(e, isa.add(e, isa.splat(2.0)));
    isa.mul(x, isa.div(w, isa.add(w, isa.splat(2.0))))
}

#[inline(always)]
fn clip<I: Isa>(isa: I, x: I::F32, min: f32, max: f32) -> I::F32 {
    isa.clamp(x, isa.splat(min), isa.splat(max))
}

#[inline(always)]
fn hard_sigmoid<I: Isa>(isa: I, x: I::F32, alpha: f32, beta: f32) -> I::F32 {
    let line = isa.add(isa.mul(x, isa.splat(alpha)), isa.splat(beta));
    clip(isa, line, 0.0, 1.0)
}
