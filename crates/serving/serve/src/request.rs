//! What protocols hand over, and what they get back.

use std::time::{Duration, Instant};

use fastserve::Tensor;

/// A request for one run of a model, decoded. Extents and types are not checked yet.
#[derive(Clone, Debug)]
pub struct InferRequest {
    /// Name of the model.
    pub model: String,
    /// Its version; `None` is the newest one that is ready.
    pub version: Option<u64>,
    /// The caller's name of the request, given back to him.
    pub id: String,
    /// Inputs by name, in any order.
    pub inputs: Vec<NamedTensor>,
    /// Outputs that are wanted; empty for all.
    pub outputs: Vec<OutputRequest>,
    /// 1 is the most urgent level; 0 is the model's default level.
    pub priority: u32,
    /// How long the request may wait in the queue.
    pub timeout: Option<Duration>,
    /// When its answer is of no use any more.
    pub deadline: Option<Instant>,
    /// The stream it belongs to, for a model with state.
    pub sequence: Option<SequenceStep>,
    /// How it came.
    pub protocol: Protocol,
    /// The trace it belongs to.
    pub trace: Option<TraceContext>,
}

impl InferRequest {
    /// A request for all outputs without limits.
    pub fn new(model: impl Into<String>, inputs: Vec<NamedTensor>) -> Self {
        Self {
            model: model.into(),
            version: None,
            id: String::new(),
            inputs,
            outputs: Vec::new(),
            priority: 0,
            timeout: None,
            deadline: None,
            sequence: None,
            protocol: Protocol::Local,
            trace: None,
        }
    }
}

/// A tensor with its name in the model.
#[derive(Clone, Debug)]
pub struct NamedTensor {
    /// The name.
    pub name: String,
    /// The tensor.
    pub tensor: Tensor,
}

/// An output that is wanted.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OutputRequest {
    /// Its name.
    pub name: String,
    /// The number of classes to name instead of the numbers, the likeliest first.
    pub classes: Option<u32>,
}

/// One step of a stream.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SequenceStep {
    /// Which stream.
    pub id: SequenceId,
    /// Whether it begins here.
    pub start: bool,
    /// Whether it ends here.
    pub end: bool,
}

/// The name of a stream, as clients give it.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum SequenceId {
    /// A number other than 0.
    Number(u64),
    /// A text that is not empty.
    Text(String),
}

/// How a request came: a label of metrics.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Protocol {
    /// HTTP and JSON or binary tensors.
    Rest,
    /// gRPC.
    Grpc,
    /// A call within the process.
    Local,
}

impl Protocol {
    /// Its name in metrics.
    pub fn name(self) -> &'static str {
        match self {
            Protocol::Rest => "rest",
            Protocol::Grpc => "grpc",
            Protocol::Local => "local",
        }
    }
}

/// A parent span, of W3C's `traceparent`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TraceContext {
    /// The trace.
    pub trace_id: u128,
    /// The span within it.
    pub span_id: u64,
    /// Whether the caller records it.
    pub sampled: bool,
}

/// The answer to an [`InferRequest`].
#[derive(Clone, Debug)]
pub struct InferResponse {
    /// Name of the model.
    pub model: String,
    /// The version that ran.
    pub version: u64,
    /// The caller's name of the request.
    pub id: String,
    /// The outputs, in the order they were wanted.
    pub outputs: Vec<NamedOutput>,
    /// Where the time went.
    pub times: Times,
}

/// An output with its name in the model.
#[derive(Clone, Debug)]
pub struct NamedOutput {
    /// The name.
    pub name: String,
    /// Its elements.
    pub data: OutputData,
}

/// The elements of an output.
#[derive(Clone, Debug)]
pub enum OutputData {
    /// Numbers.
    Tensor(Tensor),
    /// Texts `score:index:label`, row-major.
    Labels {
        /// Extents.
        shape: Vec<usize>,
        /// Elements.
        texts: Vec<String>,
    },
}

/// Where the time of a request went.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Times {
    /// From its arrival to the start of its batch.
    pub queue: Duration,
    /// Putting the batch's inputs together.
    pub input: Duration,
    /// The run.
    pub compute: Duration,
    /// Taking the outputs apart.
    pub output: Duration,
    /// Rows of the batch it shared.
    pub batch_rows: u32,
}
