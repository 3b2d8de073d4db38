use crate::Isa;

/// `(e^r - 1 - r) / r^2` for `|r| <= ln(2) / 2`; relative error of `e^r` below `2^-28`.
const Q: [f32; 5] = [0.499_999_94, 0.166_665_2, 0.041_668_393, 0.008_368_746, 0.001_381_452_8];
/// `ln 2` in two parts; the first has nine trailing zero bits, so that `n * LN2_HI` is exact.
const LN2_HI: f32 = 0.693_359_4; // 355 / 512
const LN2_LO: f32 = -2.121_944_4e-4;
/// Beyond these the result is zero or infinity; the clamp keeps `n` where two factors of `2^n` suffice.
const LOWEST: f32 = -104.0;
const HIGHEST: f32 = 89.0;

/// `e^x`, within 1 ULP where `fma` is fused, denormal results included. `e^-inf = 0`, `e^inf = inf`, NaN stays.
#[inline(always)]
pub fn exp<I: Isa>(isa: I, x: I::F32) -> I::F32 {
    let x = isa.max(isa.min(x, isa.splat(HIGHEST)), isa.splat(LOWEST));
    let n = isa.round(isa.mul(x, isa.splat(std::f32::consts::LOG2_E)));
    let r = isa.fma(n, isa.splat(-LN2_HI), x);
    let r = isa.fma(n, isa.splat(-LN2_LO), r);
    let q = super::poly(isa, r, Q);
    let p = isa.add(isa.fma(q, isa.mul(r, r), r), isa.splat(1.0));
    // Two steps: n reaches 128 and -150. The first is exact, so a denormal result is rounded once.
    let half = isa.floor(isa.mul(n, isa.splat(0.5)));
    isa.mul(isa.mul(p, isa.pow2(half)), isa.pow2(isa.sub(n, half)))
}
