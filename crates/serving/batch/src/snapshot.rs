//! What a batcher knows and has done, for metrics and for people.

use std::time::Duration;

use crate::batcher::Batcher;
use crate::counts::Counts;

/// What a batcher knows and has done.
#[derive(Clone, Debug, PartialEq)]
pub struct Snapshot {
    /// Requests that wait.
    pub depth: usize,
    /// Those of each level, the most urgent first.
    pub depths: Vec<usize>,
    /// Workers that wait.
    pub idle: u32,
    /// Batches that run.
    pub running: usize,
    /// Rows that the next batch may have.
    pub limit: u32,
    /// What waits, as work of one worker, by what runs took.
    pub work: Duration,
    /// What runs of the last kind took.
    pub runs: Vec<RunsOfSize>,
    /// What was done.
    pub counts: Counts,
}

/// What runs of about one size took.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct RunsOfSize {
    /// Rows, a mean of late.
    pub rows: f64,
    /// The time of a run, a mean of late without outliers.
    pub time: Duration,
    /// Runs that were counted.
    pub count: u32,
}

impl Snapshot {
    pub(crate) fn of(batcher: &Batcher) -> Self {
        let levels = u32::try_from(batcher.config.levels.len()).unwrap_or(u32::MAX);
        let table = batcher.curves.of(batcher.last_key).table().into_iter();
        Self {
            depth: batcher.queue.len(),
            depths: (0..levels).map(|level| batcher.queue.len_of(level)).collect(),
            idle: batcher.idle,
            running: batcher.running.len(),
            limit: batcher.limit(),
            work: Duration::from_nanos(batcher.queue.work_to(levels)),
            runs: table.map(|(rows, time, count)| RunsOfSize { rows, time: Duration::from_nanos(time as u64), count }).collect(),
            counts: batcher.counts.clone(),
        }
    }
}
