//! Scores of classes, in order.

use anyhow::{Result, ensure};
use fastserve::TensorView;

use crate::io::elements::to_f64;

/// Scores are taken for probabilities if their sum is this close to 1.
const SUM_TOLERANCE: f64 = 1e-3;

/// Probabilities of classes.
pub(crate) struct Ranking {
    pub(crate) probabilities: Vec<f64>,
    /// Whether they are the softmax of what the model gave.
    pub(crate) softmaxed: bool,
}

impl Ranking {
    /// From the scores of one picture, which need not be probabilities.
    pub(crate) fn of(scores: &TensorView<'_>) -> Result<Self> {
        Self::of_scores(to_f64(scores)?)
    }

    /// From scores.
    pub(crate) fn of_scores(scores: Vec<f64>) -> Result<Self> {
        ensure!(!scores.is_empty(), "the model's output is empty");
        let sum: f64 = scores.iter().sum();
        let is_distribution = scores.iter().all(|s| *s >= 0.0) && (sum - 1.0).abs() < SUM_TOLERANCE;
        let probabilities = if is_distribution { scores } else { softmax(&scores) };
        Ok(Self { probabilities, softmaxed: !is_distribution })
    }

    /// The first class of the largest probability.
    pub(crate) fn best(&self) -> usize {
        self.top(1).first().map_or(0, |t| t.0)
    }

    /// Classes with their probabilities, the most likely first.
    pub(crate) fn top(&self, count: usize) -> Vec<(usize, f64)> {
        let mut all: Vec<(usize, f64)> = self.probabilities.iter().copied().enumerate().collect();
        all.sort_by(|a, b| b.1.total_cmp(&a.1));
        all.truncate(count);
        all
    }
}

fn softmax(scores: &[f64]) -> Vec<f64> {
    let max = scores.iter().copied().fold(f64::NEG_INFINITY, f64::max);
    let exps: Vec<f64> = scores.iter().map(|s| (s - max).exp()).collect();
    let sum: f64 = exps.iter().sum();
    exps.iter().map(|e| e / sum).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn scores_become_probabilities() {
        let r = Ranking::of_scores(vec![1.0, 3.0, 2.0]).unwrap();
        assert!(r.softmaxed && r.best() == 1 && (r.probabilities.iter().sum::<f64>() - 1.0).abs() < 1e-12);
        let r = Ranking::of_scores(vec![0.25, 0.75]).unwrap();
        assert_eq!((r.softmaxed, r.top(9)), (false, vec![(1, 0.75), (0, 0.25)]));
        assert!(Ranking::of_scores(Vec::new()).is_err());
    }
}
