use super::{exp, poly};
use crate::Isa;

/// Below this the odd polynomial is used.
const SMALL: f32 = 0.921_875;
/// From here on `erf` rounds to 1.
const SATURATED: f32 = 4.0;
/// `erf(x) / x - 1` in `x^2` for `|x| <= SMALL`; relative error of `erf` below `2^-31`.
const NEAR: [f32; 7] = [0.128_379_17, -0.376_126_35, 0.112_836_96, -0.026_859_399, 0.005_201_032, -0.000_814_27, 0.000_083_700_84];
/// `-ln(1 - erf(t))` for `SMALL <= t <= SATURATED`; relative error of `erf` below `2^-34`.
const FAR: [f32; 8] =
    [-0.000_175_191_96, 1.129_517_3, 0.633_341_97, 0.108_285_53, -0.025_122_95, 0.004_172_402_4, -0.000_434_739_3, 0.000_021_119_007];

/// `erf(x)`, within 2 ULP. Keeps the sign of zero; NaN stays.
#[inline(always)]
pub fn erf<I: Isa>(isa: I, x: I::F32) -> I::F32 {
    let a = isa.abs(x);
    let small = isa.fma(poly(isa, isa.mul(a, a), NEAR), a, a);
    let t = isa.min(a, isa.splat(SATURATED));
    let far = exp(isa, isa.neg(poly(isa, t, FAR)));
    let large = isa.sub(isa.splat(1.0), far);
    let y = isa.select(isa.lt(a, isa.splat(SMALL)), small, large);
    isa.copysign(y, x)
}
