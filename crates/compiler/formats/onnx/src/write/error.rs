//! Why a graph is not written.

use std::fmt::Write;
use std::io;
use std::path::PathBuf;

use thiserror::Error;

/// Why a graph is not written.
#[derive(Debug, Error)]
pub enum WriteError {
    /// Everything that has no form in the standard.
    #[error("{}", list(.0))]
    Unsupported(Vec<Unwritable>),
    /// More than a message holds; a file may have its weights beside it.
    #[error("the model takes {0} bytes, and a message holds less than 2 GiB: write it to a file, with its weights beside it")]
    TooLarge(usize),
    /// A file cannot be written.
    #[error("{}: {source}", path.display())]
    Io {
        /// The file.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
}

/// Something that has no form in the standard.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Unwritable {
    /// Name of the node or value.
    pub node: String,
    /// Its operator, or `value`.
    pub op: String,
    /// What exactly has no form.
    pub why: String,
}

fn list(all: &[Unwritable]) -> String {
    let mut out = format!("ONNX has no form for {} {}", all.len(), if all.len() == 1 { "part" } else { "parts" });
    for part in all {
        let _ = write!(out, "\n  `{}` ({}): {}", part.node, part.op, part.why);
    }
    out
}
