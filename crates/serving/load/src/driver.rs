//! Sending and waiting.

use std::cell::RefCell;
use std::rc::Rc;
use std::time::{Duration, Instant};

use tokio::sync::mpsc;
use tokio::task::LocalSet;

use crate::connection::Connection;
use crate::error::LoadError;
use crate::model::Request;
use crate::plan::{Arrivals, Plan};
use crate::report::{Counts, Latencies, Report};
use crate::schedule::Schedule;

/// How long answers are waited for after the end.
const GRACE: Duration = Duration::from_secs(10);
/// How long a client rests whose connection broke, before it opens another.
const REST: Duration = Duration::from_millis(20);

/// Measures. Runs on a current-thread runtime with I/O and time.
///
/// # Errors
/// The plan makes no sense, or the server cannot be reached.
pub async fn run(plan: &Plan, request: Request) -> Result<Report, LoadError> {
    plan.check().map_err(LoadError::Plan)?;
    let connections = match plan.arrivals {
        Arrivals::Closed { clients } => clients,
        _ => plan.connections,
    };
    // The first connection says whether there is a server at all.
    drop(Connection::open(&plan.target).await?);
    let start = Instant::now();
    let shared = Rc::new(Shared { plan: plan.clone(), request, start, sums: RefCell::new(Sums::new()?) });
    let local = LocalSet::new();
    let (due, queue) = mpsc::unbounded_channel();
    let queue = Rc::new(tokio::sync::Mutex::new(queue));
    let clients: Vec<_> = (0..connections)
        .map(|_| match plan.arrivals {
            Arrivals::Closed { .. } => local.spawn_local(closed(Rc::clone(&shared))),
            _ => local.spawn_local(open(Rc::clone(&shared), Rc::clone(&queue))),
        })
        .collect();
    let sender = std::thread::spawn({
        let (arrivals, seed, end) = (plan.arrivals, plan.seed, plan.warmup + plan.duration);
        move || send(Schedule::new(arrivals, seed), start, end, &due)
    });
    let all = async {
        for client in clients {
            let _ = client.await;
        }
    };
    let end = start + plan.warmup + plan.duration + GRACE;
    // Clients that still wait then count as broken: they were sent, and have no answer.
    let _ = local.run_until(tokio::time::timeout_at(end.into(), all)).await;
    drop(local);
    // It ended with the time, or when its receivers went.
    let _ = sender.join();
    Ok(shared.report(connections))
}

/// Says when requests are due. A thread, because a runtime's clock ticks in milliseconds.
fn send(schedule: Schedule, start: Instant, end: Duration, due: &mpsc::UnboundedSender<Instant>) {
    for offset in schedule.take_while(|t| *t < end) {
        let at = start + offset;
        let now = Instant::now();
        if at > now {
            std::thread::sleep(at - now);
        }
        if due.send(at).is_err() {
            return;
        }
    }
}

struct Shared {
    plan: Plan,
    request: Request,
    start: Instant,
    sums: RefCell<Sums>,
}

struct Sums {
    counts: Counts,
    latency: Latencies,
    service: Latencies,
    refusal: Latencies,
}

impl Sums {
    fn new() -> Result<Self, LoadError> {
        let new = || Latencies::new().map_err(|e| LoadError::Plan(e.to_string()));
        Ok(Self { counts: Counts::default(), latency: new()?, service: new()?, refusal: new()? })
    }
}

/// A client that waits for its answer before it sends again.
async fn closed(shared: Rc<Shared>) {
    let mut connection = None;
    while shared.start.elapsed() < shared.plan.warmup + shared.plan.duration {
        let due = Instant::now();
        shared.once(&mut connection, due).await;
    }
}

/// A client that sends what is due.
async fn open(shared: Rc<Shared>, queue: Rc<tokio::sync::Mutex<mpsc::UnboundedReceiver<Instant>>>) {
    let mut connection = None;
    loop {
        let due = queue.lock().await.recv().await;
        match due {
            Some(due) => shared.once(&mut connection, due).await,
            None => return,
        }
    }
}

impl Shared {
    async fn once(&self, connection: &mut Option<Connection>, due: Instant) {
        let counts = due >= self.start + self.plan.warmup;
        if counts {
            self.sums.borrow_mut().counts.sent += 1;
        }
        let sent = Instant::now();
        let result = self.ask(connection).await;
        let is_broken = result.is_err();
        if counts {
            self.sums.borrow_mut().count(result.ok(), due.elapsed(), sent.elapsed(), self.plan.target_latency);
        }
        if is_broken {
            *connection = None;
            tokio::time::sleep(REST).await;
        }
    }

    /// The status of the answer.
    async fn ask(&self, connection: &mut Option<Connection>) -> Result<u16, LoadError> {
        let connection = match connection {
            Some(connection) => connection,
            none => none.insert(Connection::open(&self.plan.target).await?),
        };
        connection.post(&self.request).await.map(|(status, _)| status)
    }

    fn report(&self, connections: usize) -> Report {
        let sums = self.sums.borrow();
        let mut counts = sums.counts.clone();
        counts.broken = counts.sent - counts.answered - counts.refused - counts.failed;
        let seconds = self.plan.duration.as_secs_f64();
        let answers = counts.answered as f64 / seconds;
        Report {
            rate: self.plan.arrivals.rate(),
            connections,
            seconds,
            answers_per_second: answers,
            rows_per_second: answers * self.request.rows as f64,
            goodput_per_second: self.plan.target_latency.map(|_| counts.in_time as f64 / seconds),
            latency_us: sums.latency.percentiles(),
            service_us: sums.service.percentiles(),
            refusal_us: (!sums.refusal.is_empty()).then(|| sums.refusal.percentiles()),
            curve: sums.latency.curve(),
            counts,
        }
    }
}

impl Sums {
    fn count(&mut self, status: Option<u16>, latency: Duration, service: Duration, target: Option<Duration>) {
        let Some(status) = status else {
            return;
        };
        *self.counts.by_status.entry(status).or_default() += 1;
        match status {
            200 => {
                self.counts.answered += 1;
                self.counts.in_time += u64::from(target.is_some_and(|t| latency <= t));
                self.latency.add(latency);
                self.service.add(service);
            }
            429 | 503 => {
                self.counts.refused += 1;
                self.refusal.add(service);
            }
            _ => self.counts.failed += 1,
        }
    }
}
