//! A case that does not come back is named.

use std::sync::mpsc::{RecvTimeoutError, Sender, channel};
use std::time::Duration;

const LIMIT: Duration = Duration::from_secs(120);

/// Tells the watching thread that the case is over.
pub(crate) struct Watched(#[allow(dead_code)] Sender<()>);

/// Ends the process, naming the case, unless what is returned is dropped in time.
pub(crate) fn begin(what: &str) -> Watched {
    let (sender, receiver) = channel();
    let what = what.to_owned();
    std::thread::spawn(move || {
        if receiver.recv_timeout(LIMIT) == Err(RecvTimeoutError::Timeout) {
            eprintln!("{what}: not back after {LIMIT:?}");
            std::process::abort();
        }
    });
    Watched(sender)
}
