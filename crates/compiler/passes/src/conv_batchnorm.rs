//! Folds a BatchNormalization into the convolution or product before it.
//!
//! With γ, β, μ, σ² of a channel: `w' = w · γ/√(σ²+ε)` and `b' = (b − μ) · γ/√(σ²+ε) + β` (Jacob et al. 2018, section 3.2).

use fastserve_ir::{EditError, Graph, GraphEdit, Node, NodeId};
use fastserve_ops::ops::batch_normalization::BatchNormalization;

use crate::linear::{Affine, Folded, Linear, linear};
use crate::util::{f32s, input, node_as, output};
use crate::weight_scale::rewrite;
use crate::{Pass, PassCx};

/// Folds a BatchNormalization into the Conv, ConvTranspose or Gemm before it.
pub struct ConvBatchNorm;

impl Pass for ConvBatchNorm {
    fn name(&self) -> &'static str {
        "conv_batchnorm"
    }

    fn run(&self, g: &mut GraphEdit<'_>, _: &PassCx) -> Result<(), EditError> {
        for id in g.node_ids() {
            match find(g.graph(), id) {
                None => {}
                Some(Err(why)) => g.note(id, format!("not folded: {why}")),
                Some(Ok((before, folded))) => rewrite(g, id, before, folded)?,
            }
        }
        Ok(())
    }
}

fn find(g: &Graph, id: NodeId) -> Option<Result<(Linear, Folded), &'static str>> {
    let (node, bn) = node_as::<BatchNormalization>(g, id)?;
    output(node)?;
    let x = input(node, 0)?;
    let Some(before) = linear(g, x).filter(|l| l.axis == 1 && g.uses(x) == 1) else {
        return Some(Err("its input is no convolution, or has other users"));
    };
    let Some(by) = affine(g, node, bn).filter(|by| by.factors.len() == before.channels) else {
        return Some(Err("statistics are not constant f32"));
    };
    Some(before.fold(g, &by).map(|folded| (before, folded)))
}

/// What a BatchNormalization does to each channel.
pub(crate) fn affine(g: &Graph, node: &Node, bn: &BatchNormalization) -> Option<Affine> {
    let [gamma, beta, mean, var] = [1, 2, 3, 4].map(|i| input(node, i).and_then(|v| f32s(g, v)));
    let (gamma, beta, mean, var) = (gamma?, beta?, mean?, var?);
    let factor = |(&g, &v): (&f32, &f32)| f64::from(g) / (f64::from(v) + f64::from(bn.epsilon)).sqrt();
    let factors: Vec<f64> = gamma.iter().zip(var).map(factor).collect();
    let addends = factors.iter().zip(mean.iter().zip(beta)).map(|(f, (&m, &b))| f64::from(b) - f64::from(m) * f).collect();
    Some(Affine { factors, addends })
}
