use super::exp;
use crate::Isa;

/// `1 / (1 + e^-x)`, within 3 ULP where `fma` is fused, denormal results included. NaN stays.
#[inline(always)]
pub fn sigmoid<I: Isa>(isa: I, x: I::F32) -> I::F32 {
    // With e = e^-|x| <= 1: 1 / (1 + e) for x >= 0 and e / (1 + e) for x < 0, so that nothing overflows.
    let one = isa.splat(1.0);
    let e = exp(isa, isa.neg(isa.abs(x)));
    let top = isa.select(isa.lt(x, isa.splat(0.0)), e, one);
    isa.div(top, isa.add(one, e))
}
