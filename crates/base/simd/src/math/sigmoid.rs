use super::exp;
use crate::Isa;

/// `1 / (1 + e^-x)`, within 2 ULP, denormal results included. NaN stays.
#[inline(always)]
pub fn sigmoid<I: Isa>(isa: I, x: I::F32) -> I::F32 {
    // With e = e^-|x| <= 1: 1 / (1 + e) for x >= 0 and e / (1 + e) for x < 0, so that nothing overflows. The latter is
    // e - e * (e / (1 + e)), where the roundings of the quotient count e times as much.
    let one = isa.splat(1.0);
    let negative = isa.lt(x, isa.splat(0.0));
    let e = exp(isa, isa.neg(isa.abs(x)));
    let quotient = isa.div(isa.select(negative, e, one), isa.add(one, e));
    isa.select(negative, isa.fma(isa.neg(e), quotient, e), quotient)
}
