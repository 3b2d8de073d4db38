//! The adaptive rule: the most urgent kind runs, in the size with which most answers are there in time; among these the one that clears what
//! waits soonest, and then the one that lets them wait least. Nobody waits while a worker is free.

use crate::batcher::Batcher;
use crate::bucket::{BUCKETS, bucket, end};
use crate::curve::Estimate;
use crate::event::{BatchKey, Nanos, Ticket, nanos};
use crate::form::{Form, Member};
use crate::queue::Waiting;

/// One batch in so many is for the request that came first of all, whatever its level.
const TURN_OF_THE_OLDEST: u64 = 8;
/// Once it has waited this long, in nanoseconds.
const OLDEST_AFTER: u64 = 1_000_000_000;
/// One batch in so many is larger than what is known to be best, so that what has become better is found.
const TRY_LARGER: u64 = 64;
/// More often, until so many batches of its kind ran.
const TRY_LARGER_WHILE_NEW: u64 = 32;
const NEW_RUNS: u64 = 512;
/// And seldom, where a row took this much longer in it.
const TRY_WORSE: u64 = 1024;
const WORSE: f64 = 1.1;
/// Sizes whose times to clear what waits differ by less are equally good.
const AS_GOOD: f64 = 1.03;

/// A run may take this much of the target: those who come while it runs wait for it, and then run themselves.
const PART_OF_TARGET: f64 = 0.65;
/// In an overload whoever would be ready just in time by prediction is refused: one in two would be late.
pub(crate) const MARGIN: f64 = 1.05;

/// A size that a batch may have.
#[derive(Clone, Copy, Debug)]
struct Candidate {
    /// Requests in it.
    requests: usize,
    /// Answers that are there in time.
    hits: usize,
    /// Nanoseconds until all that waits is done.
    clear: f64,
    /// Rows times the nanoseconds until they are done.
    waits: f64,
}

impl Batcher {
    pub(crate) fn form_adaptive(&mut self, now: Nanos) -> Form {
        let Some((key, lead)) = self.whose_turn(now) else {
            return Form::Nobody;
        };
        let limit = self.adaptive_limit(key);
        if let Some(ticket) = self.hopeless(now, key, limit) {
            return Form::TooLate(ticket);
        }
        if let Some(larger) = self.larger_to_try(key, limit) {
            self.collect(key, lead, larger);
            return Form::Start(key);
        }
        self.collect(key, lead, limit.saturating_mul(2));
        let requests = self.best_size(now, key, limit);
        self.members.truncate(requests);
        Form::Start(key)
    }

    /// The kind that runs next, and the request that leads it, if that is not its first.
    fn whose_turn(&mut self, now: Nanos) -> Option<(BatchKey, Option<Ticket>)> {
        let (_, key) = self.queue.heads().next()?;
        if self.counts.batches % TURN_OF_THE_OLDEST == TURN_OF_THE_OLDEST - 1 {
            let old = self.queue.oldest().filter(|w| now.since(w.arrived).as_nanos() >= u128::from(OLDEST_AFTER));
            if let Some(old) = old {
                return Some((old.key, Some(old.rank.ticket)));
            }
        }
        Some((key, None))
    }

    /// Rows beyond which a batch gains nothing, or could not be ready within the target behind another one.
    pub(crate) fn adaptive_limit(&self, key: BatchKey) -> u32 {
        let curve = self.curves.of(key);
        let limit = curve.knee().min(self.config.max_rows);
        let Some(target) = self.target() else {
            return limit;
        };
        let (target, cost) = (nanos(target) as f64, self.queue.cost_of(key));
        let takes = |rows: u32, most: f64| self.curves.estimate(key, cost, rows).is_none_or(|e| e.time <= most);
        let fits = |rows: u32| takes(rows, target * PART_OF_TARGET);
        // Where nobody can meet the target, throughput counts.
        if fits(limit) || !takes(1, target / MARGIN) {
            return limit;
        }
        // Between the last bucket that fits and the next one.
        let (mut low, mut high) = (1, limit);
        while high - low > 1 {
            let middle = low + (high - low) / 2;
            *(if fits(middle) { &mut low } else { &mut high }) = middle;
        }
        low
    }

    /// A size above the limit that should be tried now.
    fn larger_to_try(&self, key: BatchKey, limit: u32) -> Option<u32> {
        let (batches, curve) = (self.counts.batches, self.curves.of(key));
        let each = if curve.runs() < NEW_RUNS { TRY_LARGER_WHILE_NEW } else { TRY_LARGER };
        if batches % each != each - 1 || self.queue.rows_of(key) <= u64::from(limit) {
            return None;
        }
        let most = self.config.max_rows.min(curve.largest().saturating_mul(2));
        let steps = 1 + usize::try_from(batches / each % 3).unwrap_or(0);
        let larger = end((bucket(limit) + steps).min(BUCKETS - 1)).min(most);
        let per_row = |rows: u32| curve.estimate(rows).map(|e| e.time / f64::from(rows));
        let is_worse = per_row(larger).zip(per_row(limit)).is_some_and(|(l, best)| larger <= curve.largest() && l > WORSE * best);
        let fits =
            |target| self.curves.estimate(key, self.queue.cost_of(key), larger).is_some_and(|e| e.time <= 0.8 * nanos(target) as f64);
        let is_worth_it = self.target().is_none_or(fits) && (!is_worse || batches % TRY_WORSE == TRY_WORSE - 1);
        (larger > limit && is_worth_it).then_some(larger)
    }

    /// A request that would be late: by its own deadline even if it ran alone now, or by the target in a full batch while others wait.
    fn hopeless(&self, now: Nanos, key: BatchKey, limit: u32) -> Option<Ticket> {
        let target = self.target().map(|t| nanos(t) as f64);
        let full = self.curves.trusted(now, key, limit).map(|e| e.time * MARGIN);
        // Where nobody can meet the target, it refuses nobody.
        let full = full.filter(|full| target.is_some_and(|t| *full <= t));
        let all = self.queue.rows_of(key);
        let is_late = |time: f64, at: Nanos| time > at.since(now).as_nanos() as f64;
        let is_hopeless = |waiting: &Waiting| {
            let alone = self.curves.trusted(now, key, waiting.rows).map(Estimate::early);
            let misses_deadline = alone.zip(waiting.deadline).is_some_and(|(alone, d)| is_late(alone, d));
            let is_overloaded = all > u64::from(waiting.rows.max(limit / 2));
            misses_deadline || (is_overloaded && full.zip(waiting.goal).is_some_and(|(full, goal)| is_late(full, goal)))
        };
        let mut rows = 0;
        let next = self.queue.lane(key).take_while(|w| {
            rows += u64::from(w.rows);
            rows <= 2 * u64::from(limit.max(w.rows))
        });
        next.into_iter().find(|w| is_hopeless(w)).map(|w| w.rank.ticket)
    }

    /// How many of the members run now.
    fn best_size(&self, now: Nanos, key: BatchKey, limit: u32) -> usize {
        let mut candidates = [None; BUCKETS + 1];
        let mut last = 0;
        let ends = (0..BUCKETS).map(end).take_while(|&e| e < limit).chain([limit]);
        for (place, most) in candidates.iter_mut().zip(ends) {
            let requests = self.members.partition_point(|m| m.rows_to <= most).max(1);
            if requests > last {
                *place = self.candidate(now, key, limit, requests);
                last = requests;
            }
        }
        let known = || candidates.iter().flatten();
        // With more behind them than was looked at, every answer depends on how soon this is done.
        let is_backlog = self.queue.rows_of(key) > u64::from(self.members.last().map_or(0, |m| m.rows_to));
        let hits = known().map(|c| c.hits).max().unwrap_or(0);
        let timely = || known().filter(|c| is_backlog || c.hits == hits);
        let soonest = timely().map(|c| c.clear).min_by(f64::total_cmp).unwrap_or(0.0);
        let best = timely().filter(|c| c.clear <= soonest * AS_GOOD).min_by(|a, b| a.waits.total_cmp(&b.waits));
        best.map_or(last, |c| c.requests)
    }

    /// What becomes of the members if the first so many run now, and the others after them.
    fn candidate(&self, now: Nanos, key: BatchKey, limit: u32, requests: usize) -> Option<Candidate> {
        let all = self.members.last()?.rows_to;
        let rows = self.members.get(requests.checked_sub(1)?)?.rows_to;
        let rest = all - rows;
        let cost = self.queue.get(self.members.first()?.ticket)?.cost;
        let first = self.curves.estimate(key, cost, rows)?;
        let batches = (f64::from(rest) / f64::from(limit)).max(1.0);
        let second = if rest == 0 { 0.0 } else { self.curves.estimate(key, cost, rest.min(limit))?.time * batches };
        let is_hit = |(at, m): (usize, &Member)| {
            let end = first.late() + if at < requests { 0.0 } else { second };
            m.goal.0 as f64 >= now.0 as f64 + end
        };
        let hits = self.members.iter().enumerate().filter(|&m| is_hit(m)).count();
        let first = self.curves.hope(key, cost, rows)?;
        let clear = first + second;
        Some(Candidate { requests, hits, clear, waits: f64::from(rows) * first + f64::from(rest) * clear })
    }
}
