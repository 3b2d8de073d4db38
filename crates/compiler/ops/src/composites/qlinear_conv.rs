//! QLinearConv: a convolution of codes.

use fastserve_ir::{Attrs, Builder, ComposeError, ValueId};

use super::parts::{column, first, float, opt, req};
use super::quantized::saturate;
use crate::def::CompositeDef;

pub(crate) const DEFS: &[CompositeDef] = &[CompositeDef { name: "QLinearConv", since: 10, compose }];

fn compose(b: &mut Builder<'_>, attrs: &Attrs, inputs: &[Option<ValueId>]) -> Result<Vec<ValueId>, ComposeError> {
    let operands = [opt(inputs, 0), opt(inputs, 3), opt(inputs, 2), opt(inputs, 5)];
    let mut sums = first(b.parts("ConvInteger", attrs.clone(), &operands, 1)?)?;
    let space = b.fact(sums).rank().saturating_sub(2);
    if let Some(bias) = opt(inputs, 8) {
        let bias = column(b, bias, space)?;
        sums = b.part("Add", Attrs::new(), &[sums, bias])?;
    }
    let sums = float(b, sums)?;
    let scale_w = column(b, req(inputs, 4)?, space)?;
    let both = b.part("Mul", Attrs::new(), &[req(inputs, 1)?, scale_w])?;
    let factor = b.part("Div", Attrs::new(), &[both, req(inputs, 6)?])?;
    let scaled = b.part("Mul", Attrs::new(), &[sums, factor])?;
    let dtype = b.fact(req(inputs, 7)?).dtype;
    Ok(vec![saturate(b, scaled, opt(inputs, 7), dtype)?])
}
