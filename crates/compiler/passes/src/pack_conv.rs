//! Turns Conv into a packing of the weights and a convolution with packed weights.

use fastserve_ir::{ConvSpec, EditError, GraphEdit, Layout, NodeId, PackConvSpec, ValueId, Window2d};
use fastserve_kernels::conv::CONV;
use fastserve_kernels::epilogue::{BiasAxis, Epilogue};
use fastserve_ops::ops::conv::Conv;
use fastserve_ops::ops::fused_conv::FusedConv;
use fastserve_ops::ops::pack_conv::PackConv as PackConvOp;
use fastserve_ops::ops::squeeze::Unsqueeze;
use fastserve_simd::Cpu;
use fastserve_tensor::DType;

use crate::util::{input, node_as, op};
use crate::{Pass, PassCx};

/// Conv to `fs.PackConv` and `fs.Conv`.
pub struct PackConv;

struct Found {
    x: ValueId,
    w: ValueId,
    bias: Option<ValueId>,
    window: Window2d,
    group: usize,
}

impl Pass for PackConv {
    fn name(&self) -> &'static str {
        "pack_conv"
    }

    fn run(&self, g: &mut GraphEdit<'_>, cx: &PassCx) -> Result<(), EditError> {
        for id in g.node_ids() {
            match find(g, id) {
                None => {}
                Some(Err(why)) => g.note(id, format!("runs by reference: {why}")),
                Some(Ok(found)) => rewrite(g, id, &found, cx)?,
            }
        }
        Ok(())
    }
}

fn find(g: &GraphEdit<'_>, id: NodeId) -> Option<Result<Found, &'static str>> {
    let (node, conv) = node_as::<Conv>(g.graph(), id)?;
    let (x, w) = input(node, 0).zip(input(node, 1))?;
    let (fx, fw) = (g.graph().fact(x), g.graph().fact(w));
    if fx.dtype != DType::F32 || fx.layout != Layout::RowMajor || fw.layout != Layout::RowMajor {
        return Some(Err("only row-major f32 has a kernel"));
    }
    if !matches!(fx.rank(), 3 | 4) {
        return Some(Err("only one or two spatial axes have a kernel"));
    }
    if fw.shape.iter().any(|d| d.known().is_none()) || fx.shape[1].known().is_none() {
        return Some(Err("channels or weights of unknown extents have no kernel"));
    }
    let kernel = conv.kernel(&fw.shape).ok()?;
    let Some(window) = conv.window.window2d(&fx.shape[2..], &kernel) else {
        return Some(Err("SAME padding of an input of unknown extents has no kernel"));
    };
    Some(Ok(Found { x, w, bias: input(node, 2), window, group: conv.group }))
}

fn rewrite(g: &mut GraphEdit<'_>, id: NodeId, found: &Found, cx: &PassCx) -> Result<(), EditError> {
    let Some(node) = g.graph().node(id).cloned() else { return Ok(()) };
    let (mr, group) = (panel_height(cx.cpu), found.group);
    let w = if g.graph().fact(found.w).rank() == 3 { with_height(g, &node.name, found.w)? } else { found.w };
    let packed = g.add_node(&format!("{}.pack", node.name), op(PackConvOp(PackConvSpec { mr, group, blocks: false })), &[Some(w)])?;
    let bias = if found.bias.is_some() { BiasAxis::Row } else { BiasAxis::None };
    let spec = ConvSpec { window: found.window, group, mr, blocks: false, epilogue: Epilogue { bias, ..Epilogue::default() } };
    let mut inputs = vec![Some(found.x), packed.first().copied()];
    inputs.extend(found.bias.map(Some));
    g.replace_node(id, op(FusedConv(spec)), inputs)
}

/// Weights of one spatial axis as those of two, of height 1.
fn with_height(g: &mut GraphEdit<'_>, name: &str, w: ValueId) -> Result<ValueId, EditError> {
    let unsqueeze = Unsqueeze { axes: Some(vec![2]) };
    let made = g.add_node(&format!("{name}.height"), op(unsqueeze), &[Some(w)])?;
    Ok(made.first().copied().unwrap_or(w))
}

/// Output channels of a tile of the best kernel that the processor has. One method so far: extents do not matter.
fn panel_height(cpu: Cpu) -> usize {
    CONV.iter().rev().find(|row| row.isa == cpu.id()).map_or(1, |row| row.mr)
}
