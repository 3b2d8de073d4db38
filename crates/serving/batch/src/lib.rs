//! The batcher of the server: who runs with whom, and when.
//!
//! It knows no clock, no thread and no tensor. [`Batcher::poll`] is told what happened and when, and says what to do, so that it runs
//! in virtual time as well as behind a lock.

use std::collections::VecDeque;
use std::time::Duration;

/// A moment, in nanoseconds since some start.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Nanos(pub u64);

/// A request, as its caller numbers it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Ticket(pub u64);

/// Equal for requests that can share a batch.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct BatchKey(pub u64);

/// A batch that was started.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct BatchId(pub u64);

/// A request that came.
#[derive(Clone, Debug)]
pub struct Arrival {
    /// Its number.
    pub ticket: Ticket,
    /// Rows it has, at least 1.
    pub rows: u32,
    /// With whom it can share.
    pub key: BatchKey,
    /// 1 is the most urgent level; 0 is the default level.
    pub priority: u32,
    /// How long it may wait.
    pub timeout: Option<Duration>,
    /// When its answer is of no use any more.
    pub deadline: Option<Nanos>,
}

/// What happened.
#[derive(Clone, Debug)]
pub enum Event {
    /// A request came.
    Arrive(Arrival),
    /// A request's caller left before it was started.
    Cancel(Ticket),
    /// A new worker waits.
    WorkerFree,
    /// A batch ended, and its worker waits.
    Done {
        /// Which.
        batch: BatchId,
        /// Whether its run went well, so that its time counts.
        ok: bool,
    },
    /// The time of [`Action::WakeAt`] has come.
    Tick,
}

/// What to do.
#[derive(Clone, Debug)]
pub enum Action {
    /// Run these requests together.
    Start {
        /// The batch's name.
        batch: BatchId,
        /// Its requests, in this order.
        tickets: Vec<Ticket>,
        /// Their rows together.
        rows: u32,
    },
    /// Refuse a request.
    Reject {
        /// Which.
        ticket: Ticket,
        /// Why.
        why: Rejection,
        /// When another try may succeed.
        retry_after: Option<Duration>,
    },
    /// Send [`Event::Tick`] at this time, if nothing happens before.
    WakeAt(Nanos),
}

/// Why a request is refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Rejection {
    /// As many wait as may.
    QueueFull,
    /// It could not be ready in time.
    WouldMissDeadline,
    /// It is too late already.
    DeadlinePassed,
    /// Its caller left.
    Cancelled,
    /// It has more rows than a run may have.
    TooManyRows,
}

/// How it decides.
#[derive(Clone, Debug)]
pub struct Config {
    /// Rows of a batch at most.
    pub max_rows: u32,
    /// Requests that may wait.
    pub max_queue: usize,
}

/// Who runs with whom, and when: first come, first served, as many as fit once a worker is free.
#[derive(Debug)]
pub struct Batcher {
    config: Config,
    queue: VecDeque<Arrival>,
    idle: u32,
    next: u64,
}

impl Batcher {
    /// Nobody waits. Workers say themselves that they are free ([`Event::WorkerFree`]).
    pub fn new(config: Config, _workers: u32) -> Self {
        Self { config, queue: VecDeque::new(), idle: 0, next: 0 }
    }

    /// Rows that the next batch may have.
    pub fn limit(&self) -> u32 {
        self.config.max_rows
    }

    /// Says what to do, after what happened.
    pub fn poll(&mut self, now: Nanos, event: Event, out: &mut Vec<Action>) {
        match event {
            Event::Arrive(a) => out.extend(self.arrive(a)),
            Event::Cancel(ticket) => {
                self.queue.retain(|a| a.ticket != ticket);
                out.push(reject(ticket, Rejection::Cancelled));
            }
            Event::WorkerFree | Event::Done { .. } => self.idle += 1,
            Event::Tick => {}
        }
        while self.idle > 0 {
            self.expire(now, out);
            let Some(start) = self.start() else {
                return;
            };
            self.idle -= 1;
            out.push(start);
        }
    }

    fn arrive(&mut self, arrival: Arrival) -> Option<Action> {
        if arrival.rows > self.config.max_rows {
            return Some(reject(arrival.ticket, Rejection::TooManyRows));
        }
        if self.queue.len() >= self.config.max_queue {
            let retry_after = Some(Duration::from_millis(50));
            return Some(Action::Reject { ticket: arrival.ticket, why: Rejection::QueueFull, retry_after });
        }
        self.queue.push_back(arrival);
        None
    }

    fn expire(&mut self, now: Nanos, out: &mut Vec<Action>) {
        let is_late = |a: &Arrival| a.deadline.is_some_and(|d| d <= now);
        out.extend(self.queue.iter().filter(|a| is_late(a)).map(|a| reject(a.ticket, Rejection::DeadlinePassed)));
        self.queue.retain(|a| !is_late(a));
    }

    fn start(&mut self) -> Option<Action> {
        let key = self.queue.front()?.key;
        let (mut rows, mut tickets) = (0, Vec::new());
        self.queue.retain(|a| {
            let joins = a.key == key && rows + a.rows <= self.config.max_rows;
            if joins {
                rows += a.rows;
                tickets.push(a.ticket);
            }
            !joins
        });
        self.next += 1;
        Some(Action::Start { batch: BatchId(self.next), tickets, rows })
    }
}

fn reject(ticket: Ticket, why: Rejection) -> Action {
    Action::Reject { ticket, why, retry_after: None }
}
