//! Models on disk, with large weights beside them.

use std::fs::{self, File};
use std::io::{self, Write};
use std::path::{Path, PathBuf};

use fastserve_ir::{Graph, OpSet};
use prost::Message;

use super::error::WriteError;
use super::model::Writer;
use crate::proto::{GraphProto, ModelProto, StringStringEntryProto, TensorProto};

/// Bytes of the largest message there may be.
pub(super) const MESSAGE_LIMIT: usize = i32::MAX as usize;

/// Constants below this stay in the message.
const SMALLEST_BESIDE: usize = 1024;

/// Every tensor beside the message starts at a multiple of this.
const ALIGNMENT: usize = 64;

/// `data_location` of a tensor whose elements are in another file.
const EXTERNAL: i32 = 1;

/// How a file is written.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct WriteOptions {
    /// Puts constants of 1 KiB and more into a file beside the model, called as it with `.data` behind. A model that does not
    /// fit into one message of 2 GiB is written so in any case.
    pub external_data: bool,
}

/// Writes a file, and returns how many bytes it takes with what lies beside it. The new files take the old ones' places when they are whole, so that a model may be written over the one it was
/// read from.
///
/// # Errors
/// What cannot be written, all of it by node, or a file that cannot.
pub fn write_file(graph: &Graph, path: &Path, ops: &dyn OpSet, options: &WriteOptions) -> Result<u64, WriteError> {
    let mut model = Writer::new(graph, ops).write()?;
    let mut beside_bytes = 0;
    if options.external_data || model.encoded_len() > MESSAGE_LIMIT {
        let beside = with_suffix(path, ".data");
        replace(&beside, |file| move_out(&mut model, &beside, file).map(|bytes| beside_bytes = bytes))?;
    }
    match model.encoded_len() {
        size if size > MESSAGE_LIMIT => Err(WriteError::TooLarge(size)),
        size => replace(path, |file| file.write_all(&model.encode_to_vec())).map(|()| (size + beside_bytes) as u64),
    }
}

fn with_suffix(path: &Path, suffix: &str) -> PathBuf {
    let mut name = path.file_name().unwrap_or_default().to_owned();
    name.push(suffix);
    path.with_file_name(name)
}

/// Writes a file under another name, and renames it when it is whole.
fn replace(path: &Path, write: impl FnOnce(&mut File) -> io::Result<()>) -> Result<(), WriteError> {
    let part = with_suffix(path, &format!(".{}.part", std::process::id()));
    let made = File::create(&part).and_then(|mut file| write(&mut file)).and_then(|()| fs::rename(&part, path));
    made.map_err(|source| {
        // What is left of it is of no use, and the first error is the one to tell.
        let _ = fs::remove_file(&part);
        WriteError::Io { path: path.to_owned(), source }
    })
}

/// Moves the elements of large constants to a file; the bytes it takes.
fn move_out(model: &mut ModelProto, beside: &Path, file: &mut File) -> io::Result<usize> {
    let location = beside.file_name().unwrap_or_default().to_string_lossy().into_owned();
    let mut offset = 0usize;
    let mut constants = Vec::new();
    model.graph.iter_mut().for_each(|g| initializers(g, &mut constants));
    for tensor in constants.into_iter().filter(|t| t.raw_data.as_ref().is_some_and(|d| d.len() >= SMALLEST_BESIDE)) {
        let data = tensor.raw_data.take().unwrap_or_default();
        let gap = offset.next_multiple_of(ALIGNMENT) - offset;
        file.write_all(&[0; ALIGNMENT][..gap])?;
        file.write_all(&data)?;
        point(tensor, &location, offset + gap, data.len());
        offset += gap + data.len();
    }
    Ok(offset)
}

/// The constants of a graph and of those within its nodes.
fn initializers<'m>(graph: &'m mut GraphProto, list: &mut Vec<&'m mut TensorProto>) {
    list.extend(&mut graph.initializer);
    let attributes = graph.node.iter_mut().flat_map(|n| &mut n.attribute);
    attributes.filter_map(|a| a.g.as_mut()).for_each(|g| initializers(g, list));
}

fn point(tensor: &mut TensorProto, location: &str, offset: usize, length: usize) {
    let entry = |key: &str, value: String| StringStringEntryProto { key: key.to_owned(), value };
    tensor.data_location = EXTERNAL;
    tensor.external_data =
        vec![entry("location", location.to_owned()), entry("offset", offset.to_string()), entry("length", length.to_string())];
}
