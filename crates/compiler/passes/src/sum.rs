//! Writes a Sum of several tensors as additions.

use fastserve_ir::{EditError, GraphEdit, NodeId, ValueId};
use fastserve_kernels::elementwise::BinaryOp;
use fastserve_ops::ops::binary::Binary;

use crate::util::{node_name, op};
use crate::{Pass, PassCx};

/// `Sum(a, b, c)` to `Add(Add(a, b), c)`, which other passes know.
pub struct SumToAdd;

impl Pass for SumToAdd {
    fn name(&self) -> &'static str {
        "sum"
    }

    fn run(&self, g: &mut GraphEdit<'_>, _: &PassCx) -> Result<(), EditError> {
        for id in g.node_ids() {
            let Some(inputs) = addends(g, id) else { continue };
            let [middle @ .., last] = &inputs[..] else { continue };
            let [first, middle @ ..] = middle else { continue };
            let mut total = *first;
            for next in middle {
                let name = node_name(g.graph(), id);
                let made = g.add_node(&name, op(Binary(BinaryOp::Add)), &[Some(total), Some(*next)])?;
                total = made.first().copied().unwrap_or(total);
            }
            g.replace_node(id, op(Binary(BinaryOp::Add)), vec![Some(total), Some(*last)])?;
        }
        Ok(())
    }
}

fn addends(g: &GraphEdit<'_>, id: NodeId) -> Option<Vec<ValueId>> {
    let node = g.graph().node(id).filter(|n| n.op.name() == "Sum")?;
    node.inputs.iter().copied().collect()
}
