//! The small shapes that patterns are made of. Everything is asked of a value: what makes it, and from what.

use fastserve_ir::{Graph, Node, ValueId};
use fastserve_kernels::elementwise::{BinaryOp, UnaryOp};
use fastserve_kernels::epilogue::Activation;
use fastserve_ops::ops::binary::Binary;
use fastserve_ops::ops::clip::{Clip, bounds};
use fastserve_ops::ops::unary::Unary;

use crate::util::{input, producer_as};

/// Products are taken apart to this depth: patterns are small, and what a value is made of may be a whole model.
const DEPTH: usize = 4;

/// The node that makes a value, if its operator is called `name`.
pub(crate) fn made_by<'g>(g: &'g Graph, value: ValueId, name: &str) -> Option<&'g Node> {
    g.producer(value).map(|(_, node)| node).filter(|node| node.op.name() == name)
}

/// The operands of `a op b`.
pub(crate) fn binary(g: &Graph, value: ValueId, op: BinaryOp) -> Option<(ValueId, ValueId)> {
    let (_, node, found) = producer_as::<Binary>(g, value)?;
    if found.0 == op { input(node, 0).zip(input(node, 1)) } else { None }
}

/// The operands of `a op b`, both ways round.
pub(crate) fn either_way(g: &Graph, value: ValueId, op: BinaryOp) -> impl Iterator<Item = (ValueId, ValueId)> + use<> {
    binary(g, value, op).into_iter().flat_map(|(a, b)| [(a, b), (b, a)])
}

/// The operand of a function of one element.
pub(crate) fn unary(g: &Graph, value: ValueId, op: UnaryOp) -> Option<ValueId> {
    let (_, node, found) = producer_as::<Unary>(g, value)?;
    if found.0 == op { input(node, 0) } else { None }
}

/// The number that a constant of one f32 element is.
pub(crate) fn scalar(g: &Graph, value: ValueId) -> Option<f64> {
    match g.constant(value)?.as_slice::<f32>() {
        Ok(&[one]) => Some(one.into()),
        _ => None,
    }
}

/// `(x, c)` of `x op c`, either way round, with a constant `c` of one element.
pub(crate) fn with_scalar(g: &Graph, value: ValueId, op: BinaryOp) -> Option<(ValueId, f64)> {
    either_way(g, value, op).find_map(|(x, c)| Some((x, scalar(g, c)?)))
}

/// `(x, n)` of `x ^ n`, and of `x · x`.
pub(crate) fn power(g: &Graph, value: ValueId) -> Option<(ValueId, f64)> {
    if let Some(node) = made_by(g, value, "Pow") {
        return input(node, 0).zip(scalar(g, input(node, 1)?));
    }
    binary(g, value, BinaryOp::Mul).filter(|(a, b)| a == b).map(|(a, _)| (a, 2.0))
}

/// `(x, min, max)` of a clip with constant bounds.
pub(crate) fn clip(g: &Graph, value: ValueId) -> Option<(ValueId, f64, f64)> {
    if let Some((_, node, Unary(UnaryOp::Activation(Activation::Clip { min, max })))) = producer_as::<Unary>(g, value) {
        return input(node, 0).map(|x| (x, f64::from(*min), f64::from(*max)));
    }
    let (_, node, _) = producer_as::<Clip>(g, value)?;
    let facts: Vec<_> = node.inputs.iter().map(|v| v.map(|v| g.fact(v))).collect();
    let (min, max) = bounds(&fastserve_ir::Inputs(&facts))?;
    input(node, 0).map(|x| (x, min.into(), max.into()))
}

/// Whether a model's constant is meant to be this number: exporters write some in f32, some as decimals.
pub(crate) fn near(a: f64, b: f64) -> bool {
    (a - b).abs() <= 1e-5 * b.abs()
}

/// A product taken apart: factors, divisors, and the product of its numbers.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct Product {
    pub(crate) above: Vec<ValueId>,
    pub(crate) below: Vec<ValueId>,
    pub(crate) scale: f64,
}

impl Product {
    /// The product that a value is; the values of `whole` are not taken apart.
    pub(crate) fn of(g: &Graph, value: ValueId, whole: &[ValueId]) -> Self {
        let mut product = Self { scale: 1.0, ..Self::default() };
        product.split(g, value, whole, DEPTH, false);
        product
    }

    fn split(&mut self, g: &Graph, value: ValueId, whole: &[ValueId], depth: usize, inverse: bool) {
        if let Some(c) = scalar(g, value) {
            self.scale *= if inverse { 1.0 / c } else { c };
            return;
        }
        let inner = if depth == 0 || whole.contains(&value) { None } else { Some(depth - 1) };
        let mul = inner.and_then(|d| Some((d, binary(g, value, BinaryOp::Mul)?, false)));
        let div = || inner.and_then(|d| Some((d, binary(g, value, BinaryOp::Div)?, true)));
        match mul.or_else(div) {
            Some((depth, (a, b), divided)) => {
                self.split(g, a, whole, depth, inverse);
                self.split(g, b, whole, depth, inverse != divided);
            }
            None if inverse => self.below.push(value),
            None => self.above.push(value),
        }
    }

    /// Whether this is `scale` times these factors, in any order.
    pub(crate) fn is(&self, scale: f64, factors: &[ValueId]) -> bool {
        let mut want = factors.to_vec();
        want.sort();
        let mut have = self.above.clone();
        have.sort();
        near(self.scale, scale) && self.below.is_empty() && have == want
    }
}
