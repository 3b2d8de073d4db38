//! How a server is set up.

use std::path::PathBuf;
use std::time::Duration;

/// How a server is set up. The default serves the embedded network of digits and needs nothing.
#[derive(Clone, Debug, PartialEq)]
pub struct ServerConfig {
    /// What is served.
    pub sources: Vec<Source>,
    /// Who decides what is loaded.
    pub control: ControlMode,
    /// With [`ControlMode::Explicit`], what is loaded from the beginning; `*` is everything.
    pub load: Vec<String>,
    /// Threads of a run; 0 is all that the process is granted.
    pub threads: usize,
    /// Workers of a model, unless its `model.toml` says otherwise.
    pub instances: u32,
    /// Bytes that the constants of all models may take; 0 has no bound.
    pub memory_budget_bytes: u64,
    /// Requests that may wait for one model.
    pub max_queue_size: u32,
    /// Requests that may be in the server at once.
    pub max_concurrent_requests: u32,
    /// The longest a request may take, waiting included.
    pub request_timeout: Duration,
    /// How requests come together, unless a `model.toml` says otherwise.
    pub batching: Batching,
    /// Whether the server counts as ready only when all models are.
    pub strict_readiness: bool,
}

impl Default for ServerConfig {
    fn default() -> Self {
        Self {
            sources: vec![Source::Embedded],
            control: ControlMode::None,
            load: Vec::new(),
            threads: 0,
            instances: 1,
            memory_budget_bytes: 0,
            max_queue_size: 512,
            max_concurrent_requests: 1024,
            request_timeout: Duration::from_secs(60),
            batching: Batching::default(),
            strict_readiness: true,
        }
    }
}

/// Where models come from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Source {
    /// The network of digits that the program carries, as model `digits`.
    Embedded,
    /// One file, or a folder that is one model, under a name.
    File {
        /// The name.
        name: String,
        /// The file.
        path: PathBuf,
    },
    /// A folder `<model>/<version>/model.*`.
    Repository(PathBuf),
}

/// Who decides what is loaded.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ControlMode {
    /// All there is when the server starts, and no change after.
    None,
    /// The repository is looked at again after each of these times.
    Poll(Duration),
    /// What clients load and unload.
    Explicit,
}

/// How requests come together.
#[derive(Clone, Debug, PartialEq)]
pub struct Batching {
    /// Which rule.
    pub mode: BatchMode,
    /// Rows of a batch at most; `None` is 32.
    pub max_batch_size: Option<u32>,
    /// How long a batch may wait for more requests, in the dynamic mode.
    pub max_queue_delay: Duration,
    /// Sizes that are worth waiting for, in the dynamic mode.
    pub preferred_sizes: Vec<u32>,
    /// What 99 of 100 answers should take, in the adaptive mode; `None` is where throughput stops to rise.
    pub target_p99: Option<Duration>,
}

impl Default for Batching {
    fn default() -> Self {
        Self {
            mode: BatchMode::Adaptive,
            max_batch_size: None,
            max_queue_delay: Duration::ZERO,
            preferred_sizes: Vec::new(),
            target_p99: None,
        }
    }
}

/// Which rule forms batches.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum BatchMode {
    /// One request a run.
    Off,
    /// As large as fits when a worker is free, with Triton's settings.
    Dynamic,
    /// By what runs of each size took.
    Adaptive,
}

impl BatchMode {
    /// Its name.
    pub fn name(self) -> &'static str {
        match self {
            BatchMode::Off => "off",
            BatchMode::Dynamic => "dynamic",
            BatchMode::Adaptive => "adaptive",
        }
    }
}
