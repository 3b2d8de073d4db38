//! The traits.

use std::sync::Arc;

use fastserve_ir::{Graph, NodeId};
use fastserve_tensor::TensorView;

use crate::bindings::Bindings;
use crate::cx::RunCx;
use crate::error::{CompileError, RunError};
use crate::explain::Explain;
use crate::signature::Signature;

/// Something that runs graphs.
pub trait Backend: Send + Sync {
    /// Its name, such as `cpu`.
    fn name(&self) -> &'static str;

    /// What it can do.
    fn caps(&self) -> Caps;

    /// The sets of nodes that it takes, with the reason for what it leaves.
    fn claim(&self, graph: &Graph) -> Vec<Claim>;

    /// Makes a graph ready to run.
    ///
    /// # Errors
    /// A node that the backend does not take, or a constant that it cannot prepare.
    fn compile(&self, graph: &Graph, options: &CompileOptions) -> Result<Arc<dyn Executable>, CompileError>;
}

/// What a backend can do.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Caps {
    /// The device in words, such as the instruction set in use.
    pub device: String,
    /// Whether the same inputs give the same bits whatever the number of threads and the batch they share.
    pub bit_stable: bool,
    /// Whether extents may be symbols.
    pub symbolic_shapes: bool,
}

/// Nodes that a backend takes, or leaves.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Claim {
    /// The nodes.
    pub nodes: Vec<NodeId>,
    /// Why they are left; `None` if they are taken.
    pub refused: Option<String>,
}

/// How to compile.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CompileOptions {
    /// Threads a run may use; 0 is all that the process is granted.
    pub threads: usize,
    /// Whether to join and remove nodes. Without it every node runs by itself, on its kernel if it has one.
    pub optimize: bool,
}

impl Default for CompileOptions {
    fn default() -> Self {
        Self { threads: 0, optimize: true }
    }
}

/// A compiled graph.
pub trait Executable: Send + Sync {
    /// What it takes and returns.
    fn signature(&self) -> &Signature;

    /// A new session. Sessions of one executable share its constants.
    ///
    /// # Errors
    /// No memory.
    fn session(&self) -> Result<Box<dyn Session>, RunError>;

    /// The graph as it is run, if the backend has one.
    fn graph(&self) -> Option<&Graph> {
        None
    }

    /// What will run for these extents of the signature's symbols, and why nothing better.
    ///
    /// # Errors
    /// Extents for which there is no plan.
    fn explain(&self, symbols: &[usize]) -> Result<Explain, RunError>;
}

/// The state of one caller: arena or stream.
pub trait Session: Send {
    /// Runs once. From the second run of known extents on, it makes no allocator call.
    ///
    /// # Errors
    /// Inputs that do not fit the signature, a limit of `cx`, or a node that failed, by name.
    fn run(&mut self, io: &mut Bindings<'_, '_>, cx: &mut RunCx<'_>) -> Result<(), RunError>;

    /// The `index`-th output of the last run, valid until the next one.
    ///
    /// # Errors
    /// No run yet, or no such output.
    fn output(&self, index: usize) -> Result<TensorView<'_>, RunError>;
}
