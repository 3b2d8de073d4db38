//! Sizes of batches that are told apart, and which is best.

/// The sizes at which the engine's plans step (1, 2, 3, 4, 6, 8, 12, 16, 24, …) up to `max`, which is the last.
pub(crate) fn steps(max: u32) -> Vec<u32> {
    let max = max.max(1);
    let powers = (0..32).flat_map(|shift| {
        let power = 1u64 << shift;
        [power, power + power / 2]
    });
    let mut sizes: Vec<u32> = powers.skip(2).take_while(|&s| s < u64::from(max)).filter_map(|s| u32::try_from(s).ok()).collect();
    if max > 1 {
        sizes.insert(0, 1);
    }
    sizes.push(max);
    sizes
}

/// What there is to do.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Demand {
    /// Rows that wait.
    pub(crate) waiting: f64,
    /// Rows that come in a nanosecond.
    pub(crate) rate: f64,
    /// Workers.
    pub(crate) workers: f64,
}

/// How bad it is to work in batches of one size; the lesser is the better one.
#[derive(Clone, Copy, Debug, PartialEq, PartialOrd)]
pub(crate) struct Cost {
    /// Whether less is done than comes.
    falls_behind: bool,
    /// The mean time until a request that waits is ready, in nanoseconds; the time a row takes where the size falls behind.
    time: f64,
}

impl Demand {
    /// The cost of batches of `rows` that take `run` nanoseconds.
    ///
    /// With `n` waiting, `t = run / rows / workers` for each and arrivals at `rate`, the queue is empty after `n·t / (1 − rate·t)`
    /// (a fluid); a request waits half of that on average, and half a run for the rest of its own batch.
    pub(crate) fn cost(&self, rows: u32, run: f64) -> Cost {
        let each = run / f64::from(rows.max(1)) / self.workers;
        let load = self.rate * each;
        if load >= 1.0 {
            return Cost { falls_behind: true, time: each };
        }
        Cost { falls_behind: false, time: (run + self.waiting * each / (1.0 - load)) / 2.0 }
    }
}

#[cfg(test)]
mod tests {
    use super::{Demand, steps};

    #[test]
    fn sizes_are_two_an_octave() {
        assert_eq!(steps(32), [1, 2, 3, 4, 6, 8, 12, 16, 24, 32]);
        assert_eq!(steps(1), [1]);
        assert_eq!(steps(0), [1]);
        assert_eq!(steps(5), [1, 2, 3, 4, 5]);
        assert_eq!(steps(u32::MAX).last(), Some(&u32::MAX));
    }

    #[test]
    fn without_gain_small_batches_are_best_and_with_gain_large_ones() {
        let demand = Demand { waiting: 4.0, rate: 0.0, workers: 1.0 };
        assert!(demand.cost(1, 10.0) < demand.cost(4, 40.0));
        assert!(demand.cost(4, 11.0) < demand.cost(1, 10.0));
        let busy = Demand { rate: 0.11, ..demand };
        assert!(busy.cost(4, 32.0) < busy.cost(1, 10.0), "one at a time falls behind");
    }
}
