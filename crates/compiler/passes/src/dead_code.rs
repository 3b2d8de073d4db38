//! Removes nodes whose outputs nobody uses.

use fastserve_ir::{EditError, GraphEdit};

use crate::{Pass, PassCx};

/// Removes nodes whose outputs nobody uses, last ones first.
pub struct DeadCode;

impl Pass for DeadCode {
    fn name(&self) -> &'static str {
        "dead_code"
    }

    fn run(&self, g: &mut GraphEdit<'_>, _: &PassCx) -> Result<(), EditError> {
        let mut used: std::collections::HashSet<_> = g.graph().outputs().iter().copied().collect();
        let mut dead = Vec::new();
        for (id, node) in g.graph().nodes().rev() {
            if node.outputs.iter().any(|o| used.contains(o)) {
                used.extend(node.inputs.iter().flatten());
            } else {
                dead.push(id);
            }
        }
        dead.into_iter().for_each(|id| g.remove_node(id));
        Ok(())
    }
}
