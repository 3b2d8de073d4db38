//! SkipLayerNormalization and SkipSimplifiedLayerNormalization of com.microsoft, and SimplifiedLayerNormalization: rows normalised, after
//! a residual is added.

use fastserve_ir::{AttrError, Attrs, Builder, ComposeError, ValueId};
use fastserve_tensor::Tensor;

use super::parts::{extents, first, float, join, number, opt, plus, req, wrong};
use crate::def::CompositeDef;

pub(crate) const DEFS: &[CompositeDef] = &[
    CompositeDef { name: "SimplifiedLayerNormalization", since: 1, compose: simplified },
    CompositeDef { name: "com.microsoft.SkipLayerNormalization", since: 1, compose: centred },
    CompositeDef { name: "com.microsoft.SkipSimplifiedLayerNormalization", since: 1, compose: uncentred },
];

type Made = Result<Vec<ValueId>, ComposeError>;

/// X, the residual and a bias, added.
fn sum(b: &mut Builder<'_>, inputs: &[Option<ValueId>], bias: usize) -> Result<ValueId, ComposeError> {
    let (x, skip) = (req(inputs, 0)?, req(inputs, 1)?);
    if b.fact(skip).rank() > b.fact(x).rank() {
        return Err(wrong("the residual does not fit"));
    }
    let sum = join(b, "Add", x, skip)?;
    plus(b, sum, opt(inputs, bias))
}

fn norm(attrs: &Attrs, axis: i64, epsilon: f32) -> Result<Attrs, ComposeError> {
    Ok(Attrs::new().with_int("axis", axis).with_float("epsilon", attrs.float_or("epsilon", epsilon)?))
}

/// Inputs are X, the residual, scale, shift and a bias; outputs the result, means, inverse deviations and the sum.
fn centred(b: &mut Builder<'_>, attrs: &Attrs, inputs: &[Option<ValueId>]) -> Made {
    attrs.only(&["epsilon"])?;
    let x = sum(b, inputs, 4)?;
    let norm = norm(attrs, -1, 1e-12)?;
    let operands = [Some(x), opt(inputs, 2), opt(inputs, 3)];
    let y = first(b.parts("LayerNormalization", norm.clone(), &operands, 1)?)?;
    if !b.asks(1) && !b.asks(2) {
        return Ok(vec![y, y, y, x]);
    }
    let made = b.parts("LayerNormalization", norm, &operands, 3)?;
    Ok([&[y], made.get(1..3).unwrap_or_default(), &[x]].concat())
}

/// Inputs are X, the residual, the scale and a bias; outputs as those of the centred one, with means of 0.
fn uncentred(b: &mut Builder<'_>, attrs: &Attrs, inputs: &[Option<ValueId>]) -> Made {
    attrs.only(&["epsilon"])?;
    let x = sum(b, inputs, 3)?;
    let norm = norm(attrs, -1, 1e-12)?;
    let y = b.part("RMSNormalization", norm.clone(), &[x, req(inputs, 2)?])?;
    if !b.asks(1) && !b.asks(2) {
        return Ok(vec![y, y, y, x]);
    }
    let factors = factors(b, x, &norm)?;
    let shape = extents(b, factors, 0, b.fact(factors).rank())?;
    let zeros = b.part("ConstantOfShape", Attrs::new().with_tensor("value", Tensor::from_slice(&[1], &[0f32])?), &[shape])?;
    Ok(vec![y, zeros, factors, x])
}

/// RMSNormalization by its older name: inputs are X and the scale; outputs the result and the inverse deviations.
fn simplified(b: &mut Builder<'_>, attrs: &Attrs, inputs: &[Option<ValueId>]) -> Made {
    attrs.only(&["axis", "epsilon", "stash_type"])?;
    if attrs.int_or("stash_type", 1)? != 1 {
        return Err(AttrError::value("stash_type", "expected 1, f32").into());
    }
    let x = req(inputs, 0)?;
    let norm = norm(attrs, attrs.int_or("axis", -1)?, 1e-5)?;
    let y = b.part("RMSNormalization", norm.clone(), &[x, req(inputs, 1)?])?;
    if !b.asks(1) {
        return Ok(vec![y]);
    }
    Ok(vec![y, factors(b, x, &norm)?])
}

/// One over the root of each row's mean square.
fn factors(b: &mut Builder<'_>, x: ValueId, norm: &Attrs) -> Result<ValueId, ComposeError> {
    let rank = b.fact(x).rank();
    let axis = fastserve_ir::normalize_axis(norm.int_or("axis", -1)?, rank)?;
    let x = float(b, x)?;
    let squares = join(b, "Mul", x, x)?;
    let axes = b.ints(&(axis as i64..rank as i64).collect::<Vec<_>>())?;
    let mean = b.part("ReduceMean", Attrs::new(), &[squares, axes])?;
    let epsilon = number(b, norm.float_or("epsilon", 0.0)?, fastserve_tensor::DType::F32)?;
    let moved = join(b, "Add", mean, epsilon)?;
    let root = b.part("Sqrt", Attrs::new(), &[moved])?;
    b.part("Reciprocal", Attrs::new(), &[root])
}
