//! Requests that wait, in the order in which they should run.

use std::collections::{BTreeSet, HashMap, VecDeque};

use crate::config::OnTimeout;
use crate::event::{BatchKey, Nanos, Ticket};

/// Where a request stands among those that wait: by level, those that waited too long last, the most urgent first, then as they came.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Rank {
    /// From 0, the most urgent.
    pub(crate) level: u32,
    pub(crate) is_delayed: bool,
    pub(crate) due: Nanos,
    pub(crate) number: u64,
    pub(crate) ticket: Ticket,
}

/// A request that waits.
#[derive(Clone, Debug)]
pub(crate) struct Waiting {
    pub(crate) rank: Rank,
    pub(crate) key: BatchKey,
    pub(crate) rows: u32,
    pub(crate) cost: u64,
    pub(crate) arrived: Nanos,
    pub(crate) deadline: Option<Nanos>,
    pub(crate) timeout: Option<(Nanos, OnTimeout)>,
    /// When its answer should be there, for it to count.
    pub(crate) goal: Option<Nanos>,
    /// What it adds to the work that waits, in nanoseconds.
    pub(crate) work: u64,
}

impl Waiting {
    /// When something happens to it that is no start.
    fn alarm(&self) -> Option<Nanos> {
        let timeout = self.timeout.map(|(at, _)| at);
        timeout.into_iter().chain(self.deadline).min()
    }
}

/// What waits on one level.
#[derive(Clone, Copy, Debug, Default)]
struct Load {
    requests: usize,
    work: u64,
}

/// Requests of one kind.
#[derive(Clone, Debug, Default)]
struct Lane {
    order: BTreeSet<Rank>,
    rows: u64,
}

/// Requests that wait.
#[derive(Clone, Debug)]
pub(crate) struct Queue {
    waiting: HashMap<Ticket, Waiting>,
    lanes: HashMap<BatchKey, Lane>,
    /// The first of each lane.
    heads: BTreeSet<(Rank, BatchKey)>,
    alarms: BTreeSet<(Nanos, Ticket)>,
    /// As they came, those that have left included.
    came: VecDeque<(u64, Ticket)>,
    loads: Vec<Load>,
}

impl Queue {
    pub(crate) fn new(levels: usize) -> Self {
        Self {
            waiting: HashMap::new(),
            lanes: HashMap::new(),
            heads: BTreeSet::new(),
            alarms: BTreeSet::new(),
            came: VecDeque::new(),
            loads: vec![Load::default(); levels],
        }
    }

    pub(crate) fn len(&self) -> usize {
        self.waiting.len()
    }

    pub(crate) fn get(&self, ticket: Ticket) -> Option<&Waiting> {
        self.waiting.get(&ticket)
    }

    /// Requests on a level.
    pub(crate) fn len_of(&self, level: u32) -> usize {
        self.loads.get(level as usize).map_or(0, |l| l.requests)
    }

    /// What waits on a level and above it, in nanoseconds of one worker.
    pub(crate) fn work_to(&self, level: u32) -> u64 {
        self.loads.iter().take(level as usize + 1).fold(0, |sum, l| sum.saturating_add(l.work))
    }

    /// Rows of one kind.
    pub(crate) fn rows_of(&self, key: BatchKey) -> u64 {
        self.lanes.get(&key).map_or(0, |l| l.rows)
    }

    /// The cost of a row of one kind, by its most urgent request.
    pub(crate) fn cost_of(&self, key: BatchKey) -> u64 {
        self.lane(key).next().map_or(0, |w| w.cost)
    }

    /// Takes one in; its number is larger than those before.
    pub(crate) fn insert(&mut self, waiting: Waiting) {
        let Rank { number, ticket, level, .. } = waiting.rank;
        self.came.push_back((number, ticket));
        self.alarms.extend(waiting.alarm().map(|at| (at, ticket)));
        if let Some(load) = self.loads.get_mut(level as usize) {
            load.requests += 1;
            load.work = load.work.saturating_add(waiting.work);
        }
        self.enter_lane(waiting.key, waiting.rank, waiting.rows);
        self.waiting.insert(ticket, waiting);
        self.forget_gone();
    }

    /// Takes one out.
    pub(crate) fn remove(&mut self, ticket: Ticket) -> Option<Waiting> {
        let waiting = self.waiting.remove(&ticket)?;
        if let Some(at) = waiting.alarm() {
            self.alarms.remove(&(at, ticket));
        }
        if let Some(load) = self.loads.get_mut(waiting.rank.level as usize) {
            load.requests = load.requests.saturating_sub(1);
            load.work = load.work.saturating_sub(waiting.work);
        }
        self.leave_lane(waiting.key, waiting.rank, waiting.rows);
        Some(waiting)
    }

    /// Puts one behind the others of its level, without another timeout.
    pub(crate) fn delay(&mut self, ticket: Ticket) {
        let Some(mut waiting) = self.waiting.remove(&ticket) else {
            return;
        };
        if let Some(at) = waiting.alarm() {
            self.alarms.remove(&(at, ticket));
        }
        self.leave_lane(waiting.key, waiting.rank, waiting.rows);
        waiting.rank.is_delayed = true;
        waiting.timeout = None;
        self.alarms.extend(waiting.alarm().map(|at| (at, ticket)));
        self.enter_lane(waiting.key, waiting.rank, waiting.rows);
        self.waiting.insert(ticket, waiting);
    }

    fn enter_lane(&mut self, key: BatchKey, rank: Rank, rows: u32) {
        let lane = self.lanes.entry(key).or_default();
        let old = lane.order.first().copied();
        lane.order.insert(rank);
        lane.rows += u64::from(rows);
        if old.is_none_or(|old| rank < old) {
            if let Some(old) = old {
                self.heads.remove(&(old, key));
            }
            self.heads.insert((rank, key));
        }
    }

    fn leave_lane(&mut self, key: BatchKey, rank: Rank, rows: u32) {
        let Some(lane) = self.lanes.get_mut(&key) else {
            return;
        };
        lane.order.remove(&rank);
        lane.rows = lane.rows.saturating_sub(u64::from(rows));
        let next = lane.order.first().copied();
        if self.heads.remove(&(rank, key)) {
            self.heads.extend(next.map(|next| (next, key)));
        }
        if next.is_none() {
            self.lanes.remove(&key);
        }
    }

    /// Drops what has left from the front of those that came, and from everywhere once it is most of them.
    fn forget_gone(&mut self) {
        while self.came.front().is_some_and(|c| !self.is_waiting(c)) {
            self.came.pop_front();
        }
        if self.came.len() > 2 * self.waiting.len() + 64 {
            let mut came = std::mem::take(&mut self.came);
            came.retain(|c| self.is_waiting(c));
            self.came = came;
        }
    }

    fn is_waiting(&self, &(number, ticket): &(u64, Ticket)) -> bool {
        self.waiting.get(&ticket).is_some_and(|w| w.rank.number == number)
    }

    /// The first of each lane, the most urgent first.
    pub(crate) fn heads(&self) -> impl Iterator<Item = (Rank, BatchKey)> + '_ {
        self.heads.iter().copied()
    }

    /// The requests of one kind, the most urgent first.
    pub(crate) fn lane(&self, key: BatchKey) -> impl Iterator<Item = &Waiting> + '_ {
        let order = self.lanes.get(&key).map(|l| l.order.iter());
        order.into_iter().flatten().filter_map(|rank| self.waiting.get(&rank.ticket))
    }

    /// The one that came first of all.
    pub(crate) fn oldest(&mut self) -> Option<&Waiting> {
        self.forget_gone();
        let (_, ticket) = self.came.front()?;
        self.waiting.get(ticket)
    }

    /// The next time at which something happens that is no start, and to whom.
    pub(crate) fn alarm(&self) -> Option<(Nanos, Ticket)> {
        self.alarms.first().copied()
    }
}
