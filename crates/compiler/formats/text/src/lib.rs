//! Text formats of version 0.1: weights to graphs, and labelled images.
//!
//! Both are read line by line; what a header claims is compared with the bytes that are left before memory is reserved.

mod build;
mod error;
pub mod images;
mod layer;
pub mod limits;
mod lines;
mod weights;

use std::fs::File;
use std::io::BufReader;
use std::path::Path;

use fastserve_ir::{Graph, OpSet};

pub use error::TextError;
pub use images::LabelledImages;

/// Reads text weights from bytes; the batch is the symbol `N`.
///
/// # Errors
/// See [`TextError`]; with the line and what was expected.
pub fn read_bytes(bytes: &[u8], ops: &dyn OpSet) -> Result<Graph, TextError> {
    weights::read(bytes, bytes.len() as u64, ops)
}

/// Reads text weights from a string; the batch is the symbol `N`.
///
/// # Errors
/// See [`TextError`]; with the line and what was expected.
pub fn read_str(text: &str, ops: &dyn OpSet) -> Result<Graph, TextError> {
    read_bytes(text.as_bytes(), ops)
}

/// Reads text weights from a file; the batch is the symbol `N`.
///
/// # Errors
/// See [`TextError`]; with the line and what was expected.
pub fn read_file(path: &Path, ops: &dyn OpSet) -> Result<Graph, TextError> {
    let file = File::open(path)?;
    let len = file.metadata()?.len();
    weights::read(BufReader::new(file), len, ops)
}
