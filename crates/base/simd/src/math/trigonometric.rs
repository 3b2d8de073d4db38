use super::{poly, reduce::reduce};
use crate::Isa;

/// `(sin(r) / r - 1) / r^2` in `r^2` for `|r| <= 0.79`; relative error of the sine below `2^-27`.
const SIN: [f32; 3] = [-0.166_666_54, 0.008_332_106, -0.000_195_078_83];
/// `(cos(r) - 1 + r^2 / 2) / r^4` in `r^2` for `|r| <= 0.79`; relative error of the cosine below `2^-32`.
const COS: [f32; 3] = [0.041_666_646, -0.001_388_730_1, 0.000_024_430_75];
/// The sign bit of a number.
const SIGN: i32 = i32::MIN;

/// `sin(r)` and `cos(r)` for `|r| <= 0.79`.
#[inline(always)]
fn near_zero<I: Isa>(isa: I, r: I::F32) -> (I::F32, I::F32) {
    let z = isa.mul(r, r);
    let sin = isa.fma(isa.mul(r, z), poly(isa, z, SIN), r);
    let parabola = isa.fma(z, isa.splat(-0.5), isa.splat(1.0));
    (sin, isa.fma(isa.mul(z, z), poly(isa, z, COS), parabola))
}

/// `odd` where bit 0 of `quadrant` is set, `even` elsewhere; the sign flipped where bit 1 is set.
#[inline(always)]
fn choose<I: Isa>(isa: I, quadrant: I::I32, even: I::F32, odd: I::F32) -> I::F32 {
    let one = isa.splat_i32(1);
    let is_odd = isa.eq_i32(isa.and_i32(quadrant, one), one);
    let flip = isa.and_i32(isa.shl_i32(quadrant, 30), isa.splat_i32(SIGN));
    isa.of_bits(isa.xor_i32(isa.to_bits(isa.select(is_odd, odd, even)), flip))
}

/// The sine of `x` radians, within 2 ULP of every finite `x`. Keeps the sign of zero; NaN for infinities
/// and NaN.
#[inline(always)]
pub fn sin<I: Isa>(isa: I, x: I::F32) -> I::F32 {
    let (r, quadrant) = reduce(isa, isa.abs(x));
    let (sin, cos) = near_zero(isa, r);
    let y = choose(isa, quadrant, sin, cos);
    let sign = isa.and_i32(isa.to_bits(x), isa.splat_i32(SIGN));
    isa.of_bits(isa.xor_i32(isa.to_bits(y), sign))
}

/// The cosine of `x` radians, within 2 ULP of every finite `x`. NaN for infinities and NaN.
#[inline(always)]
pub fn cos<I: Isa>(isa: I, x: I::F32) -> I::F32 {
    let (r, quadrant) = reduce(isa, isa.abs(x));
    let (sin, cos) = near_zero(isa, r);
    choose(isa, isa.add_i32(quadrant, isa.splat_i32(1)), sin, cos)
}
