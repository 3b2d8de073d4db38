use super::poly;
use crate::Isa;

/// `(e^r - 1 - r) / r^2` for `|r| <= ln(2) / 2`; relative error of `e^r` below `2^-28`.
const Q: [f32; 5] = [0.499_999_94, 0.166_665_2, 0.041_668_393, 0.008_368_746, 0.001_381_452_8];
/// `ln 2` in two parts; the first has nine significant bits, so that `n * LN2_HI` is exact.
const LN2_HI: f32 = 0.693_359_4; // 355 / 512
const LN2_LO: f32 = -2.121_944_4e-4;
/// Beyond these the result is zero or infinity; the clamp keeps `n` where [`Isa::scale_pow2`] is defined.
const LOWEST: f32 = -104.0;
const HIGHEST: f32 = 89.0;
/// Below this `e^x - 1` rounds to -1.
const LOWEST_M1: f32 = -20.0;
/// Below this magnitude `e^x - 1` rounds to `x`.
const TINY: f32 = 2.980_232_2e-8; // 2^-25

/// `e^x = 2^n * (1 + r + s)` with `|r| <= ln(2) / 2` and `s` of the size of `r^2`. NaN stays in all.
struct Parts<V> {
    n: V,
    r: V,
    s: V,
}

#[inline(always)]
fn parts<I: Isa>(isa: I, x: I::F32) -> Parts<I::F32> {
    let n = isa.round(isa.mul(x, isa.splat(std::f32::consts::LOG2_E)));
    let r = isa.fma(n, isa.splat(-LN2_HI), x);
    let r = isa.fma(n, isa.splat(-LN2_LO), r);
    // Not fused with the sum of `r`: that would be 1.02 ULP at -27.377993.
    Parts { n, r, s: isa.mul(poly(isa, r, Q), isa.mul(r, r)) }
}

/// `e^x`, within 1 ULP, denormal results included. `e^-inf = 0`, `e^inf = inf`, NaN stays.
#[inline(always)]
pub fn exp<I: Isa>(isa: I, x: I::F32) -> I::F32 {
    // The bound first: where `x` is NaN the second operand stays.
    let x = isa.greater(isa.splat(LOWEST), isa.lesser(isa.splat(HIGHEST), x));
    let Parts { n, r, s } = parts(isa, x);
    isa.scale_pow2(isa.add(isa.splat(1.0), isa.add(r, s)), n)
}

/// `e^x - 1`, within 2 ULP. Keeps the sign of zero; -1 at `-inf`, NaN stays.
#[inline(always)]
pub fn expm1<I: Isa>(isa: I, x: I::F32) -> I::F32 {
    let tiny = isa.lt(isa.abs(x), isa.splat(TINY));
    let clamped = isa.greater(isa.splat(LOWEST_M1), isa.lesser(isa.splat(HIGHEST), x));
    let Parts { n, r, s } = parts(isa, clamped);
    // Half of it first: `2^n` may be beyond the largest exponent where the result is not.
    let half = isa.pow2(isa.sub(n, isa.splat(1.0)));
    let y = isa.fma(isa.add(r, s), half, isa.sub(half, isa.splat(0.5)));
    isa.select(tiny, x, isa.add(y, y))
}
