//! From a file to a graph.

use std::collections::HashSet;
use std::fs::File;
use std::path::Path;

use bytes::Bytes;
use fastserve_ir::{Attrs, Graph, OpSet};

use crate::error::OnnxError;
use crate::external::External;
use crate::header::Header;
use crate::prescan::{self, Budget};
use crate::sequences::{Names, ReadOptions};
use crate::sort;
use crate::sys;
use crate::tensors::Data;
use crate::unsupported::Unsupported;

/// A graph under construction.
pub(crate) struct Loader<'f, 'o> {
    pub(crate) ops: &'o dyn OpSet,
    pub(crate) data: Data<'f>,
    pub(crate) graph: Graph,
    /// Values by name; `None` for what is not supported and therefore has no value.
    pub(crate) names: Names<'f>,
    pub(crate) unsupported: Vec<Unsupported>,
    /// Before the names of what is added: where it is the body of a function or of a branch.
    pub(crate) prefix: String,
    /// The attributes of the call of the function at hand.
    pub(crate) given_attrs: Attrs,
    /// Bodies around the one at hand, and nodes of all bodies so far.
    pub(crate) inlined: (usize, usize),
    /// Nodes of graphs within nodes that were read, each as often as it was.
    pub(crate) body_nodes: usize,
    /// What the caller tells of the model.
    pub(crate) options: ReadOptions,
    /// Elements of all sequences so far.
    pub(crate) sequence_elements: usize,
    /// Values so far that have no name in the file.
    pub(crate) parts: usize,
    /// The model's functions that were looked at for what is not supported.
    pub(crate) functions_seen: HashSet<(&'f str, &'f str)>,
}

impl<'f, 'o> Loader<'f, 'o> {
    pub(crate) fn new(
        file: &'f Bytes,
        base: Option<&Path>,
        budget: Budget,
        ops: &'o dyn OpSet,
        options: &ReadOptions,
    ) -> Result<Self, OnnxError> {
        let data = Data::new(file, External::new(base, budget, options.copied)?);
        Ok(Self {
            ops,
            data,
            graph: Graph::default(),
            names: Names::new(),
            unsupported: Vec::new(),
            prefix: String::new(),
            given_attrs: Attrs::new(),
            inlined: (0, 0),
            body_nodes: 0,
            options: options.clone(),
            sequence_elements: 0,
            parts: 0,
            functions_seen: HashSet::new(),
        })
    }

    /// What a name is that is an input or a constant.
    pub(crate) fn given(&self, name: &str) -> Option<&'static str> {
        self.names.contains_key(name).then_some("an input or a constant")
    }

    fn load(mut self, header: &Header<'f>) -> Result<Graph, OnnxError> {
        let graph = &header.graph;
        self.graph = Graph::new(graph.name);
        self.constants(&graph.initializers)?;
        self.sparse_constants(&graph.sparse_initializers)?;
        self.inputs(&graph.inputs)?;
        let order = sort::order(&graph.nodes, &|name| self.given(name))?;
        let ops = self.operators(header)?;
        let added = self.add_nodes(header, &order, ops);
        // What is not supported is said in whole, before what may be wrong because of it.
        if !self.unsupported.is_empty() {
            return Err(OnnxError::Unsupported(self.unsupported));
        }
        added?;
        self.outputs(&graph.outputs)?;
        self.check_element_names()?;
        Ok(self.graph)
    }
}

/// Loads a model from its bytes. External data is read from beneath `base`, and refused without one. Tensors share `bytes`
/// where they lie aligned in it.
///
/// # Errors
/// See [`OnnxError`]; everything that is not supported comes at once.
pub fn read_bytes(bytes: Bytes, base: Option<&Path>, ops: &dyn OpSet) -> Result<Graph, OnnxError> {
    read_bytes_with(bytes, base, ops, &ReadOptions::default())
}

/// Loads a model from its bytes, of which the caller tells what they do not say; see [`read_bytes`].
///
/// # Errors
/// See [`OnnxError`]; everything that is not supported comes at once.
pub fn read_bytes_with(bytes: Bytes, base: Option<&Path>, ops: &dyn OpSet, options: &ReadOptions) -> Result<Graph, OnnxError> {
    let budget = prescan::scan(&bytes)?;
    let header = Header::read(&bytes)?;
    Loader::new(&bytes, base, budget, ops, options)?.load(&header)
}

/// Loads a model from a file. The file stays mapped as long as a tensor of the graph shares it
/// (`Tensor::detached` copies), and external data is read from beneath its folder.
///
/// # Errors
/// See [`OnnxError`]; everything that is not supported comes at once.
pub fn read_file(path: &Path, ops: &dyn OpSet) -> Result<Graph, OnnxError> {
    read_file_with(path, ops, &ReadOptions::default())
}

/// Loads a model from a file, of which the caller tells what it does not say; see [`read_file`].
///
/// # Errors
/// See [`OnnxError`]; everything that is not supported comes at once.
pub fn read_file_with(path: &Path, ops: &dyn OpSet, options: &ReadOptions) -> Result<Graph, OnnxError> {
    let bytes = open_file(path, options.copied)?;
    read_bytes_with(bytes, Some(path.parent().unwrap_or(Path::new("."))), ops, options)
}

/// The bytes of a regular file, mapped.
///
/// # Errors
/// [`OnnxError::Io`].
pub fn map_file(path: &Path) -> Result<Bytes, OnnxError> {
    open_file(path, false)
}

fn open_file(path: &Path, copied: bool) -> Result<Bytes, OnnxError> {
    let failed = |source| OnnxError::Io { path: path.into(), source };
    if !std::fs::metadata(path).map_err(failed)?.is_file() {
        return Err(failed(std::io::Error::new(std::io::ErrorKind::InvalidInput, "not a regular file")));
    }
    sys::contents(&File::open(path).map_err(failed)?, copied).map_err(failed)
}
