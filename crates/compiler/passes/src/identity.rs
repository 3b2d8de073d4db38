//! Removes nodes that hand their input on.

use fastserve_ir::{EditError, Graph, GraphEdit, Node, NodeId};
use fastserve_ops::ops::dropout::Dropout;
use fastserve_ops::ops::identity::Identity;

use crate::util::{input, node_as, output};
use crate::{Pass, PassCx};

/// Removes Identity and Dropout.
pub struct IdentityElimination;

impl Pass for IdentityElimination {
    fn name(&self) -> &'static str {
        "identity"
    }

    fn run(&self, g: &mut GraphEdit<'_>, _: &PassCx) -> Result<(), EditError> {
        for id in g.node_ids() {
            let Some(node) = hands_on(g.graph(), id) else { continue };
            let Some((x, y)) = input(node, 0).zip(output(node)) else { continue };
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

fn hands_on(g: &Graph, id: NodeId) -> Option<&Node> {
    node_as::<Identity>(g, id).map(|(n, _)| n).or_else(|| node_as::<Dropout>(g, id).map(|(n, _)| n))
}
