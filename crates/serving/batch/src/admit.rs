//! Whether a request is taken in.

use std::time::Duration;

use crate::adaptive::MARGIN;
use crate::batcher::Batcher;
use crate::config::Mode;
use crate::event::{Action, Arrival, Nanos, Rejection, Ticket, nanos};
use crate::queue::{Rank, Waiting};

/// A request without a deadline of its own and without a target is as urgent as if it had this one: so none waits for ever behind others
/// that have.
const PATIENCE: Duration = Duration::from_secs(1);
/// When to try again where nobody knows what runs take.
const UNKNOWN_DRAIN: Duration = Duration::from_millis(100);
/// The least and the most time after which to try again.
const RETRY: (Duration, Duration) = (Duration::from_millis(1), Duration::from_secs(60));

impl Batcher {
    /// Takes a request in, or refuses it.
    pub(crate) fn admit(&mut self, now: Nanos, arrival: Arrival, out: &mut Vec<Action>) {
        let ticket = arrival.ticket;
        match self.waiting(now, arrival) {
            Ok(waiting) => self.queue.insert(waiting),
            Err(why) => self.refuse(now, ticket, why, out),
        }
    }

    /// Refuses a request that does not wait (any more).
    pub(crate) fn refuse(&mut self, now: Nanos, ticket: Ticket, why: Rejection, out: &mut Vec<Action>) {
        self.counts.refused(why);
        let may_help = matches!(why, Rejection::QueueFull | Rejection::WouldMissDeadline | Rejection::WaitedTooLong);
        out.push(Action::Reject { ticket, why, retry_after: may_help.then(|| self.drain_time(now)) });
    }

    fn waiting(&mut self, now: Nanos, arrival: Arrival) -> Result<Waiting, Rejection> {
        let Arrival { ticket, rows, key, cost, priority, timeout, deadline } = arrival;
        let level = self.level(priority);
        self.check_room(&arrival, level, now)?;
        let policy = self.config.levels.get(level as usize);
        let timeout = policy.and_then(|p| p.timeout(timeout.filter(|t| !t.is_zero())).map(|t| (now.after(t), p.on_timeout)));
        let target = self.target().map(|t| now.after(t));
        let goal = target.into_iter().chain(deadline).min();
        let due = match self.config.mode {
            Mode::Adaptive(_) => goal.unwrap_or(Nanos(u64::MAX)).min(now.after(self.target().unwrap_or(PATIENCE).max(PATIENCE))),
            Mode::Off | Mode::Dynamic(_) => now,
        };
        self.numbered += 1;
        let rank = Rank { level, is_delayed: false, due, number: self.numbered, ticket };
        let rows = rows.max(1);
        let mut waiting = Waiting { rank, key, rows, cost, arrived: now, deadline, timeout, goal, work: 0 };
        waiting.work = self.work(&waiting);
        self.check_time(now, &waiting)?;
        Ok(waiting)
    }

    /// The level, from 0, of a priority.
    fn level(&self, priority: u32) -> u32 {
        let levels = u32::try_from(self.config.levels.len()).unwrap_or(u32::MAX);
        let named = if (1..=levels).contains(&priority) { priority } else { self.config.default_level };
        named.clamp(1, levels.max(1)) - 1
    }

    fn check_room(&self, arrival: &Arrival, level: u32, now: Nanos) -> Result<(), Rejection> {
        if self.queue.get(arrival.ticket).is_some() {
            return Err(Rejection::DuplicateTicket);
        }
        if arrival.rows > self.config.max_rows {
            return Err(Rejection::TooManyRows);
        }
        if arrival.deadline.is_some_and(|d| d <= now) {
            return Err(Rejection::DeadlinePassed);
        }
        let most = self.config.levels.get(level as usize).and_then(|l| l.max_queue);
        let is_full = most.is_some_and(|most| self.queue.len_of(level) >= most);
        if (is_full || self.queue.len() >= self.config.max_queue) && !self.starts_at_once() {
            return Err(Rejection::QueueFull);
        }
        Ok(())
    }

    /// Whether a request that comes does not wait.
    fn starts_at_once(&self) -> bool {
        self.idle > 0 && self.queue.len() == 0
    }

    /// Refuses what cannot be ready in time by what runs take. The target alone refuses only where two batches are ahead already.
    fn check_time(&self, now: Nanos, waiting: &Waiting) -> Result<(), Rejection> {
        let (Mode::Adaptive(_), Some(goal)) = (&self.config.mode, waiting.goal) else {
            return Ok(());
        };
        let Some(own) = self.curves.trusted(now, waiting.key, waiting.rows) else {
            return Ok(());
        };
        let late = |wait: f64, at: Nanos| wait > at.since(now).as_nanos() as f64;
        if self.starts_at_once() {
            let misses = waiting.deadline.is_some_and(|d| late(own.early(), d));
            return if misses { Err(Rejection::WouldMissDeadline) } else { Ok(()) };
        }
        let ahead = self.queue.work_to(waiting.rank.level) as f64;
        let batch = self.curves.trusted(now, waiting.key, self.size_limit(waiting.key)).map_or(own.time, |e| e.time);
        let all = ahead + waiting.work as f64;
        let wait = self.worker_wait(now);
        let soonest = wait + (all - batch).max(0.0) / self.workers + all.min(batch);
        let misses_deadline = waiting.deadline.is_some_and(|d| late(soonest.max(own.early()), d));
        // Those who come later fill its batch up.
        let filled = wait + ((all / batch).ceil() - 1.0).max(0.0) * batch / self.workers + batch;
        let can_be_met = self.target().is_none_or(|t| own.time * MARGIN <= nanos(t) as f64);
        let is_overloaded = can_be_met && self.queue.len() > 0 && ahead + wait >= 2.0 * batch;
        if misses_deadline || (is_overloaded && late(filled * MARGIN, goal)) {
            return Err(Rejection::WouldMissDeadline);
        }
        Ok(())
    }

    /// What a request adds to the work that waits: what its rows add to the last batch of its kind.
    fn work(&self, waiting: &Waiting) -> u64 {
        let most = u64::from(self.size_limit(waiting.key)).max(1);
        let before = u32::try_from(self.queue.rows_of(waiting.key) % most).unwrap_or(0);
        let time = |rows: u32| self.curves.estimate(waiting.key, waiting.cost, rows).map_or(0.0, |e| e.time);
        let without = if before == 0 { 0.0 } else { time(before) };
        (time(before.saturating_add(waiting.rows)) - without).max(0.0) as u64
    }

    /// Nanoseconds until a worker is free.
    pub(crate) fn worker_wait(&self, now: Nanos) -> f64 {
        if self.idle > 0 {
            return 0.0;
        }
        self.running.iter().map(|r| r.left(now)).min_by(f64::total_cmp).unwrap_or(0.0)
    }

    /// When what waits now should be done.
    fn drain_time(&self, now: Nanos) -> Duration {
        let work = self.queue.work_to(u32::MAX - 1) as f64;
        let time = self.worker_wait(now) + work / self.workers;
        if self.curves.is_empty() { UNKNOWN_DRAIN } else { Duration::from_nanos(time as u64).clamp(RETRY.0, RETRY.1) }
    }

    pub(crate) fn target(&self) -> Option<Duration> {
        match &self.config.mode {
            Mode::Adaptive(adaptive) => adaptive.target.filter(|t| nanos(*t) > 0),
            Mode::Off | Mode::Dynamic(_) => None,
        }
    }
}
