//! Removes nodes that hand their input on.

use fastserve_ir::{EditError, Graph, GraphEdit, Node, NodeId, ValueId};
use fastserve_kernels::elementwise::BinaryOp;
use fastserve_ops::ops::binary::Binary;

use crate::pattern::scalar;
use crate::util::{alike, input, node_as, output};
use crate::{Pass, PassCx};

/// Removes Identity and Dropout, and what changes nothing: a Cast to the same type, a Reshape, Expand or Slice to the same
/// extents, a Transpose that keeps the order, `x + 0`, `x · 1`, and Concat, Sum, Max, Min and Mean of one.
pub struct IdentityElimination;

impl Pass for IdentityElimination {
    fn name(&self) -> &'static str {
        "identity"
    }

    fn run(&self, g: &mut GraphEdit<'_>, _: &PassCx) -> Result<(), EditError> {
        for id in g.node_ids() {
            let Some((x, y)) = hands_on(g.graph(), id) else { continue };
            if g.can_replace(y, x) && g.graph().constant(x).is_none() {
                g.replace_value(y, x)?;
                g.remove_node(id);
            } else {
                g.note(id, "joins an input or a constant to an output of the graph, whose names must stay");
            }
        }
        Ok(())
    }
}

/// The input that a node hands on, and its output.
fn hands_on(g: &Graph, id: NodeId) -> Option<(ValueId, ValueId)> {
    let node = g.node(id)?;
    let y = output(node)?;
    let x = if let Some((node, binary)) = node_as::<Binary>(g, id) { neutral(g, node, binary.0)? } else { input(node, 0)? };
    (alike(g, x, y) && (node_as::<Binary>(g, id).is_some() || keeps(g, node))).then_some((x, y))
}

/// Whether a node whose output is of its input's type and extents keeps the elements too.
fn keeps(g: &Graph, node: &Node) -> bool {
    match node.op.name() {
        "Dropout" => node.inputs.get(2).copied().flatten().is_none_or(|training| is_false(g, training)),
        "Identity" | "Cast" | "Reshape" | "Flatten" | "Squeeze" | "Unsqueeze" | "Expand" => true,
        "Concat" | "Sum" | "Max" | "Min" | "Mean" => node.inputs.len() == 1,
        "Slice" => node.inputs.get(4).copied().flatten().is_none_or(|steps| all_ones(g, steps)),
        "Transpose" => keeps_order(node),
        _ => false,
    }
}

fn is_false(g: &Graph, value: ValueId) -> bool {
    g.constant(value).is_some_and(|t| t.bytes().iter().all(|&b| b == 0))
}

fn all_ones(g: &Graph, value: ValueId) -> bool {
    g.fact(value).ints.as_ref().is_some_and(|ints| ints.iter().all(|d| d.known() == Some(1)))
}

fn keeps_order(node: &Node) -> bool {
    let perm = node.op.attrs().ints("perm").ok().flatten();
    perm.is_some_and(|p| p.is_sorted())
}

/// The other operand of `x + 0`, `x − 0`, `x · 1` or `x / 1`. A zero may lose its sign.
fn neutral(g: &Graph, node: &Node, op: BinaryOp) -> Option<ValueId> {
    let (a, b) = input(node, 0).zip(input(node, 1))?;
    let (what, commutes) = match op {
        BinaryOp::Add => (0.0, true),
        BinaryOp::Sub => (0.0, false),
        BinaryOp::Mul => (1.0, true),
        BinaryOp::Div => (1.0, false),
        _ => return None,
    };
    let is_neutral = |v: ValueId| scalar(g, v) == Some(what);
    if is_neutral(b) { Some(a) } else { (commutes && is_neutral(a)).then_some(b) }
}
