//! Why a graph could not be compiled or run.

use fastserve_ir::{OpError, ShapeError};
use fastserve_tensor::TensorError;
use thiserror::Error;

/// Why a graph could not be compiled.
#[derive(Debug, Error)]
pub enum CompileError {
    /// A pass failed.
    #[error("pass `{pass}`: {why}")]
    Pass {
        /// The pass.
        pass: &'static str,
        /// Why.
        why: String,
    },
    /// The graph is not one.
    #[error(transparent)]
    Verify(#[from] fastserve_ir::VerifyError),
    /// Nodes that the backend does not take, all of them.
    #[error("the backend does not take {} nodes: {}", .0.len(), .0.iter().map(|(n, why)| format!("`{n}` ({why})")).collect::<Vec<_>>().join(", "))]
    Refused(Vec<(String, String)>),
    /// A constant could not be prepared.
    #[error("constant `{name}`: {source}")]
    Constant {
        /// Its name.
        name: String,
        /// Why.
        source: TensorError,
    },
    /// The backend's own set-up failed.
    #[error("{0}")]
    Backend(String),
}

/// Why a run failed.
#[derive(Debug, Error)]
pub enum RunError {
    /// Another number of inputs than the model has.
    #[error("expected {expected} inputs, got {got}")]
    InputCount {
        /// Inputs of the model.
        expected: usize,
        /// Inputs given.
        got: usize,
    },
    /// An input has another type or other extents.
    #[error("input `{name}`: expected {expected}, got {got}")]
    Input {
        /// Its name.
        name: String,
        /// What the model takes.
        expected: String,
        /// What came.
        got: String,
    },
    /// A caller's buffer does not fit an output.
    #[error("output `{name}`: expected a buffer of {expected}, got {got}")]
    Output {
        /// Its name.
        name: String,
        /// What the model returns.
        expected: String,
        /// The buffer.
        got: String,
    },
    /// There is no such output, or no run yet.
    #[error("there is no output {0} yet")]
    NoOutput(usize),
    /// The extents do not give a plan: an overflow, or a rank that is too large.
    #[error("value `{0}` is too large for these inputs")]
    Extents(String),
    /// A node failed.
    #[error("node `{node}` ({op}): {source}")]
    Node {
        /// The node.
        node: String,
        /// Its operator.
        op: String,
        /// Why.
        source: OpError,
    },
    /// Stopped from outside.
    #[error("the run was cancelled")]
    Cancelled,
    /// Out of time.
    #[error("the deadline passed after {steps_done} steps")]
    DeadlineExceeded {
        /// Steps done.
        steps_done: u64,
    },
    /// Over a limit of the run.
    #[error("the run needs {needed} {what}, the limit is {limit}")]
    Budget {
        /// `steps` or `bytes`.
        what: &'static str,
        /// The limit.
        limit: u64,
        /// What the run needs.
        needed: u64,
    },
    /// No memory, or bytes that are not aligned.
    #[error(transparent)]
    Tensor(#[from] TensorError),
}

impl RunError {
    /// Whether something is not supported, rather than wrong: an element type without a body, a branch of another rank.
    pub fn is_unsupported(&self) -> bool {
        matches!(self, RunError::Node { source: OpError::DType(_) | OpError::Shape(ShapeError::Unsupported(_)), .. })
    }
}
