//! Moves the addition of a row after a product into the product's store.

use fastserve_ir::{Dim, EditError, Graph, GraphEdit, NodeId, ValueId};
use fastserve_kernels::elementwise::BinaryOp;
use fastserve_kernels::epilogue::BiasAxis;
use fastserve_ops::ops::binary::Binary;
use fastserve_ops::ops::fused_gemm::FusedGemm;

use crate::util::{input, node_as, only_producer, op};
use crate::{Pass, PassCx};

/// `Add(fs.Gemm(a, b), row)` to `fs.Gemm(a, b, row)`.
pub struct FuseBias;

impl Pass for FuseBias {
    fn name(&self) -> &'static str {
        "fuse_bias"
    }

    fn run(&self, g: &mut GraphEdit<'_>, _: &PassCx) -> Result<(), EditError> {
        for id in g.node_ids() {
            if let Some((fused, inputs)) = find(g.graph(), id) {
                g.replace_node(id, op(fused), inputs)?;
            }
        }
        Ok(())
    }
}

fn find(g: &Graph, id: NodeId) -> Option<(FusedGemm, Vec<Option<ValueId>>)> {
    let (node, add) = node_as::<Binary>(g, id)?;
    if add.0 != BinaryOp::Add {
        return None;
    }
    let (a, b) = input(node, 0).zip(input(node, 1))?;
    [(a, b), (b, a)].into_iter().find_map(|(product, row)| fused(g, product, row))
}

fn fused(g: &Graph, product: ValueId, row: ValueId) -> Option<(FusedGemm, Vec<Option<ValueId>>)> {
    let (_, node, gemm) = only_producer::<FusedGemm>(g, product)?;
    let plain = gemm.0.epilogue.bias == BiasAxis::None && gemm.0.epilogue.activation == Default::default();
    let n: &Dim = g.fact(product).shape.last()?;
    if !plain || g.fact(row).shape != [n.clone()] || g.constant(row).is_none() {
        return None;
    }
    let mut spec = gemm.0;
    spec.epilogue.bias = BiasAxis::Column;
    let inputs = [&node.inputs[..], &[Some(row)]].concat();
    Some((FusedGemm(spec), inputs))
}
