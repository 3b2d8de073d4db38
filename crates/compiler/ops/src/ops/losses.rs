//! NegativeLogLikelihoodLoss and SoftmaxCrossEntropyLoss.

use std::sync::Arc;

use fastserve_ir::{AttrError, Attrs, Fact, Inputs, Io, Op, OpError, OpRef, ShapeError};
use fastserve_tensor::{DType, Shape};

use crate::def::OpDef;
use crate::elements::{count, require_float};
use crate::moves::ints;
use crate::numbers::{choice, numbers, optional, store, store_if_asked};

/// What becomes of the losses of the samples.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum LossReduction {
    /// They stay.
    None,
    /// Their sum.
    Sum,
    /// Their sum over that of their weights.
    Mean,
}

const REDUCTIONS: [&str; 3] = ["none", "sum", "mean"];

/// The loss of `[N, C, …]` against the classes `[N, …]`: minus the logarithm of the right class's probability, weighted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Loss {
    /// Whether the input is scores, of which the logarithm of the softmax is taken, else it is logarithms already.
    pub softmax: bool,
    /// A class whose samples do not count.
    pub ignore_index: Option<i64>,
    /// What becomes of the losses.
    pub reduction: LossReduction,
}

pub(crate) const DEFS: &[OpDef] = &[
    OpDef { name: "NegativeLogLikelihoodLoss", since: 12, build: |attrs, _| build(attrs, false) },
    OpDef { name: "SoftmaxCrossEntropyLoss", since: 12, build: |attrs, _| build(attrs, true) },
];

fn build(attrs: &Attrs, softmax: bool) -> Result<OpRef, AttrError> {
    attrs.only(&["ignore_index", "reduction"])?;
    let reduction = [LossReduction::None, LossReduction::Sum, LossReduction::Mean][choice(attrs, "reduction", &REDUCTIONS, 2)?];
    Ok(Arc::new(Loss { softmax, ignore_index: attrs.int("ignore_index")?, reduction }))
}

impl Op for Loss {
    fn name(&self) -> &'static str {
        if self.softmax { "SoftmaxCrossEntropyLoss" } else { "NegativeLogLikelihoodLoss" }
    }

    fn attrs(&self) -> Attrs {
        let attrs = match self.reduction {
            LossReduction::None => Attrs::new().with_str("reduction", REDUCTIONS[0]),
            LossReduction::Sum => Attrs::new().with_str("reduction", REDUCTIONS[1]),
            LossReduction::Mean => Attrs::new(),
        };
        self.ignore_index.map_or(attrs.clone(), |i| attrs.with_int("ignore_index", i))
    }

    fn infer(&self, inputs: &Inputs<'_>) -> Result<Vec<Fact>, ShapeError> {
        let x = require_float(inputs, 0)?;
        let target = inputs.req(1)?;
        if !matches!(target.dtype, DType::I32 | DType::I64) {
            return Err(ShapeError::DType { index: 1, expected: "i32 or i64".into(), got: target.dtype });
        }
        if x.rank() < 2 || target.rank() + 1 != x.rank() {
            return Err(ShapeError::shape(format!("scores of rank {} do not fit classes of rank {}", x.rank(), target.rank())));
        }
        if inputs.opt(2).is_some() {
            inputs.same_dtype(2, x.dtype)?;
            inputs.ranked(2, 1)?;
        }
        let loss = if self.reduction == LossReduction::None { target.shape.clone() } else { Vec::new() };
        let mut facts = vec![Fact::new(x.dtype, loss)];
        if self.softmax {
            facts.push(Fact::new(x.dtype, x.shape.clone()));
        }
        Ok(facts)
    }

    fn reference(&self, io: &mut Io<'_>) -> Result<(), OpError> {
        let (shape, targets) = (io.shape(0)?, ints(io, 1)?);
        let mut scores = numbers(io, 0)?;
        let weights = optional(io, 2)?;
        if self.softmax {
            log_softmax(&mut scores, &shape)?;
        }
        let (losses, total) = self.losses(&scores, &shape, &targets, weights.as_deref())?;
        match self.reduction {
            LossReduction::None => store(io, 0, &losses)?,
            LossReduction::Sum => store(io, 0, &[losses.iter().sum()])?,
            LossReduction::Mean => store(io, 0, &[losses.iter().sum::<f64>() / total])?,
        }
        store_if_asked(io, 1, &scores)
    }
}

/// Extents of the batch, the classes and the rest.
fn parts(shape: &Shape) -> Result<(usize, usize, usize), OpError> {
    match shape.dims() {
        [batch, classes, rest @ ..] => Ok((*batch, *classes, count(rest))),
        _ => Err(OpError::Value(format!("expected a batch of scores, got {shape}"))),
    }
}

impl Loss {
    /// The loss of each sample, and the sum of their weights.
    fn losses(&self, x: &[f64], shape: &Shape, targets: &[i64], weights: Option<&[f64]>) -> Result<(Vec<f64>, f64), OpError> {
        let (batch, classes, inner) = parts(shape)?;
        if Some(targets.len()) != batch.checked_mul(inner) || weights.is_some_and(|w| w.len() != classes) {
            return Err(OpError::Value(format!("{} classes or their weights do not fit scores {shape}", targets.len())));
        }
        let mut total = 0.0;
        let mut one = |(i, &target): (usize, &i64)| {
            if self.ignore_index == Some(target) {
                return Ok(0.0);
            }
            let class = usize::try_from(target).ok().filter(|&c| c < classes);
            let class = class.ok_or_else(|| OpError::Value(format!("class {target} is outside {classes}")))?;
            let weight = weights.map_or(1.0, |w| w[class]);
            total += weight;
            Ok(-weight * x[(i / inner * classes + class) * inner + i % inner])
        };
        let losses = targets.iter().enumerate().map(&mut one).collect::<Result<Vec<f64>, OpError>>()?;
        Ok((losses, total))
    }
}

/// Scores to logarithms of probabilities, along axis 1.
fn log_softmax(x: &mut [f64], shape: &Shape) -> Result<(), OpError> {
    let (batch, classes, inner) = parts(shape)?;
    for line in 0..if x.is_empty() { 0 } else { batch * inner } {
        let at = |c: usize| (line / inner * classes + c) * inner + line % inner;
        let max = (0..classes).map(|c| x[at(c)]).fold(f64::NEG_INFINITY, f64::max);
        let sum: f64 = (0..classes).map(|c| (x[at(c)] - max).exp()).sum();
        (0..classes).for_each(|c| x[at(c)] -= max + sum.ln());
    }
    Ok(())
}
