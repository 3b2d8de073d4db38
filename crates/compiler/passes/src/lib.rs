//! Graph passes: one file each, and their order.
//!
//! Every pass works through [`GraphEdit`], so that each change is logged and the graph is verified after each pass.

mod attention;
mod block_layout;
mod cast_chain;
mod common_subexpressions;
mod conv_batchnorm;
mod conv_transpose;
mod dead_code;
mod fold;
mod fuse_activation;
mod fuse_bias;
mod fuse_residual;
mod gelu;
mod hard_swish;
mod heads;
mod identity;
mod layer_norm;
mod linear;
mod mean;
mod pack_conv;
mod pack_gemm;
mod pack_recurrent;
mod pattern;
mod pre_scale;
mod reshape_chain;
pub mod rows;
mod silu;
mod split_batchnorm;
mod sum;
mod transpose;
mod util;
mod weight_scale;
mod widen;

use std::collections::BTreeMap;

use fastserve_ir::{EditError, EditLog, Graph, GraphEdit};
use fastserve_simd::Cpu;
use thiserror::Error;

pub use attention::Attention;
pub use block_layout::BlockLayout;
pub use cast_chain::CastChain;
pub use common_subexpressions::CommonSubexpressions;
pub use conv_batchnorm::ConvBatchNorm;
pub use conv_transpose::ConvTranspose;
pub use dead_code::DeadCode;
pub use fold::{FOLD_LIMIT_BYTES, FOLD_TOTAL_BYTES, FOLD_WORK, Fold};
pub use fuse_activation::FuseActivation;
pub use fuse_bias::FuseBias;
pub use fuse_residual::FuseResidual;
pub use gelu::Gelu;
pub use hard_swish::HardSwish;
pub use identity::IdentityElimination;
pub use layer_norm::LayerNorm;
pub use pack_conv::PackConv;
pub use pack_gemm::PackGemm;
pub use pack_recurrent::PackRecurrent;
pub use pre_scale::PreScale;
pub use reshape_chain::ReshapeChain;
pub use silu::Silu;
pub use split_batchnorm::SplitBatchNorm;
pub use sum::SumToAdd;
pub use transpose::TransposeChain;
pub use weight_scale::WeightScale;
pub use widen::Widen;

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
    /// Bytes of the graph's constants before the first pass.
    loaded_bytes: usize,
}

impl PassCx {
    /// For a graph that is compiled for this processor.
    pub fn new(cpu: Cpu) -> Self {
        Self { cpu, loaded_bytes: 0 }
    }
}

/// The order. Passes that a CPU plan needs for its kernels come after those that only simplify.
pub const PIPELINE: &[&dyn Pass] = &[
    // What exporters leave behind.
    &Fold,
    &IdentityElimination,
    &SumToAdd,
    &CastChain,
    &ReshapeChain,
    &CommonSubexpressions,
    &TransposeChain,
    &DeadCode,
    // Kernels are of f32.
    &Widen,
    &DeadCode,
    // Functions that exporters write in parts.
    &LayerNorm,
    &Gelu,
    &HardSwish,
    &Silu,
    &Attention,
    &DeadCode,
    // Constants into weights.
    &WeightScale,
    &ConvBatchNorm,
    &SplitBatchNorm,
    &PreScale,
    &Fold,
    &DeadCode,
    // Kernels.
    &ConvTranspose,
    &PackGemm,
    &PackConv,
    &PackRecurrent,
    &FuseBias,
    &FuseResidual,
    &FuseActivation,
    &BlockLayout,
    &DeadCode,
    &Fold,
    &CommonSubexpressions,
    &DeadCode,
];

/// Passes without which only reference bodies would run: kernels for every node as it stands, nothing joined.
pub const KERNELS: &[&dyn Pass] = &[&ConvTranspose, &PackGemm, &PackConv, &PackRecurrent, &Fold];

/// Passes that simplify without choosing kernels: what [`crate::simplify`] runs.
pub const SIMPLIFY: &[&dyn Pass] = &[
    &Fold,
    &IdentityElimination,
    &CastChain,
    &ReshapeChain,
    &CommonSubexpressions,
    &TransposeChain,
    &DeadCode,
    &WeightScale,
    &ConvBatchNorm,
    &Fold,
    &DeadCode,
];

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

/// How often each pattern was recognised.
pub fn patterns(report: &Report) -> BTreeMap<&'static str, usize> {
    let mut counts = BTreeMap::new();
    report.iter().flat_map(|(_, log)| &log.found).for_each(|(what, _)| *counts.entry(*what).or_insert(0) += 1);
    counts
}

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
    let cx = PassCx { loaded_bytes: fold::held_bytes(graph), ..*cx };
    passes.iter().map(|pass| Ok((pass.name(), apply(*pass, graph, &cx)?))).collect()
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
