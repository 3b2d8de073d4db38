//! How much comes.

use crate::event::Nanos;

/// Arrivals that the mean looks back on, roughly.
const MEMORY: f64 = 64.0;

/// Rows that come in a nanosecond: an exponential mean over the last arrivals.
#[derive(Clone, Debug, Default)]
pub(crate) struct Rate {
    last: Option<Nanos>,
    /// Means of the time between arrivals and of their rows.
    gap: f64,
    rows: f64,
    count: f64,
}

impl Rate {
    /// A request came.
    pub(crate) fn arrive(&mut self, now: Nanos, rows: u32) {
        if let Some(last) = self.last {
            self.count = (self.count + 1.0).min(MEMORY);
            let share = 1.0 / self.count;
            self.gap += share * (now.0.saturating_sub(last.0) as f64 - self.gap);
            self.rows += share * (f64::from(rows) - self.rows);
        }
        self.last = Some(now);
    }

    /// Rows a nanosecond; 0 before anything is known. It falls while nothing comes.
    pub(crate) fn rows_per_ns(&self, now: Nanos) -> f64 {
        let silence = self.last.map_or(0.0, |last| now.0.saturating_sub(last.0) as f64);
        let gap = self.gap.max(silence / 4.0);
        if self.count < 4.0 || gap <= 0.0 { 0.0 } else { self.rows / gap }
    }
}
