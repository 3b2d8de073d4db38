//! Removes nodes whose outputs nobody uses.

use fastserve_ir::{EditError, GraphEdit, NodeId};

use crate::{Pass, PassCx};

/// Removes nodes whose outputs nobody uses, last ones first.
pub struct DeadCode;

impl Pass for DeadCode {
    fn name(&self) -> &'static str {
        "dead_code"
    }

    fn run(&self, g: &mut GraphEdit<'_>, _: &PassCx) -> Result<(), EditError> {
        remove(g);
        Ok(())
    }
}

/// Removes nodes whose outputs nobody uses.
pub(crate) fn remove(g: &mut GraphEdit<'_>) {
    for id in g.node_ids().into_iter().rev() {
        if is_dead(g, id) {
            g.remove_node(id);
        }
    }
}

fn is_dead(g: &GraphEdit<'_>, id: NodeId) -> bool {
    g.graph().node(id).is_some_and(|n| n.outputs.iter().all(|&v| g.graph().uses(v) == 0))
}

/// Removes the nodes that make these values, and what only they use, as far as nobody else uses it.
pub(crate) fn remove_above(g: &mut GraphEdit<'_>, values: &[fastserve_ir::ValueId]) {
    let mut rest = values.to_vec();
    while let Some(value) = rest.pop() {
        let Some((id, node)) = g.graph().producer(value).map(|(id, n)| (id, n.inputs.clone())) else { continue };
        if is_dead(g, id) {
            g.remove_node(id);
            rest.extend(node.into_iter().flatten());
        }
    }
}
