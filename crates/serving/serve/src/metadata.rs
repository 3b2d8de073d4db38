//! What a server says of itself and its models.

use std::time::{Duration, SystemTime};

use fastserve::DType;

/// What a model takes and returns.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ModelMetadata {
    /// Its name.
    pub name: String,
    /// Versions that are ready, ascending.
    pub versions: Vec<u64>,
    /// The format of its file, such as `fastserve_onnx`.
    pub platform: String,
    /// What goes in.
    pub inputs: Vec<TensorMetadata>,
    /// What comes out.
    pub outputs: Vec<TensorMetadata>,
}

/// Name, type and extents of a tensor.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TensorMetadata {
    /// Its name.
    pub name: String,
    /// Element type.
    pub dtype: DType,
    /// Extents; -1 is any.
    pub shape: Vec<i64>,
}

/// How a model is served.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ModelDescription {
    /// What goes in and out.
    pub metadata: ModelMetadata,
    /// The version this is about.
    pub version: u64,
    /// Rows a batch may have; 0 where requests cannot share one.
    pub max_batch_size: u32,
    /// Why requests cannot share a batch, where they cannot.
    pub unbatched_because: Option<String>,
    /// `off`, `dynamic` or `adaptive`.
    pub batch_mode: &'static str,
    /// Preferred sizes of a batch, for the dynamic mode.
    pub preferred_sizes: Vec<u32>,
    /// How long the dynamic mode waits for a larger batch, in microseconds.
    pub max_queue_delay_us: u64,
    /// Workers.
    pub instances: u32,
    /// Whether it has state, which requests of one stream share.
    pub stateful: bool,
}

/// A version in the repository's index.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct IndexEntry {
    /// Name of the model.
    pub name: String,
    /// The version; `None` where none was found.
    pub version: Option<u64>,
    /// Where it stands.
    pub state: ModelState,
    /// What failed, or why it is not there.
    pub reason: String,
}

/// Where a version stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum ModelState {
    /// It answers.
    Ready,
    /// Being read, compiled or warmed up.
    Loading,
    /// Finishing what it has.
    Unloading,
    /// Not loaded.
    Unavailable,
}

impl ModelState {
    /// Its name in Triton's index.
    pub fn name(self) -> &'static str {
        match self {
            ModelState::Ready => "READY",
            ModelState::Loading => "LOADING",
            ModelState::Unloading => "UNLOADING",
            ModelState::Unavailable => "UNAVAILABLE",
        }
    }
}

/// What a version has done since it was loaded.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ModelStatistics {
    /// Name of the model.
    pub name: String,
    /// The version.
    pub version: u64,
    /// When it last ran.
    pub last_inference: Option<SystemTime>,
    /// Rows it has computed.
    pub inference_count: u64,
    /// Runs it took.
    pub execution_count: u64,
    /// Requests that were answered.
    pub success: Summed,
    /// Requests that were not.
    pub fail: Summed,
    /// Waiting.
    pub queue: Summed,
    /// Putting batches together.
    pub compute_input: Summed,
    /// Running.
    pub compute_infer: Summed,
    /// Taking batches apart.
    pub compute_output: Summed,
    /// By the number of rows of a batch, ascending.
    pub batches: Vec<BatchStatistics>,
    /// Bytes of its constants.
    pub memory_bytes: u64,
}

/// A number of events and their time.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Summed {
    /// How many.
    pub count: u64,
    /// How long together.
    pub time: Duration,
}

/// Runs of one batch size.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct BatchStatistics {
    /// Rows.
    pub rows: u64,
    /// Putting together.
    pub compute_input: Summed,
    /// Running.
    pub compute_infer: Summed,
    /// Taking apart.
    pub compute_output: Summed,
}
