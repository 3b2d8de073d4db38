//! What can go wrong.

/// What can go wrong before a measurement, or in all of its requests.
#[derive(Debug, thiserror::Error)]
pub enum LoadError {
    /// The server cannot be reached.
    #[error("cannot connect to {address}: {source}")]
    Connect {
        /// Where.
        address: String,
        /// Why.
        source: std::io::Error,
    },
    /// The conversation broke off.
    #[error("the connection broke: {0}")]
    Broken(String),
    /// The server's answer is not what the protocol says.
    #[error("{what}: the server answered {status}: {text}")]
    Answer {
        /// What was asked for.
        what: String,
        /// The status.
        status: u16,
        /// The beginning of the answer.
        text: String,
    },
    /// The model cannot be asked with random numbers.
    #[error("input `{name}`: {why}")]
    Input {
        /// The input.
        name: String,
        /// Why, and what to do.
        why: String,
    },
    /// The plan makes no sense.
    #[error("{0}")]
    Plan(String),
}
