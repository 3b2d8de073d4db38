//! The queue of one model's version: requests come in on one side, batches go out to workers on the other.
//!
//! All decisions are the batcher's (`fastserve-batch`), which knows neither clocks nor threads; here are the clock, the lock and the
//! requests themselves.

use std::collections::{HashMap, VecDeque};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use fastserve::CancelToken;
use fastserve_batch::{Action, Arrival, BatchId, BatchKey, Batcher, Event, Nanos, Rejection, Ticket};

use crate::error::ServeError;
use crate::job::Job;

/// Names a request within its lane.
pub(crate) type TicketOf = Ticket;

/// A request with what the batcher has to know of it.
pub(crate) struct Submit {
    pub(crate) job: Job,
    /// Equal for requests that can share a run.
    pub(crate) key: u64,
    /// 1 is the most urgent; 0 is the default.
    pub(crate) priority: u32,
    /// How long it may wait.
    pub(crate) timeout: Option<Duration>,
}

/// What a worker runs at once.
pub(crate) struct Batch {
    pub(crate) id: BatchId,
    pub(crate) jobs: Vec<Job>,
    /// On once all callers have left.
    pub(crate) cancel: Arc<CancelToken>,
}

/// The queue of one model's version.
pub(crate) struct Lane {
    state: Mutex<State>,
    work: Condvar,
    start: Instant,
}

struct State {
    batcher: Batcher,
    jobs: HashMap<Ticket, Job>,
    ready: VecDeque<Batch>,
    running: Vec<Running>,
    actions: Vec<Action>,
    refused: Vec<(Job, Rejection, Option<Duration>)>,
    next_ticket: u64,
    wake_at: Option<Nanos>,
    /// Whether workers that sleep must look at `wake_at` again.
    is_earlier: bool,
    is_open: bool,
}

/// Who still waits for a batch that runs.
struct Running {
    id: BatchId,
    tickets: Vec<Ticket>,
    cancel: Arc<CancelToken>,
}

impl Lane {
    /// A queue before a number of workers, each of which calls [`Lane::next`].
    pub(crate) fn new(batcher: Batcher) -> Self {
        let state = State {
            batcher,
            jobs: HashMap::new(),
            ready: VecDeque::new(),
            running: Vec::new(),
            actions: Vec::new(),
            refused: Vec::new(),
            next_ticket: 0,
            wake_at: None,
            is_earlier: false,
            is_open: true,
        };
        Self { state: Mutex::new(state), work: Condvar::new(), start: Instant::now() }
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        // No statement below leaves the state half changed.
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn nanos(&self, at: Instant) -> Nanos {
        Nanos(u64::try_from(at.saturating_duration_since(self.start).as_nanos()).unwrap_or(u64::MAX))
    }

    /// Requests that wait.
    pub(crate) fn depth(&self) -> usize {
        self.lock().jobs.len()
    }

    /// Rows that the next batch may have.
    pub(crate) fn limit(&self) -> u32 {
        self.lock().batcher.limit()
    }

    /// Takes a request in.
    ///
    /// # Errors
    /// The queue is full, the answer would come too late, or the lane is closed.
    pub(crate) fn submit(&self, model: &str, submit: Submit) -> Result<Ticket, ServeError> {
        let mut state = self.lock();
        if !state.is_open {
            return Err(ServeError::NotReady { model: model.to_owned(), why: "it is being unloaded".into() });
        }
        let ticket = Ticket(state.next_ticket);
        state.next_ticket += 1;
        let Submit { job, key, priority, timeout } = submit;
        let deadline = job.deadline.map(|d| self.nanos(d));
        let arrival = Arrival { ticket, rows: job.rows, key: BatchKey(key), cost: row_elements(&job), priority, timeout, deadline };
        state.jobs.insert(ticket, job);
        let now = self.nanos(Instant::now());
        let refused = state.poll(now, Event::Arrive(arrival));
        self.wake(state);
        answer_refused(model, refused);
        Ok(ticket)
    }

    /// When a request will be refused if it still waits then. Somebody has to call [`Lane::tick`]: workers may be busy.
    pub(crate) fn expires(&self, ticket: Ticket) -> Option<Instant> {
        let at = self.lock().batcher.expires(ticket)?;
        self.start.checked_add(Duration::from_nanos(at.0))
    }

    /// Refuses what has waited for too long.
    pub(crate) fn tick(&self, model: &str) {
        let mut state = self.lock();
        let now = self.nanos(Instant::now());
        let refused = state.poll(now, Event::Tick);
        self.wake(state);
        answer_refused(model, refused);
    }

    /// Takes a request back: it is not started, and if it runs alone, it stops.
    pub(crate) fn cancel(&self, ticket: Ticket) {
        let mut state = self.lock();
        let now = self.nanos(Instant::now());
        if state.jobs.contains_key(&ticket) {
            let refused = state.poll(now, Event::Cancel(ticket));
            self.wake(state);
            drop(refused);
            return;
        }
        state.leave(ticket);
    }

    /// The next batch; waits for one. `done` is the last one of this worker. `None` when the lane is closed and empty.
    pub(crate) fn next(&self, model: &str, done: Option<(BatchId, bool)>) -> Option<Batch> {
        let mut state = self.lock();
        let now = self.nanos(Instant::now());
        let event = match done {
            Some((batch, ok)) => {
                state.running.retain(|r| r.id != batch);
                Event::Done { batch, ok }
            }
            None => Event::WorkerFree,
        };
        let mut refused = state.poll(now, event);
        loop {
            if !refused.is_empty() {
                drop(state);
                answer_refused(model, refused);
                state = self.lock();
            }
            if let Some(batch) = state.ready.pop_front() {
                return Some(batch);
            }
            if !state.is_open && state.jobs.is_empty() {
                drop(state);
                // The others may wait for what this worker has just finished.
                self.work.notify_all();
                return None;
            }
            let wait = state.wake_at.map(|at| Duration::from_nanos(at.0.saturating_sub(self.nanos(Instant::now()).0)));
            state = self.sleep(state, wait);
            refused = match state.wake_at {
                Some(at) if at <= self.nanos(Instant::now()) => {
                    state.wake_at = None;
                    let now = self.nanos(Instant::now());
                    state.poll(now, Event::Tick)
                }
                _ => Vec::new(),
            };
        }
    }

    fn sleep<'l>(&'l self, state: MutexGuard<'l, State>, wait: Option<Duration>) -> MutexGuard<'l, State> {
        match wait {
            Some(wait) => self.work.wait_timeout(state, wait).map_or_else(|e| e.into_inner().0, |(state, _)| state),
            None => self.work.wait(state).unwrap_or_else(PoisonError::into_inner),
        }
    }

    /// Lets go of the lock and wakes as many workers as have something to do.
    fn wake(&self, mut state: MutexGuard<'_, State>) {
        let wakes_all = std::mem::take(&mut state.is_earlier) || state.ready.len() > 1;
        let has_work = !state.ready.is_empty();
        drop(state);
        match (wakes_all, has_work) {
            (true, _) => self.work.notify_all(),
            (false, true) => self.work.notify_one(),
            (false, false) => {}
        }
    }

    /// Takes no more requests; those that wait are finished.
    pub(crate) fn close(&self) {
        self.lock().is_open = false;
        self.work.notify_all();
    }
}

/// Requests that the batcher refused, with its reason and when to try again.
type Refused = Vec<(Job, Rejection, Option<Duration>)>;

impl State {
    /// Tells the batcher, and does what it says. Returns what it refused.
    fn poll(&mut self, now: Nanos, event: Event) -> Refused {
        let mut actions = std::mem::take(&mut self.actions);
        self.batcher.poll(now, event, &mut actions);
        for action in actions.drain(..) {
            self.act(action);
        }
        self.actions = actions;
        std::mem::take(&mut self.refused)
    }

    fn act(&mut self, action: Action) {
        match action {
            Action::Start { batch, tickets, .. } => self.start(batch, tickets),
            Action::Reject { ticket, why, retry_after } => {
                if let Some(job) = self.jobs.remove(&ticket) {
                    self.refused.push((job, why, retry_after));
                }
            }
            Action::WakeAt(at) => {
                self.is_earlier |= self.wake_at.is_none_or(|before| at < before);
                self.wake_at = Some(at);
            }
        }
    }

    fn start(&mut self, id: BatchId, tickets: Vec<Ticket>) {
        let jobs = tickets.iter().filter_map(|t| self.jobs.remove(t)).collect();
        let cancel = Arc::new(CancelToken::new());
        self.running.push(Running { id, tickets, cancel: Arc::clone(&cancel) });
        self.ready.push_back(Batch { id, jobs, cancel });
    }

    /// A caller of a batch that runs has left.
    fn leave(&mut self, ticket: Ticket) {
        for running in &mut self.running {
            if let Some(at) = running.tickets.iter().position(|t| *t == ticket) {
                running.tickets.swap_remove(at);
                if running.tickets.is_empty() {
                    running.cancel.cancel();
                }
            }
        }
    }
}

/// Elements of one row of a request's inputs.
fn row_elements(job: &Job) -> u64 {
    let elements: usize = job.inputs.iter().map(|t| t.shape().numel()).sum();
    elements as u64 / u64::from(job.rows.max(1))
}

fn answer_refused(model: &str, refused: Refused) {
    for (job, why, retry_after) in refused {
        // A deadline that was too short to begin with is the caller's, not a matter of load.
        let is_over = job.deadline.is_some_and(|d| d <= Instant::now());
        let why = if is_over && why == Rejection::WouldMissDeadline { Rejection::DeadlinePassed } else { why };
        job.answer(Err(refusal(model, why, retry_after)));
    }
}

fn refusal(model: &str, why: Rejection, retry_after: Option<Duration>) -> ServeError {
    let retry_after = retry_after.unwrap_or(Duration::from_millis(100));
    let overloaded = |why: &str| ServeError::Overloaded { model: model.to_owned(), why: why.to_owned(), retry_after };
    match why {
        Rejection::QueueFull => overloaded("its queue is full"),
        Rejection::WouldMissDeadline => overloaded("the answer would come too late"),
        Rejection::DeadlinePassed => ServeError::DeadlineExceeded("it passed in the queue".into()),
        Rejection::WaitedTooLong => ServeError::DeadlineExceeded("it waited in the queue for longer than it may".into()),
        Rejection::Cancelled => ServeError::Cancelled,
        Rejection::DuplicateTicket => ServeError::Failed { model: model.to_owned(), why: "two requests had one number".into() },
        Rejection::TooManyRows => ServeError::TooLarge(format!("model `{model}` does not take so many rows at once")),
    }
}

#[cfg(test)]
mod tests {
    use std::time::{Duration, Instant};

    use fastserve_batch::{Batcher, Config, Level};
    use tokio::sync::oneshot;

    use super::{Lane, Submit};
    use crate::error::{ErrorKind, ServeError};
    use crate::job::Job;

    #[test]
    fn a_request_that_waited_too_long_is_answered_while_no_worker_is_free() {
        let level = Level { default_timeout: Some(Duration::from_millis(5)), ..Level::default() };
        let lane = Lane::new(Batcher::new(Config { levels: vec![level], ..Config::default() }, 1));
        let (reply, mut answer) = oneshot::channel();
        let job = Job { inputs: Vec::new(), rows: 1, wanted: Vec::new(), arrived: Instant::now(), deadline: None, reply };
        let ticket = lane.submit("m", Submit { job, key: 0, priority: 0, timeout: None }).unwrap();
        lane.tick("m");
        assert!(answer.try_recv().is_err(), "it may wait for 5 ms");
        let expires = lane.expires(ticket).unwrap();
        std::thread::sleep(expires.saturating_duration_since(Instant::now()));
        lane.tick("m");
        let kind = answer.try_recv().unwrap().err().map(|e: ServeError| e.kind());
        assert_eq!((kind, lane.depth(), lane.expires(ticket)), (Some(ErrorKind::DeadlineExceeded), 0, None));
    }
}
