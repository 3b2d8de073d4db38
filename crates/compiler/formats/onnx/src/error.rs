//! What can be wrong with a file.

use std::io;
use std::path::PathBuf;

use fastserve_ir::ShapeError;
use fastserve_tensor::TensorError;
use thiserror::Error;

use crate::limits::SHOWN_CHARS;
use crate::unsupported::{self, Unsupported};
use crate::wire::WireError;

/// Why a file cannot be loaded.
#[derive(Debug, Error)]
pub enum OnnxError {
    /// The file cannot be read.
    #[error("{}: {source}", path.display())]
    Io {
        /// The file.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
    /// The bytes are not a message of this format.
    #[error("byte {offset} ({path}): {why}")]
    Malformed {
        /// Where in the file.
        offset: usize,
        /// Which field, such as `graph.node[17].attribute[2].t`.
        path: String,
        /// What is wrong.
        why: String,
    },
    /// The file asks for more than is granted; see [`crate::limits`].
    #[error("byte {offset} ({path}): {why}")]
    Limit {
        /// Where in the file.
        offset: usize,
        /// Which field.
        path: String,
        /// Which limit, and what was asked for.
        why: String,
    },
    /// Something in the model is not what it should be.
    #[error("{place}: {why}")]
    Invalid {
        /// Which part of the model.
        place: String,
        /// Expected and got.
        why: String,
    },
    /// A tensor's numbers do not fit its type and extents.
    #[error("{place}: {source}")]
    Tensor {
        /// Which tensor.
        place: String,
        /// What is wrong with it.
        source: TensorError,
    },
    /// Data outside the file that is not there or may not be read.
    #[error("{place}: external data `{location}`: {why}")]
    External {
        /// Which tensor.
        place: String,
        /// The location as the model has it.
        location: String,
        /// What is wrong with it.
        why: String,
    },
    /// Two values have one name.
    #[error("{place}: the name `{name}` is taken by {other}")]
    DuplicateName {
        /// What has the name, too.
        place: String,
        /// The name.
        name: String,
        /// What has it already.
        other: String,
    },
    /// A node or an output needs a value that nothing makes.
    #[error("{place}: nothing makes `{name}`")]
    MissingValue {
        /// What needs it.
        place: String,
        /// Name of the value.
        name: String,
    },
    /// Nodes that need each other in a circle.
    #[error("nodes need each other in a circle: {}", nodes.join(" <- "))]
    Cycle {
        /// The nodes of the circle, or the first of them.
        nodes: Vec<String>,
    },
    /// An operator does not take its inputs.
    #[error("{node}: {op}({inputs}): {source}")]
    Infer {
        /// The node.
        node: String,
        /// Its operator.
        op: String,
        /// Its inputs as facts.
        inputs: String,
        /// Expected and got.
        source: ShapeError,
    },
    /// Something is wrong in a graph or a function that a node runs.
    #[error("within `{node}`: {what}")]
    Within {
        /// The node.
        node: String,
        /// What is wrong there.
        what: Box<OnnxError>,
    },
    /// Everything in the model that this version cannot run.
    #[error("{}", unsupported::list(.0))]
    Unsupported(Vec<Unsupported>),
}

impl OnnxError {
    pub(crate) fn invalid(place: impl Into<String>, why: impl Into<String>) -> Self {
        OnnxError::Invalid { place: place.into(), why: why.into() }
    }

    /// The same, of a graph that this node runs.
    pub(crate) fn within(self, node: &str) -> Self {
        OnnxError::Within { node: shown(node), what: Box::new(self) }
    }
}

impl From<WireError> for OnnxError {
    fn from(e: WireError) -> Self {
        OnnxError::Malformed { offset: e.offset, path: "model".into(), why: e.why }
    }
}

/// Why a part of the model is not used: it is wrong, or this version cannot do it.
#[derive(Debug)]
pub(crate) enum Refusal {
    Wrong(OnnxError),
    Unsupported(String),
}

impl<E: Into<OnnxError>> From<E> for Refusal {
    fn from(e: E) -> Self {
        Refusal::Wrong(e.into())
    }
}

/// A name from the file, for messages: not too long, on one line.
pub(crate) fn shown(name: &str) -> String {
    let mut text = String::new();
    for c in name.chars().take(SHOWN_CHARS) {
        if matches!(c, '\'' | '"') { text.push(c) } else { text.extend(c.escape_debug()) }
    }
    if name.chars().nth(SHOWN_CHARS).is_some() {
        text.push('…');
    }
    text
}
