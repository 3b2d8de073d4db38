//! Turns LSTM, GRU and RNN into packings of the weights and a layer with packed weights.

use fastserve_ir::{EditError, GraphEdit, Layout, Node, NodeId, PackGemmSpec, RecurrentSpec, ValueId};
use fastserve_ops::ops::fused_recurrent::{FusedRecurrent, spec};
use fastserve_ops::ops::pack_gemm::PackGemmB;
use fastserve_ops::ops::recurrent::Recurrent;
use fastserve_tensor::DType;

use crate::pack_gemm::choose_format;
use crate::util::{input, node_as, op};
use crate::{Pass, PassCx};

/// LSTM, GRU and RNN to `fs.PackGemmB` and `fs.LSTM`, `fs.GRU`, `fs.RNN`.
pub struct PackRecurrent;

/// Inputs of sequence lengths and of peepholes.
const LENGTHS: usize = 4;
const PEEPHOLES: usize = 7;

impl Pass for PackRecurrent {
    fn name(&self) -> &'static str {
        "pack_recurrent"
    }

    fn run(&self, g: &mut GraphEdit<'_>, cx: &PassCx) -> Result<(), EditError> {
        for id in g.node_ids() {
            match find(g, id, cx) {
                None => {}
                Some(Err(why)) => g.note(id, format!("runs by reference: {why}")),
                Some(Ok(found)) => rewrite(g, id, found)?,
            }
        }
        Ok(())
    }
}

fn find(g: &GraphEdit<'_>, id: NodeId, cx: &PassCx) -> Option<Result<(RecurrentSpec, [ValueId; 2]), &'static str>> {
    let (node, layer) = node_as::<Recurrent>(g.graph(), id)?;
    Some(accept(g, node, layer, cx))
}

fn accept(g: &GraphEdit<'_>, node: &Node, layer: &Recurrent, cx: &PassCx) -> Result<(RecurrentSpec, [ValueId; 2]), &'static str> {
    let (w, r) = input(node, 1).zip(input(node, 2)).ok_or("weights are missing")?;
    if input(node, LENGTHS).is_some() || input(node, PEEPHOLES).is_some() {
        return Err("lengths and peepholes have no kernel");
    }
    let plain = |v: ValueId| g.graph().fact(v).dtype == DType::F32 && g.graph().fact(v).layout == Layout::RowMajor;
    if !node.inputs.iter().flatten().all(|&v| plain(v)) {
        return Err("only f32 has a kernel");
    }
    let known = |v: ValueId| g.graph().fact(v).shape.iter().all(|d| d.known().is_some());
    if !known(w) || !known(r) {
        return Err("weights of unknown extents have no kernel");
    }
    // Both products have as many columns, and the packing follows from them.
    Ok((spec(layer, choose_format(g.graph().fact(w), true, cx))?, [w, r]))
}

fn rewrite(g: &mut GraphEdit<'_>, id: NodeId, (spec, weights): (RecurrentSpec, [ValueId; 2])) -> Result<(), EditError> {
    let Some(node) = g.graph().node(id).cloned() else { return Ok(()) };
    let mut inputs = node.inputs.clone();
    for (i, w) in weights.into_iter().enumerate() {
        let pack = op(PackGemmB(PackGemmSpec { trans_b: true, format: spec.format }));
        let packed = g.add_node(&format!("{}.pack{i}", node.name), pack, &[Some(w)])?;
        inputs[1 + i] = packed.first().copied();
    }
    g.replace_node(id, op(FusedRecurrent(spec)), inputs)
}
