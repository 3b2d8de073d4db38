//! What a batcher has done.

use crate::event::Rejection;

/// What a batcher has done since it began.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Counts {
    /// Batches that were started.
    pub batches: u64,
    /// Requests in them.
    pub requests: u64,
    /// Rows in them.
    pub rows: u64,
    refused: [u64; Rejection::ALL.len()],
}

impl Counts {
    /// Requests that were refused for a reason.
    pub fn refused_for(&self, why: Rejection) -> u64 {
        self.refused.get(why as usize).copied().unwrap_or(0)
    }

    pub(crate) fn refused(&mut self, why: Rejection) {
        if let Some(count) = self.refused.get_mut(why as usize) {
            *count += 1;
        }
    }

    pub(crate) fn started(&mut self, rows: u32, requests: usize) {
        self.batches += 1;
        self.requests += requests as u64;
        self.rows += u64::from(rows);
    }
}
