//! What was measured.

use std::collections::BTreeMap;
use std::time::Duration;

use hdrhistogram::Histogram;
use serde::Serialize;

/// What was measured.
#[derive(Clone, Debug, Serialize)]
pub struct Report {
    /// Requests a second that were asked for; none in a closed loop.
    pub rate: Option<f64>,
    /// Connections.
    pub connections: usize,
    /// Time that counts, in seconds.
    pub seconds: f64,
    /// How requests ended.
    pub counts: Counts,
    /// Answers a second.
    pub answers_per_second: f64,
    /// Rows of answers a second.
    pub rows_per_second: f64,
    /// Answers a second that came within the target latency, if there is one.
    pub goodput_per_second: Option<f64>,
    /// From when a request should have been sent to its answer.
    pub latency_us: Percentiles,
    /// From when it was sent.
    pub service_us: Percentiles,
    /// Of requests that the server refused for load, from when they were sent.
    pub refusal_us: Option<Percentiles>,
    /// The whole distribution of latency, for a plot.
    #[serde(skip)]
    pub curve: Vec<Point>,
}

/// How requests ended.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Counts {
    /// Sent, or due to be.
    pub sent: u64,
    /// Answered.
    pub answered: u64,
    /// Answered within the target latency.
    pub in_time: u64,
    /// Refused for load: 429 or 503.
    pub refused: u64,
    /// Another status.
    pub failed: u64,
    /// No answer at all.
    pub broken: u64,
    /// By status.
    pub by_status: BTreeMap<u16, u64>,
}

/// Latencies in microseconds.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize)]
pub struct Percentiles {
    /// The shortest.
    pub min: f64,
    /// The mean.
    pub mean: f64,
    /// Half are shorter.
    pub p50: f64,
    /// 90 of 100 are shorter.
    pub p90: f64,
    /// 99 of 100 are shorter.
    pub p99: f64,
    /// 999 of 1000 are shorter.
    pub p999: f64,
    /// The longest.
    pub max: f64,
}

/// A point of the distribution.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Point {
    /// How many are shorter, of 100.
    pub percentile: f64,
    /// Latency in microseconds.
    pub latency_us: f64,
}

/// Latencies as they are counted, in nanoseconds to three digits, at most an hour.
pub(crate) struct Latencies(Histogram<u64>);

/// The longest latency that is told from others.
const LONGEST_NS: u64 = 3_600_000_000_000;

impl Latencies {
    pub(crate) fn new() -> Result<Self, hdrhistogram::CreationError> {
        Histogram::new_with_bounds(1, LONGEST_NS, 3).map(Self)
    }

    pub(crate) fn add(&mut self, time: Duration) {
        self.0.saturating_record(u64::try_from(time.as_nanos()).unwrap_or(LONGEST_NS).max(1));
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    pub(crate) fn percentiles(&self) -> Percentiles {
        if self.0.is_empty() {
            return Percentiles::default();
        }
        let us = |ns: u64| ns as f64 / 1e3;
        let at = |q| us(self.0.value_at_quantile(q));
        Percentiles {
            min: us(self.0.min()),
            mean: self.0.mean() / 1e3,
            p50: at(0.5),
            p90: at(0.9),
            p99: at(0.99),
            p999: at(0.999),
            max: us(self.0.max()),
        }
    }

    pub(crate) fn curve(&self) -> Vec<Point> {
        let steps = self.0.iter_quantiles(5);
        steps
            .map(|step| Point { percentile: step.quantile_iterated_to() * 100.0, latency_us: step.value_iterated_to() as f64 / 1e3 })
            .collect()
    }
}
