//! Arguments of sine and cosine brought to `|r| <= 0.79`.

use crate::{Isa, LANES};

/// `pi / 2` in three parts of 24 bits, for a fused `fma`: up to [`FUSED_LIMIT`] the first step is exact.
const FUSED: [f32; 3] = [f32::from_bits(0x3FC9_0FDB), f32::from_bits(0xB33B_BD2E), f32::from_bits(0xA6F7_2CED)];
/// `pi / 2` in parts of 16 bits and a last one: up to [`SPLIT_LIMIT`] their products with a quadrant are exact.
const SPLIT: [f32; 4] =
    [f32::from_bits(0x3FC9_1000), f32::from_bits(0xB695_7700), f32::from_bits(0xAE74_BA00), f32::from_bits(0x248D_3132)];
/// Largest arguments that the steps in `f32` can do. Larger ones, and infinities, go lane by lane.
const FUSED_LIMIT: f32 = 65_536.0;
const SPLIT_LIMIT: f32 = 402.0;
/// 32 zero bits, then the bits of `2 / pi` from the first behind the point on.
const TWO_OVER_PI: [u32; 8] = [0, 0xA2F9_836E, 0x4E44_1529, 0xFC27_57D1, 0xF534_DDC0, 0xDB62_9599, 0x3C43_9041, 0xFE51_63AB];

/// `r` and an integer `n` with `a = n * pi / 2 + r`, for `a >= 0`; `n` is right modulo 4. NaN for NaN and infinity.
#[inline(always)]
pub(super) fn reduce<I: Isa>(isa: I, a: I::F32) -> (I::F32, I::I32) {
    let n = isa.round(isa.mul(a, isa.splat(std::f32::consts::FRAC_2_PI)));
    let (r, limit) = if I::FUSED_FMA { (fused_steps(isa, n, a), FUSED_LIMIT) } else { (split_steps(isa, n, a), SPLIT_LIMIT) };
    let n = isa.to_i32(n);
    if isa.any(isa.gt(a, isa.splat(limit))) { far_lanes(isa, a, limit, r, n) } else { (r, n) }
}

/// `a - n * pi / 2`.
#[inline(always)]
fn fused_steps<I: Isa>(isa: I, n: I::F32, a: I::F32) -> I::F32 {
    FUSED.into_iter().fold(a, |r, part| isa.fma(n, isa.splat(-part), r))
}

/// `a - n * pi / 2` where `fma` rounds twice. The first difference is exact; what the second loses is known (D. E. Knuth, The Art of
/// Computer Programming 2, 4.2.2) and joins the small parts, so that only the last sum rounds.
#[inline(always)]
fn split_steps<I: Isa>(isa: I, n: I::F32, a: I::F32) -> I::F32 {
    let product = |part: f32| isa.mul(n, isa.splat(part));
    let (x, y) = (isa.sub(a, product(SPLIT[0])), product(SPLIT[1]));
    let high = isa.sub(x, y);
    let taken = isa.sub(x, high);
    let lost = isa.add(isa.sub(x, isa.add(high, taken)), isa.sub(taken, y));
    isa.add(high, isa.sub(isa.sub(lost, product(SPLIT[2])), product(SPLIT[3])))
}

/// Lanes above `limit` anew, the others as they are.
#[inline(always)]
fn far_lanes<I: Isa>(isa: I, a: I::F32, limit: f32, r: I::F32, n: I::I32) -> (I::F32, I::I32) {
    let (mut args, mut rests, mut quadrants) = ([0.0; LANES], [0.0; LANES], [0; LANES]);
    isa.store(a, &mut args);
    isa.store(r, &mut rests);
    isa.store_i32(n, &mut quadrants);
    replace_far(&args, limit, &mut rests, &mut quadrants);
    (isa.load(&rests), isa.load_i32(&quadrants))
}

#[cold]
#[inline(never)]
fn replace_far(args: &[f32; LANES], limit: f32, rests: &mut [f32; LANES], quadrants: &mut [i32; LANES]) {
    for ((&a, r), n) in args.iter().zip(rests).zip(quadrants) {
        if a > limit {
            (*r, *n) = far(a);
        }
    }
}

/// The same for one number from 256 on, by multiplication with the bits of `2 / pi` that count: M. Payne and R. Hanek,
/// Radian reduction for trigonometric functions, SIGNUM Newsletter 18 (1983).
///
/// `a = m * 2^e` with a mantissa of 24 bits. Bits of `2 / pi` whose products are multiples of 4 are left out; the 96
/// that follow give the quotient modulo 4 in units of `2^-94`, with an error below `2^-70`: far less than the distance
/// of any float from a multiple of `pi / 2`.
fn far(a: f32) -> (f32, i32) {
    if !a.is_finite() {
        return (f32::NAN, 0);
    }
    let (m, e) = (a.to_bits() & 0x007F_FFFF | 0x0080_0000, (a.to_bits() >> 23) as i32 - 150);
    let first = (e + 30) as usize; // 15 to 134
    let words = TWO_OVER_PI.iter().skip(first / 32).take(4);
    let window = words.fold(0u128, |bits, &word| bits << 32 | u128::from(word));
    let window = window << (first % 32) >> 32;
    let quotient = (window * u128::from(m)) as i128 & ((1 << 96) - 1);
    let n = (quotient + (1 << 93)) >> 94;
    let rest = (quotient - (n << 94)) as f64 * (std::f64::consts::FRAC_PI_2 / (1u128 << 94) as f64);
    (rest as f32, n as i32)
}
