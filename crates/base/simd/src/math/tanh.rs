use super::{exp, poly};
use crate::Isa;

/// Below this the odd polynomial is used.
const SMALL: f32 = 0.625;
/// `(tanh(x) / x - 1) / x^2` in `x^2` for `|x| <= SMALL`; relative error of `tanh` below `2^-32`.
const Q: [f32; 6] = [-0.333_333_3, 0.133_332_06, -0.053_946_76, 0.021_700_693, -0.008_177_377, 0.002_142_944];

/// `tanh(x)`, within 2 ULP. Keeps the sign of zero; NaN stays.
#[inline(always)]
pub fn tanh<I: Isa>(isa: I, x: I::F32) -> I::F32 {
    let one = isa.splat(1.0);
    let a = isa.abs(x);
    let z = isa.mul(a, a);
    let small = isa.fma(isa.mul(poly(isa, z, Q), z), a, a);
    // 1 - 2 / (e^2a + 1)
    let e = exp(isa, isa.add(a, a));
    let large = isa.sub(one, isa.div(isa.splat(2.0), isa.add(e, one)));
    let y = isa.select(isa.lt(a, isa.splat(SMALL)), small, large);
    isa.copysign(y, x)
}
