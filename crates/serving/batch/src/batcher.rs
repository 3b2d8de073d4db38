//! The batcher itself: events in, actions out.

use crate::config::{Config, Level, Mode, OnTimeout};
use crate::counts::Counts;
use crate::curves::Curves;
use crate::event::{Action, BatchId, BatchKey, Event, Nanos, Rejection, Ticket};
use crate::form::{Form, Member};
use crate::queue::Queue;
use crate::running::Running;
use crate::snapshot::Snapshot;

/// Who runs with whom, and when.
#[derive(Clone, Debug)]
pub struct Batcher {
    pub(crate) config: Config,
    pub(crate) queue: Queue,
    pub(crate) curves: Curves,
    pub(crate) running: Vec<Running>,
    pub(crate) idle: u32,
    pub(crate) workers: f64,
    /// Requests that came in so far.
    pub(crate) numbered: u64,
    pub(crate) counts: Counts,
    /// The kind of the last batch.
    pub(crate) last_key: BatchKey,
    /// Room for the requests that a batch is chosen from.
    pub(crate) members: Vec<Member>,
    now: Nanos,
    /// The alarm that was asked for.
    alarm: Option<Nanos>,
}

impl Batcher {
    /// Nobody waits. Workers say themselves that they are free ([`Event::WorkerFree`]); `workers` is how many there will be.
    pub fn new(mut config: Config, workers: u32) -> Self {
        config.max_rows = config.max_rows.max(1);
        config.max_queue = config.max_queue.max(1);
        if config.levels.is_empty() {
            config.levels.push(Level::default());
        }
        Self {
            queue: Queue::new(config.levels.len()),
            config,
            curves: Curves::new(),
            running: Vec::with_capacity(workers as usize),
            idle: 0,
            workers: f64::from(workers.max(1)),
            numbered: 0,
            counts: Counts::default(),
            last_key: BatchKey(0),
            members: Vec::new(),
            now: Nanos(0),
            alarm: None,
        }
    }

    /// Requests that wait.
    pub fn depth(&self) -> usize {
        self.queue.len()
    }

    /// Rows that the next batch may have, by the kind of the last one.
    pub fn limit(&self) -> u32 {
        self.size_limit(self.last_key)
    }

    /// When a request will be refused if it still waits then; `None` if it does not wait, or may for ever.
    pub fn expires(&self, ticket: Ticket) -> Option<Nanos> {
        let waiting = self.queue.get(ticket)?;
        let timeout = waiting.timeout.filter(|(_, action)| *action == OnTimeout::Reject).map(|(at, _)| at);
        timeout.into_iter().chain(waiting.deadline).min()
    }

    /// What it knows and has done.
    pub fn snapshot(&self) -> Snapshot {
        Snapshot::of(self)
    }

    /// Says what to do after what happened; actions are added at the end of `out`. A time before the last one counts as the last one.
    ///
    /// Every request that arrives ends in exactly one [`Action::Start`] or [`Action::Reject`].
    pub fn poll(&mut self, now: Nanos, event: Event, out: &mut Vec<Action>) {
        let now = now.max(self.now);
        self.now = now;
        self.expire(now, out);
        match event {
            Event::Arrive(arrival) => self.admit(now, arrival, out),
            Event::Cancel(ticket) => self.cancel(now, ticket, out),
            Event::WorkerFree => self.idle = self.idle.saturating_add(1),
            Event::Done { batch, ok } => self.done(now, batch, ok),
            Event::Tick => {}
        }
        let ripe = self.start_all(now, out);
        self.set_alarm(now, ripe, out);
    }

    fn cancel(&mut self, now: Nanos, ticket: Ticket, out: &mut Vec<Action>) {
        if self.queue.remove(ticket).is_some() {
            self.refuse(now, ticket, Rejection::Cancelled, out);
        }
    }

    fn done(&mut self, now: Nanos, batch: BatchId, ok: bool) {
        let Some(at) = self.running.iter().position(|r| r.batch == batch) else {
            return;
        };
        let Running { key, cost, rows, started, .. } = self.running.swap_remove(at);
        self.idle = self.idle.saturating_add(1);
        if ok {
            self.curves.record(now, key, cost, rows, (now.since(started).as_nanos() as f64).max(1.0));
        }
    }

    /// Refuses, or puts last, what has waited too long.
    fn expire(&mut self, now: Nanos, out: &mut Vec<Action>) {
        while let Some((_, ticket)) = self.queue.alarm().filter(|(at, _)| *at <= now) {
            let Some(waiting) = self.queue.get(ticket) else {
                return;
            };
            let why = match waiting.timeout {
                _ if waiting.deadline.is_some_and(|d| d <= now) => Rejection::DeadlinePassed,
                Some((_, OnTimeout::Delay)) => {
                    self.queue.delay(ticket);
                    continue;
                }
                _ => Rejection::WaitedTooLong,
            };
            self.queue.remove(ticket);
            self.refuse(now, ticket, why, out);
        }
    }

    /// Starts batches while there are workers for them. Returns when one that waits for more requests should start.
    fn start_all(&mut self, now: Nanos, out: &mut Vec<Action>) -> Option<Nanos> {
        while self.idle > 0 {
            match self.form(now) {
                Form::Start(key) => self.start(now, key, out),
                Form::TooLate(ticket) => {
                    self.queue.remove(ticket);
                    self.refuse(now, ticket, Rejection::WouldMissDeadline, out);
                }
                Form::WaitUntil(at) => return Some(at),
                Form::Nobody => return None,
            }
        }
        None
    }

    /// Starts those that are in `members`.
    fn start(&mut self, now: Nanos, key: BatchKey, out: &mut Vec<Action>) {
        let mut tickets = Vec::with_capacity(self.members.len());
        let (mut rows, mut cost) = (0u32, 0);
        for at in 0..self.members.len() {
            let waiting = self.members.get(at).and_then(|m| self.queue.remove(m.ticket));
            let Some(waiting) = waiting else { continue };
            rows = rows.saturating_add(waiting.rows);
            cost = waiting.cost.max(cost);
            tickets.push(waiting.rank.ticket);
        }
        self.counts.started(rows, tickets.len());
        let batch = BatchId(self.counts.batches);
        let expected = self.curves.estimate(key, cost, rows).map(|e| e.time);
        self.running.push(Running { batch, key, cost, rows, started: now, expected });
        self.idle = self.idle.saturating_sub(1);
        self.last_key = key;
        out.push(Action::Start { batch, tickets, rows });
    }

    /// Asks for an alarm, where it is another one than before.
    fn set_alarm(&mut self, now: Nanos, ripe: Option<Nanos>, out: &mut Vec<Action>) {
        let alarm = self.queue.alarm().map(|(at, _)| at).into_iter().chain(ripe).min();
        let is_known = self.alarm == alarm && alarm.is_none_or(|at| at > now);
        self.alarm = alarm;
        if let (false, Some(at)) = (is_known, alarm) {
            out.push(Action::WakeAt(at));
        }
    }

    /// Rows that a batch of a kind may have.
    pub(crate) fn size_limit(&self, key: BatchKey) -> u32 {
        match &self.config.mode {
            Mode::Adaptive(_) => self.adaptive_limit(key),
            Mode::Off | Mode::Dynamic(_) => self.config.max_rows,
        }
    }
}
