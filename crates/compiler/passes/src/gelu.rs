//! Recognises GELU.

use std::f64::consts::{FRAC_1_SQRT_2, FRAC_2_PI};

use fastserve_ir::{EditError, Graph, GraphEdit, NodeId, ValueId};
use fastserve_kernels::elementwise::{BinaryOp, UnaryOp};
use fastserve_kernels::epilogue::Activation;
use fastserve_ops::ops::unary::Unary;

use crate::pattern::{Product, either_way, near, power, unary, with_scalar};
use crate::util::{activation, alike, count_written, op, used_output};
use crate::{Pass, PassCx};

/// `x / 2 · (1 + erf(x / √2))` and `x / 2 · (1 + tanh(√(2/π) · (x + 0.044715 · x³)))`, their factors in any order, to one
/// function (Hendrycks and Gimpel 2016, sections 2 and 3).
pub struct Gelu;

/// The factor of the cube in the form with tanh.
const CUBE: f64 = 0.044_715;

impl Pass for Gelu {
    fn name(&self) -> &'static str {
        "gelu"
    }

    fn run(&self, g: &mut GraphEdit<'_>, _: &PassCx) -> Result<(), EditError> {
        count_written(g, |node| match activation(node) {
            Some(Activation::Gelu | Activation::GeluTanh) => Some("GELU"),
            _ => None,
        });
        for id in g.node_ids() {
            let Some((x, tanh)) = find(g.graph(), id) else { continue };
            let activation = if tanh { Activation::GeluTanh } else { Activation::Gelu };
            g.replace_node(id, op(Unary(UnaryOp::Activation(activation))), vec![Some(x)])?;
            g.found("GELU", id);
        }
        Ok(())
    }
}

/// `x`, and whether the form is that with tanh.
fn find(g: &Graph, id: NodeId) -> Option<(ValueId, bool)> {
    let y = used_output(g, id)?;
    let (gate, function, half) = Product::of(g, y, &[]).above.iter().find_map(|&v| gate(g, v))?;
    let (x, tanh) = erf_of(g, function).map(|x| (x, false)).or_else(|| tanh_of(g, function).map(|x| (x, true)))?;
    (Product::of(g, y, &[x, gate]).is(half, &[x, gate]) && alike(g, x, y)).then_some((x, tanh))
}

/// The gate, the function in it, and what the product is besides: `(1 + f, f, 1/2)`, or `(c + c · f, f, 1/2c)`.
fn gate(g: &Graph, value: ValueId) -> Option<(ValueId, ValueId, f64)> {
    let (inner, one) = with_scalar(g, value, BinaryOp::Add)?;
    if one == 1.0 {
        return Some((value, inner, 0.5));
    }
    let product = Product::of(g, inner, &[]);
    let [function] = product.above[..] else { return None };
    product.is(one, &[function]).then_some((value, function, 0.5 / one))
}

/// `x` of `erf(x / √2)`.
fn erf_of(g: &Graph, value: ValueId) -> Option<ValueId> {
    let inner = unary(g, value, UnaryOp::Erf)?;
    let by = |op| with_scalar(g, inner, op);
    let (x, scale) = by(BinaryOp::Mul).or_else(|| by(BinaryOp::Div).map(|(x, c)| (x, 1.0 / c)))?;
    near(scale, FRAC_1_SQRT_2).then_some(x)
}

/// `x` of `tanh(√(2/π) · (x + 0.044715 · x³))`, or of `tanh(√(2/π) · x · (1 + 0.044715 · x²))`.
fn tanh_of(g: &Graph, value: ValueId) -> Option<ValueId> {
    let inner = unary(g, value, UnaryOp::Activation(Activation::Tanh))?;
    let factors = Product::of(g, inner, &[]).above;
    let cubic = |&sum: &ValueId| {
        let whole = Product::of(g, inner, &[sum]);
        whole
            .is(FRAC_2_PI.sqrt(), &[sum])
            .then(|| either_way(g, sum, BinaryOp::Add).find(|&(x, w)| is_power(g, w, x, CUBE, 3)))?
            .map(|(x, _)| x)
    };
    factors.iter().find_map(cubic).or_else(|| factors.iter().find_map(|&sum| horner(g, inner, sum)))
}

/// `x` of `√(2/π) · x · (1 + 0.044715 · x²)`, where `sum` is the last factor.
fn horner(g: &Graph, product: ValueId, sum: ValueId) -> Option<ValueId> {
    let (square, one) = with_scalar(g, sum, BinaryOp::Add)?;
    let x = Product::of(g, product, &[sum]).above.into_iter().find(|&x| x != sum)?;
    let whole = Product::of(g, product, &[sum, x]);
    (one == 1.0 && whole.is(FRAC_2_PI.sqrt(), &[sum, x]) && is_power(g, square, x, CUBE, 2)).then_some(x)
}

/// Whether a value is `scale · x^n`.
fn is_power(g: &Graph, value: ValueId, x: ValueId, scale: f64, n: usize) -> bool {
    let product = Product::of(g, value, &[x]);
    let exponent = |v: ValueId| if v == x { Some(1.0) } else { power(g, v).filter(|(base, _)| *base == x).map(|(_, n)| n) };
    let total: Option<f64> = product.above.iter().map(|&v| exponent(v)).sum();
    product.below.is_empty() && near(product.scale, scale) && total == Some(n as f64)
}
