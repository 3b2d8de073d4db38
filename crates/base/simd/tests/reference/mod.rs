//! The functions of `math` with their truth in `f64`, for tests and for the sweep.
#![allow(dead_code)] // each user takes a part

use fastserve_simd::{Isa, Kernel, math};
use std::sync::LazyLock;

/// A function of `math`.
#[derive(Copy, Clone, Debug, PartialEq, Eq)]
pub(crate) enum Function {
    Exp,
    Expm1,
    Log,
    Log1p,
    Tanh,
    Sigmoid,
    Erf,
    Sin,
    Cos,
}

impl Function {
    pub(crate) const ALL: [Function; 9] = {
        use Function::*;
        [Exp, Expm1, Log, Log1p, Tanh, Sigmoid, Erf, Sin, Cos]
    };

    pub(crate) fn name(self) -> String {
        format!("{self:?}").to_lowercase()
    }

    /// The bound in ULP, on every instruction set.
    pub(crate) fn bound(self) -> f64 {
        if self == Function::Exp { 1.0 } else { 2.0 }
    }

    /// The function in `f64`, within some units in the last place of it.
    pub(crate) fn truth(self, x: f32) -> f64 {
        let x = f64::from(x);
        match self {
            Function::Exp => x.exp(),
            Function::Expm1 => x.exp_m1(),
            Function::Log => x.ln(),
            Function::Log1p => x.ln_1p(),
            Function::Tanh => x.tanh(),
            Function::Sigmoid if x < 0.0 => x.exp() / (1.0 + x.exp()),
            Function::Sigmoid => 1.0 / (1.0 + (-x).exp()),
            Function::Erf => erf64(x),
            Function::Sin => x.sin(),
            Function::Cos => x.cos(),
        }
    }
}

/// `y[i] = f(x[i])`.
pub(crate) struct Map<'a>(pub(crate) Function, pub(crate) &'a [f32], pub(crate) &'a mut [f32]);

macro_rules! map {
    ($isa:ident, $x:ident, $y:ident, $f:path) => {
        for (x, y) in $x.chunks(16).zip($y.chunks_mut(16)) {
            $isa.store_partial($f($isa, $isa.load_partial(x, 0.0)), y);
        }
    };
}

impl Kernel for Map<'_> {
    type Out = ();
    #[inline(always)]
    fn run<I: Isa>(self, isa: I) {
        let Map(f, x, y) = self;
        match f {
            Function::Exp => map!(isa, x, y, math::exp),
            Function::Expm1 => map!(isa, x, y, math::expm1),
            Function::Log => map!(isa, x, y, math::log),
            Function::Log1p => map!(isa, x, y, math::log1p),
            Function::Tanh => map!(isa, x, y, math::tanh),
            Function::Sigmoid => map!(isa, x, y, math::sigmoid),
            Function::Erf => map!(isa, x, y, math::erf),
            Function::Sin => map!(isa, x, y, math::sin),
            Function::Cos => map!(isa, x, y, math::cos),
        }
    }
}

/// Maclaurin series (Abramowitz and Stegun 7.1.6: all terms positive).
pub(crate) fn erf_series(x: f64) -> f64 {
    let (mut term, mut sum, mut n) = (x, x, 0.0);
    while term.abs() > sum.abs() * 1e-18 {
        n += 1.0;
        term *= 2.0 * x * x / (2.0 * n + 1.0);
        sum += term;
    }
    sum * (-x * x).exp() * std::f64::consts::FRAC_2_SQRT_PI
}

/// Taylor coefficients of the error function at every 1/32 up to 6.
static ERF: LazyLock<Vec<[f64; 10]>> = LazyLock::new(|| (0..=192).map(|i| erf_taylor(f64::from(i) / 32.0)).collect());

fn erf_taylor(x: f64) -> [f64; 10] {
    let mut c = [0.0; 10];
    // g, then its derivatives by g(n+1) = -2 x g(n) - 2 n g(n-1).
    let (mut before, mut g, mut factorial) = (0.0, (-x * x).exp() * std::f64::consts::FRAC_2_SQRT_PI, 1.0);
    c[0] = erf_series(x);
    for (n, c) in c.iter_mut().enumerate().skip(1) {
        factorial *= n as f64;
        *c = g / factorial;
        (before, g) = (g, -2.0 * x * g - 2.0 * (n as f64 - 1.0) * before);
    }
    c
}

pub(crate) fn erf64(x: f64) -> f64 {
    let a = x.abs();
    if a > 6.0 || x.is_nan() {
        return if x.is_nan() { x } else { x.signum() };
    }
    let at = (a * 32.0).round();
    let h = a - at / 32.0;
    ERF[at as usize].iter().rev().fold(0.0, |sum, c| sum * h + c).copysign(x)
}

/// The distance of `got` from `want` in units of the last place of `want` as an `f32`. Two NaNs are equal; zeros and infinities
/// of the wrong sign, and anything else that is not finite on one side only, are infinitely far.
pub(crate) fn ulps(got: f32, want: f64) -> f64 {
    let near = want as f32;
    if near.is_nan() || got.is_nan() {
        return if near.is_nan() && got.is_nan() { 0.0 } else { f64::INFINITY };
    }
    if near.is_infinite() || got.is_infinite() || (near == 0.0 && got == 0.0) {
        return if got.to_bits() == near.to_bits() { 0.0 } else { f64::INFINITY };
    }
    let exponent = u64::from(near.to_bits() >> 23 & 0xFF).max(1);
    (f64::from(got) - want).abs() * f64::from_bits((1023 + 150 - exponent) << 52)
}

/// Equal bits, or both NaN.
pub(crate) fn same(a: f32, b: f32) -> bool {
    a.to_bits() == b.to_bits() || (a.is_nan() && b.is_nan())
}
