//! Metrics in Prometheus's form.

use std::fmt::Write as _;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use prometheus_client::encoding::EncodeLabelSet;
use prometheus_client::encoding::text::encode;
use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::family::Family;
use prometheus_client::metrics::gauge::Gauge;
use prometheus_client::metrics::histogram::Histogram;
use prometheus_client::registry::{Registry, Unit};

use crate::error::{ErrorKind, ServeError};
use crate::metadata::{IndexEntry, ModelState};
use crate::request::{InferResponse, Protocol};
use crate::version::Version;

/// Upper ends of buckets of time, in seconds.
const SECONDS: &[f64] =
    &[0.0001, 0.00025, 0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0, 60.0];
/// Upper ends of buckets of batch sizes.
const ROWS: &[f64] = &[1.0, 2.0, 3.0, 4.0, 6.0, 8.0, 12.0, 16.0, 24.0, 32.0, 48.0, 64.0, 96.0, 128.0, 256.0];

#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct RequestLabels {
    protocol: &'static str,
    code: &'static str,
    model: String,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct FailureLabels {
    model: String,
    reason: &'static str,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct ModelLabels {
    model: String,
    version: u64,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct StateLabels {
    model: String,
    version: u64,
    state: &'static str,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct BuildLabels {
    version: &'static str,
}

type Histograms = Family<ModelLabels, Histogram, fn() -> Histogram>;

/// The metrics of a server.
pub(crate) struct Metrics {
    registry: Registry,
    requests: Family<RequestLabels, Counter>,
    failures: Family<FailureLabels, Counter>,
    request_seconds: Histograms,
    queue_seconds: Histograms,
    compute_seconds: Histograms,
    batch_rows: Histograms,
    problems: Mutex<Vec<String>>,
}

fn times() -> Histogram {
    Histogram::new(SECONDS.iter().copied())
}

fn rows() -> Histogram {
    Histogram::new(ROWS.iter().copied())
}

impl Metrics {
    pub(crate) fn new() -> Self {
        let family = |make: fn() -> Histogram| Histograms::new_with_constructor(make);
        let mut metrics = Self {
            registry: Registry::default(),
            requests: Family::default(),
            failures: Family::default(),
            request_seconds: family(times),
            queue_seconds: family(times),
            compute_seconds: family(times),
            batch_rows: family(rows),
            problems: Mutex::default(),
        };
        metrics.register();
        metrics
    }

    fn register(&mut self) {
        let registry = &mut self.registry;
        let build = Family::<BuildLabels, Gauge>::default();
        build.get_or_create(&BuildLabels { version: env!("CARGO_PKG_VERSION") }).set(1);
        registry.register("fastserve_build_info", "The program", build);
        registry.register("fastserve_requests", "Requests that ended, by how", self.requests.clone());
        registry.register("fastserve_request_failures", "Requests without an answer, by reason", self.failures.clone());
        let mut time = |name: &str, help: &str, family: &Histograms| registry.register_with_unit(name, help, Unit::Seconds, family.clone());
        time("fastserve_request_duration", "From a request's arrival to its answer", &self.request_seconds);
        time("fastserve_queue_duration", "From a request's arrival to the start of its batch", &self.queue_seconds);
        time("fastserve_compute_duration", "The run of a request's batch", &self.compute_seconds);
        registry.register("fastserve_batch_size", "Rows of the batch that a request shared", self.batch_rows.clone());
    }

    pub(crate) fn set_problems(&self, problems: Vec<String>) {
        *self.problems.lock().unwrap_or_else(PoisonError::into_inner) = problems;
    }

    pub(crate) fn problems(&self) -> Vec<String> {
        self.problems.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// All of it as text, with what versions say of themselves now.
    pub(crate) fn text(&self, versions: &[Arc<Version>], running: u32, index: &[IndexEntry]) -> String {
        let mut text = String::new();
        let now = snapshot(versions, running, index);
        // Writing into a String cannot fail.
        let _ = encode(&mut text, &self.registry);
        let mut rest = String::new();
        let _ = encode(&mut rest, &now);
        if let Some(end) = text.rfind("# EOF") {
            text.truncate(end);
        }
        let _ = write!(text, "{rest}");
        text
    }

    fn count(&self, protocol: Protocol, model: &str, code: &'static str) {
        self.requests.get_or_create(&RequestLabels { protocol: protocol.name(), code, model: model.to_owned() }).inc();
    }

    fn answered(&self, response: &InferResponse, whole: Duration) {
        let labels = ModelLabels { model: response.model.clone(), version: response.version };
        self.request_seconds.get_or_create(&labels).observe(whole.as_secs_f64());
        self.queue_seconds.get_or_create(&labels).observe(response.times.queue.as_secs_f64());
        self.compute_seconds.get_or_create(&labels).observe(response.times.compute.as_secs_f64());
        self.batch_rows.get_or_create(&labels).observe(f64::from(response.times.batch_rows));
    }
}

/// What is read from versions rather than counted.
fn snapshot(versions: &[Arc<Version>], running: u32, index: &[IndexEntry]) -> Registry {
    let mut registry = Registry::default();
    let gauge = || Family::<ModelLabels, Gauge>::default();
    let (depth, memory, limit) = (gauge(), gauge(), gauge());
    let load = Family::<ModelLabels, Gauge<f64, AtomicU64>>::default();
    let counter = || Family::<ModelLabels, Counter>::default();
    let (restarts, rows, runs) = (counter(), counter(), counter());
    for version in versions {
        let labels = ModelLabels { model: version.name.clone(), version: version.number };
        let stats = version.statistics();
        depth.get_or_create(&labels).set(i64::try_from(version.lane.depth()).unwrap_or(i64::MAX));
        limit.get_or_create(&labels).set(i64::from(version.lane.limit()));
        memory.get_or_create(&labels).set(i64::try_from(stats.memory_bytes).unwrap_or(i64::MAX));
        load.get_or_create(&labels).set(version.facts().load_time.as_secs_f64());
        restarts.get_or_create(&labels).inner().store(version.restarts(), Ordering::Relaxed);
        rows.get_or_create(&labels).inner().store(stats.inference_count, Ordering::Relaxed);
        runs.get_or_create(&labels).inner().store(stats.execution_count, Ordering::Relaxed);
    }
    let requests = Gauge::<i64>::default();
    requests.set(i64::from(running));
    registry.register("fastserve_queue_depth", "Requests that wait", depth);
    registry.register("fastserve_batch_limit", "Rows that the next batch may have", limit);
    registry.register("fastserve_running_requests", "Requests that are in the server", requests);
    registry.register("fastserve_model_memory_bytes", "Bytes of a model's constants, before they are packed", memory);
    registry.register("fastserve_model_load_seconds", "Time that loading took", load);
    registry.register("fastserve_worker_restarts", "Workers replaced after a panic", restarts);
    registry.register("fastserve_inferences", "Rows computed", rows);
    registry.register("fastserve_executions", "Runs", runs);
    registry.register("fastserve_model_state", "1 for the state that a version is in", states(index));
    registry
}

fn states(index: &[IndexEntry]) -> Family<StateLabels, Gauge> {
    let states = Family::<StateLabels, Gauge>::default();
    for entry in index {
        for state in [ModelState::Ready, ModelState::Loading, ModelState::Unloading, ModelState::Unavailable] {
            let labels = StateLabels { model: entry.name.clone(), version: entry.version.unwrap_or(0), state: state.name() };
            states.get_or_create(&labels).set(i64::from(state == entry.state));
        }
    }
    states
}

/// Counts a request when it ends, one that its caller left too.
pub(crate) struct Outcome<'m> {
    metrics: &'m Metrics,
    protocol: Protocol,
    model: String,
    arrived: Instant,
    has_ended: bool,
}

impl<'m> Outcome<'m> {
    pub(crate) fn new(metrics: &'m Metrics, protocol: Protocol, model: String, arrived: Instant) -> Self {
        Self { metrics, protocol, model, arrived, has_ended: false }
    }

    /// The request has ended.
    pub(crate) fn ended(&mut self, result: &Result<InferResponse, ServeError>) {
        self.has_ended = true;
        match result {
            Ok(response) => {
                self.metrics.count(self.protocol, &self.model, "ok");
                self.metrics.answered(response, self.arrived.elapsed());
            }
            Err(error) => self.failed(error.kind()),
        }
    }

    fn failed(&mut self, kind: ErrorKind) {
        if kind == ErrorKind::NotFound {
            // A label for each name that somebody makes up would be a way to fill memory.
            self.model.clear();
        }
        self.metrics.count(self.protocol, &self.model, code(kind));
        let labels = FailureLabels { model: self.model.clone(), reason: reason(kind) };
        self.metrics.failures.get_or_create(&labels).inc();
    }
}

impl Drop for Outcome<'_> {
    fn drop(&mut self) {
        if !self.has_ended {
            self.failed(ErrorKind::Cancelled);
        }
    }
}

fn code(kind: ErrorKind) -> &'static str {
    match kind {
        ErrorKind::NotFound => "not_found",
        ErrorKind::Unavailable => "unavailable",
        ErrorKind::Invalid => "invalid",
        ErrorKind::TooLarge => "too_large",
        ErrorKind::Overloaded => "overloaded",
        ErrorKind::RateLimited => "rate_limited",
        ErrorKind::DeadlineExceeded => "deadline_exceeded",
        ErrorKind::Cancelled => "cancelled",
        ErrorKind::Unimplemented => "unimplemented",
        ErrorKind::AlreadyExists => "already_exists",
        ErrorKind::Internal => "internal",
    }
}

fn reason(kind: ErrorKind) -> &'static str {
    match kind {
        ErrorKind::Overloaded | ErrorKind::RateLimited | ErrorKind::Unavailable => "rejected",
        ErrorKind::Cancelled => "canceled",
        ErrorKind::DeadlineExceeded => "timeout",
        ErrorKind::Invalid | ErrorKind::TooLarge | ErrorKind::NotFound => "invalid",
        ErrorKind::Internal => "backend",
        ErrorKind::Unimplemented | ErrorKind::AlreadyExists => "other",
    }
}
