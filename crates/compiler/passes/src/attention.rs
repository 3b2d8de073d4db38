//! Joins the parts of attention.

use fastserve_ir::{AttentionSpec, EditError, Graph, GraphEdit, NodeId, OpRef, ValueId, normalize_axis};
use fastserve_kernels::elementwise::BinaryOp;
use fastserve_ops::ops::fused_attention::FusedAttention;
use fastserve_ops::ops::matmul::MatMul;
use fastserve_ops::ops::softmax::Softmax;
use fastserve_ops::ops::transpose::Transpose;
use fastserve_tensor::DType;

use crate::heads::{Operand, folded, reshaped, same, scaled};
use crate::pattern::{either_way, made_by, scalar};
use crate::util::{count_written, input, node_as, op, output, producer_as, used_output};
use crate::{Pass, PassCx};

/// `Softmax(q · kᵀ · scale + mask) · v` to one node (Vaswani et al. 2017, section 3.2.1): factors before and behind the product, masks
/// added and chosen, heads transposed, cut out of one projection, or folded into the batch.
pub struct Attention;

impl Pass for Attention {
    fn name(&self) -> &'static str {
        "attention"
    }

    fn run(&self, g: &mut GraphEdit<'_>, _: &PassCx) -> Result<(), EditError> {
        count_written(g, |node| matches!(node.op.name(), "Attention" | "fs.Attention").then_some("attention"));
        for id in g.node_ids() {
            match find(g.graph(), id) {
                None => {}
                Some(Err(why)) => g.note(id, format!("no attention: {why}")),
                Some(Ok(found)) => join(g, id, found)?,
            }
        }
        Ok(())
    }
}

/// What was recognised.
struct Found {
    /// Q, K and V as heads, rows and columns.
    qkv: [Operand; 3],
    masks: Masks,
    scale: f64,
}

/// What is done to the scores between the product and the softmax.
#[derive(Default)]
struct Masks {
    condition: Option<(ValueId, bool, f32)>,
    /// The one that is added last comes first.
    added: Vec<ValueId>,
    /// Axes of the scores there.
    rank: Option<usize>,
}

/// The attention whose last product a node is.
fn find(g: &Graph, id: NodeId) -> Option<Result<Found, &'static str>> {
    let (node, _) = node_as::<MatMul>(g, id)?;
    used_output(g, id)?;
    let (weights, v) = (input(node, 0)?, input(node, 1)?);
    let (_, softmax, op) = producer_as::<Softmax>(g, handed_on(g, weights))?;
    let scores = input(softmax, 0)?;
    let rank = g.fact(scores).rank();
    if op.log || rank < 2 || normalize_axis(op.axis, rank) != Ok(rank - 1) {
        return Some(Err("its softmax is not over the last axis"));
    }
    if g.fact(weights).dtype != DType::F32 || g.fact(scores).dtype != DType::F32 {
        return Some(Err("it is not computed in f32"));
    }
    Some(scored(g, scores).and_then(|(masks, product, scale)| whole(g, id, masks, (product, scale), v)))
}

/// The value before nodes that hand it on, and before Reshapes that fold heads into the batch or unfold them.
fn handed_on(g: &Graph, mut value: ValueId) -> ValueId {
    for _ in 0..4 {
        let before = same(g, value).or_else(|| unfolded(g, value)).or_else(|| folded(g, value));
        let Some(x) = before else { return value };
        value = x;
    }
    value
}

/// `[B·H, …]` of a Reshape to `[B, H, …]`.
fn unfolded(g: &Graph, value: ValueId) -> Option<ValueId> {
    let x = reshaped(g, value)?;
    let (from, to) = (&g.fact(x).shape, &g.fact(value).shape);
    (from.len() == 3 && to.len() == 4 && from[1..] == to[2..]).then_some(x)
}

/// The masks, the product that makes the scores, and its factor.
fn scored(g: &Graph, scores: ValueId) -> Result<(Masks, ValueId, f64), &'static str> {
    const NONE: &str = "its softmax is not over a scaled product of queries and keys";
    let (mut masks, mut value, mut factor) = (Masks::default(), scores, 1.0);
    for _ in 0..8 {
        value = handed_on(g, value);
        if producer_as::<MatMul>(g, value).is_some() {
            return Ok((masks, value, factor));
        }
        value = match scaled(g, value) {
            Some((x, scale)) => {
                factor *= scale;
                x
            }
            None if factor != 1.0 => return Err("its mask is scaled"),
            None => masks.take(g, value, masked(g, value).ok_or(NONE)?)?,
        };
    }
    Err(NONE)
}

impl Masks {
    /// Takes the mask that makes `value`; the scores before it.
    fn take(&mut self, g: &Graph, value: ValueId, (x, mask): (ValueId, Mask)) -> Result<ValueId, &'static str> {
        let rank = g.fact(value).rank();
        if !g.fact(x).agrees_with(g.fact(value)) {
            return Err("its mask may be wider than its scores");
        }
        if self.rank.replace(rank).is_some_and(|other| other != rank) {
            return Err("its masks differ in how they fold heads");
        }
        match mask {
            _ if self.condition.is_some() => return Err("its mask is chosen after another"),
            Mask::Added(_) if self.added.len() == 2 => return Err("more than two masks are added"),
            Mask::Added(mask) => self.added.push(mask),
            Mask::Chosen(condition, stays, fill) => self.condition = Some((condition, stays, fill)),
        }
        Ok(x)
    }
}

enum Mask {
    Added(ValueId),
    /// The condition, whether scores stay where it holds, and what others become.
    Chosen(ValueId, bool, f32),
}

/// The scores before a mask, and the mask.
fn masked(g: &Graph, value: ValueId) -> Option<(ValueId, Mask)> {
    if let Some((x, mask)) = either_way(g, value, BinaryOp::Add).find(|&(x, _)| leads_to_product(g, x, 6)) {
        return Some((x, Mask::Added(mask)));
    }
    let node = made_by(g, value, "Where")?;
    let (condition, yes, no) = (input(node, 0)?, input(node, 1)?, input(node, 2)?);
    let chosen = |x, other, stays| {
        let fill = scalar(g, other).filter(|_| leads_to_product(g, x, 6))?;
        Some((x, Mask::Chosen(condition, stays, fill as f32)))
    };
    chosen(yes, no, true).or_else(|| chosen(no, yes, false))
}

/// Whether scores come from a product through masks and factors.
fn leads_to_product(g: &Graph, value: ValueId, depth: usize) -> bool {
    let Some(depth) = depth.checked_sub(1) else { return false };
    let Some((_, node)) = g.producer(handed_on(g, value)) else { return false };
    let next: &[usize] = match node.op.name() {
        "MatMul" => return true,
        "Add" | "Mul" => &[0, 1],
        "Div" => &[0],
        "Where" => &[1, 2],
        _ => &[],
    };
    next.iter().filter_map(|&i| input(node, i)).any(|x| leads_to_product(g, x, depth))
}

/// The operands, with heads as an axis of their own if masks and result have them so too.
fn whole(g: &Graph, id: NodeId, masks: Masks, (product, factor): (ValueId, f64), v: ValueId) -> Result<Found, &'static str> {
    let node = g.producer(product).map(|(_, node)| node);
    let Some((q, k)) = node.and_then(|n| input(n, 0).zip(input(n, 1))) else { return Err("it has no product") };
    let all = |unfold| [Operand::of(g, q, unfold, true), Operand::of(g, k, unfold, true).turned(), Operand::of(g, v, unfold, false)];
    let heads = |o: &Operand| o.dims(g).into_iter().take(2).collect::<Vec<_>>();
    let unfolded = Some(all(true)).filter(|_| g.fact(product).rank() == 3 && unfolding(g, id).is_some());
    let unfolded = unfolded.filter(|all| all.iter().all(|o| o.order.len() == 4 && heads(o) == heads(&all[0])));
    let qkv = unfolded.filter(|_| masks.rank != Some(3)).unwrap_or_else(|| all(false));
    let rank = qkv[0].order.len();
    if masks.rank.is_some_and(|other| other != rank) {
        return Err("its heads are folded into the batch in a way of their own");
    }
    if qkv.iter().any(|o| o.order.len() != rank) {
        return Err("its operands differ in rank");
    }
    Ok(Found { scale: factor * qkv[0].scale * qkv[1].scale, qkv, masks })
}

/// The only user of a node's result, if it unfolds heads.
fn unfolding(g: &Graph, id: NodeId) -> Option<NodeId> {
    let y = output(g.node(id)?)?;
    let &[user] = g.users(y) else { return None };
    let z = output(g.node(user)?).filter(|_| !g.is_output(y))?;
    unfolded(g, z).is_some_and(|x| x == y).then_some(user)
}

/// The Transpose that alone uses the result of a node and leaves its last axis, and its order.
fn transposing(g: &Graph, id: NodeId) -> Option<(NodeId, Vec<usize>)> {
    let y = output(g.node(id)?)?;
    let &[user] = g.users(y) else { return None };
    let (_, transpose) = node_as::<Transpose>(g, user).filter(|_| !g.is_output(y))?;
    let rank = g.fact(y).rank();
    let order: Vec<usize> = (0..rank).map(|i| transpose.axis(i, rank)).collect();
    (order.last() == Some(&(rank - 1))).then_some((user, order))
}

fn join(g: &mut GraphEdit<'_>, id: NodeId, found: Found) -> Result<(), EditError> {
    let rank = found.qkv[0].order.len();
    let result = g.graph().node(id).and_then(output).map_or(0, |y| g.graph().fact(y).rank());
    let last = if result == rank { Some(id) } else { unfolding(g.graph(), id) };
    let Some(last) = last else { return Ok(()) };
    let (target, order) = transposing(g.graph(), last).unwrap_or_else(|| (last, (0..rank).collect()));
    let (op, inputs) = made(found, order);
    let Some(y) = g.graph().node(target).and_then(output) else { return Ok(()) };
    if !g.graph().infer(&op, &inputs).is_ok_and(|facts| facts.iter().any(|f| f.agrees_with(g.graph().fact(y)))) {
        g.note(id, "no attention: its extents do not follow from its operands");
        return Ok(());
    }
    let parts: Vec<ValueId> = g.graph().node(target).into_iter().flat_map(|n| n.inputs.iter().flatten().copied()).collect();
    g.replace_node(target, op, inputs)?;
    g.found("attention", target);
    crate::dead_code::remove_above(g, &parts);
    Ok(())
}

/// The operator and its inputs.
fn made(found: Found, order: Vec<usize>) -> (OpRef, Vec<Option<ValueId>>) {
    let Found { qkv, masks, scale } = found;
    let (stays, fill) = masks.condition.map_or((true, f32::NEG_INFINITY), |(_, stays, fill)| (stays, fill));
    let mut inputs: Vec<Option<ValueId>> = qkv.iter().map(|o| Some(o.of)).collect();
    if masks.rank.is_some() {
        inputs.push(masks.condition.map(|(condition, ..)| condition));
        inputs.extend(masks.added.iter().rev().map(|&v| Some(v)));
    }
    let places = [0, 1, 2].map(|i| qkv[i].place);
    let [q, k, v] = qkv.map(|o| o.order);
    (op(FusedAttention(AttentionSpec { scale: scale as f32, orders: [q, k, v, order], places, stays, fill })), inputs)
}
