//! Joins transposes, and brings them together.

use fastserve_ir::{EditError, Graph, GraphEdit, NodeId, OpRef, ValueId};
use fastserve_ops::ops::binary::Binary;
use fastserve_ops::ops::clip::Clip;
use fastserve_ops::ops::transpose::Transpose;
use fastserve_ops::ops::unary::Unary;
use fastserve_tensor::Shape;

use crate::util::{input, node_as, node_name, op, output, producer_as, used_output};
use crate::{Pass, PassCx};

/// `Transpose(Transpose(x))` to one or none. A transpose goes behind functions of elements where another one follows them, and
/// behind an operator of two transposes of one order.
pub struct TransposeChain;

/// How far a transpose is moved.
const REACH: usize = 64;

impl Pass for TransposeChain {
    fn name(&self) -> &'static str {
        "transpose"
    }

    fn run(&self, g: &mut GraphEdit<'_>, _: &PassCx) -> Result<(), EditError> {
        for id in g.node_ids() {
            if node_as::<Transpose>(g.graph(), id).is_some() {
                join(g, id)?;
            } else if let Some(pair) = pair(g.graph(), id) {
                sink_pair(g, id, pair)?;
            } else if let Some((x, perm)) = moved(g.graph(), id) {
                if leads_to_transpose(g.graph(), id) {
                    sink(g, id, x, perm)?
                } else {
                    g.note(id, "the Transpose before it stays there: none follows")
                }
            }
        }
        Ok(())
    }
}

/// `x` and the order of the Transpose that makes a value.
fn transposed(g: &Graph, value: ValueId) -> Option<(ValueId, Vec<usize>)> {
    let (_, node, transpose) = producer_as::<Transpose>(g, value)?;
    let x = input(node, 0)?;
    let rank = g.fact(x).rank();
    Some((x, (0..rank).map(|i| transpose.axis(i, rank)).collect()))
}

fn order(perm: Vec<usize>) -> OpRef {
    op(Transpose { perm: Some(perm) })
}

fn join(g: &mut GraphEdit<'_>, id: NodeId) -> Result<(), EditError> {
    let Some(y) = g.graph().node(id).and_then(output) else { return Ok(()) };
    let Some((middle, second)) = transposed(g.graph(), y) else { return Ok(()) };
    let Some((x, first)) = transposed(g.graph(), middle) else { return Ok(()) };
    let perm: Vec<usize> = second.iter().map(|&i| first[i]).collect();
    if perm.is_sorted() && g.can_replace(y, x) && g.graph().constant(x).is_none() {
        g.replace_value(y, x)?;
        g.remove_node(id);
        return Ok(());
    }
    g.replace_node(id, order(perm), vec![Some(x)])
}

/// The transposed operand of a function of elements, before it is transposed, if nobody else uses it.
fn moved(g: &Graph, id: NodeId) -> Option<(ValueId, Vec<usize>)> {
    let node = g.node(id)?;
    let v = operand(g, id)?;
    output(node)?;
    if g.uses(v) == 1 { transposed(g, v) } else { None }
}

/// The operand of a function of elements that is no constant, if there is one only.
fn operand(g: &Graph, id: NodeId) -> Option<ValueId> {
    let node = g.node(id)?;
    if node_as::<Unary>(g, id).is_some() {
        return input(node, 0);
    }
    if node_as::<Clip>(g, id).is_some() {
        return input(node, 0).filter(|_| node.inputs.iter().skip(1).flatten().all(|&v| g.constant(v).is_some()));
    }
    node_as::<Binary>(g, id)?;
    let (a, b) = input(node, 0).zip(input(node, 1))?;
    let fits = |x: ValueId, c: ValueId| {
        output(node).is_some_and(|y| g.constant(c).is_some() && g.constant(x).is_none() && g.fact(x).shape == g.fact(y).shape)
    };
    if fits(a, b) { Some(a) } else { fits(b, a).then_some(b) }
}

fn leads_to_transpose(g: &Graph, mut id: NodeId) -> bool {
    for _ in 0..REACH {
        let Some(y) = used_output(g, id) else { return false };
        let (&[user], false) = (g.users(y), g.is_output(y)) else { return false };
        if node_as::<Transpose>(g, user).is_some() {
            return true;
        }
        if operand(g, user) != Some(y) {
            return false;
        }
        id = user;
    }
    false
}

/// `f(Transpose(x))` to `Transpose(f(x))`.
fn sink(g: &mut GraphEdit<'_>, id: NodeId, x: ValueId, perm: Vec<usize>) -> Result<(), EditError> {
    let (Some(node), Some(v)) = (g.graph().node(id).cloned(), operand(g.graph(), id)) else { return Ok(()) };
    let mut inputs = Vec::new();
    for &i in &node.inputs {
        inputs.push(match i {
            Some(i) if i == v => Some(x),
            Some(c) if node_as::<Binary>(g.graph(), id).is_some() => back(g, c, &perm)?,
            other => other,
        });
    }
    let made = g.add_node(&node.name, node.op.clone(), &inputs)?;
    g.replace_node(id, order(perm), vec![made.first().copied()])
}

/// A constant operand in the order before the transpose.
fn back(g: &mut GraphEdit<'_>, constant: ValueId, perm: &[usize]) -> Result<Option<ValueId>, EditError> {
    let Some(tensor) = g.graph().constant(constant).cloned() else { return Ok(Some(constant)) };
    if tensor.numel() == 1 {
        return Ok(Some(constant));
    }
    let ones = perm.len().saturating_sub(tensor.shape().rank());
    let dims: Vec<usize> = std::iter::repeat_n(1, ones).chain(tensor.shape().iter().copied()).collect();
    let Some(wide) = Shape::new(&dims).ok().and_then(|s| tensor.reshaped(s).ok()) else { return Ok(Some(constant)) };
    let mut inverse = vec![0; perm.len()];
    perm.iter().enumerate().for_each(|(i, &p)| inverse[p] = i);
    let name = g.graph().value(constant).name.to_string();
    let wide = g.add_const(&name, wide);
    Ok(g.add_node(&name, order(inverse), &[Some(wide)])?.first().copied())
}

/// The operands, before they are transposed, of an operator of two transposes of one order that nobody else uses.
fn pair(g: &Graph, id: NodeId) -> Option<(ValueId, ValueId, Vec<usize>)> {
    let (node, _) = node_as::<Binary>(g, id)?;
    let (a, b) = input(node, 0).zip(input(node, 1))?;
    let ((x, p), (y, q)) = transposed(g, a).zip(transposed(g, b))?;
    (a != b && p == q && g.uses(a) == 1 && g.uses(b) == 1).then_some((x, y, p))
}

fn sink_pair(g: &mut GraphEdit<'_>, id: NodeId, (x, y, perm): (ValueId, ValueId, Vec<usize>)) -> Result<(), EditError> {
    let Some(node) = g.graph().node(id).cloned() else { return Ok(()) };
    let made = g.add_node(&node_name(g.graph(), id), node.op, &[Some(x), Some(y)])?;
    g.replace_node(id, order(perm), vec![made.first().copied()])
}
