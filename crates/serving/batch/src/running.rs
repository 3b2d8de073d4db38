//! Batches that run.

use crate::event::{BatchId, BatchKey, Nanos};

/// A batch that runs.
#[derive(Clone, Debug)]
pub(crate) struct Running {
    pub(crate) batch: BatchId,
    pub(crate) key: BatchKey,
    pub(crate) cost: u64,
    pub(crate) rows: u32,
    pub(crate) started: Nanos,
    /// What it should take, in nanoseconds; `None` where nobody knows.
    pub(crate) expected: Option<f64>,
}

impl Running {
    /// Nanoseconds until it should end. One that takes longer than expected will take as much longer again.
    pub(crate) fn left(&self, now: Nanos) -> f64 {
        let elapsed = now.since(self.started).as_nanos() as f64;
        self.expected.map_or(0.0, |expected| (expected - elapsed).max(elapsed - expected))
    }
}
