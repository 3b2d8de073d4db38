//! A curve for each kind of batch, and one for all.

use std::collections::HashMap;

use crate::curve::{Curve, Estimate};
use crate::event::{BatchKey, Nanos};

/// Kinds of batches that are remembered; the one that ran longest ago is forgotten for another.
const MOST_CURVES: usize = 64;
/// What is known counts as old this many runs after the last one, or [`OLD`].
const OLD_RUNS: f64 = 64.0;
/// In nanoseconds.
const OLD: f64 = 1e8;

/// A curve for each kind of batch, and one for all, by the cost of a row.
#[derive(Clone, Debug)]
pub(crate) struct Curves {
    own: HashMap<BatchKey, Curve>,
    all: Curve,
}

impl Curves {
    pub(crate) fn new() -> Self {
        Self { own: HashMap::with_capacity(MOST_CURVES), all: Curve::new() }
    }

    /// Takes a run in: its rows, the cost of a row, and its time in nanoseconds.
    pub(crate) fn record(&mut self, now: Nanos, key: BatchKey, cost: u64, rows: u32, time: f64) {
        self.all.record(now, rows, time / unit(cost));
        if !self.own.contains_key(&key) && self.own.len() >= MOST_CURVES {
            let oldest = self.own.iter().min_by_key(|(_, c)| c.last()).map(|(k, _)| *k);
            oldest.map(|k| self.own.remove(&k));
        }
        self.own.entry(key).or_insert_with(Curve::new).record(now, rows, time);
    }

    /// Whether no run was seen yet.
    pub(crate) fn is_empty(&self) -> bool {
        self.all.runs() == 0
    }

    /// What a run will take, by its own kind, else by the others.
    pub(crate) fn estimate(&self, key: BatchKey, cost: u64, rows: u32) -> Option<Estimate> {
        match self.own.get(&key) {
            Some(curve) => curve.estimate(rows),
            None => {
                let other = self.all.estimate(rows)?;
                Some(Estimate { time: other.time * unit(cost), spread: other.time * unit(cost) / 4.0 })
            }
        }
    }

    /// What a run may take; see [`Curve::hope`].
    pub(crate) fn hope(&self, key: BatchKey, cost: u64, rows: u32) -> Option<f64> {
        self.own.get(&key).map_or_else(|| self.all.hope(rows).map(|t| t * unit(cost)), |c| c.hope(rows))
    }

    /// What a run will take, if enough was seen of late to refuse a request by it.
    pub(crate) fn trusted(&self, now: Nanos, key: BatchKey, rows: u32) -> Option<Estimate> {
        let curve = self.own.get(&key).filter(|c| c.runs() >= 3)?;
        let estimate = curve.estimate(rows)?;
        let age = now.since(curve.last()).as_nanos() as f64;
        (age <= (estimate.time * OLD_RUNS).max(OLD)).then_some(estimate)
    }

    /// The curve of a kind, else that of all.
    pub(crate) fn of(&self, key: BatchKey) -> &Curve {
        self.own.get(&key).unwrap_or(&self.all)
    }
}

fn unit(cost: u64) -> f64 {
    cost.max(1) as f64
}

#[cfg(test)]
mod tests {
    use super::{Curves, MOST_CURVES};
    use crate::event::{BatchKey, Nanos};

    #[test]
    fn a_kind_that_has_not_run_is_told_by_the_others() {
        let mut curves = Curves::new();
        (0..8).for_each(|_| curves.record(Nanos(0), BatchKey(0), 100, 2, 1000.0));
        let estimate = curves.estimate(BatchKey(1), 50, 2).unwrap();
        assert!((estimate.time - 500.0).abs() < 1.0);
        assert!(curves.trusted(Nanos(0), BatchKey(1), 2).is_none());
        assert!(curves.trusted(Nanos(0), BatchKey(0), 2).is_some());
        assert!(curves.trusted(Nanos(1 << 40), BatchKey(0), 2).is_none(), "too old to refuse by");
    }

    #[test]
    fn kinds_are_bounded() {
        let mut curves = Curves::new();
        (0..1000).for_each(|k| curves.record(Nanos(k), BatchKey(k), 1, 1, 10.0));
        assert_eq!(curves.own.len(), MOST_CURVES);
        assert!(curves.own.contains_key(&BatchKey(999)));
    }
}
