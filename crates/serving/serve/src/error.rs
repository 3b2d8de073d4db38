//! Why a request has no answer.

use std::time::Duration;

/// Why a request has no answer. Texts name models, tensors and numbers, never paths or addresses of this process.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ServeError {
    /// No such model.
    #[error("there is no model `{name}`{}", among(.known))]
    UnknownModel {
        /// What was asked for.
        name: String,
        /// The models there are, a few of them.
        known: Vec<String>,
    },
    /// No such version.
    #[error("model `{model}` has no version {version}")]
    UnknownVersion {
        /// The model.
        model: String,
        /// What was asked for.
        version: u64,
    },
    /// The model is known and not ready.
    #[error("model `{model}` is not ready: {why}")]
    NotReady {
        /// The model.
        model: String,
        /// What it waits for, or what failed.
        why: String,
    },
    /// An input that does not fit the model.
    #[error("input `{name}`: expected {expected}, got {got}")]
    Input {
        /// The input.
        name: String,
        /// Type and extents, or what else was expected.
        expected: String,
        /// What came.
        got: String,
    },
    /// Anything else that is wrong with the request.
    #[error("{0}")]
    Invalid(String),
    /// The request is larger than the server or the model takes.
    #[error("{0}")]
    TooLarge(String),
    /// The queue is full, or the answer would come too late.
    #[error("model `{model}` is overloaded: {why}")]
    Overloaded {
        /// The model.
        model: String,
        /// Which bound was reached.
        why: String,
        /// When another try may succeed.
        retry_after: Duration,
    },
    /// The caller exceeds his own limit.
    #[error("the limit of this key is reached")]
    RateLimited {
        /// When another try will succeed.
        retry_after: Duration,
    },
    /// The deadline, or the time to wait in the queue, is over.
    #[error("the deadline is over: {0}")]
    DeadlineExceeded(String),
    /// The caller left.
    #[error("cancelled by the caller")]
    Cancelled,
    /// The server is about to end.
    #[error("the server is shutting down")]
    ShuttingDown,
    /// The server cannot do this.
    #[error("{0}")]
    Unimplemented(String),
    /// It is there already.
    #[error("{0}")]
    AlreadyExists(String),
    /// The model failed.
    #[error("model `{model}` failed: {why}")]
    Failed {
        /// The model.
        model: String,
        /// What failed, with the node's name.
        why: String,
    },
}

/// Kinds of failure, which protocols map to their status codes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum ErrorKind {
    /// 404, `NOT_FOUND`.
    NotFound,
    /// 503, `UNAVAILABLE`: not ready, or shutting down.
    Unavailable,
    /// 400, `INVALID_ARGUMENT`.
    Invalid,
    /// 413, `RESOURCE_EXHAUSTED`.
    TooLarge,
    /// 503 with `Retry-After`, `UNAVAILABLE`.
    Overloaded,
    /// 429 with `Retry-After`, `RESOURCE_EXHAUSTED`.
    RateLimited,
    /// 504, `DEADLINE_EXCEEDED`.
    DeadlineExceeded,
    /// 499, `CANCELLED`.
    Cancelled,
    /// 501, `UNIMPLEMENTED`.
    Unimplemented,
    /// 409, `ALREADY_EXISTS`.
    AlreadyExists,
    /// 500, `INTERNAL`.
    Internal,
}

impl ServeError {
    /// Its kind.
    pub fn kind(&self) -> ErrorKind {
        match self {
            ServeError::UnknownModel { .. } | ServeError::UnknownVersion { .. } => ErrorKind::NotFound,
            ServeError::NotReady { .. } | ServeError::ShuttingDown => ErrorKind::Unavailable,
            ServeError::Input { .. } | ServeError::Invalid(_) => ErrorKind::Invalid,
            ServeError::TooLarge(_) => ErrorKind::TooLarge,
            ServeError::Overloaded { .. } => ErrorKind::Overloaded,
            ServeError::RateLimited { .. } => ErrorKind::RateLimited,
            ServeError::DeadlineExceeded(_) => ErrorKind::DeadlineExceeded,
            ServeError::Cancelled => ErrorKind::Cancelled,
            ServeError::Unimplemented(_) => ErrorKind::Unimplemented,
            ServeError::AlreadyExists(_) => ErrorKind::AlreadyExists,
            ServeError::Failed { .. } => ErrorKind::Internal,
        }
    }

    /// When another try may succeed, if waiting helps.
    pub fn retry_after(&self) -> Option<Duration> {
        match self {
            ServeError::Overloaded { retry_after, .. } | ServeError::RateLimited { retry_after } => Some(*retry_after),
            ServeError::NotReady { .. } | ServeError::ShuttingDown => Some(Duration::from_secs(1)),
            _ => None,
        }
    }
}

/// The models one can ask for, as the end of a sentence.
fn among(known: &[String]) -> String {
    match known {
        [] => String::from(": none is loaded"),
        names => format!("; there are: {}", names.join(", ")),
    }
}
