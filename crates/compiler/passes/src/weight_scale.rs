//! Folds constant factors and addends of channels into the weights before them.

use fastserve_ir::{EditError, Graph, GraphEdit, NodeId, ValueId};
use fastserve_kernels::elementwise::BinaryOp;
use fastserve_ops::ops::binary::Binary;

use crate::linear::{Affine, Folded, Linear, linear};
use crate::util::{alike, input, node_as, node_name, used_output};
use crate::{Pass, PassCx};

/// Mul, Add, Sub and Div by a constant of each channel after Conv, ConvTranspose, Gemm, MatMul and BatchNormalization go into
/// their weights and bias, computed in f64 and rounded once.
pub struct WeightScale;

impl Pass for WeightScale {
    fn name(&self) -> &'static str {
        "weight_scale"
    }

    fn run(&self, g: &mut GraphEdit<'_>, _: &PassCx) -> Result<(), EditError> {
        for id in g.node_ids() {
            match find(g.graph(), id) {
                None => {}
                Some(Err(why)) => g.note(id, format!("not folded into the weights: {why}")),
                Some(Ok((before, folded))) => rewrite(g, id, before, folded)?,
            }
        }
        Ok(())
    }
}

fn find(g: &Graph, id: NodeId) -> Option<Result<(Linear, Folded), &'static str>> {
    let y = used_output(g, id)?;
    let (v, by, before) = candidates(g, id).find_map(|(v, c, first)| {
        let before = linear(g, v)?;
        Some((v, affine(g, id, c, first, &before)?, before))
    })?;
    if !alike(g, v, y) {
        return None;
    }
    if g.uses(v) != 1 {
        return Some(Err("its input has other users"));
    }
    match before.fold(g, &by) {
        // Additions after a product become its bias later.
        Err(_) if before.node.op.name() == "MatMul" && by.addends.iter().any(|&a| a != 0.0) => None,
        folded => Some(folded.map(|f| (before, f))),
    }
}

/// `(value, constant, whether the constant comes first)`.
fn candidates(g: &Graph, id: NodeId) -> impl Iterator<Item = (ValueId, ValueId, bool)> + use<'_> {
    let operands = node_as::<Binary>(g, id).and_then(|(node, _)| input(node, 0).zip(input(node, 1)));
    let both = operands.into_iter().flat_map(|(a, b)| [(a, b, false), (b, a, true)]);
    both.filter(|&(_, c, _)| g.constant(c).is_some())
}

/// What a node does to each channel.
fn affine(g: &Graph, id: NodeId, c: ValueId, first: bool, of: &Linear) -> Option<Affine> {
    let values = per_channel(g, c, g.fact(used_output(g, id)?).rank(), of.axis, of.channels)?;
    let n = of.channels;
    let (factors, addends) = match (node_as::<Binary>(g, id)?.1.0, first) {
        (BinaryOp::Mul, _) => (values, vec![0.0; n]),
        (BinaryOp::Add, _) => (vec![1.0; n], values),
        (BinaryOp::Sub, false) => (vec![1.0; n], values.iter().map(|v| -v).collect()),
        (BinaryOp::Sub, true) => (vec![-1.0; n], values),
        (BinaryOp::Div, false) if values.iter().all(|&v| v != 0.0) => (values.iter().map(|v| 1.0 / v).collect(), vec![0.0; n]),
        _ => return None,
    };
    Some(Affine { factors, addends })
}

/// The elements of a constant that differs along one axis of a value at most.
pub(crate) fn per_channel(g: &Graph, constant: ValueId, rank: usize, axis: usize, channels: usize) -> Option<Vec<f64>> {
    let tensor = g.constant(constant)?;
    let data = tensor.as_slice::<f32>().ok()?;
    if let [one] = data {
        return (tensor.shape().rank() <= rank).then(|| vec![f64::from(*one); channels]);
    }
    let skip = rank.checked_sub(tensor.shape().rank())?;
    let fits = |(i, &d): (usize, &usize)| d == if i + skip == axis { channels } else { 1 };
    let fits = axis >= skip && tensor.shape().iter().enumerate().all(fits);
    fits.then(|| data.iter().map(|&v| f64::from(v)).collect())
}

/// The node becomes the one before it, which goes.
pub(crate) fn rewrite(g: &mut GraphEdit<'_>, id: NodeId, before: Linear, folded: Folded) -> Result<(), EditError> {
    let name = node_name(g.graph(), id);
    let mut inputs = before.node.inputs.clone();
    if let Some(w) = folded.weights {
        inputs[1] = Some(g.add_const(&format!("{name}.weight"), w));
    }
    if let Some(b) = folded.bias {
        let b = Some(g.add_const(&format!("{name}.bias"), b));
        if inputs.len() > 2 { inputs[2] = b } else { inputs.push(b) }
    }
    g.replace_node(id, folded.op, inputs)?;
    g.remove_node(before.id);
    Ok(())
}
