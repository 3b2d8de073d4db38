//! Moves the addition of a row after a product into the product's store.

use fastserve_ir::{EditError, Graph, GraphEdit, NodeId, ValueId};
use fastserve_kernels::elementwise::BinaryOp;
use fastserve_kernels::epilogue::BiasAxis;
use fastserve_ops::ops::fused_gemm::FusedGemm;
use fastserve_tensor::{Shape, Tensor};

use crate::pattern::either_way;
use crate::util::{alike, node_name, only_producer, op, used_output};
use crate::{Pass, PassCx};

/// `Add(fs.Gemm(a, b), row)` to `fs.Gemm(a, b, row)`.
pub struct FuseBias;

impl Pass for FuseBias {
    fn name(&self) -> &'static str {
        "fuse_bias"
    }

    fn run(&self, g: &mut GraphEdit<'_>, _: &PassCx) -> Result<(), EditError> {
        for id in g.node_ids() {
            let Some(found) = find(g.graph(), id) else { continue };
            let row = match found.flat {
                Some(flat) => g.add_const(&format!("{}.bias", node_name(g.graph(), id)), flat),
                None => found.row,
            };
            let inputs = [&found.inputs[..], &[Some(row)]].concat();
            g.replace_node(id, op(found.fused), inputs)?;
        }
        Ok(())
    }
}

struct Found {
    fused: FusedGemm,
    inputs: Vec<Option<ValueId>>,
    row: ValueId,
    /// The row without the leading extents of 1 that it has.
    flat: Option<Tensor>,
}

fn find(g: &Graph, id: NodeId) -> Option<Found> {
    let y = used_output(g, id)?;
    either_way(g, y, BinaryOp::Add).find_map(|(product, row)| if alike(g, product, y) { fused(g, product, row) } else { None })
}

fn fused(g: &Graph, product: ValueId, row: ValueId) -> Option<Found> {
    let (_, node, gemm) = only_producer::<FusedGemm>(g, product)?;
    let plain = gemm.0.epilogue == Default::default();
    let n = g.fact(product).shape.last()?;
    let constant = g.constant(row)?;
    let (last, leading) = constant.shape().dims().split_last()?;
    if !plain || n.known() != Some(*last) || leading.iter().any(|&d| d != 1) || constant.as_slice::<f32>().is_err() {
        return None;
    }
    let flat = if leading.is_empty() { None } else { Some(constant.reshaped(Shape::new(&[*last]).ok()?).ok()?) };
    let mut spec = gemm.0;
    spec.epilogue.bias = BiasAxis::Column;
    Some(Found { fused: FusedGemm(spec), inputs: node.inputs, row, flat })
}
