//! What a run may cost, and how it is stopped.

use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Instant;

use crate::error::RunError;
use crate::profile::Profile;

/// A switch that stops runs from outside. It is looked at before every step.
#[derive(Debug, Default)]
pub struct CancelToken(AtomicBool);

impl CancelToken {
    /// A switch that is off.
    pub fn new() -> Self {
        Self::default()
    }

    /// Stops every run that holds the switch.
    pub fn cancel(&self) {
        self.0.store(true, Ordering::Release);
    }

    /// Whether it is on.
    pub fn is_cancelled(&self) -> bool {
        self.0.load(Ordering::Acquire)
    }
}

/// Limits of one run. The default has none.
#[derive(Default)]
pub struct RunCx<'a> {
    /// Stops the run.
    pub cancel: Option<&'a CancelToken>,
    /// The run stops at the first step that would start later.
    pub deadline: Option<Instant>,
    /// Bytes that the session may hold for intermediate values.
    pub memory_limit_bytes: Option<usize>,
    /// Steps that the run may take.
    pub step_limit: Option<u64>,
    /// Gets the time of every step.
    pub profile: Option<&'a mut Profile>,
}

impl RunCx<'_> {
    /// Whether the step after `done` others may start.
    ///
    /// # Errors
    /// Cancelled, past the deadline, or out of steps.
    pub fn check(&self, done: u64) -> Result<(), RunError> {
        if self.cancel.is_some_and(CancelToken::is_cancelled) {
            return Err(RunError::Cancelled);
        }
        if self.deadline.is_some_and(|d| Instant::now() >= d) {
            return Err(RunError::DeadlineExceeded { steps_done: done });
        }
        match self.step_limit {
            Some(limit) if done >= limit => Err(RunError::Budget { what: "steps", limit, needed: done + 1 }),
            _ => Ok(()),
        }
    }
}
