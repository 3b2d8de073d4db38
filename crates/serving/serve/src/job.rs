//! A request that waits or runs.

use std::time::Instant;

use fastserve::Tensor;
use tokio::sync::oneshot;

use crate::error::ServeError;
use crate::request::Times;

/// A request that waits or runs.
#[derive(Debug)]
pub(crate) struct Job {
    /// Its inputs in the order of the signature.
    pub(crate) inputs: Vec<Tensor>,
    /// Rows it has; 1 where requests are kept apart.
    pub(crate) rows: u32,
    /// Places of the outputs that are wanted.
    pub(crate) wanted: Vec<usize>,
    /// When it came.
    pub(crate) arrived: Instant,
    /// When its answer is of no use any more.
    pub(crate) deadline: Option<Instant>,
    /// Where the answer goes. It is closed when the caller left.
    pub(crate) reply: oneshot::Sender<Result<Answer, ServeError>>,
}

/// What a run gave one request.
#[derive(Debug)]
pub(crate) struct Answer {
    /// The outputs that are wanted, in that order.
    pub(crate) outputs: Vec<Tensor>,
    /// Where the time went.
    pub(crate) times: Times,
}

impl Job {
    /// Sends the answer; the caller may have left.
    pub(crate) fn answer(self, result: Result<Answer, ServeError>) {
        let _ = self.reply.send(result);
    }
}
