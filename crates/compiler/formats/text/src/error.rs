//! What can be wrong with a text.

use fastserve_ir::{BuildError, ShapeError};
use fastserve_tensor::TensorError;
use thiserror::Error;

/// Why a text cannot be read. Lines count from 1.
#[derive(Debug, Error)]
pub enum TextError {
    /// The file cannot be read.
    #[error("{0}")]
    Io(#[from] std::io::Error),
    /// A line says something else than the format does.
    #[error("line {line}: expected {expected}, got `{got}`")]
    Syntax {
        /// The line.
        line: usize,
        /// What the format has here.
        expected: String,
        /// What the line has, shortened.
        got: String,
    },
    /// A line asks for more than is granted, or than the file can hold.
    #[error("line {line}: {why}")]
    Limit {
        /// The line.
        line: usize,
        /// Which limit, and what was asked for.
        why: String,
    },
    /// A layer does not fit the shape it is given.
    #[error("line {line}: {layer}: {why}")]
    Layer {
        /// The line.
        line: usize,
        /// First word of the layer.
        layer: &'static str,
        /// Expected and got.
        why: String,
    },
    /// The operators at hand do not have a layer's operator.
    #[error("line {line}: {source}")]
    Build {
        /// The line.
        line: usize,
        /// Why.
        source: BuildError,
    },
    /// A layer's operator does not take its inputs.
    #[error("line {line}: {op}: {source}")]
    Infer {
        /// The line.
        line: usize,
        /// The operator.
        op: &'static str,
        /// Expected and got.
        source: ShapeError,
    },
    /// No memory for a tensor.
    #[error("line {line}: {source}")]
    Tensor {
        /// The line.
        line: usize,
        /// Why.
        source: TensorError,
    },
}

/// Characters of the file that a message shows.
const SHOWN: usize = 64;

impl TextError {
    pub(crate) fn syntax(line: usize, expected: impl Into<String>, got: &str) -> Self {
        let mut shown: String = got.chars().take(SHOWN).flat_map(char::escape_debug).collect();
        if got.chars().nth(SHOWN).is_some() {
            shown.push('…');
        }
        TextError::Syntax { line, expected: expected.into(), got: shown }
    }
}
