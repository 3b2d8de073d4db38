//! Summaries of latencies.

/// Latencies in ascending order, in microseconds.
pub(crate) struct Latencies(Vec<f64>);

impl Latencies {
    /// Of measured values, in any order.
    pub(crate) fn new(mut us: Vec<f64>) -> Self {
        us.sort_by(f64::total_cmp);
        Self(us)
    }

    /// The smallest value that at least `percent` of all do not exceed; 0 of none.
    pub(crate) fn percentile(&self, percent: f64) -> f64 {
        let rank = (self.0.len() as f64 * percent / 100.0).ceil() as usize;
        self.0.get(rank.max(1) - 1).copied().unwrap_or(0.0)
    }

    /// The middle one, or the mean of the two in the middle.
    pub(crate) fn median(&self) -> f64 {
        let (low, high) = (self.0.len().saturating_sub(1) / 2, self.0.len() / 2);
        let at = |i: usize| self.0.get(i).copied().unwrap_or(0.0);
        (at(low) + at(high)) / 2.0
    }

    /// The smallest.
    pub(crate) fn min(&self) -> f64 {
        self.0.first().copied().unwrap_or(0.0)
    }

    /// Runs a second, one after another.
    pub(crate) fn runs_per_s(&self) -> f64 {
        let total: f64 = self.0.iter().sum();
        if total > 0.0 { self.0.len() as f64 * 1e6 / total } else { 0.0 }
    }
}

/// Microseconds that `f` takes, with what it returns.
pub(crate) fn timed<T>(f: impl FnOnce() -> T) -> (f64, T) {
    let start = std::time::Instant::now();
    let value = f();
    (start.elapsed().as_nanos() as f64 / 1e3, value)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ranks() {
        let all = Latencies::new((1..=100).rev().map(f64::from).collect());
        assert_eq!((all.median(), all.percentile(90.0), all.percentile(99.0), all.min()), (50.5, 90.0, 99.0, 1.0));
        assert_eq!(all.runs_per_s().round(), 19802.0);
    }

    #[test]
    fn none_is_zero() {
        let none = Latencies::new(Vec::new());
        assert_eq!((none.median(), none.percentile(99.0), none.min(), none.runs_per_s()), (0.0, 0.0, 0.0, 0.0));
    }
}
