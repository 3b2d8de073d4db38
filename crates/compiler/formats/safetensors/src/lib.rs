//! Encoders of the BERT family: `config.json` and safetensors weights to a graph.
//!
//! The file of weights says nothing of the network; the config does, and the graph is built from it with the operators of
//! ONNX. Inputs are `input_ids`, `attention_mask` and `token_type_ids`, i64 `[batch, sequence]`; outputs are
//! `last_hidden_state`, f32 `[batch, sequence, hidden]`, and `sentence_embedding`, f32 `[batch, hidden]`: the mean over the
//! tokens that the mask keeps, divided by its length.

mod bert;
mod build;
mod config;
mod error;
pub mod limits;
mod weights;

use std::fs::File;
use std::io::Read;
use std::path::Path;

use bytes::Bytes;
use fastserve_ir::{Graph, OpSet};

pub use config::Config;
pub use error::SafetensorsError;

/// Name of the file that says what the network is.
pub const CONFIG: &str = "config.json";
/// Name of the file of weights.
pub const WEIGHTS: &str = "model.safetensors";

/// Reads a folder with [`CONFIG`] and [`WEIGHTS`].
///
/// # Errors
/// See [`SafetensorsError`].
pub fn read_folder(folder: &Path, ops: &dyn OpSet) -> Result<Graph, SafetensorsError> {
    let config = read_all(&folder.join(CONFIG), limits::MAX_CONFIG_BYTES)?;
    let weights = read_all(&folder.join(WEIGHTS), u64::MAX)?;
    read_bytes(&config, weights.into(), ops)
}

/// Reads a config and weights from bytes.
///
/// # Errors
/// See [`SafetensorsError`].
pub fn read_bytes(config: &[u8], weights: Bytes, ops: &dyn OpSet) -> Result<Graph, SafetensorsError> {
    let config = Config::read(config)?;
    bert::graph(&config, &weights::Weights::read(weights)?, ops)
}

fn read_all(path: &Path, limit: u64) -> Result<Vec<u8>, SafetensorsError> {
    let failed = |source| SafetensorsError::File { path: path.to_owned(), source };
    let file = File::open(path).map_err(failed)?;
    let meta = file.metadata().map_err(failed)?;
    if !meta.is_file() {
        return Err(failed(std::io::Error::new(std::io::ErrorKind::InvalidInput, "not a regular file")));
    }
    if meta.len() > limit {
        return Err(SafetensorsError::Limit(format!("{} has {} bytes; at most {limit} are read", path.display(), meta.len())));
    }
    let mut bytes = Vec::new();
    bytes.try_reserve_exact(usize::try_from(meta.len()).unwrap_or(usize::MAX)).map_err(|e| SafetensorsError::Limit(e.to_string()))?;
    file.take(meta.len()).read_to_end(&mut bytes).map_err(failed)?;
    Ok(bytes)
}
