//! A server in virtual time: workers that take as long as a function of rows says.
#![allow(dead_code, unreachable_pub)]

use std::collections::{BTreeMap, HashMap};
use std::time::Duration;

use fastserve_batch::{Action, Arrival, BatchId, BatchKey, Batcher, Config, Event, Nanos, Rejection, Ticket};

/// How a request ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum End {
    Started { batch: BatchId, at: Nanos },
    Refused { why: Rejection, at: Nanos },
}

/// What was started.
#[derive(Clone, Debug)]
pub struct Batch {
    pub tickets: Vec<Ticket>,
    pub rows: u32,
    pub at: Nanos,
}

pub struct World {
    pub batcher: Batcher,
    pub now: Nanos,
    pub ends: HashMap<Ticket, End>,
    pub batches: BTreeMap<BatchId, Batch>,
    pub running: Vec<(Nanos, BatchId)>,
    pub idle: u32,
    pub retry_after: Option<Duration>,
    alarm: Option<Nanos>,
    time: fn(u32) -> u64,
}

impl World {
    /// Workers that take `time` nanoseconds for so many rows.
    pub fn new(config: Config, workers: u32, time: fn(u32) -> u64) -> Self {
        let mut world = Self {
            batcher: Batcher::new(config, workers),
            now: Nanos(0),
            ends: HashMap::new(),
            batches: BTreeMap::new(),
            running: Vec::new(),
            idle: 0,
            retry_after: None,
            alarm: None,
            time,
        };
        for _ in 0..workers {
            world.idle += 1;
            world.tell(Event::WorkerFree);
        }
        world
    }

    pub fn tell(&mut self, event: Event) {
        let mut actions = Vec::new();
        self.batcher.poll(self.now, event, &mut actions);
        for action in actions {
            self.act(action);
        }
    }

    fn act(&mut self, action: Action) {
        match action {
            Action::Start { batch, tickets, rows } => {
                assert!(self.idle > 0, "a batch for no worker");
                self.idle -= 1;
                for ticket in &tickets {
                    self.end(*ticket, End::Started { batch, at: self.now });
                }
                self.running.push((Nanos(self.now.0 + (self.time)(rows)), batch));
                assert!(self.batches.insert(batch, Batch { tickets, rows, at: self.now }).is_none(), "a batch's name was used twice");
            }
            Action::Reject { ticket, why, retry_after } => {
                self.retry_after = retry_after;
                self.end(ticket, End::Refused { why, at: self.now });
            }
            Action::WakeAt(at) => self.alarm = Some(at),
        }
    }

    fn end(&mut self, ticket: Ticket, end: End) {
        let before = self.ends.insert(ticket, end);
        assert!(before.is_none(), "{ticket:?} ended twice: {before:?}, {end:?}");
    }

    /// Goes on to a moment.
    pub fn run_to(&mut self, until: Nanos) {
        loop {
            let done = self.running.iter().min().copied();
            let Some(at) = self.next_event().filter(|at| *at <= until) else { break };
            self.now = self.now.max(at);
            match done.filter(|(end, _)| *end <= self.now) {
                Some(first) => {
                    self.running.retain(|r| *r != first);
                    self.idle += 1;
                    self.tell(Event::Done { batch: first.1, ok: true });
                }
                None => {
                    self.alarm = None;
                    self.tell(Event::Tick);
                }
            }
        }
        self.now = self.now.max(until);
    }

    /// When something happens next.
    fn next_event(&self) -> Option<Nanos> {
        self.running.iter().map(|r| r.0).chain(self.alarm).min()
    }

    /// Goes on until nothing runs or waits.
    pub fn finish(&mut self) {
        while let Some(at) = self.next_event() {
            self.run_to(at);
        }
        assert_eq!((self.batcher.depth(), self.running.len()), (0, 0), "something was left");
    }

    /// Requests of a batch, by when it started.
    pub fn started(&self) -> Vec<Vec<u64>> {
        self.batches.values().map(|b| b.tickets.iter().map(|t| t.0).collect()).collect()
    }

    pub fn why(&self, ticket: u64) -> Option<Rejection> {
        match self.ends.get(&Ticket(ticket)) {
            Some(End::Refused { why, .. }) => Some(*why),
            _ => None,
        }
    }
}

/// A request of one row without any wishes.
pub fn arrival(ticket: u64) -> Arrival {
    Arrival { ticket: Ticket(ticket), rows: 1, key: BatchKey(0), cost: 0, priority: 0, timeout: None, deadline: None }
}

pub const fn us(us: u64) -> u64 {
    us * 1000
}

pub fn micros(us: u64) -> Duration {
    Duration::from_micros(us)
}
