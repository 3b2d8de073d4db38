//! Elementary functions over [`Isa`]: one file each. Where `fma` is fused they give equal bits on every
//! instruction set. Polynomials are minimax fits of relative error, made for this crate.

mod erf;
mod exp;
mod log;
mod reduce;
mod sigmoid;
mod tanh;
mod trigonometric;

pub use erf::erf;
pub use exp::{exp, expm1};
pub use log::{log, log1p};
pub use sigmoid::sigmoid;
pub use tanh::tanh;
pub use trigonometric::{cos, sin};

use crate::Isa;

/// `c[0] + c[1] x + …` by Horner's rule.
#[inline(always)]
fn poly<I: Isa, const N: usize>(isa: I, x: I::F32, c: [f32; N]) -> I::F32 {
    let mut acc = isa.splat(c[N - 1]);
    for i in (0..N - 1).rev() {
        acc = isa.fma(acc, x, isa.splat(c[i]));
    }
    acc
}
