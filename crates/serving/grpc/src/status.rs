//! The one place where failures become status codes of gRPC.

use fastserve_serve::{ErrorKind, ServeError};
use tonic::metadata::MetadataValue;
use tonic::{Code, Status};

/// The status of a failure. `retry-after-ms` is in its metadata where waiting helps.
pub fn status(error: &ServeError) -> Status {
    let mut status = Status::new(code(error.kind()), error.to_string());
    if let Some(wait) = error.retry_after() {
        let value = MetadataValue::from(u64::try_from(wait.as_millis()).unwrap_or(u64::MAX).max(1));
        status.metadata_mut().insert("retry-after-ms", value);
    }
    status
}

fn code(kind: ErrorKind) -> Code {
    match kind {
        ErrorKind::NotFound => Code::NotFound,
        ErrorKind::Unavailable | ErrorKind::Overloaded => Code::Unavailable,
        ErrorKind::Invalid => Code::InvalidArgument,
        ErrorKind::TooLarge | ErrorKind::RateLimited => Code::ResourceExhausted,
        ErrorKind::DeadlineExceeded => Code::DeadlineExceeded,
        ErrorKind::Cancelled => Code::Cancelled,
        ErrorKind::Unimplemented => Code::Unimplemented,
        ErrorKind::AlreadyExists => Code::AlreadyExists,
        ErrorKind::Internal => Code::Internal,
    }
}
