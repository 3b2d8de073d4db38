//! What can go wrong between a file and an answer.

use std::path::PathBuf;

use thiserror::Error;

/// What can go wrong between a file and an answer. Each names the place.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum Error {
    /// A file could not be read.
    #[error("{}: {source}", .path.display())]
    File {
        /// The file.
        path: PathBuf,
        /// Why.
        source: std::io::Error,
    },
    /// The bytes are of no format that is known.
    #[error(
        "this is neither ONNX nor text weights (`fastserve-text-weights 0.1`) nor a folder with config.json and model.safetensors: {0}"
    )]
    UnknownFormat(String),
    /// An ONNX file could not be loaded.
    #[error(transparent)]
    Onnx(#[from] fastserve_onnx::OnnxError),
    /// A model cannot be written as ONNX.
    #[error(transparent)]
    OnnxWrite(#[from] fastserve_onnx::write::WriteError),
    /// A config and its weights could not be loaded.
    #[error(transparent)]
    Safetensors(#[from] fastserve_safetensors::SafetensorsError),
    /// A text file could not be loaded.
    #[error(transparent)]
    Text(#[from] fastserve_text::TextError),
    /// A pass failed.
    #[error(transparent)]
    Pass(#[from] fastserve_passes::PassError),
    /// The model could not be compiled.
    #[error(transparent)]
    Compile(#[from] fastserve_backend::CompileError),
    /// A run failed.
    #[error(transparent)]
    Run(#[from] fastserve_backend::RunError),
    /// A tensor is not what it should be.
    #[error(transparent)]
    Tensor(#[from] fastserve_tensor::TensorError),
    /// There is no input of this name.
    #[error("the model has no input `{name}`; it has {known}")]
    NoInput {
        /// The name.
        name: String,
        /// The names there are.
        known: String,
    },
    /// An input was not given.
    #[error("input `{name}` ({expected}) was not given")]
    InputMissing {
        /// The name.
        name: String,
        /// Type and extents.
        expected: String,
    },
}
