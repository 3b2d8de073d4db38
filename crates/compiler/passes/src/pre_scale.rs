//! Folds constant factors and addends of channels into the convolution after them.

use fastserve_ir::{EditError, Graph, GraphEdit, NodeId, ValueId};
use fastserve_kernels::elementwise::BinaryOp;
use fastserve_ops::AutoPad;
use fastserve_ops::ops::binary::Binary;
use fastserve_ops::ops::conv::Conv;
use fastserve_tensor::Tensor;

use crate::util::{alike, f32s, input, node_as, node_name, op, producer_as};
use crate::weight_scale::per_channel;
use crate::{Pass, PassCx};

/// Mul and Add by a constant of each channel before a Conv go into its weights and bias. An addend only where nothing is
/// padded: padding is 0 after it.
pub struct PreScale;

impl Pass for PreScale {
    fn name(&self) -> &'static str {
        "pre_scale"
    }

    fn run(&self, g: &mut GraphEdit<'_>, _: &PassCx) -> Result<(), EditError> {
        for id in g.node_ids() {
            // Each step takes a node away, so that this ends.
            while let Some(step) = find(g.graph(), id) {
                match step {
                    Ok(folded) => rewrite(g, id, folded)?,
                    Err(why) => {
                        g.note(id, format!("what is done to its input is not folded: {why}"));
                        break;
                    }
                }
            }
        }
        Ok(())
    }
}

struct Folded {
    conv: Conv,
    inputs: Vec<Option<ValueId>>,
    before: NodeId,
    x: ValueId,
    weights: Option<Tensor>,
    bias: Option<Tensor>,
}

fn find(g: &Graph, id: NodeId) -> Option<Result<Folded, &'static str>> {
    let (node, conv) = node_as::<Conv>(g, id)?;
    let v = input(node, 0)?;
    let channels = g.fact(v).shape.get(1)?.known()?;
    let (before, scale, binary) = producer_as::<Binary>(g, v)?;
    let (a, b) = input(scale, 0).zip(input(scale, 1))?;
    let values = |(x, c): (ValueId, ValueId)| Some((x, per_channel(g, c, g.fact(v).rank(), 1, channels)?));
    let (x, values) = [(a, b), (b, a)].into_iter().find_map(values).filter(|(x, _)| alike(g, *x, v) && g.uses(v) == 1)?;
    let padded = conv.window.pads.iter().any(|&p| p != 0) || matches!(conv.window.auto_pad, AutoPad::SameUpper | AutoPad::SameLower);
    let (w, weights) = input(node, 1).and_then(|w| Some((g.constant(w)?, f32s(g, w)?)))?;
    let at = |i: usize| channel(i, w.shape().dims(), conv.group).and_then(|c| values.get(c).copied());
    let pair = |(i, &w): (usize, &f32)| Some((f64::from(w), at(i)?));
    let pairs: Vec<(f64, f64)> = weights.iter().enumerate().map(pair).collect::<Option<_>>()?;
    let folded = Folded { conv: conv.clone(), inputs: node.inputs.clone(), before, x, weights: None, bias: None };
    match binary.0 {
        BinaryOp::Mul => {
            let scaled: Vec<f32> = pairs.iter().map(|(w, c)| (w * c) as f32).collect();
            Some(Ok(Folded { weights: Tensor::from_slice(w.shape(), &scaled).ok(), ..folded }))
        }
        BinaryOp::Add if padded => Some(Err("the padding would have to be shifted too")),
        BinaryOp::Add => {
            let old = input(node, 2).map(|b| f32s(g, b).ok_or("its bias is no constant")).transpose();
            Some(old.map(|old| Folded { bias: shifted(&pairs, old, w.shape()[0]), ..folded }))
        }
        _ => None,
    }
}

/// The input channel that an element of weights `[O, C/group, …]` belongs to.
fn channel(i: usize, dims: &[usize], group: usize) -> Option<usize> {
    let [outputs, per_group, window @ ..] = dims else { return None };
    let at = i.checked_div(window.iter().product())?;
    let (output, c) = (at.checked_div(*per_group)?, at % per_group);
    output.checked_div(outputs.checked_div(group)?).map(|g| g * per_group + c)
}

/// The bias with the sums of the addends' shares.
fn shifted(pairs: &[(f64, f64)], old: Option<&[f32]>, outputs: usize) -> Option<Tensor> {
    let per_output = pairs.len().checked_div(outputs).filter(|&n| n > 0)?;
    let sums = pairs.chunks(per_output).map(|row| row.iter().map(|(w, c)| w * c).sum::<f64>());
    let bias: Vec<f32> =
        sums.enumerate().map(|(o, sum)| (old.and_then(|b| b.get(o)).map_or(0.0, |&b| f64::from(b)) + sum) as f32).collect();
    Tensor::from_slice(&[bias.len()], &bias).ok()
}

fn rewrite(g: &mut GraphEdit<'_>, id: NodeId, folded: Folded) -> Result<(), EditError> {
    let name = node_name(g.graph(), id);
    let mut inputs = folded.inputs;
    inputs[0] = Some(folded.x);
    if let Some(w) = folded.weights {
        inputs[1] = Some(g.add_const(&format!("{name}.weight"), w));
    }
    if let Some(b) = folded.bias {
        let b = Some(g.add_const(&format!("{name}.bias"), b));
        if inputs.len() > 2 { inputs[2] = b } else { inputs.push(b) }
    }
    g.replace_node(id, op(folded.conv), inputs)?;
    g.remove_node(folded.before);
    Ok(())
}
