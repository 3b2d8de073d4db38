//! Where the time of a run goes.

use std::time::Duration;

/// Times of steps, added up over runs. Give it to a run in [`crate::RunCx`]; names are those of
/// [`crate::Explain::steps`], by index.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Profile {
    total_ns: Vec<u64>,
    runs: u64,
}

impl Profile {
    /// An empty profile.
    pub fn new() -> Self {
        Self::default()
    }

    /// Starts a run of this many steps.
    pub fn start(&mut self, steps: usize) {
        self.total_ns.resize(steps.max(self.total_ns.len()), 0);
        self.runs += 1;
    }

    /// Adds the time of one step.
    pub fn add(&mut self, step: usize, time: Duration) {
        if let Some(total) = self.total_ns.get_mut(step) {
            *total += time.as_nanos() as u64;
        }
    }

    /// Runs seen.
    pub fn runs(&self) -> u64 {
        self.runs
    }

    /// Mean time of each step, in microseconds.
    pub fn mean_us(&self) -> impl Iterator<Item = f64> {
        let runs = self.runs.max(1) as f64;
        self.total_ns.iter().map(move |&ns| ns as f64 / 1e3 / runs)
    }
}
