//! What a run takes by its rows, learned from runs.
//!
//! A table with a place for each bucket of rows: the engine's plans step there, so that no formula fits them all. A run moves its place a
//! little, outliers no more than a few deviations (Huber, "Robust estimation of a location parameter", 1964); between places lies a line,
//! and beyond the last one time grows as rows do, which is the worst that a larger batch should do.

use crate::bucket::{BUCKETS, bucket, end};
use crate::event::Nanos;

/// A run counts at least this much in its place, so that old runs are forgotten slowly.
const LEAST_WEIGHT: f64 = 1.0 / 32.0;
/// An outlier counts as this many mean deviations.
const MOST_DEVIATIONS: f64 = 4.0;
/// The least deviation that is believed, as a part of the time.
const LEAST_SPREAD: f64 = 0.01;
/// How much more a row may take than at the best size before a batch counts as too small.
const KNEE: f64 = 1.03;

/// Runs of one bucket.
#[derive(Clone, Copy, Debug, Default)]
struct Place {
    rows: f64,
    time: f64,
    spread: f64,
    count: u32,
}

/// What a run is expected to take, in nanoseconds.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Estimate {
    pub(crate) time: f64,
    /// The mean deviation from it.
    pub(crate) spread: f64,
}

impl Estimate {
    /// What most runs do not exceed.
    pub(crate) fn late(self) -> f64 {
        self.time + self.spread
    }

    /// What hardly any run undercuts.
    pub(crate) fn early(self) -> f64 {
        (self.time - 3.0 * self.spread).max(self.time / 2.0)
    }

    fn scaled(self, by: f64) -> Self {
        Self { time: self.time * by, spread: self.spread * by }
    }
}

/// What a run takes by its rows.
#[derive(Clone, Debug)]
pub(crate) struct Curve {
    places: [Place; BUCKETS],
    runs: u64,
    last: Nanos,
}

impl Curve {
    pub(crate) fn new() -> Self {
        Self { places: [Place::default(); BUCKETS], runs: 0, last: Nanos(0) }
    }

    /// Takes a run in: its rows, and its time in nanoseconds.
    pub(crate) fn record(&mut self, now: Nanos, rows: u32, time: f64) {
        self.runs += 1;
        self.last = now;
        let rows_f = f64::from(rows);
        let Some(place) = self.places.get_mut(bucket(rows)) else {
            return;
        };
        place.count = place.count.saturating_add(1);
        match place.count {
            1 => *place = Place { rows: rows_f, time, spread: time / 8.0, count: 1 },
            // The first run of a bucket also makes its plan.
            2 if time < place.time => *place = Place { rows: rows_f, time, spread: time / 8.0, count: 2 },
            count => {
                let weight = (1.0 / f64::from(count)).max(LEAST_WEIGHT);
                let most = MOST_DEVIATIONS * place.spread.max(place.time * LEAST_SPREAD);
                let step = (time - place.time).clamp(-most, most);
                place.time += weight * step;
                place.rows += weight * (rows_f - place.rows);
                place.spread += weight * (step.abs() - place.spread);
            }
        }
    }

    /// Runs that were taken in.
    pub(crate) fn runs(&self) -> u64 {
        self.runs
    }

    /// When the last run was taken in.
    pub(crate) fn last(&self) -> Nanos {
        self.last
    }

    /// The most rows of a bucket that has run; 0 before the first run.
    pub(crate) fn largest(&self) -> u32 {
        self.places.iter().rposition(|p| p.count > 0).map_or(0, end)
    }

    /// What a run of so many rows will take; `None` before the first run.
    pub(crate) fn estimate(&self, rows: u32) -> Option<Estimate> {
        let at = f64::from(rows);
        let (mut below, mut above): (Option<Place>, Option<Place>) = (None, None);
        for place in self.known() {
            if place.rows <= at {
                below = Some(place);
            } else {
                above = Some(place);
                break;
            }
        }
        match (below, above) {
            (Some(a), Some(b)) => {
                let part = (at - a.rows) / (b.rows - a.rows);
                Some(Estimate { time: a.time + part * (b.time - a.time), spread: a.spread + part * (b.spread - a.spread) })
            }
            (Some(a), None) => Some(Estimate { time: a.time, spread: a.spread }.scaled(at / a.rows)),
            (None, Some(b)) => Some(Estimate { time: b.time, spread: b.spread }.scaled(0.5 + 0.5 * at / b.rows)),
            (None, None) => None,
        }
    }

    /// What a run of so many rows may take if rows beyond the largest that has run come cheaper: reason enough to try them.
    pub(crate) fn hope(&self, rows: u32) -> Option<f64> {
        let sure = self.estimate(rows)?.time;
        let last = self.known().last().filter(|_| rows > self.largest());
        Some(last.map_or(sure, |p| p.time + (sure - p.time) / 2.0))
    }

    /// Places with runs, by rows. One that ran once counts no worse than the one below it, because it may have been a plan's first run.
    fn known(&self) -> impl Iterator<Item = Place> + '_ {
        let places = self.places.iter().filter(|p| p.count > 0);
        places.scan(None, |before: &mut Option<Place>, place| {
            let mut place = *place;
            if let (1, Some(b)) = (place.count, *before) {
                place.time = place.time.min(b.time * place.rows / b.rows);
            }
            *before = Some(place);
            Some(place)
        })
    }

    /// The most rows worth putting together: the end of the first bucket in which a row takes hardly more than in the best one. Twice
    /// the largest bucket that has run while that one is the best, and all of it while only its smaller sizes have run; a few before the first run.
    pub(crate) fn knee(&self) -> u32 {
        let per_row = |p: Place| p.time / p.rows;
        let Some(best) = self.known().map(per_row).min_by(f64::total_cmp) else {
            return 4;
        };
        let largest = self.largest();
        let knee = self.known().find(|p| per_row(*p) <= best * KNEE).map_or(largest, |p| end(bucket(p.rows.ceil() as u32)));
        match self.known().last() {
            _ if knee >= largest => knee.saturating_mul(2),
            // Little was seen of the largest one yet.
            Some(last) if bucket(knee) + 1 == bucket(largest) && last.rows < 0.9 * f64::from(largest) => largest,
            _ => knee,
        }
    }

    /// The table: rows, nanoseconds, runs.
    pub(crate) fn table(&self) -> Vec<(f64, f64, u32)> {
        self.places.iter().filter(|p| p.count > 0).map(|p| (p.rows, p.time, p.count)).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::Curve;
    use crate::event::Nanos;

    fn learned(times: &[(u32, f64)]) -> Curve {
        let mut curve = Curve::new();
        for &(rows, time) in times {
            for _ in 0..3 {
                curve.record(Nanos(0), rows, time);
            }
        }
        curve
    }

    fn time(curve: &Curve, rows: u32) -> f64 {
        curve.estimate(rows).map_or(f64::NAN, |e| e.time)
    }

    #[test]
    fn lines_between_and_growth_beyond() {
        let curve = learned(&[(1, 10.0), (4, 16.0), (16, 40.0)]);
        assert_eq!([1, 2, 4, 10, 16, 32].map(|n| time(&curve, n)), [10.0, 12.0, 16.0, 28.0, 40.0, 80.0]);
        assert!(Curve::new().estimate(1).is_none());
    }

    #[test]
    fn an_outlier_moves_little_and_a_change_is_learned() {
        let mut curve = Curve::new();
        (0..100).for_each(|_| curve.record(Nanos(0), 8, 100.0));
        curve.record(Nanos(0), 8, 100_000.0);
        assert!(time(&curve, 8) < 105.0);
        (0..300).for_each(|_| curve.record(Nanos(0), 8, 1000.0));
        assert!((900.0..1100.0).contains(&time(&curve, 8)), "{}", time(&curve, 8));
    }

    #[test]
    fn the_first_run_of_a_bucket_is_forgiven() {
        let mut curve = learned(&[(1, 10.0)]);
        curve.record(Nanos(0), 4, 5000.0);
        assert!(time(&curve, 4) <= 40.0);
        curve.record(Nanos(0), 4, 20.0);
        assert_eq!(time(&curve, 4), 20.0);
    }

    #[test]
    fn the_knee_is_where_rows_get_no_cheaper() {
        assert_eq!(Curve::new().knee(), 4);
        assert_eq!(learned(&[(1, 10.0)]).knee(), 2, "what is larger has not been tried");
        assert_eq!(learned(&[(1, 10.0), (2, 19.9), (4, 40.0), (8, 80.0)]).knee(), 1);
        assert_eq!(learned(&[(1, 10.0), (2, 12.0), (4, 16.0), (8, 24.0), (16, 60.0)]).knee(), 8);
    }
}
