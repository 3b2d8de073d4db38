//! Recognises attention and says so; it runs as plain steps.

use fastserve_ir::{EditError, Graph, GraphEdit, Node, NodeId, ValueId, normalize_axis};
use fastserve_kernels::elementwise::BinaryOp;
use fastserve_ops::ops::matmul::MatMul;
use fastserve_ops::ops::softmax::Softmax;

use crate::pattern::{Product, binary, either_way, made_by};
use crate::util::{input, node_as, producer_as, used_output};
use crate::{Pass, PassCx};

/// `Softmax(q · kᵀ · scale + mask) · v` (Vaswani et al. 2017, section 3.2.1).
pub struct Attention;

impl Pass for Attention {
    fn name(&self) -> &'static str {
        "attention"
    }

    fn run(&self, g: &mut GraphEdit<'_>, _: &PassCx) -> Result<(), EditError> {
        for id in g.node_ids() {
            match find(g.graph(), id) {
                None => {}
                Some(Ok(found)) => {
                    g.note(id, found.text());
                    g.found("attention", id);
                }
                Some(Err(why)) => g.note(id, format!("no attention: {why}")),
            }
        }
        Ok(())
    }
}

/// What was recognised.
struct Found {
    heads: Option<usize>,
    head_size: Option<usize>,
    scale: f64,
    mask: bool,
}

impl Found {
    fn text(&self) -> String {
        let number = |n: Option<usize>| n.map_or_else(|| "?".to_owned(), |n| n.to_string());
        let mask = if self.mask { "masked" } else { "without a mask" };
        let (heads, size, scale) = (number(self.heads), number(self.head_size), self.scale);
        format!("attention of {heads} heads of {size}, scaled by {scale}, {mask}: runs as products and a softmax")
    }
}

/// The attention whose last product a node is.
fn find(g: &Graph, id: NodeId) -> Option<Result<Found, &'static str>> {
    let (node, _) = node_as::<MatMul>(g, id)?;
    used_output(g, id)?;
    let (_, softmax, op) = producer_as::<Softmax>(g, same_elements(g, input(node, 0)?))?;
    let scores = input(softmax, 0)?;
    let rank = g.fact(scores).rank();
    if op.log || rank < 3 || normalize_axis(op.axis, rank) != Ok(rank - 1) {
        return Some(Err("its softmax is not over the last axis"));
    }
    Some(scored(g, scores).ok_or("its softmax is not over a scaled product of queries and keys"))
}

/// The value before casts and Dropout.
fn same_elements(g: &Graph, value: ValueId) -> ValueId {
    let through = |n: &Node| matches!(n.op.name(), "Identity" | "Dropout" | "Cast");
    g.producer(value).filter(|(_, n)| through(n)).and_then(|(_, n)| input(n, 0)).unwrap_or(value)
}

fn scored(g: &Graph, scores: ValueId) -> Option<Found> {
    let scores = same_elements(g, scores);
    if let Some(found) = product(g, scores) {
        return Some(found);
    }
    let added = either_way(g, scores, BinaryOp::Add).find_map(|(s, _)| product(g, s));
    let chosen = || made_by(g, scores, "Where").and_then(|n| [1, 2].iter().find_map(|&i| product(g, input(n, i)?)));
    added.or_else(chosen).map(|found| Found { mask: true, ..found })
}

/// `q · kᵀ` with factors anywhere.
fn product(g: &Graph, scores: ValueId) -> Option<Found> {
    let outer = Product::of(g, scores, &[]);
    let (&[matmul], []) = (&outer.above[..], &outer.below[..]) else { return None };
    let (_, node, _) = producer_as::<MatMul>(g, matmul)?;
    let (q, k) = (scaled(g, input(node, 0)?)?, scaled(g, input(node, 1)?)?);
    let shape = &g.fact(q.0).shape;
    let heads = if shape.len() >= 4 { shape[shape.len() - 3].known() } else { None };
    let head_size = shape.last().and_then(|d| d.known());
    Some(Found { heads, head_size, scale: outer.scale * q.1 * k.1, mask: false })
}

/// A value and the number that it is multiplied by, whole.
fn scaled(g: &Graph, value: ValueId) -> Option<(ValueId, f64)> {
    let is_product = [BinaryOp::Mul, BinaryOp::Div].iter().any(|&op| binary(g, value, op).is_some());
    if !is_product {
        return Some((value, 1.0));
    }
    match Product::of(g, value, &[]) {
        Product { above, below, scale } if above.len() == 1 && below.is_empty() => Some((above[0], scale)),
        _ => Some((value, 1.0)),
    }
}
