//! Moves an activation after a product or a convolution into its store.

use fastserve_ir::{EditError, Graph, GraphEdit, NodeId, OpRef, ValueId};
use fastserve_kernels::elementwise::UnaryOp;
use fastserve_kernels::epilogue::{Activation, Epilogue};
use fastserve_ops::ops::clip::{Clip, bounds};
use fastserve_ops::ops::fused_conv::FusedConv;
use fastserve_ops::ops::fused_gemm::FusedGemm;
use fastserve_ops::ops::unary::Unary;

use crate::util::{input, node_as, only_producer, op, output};
use crate::{Pass, PassCx};

/// An activation after `fs.Gemm` or `fs.Conv` becomes part of it.
pub struct FuseActivation;

impl Pass for FuseActivation {
    fn name(&self) -> &'static str {
        "fuse_activation"
    }

    fn run(&self, g: &mut GraphEdit<'_>, _: &PassCx) -> Result<(), EditError> {
        for id in g.node_ids() {
            let Some((activation, x)) = activation_at(g.graph(), id) else { continue };
            match fused(g.graph(), x, activation) {
                Some((fused, inputs)) => g.replace_node(id, fused, inputs)?,
                None => g.note(id, "activation not fused: its input is no product or convolution of its own"),
            }
        }
        Ok(())
    }
}

fn activation_at(g: &Graph, id: NodeId) -> Option<(Activation, ValueId)> {
    let node = g.node(id)?;
    let x = input(node, 0)?;
    output(node)?;
    if let Some((_, unary)) = node_as::<Unary>(g, id) {
        let UnaryOp::Activation(activation) = unary.0 else { return None };
        return Some((activation, x));
    }
    node_as::<Clip>(g, id)?;
    let facts: Vec<_> = node.inputs.iter().map(|v| v.map(|v| g.fact(v))).collect();
    let (min, max) = bounds(&fastserve_ir::Inputs(&facts))?;
    Some((Activation::Clip { min, max }, x))
}

fn fused(g: &Graph, x: ValueId, activation: Activation) -> Option<(OpRef, Vec<Option<ValueId>>)> {
    let with = |e: Epilogue| (e.activation == Activation::None).then_some(Epilogue { activation, ..e });
    if let Some((_, node, gemm)) = only_producer::<FusedGemm>(g, x) {
        let mut spec = gemm.0;
        spec.epilogue = with(spec.epilogue)?;
        return Some((op(FusedGemm(spec)), node.inputs));
    }
    let (_, node, conv) = only_producer::<FusedConv>(g, x)?;
    let mut spec = conv.0;
    spec.epilogue = with(spec.epilogue)?;
    Some((op(FusedConv(spec)), node.inputs))
}
