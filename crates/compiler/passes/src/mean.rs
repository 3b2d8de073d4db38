//! Means, squares and variances as exporters write them: parts of normalisations.

use std::ops::Range;

use fastserve_ir::{Dim, Graph, Node, ValueId, normalize_axis};
use fastserve_kernels::elementwise::{BinaryOp, UnaryOp};

use crate::pattern::{binary, either_way, made_by, near, power, scalar, unary, with_scalar};
use crate::util::input;

/// A mean over neighbouring axes of a value.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Mean {
    /// Of what.
    pub(crate) of: ValueId,
    /// The axes.
    pub(crate) axes: Range<usize>,
}

/// The mean that a value is: a ReduceMean, or a ReduceSum over the number of elements, extents of 1 added or not.
pub(crate) fn mean(g: &Graph, value: ValueId) -> Option<Mean> {
    let value = spread(g, value);
    if let Some(node) = made_by(g, value, "ReduceMean") {
        return reduced(g, node);
    }
    let divided = || binary(g, value, BinaryOp::Div).and_then(|(x, n)| Some((x, 1.0 / scalar(g, n)?)));
    let (sum, factor) = with_scalar(g, value, BinaryOp::Mul).or_else(divided)?;
    let mean = reduced(g, made_by(g, spread(g, sum), "ReduceSum")?)?;
    let count: usize = g.fact(mean.of).shape.get(mean.axes.clone())?.iter().map(Dim::known).product::<Option<usize>>()?;
    near(factor * count as f64, 1.0).then_some(mean)
}

/// The value before nodes that only add or drop extents of 1, or repeat along them.
fn spread(g: &Graph, mut value: ValueId) -> ValueId {
    let others = |v: ValueId| g.fact(v).shape.iter().filter(|d| d.known() != Some(1)).cloned().collect::<Vec<Dim>>();
    for _ in 0..4 {
        let Some((_, node)) = g.producer(value) else { return value };
        let Some(x) = input(node, 0) else { return value };
        let renames = matches!(node.op.name(), "Reshape" | "Unsqueeze" | "Squeeze" | "Expand") && others(x) == others(value);
        if !renames {
            return value;
        }
        value = x;
    }
    value
}

/// What a reduction takes, if its axes are neighbours.
fn reduced(g: &Graph, node: &Node) -> Option<Mean> {
    let of = input(node, 0)?;
    let rank = g.fact(of).rank();
    let mut axes: Vec<usize> = axes(g, node)?.iter().map(|&a| normalize_axis(a, rank).ok()).collect::<Option<_>>()?;
    axes.sort_unstable();
    let range = *axes.first()?..*axes.last()? + 1;
    axes.into_iter().eq(range.clone()).then_some(Mean { of, axes: range })
}

fn axes(g: &Graph, node: &Node) -> Option<Vec<i64>> {
    let attrs = node.op.attrs();
    let attr = ["axes", "fs.axes"].iter().find_map(|name| attrs.ints(name).ok().flatten());
    attr.or_else(|| g.constant(input(node, 1)?)?.as_slice::<i64>().ok().map(<[i64]>::to_vec))
}

/// `x` of `x²`.
pub(crate) fn square(g: &Graph, value: ValueId) -> Option<ValueId> {
    power(g, value).filter(|(_, n)| *n == 2.0).map(|(x, _)| x)
}

/// The mean of squares that a value is.
pub(crate) fn mean_square(g: &Graph, value: ValueId) -> Option<Mean> {
    let outer = mean(g, value)?;
    square(g, outer.of).map(|of| Mean { of, ..outer })
}

/// What is taken from its own mean: `x` and the mean of `x − mean(x)`.
pub(crate) fn centred(g: &Graph, value: ValueId) -> Option<Mean> {
    let (x, m) = binary(g, value, BinaryOp::Sub)?;
    mean(g, m).filter(|mean| mean.of == x)
}

/// The value whose variance a value is: the mean of the squares of its distance from the mean, or the mean of its squares less
/// the square of the mean, kept from falling below 0 or not.
pub(crate) fn variance(g: &Graph, value: ValueId) -> Option<Mean> {
    let value = spread(g, value);
    if let Some(outer) = mean_square(g, value) {
        return centred(g, outer.of).filter(|m| m.axes == outer.axes);
    }
    let value = not_negative(g, value);
    let (squares, squared) = binary(g, value, BinaryOp::Sub)?;
    let (squares, mean) = (mean_square(g, squares)?, mean(g, square(g, squared)?)?);
    (squares == mean).then_some(mean)
}

/// `x` of `max(x, 0)`; else the value.
fn not_negative(g: &Graph, value: ValueId) -> ValueId {
    let is_zero = |v: ValueId| scalar(g, v) == Some(0.0);
    let variadic = made_by(g, value, "Max").filter(|n| n.inputs.len() == 2).and_then(|n| input(n, 0).zip(input(n, 1)));
    let pair = variadic.into_iter().flat_map(|(a, b)| [(a, b), (b, a)]).chain(either_way(g, value, BinaryOp::Max));
    pair.into_iter().find(|&(_, zero)| is_zero(zero)).map_or(value, |(x, _)| x)
}

/// `(v, ε)` of `√(v + ε)`.
pub(crate) fn root(g: &Graph, value: ValueId) -> Option<(ValueId, f64)> {
    with_scalar(g, unary(g, spread(g, value), UnaryOp::Sqrt)?, BinaryOp::Add)
}

/// `(v, ε)` of `1 / √(v + ε)`.
pub(crate) fn inverse_root(g: &Graph, value: ValueId) -> Option<(ValueId, f64)> {
    let value = spread(g, value);
    if let Some(x) = unary(g, value, UnaryOp::Reciprocal) {
        return root(g, x);
    }
    if let Some((one, x)) = binary(g, value, BinaryOp::Div) {
        return if scalar(g, one) == Some(1.0) { root(g, x) } else { None };
    }
    power(g, value).filter(|(_, n)| *n == -0.5).and_then(|(x, _)| with_scalar(g, x, BinaryOp::Add))
}
