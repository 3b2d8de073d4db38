use super::poly;
use crate::Isa;

/// `(ln(1 + f) - f + f^2 / 2) / f^3` for `sqrt(1/2) <= 1 + f <= sqrt(2)`; relative error of the logarithm below `2^-30`.
const P: [f32; 9] =
    [0.333_333_13, -0.250_000_1, 0.200_020_75, -0.166_68, 0.142_202_8, -0.124_059_13, 0.118_838_94, -0.116_725_18, 0.067_515_23];
/// `ln 2` in two parts; the first has nine significant bits, so that its product with an exponent is exact.
const LN2_HI: f32 = 0.693_359_4; // 355 / 512
const LN2_LO: f32 = -2.121_944_4e-4;
/// The bits of `sqrt(1/2)`, where mantissas begin.
const SQRT_HALF: i32 = 0x3F35_04F3;
const MANTISSA: i32 = 0x007F_FFFF;
/// Denormals are scaled into the normal numbers.
const DENORMAL_SCALE: f32 = 8_388_608.0; // 2^23

/// `x = 2^e * m` with `sqrt(1/2) <= m < sqrt(2)`, for normal `x`.
#[inline(always)]
fn split<I: Isa>(isa: I, x: I::F32) -> (I::I32, I::F32) {
    let shifted = isa.sub_i32(isa.to_bits(x), isa.splat_i32(SQRT_HALF));
    let e = isa.shr_i32(shifted, 23);
    let m = isa.add_i32(isa.and_i32(shifted, isa.splat_i32(MANTISSA)), isa.splat_i32(SQRT_HALF));
    (e, isa.of_bits(m))
}

/// `ln(2^e * (1 + f))`.
#[inline(always)]
fn join<I: Isa>(isa: I, e: I::F32, f: I::F32) -> I::F32 {
    let t = isa.fma(poly(isa, f, P), f, isa.splat(-0.5));
    let low = isa.fma(t, isa.mul(f, f), isa.mul(e, isa.splat(LN2_LO)));
    isa.fma(e, isa.splat(LN2_HI), isa.add(f, low))
}

/// `y` with what a logarithm is at the ends of its domain: `-inf` where `x` is 0, infinity there, NaN below.
#[inline(always)]
fn ends<I: Isa>(isa: I, x: I::F32, y: I::F32) -> I::F32 {
    let (zero, inf) = (isa.splat(0.0), isa.splat(f32::INFINITY));
    let y = isa.select(isa.gt(x, isa.splat(f32::MAX)), inf, y);
    let below = isa.select(isa.lt(x, zero), isa.splat(f32::NAN), isa.neg(inf));
    let y = isa.select(isa.gt(x, zero), y, below);
    isa.select(isa.is_nan(x), x, y)
}

/// The natural logarithm, within 2 ULP, of denormals too. `-inf` at both zeros, NaN below, `inf` at `inf`;
/// NaN stays.
#[inline(always)]
pub fn log<I: Isa>(isa: I, x: I::F32) -> I::F32 {
    let denormal = isa.lt(x, isa.splat(f32::MIN_POSITIVE));
    let scaled = isa.select(denormal, isa.mul(x, isa.splat(DENORMAL_SCALE)), x);
    let (e, m) = split(isa, scaled);
    let less = isa.select(denormal, isa.splat(23.0), isa.splat(0.0));
    let y = join(isa, isa.sub(isa.to_f32(e), less), isa.sub(m, isa.splat(1.0)));
    ends(isa, x, y)
}

/// `ln(1 + x)`, within 2 ULP. Keeps the sign of zero; `-inf` at -1, NaN below, `inf` at `inf`; NaN stays.
#[inline(always)]
pub fn log1p<I: Isa>(isa: I, x: I::F32) -> I::F32 {
    let one = isa.splat(1.0);
    let u = isa.add(one, x);
    // What the sum lost, exactly.
    let lost = isa.select(isa.gt(x, one), isa.sub(one, isa.sub(u, x)), isa.sub(x, isa.sub(u, one)));
    let (e, m) = split(isa, u);
    let e = isa.to_f32(e);
    // Where `e` is 128 nothing is lost.
    let down = isa.pow2(isa.greater(isa.splat(-126.0), isa.neg(e)));
    let f = isa.fma(lost, down, isa.sub(m, one));
    let y = join(isa, e, f);
    isa.select(isa.lt(isa.abs(x), isa.splat(f32::EPSILON / 4.0)), x, ends(isa, u, y))
}
