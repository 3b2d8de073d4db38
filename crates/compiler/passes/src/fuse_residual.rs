//! Moves the addition of another tensor after a product or a convolution into its store.

use fastserve_ir::{EditError, Graph, GraphEdit, NodeId, OpRef, ValueId};
use fastserve_kernels::elementwise::BinaryOp;
use fastserve_kernels::epilogue::{Activation, Epilogue};
use fastserve_ops::ops::fused_conv::FusedConv;
use fastserve_ops::ops::fused_gemm::FusedGemm;

use crate::pattern::either_way;
use crate::util::{alike, only_producer, op, used_output};
use crate::{Pass, PassCx};

/// `Add(fs.Conv(x), r)` to `fs.Conv(x, r)`, and the same for `fs.Gemm`. The sum must be used by the Add alone.
pub struct FuseResidual;

impl Pass for FuseResidual {
    fn name(&self) -> &'static str {
        "fuse_residual"
    }

    fn run(&self, g: &mut GraphEdit<'_>, _: &PassCx) -> Result<(), EditError> {
        for id in g.node_ids() {
            match find(g.graph(), id) {
                None => {}
                Some(Ok((fused, inputs))) => g.replace_node(id, fused, inputs)?,
                Some(Err(why)) => g.note(id, format!("sum not fused: {why}")),
            }
        }
        Ok(())
    }
}

type Fused = (OpRef, Vec<Option<ValueId>>);

fn find(g: &Graph, id: NodeId) -> Option<Result<Fused, &'static str>> {
    let y = used_output(g, id)?;
    let pairs: Vec<_> = either_way(g, y, BinaryOp::Add).filter(|&(sum, _)| is_sum(g, sum)).collect();
    pairs.first()?;
    let tried: Vec<_> = pairs.into_iter().map(|(sum, residual)| fused(g, sum, residual)).collect();
    let first = tried.first().cloned();
    tried.into_iter().find(Result::is_ok).or(first)
}

fn is_sum(g: &Graph, value: ValueId) -> bool {
    g.producer(value).is_some_and(|(_, n)| matches!(n.op.name(), "fs.Conv" | "fs.Gemm"))
}

fn fused(g: &Graph, sum: ValueId, residual: ValueId) -> Result<Fused, &'static str> {
    if !alike(g, sum, residual) {
        return Err("the two are not of one shape");
    }
    let with = |e: Epilogue| match e {
        Epilogue { activation: Activation::None, residual: false, .. } => Ok(Epilogue { residual: true, ..e }),
        _ => Err("an activation or another sum comes between"),
    };
    if let Some((_, node, gemm)) = only_producer::<FusedGemm>(g, sum) {
        let mut spec = gemm.0;
        spec.epilogue = with(spec.epilogue)?;
        return Ok((op(FusedGemm(spec)), [&node.inputs[..], &[Some(residual)]].concat()));
    }
    let (_, node, conv) = only_producer::<FusedConv>(g, sum).ok_or("the product or convolution has other users")?;
    let mut spec = conv.0;
    spec.epilogue = with(spec.epilogue)?;
    Ok((op(FusedConv(spec)), [&node.inputs[..], &[Some(residual)]].concat()))
}
