//! How a batcher decides.

use std::time::Duration;

/// How a batcher decides. The default is adaptive, without a target, up to 32 rows, 512 requests that wait, one level.
#[derive(Clone, Debug, PartialEq)]
pub struct Config {
    /// Rows of a batch at most; 0 counts as 1.
    pub max_rows: u32,
    /// Requests that may wait, on all levels together; 0 counts as 1.
    pub max_queue: usize,
    /// Which rule forms batches.
    pub mode: Mode,
    /// Levels of priority, the most urgent (1) first. None counts as one default level.
    pub levels: Vec<Level>,
    /// The level of requests that name none, from 1.
    pub default_level: u32,
}

impl Default for Config {
    fn default() -> Self {
        let mode = Mode::Adaptive(Adaptive::default());
        Self { max_rows: 32, max_queue: 512, mode, levels: vec![Level::default()], default_level: 1 }
    }
}

/// Which rule forms batches.
#[derive(Clone, Debug, PartialEq)]
pub enum Mode {
    /// One request a batch, in the order in which they came.
    Off,
    /// Triton's rules: first come, first served, as many as fit.
    Dynamic(Dynamic),
    /// By what runs of each size took, and what answers are worth.
    Adaptive(Adaptive),
}

/// What the dynamic mode knows. The default waits for nobody.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Dynamic {
    /// How long a free worker may wait for more requests, counted from the arrival of the batch's first one.
    pub max_delay: Duration,
    /// Sizes in rows that are run at once when they are reached.
    pub preferred: Vec<u32>,
}

/// What the adaptive mode knows.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Adaptive {
    /// What 99 of 100 answers should take; `None` is where throughput stops to rise.
    pub target: Option<Duration>,
}

/// How requests of one level wait.
#[derive(Clone, Debug, PartialEq)]
pub struct Level {
    /// Requests of the level that may wait; `None` has no bound of its own.
    pub max_queue: Option<usize>,
    /// How long they may wait; `None` is for ever.
    pub default_timeout: Option<Duration>,
    /// What happens then.
    pub on_timeout: OnTimeout,
    /// Whether a request may ask for a shorter time.
    pub allow_override: bool,
}

impl Default for Level {
    fn default() -> Self {
        Self { max_queue: None, default_timeout: None, on_timeout: OnTimeout::Reject, allow_override: true }
    }
}

impl Level {
    /// How long a request may wait that asks for `asked`.
    pub(crate) fn timeout(&self, asked: Option<Duration>) -> Option<Duration> {
        match (self.default_timeout, asked.filter(|_| self.allow_override)) {
            (Some(most), Some(asked)) => Some(most.min(asked)),
            (most, asked) => most.or(asked),
        }
    }
}

/// What happens to a request that has waited too long.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum OnTimeout {
    /// It is refused.
    #[default]
    Reject,
    /// It runs after all others of its level.
    Delay,
}
