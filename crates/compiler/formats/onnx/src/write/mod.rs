//! Graphs to ONNX files.
//!
//! A graph is written in the standard operators of [`OPSET`], or of the lowest later version that has all of its operators. What
//! operators keep as attributes of this project's own (`fs.…`: the forms of old versions) becomes inputs and nodes as that version
//! has them; operators of passes become standard ones. What has no standard form is refused, all of it, by node.

mod attributes;
mod bodies;
mod error;
mod file;
mod forms;
mod later;
mod model;
mod resize;
mod values;

use fastserve_ir::{Graph, OpSet};
use prost::Message;

pub use error::{Unwritable, WriteError};
pub use file::{WriteOptions, write_file};

use model::Writer;

/// The version of the standard operators that files are written in, if it has all that a graph needs.
pub const OPSET: i64 = 21;

/// The bytes of a file that has all its weights in it.
///
/// # Errors
/// What cannot be written, all of it by node; a model that takes 2 GiB or more, which needs [`write_file`].
pub fn write_bytes(graph: &Graph, ops: &dyn OpSet) -> Result<Vec<u8>, WriteError> {
    let model = Writer::new(graph, ops).write()?;
    match model.encoded_len() {
        size if size > file::MESSAGE_LIMIT => Err(WriteError::TooLarge(size)),
        _ => Ok(model.encode_to_vec()),
    }
}
