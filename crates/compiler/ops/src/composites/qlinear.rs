//! Operators of com.microsoft over codes that compute as their namesakes do over numbers.

use fastserve_ir::{Attrs, Builder, ComposeError, ShapeError, ValueId};

use super::parts::{opt, req};
use super::quantized::{dequantize, quantize};
use crate::def::CompositeDef;

pub(crate) const DEFS: &[CompositeDef] = &[
    CompositeDef { name: "com.microsoft.QLinearAdd", since: 1, compose: |b, attrs, inputs| binary(b, "Add", attrs, inputs) },
    CompositeDef { name: "com.microsoft.QLinearAveragePool", since: 1, compose: |b, attrs, inputs| pool(b, "AveragePool", attrs, inputs) },
    CompositeDef { name: "com.microsoft.QLinearConcat", since: 1, compose: concat },
    CompositeDef {
        name: "com.microsoft.QLinearGlobalAveragePool",
        since: 1,
        compose: |b, attrs, inputs| pool(b, "GlobalAveragePool", attrs, inputs),
    },
    CompositeDef { name: "com.microsoft.QLinearLeakyRelu", since: 1, compose: |b, attrs, inputs| unary(b, "LeakyRelu", attrs, inputs) },
    CompositeDef { name: "com.microsoft.QLinearMul", since: 1, compose: |b, attrs, inputs| binary(b, "Mul", attrs, inputs) },
    CompositeDef { name: "com.microsoft.QLinearSigmoid", since: 1, compose: |b, attrs, inputs| unary(b, "Sigmoid", attrs, inputs) },
    CompositeDef { name: "com.microsoft.QLinearSoftmax", since: 1, compose: softmax },
];

type Made = Result<Vec<ValueId>, ComposeError>;

/// Inputs are A, its scale and zero point, B, its scale and zero point, the result's scale and zero point.
fn binary(b: &mut Builder<'_>, op: &str, attrs: &Attrs, inputs: &[Option<ValueId>]) -> Made {
    let left = dequantize(b, req(inputs, 0)?, req(inputs, 1)?, opt(inputs, 2))?;
    let right = dequantize(b, req(inputs, 3)?, req(inputs, 4)?, opt(inputs, 5))?;
    let y = b.part(op, attrs.clone(), &[left, right])?;
    let dtype = b.fact(req(inputs, 0)?).dtype;
    Ok(vec![quantize(b, y, req(inputs, 6)?, opt(inputs, 7), dtype)?])
}

/// Inputs are X, its scale and zero point, the result's scale and zero point.
fn around(
    b: &mut Builder<'_>,
    inputs: &[Option<ValueId>],
    inner: impl FnOnce(&mut Builder<'_>, ValueId) -> Result<ValueId, ComposeError>,
) -> Made {
    let x = dequantize(b, req(inputs, 0)?, req(inputs, 1)?, opt(inputs, 2))?;
    let y = inner(b, x)?;
    let dtype = b.fact(req(inputs, 0)?).dtype;
    Ok(vec![quantize(b, y, req(inputs, 3)?, opt(inputs, 4), dtype)?])
}

fn unary(b: &mut Builder<'_>, op: &str, attrs: &Attrs, inputs: &[Option<ValueId>]) -> Made {
    around(b, inputs, |b, x| b.part(op, attrs.clone(), &[x]))
}

fn without(attrs: &Attrs, names: &[&str]) -> Attrs {
    let mut kept = Attrs::new();
    attrs.iter().filter(|(name, _)| !names.contains(name)).for_each(|(name, value)| kept.set(name, value.clone()));
    kept
}

fn pool(b: &mut Builder<'_>, op: &str, attrs: &Attrs, inputs: &[Option<ValueId>]) -> Made {
    let last = attrs.flag("channels_last", false)?;
    let own = without(attrs, &["channels_last"]);
    around(b, inputs, |b, x| {
        let rank = b.fact(x).rank() as i64;
        if !last || rank < 3 {
            return b.part(op, own, &[x]);
        }
        let to: Vec<i64> = [0, rank - 1].into_iter().chain(1..rank - 1).collect();
        let back: Vec<i64> = [0].into_iter().chain(2..rank).chain([1]).collect();
        let first = b.part("Transpose", Attrs::new().with_ints("perm", to), &[x])?;
        let y = b.part(op, own, &[first])?;
        b.part("Transpose", Attrs::new().with_ints("perm", back), &[y])
    })
}

/// Before opset 13 all axes from `axis` on were one.
fn softmax(b: &mut Builder<'_>, attrs: &Attrs, inputs: &[Option<ValueId>]) -> Made {
    attrs.only(&["axis", "opset"])?;
    let flat = attrs.int_or("opset", 13)? < 13;
    let axis = attrs.int_or("axis", -1)?;
    around(b, inputs, |b, x| {
        let own = Attrs::new().with_int("axis", axis);
        b.part("Softmax", if flat { own.with_int("fs.flatten", 1) } else { own }, &[x])
    })
}

/// Inputs are the result's scale and zero point, then each operand with its scale and zero point.
fn concat(b: &mut Builder<'_>, attrs: &Attrs, inputs: &[Option<ValueId>]) -> Made {
    let (scale, zero) = (req(inputs, 0)?, opt(inputs, 1));
    let mut parts = Vec::new();
    for (i, three) in inputs.get(2..).unwrap_or_default().chunks(3).enumerate() {
        let (x, scale) = (req(three, 0)?, three.get(1).copied().flatten().ok_or(ShapeError::MissingInput(3 * i + 3))?);
        parts.push(dequantize(b, x, scale, opt(three, 2))?);
    }
    let y = b.part("Concat", attrs.clone(), &parts)?;
    let dtype = b.fact(req(inputs, 2)?).dtype;
    Ok(vec![quantize(b, y, scale, zero, dtype)?])
}
