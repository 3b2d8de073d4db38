//! A server in virtual time.

use std::cmp::Reverse;
use std::collections::BinaryHeap;
use std::time::Duration;

use fastserve_batch::{Action, Arrival, BatchId, BatchKey, Batcher, Config, Event, Nanos, Ticket};
use serde::Serialize;

use crate::load::Load;
use crate::random::Random;
use crate::table::Times;

/// How a run went.
#[derive(Clone, Copy, Debug, Default, Serialize)]
pub(crate) struct Score {
    /// Answers within the target, as a part of the requests of an open loop, or of what can be answered in a closed one.
    pub(crate) goodput: f64,
    /// Requests that were refused, as a part of all.
    pub(crate) refused: f64,
    /// Milliseconds in which 99 of 100 answers were there.
    pub(crate) p99_ms: f64,
    /// Rows of a batch, on the average.
    pub(crate) mean_rows: f64,
}

/// What happens next; the order of those at one time is fixed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Next {
    Done(BatchId),
    Arrive(u64),
    Tick,
}

/// A run of one setting under one load.
pub(crate) struct World<'t> {
    batcher: Batcher,
    times: &'t Times,
    random: Random,
    load: Load,
    next: BinaryHeap<Reverse<(u64, Next)>>,
    running: Vec<(BatchId, Vec<Ticket>)>,
    came: Vec<u64>,
    left: usize,
    latencies: Vec<u64>,
    refused: usize,
}

/// The part of the requests that is not counted: the batcher learns from them.
const WARM_UP: f64 = 0.1;

impl<'t> World<'t> {
    pub(crate) fn new(config: Config, workers: u32, times: &'t Times, load: Load, count: usize, seed: u64) -> Self {
        let mut random = Random(seed);
        let schedule = load.schedule(count, &mut random);
        let mut world = Self {
            batcher: Batcher::new(config, workers),
            times,
            random,
            load,
            next: BinaryHeap::new(),
            running: Vec::new(),
            came: vec![0; count],
            left: count - schedule.len(),
            latencies: Vec::new(),
            refused: 0,
        };
        (0..workers).for_each(|_| world.tell(0, Event::WorkerFree));
        for (n, at) in schedule.into_iter().enumerate() {
            world.next.push(Reverse((at, Next::Arrive(n as u64))));
        }
        world
    }

    /// Runs to the end. `capacity` is what a closed loop is measured by, in answers a second.
    pub(crate) fn run(mut self, target: Duration, capacity: f64) -> Score {
        let first = (self.came.len() as f64 * WARM_UP) as u64;
        let (mut now, mut from) = (0, None);
        while let Some(Reverse((at, next))) = self.next.pop() {
            now = at;
            match next {
                Next::Arrive(n) => {
                    self.came[n as usize] = now;
                    from = from.or((n >= first).then_some(now));
                    let (ticket, key) = (Ticket(n), BatchKey(0));
                    let arrival = Arrival { ticket, rows: 1, key, cost: 0, priority: 0, timeout: None, deadline: None };
                    self.tell(now, Event::Arrive(arrival));
                }
                Next::Done(batch) => self.done(now, batch, first),
                Next::Tick => self.tell(now, Event::Tick),
            }
        }
        let counted = self.came.len() - first as usize;
        let seconds = (now - from.unwrap_or(0)) as f64 / 1e9;
        let possible = if matches!(self.load, Load::Closed(_)) { capacity * seconds } else { counted as f64 };
        let in_time = self.latencies.iter().filter(|l| u128::from(**l) <= target.as_nanos()).count();
        self.latencies.sort_unstable();
        let p99 = self.latencies.get(self.latencies.len() * 99 / 100).copied().unwrap_or(0);
        let counts = self.batcher.snapshot().counts;
        Score {
            goodput: in_time as f64 / possible,
            refused: self.refused as f64 / self.came.len() as f64,
            p99_ms: p99 as f64 / 1e6,
            mean_rows: counts.rows as f64 / counts.batches.max(1) as f64,
        }
    }

    fn done(&mut self, now: u64, batch: BatchId, first: u64) {
        let Some(at) = self.running.iter().position(|r| r.0 == batch) else { return };
        let (_, tickets) = self.running.swap_remove(at);
        for ticket in tickets {
            if ticket.0 >= first {
                self.latencies.push(now - self.came[ticket.0 as usize]);
            }
            self.again(now);
        }
        self.tell(now, Event::Done { batch, ok: true });
    }

    /// A client of a closed loop sends again.
    fn again(&mut self, at: u64) {
        if matches!(self.load, Load::Closed(_)) && self.left > 0 {
            let n = self.came.len() - self.left;
            self.left -= 1;
            self.next.push(Reverse((at, Next::Arrive(n as u64))));
        }
    }

    fn tell(&mut self, now: u64, event: Event) {
        let mut actions = Vec::new();
        self.batcher.poll(Nanos(now), event, &mut actions);
        for action in actions {
            match action {
                Action::Start { batch, tickets, rows } => {
                    let end = now + self.times.draw(rows, &mut self.random);
                    self.next.push(Reverse((end, Next::Done(batch))));
                    self.running.push((batch, tickets));
                }
                Action::Reject { retry_after, .. } => {
                    self.refused += 1;
                    self.again(now + retry_after.map_or(0, |r| r.as_nanos() as u64));
                }
                Action::WakeAt(at) => self.next.push(Reverse((at.0, Next::Tick))),
            }
        }
    }
}
