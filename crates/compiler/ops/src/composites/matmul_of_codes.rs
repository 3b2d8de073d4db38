//! QLinearMatMul, and of com.microsoft DynamicQuantizeMatMul and MatMulIntegerToFloat: products of codes.

use fastserve_ir::{Attrs, Builder, ComposeError, ValueId};

use super::parts::{first, float, opt, req};
use super::quantized::{rows, saturate};
use crate::def::CompositeDef;

pub(crate) const DEFS: &[CompositeDef] = &[
    CompositeDef { name: "QLinearMatMul", since: 10, compose: qlinear },
    CompositeDef { name: "com.microsoft.DynamicQuantizeMatMul", since: 1, compose: dynamic },
    CompositeDef { name: "com.microsoft.MatMulIntegerToFloat", since: 1, compose: to_float },
];

/// A, B, and their zero points.
fn product(b: &mut Builder<'_>, operands: [Option<ValueId>; 4]) -> Result<ValueId, ComposeError> {
    let sums = first(b.parts("MatMulInteger", Attrs::new(), &operands, 1)?)?;
    float(b, sums)
}

fn qlinear(b: &mut Builder<'_>, attrs: &Attrs, inputs: &[Option<ValueId>]) -> Result<Vec<ValueId>, ComposeError> {
    attrs.only(&[])?;
    let (scale_a, scale_b, scale_y) = (req(inputs, 1)?, req(inputs, 4)?, req(inputs, 6)?);
    let sums = product(b, [opt(inputs, 0), opt(inputs, 3), opt(inputs, 2), opt(inputs, 5)])?;
    let (scale_a, scale_b, scale_y) = (float(b, scale_a)?, float(b, scale_b)?, float(b, scale_y)?);
    let scale_a = rows(b, scale_a)?;
    let scale_y = rows(b, scale_y)?;
    let both = b.part("Mul", Attrs::new(), &[scale_a, scale_b])?;
    let factor = b.part("Div", Attrs::new(), &[both, scale_y])?;
    let scaled = b.part("Mul", Attrs::new(), &[sums, factor])?;
    let dtype = b.fact(req(inputs, 7)?).dtype;
    Ok(vec![saturate(b, scaled, opt(inputs, 7), dtype)?])
}

fn scaled(b: &mut Builder<'_>, sums: ValueId, scales: [ValueId; 2], bias: Option<ValueId>) -> Result<ValueId, ComposeError> {
    let factor = b.part("Mul", Attrs::new(), &scales)?;
    let y = b.part("Mul", Attrs::new(), &[sums, factor])?;
    bias.map_or(Ok(y), |bias| b.part("Add", Attrs::new(), &[y, bias]))
}

fn to_float(b: &mut Builder<'_>, attrs: &Attrs, inputs: &[Option<ValueId>]) -> Result<Vec<ValueId>, ComposeError> {
    attrs.only(&[])?;
    let sums = product(b, [opt(inputs, 0), opt(inputs, 1), opt(inputs, 4), opt(inputs, 5)])?;
    Ok(vec![scaled(b, sums, [req(inputs, 2)?, req(inputs, 3)?], opt(inputs, 6))?])
}

fn dynamic(b: &mut Builder<'_>, attrs: &Attrs, inputs: &[Option<ValueId>]) -> Result<Vec<ValueId>, ComposeError> {
    attrs.only(&[])?;
    let made = b.parts("DynamicQuantizeLinear", Attrs::new(), &[opt(inputs, 0)], 3)?;
    let sums = product(b, [made_at(&made, 0), opt(inputs, 1), made_at(&made, 2), opt(inputs, 3)])?;
    let scale = made_at(&made, 1).ok_or(fastserve_ir::ShapeError::MissingInput(0))?;
    Ok(vec![scaled(b, sums, [scale, req(inputs, 2)?], opt(inputs, 4))?])
}

fn made_at(made: &[ValueId], i: usize) -> Option<ValueId> {
    made.get(i).copied()
}
