//! The server without its protocols.

use std::sync::atomic::{AtomicU8, AtomicU32, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use crate::config::{ControlMode, ServerConfig};
use crate::error::ServeError;
use crate::metadata::{IndexEntry, ModelDescription, ModelMetadata, ModelStatistics};
use crate::metrics::{Metrics, Outcome};
use crate::registry::Registry;
use crate::request::{InferRequest, InferResponse};

/// The server without its protocols: models, queues, workers. Cheap to clone.
///
/// ```
/// use fastserve::{DType, Shape, Tensor};
/// use fastserve_serve::{InferRequest, NamedTensor, Server, ServerConfig};
///
/// # fn main() -> Result<(), Box<dyn std::error::Error>> {
/// let server = Server::start(ServerConfig::default())?;
/// let input = server.metadata("digits", None)?.inputs[0].name.clone();
/// let image = NamedTensor { name: input, tensor: Tensor::zeros(DType::F32, Shape::new(&[1, 1, 28, 28])?)? };
/// let runtime = tokio::runtime::Builder::new_current_thread().enable_time().build()?;
/// let response = runtime.block_on(server.infer(InferRequest::new("digits", vec![image])))?;
/// assert_eq!((response.version, response.outputs.len()), (1, 1));
/// server.stop();
/// # Ok(())
/// # }
/// ```
#[derive(Clone)]
pub struct Server(Arc<Inner>);

struct Inner {
    config: ServerConfig,
    registry: Registry,
    metrics: Metrics,
    phase: AtomicU8,
    running: AtomicU32,
    poller: Mutex<Option<Poller>>,
}

/// The thread that looks at repositories, and the way to end it.
struct Poller {
    stop: std::sync::mpsc::Sender<()>,
    thread: std::thread::JoinHandle<()>,
}

const STARTING: u8 = 3;
const SERVING: u8 = 0;
const DRAINING: u8 = 1;
const STOPPED: u8 = 2;

impl Server {
    /// Loads what the configuration names. Models that fail are in the index with the reason, and in [`Server::problems`].
    ///
    /// # Errors
    /// The backend cannot be set up.
    pub fn start(config: ServerConfig) -> Result<Self, fastserve::Error> {
        let server = Self::prepare(config)?;
        server.load_all();
        Ok(server)
    }

    /// A server that lives, and has no models before [`Server::load_all`].
    ///
    /// # Errors
    /// The backend cannot be set up.
    pub fn prepare(config: ServerConfig) -> Result<Self, fastserve::Error> {
        Ok(Self(Arc::new(Inner {
            registry: Registry::new()?,
            metrics: Metrics::new(),
            phase: AtomicU8::new(STARTING),
            running: AtomicU32::new(0),
            poller: Mutex::default(),
            config,
        })))
    }

    /// Loads what the configuration names, and is ready from then on. Blocks for as long as that takes. Returns what is wrong.
    pub fn load_all(&self) -> Vec<String> {
        let inner = &self.0;
        inner.metrics.set_problems(inner.registry.refresh(&inner.config));
        if let ControlMode::Poll(every) = inner.config.control {
            self.poll_each(every);
        }
        // Who began to drain meanwhile goes on with that.
        let _ = inner.phase.compare_exchange(STARTING, SERVING, Ordering::AcqRel, Ordering::Acquire);
        self.problems()
    }

    fn poll_each(&self, every: Duration) {
        let (stop, stopped) = std::sync::mpsc::channel();
        let inner = Arc::downgrade(&self.0);
        let look = move || {
            while stopped.recv_timeout(every) == Err(std::sync::mpsc::RecvTimeoutError::Timeout) {
                let Some(inner) = inner.upgrade() else {
                    return;
                };
                inner.metrics.set_problems(inner.registry.refresh(&inner.config));
            }
        };
        if let Ok(thread) = std::thread::Builder::new().name("repository".into()).spawn(look) {
            *self.0.poller.lock().unwrap_or_else(PoisonError::into_inner) = Some(Poller { stop, thread });
        }
    }

    /// How it was set up.
    pub fn config(&self) -> &ServerConfig {
        &self.0.config
    }

    /// What was wrong when sources were last looked at.
    pub fn problems(&self) -> Vec<String> {
        self.0.metrics.problems()
    }

    /// Answers a request. Dropping the future takes the request back. Needs a runtime with a clock (`tokio`'s `time`).
    ///
    /// # Errors
    /// See [`ServeError`].
    pub async fn infer(&self, request: InferRequest) -> Result<InferResponse, ServeError> {
        let arrived = Instant::now();
        let (protocol, model) = (request.protocol, request.model.clone());
        let mut outcome = Outcome::new(&self.0.metrics, protocol, model, arrived);
        let result = self.answer(request, arrived).await;
        outcome.ended(&result);
        result
    }

    async fn answer(&self, request: InferRequest, arrived: Instant) -> Result<InferResponse, ServeError> {
        let inner = &*self.0;
        if inner.phase.load(Ordering::Acquire) == STOPPED {
            return Err(ServeError::ShuttingDown);
        }
        let _place = Place::take(inner).ok_or_else(|| ServeError::Overloaded {
            model: request.model.clone(),
            why: format!("{} requests are in the server", inner.config.max_concurrent_requests),
            retry_after: Duration::from_millis(100),
        })?;
        let version = inner.registry.version(&request.model, request.version)?;
        version.infer(request, arrived, arrived + inner.config.request_timeout).await
    }

    /// Whether the process works.
    pub fn is_live(&self) -> bool {
        self.0.phase.load(Ordering::Acquire) != STOPPED
    }

    /// Whether requests should be sent here.
    pub fn is_ready(&self) -> bool {
        let is_serving = self.0.phase.load(Ordering::Acquire) == SERVING;
        is_serving && (!self.0.config.strict_readiness || self.0.registry.all_ready())
    }

    /// Whether a model answers.
    ///
    /// # Errors
    /// There is no such model or version.
    pub fn is_model_ready(&self, name: &str, version: Option<u64>) -> Result<bool, ServeError> {
        match self.0.registry.version(name, version) {
            Ok(_) => Ok(true),
            Err(ServeError::NotReady { .. }) => Ok(false),
            Err(error) => Err(error),
        }
    }

    /// What a model takes and returns.
    ///
    /// # Errors
    /// There is no such model or version, or it is not ready.
    pub fn metadata(&self, name: &str, version: Option<u64>) -> Result<ModelMetadata, ServeError> {
        let found = self.0.registry.version(name, version)?;
        Ok(found.metadata(self.0.registry.ready_versions(name)))
    }

    /// How a model is served.
    ///
    /// # Errors
    /// As [`Server::metadata`].
    pub fn describe(&self, name: &str, version: Option<u64>) -> Result<ModelDescription, ServeError> {
        let found = self.0.registry.version(name, version)?;
        Ok(found.describe(self.0.registry.ready_versions(name)))
    }

    /// What versions have done since they were loaded: all, those of one model, or one.
    ///
    /// # Errors
    /// There is no such model or version.
    pub fn statistics(&self, name: Option<&str>, version: Option<u64>) -> Result<Vec<ModelStatistics>, ServeError> {
        if let (Some(name), Some(_)) = (name, version) {
            return Ok(vec![self.0.registry.version(name, version)?.statistics()]);
        }
        let versions = self.0.registry.versions(name);
        match name {
            Some(name) if versions.is_empty() => self.0.registry.version(name, None).map(|v| vec![v.statistics()]),
            _ => Ok(versions.iter().map(|v| v.statistics()).collect()),
        }
    }

    /// All models that are known, and where they stand.
    pub fn index(&self) -> Vec<IndexEntry> {
        self.0.registry.index()
    }

    /// Loads a model, or its new files. Blocks for as long as that takes.
    ///
    /// # Errors
    /// There is no such model, or it failed; what answered before still does.
    pub fn load(&self, name: &str) -> Result<(), ServeError> {
        self.0.registry.load(name, &self.0.config)
    }

    /// Unloads a model. Blocks until the requests it has are answered.
    ///
    /// # Errors
    /// There is no such model.
    pub fn unload(&self, name: &str) -> Result<(), ServeError> {
        self.0.registry.unload(name)
    }

    /// The metrics in Prometheus's text form.
    pub fn metrics_text(&self) -> String {
        self.0.metrics.text(&self.0.registry.versions(None), self.0.running.load(Ordering::Relaxed), &self.0.registry.index())
    }

    /// Is not ready from now on, and still answers.
    pub fn begin_drain(&self) {
        let _ = self.0.phase.fetch_update(Ordering::AcqRel, Ordering::Acquire, |p| (p != STOPPED).then_some(DRAINING));
    }

    /// Requests that are in the server.
    pub fn running(&self) -> u32 {
        self.0.running.load(Ordering::Acquire)
    }

    /// Takes no more requests, finishes those that are there, and ends all threads of its models.
    pub fn stop(&self) {
        self.0.phase.store(STOPPED, Ordering::Release);
        let poller = self.0.poller.lock().unwrap_or_else(PoisonError::into_inner).take();
        if let Some(Poller { stop, thread }) = poller {
            drop(stop);
            // It catches nothing and panics nowhere; what it would say is of no use now.
            let _ = thread.join();
        }
        self.0.registry.close();
    }
}

/// One of the places for requests that are in the server at once.
struct Place<'i>(&'i Inner);

impl<'i> Place<'i> {
    fn take(inner: &'i Inner) -> Option<Self> {
        let most = inner.config.max_concurrent_requests;
        let before = inner.running.fetch_add(1, Ordering::AcqRel);
        // Given back at once where it is one too many.
        Some(Self(inner)).filter(|_| before < most)
    }
}

impl Drop for Place<'_> {
    fn drop(&mut self) {
        self.0.running.fetch_sub(1, Ordering::AcqRel);
    }
}
