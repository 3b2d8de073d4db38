//! Operators whose result is linear in constant weights, so that a factor and an addend of each output channel fold into them.

use fastserve_ir::{Graph, Node, NodeId, OpRef, ValueId, downcast};
use fastserve_ops::ops::batch_normalization::BatchNormalization;
use fastserve_ops::ops::conv::Conv;
use fastserve_ops::ops::gemm::Gemm;
use fastserve_ops::ops::matmul::MatMul;
use fastserve_tensor::Tensor;

use crate::util::{input, op};

/// How the weights lie.
enum Weights {
    /// Output channels first.
    First,
    /// Output channels last.
    Last,
    /// `[C, O/group, …]`.
    Transposed { group: usize },
}

/// A node, its output's channel axis, and its number of channels.
pub(crate) struct Linear {
    pub(crate) id: NodeId,
    pub(crate) node: Node,
    pub(crate) axis: usize,
    pub(crate) channels: usize,
    weights: Weights,
    bias: bool,
}

/// The linear node that makes a value.
pub(crate) fn linear(g: &Graph, value: ValueId) -> Option<Linear> {
    let (id, node) = g.producer(value)?;
    let rank = g.fact(value).rank();
    let (axis, weights, bias) = if downcast::<Conv>(&node.op).is_some() || downcast::<BatchNormalization>(&node.op).is_some() {
        (1, Weights::First, true)
    } else if node.op.name() == "ConvTranspose" {
        let group = node.op.attrs().int("group").ok()?.unwrap_or(1);
        (1, Weights::Transposed { group: usize::try_from(group).ok()? }, true)
    } else if let Some(gemm) = downcast::<Gemm>(&node.op) {
        (1, if gemm.trans_b { Weights::First } else { Weights::Last }, true)
    } else {
        downcast::<MatMul>(&node.op)?;
        (rank.checked_sub(1)?, Weights::Last, false)
    };
    let channels = g.fact(value).shape.get(axis)?.known()?;
    Some(Linear { id, node: node.clone(), axis, channels, weights, bias })
}

/// A node with its factors and addends in it.
pub(crate) struct Folded {
    pub(crate) op: OpRef,
    pub(crate) weights: Option<Tensor>,
    pub(crate) bias: Option<Tensor>,
}

/// What is folded: `y · factor + addend`, for each channel.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Affine {
    pub(crate) factors: Vec<f64>,
    pub(crate) addends: Vec<f64>,
}

impl Linear {
    /// The node with a factor and an addend in each channel.
    ///
    /// # Errors
    /// Why that cannot be done.
    pub(crate) fn fold(&self, g: &Graph, by: &Affine) -> Result<Folded, &'static str> {
        let scales = by.factors.iter().any(|&f| f != 1.0);
        let shifts = by.addends.iter().any(|&a| a != 0.0);
        if shifts && !self.bias {
            return Err("the product takes no bias yet");
        }
        let old = self.old_bias(g)?;
        let bias = (shifts || (old.is_some() && scales)).then(|| {
            let at = |c: usize| (old.as_ref().map_or(0.0, |b| b[c]) * by.factors[c] + by.addends[c]) as f32;
            (0..self.channels).map(at).collect::<Vec<f32>>()
        });
        let weights = if scales { Some(self.scaled(g, &by.factors)?) } else { None };
        let bias = bias.map(|b| Tensor::from_slice(&[b.len()], &b)).transpose().map_err(|_| "the bias does not fit")?;
        Ok(Folded { op: self.op(bias.is_some()), weights, bias })
    }

    /// The operator after folding: a Gemm's addend is folded with its factor.
    fn op(&self, bias: bool) -> OpRef {
        match downcast::<Gemm>(&self.node.op) {
            Some(gemm) if bias => op(Gemm { beta: 1.0, ..*gemm }),
            _ => self.node.op.clone(),
        }
    }

    fn old_bias(&self, g: &Graph) -> Result<Option<Vec<f64>>, &'static str> {
        let Some(b) = input(&self.node, 2).filter(|_| self.bias) else { return Ok(None) };
        let data = g.constant(b).and_then(|t| t.as_slice::<f32>().ok()).filter(|b| b.len() == self.channels);
        let beta = downcast::<Gemm>(&self.node.op).map_or(1.0, |gemm| f64::from(gemm.beta));
        let data = data.ok_or("its bias is no constant of f32, one element a channel")?;
        Ok(Some(data.iter().map(|&b| f64::from(b) * beta).collect()))
    }

    fn scaled(&self, g: &Graph, factors: &[f64]) -> Result<Tensor, &'static str> {
        let weights = input(&self.node, 1).and_then(|w| g.constant(w)).ok_or("its weights are no constant")?;
        let data = weights.as_slice::<f32>().map_err(|_| "its weights are not f32")?;
        let channel = self.channel_of(weights).ok_or("its weights have other extents than its output")?;
        let scaled: Vec<f32> = data.iter().enumerate().map(|(i, &w)| (f64::from(w) * factors[channel(i)]) as f32).collect();
        Tensor::from_slice(weights.shape(), &scaled).map_err(|_| "the weights do not fit")
    }

    /// The output channel of each element of the weights.
    fn channel_of(&self, weights: &Tensor) -> Option<impl Fn(usize) -> usize + use<>> {
        let (dims, channels) = (weights.shape().dims(), self.channels);
        let (inner, period, per_group) = match (&self.weights, dims) {
            (Weights::First, [first, rest @ ..]) if *first == channels => (rest.iter().product(), channels, usize::MAX),
            (Weights::Last, [.., last]) if dims.len() == 2 && *last == channels => (1, channels, usize::MAX),
            (Weights::Transposed { group }, [c, o, rest @ ..])
                if *group > 0 && o.checked_mul(*group) == Some(channels) && c % group == 0 =>
            {
                (rest.iter().product(), *o, (c / group).checked_mul(*o)?)
            }
            _ => return None,
        };
        let inner = std::cmp::max(1usize, inner);
        Some(move |i: usize| {
            let at = i / inner;
            (at % period + if per_group == usize::MAX { 0 } else { at / per_group.max(1) * period }).min(channels.saturating_sub(1))
        })
    }
}
