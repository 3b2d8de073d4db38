//! The adaptive rule: the most urgent kind runs, in the size with which most answers are there in time; among these the one that clears what
//! waits soonest, and then the one that lets them wait least. Nobody waits while a worker is free.

use crate::batcher::Batcher;
use crate::bucket::{BUCKETS, bucket, end};
use crate::event::{BatchKey, Nanos, Ticket, nanos};
use crate::form::Form;

/// One batch in so many is for the request that came first of all, whatever its level.
const TURN_OF_THE_OLDEST: u64 = 8;
/// Once it has waited this long, in nanoseconds.
const OLDEST_AFTER: u64 = 1_000_000_000;
/// One batch in so many is larger than what is known to be best, so that what has become better is found.
const TRY_LARGER: u64 = 16;
/// Sizes whose times to clear what waits differ by less are equally good.
const AS_GOOD: f64 = 1.03;

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
        if let Some(larger) = self.larger_to_try(key, limit) {
            self.collect(key, lead, larger);
            return Form::Start(key);
        }
        self.collect(key, lead, limit.saturating_mul(2));
        if let Some(ticket) = self.hopeless(now, key) {
            return Form::TooLate(ticket);
        }
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
        let half = nanos(target) as f64 / 2.0;
        let fits = |rows: u32| self.curves.estimate(key, 1, rows).is_none_or(|e| e.late() <= half);
        let smaller = (0..=bucket(limit)).rev().map(|b| end(b).min(limit));
        smaller.into_iter().find(|&rows| fits(rows)).unwrap_or(1)
    }

    /// A size above the limit that should be tried now.
    fn larger_to_try(&self, key: BatchKey, limit: u32) -> Option<u32> {
        let batches = self.counts.batches;
        if batches % TRY_LARGER != TRY_LARGER - 1 || self.queue.rows_of(key) <= u64::from(limit) {
            return None;
        }
        let most = self.config.max_rows.min(self.curves.of(key).largest().saturating_mul(2));
        let steps = 1 + usize::try_from(batches / TRY_LARGER % 3).unwrap_or(0);
        let larger = end((bucket(limit) + steps).min(BUCKETS - 1)).min(most);
        let fits = |target| self.curves.estimate(key, 1, larger).is_some_and(|e| e.time <= 0.8 * nanos(target) as f64);
        (larger > limit && self.target().is_none_or(fits)).then_some(larger)
    }

    /// A member that would be late by its own deadline even if it ran alone now.
    fn hopeless(&self, now: Nanos, key: BatchKey) -> Option<Ticket> {
        let is_hopeless = |ticket: &Ticket| {
            let waiting = self.queue.get(*ticket)?;
            let deadline = waiting.deadline?;
            let least = self.curves.trusted(now, key, waiting.rows)?.early();
            (now.0 as f64 + least > deadline.0 as f64).then_some(())
        };
        self.members.iter().map(|m| m.ticket).find(|t| is_hopeless(t).is_some())
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
        let is_hit = |(at, m): (usize, &crate::form::Member)| {
            let end = first.late() + if at < requests { 0.0 } else { second };
            m.goal.0 as f64 >= now.0 as f64 + end
        };
        let hits = self.members.iter().enumerate().filter(|&m| is_hit(m)).count();
        let first = self.curves.hope(key, cost, rows)?;
        let clear = first + second;
        Some(Candidate { requests, hits, clear, waits: f64::from(rows) * first + f64::from(rest) * clear })
    }
}
