//! Work that would hold up the thread that reads and writes for everybody.

use crate::failure::Failure;

/// Bytes from which on a body is taken apart elsewhere: some milliseconds of JSON.
const LARGE_BYTES: usize = 1 << 20;

/// Does the work here if it is about few bytes, and on a thread for such work if not.
///
/// # Errors
/// Those of the work, and [`Failure::Broken`] if it panicked.
pub(crate) async fn beside<T: Send + 'static>(
    bytes: usize,
    work: impl FnOnce() -> Result<T, Failure> + Send + 'static,
) -> Result<T, Failure> {
    if bytes < LARGE_BYTES {
        return work();
    }
    tokio::task::spawn_blocking(work).await.unwrap_or(Err(Failure::Broken))
}
