//! Recognises SiLU.

use fastserve_ir::{EditError, Graph, GraphEdit, NodeId, ValueId};
use fastserve_kernels::elementwise::{BinaryOp, UnaryOp};
use fastserve_kernels::epilogue::Activation;
use fastserve_ops::ops::unary::Unary;

use crate::pattern::{either_way, unary};
use crate::util::{alike, op, used_output};
use crate::{Pass, PassCx};

/// `x · Sigmoid(x)` to `fs.Silu(x)`.
pub struct Silu;

impl Pass for Silu {
    fn name(&self) -> &'static str {
        "silu"
    }

    fn run(&self, g: &mut GraphEdit<'_>, _: &PassCx) -> Result<(), EditError> {
        for id in g.node_ids() {
            if let Some(x) = find(g.graph(), id) {
                g.replace_node(id, op(Unary(UnaryOp::Activation(Activation::Silu))), vec![Some(x)])?;
                g.found("SiLU", id);
            }
        }
        Ok(())
    }
}

fn find(g: &Graph, id: NodeId) -> Option<ValueId> {
    let y = used_output(g, id)?;
    let sigmoid = UnaryOp::Activation(Activation::Sigmoid);
    let (x, _) = either_way(g, y, BinaryOp::Mul).find(|&(x, s)| unary(g, s, sigmoid) == Some(x))?;
    alike(g, x, y).then_some(x)
}
