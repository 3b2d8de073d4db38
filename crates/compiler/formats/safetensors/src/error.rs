//! What can be wrong with a config and its weights.

use std::path::PathBuf;

use fastserve_ir::{BuildError, ShapeError};
use fastserve_tensor::TensorError;
use thiserror::Error;

/// Why a model cannot be read.
#[derive(Debug, Error)]
pub enum SafetensorsError {
    /// A file cannot be read.
    #[error("{}: {source}", .path.display())]
    File {
        /// The file.
        path: PathBuf,
        /// Why.
        source: std::io::Error,
    },
    /// The config is no JSON of the form that is expected.
    #[error("config.json: {0}")]
    Config(#[from] serde_json::Error),
    /// The config asks for what is not there yet; everything at once.
    #[error("config.json: not supported: {}", .0.join("; "))]
    Unsupported(Vec<String>),
    /// Sizes of the config that do not fit each other.
    #[error("config.json: {0}")]
    Sizes(String),
    /// More is asked for than is granted.
    #[error("{0}")]
    Limit(String),
    /// The header of the weights is wrong.
    #[error("the header of the weights: {0}")]
    Header(#[from] safetensors::SafeTensorError),
    /// A tensor is not there.
    #[error("tensor `{0}` is not in the file")]
    Missing(String),
    /// A tensor has another type or other extents than the config says.
    #[error("tensor `{name}`: expected {expected}, got {got}")]
    Tensor {
        /// Its name.
        name: String,
        /// What the config says.
        expected: String,
        /// What the file has.
        got: String,
    },
    /// No memory for a tensor.
    #[error("tensor `{name}`: {source}")]
    Memory {
        /// Its name.
        name: String,
        /// Why.
        source: TensorError,
    },
    /// The operators at hand do not have one that is needed.
    #[error(transparent)]
    Build(#[from] BuildError),
    /// An operator does not take its inputs.
    #[error("{op}: {source}")]
    Infer {
        /// The operator.
        op: &'static str,
        /// Expected and got.
        source: ShapeError,
    },
}
