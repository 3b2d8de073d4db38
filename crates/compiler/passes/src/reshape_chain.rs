//! Joins nodes that only rename extents.

use fastserve_ir::{Dim, EditError, Graph, GraphEdit, NodeId, OpRef, ValueId};
use fastserve_ops::ops::reshape::Reshape;
use fastserve_tensor::Tensor;

use crate::util::{alike, input, node_as, node_name, op, output};
use crate::{Pass, PassCx};

/// A chain of Reshape, Flatten, Squeeze and Unsqueeze to one Reshape, or to nothing. Extents that are computed at run time
/// although they follow from the input's become constants.
pub struct ReshapeChain;

impl Pass for ReshapeChain {
    fn name(&self) -> &'static str {
        "reshape_chain"
    }

    fn run(&self, g: &mut GraphEdit<'_>, _: &PassCx) -> Result<(), EditError> {
        for id in g.node_ids() {
            let Some((root, y)) = chain(g.graph(), id).or_else(|| computed(g.graph(), id)) else { continue };
            if alike(g.graph(), root, y) && g.can_replace(y, root) && g.graph().constant(root).is_none() {
                g.replace_value(y, root)?;
                g.remove_node(id);
                continue;
            }
            match wanted(&g.graph().fact(root).shape, &g.graph().fact(y).shape) {
                Some(extents) => join(g, id, root, y, &extents)?,
                None => g.note(id, "its extents are no constants: several are not known"),
            }
        }
        Ok(())
    }
}

fn renames(op: &OpRef) -> bool {
    matches!(op.name(), "Reshape" | "Flatten" | "Squeeze" | "Unsqueeze")
}

/// What the chain that ends in a node starts from, and the node's output. The nodes before it were joined before.
fn chain(g: &Graph, id: NodeId) -> Option<(ValueId, ValueId)> {
    let node = g.node(id).filter(|n| renames(&n.op))?;
    let y = output(node)?;
    let (_, before) = g.producer(input(node, 0)?).filter(|(_, n)| renames(&n.op))?;
    Some((input(before, 0)?, y))
}

/// The input of a Reshape whose extents are no constant, and its output.
fn computed(g: &Graph, id: NodeId) -> Option<(ValueId, ValueId)> {
    let (node, _) = node_as::<Reshape>(g, id)?;
    let ((x, shape), y) = (input(node, 0).zip(input(node, 1))?, output(node)?);
    g.constant(shape).is_none().then_some((x, y))
}

/// The second input of a Reshape that makes these extents: 0 where an extent stays in its place, −1 for one that is not known.
fn wanted(from: &[Dim], to: &[Dim]) -> Option<Vec<i64>> {
    let extent = |(i, d): (usize, &Dim)| match d.known() {
        Some(0) => None,
        Some(n) => i64::try_from(n).ok(),
        None if from.get(i) == Some(d) => Some(0),
        None => Some(-1),
    };
    let extents: Vec<i64> = to.iter().enumerate().map(extent).collect::<Option<_>>()?;
    (extents.iter().filter(|&&n| n == -1).count() <= 1).then_some(extents)
}

fn join(g: &mut GraphEdit<'_>, id: NodeId, root: ValueId, y: ValueId, extents: &[i64]) -> Result<(), EditError> {
    let Ok(tensor) = Tensor::from_slice(&[extents.len()], extents) else { return Ok(()) };
    let reshape = op(Reshape { allowzero: false });
    let shape = g.add_const(&format!("{}.shape", node_name(g.graph(), id)), tensor);
    let inputs = vec![Some(root), Some(shape)];
    let fits = g.graph().infer(&reshape, &inputs).is_ok_and(|facts| facts.first().is_some_and(|f| f.agrees_with(g.graph().fact(y))));
    if fits {
        return g.replace_node(id, reshape, inputs);
    }
    g.note(id, "its extents are no constants: they do not follow from the first input's");
    Ok(())
}
