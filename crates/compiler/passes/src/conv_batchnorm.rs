//! Folds a BatchNormalization into the convolution before it.
//!
//! With γ, β, μ, σ² of a channel: `w' = w · γ/√(σ²+ε)` and `b' = (b − μ) · γ/√(σ²+ε) + β` (Jacob et al. 2018, section 3.2).

use fastserve_ir::{EditError, Graph, GraphEdit, Node, NodeId, ValueId};
use fastserve_ops::ops::batch_normalization::BatchNormalization;
use fastserve_ops::ops::conv::Conv;
use fastserve_tensor::Tensor;

use crate::util::{f32s, input, node_as, only_producer, op, output};
use crate::{Pass, PassCx};

/// Folds a BatchNormalization into the convolution before it.
pub struct ConvBatchNorm;

impl Pass for ConvBatchNorm {
    fn name(&self) -> &'static str {
        "conv_batchnorm"
    }

    fn run(&self, g: &mut GraphEdit<'_>, _: &PassCx) -> Result<(), EditError> {
        for id in g.node_ids() {
            match find(g.graph(), id) {
                None => {}
                Some(Err(why)) => g.note(id, why),
                Some(Ok(found)) => rewrite(g, id, found)?,
            }
        }
        Ok(())
    }
}

struct Found {
    conv: Conv,
    x: ValueId,
    weights: Tensor,
    bias: Tensor,
}

fn find(g: &Graph, id: NodeId) -> Option<Result<Found, &'static str>> {
    let (node, bn) = node_as::<BatchNormalization>(g, id)?;
    output(node)?;
    let x = input(node, 0)?;
    let Some((_, conv_node, conv)) = only_producer::<Conv>(g, x) else {
        return Some(Err("not folded: its input is no convolution, or has other users"));
    };
    let folded = folded(g, node, bn, &conv_node);
    let found = folded.zip(input(&conv_node, 0)).map(|((weights, bias), x)| Found { conv: conv.clone(), x, weights, bias });
    Some(found.ok_or("not folded: weights or statistics are not constant f32"))
}

/// The new weights and bias.
fn folded(g: &Graph, node: &Node, bn: &BatchNormalization, conv: &Node) -> Option<(Tensor, Tensor)> {
    let [gamma, beta, mean, var] = [1, 2, 3, 4].map(|i| input(node, i).and_then(|v| f32s(g, v)));
    let (gamma, beta, mean, var) = (gamma?, beta?, mean?, var?);
    let w = g.constant(input(conv, 1)?)?;
    let old = match input(conv, 2) {
        Some(b) => f32s(g, b)?.to_vec(),
        None => vec![0.0; gamma.len()],
    };
    let factor: Vec<f64> = (0..gamma.len()).map(|c| f64::from(gamma[c]) / (f64::from(var[c]) + f64::from(bn.epsilon)).sqrt()).collect();
    let per_channel = w.numel() / gamma.len().max(1);
    let scaled: Vec<f32> =
        w.as_slice::<f32>().ok()?.iter().enumerate().map(|(i, &v)| (f64::from(v) * factor[i / per_channel]) as f32).collect();
    let shifted = |c: usize| ((f64::from(old[c]) - f64::from(mean[c])) * factor[c] + f64::from(beta[c])) as f32;
    let bias: Vec<f32> = (0..gamma.len()).map(shifted).collect();
    Some((Tensor::from_slice(w.shape(), &scaled).ok()?, Tensor::from_slice(&[bias.len()], &bias).ok()?))
}

/// The BatchNormalization becomes the convolution; the old one is left without users.
fn rewrite(g: &mut GraphEdit<'_>, id: NodeId, found: Found) -> Result<(), EditError> {
    let name = g.graph().node(id).map(|n| n.name.to_string()).unwrap_or_default();
    let w = g.add_const(&format!("{name}.weight"), found.weights);
    let b = g.add_const(&format!("{name}.bias"), found.bias);
    g.replace_node(id, op(found.conv), vec![Some(found.x), Some(w), Some(b)])
}
