//! Operands of attention as exporters bring them about: transposed, scaled, cut out of one projection, heads folded into the batch.

use fastserve_ir::{Dim, Graph, Node, ValueId, normalize_axis};
use fastserve_kernels::elementwise::BinaryOp;
use fastserve_ops::ops::transpose::Transpose;

use crate::pattern::{binary, made_by, scalar};
use crate::util::{input, producer_as};

/// How many nodes an operand is followed up.
const REACH: usize = 12;

/// A tensor read in another order: axis `i` of the operand is axis `order[i]` of `of`, where an axis that is left out is read at `place`.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Operand {
    pub(crate) of: ValueId,
    pub(crate) order: Vec<usize>,
    pub(crate) place: usize,
    /// What it is multiplied by.
    pub(crate) scale: f64,
}

impl Operand {
    /// The operand that a value is, as far up as nodes only move, scale and rename. With `unfold`, heads that a Reshape folded into the
    /// batch are an axis of their own; without `scales`, factors stay where they are.
    pub(crate) fn of(g: &Graph, value: ValueId, unfold: bool, scales: bool) -> Self {
        let mut operand = Operand { of: value, order: (0..g.fact(value).rank()).collect(), place: 0, scale: 1.0 };
        for _ in 0..REACH {
            if g.constant(operand.of).is_some() || !operand.step(g, unfold, scales) {
                break;
            }
        }
        operand
    }

    /// Goes behind the node that makes the tensor; whether it could.
    fn step(&mut self, g: &Graph, unfold: bool, scales: bool) -> bool {
        if let Some((x, factor)) = scaled(g, self.of).filter(|_| scales) {
            (self.of, self.scale) = (x, self.scale * factor);
            return true;
        }
        if let Some(x) = same(g, self.of) {
            self.of = x;
            return true;
        }
        if let Some((x, perm)) = transposed(g, self.of).or_else(|| swapped(g, self.of)) {
            self.order.iter_mut().for_each(|axis| *axis = perm[*axis]);
            self.of = x;
            return true;
        }
        self.picked(g) || unfold && self.unfolded(g)
    }

    /// One place of an axis: `Squeeze(Slice(x))`, or Gather with one index.
    fn picked(&mut self, g: &Graph) -> bool {
        let rank = g.fact(self.of).rank();
        let Some((x, axis, place)) = pick(g, self.of).filter(|_| self.order.len() == rank) else { return false };
        self.order.iter_mut().filter(|a| **a >= axis).for_each(|a| *a += 1);
        (self.of, self.place) = (x, place);
        true
    }

    /// `[B, H, …]` where a Reshape made `[B·H, …]` of it.
    fn unfolded(&mut self, g: &Graph) -> bool {
        let Some(x) = folded(g, self.of).filter(|_| self.order.len() == 3 && self.order[0] == 0) else { return false };
        self.order = [0, 1].into_iter().chain(self.order[1..].iter().map(|axis| axis + 1)).collect();
        self.of = x;
        true
    }

    /// Its extents.
    pub(crate) fn dims(&self, g: &Graph) -> Vec<Dim> {
        self.order.iter().map(|&axis| g.fact(self.of).shape[axis].clone()).collect()
    }

    /// The last two axes the other way round.
    pub(crate) fn turned(mut self) -> Self {
        let rank = self.order.len();
        self.order.swap(rank - 2, rank - 1);
        self
    }
}

/// `x` and the factor of a product with a number.
pub(crate) fn scaled(g: &Graph, value: ValueId) -> Option<(ValueId, f64)> {
    let by = |op| binary(g, value, op);
    let times = by(BinaryOp::Mul).and_then(|(a, b)| scalar(g, b).map(|c| (a, c)).or_else(|| scalar(g, a).map(|c| (b, c))));
    let over = || by(BinaryOp::Div).and_then(|(a, b)| scalar(g, b).map(|c| (a, 1.0 / c)));
    times.or_else(over).filter(|(x, _)| g.fact(*x).rank() == g.fact(value).rank())
}

/// The value before nodes that hand it on.
pub(crate) fn same(g: &Graph, value: ValueId) -> Option<ValueId> {
    let (_, node) = g.producer(value)?;
    let through = matches!(node.op.name(), "Identity" | "Dropout" | "Cast") && node.outputs.first() == Some(&value);
    input(node, 0).filter(|&x| through && g.fact(x).dtype == g.fact(value).dtype)
}

fn transposed(g: &Graph, value: ValueId) -> Option<(ValueId, Vec<usize>)> {
    let (_, node, transpose) = producer_as::<Transpose>(g, value)?;
    let x = input(node, 0)?;
    let rank = g.fact(x).rank();
    Some((x, (0..rank).map(|i| transpose.axis(i, rank)).collect()))
}

/// `x` of a Reshape.
pub(crate) fn reshaped(g: &Graph, value: ValueId) -> Option<ValueId> {
    made_by(g, value, "Reshape").and_then(|node| input(node, 0))
}

/// The last two axes swapped with all axes before them folded into one meanwhile, as PyTorch's exporter writes keys.
fn swapped(g: &Graph, value: ValueId) -> Option<(ValueId, Vec<usize>)> {
    let (inner, perm) = transposed(g, reshaped(g, value)?)?;
    let x = reshaped(g, inner)?;
    let (from, to) = (&g.fact(x).shape, &g.fact(value).shape);
    let rank = from.len();
    let mut order: Vec<usize> = (0..rank).collect();
    order.swap(rank.checked_sub(2)?, rank - 1);
    let is = perm == [0, 2, 1] && to.len() == rank && order.iter().zip(to).all(|(&axis, dim)| from[axis] == *dim);
    (is && g.fact(inner).shape[1..] == from[rank - 2..]).then_some((x, order))
}

/// `x`, the axis and the place where a value is one place of an axis of `x`, without that axis.
fn pick(g: &Graph, value: ValueId) -> Option<(ValueId, usize, usize)> {
    let (_, node) = g.producer(value)?;
    if node.op.name() == "Gather" {
        return gathered(g, node);
    }
    let cut = input(node, 0)?;
    let (_, slice) = g.producer(cut)?;
    let x = input(slice, 0)?;
    let axis = dropped(g, cut, value)?;
    let whole = |i: usize| i == axis || g.fact(cut).shape[i] == g.fact(x).shape[i];
    let fits =
        matches!(node.op.name(), "Squeeze" | "Reshape") && g.fact(x).rank() == g.fact(cut).rank() && (0..g.fact(x).rank()).all(whole);
    let extent = g.fact(x).shape.get(axis)?.known()?;
    let place = match slice.op.name() {
        "Slice" => start(g, slice, axis)?,
        "Split" if slice.outputs.len() == extent => slice.outputs.iter().position(|&v| v == cut)? as i64,
        _ => return None,
    };
    let place = if place < 0 { place + extent as i64 } else { place };
    usize::try_from(place).ok().filter(|&p| fits && p < extent).map(|place| (x, axis, place))
}

fn gathered(g: &Graph, node: &Node) -> Option<(ValueId, usize, usize)> {
    let (x, index) = (input(node, 0)?, input(node, 1)?);
    let axis = normalize_axis(node.op.attrs().int_or("axis", 0).ok()?, g.fact(x).rank()).ok()?;
    let extent = g.fact(x).shape[axis].known()?;
    let index = g.constant(index).filter(|t| t.shape().rank() == 0)?.as_slice::<i64>().ok()?.first().copied()?;
    let place = if index < 0 { index + extent as i64 } else { index };
    usize::try_from(place).ok().filter(|&p| p < extent).map(|place| (x, axis, place))
}

/// The axis of extent 1 by which the extents of two values differ. Where several would do, they are all of extent 1.
fn dropped(g: &Graph, with: ValueId, without: ValueId) -> Option<usize> {
    let (with, without) = (&g.fact(with).shape, &g.fact(without).shape);
    let is = |axis: usize| with[axis].known() == Some(1) && with[..axis].iter().chain(&with[axis + 1..]).eq(without);
    (with.len() == without.len() + 1).then(|| (0..with.len()).find(|&axis| is(axis)))?
}

/// Where a Slice of step 1 begins on an axis that it cuts.
fn start(g: &Graph, slice: &Node, axis: usize) -> Option<i64> {
    let rank = g.fact(input(slice, 0)?).rank();
    let list = |i: usize| g.constant(input(slice, i)?).and_then(|t| t.as_slice::<i64>().ok().map(<[i64]>::to_vec).or_else(|| small(t)));
    let attrs = slice.op.attrs();
    let fixed = |name: &str| attrs.ints(name).ok().flatten();
    let starts = fixed("starts").or_else(|| list(1))?;
    let axes = fixed("axes").or_else(|| list(3)).unwrap_or_else(|| (0..starts.len() as i64).collect());
    let at = axes.iter().position(|&a| normalize_axis(a, rank) == Ok(axis))?;
    let step = list(4).and_then(|steps| steps.get(at).copied()).unwrap_or(1);
    starts.get(at).copied().filter(|_| step == 1)
}

fn small(tensor: &fastserve_tensor::Tensor) -> Option<Vec<i64>> {
    tensor.as_slice::<i32>().ok().map(|list| list.iter().map(|&v| v.into()).collect())
}

/// `[B, H, …]` of a Reshape to `[B·H, …]`.
pub(crate) fn folded(g: &Graph, value: ValueId) -> Option<ValueId> {
    let x = reshaped(g, value)?;
    let (from, to) = (&g.fact(x).shape, &g.fact(value).shape);
    (from.len() == 4 && to.len() == 3 && from[2..] == to[1..]).then_some(x)
}
