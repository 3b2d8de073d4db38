//! How long runs of each size take, as learnt from runs.

use crate::size::steps;

/// Runs that a size's mean looks back on, roughly.
const MEMORY: f64 = 16.0;
/// A size that was not run for so many batches is forgotten, so that a bad moment does not rule it out for ever.
const FORGET_AFTER: u64 = 4096;
/// The most by which one run moves a logarithm; more once several in a row went the same way.
const SURPRISE: f64 = 0.25;
/// What is taken for the part of a run that does not depend on its rows, before two sizes have been run.
const FIXED_PART: f64 = 0.3;
/// How far the estimate of the spread moves with a run.
const SPREAD_STEP: f64 = 0.02;
/// The share of runs that are within the spread.
const SPREAD_QUANTILE: f64 = 0.95;

/// What is known of one size.
#[derive(Clone, Copy, Debug, Default)]
struct Knot {
    /// Logarithm of the nanoseconds.
    log: f64,
    /// Runs, up to [`MEMORY`]; 0 where nothing is known.
    count: f64,
    /// The number of the last run of about this size.
    last: u64,
}

/// Nanoseconds of a run by its rows: a mean for each size where plans step, straight lines between them, and a straight line
/// through all beyond them.
#[derive(Clone, Debug)]
pub(crate) struct Latencies {
    sizes: Vec<u32>,
    knots: Vec<Knot>,
    /// Nanoseconds at each size; empty before the first run.
    curve: Vec<f64>,
    runs: u64,
    largest: u32,
    /// Runs one after the other that took longer (positive) or shorter than expected.
    streak: i32,
    /// Logarithm of what 95 of 100 runs stay below, relative to what was expected.
    spread: f64,
}

impl Latencies {
    /// Nothing is known yet of sizes up to `max`.
    pub(crate) fn new(max: u32) -> Self {
        let sizes = steps(max);
        let knots = vec![Knot::default(); sizes.len()];
        Self { sizes, knots, curve: Vec::new(), runs: 0, largest: 0, streak: 0, spread: 0.1 }
    }

    /// What is known of others, as a first guess that the first runs of each size replace.
    pub(crate) fn as_guess(&self) -> Self {
        let mut guess = self.clone();
        guess.knots.iter_mut().for_each(|k| k.count = k.count.min(1.0));
        guess
    }

    /// Whether there was a run.
    pub(crate) fn is_known(&self) -> bool {
        !self.curve.is_empty()
    }

    /// Sizes that are worth a try: those up to twice of the largest that was run.
    pub(crate) fn tried(&self) -> u32 {
        self.largest.saturating_mul(2).max(2)
    }

    /// Sizes and nanoseconds.
    pub(crate) fn points(&self) -> impl Iterator<Item = (u32, f64)> + '_ {
        self.sizes.iter().copied().zip(self.curve.iter().copied())
    }

    /// By how much a run may exceed what is expected.
    pub(crate) fn margin(&self) -> f64 {
        self.spread.clamp(0.0, 2.0).exp()
    }

    /// Nanoseconds of a run; `None` before the first one.
    pub(crate) fn expect(&self, rows: u32) -> Option<f64> {
        let (&first, &last) = (self.curve.first()?, self.curve.last()?);
        let at = self.sizes.partition_point(|&s| s < rows);
        let Some(&above) = self.sizes.get(at) else {
            return Some(last);
        };
        let Some(below) = at.checked_sub(1) else {
            return Some(first);
        };
        let (x0, y0, y1) = (f64::from(*self.sizes.get(below)?), *self.curve.get(below)?, *self.curve.get(at)?);
        let part = (f64::from(rows) - x0) / (f64::from(above) - x0);
        Some(y0 + part * (y1 - y0))
    }

    /// A run of so many rows took so many nanoseconds.
    pub(crate) fn observe(&mut self, rows: u32, nanos: u64) {
        let nanos = (nanos as f64).max(1.0);
        self.runs += 1;
        self.largest = self.largest.max(rows);
        let expected = self.expect(rows).unwrap_or(nanos);
        let error = (nanos / expected).ln();
        self.learn_spread(error);
        self.learn(rows, error, nanos, expected);
        self.forget();
        self.draw();
    }

    fn learn_spread(&mut self, error: f64) {
        let step = if error > self.spread { SPREAD_QUANTILE } else { SPREAD_QUANTILE - 1.0 };
        self.spread = (self.spread + SPREAD_STEP * step).clamp(0.0, 2.0);
    }

    fn learn(&mut self, rows: u32, error: f64, nanos: f64, expected: f64) {
        let at = self.nearest(rows);
        // What the run would have taken at the size itself.
        let scale = self.curve.get(at).map_or(1.0, |&y| y / expected);
        self.streak = if error > 0.0 { self.streak.max(0) + 1 } else { self.streak.min(0) - 1 };
        let bound = SURPRISE * f64::from(1 << (self.streak.abs() / 4).min(4));
        let runs = self.runs;
        if let Some(knot) = self.knots.get_mut(at) {
            knot.last = runs;
            if knot.count == 0.0 {
                knot.log = (nanos * scale).ln();
            } else {
                knot.log += error.clamp(-bound, bound) / (knot.count + 1.0).min(MEMORY);
            }
            knot.count = (knot.count + 1.0).min(MEMORY);
        }
    }

    fn nearest(&self, rows: u32) -> usize {
        let at = self.sizes.partition_point(|&s| s < rows).min(self.sizes.len().saturating_sub(1));
        let gap = |i: usize| self.sizes.get(i).map_or(u32::MAX, |s| s.abs_diff(rows));
        match at.checked_sub(1) {
            Some(below) if gap(below) < gap(at) => below,
            _ => at,
        }
    }

    fn forget(&mut self) {
        let runs = self.runs;
        let is_old = |k: &Knot| k.count > 0.0 && runs.saturating_sub(k.last) > FORGET_AFTER;
        self.knots.iter_mut().filter(|k| is_old(k)).for_each(|k| k.count = 0.0);
    }

    /// Nanoseconds at every size, from what is known of some.
    fn draw(&mut self) {
        let known: Vec<(f64, f64)> = self.known().collect();
        let line = Line::through(&known);
        self.curve.clear();
        self.curve.extend(self.sizes.iter().map(|&s| value_at(f64::from(s), &known, line)));
    }

    fn known(&self) -> impl Iterator<Item = (f64, f64)> + '_ {
        let knots = self.sizes.iter().zip(&self.knots);
        knots.filter(|(_, k)| k.count > 0.0).map(|(&s, k)| (f64::from(s), k.log.exp()))
    }
}

/// `fixed + each · rows`.
#[derive(Clone, Copy, Debug)]
struct Line {
    fixed: f64,
    each: f64,
}

impl Line {
    /// The line whose relative errors have the least squares, among those that do not fall and begin above 0.
    fn through(points: &[(f64, f64)]) -> Self {
        let (mut w, mut wx, mut wy, mut wxx, mut wxy) = (0.0, 0.0, 0.0, 0.0, 0.0);
        for &(x, y) in points {
            let weight = 1.0 / (y * y);
            w += weight;
            wx += weight * x;
            wy += weight * y;
            wxx += weight * x * x;
            wxy += weight * x * y;
        }
        let spread = w * wxx - wx * wx;
        let (mean_x, mean_y) = (wx / w, wy / w);
        if points.len() < 2 || spread <= 1e-9 * w * wxx {
            return Self { fixed: FIXED_PART * mean_y, each: (1.0 - FIXED_PART) * mean_y / mean_x };
        }
        let each = ((w * wxy - wx * wy) / spread).clamp(0.0, mean_y / mean_x);
        Self { fixed: mean_y - each * mean_x, each }
    }

    fn at(self, x: f64) -> f64 {
        self.fixed + self.each * x
    }
}

/// The value at `x`: between known points on the line between them, beyond them along `line`.
fn value_at(x: f64, known: &[(f64, f64)], line: Line) -> f64 {
    let at = known.partition_point(|&(k, _)| k < x);
    let above = known.get(at);
    let below = at.checked_sub(1).and_then(|i| known.get(i));
    match (below, above) {
        (_, Some(&(x1, y1))) if x1 == x => y1,
        (Some(&(x0, y0)), Some(&(x1, y1))) => y0 + (x - x0) / (x1 - x0) * (y1 - y0),
        (Some(&(x0, y0)), None) => y0 + line.each * (x - x0),
        // No less than its share of the larger run, and no more than that run.
        (None, Some(&(x1, y1))) => (y1 * line.at(x) / line.at(x1)).clamp(y1 * x / x1, y1),
        (None, None) => line.at(x),
    }
}

#[cfg(test)]
mod tests {
    use super::Latencies;

    #[test]
    fn what_was_run_is_expected() {
        let mut learnt = Latencies::new(32);
        assert_eq!(learnt.expect(4), None);
        for _ in 0..8 {
            for rows in [1, 2, 4, 8, 16] {
                learnt.observe(rows, 1000 + 100 * u64::from(rows));
            }
        }
        for rows in [1u32, 2, 3, 4, 5, 8, 10, 16, 24, 32] {
            let (expected, truth) = (learnt.expect(rows).unwrap(), 1000.0 + 100.0 * f64::from(rows));
            assert!((expected / truth - 1.0).abs() < 0.03, "{rows}: {expected}");
        }
    }

    #[test]
    fn a_single_bad_run_hardly_counts_and_a_change_does() {
        let mut learnt = Latencies::new(8);
        (0..50).for_each(|_| learnt.observe(1, 1000));
        learnt.observe(1, 1_000_000);
        assert!(learnt.expect(1).unwrap() < 1100.0);
        (0..80).for_each(|_| learnt.observe(1, 10_000));
        assert!(learnt.expect(1).unwrap() > 8000.0, "{:?}", learnt.expect(1));
    }

    #[test]
    fn what_was_not_run_for_long_is_forgotten() {
        let mut learnt = Latencies::new(4);
        learnt.observe(4, 1_000_000);
        (0..5000).for_each(|_| learnt.observe(1, 100));
        assert!(learnt.expect(4).unwrap() < 1000.0);
    }

    #[test]
    fn one_size_tells_of_the_others() {
        let mut learnt = Latencies::new(16);
        learnt.observe(4, 1000);
        let (one, sixteen) = (learnt.expect(1).unwrap(), learnt.expect(16).unwrap());
        assert!(one > 250.0 && one < 1000.0 && sixteen > 1000.0 && sixteen < 4000.0, "{one} {sixteen}");
    }
}
