//! Recognises SiLU, QuickGELU and other forms of Swish.

use fastserve_ir::{EditError, Graph, GraphEdit, NodeId, ValueId};
use fastserve_kernels::elementwise::{BinaryOp, UnaryOp};
use fastserve_kernels::epilogue::Activation;
use fastserve_ops::ops::unary::Unary;

use crate::pattern::{either_way, unary, with_scalar};
use crate::util::{activation, alike, count_written, op, used_output};
use crate::{Pass, PassCx};

/// `x · Sigmoid(x)` to `fs.Silu(x)`, `x · Sigmoid(α · x)` to `Swish(x)` (Ramachandran et al. 2017, section 3); with α = 1.702 that is
/// QuickGELU (Hendrycks and Gimpel 2016, section 2).
pub struct Silu;

impl Pass for Silu {
    fn name(&self) -> &'static str {
        "silu"
    }

    fn run(&self, g: &mut GraphEdit<'_>, _: &PassCx) -> Result<(), EditError> {
        count_written(g, |node| activation(node).and_then(name));
        for id in g.node_ids() {
            let Some((x, activation)) = find(g.graph(), id) else { continue };
            g.replace_node(id, op(Unary(UnaryOp::Activation(activation))), vec![Some(x)])?;
            if let Some(what) = name(activation) {
                g.found(what, id);
            }
        }
        Ok(())
    }
}

/// The factor of QuickGELU.
const QUICK: f32 = 1.702;

fn name(activation: Activation) -> Option<&'static str> {
    match activation {
        Activation::Silu => Some("SiLU"),
        Activation::Swish { alpha } => Some(if alpha == QUICK { "QuickGELU" } else { "Swish" }),
        _ => None,
    }
}

fn find(g: &Graph, id: NodeId) -> Option<(ValueId, Activation)> {
    let y = used_output(g, id)?;
    let sigmoid = UnaryOp::Activation(Activation::Sigmoid);
    let gated = |(x, gate)| Some((x, factor(g, unary(g, gate, sigmoid)?, x)?));
    let (x, alpha) = either_way(g, y, BinaryOp::Mul).find_map(gated)?;
    let activation = if alpha == 1.0 { Activation::Silu } else { Activation::Swish { alpha } };
    alike(g, x, y).then_some((x, activation))
}

/// `α` of `α · x`.
fn factor(g: &Graph, value: ValueId, x: ValueId) -> Option<f32> {
    if value == x {
        return Some(1.0);
    }
    with_scalar(g, value, BinaryOp::Mul).filter(|&(of, _)| of == x).map(|(_, alpha)| alpha as f32)
}
