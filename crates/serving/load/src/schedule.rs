//! When an open loop sends.

use std::time::Duration;

use crate::plan::Arrivals;
use crate::random::Random;

/// Times from the start at which requests are sent, ascending. None in a closed loop.
pub(crate) struct Schedule {
    arrivals: Arrivals,
    random: Random,
    at: f64,
}

impl Schedule {
    pub(crate) fn new(arrivals: Arrivals, seed: u64) -> Self {
        Self { arrivals, random: Random::new(seed), at: 0.0 }
    }

    /// The time of the next event after `at` where the rate changes each `on` seconds between `high` and `low`: what is left of a
    /// unit's worth of waiting is carried into the next span, so that each span has its own rate from its beginning.
    fn burst(&mut self, high: f64, low: f64, on: f64) -> f64 {
        let mut wait = -self.random.unit().ln();
        let mut at = self.at;
        loop {
            let span = (at / on).floor();
            let rate = if span % 2.0 == 0.0 { high } else { low };
            let left = (span + 1.0) * on - at;
            if rate * left >= wait {
                return at + wait / rate;
            }
            wait -= rate * left;
            at = (span + 1.0) * on;
        }
    }
}

impl Iterator for Schedule {
    type Item = Duration;

    fn next(&mut self) -> Option<Duration> {
        self.at = match self.arrivals {
            Arrivals::Closed { .. } => return None,
            Arrivals::Constant { rate } => self.at + 1.0 / rate,
            Arrivals::Poisson { rate } => self.at + self.random.gap(rate),
            Arrivals::Bursts { rate, factor, on } => self.burst(rate * factor, rate * (2.0 - factor), on.as_secs_f64()),
        };
        Some(Duration::from_secs_f64(self.at))
    }
}

#[cfg(test)]
mod tests {
    use super::Schedule;
    use crate::plan::Arrivals;
    use std::time::Duration;

    fn count(arrivals: Arrivals, from: f64, to: f64) -> usize {
        Schedule::new(arrivals, 7).map(|t| t.as_secs_f64()).skip_while(|t| *t < from).take_while(|t| *t < to).count()
    }

    #[test]
    fn rates_are_what_was_asked_for() {
        assert_eq!(count(Arrivals::Constant { rate: 100.0 }, 0.0, 10.001), 1000);
        // Five standard deviations of 20,000 events.
        let poisson = count(Arrivals::Poisson { rate: 1000.0 }, 0.0, 20.0);
        assert!(poisson.abs_diff(20_000) < 707, "{poisson}");
    }

    #[test]
    fn bursts_have_two_rates() {
        let bursts = Arrivals::Bursts { rate: 1000.0, factor: 1.8, on: Duration::from_secs(1) };
        let (high, low) = (count(bursts, 4.0, 5.0), count(bursts, 5.0, 6.0));
        assert!(high.abs_diff(1800) < 212 && low.abs_diff(200) < 71, "{high} {low}");
        let all_or_nothing = Arrivals::Bursts { rate: 1000.0, factor: 2.0, on: Duration::from_secs(1) };
        assert_eq!(count(all_or_nothing, 5.0, 6.0), 0);
    }
}
