//! Graph passes: one file each, and their order.
//!
//! Every pass works through [`GraphEdit`], so that each change is logged and the graph is verified after each pass.

mod block_layout;
mod conv_batchnorm;
mod conv_transpose;
mod dead_code;
mod fold;
mod fuse_activation;
mod fuse_bias;
mod identity;
mod pack_conv;
mod pack_gemm;
mod pack_recurrent;
mod util;

use fastserve_ir::{EditError, EditLog, Graph, GraphEdit};
use fastserve_simd::Cpu;
use thiserror::Error;

pub use block_layout::BlockLayout;
pub use conv_batchnorm::ConvBatchNorm;
pub use conv_transpose::ConvTranspose;
pub use dead_code::DeadCode;
pub use fold::{FOLD_LIMIT_BYTES, Fold};
pub use fuse_activation::FuseActivation;
pub use fuse_bias::FuseBias;
pub use identity::IdentityElimination;
pub use pack_conv::PackConv;
pub use pack_gemm::PackGemm;
pub use pack_recurrent::PackRecurrent;

/// A change of a graph that keeps what it computes.
pub trait Pass: Sync {
    /// Its name in logs and errors.
    fn name(&self) -> &'static str;

    /// Changes the graph.
    ///
    /// # Errors
    /// A change that does not fit the graph: a defect of the pass.
    fn run(&self, g: &mut GraphEdit<'_>, cx: &PassCx) -> Result<(), EditError>;
}

/// What a pass may know.
#[derive(Clone, Copy, Debug)]
pub struct PassCx {
    /// The processor that the graph is compiled for.
    pub cpu: Cpu,
}

/// The order. Passes that a CPU plan needs for its kernels come after those that only simplify.
pub const PIPELINE: &[&dyn Pass] = &[
    &IdentityElimination,
    &Fold,
    &ConvBatchNorm,
    &DeadCode,
    &ConvTranspose,
    &PackGemm,
    &PackConv,
    &PackRecurrent,
    &FuseBias,
    &FuseActivation,
    &BlockLayout,
    &Fold,
    &DeadCode,
];

/// Passes without which only reference bodies would run: kernels for every node as it stands, nothing joined.
pub const KERNELS: &[&dyn Pass] = &[&ConvTranspose, &PackGemm, &PackConv, &PackRecurrent, &Fold];

/// Passes that simplify without choosing kernels: what [`crate::simplify`] runs.
pub const SIMPLIFY: &[&dyn Pass] = &[&IdentityElimination, &Fold, &ConvBatchNorm, &DeadCode];

/// A pass that failed.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
#[error("pass `{pass}`: {source}")]
pub struct PassError {
    /// The pass.
    pub pass: &'static str,
    /// Why.
    pub source: EditError,
}

/// What each pass did, in order.
pub type Report = Vec<(&'static str, EditLog)>;

/// Runs one pass and verifies the graph.
///
/// # Errors
/// The pass failed, or left something that is no graph.
pub fn apply(pass: &dyn Pass, graph: &mut Graph, cx: &PassCx) -> Result<EditLog, PassError> {
    let failed = |source| PassError { pass: pass.name(), source };
    let mut edit = GraphEdit::new(graph);
    pass.run(&mut edit, cx).map_err(failed)?;
    edit.finish().map_err(failed)
}

/// Runs a list of passes.
///
/// # Errors
/// The first pass that fails.
pub fn run(passes: &[&dyn Pass], graph: &mut Graph, cx: &PassCx) -> Result<Report, PassError> {
    passes.iter().map(|pass| Ok((pass.name(), apply(*pass, graph, cx)?))).collect()
}

/// Makes a graph ready for the CPU: [`PIPELINE`].
///
/// # Errors
/// The first pass that fails.
pub fn optimize(graph: &mut Graph, cx: &PassCx) -> Result<Report, PassError> {
    run(PIPELINE, graph, cx)
}

/// Simplifies a graph for any backend: [`SIMPLIFY`].
///
/// # Errors
/// The first pass that fails.
pub fn simplify(graph: &mut Graph, cx: &PassCx) -> Result<Report, PassError> {
    run(SIMPLIFY, graph, cx)
}
