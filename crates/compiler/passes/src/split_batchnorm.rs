//! Writes a BatchNormalization that could not be folded as a product and a sum, which have kernels.

use fastserve_ir::{EditError, Graph, GraphEdit, NodeId, ValueId};
use fastserve_kernels::elementwise::BinaryOp;
use fastserve_ops::ops::batch_normalization::BatchNormalization;
use fastserve_ops::ops::binary::Binary;
use fastserve_tensor::Tensor;

use crate::conv_batchnorm::affine;
use crate::util::{input, node_as, node_name, op};
use crate::{Pass, PassCx};

/// `BatchNormalization(x)` to `x · factor + addend`, with constants of each channel.
pub struct SplitBatchNorm;

impl Pass for SplitBatchNorm {
    fn name(&self) -> &'static str {
        "split_batchnorm"
    }

    fn run(&self, g: &mut GraphEdit<'_>, _: &PassCx) -> Result<(), EditError> {
        for id in g.node_ids() {
            match find(g.graph(), id) {
                None => {}
                Some(None) => {
                    g.note(id, "not written as a product and a sum: its parameters are not constant f32, or its channels are not known")
                }
                Some(Some((x, factor, addend))) => {
                    let name = node_name(g.graph(), id);
                    let (f, a) = (g.add_const(&format!("{name}.factor"), factor), g.add_const(&format!("{name}.addend"), addend));
                    let scaled = g.add_node(&format!("{name}.mul"), op(Binary(BinaryOp::Mul)), &[Some(x), Some(f)])?;
                    g.replace_node(id, op(Binary(BinaryOp::Add)), vec![scaled.first().copied(), Some(a)])?;
                }
            }
        }
        Ok(())
    }
}

fn find(g: &Graph, id: NodeId) -> Option<Option<(ValueId, Tensor, Tensor)>> {
    let (node, bn) = node_as::<BatchNormalization>(g, id)?;
    let x = input(node, 0)?;
    let rank = g.fact(x).rank();
    let parts = || {
        let by = affine(g, node, bn)?;
        g.fact(x).shape.get(1)?.known()?;
        let mut shape = vec![1; rank.saturating_sub(1)];
        *shape.first_mut()? = by.factors.len();
        let tensor = |data: &[f64]| Tensor::from_slice(&shape, &data.iter().map(|&v| v as f32).collect::<Vec<f32>>()).ok();
        Some((x, tensor(&by.factors)?, tensor(&by.addends)?))
    };
    Some(parts())
}
