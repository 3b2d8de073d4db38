//! Recognises LayerNormalization and RMSNormalization.

use std::ops::Range;

use fastserve_ir::{Attrs, EditError, Graph, GraphEdit, NodeId, OpRef, ValueId};
use fastserve_kernels::elementwise::BinaryOp;
use fastserve_ops::ops::transpose::Transpose;
use fastserve_tensor::{DType, Tensor};

use crate::mean::{Mean, centred, inverse_root, mean, mean_square, root, variance};
use crate::pattern::{Product, binary, either_way};
use crate::util::{alike, count_written, named, node_name, used_output};
use crate::{Pass, PassCx};

/// `(x − mean) / √(var + ε) · w + b` as PyTorch, Paddle and TensorFlow write it, and `x / √(mean(x²) + ε) · w`, to one node
/// (Ba et al. 2016, section 3.1; Zhang and Sennrich 2019, section 4). Axes that are not the last ones are made so, and put back.
pub struct LayerNorm;

impl Pass for LayerNorm {
    fn name(&self) -> &'static str {
        "layer_norm"
    }

    /// From the end, so that a product that is scaled and shifted is not taken without.
    fn run(&self, g: &mut GraphEdit<'_>, _: &PassCx) -> Result<(), EditError> {
        count_written(g, |node| match node.op.name() {
            "LayerNormalization" | "com.microsoft.SkipLayerNormalization" => Some("LayerNorm"),
            "RMSNormalization" | "SimplifiedLayerNormalization" | "com.microsoft.SkipSimplifiedLayerNormalization" => Some("RMSNorm"),
            _ => None,
        });
        for id in g.node_ids().into_iter().rev() {
            let Some(found) = used_output(g.graph(), id).and_then(|y| find(g.graph(), y)) else { continue };
            if !rewrite(g, id, &found)? {
                g.note(id, "normalisation not joined: its scale or shift is no constant of the normalised axes");
            } else {
                crate::dead_code::remove_above(g, &found.inner);
            }
        }
        Ok(())
    }
}

/// `(x − mean) / √(var + ε) · scale + shift`, or without the mean.
#[derive(Clone, Debug)]
struct Found {
    x: Mean,
    epsilon: f64,
    scale: Option<ValueId>,
    shift: Option<ValueId>,
    rms: bool,
    inner: Vec<ValueId>,
}

fn find(g: &Graph, y: ValueId) -> Option<Found> {
    let inputs = |v: ValueId| g.producer(v).map(|(_, n)| n.inputs.iter().flatten().copied().collect::<Vec<_>>()).unwrap_or_default();
    let shifted = either_way(g, y, BinaryOp::Add).filter(|&(_, b)| g.constant(b).is_some());
    let with_shift = |(product, b)| Some(Found { shift: Some(b), ..normalised(g, product).filter(|f| !f.rms)? });
    let found = shifted.into_iter().find_map(with_shift).or_else(|| one_scale(g, y)).or_else(|| normalised(g, y))?;
    alike(g, found.x.of, y).then(|| Found { inner: inputs(y), ..found })
}

/// A product of a centred value, an inverse root and a scale.
fn normalised(g: &Graph, value: ValueId) -> Option<Found> {
    let is_product = [BinaryOp::Mul, BinaryOp::Div].iter().any(|&op| binary(g, value, op).is_some());
    let product = is_product.then(|| Product::of(g, value, &squared(g, value))).filter(|p| p.scale == 1.0)?;
    let scales: Vec<ValueId> = product.above.iter().copied().filter(|&v| g.constant(v).is_some()).collect();
    let factors: Vec<ValueId> = product.above.iter().copied().filter(|&v| g.constant(v).is_none()).collect();
    let (by, value) = match (&factors[..], &product.below[..]) {
        (&[value], &[below]) => (root(g, below)?, value),
        (&[a, b], []) => inverse_root(g, b).map(|r| (r, a)).or_else(|| inverse_root(g, a).map(|r| (r, b)))?,
        _ => return None,
    };
    let scale = match scales[..] {
        [] => None,
        [scale] => Some(scale),
        _ => return None,
    };
    let ((v, epsilon), found) = (by, |x, rms| Found { x, epsilon: 0.0, scale, shift: None, rms, inner: vec![] });
    let layer = centred(g, value).filter(|x| variance(g, v).as_ref() == Some(x)).map(|x| found(x, false));
    let rms = || mean_square(g, v).filter(|x| x.of == value).map(|x| found(x, true));
    layer.or_else(rms).map(|f| Found { epsilon, ..f })
}

/// What the roots in a product are taken of: products too, which stay whole.
fn squared(g: &Graph, value: ValueId) -> Vec<ValueId> {
    let product = Product::of(g, value, &[]);
    let below = product.below.iter().filter_map(|&v| root(g, v));
    let above = product.above.iter().filter_map(|&v| inverse_root(g, v));
    below.chain(above).filter_map(|(v, _)| mean_square(g, v)).map(|mean| mean.of).collect()
}

/// `x · s + (b − mean · s)` with `s = w / √(var + ε)`, as TensorFlow writes it.
fn one_scale(g: &Graph, y: ValueId) -> Option<Found> {
    let with = |(product, rest)| {
        let (shift, taken) = binary(g, rest, BinaryOp::Sub).filter(|(b, _)| g.constant(*b).is_some())?;
        let (x, s) = either_way(g, product, BinaryOp::Mul)
            .find(|&(x, s)| either_way(g, taken, BinaryOp::Mul).any(|(m, other)| other == s && mean(g, m).is_some_and(|m| m.of == x)))?;
        let scaled = either_way(g, s, BinaryOp::Mul).find(|&(_, w)| g.constant(w).is_some());
        let (v, epsilon) = inverse_root(g, scaled.map_or(s, |(r, _)| r))?;
        let x = variance(g, v).filter(|m| m.of == x)?;
        Some(Found { x, epsilon, scale: scaled.map(|(_, w)| w), shift: Some(shift), rms: false, inner: vec![] })
    };
    either_way(g, y, BinaryOp::Add).find_map(with)
}

fn rewrite(g: &mut GraphEdit<'_>, id: NodeId, found: &Found) -> Result<bool, EditError> {
    let fact = g.graph().fact(found.x.of).clone();
    let axes = &found.x.axes;
    let extents: Option<Vec<usize>> = fact.shape[axes.clone()].iter().map(fastserve_ir::Dim::known).collect();
    let Some(extents) = extents.filter(|_| fact.dtype == DType::F32) else { return Ok(false) };
    let after = fact.rank() - axes.end;
    let attrs = Attrs::new().with_int("axis", -(axes.len() as i64)).with_float("epsilon", found.epsilon as f32);
    let what = if found.rms { "RMSNormalization" } else { "LayerNormalization" };
    let Some(op) = named(what, &attrs) else { return Ok(false) };
    let scale = found.scale.map_or_else(
        || Tensor::from_slice(&extents, &vec![1.0f32; extents.iter().product()]).ok(),
        |w| parameter(g.graph(), w, &extents, after),
    );
    let shift = found.shift.map(|b| parameter(g.graph(), b, &extents, after));
    let (Some(scale), true) = (scale, shift.as_ref().is_none_or(Option::is_some)) else { return Ok(false) };
    let name = node_name(g.graph(), id);
    let mut inputs = vec![Some(found.x.of), Some(g.add_const(&format!("{name}.scale"), scale))];
    inputs.extend(shift.flatten().map(|b| Some(g.add_const(&format!("{name}.shift"), b))));
    replace(g, id, op, inputs, axes)?;
    g.found(if found.rms { "RMSNorm" } else { "LayerNorm" }, id);
    Ok(true)
}

/// Puts the operator in the place of a node; axes that are not the last ones are brought there, and back.
fn replace(g: &mut GraphEdit<'_>, id: NodeId, op: OpRef, mut inputs: Vec<Option<ValueId>>, axes: &Range<usize>) -> Result<(), EditError> {
    let Some(x) = inputs.first().copied().flatten() else { return Ok(()) };
    let rank = g.graph().fact(x).rank();
    if axes.end == rank {
        return g.replace_node(id, op, inputs);
    }
    let name = node_name(g.graph(), id);
    let there: Vec<usize> = (0..axes.start).chain(axes.end..rank).chain(axes.clone()).collect();
    let mut back = vec![0; rank];
    there.iter().enumerate().for_each(|(at, &axis)| back[axis] = at);
    inputs[0] = g.add_node(&format!("{name}.last"), order(there), &[Some(x)])?.first().copied();
    // With a mean and a deviation that nobody uses it would have no kernel.
    let normal = g.add_node_of(&format!("{name}.normal"), op, &inputs, 1)?.first().copied();
    g.replace_node(id, order(back), vec![normal])
}

fn order(perm: Vec<usize>) -> OpRef {
    crate::util::op(Transpose { perm: Some(perm) })
}

/// A constant as one element for each of the normalised ones, `after` axes before the end; `None` if it differs along other axes.
fn parameter(g: &Graph, value: ValueId, extents: &[usize], after: usize) -> Option<Tensor> {
    let tensor = g.constant(value)?;
    let data = tensor.as_slice::<f32>().ok()?;
    let count = extents.iter().product();
    if let [one] = data {
        return Tensor::from_slice(extents, &vec![*one; count]).ok();
    }
    let dims = tensor.shape().dims();
    let (dims, behind) = dims.split_at(dims.len().checked_sub(after)?);
    let (before, own) = dims.split_at(dims.len().checked_sub(extents.len())?);
    if own != extents || before.iter().chain(behind).any(|&d| d != 1) {
        return None;
    }
    Tensor::from_slice(extents, data).ok()
}
