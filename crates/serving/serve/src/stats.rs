//! What a version has done, for `/stats`.

use std::collections::BTreeMap;
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, SystemTime};

use crate::metadata::{BatchStatistics, ModelStatistics, Summed};
use crate::request::Times;

impl Summed {
    pub(crate) fn add(&mut self, count: u64, time: Duration) {
        self.count += count;
        self.time += time;
    }
}

/// What a version has done since it was loaded.
#[derive(Debug, Default)]
pub(crate) struct Stats(Mutex<Sums>);

#[derive(Debug, Default)]
struct Sums {
    last: Option<SystemTime>,
    rows: u64,
    runs: u64,
    success: Summed,
    fail: Summed,
    queue: Summed,
    input: Summed,
    compute: Summed,
    output: Summed,
    batches: BTreeMap<u64, BatchStatistics>,
}

/// One run, as it is counted.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Run {
    pub(crate) rows: u64,
    pub(crate) input: Duration,
    pub(crate) compute: Duration,
    pub(crate) output: Duration,
}

impl Stats {
    fn sums(&self) -> std::sync::MutexGuard<'_, Sums> {
        // The sums are whole between any two statements that change them.
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Counts a run.
    pub(crate) fn ran(&self, run: Run) {
        let mut sums = self.sums();
        sums.last = Some(SystemTime::now());
        sums.rows += run.rows;
        sums.runs += 1;
        let batch = sums.batches.entry(run.rows).or_insert(BatchStatistics { rows: run.rows, ..BatchStatistics::default() });
        batch.compute_input.add(1, run.input);
        batch.compute_infer.add(1, run.compute);
        batch.compute_output.add(1, run.output);
    }

    /// Counts a request that was answered.
    pub(crate) fn answered(&self, times: &Times, whole: Duration) {
        let mut sums = self.sums();
        sums.success.add(1, whole);
        sums.queue.add(1, times.queue);
        // A request of a shared run had the whole run's time.
        sums.input.add(1, times.input);
        sums.compute.add(1, times.compute);
        sums.output.add(1, times.output);
    }

    /// Counts a request that was not.
    pub(crate) fn failed(&self, whole: Duration) {
        self.sums().fail.add(1, whole);
    }

    /// All of it.
    pub(crate) fn report(&self, name: &str, version: u64, memory_bytes: u64) -> ModelStatistics {
        let sums = self.sums();
        ModelStatistics {
            name: name.to_owned(),
            version,
            last_inference: sums.last,
            inference_count: sums.rows,
            execution_count: sums.runs,
            success: sums.success,
            fail: sums.fail,
            queue: sums.queue,
            compute_input: sums.input,
            compute_infer: sums.compute,
            compute_output: sums.output,
            batches: sums.batches.values().copied().collect(),
            memory_bytes,
        }
    }
}
