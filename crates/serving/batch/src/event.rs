//! What the batcher is told, and what it says.

use std::time::Duration;

/// A moment, in nanoseconds since some start.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Nanos(pub u64);

impl Nanos {
    /// This moment and some time more; the last one there is where that is further.
    pub fn after(self, time: Duration) -> Nanos {
        Nanos(self.0.saturating_add(nanos(time)))
    }

    /// The time since an earlier moment; 0 where that one is later.
    pub fn since(self, earlier: Nanos) -> Duration {
        Duration::from_nanos(self.0.saturating_sub(earlier.0))
    }
}

/// Nanoseconds of a time; the most there are where it has more.
pub(crate) fn nanos(time: Duration) -> u64 {
    u64::try_from(time.as_nanos()).unwrap_or(u64::MAX)
}

/// A request, as its caller numbers it. No two that wait have the same number.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Ticket(pub u64);

/// Equal for requests that can share a batch.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct BatchKey(pub u64);

/// A batch that was started.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
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
    /// Work of one row beside that of a row of another key, in any unit, such as elements; 0 where nobody knows. What runs of one key
    /// took tells by it what a key that has not run will take.
    pub cost: u64,
    /// 1 is the most urgent level; 0, or a level that there is not, is the default level.
    pub priority: u32,
    /// How long it may wait for its start; zero counts as `None`. Its level says whether it may ask for that, and what happens then.
    pub timeout: Option<Duration>,
    /// When its answer is of no use any more.
    pub deadline: Option<Nanos>,
}

/// What happened.
#[derive(Clone, Debug)]
pub enum Event {
    /// A request came.
    Arrive(Arrival),
    /// A request's caller left. Nothing happens if it does not wait any more.
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
#[derive(Clone, Debug, PartialEq, Eq)]
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
    /// Send [`Event::Tick`] at this time. It takes the place of a time named before.
    WakeAt(Nanos),
}

/// Why a request is refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Rejection {
    /// As many wait as may.
    QueueFull,
    /// What runs take says that its answer would come after its deadline, or after the target while more work waits than can be done.
    WouldMissDeadline,
    /// It is too late already.
    DeadlinePassed,
    /// It waited longer than its level, or itself, allows.
    WaitedTooLong,
    /// Its caller left.
    Cancelled,
    /// It has more rows than a run may have.
    TooManyRows,
    /// A request with this number waits already.
    DuplicateTicket,
}

impl Rejection {
    /// Every reason.
    pub const ALL: [Rejection; 7] = [
        Rejection::QueueFull,
        Rejection::WouldMissDeadline,
        Rejection::DeadlinePassed,
        Rejection::WaitedTooLong,
        Rejection::Cancelled,
        Rejection::TooManyRows,
        Rejection::DuplicateTicket,
    ];
}
