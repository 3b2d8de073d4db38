//! Steps to kernels: one file a family.

mod attention;
mod cast;
mod col2im;
mod conv;
mod conv_blocked;
mod elementwise;
mod gemm;
mod linear;
mod lrn;
mod map;
mod movement;
mod normalize;
mod pack;
mod pad;
mod pool;
mod recurrent;
mod reduce;
mod reference;
mod softmax;
mod tables;

use fastserve_ir::{Layout, Lowered, OpError};
use fastserve_kernels::KernelError;

use crate::model::{Inner, ModelStep};
use crate::plan::Extent;
use crate::step_io::StepIo;

/// Runs a step.
pub(crate) fn run(io: StepIo<'_>) -> Result<(), OpError> {
    match &io.step.lowered {
        Lowered::Gemm(spec) => gemm::run(io, spec),
        Lowered::Conv(spec) if spec.blocks => conv_blocked::run(io, spec),
        Lowered::Conv(spec) => conv::run(io, spec),
        Lowered::Pool(spec) => pool::run(io, spec),
        Lowered::Softmax(spec) => softmax::run(io, *spec),
        Lowered::Attention(spec) => attention::run(io, spec),
        Lowered::Recurrent(spec) => recurrent::run(io, spec),
        Lowered::Col2Im(spec) => col2im::run(io, spec),
        Lowered::Reduce(spec) => reduce::run(io, spec),
        Lowered::Normalize(spec) => normalize::run(io, spec),
        Lowered::Unary(op) => elementwise::unary(io, *op),
        Lowered::Binary(op) => elementwise::binary(io, *op),
        Lowered::Map(op) => map::run(io, *op),
        Lowered::Move(movement) => movement::run(io, movement),
        Lowered::Linear(coordinates, scales) => linear::run(io, *coordinates, *scales),
        Lowered::Lrn(spec) => lrn::run(io, spec),
        Lowered::PackGemmB(spec) => pack::gemm_b(io, spec),
        Lowered::PackConv(spec) => pack::conv_weights(io, spec),
        Lowered::ToBlocks => conv_blocked::to_blocks(io),
        Lowered::FromBlocks => conv_blocked::from_blocks(io),
        Lowered::Control(_) => reference::made(io),
        Lowered::Alias => reference::copy(io),
        Lowered::Reference => reference::run(io),
    }
}

/// Elements of f32 scratch that a step needs for these extents.
pub(crate) fn scratch_elements(model: &Inner, step: &ModelStep, extents: &[Extent]) -> Result<usize, OpError> {
    let sizes = Sizes { model, step, extents };
    match &step.lowered {
        Lowered::Gemm(spec) => gemm::scratch(&sizes, spec),
        Lowered::Conv(spec) if spec.blocks => conv_blocked::scratch(&sizes, spec),
        Lowered::Conv(spec) => conv::scratch(&sizes, spec),
        Lowered::Attention(spec) => attention::scratch(&sizes, spec),
        Lowered::Move(movement) => movement::scratch(&sizes, movement),
        Lowered::Linear(..) => linear::scratch(&sizes),
        Lowered::Recurrent(spec) => recurrent::scratch(&sizes, spec),
        _ => Ok(0),
    }
}

/// The name of the kernel that a step runs for these extents.
pub(crate) fn kernel_name(model: &Inner, step: &ModelStep, extents: &[Extent]) -> String {
    let sizes = Sizes { model, step, extents };
    match &step.lowered {
        Lowered::Gemm(spec) => gemm::chosen(&sizes, spec).map_or_else(|_| "none".into(), |r| r.name.to_owned()),
        Lowered::Conv(spec) if spec.blocks => conv_blocked::chosen(&sizes, spec).map_or_else(|_| "none".into(), |r| r.name.to_owned()),
        Lowered::Conv(spec) => conv::chosen(&sizes, spec).map_or_else(|_| "none".into(), |r| r.name.to_owned()),
        Lowered::Pool(_) => format!("pool_f32_{}", model.cpu.name()),
        Lowered::Softmax(_) => format!("softmax_f32_{}", model.cpu.name()),
        Lowered::Attention(_) => format!("attention of {}", fastserve_kernels::attention::attention_row(model.cpu)),
        Lowered::Recurrent(spec) => format!("recurrent of {}", gemm::row(model.cpu, spec.format, 1).map_or("none", |r| r.name)),
        Lowered::Col2Im(_) => format!("col2im_f32_{}", model.cpu.name()),
        Lowered::Reduce(_) => format!("reduce_f32_{}", model.cpu.name()),
        Lowered::Normalize(_) => format!("normalize_f32_{}", model.cpu.name()),
        Lowered::Unary(_) => format!("unary_f32_{}", model.cpu.name()),
        Lowered::Binary(_) => format!("binary_f32_{}", model.cpu.name()),
        Lowered::Map(_) => "map".into(),
        Lowered::Move(movement) => movement.name().into(),
        Lowered::Linear(..) => "linear_f32".into(),
        Lowered::Lrn(_) => format!("lrn_f32_{}", model.cpu.name()),
        Lowered::PackGemmB(_) => "pack_b".into(),
        Lowered::PackConv(_) => "pack_weights".into(),
        Lowered::ToBlocks => "to_blocks_f32".into(),
        Lowered::FromBlocks => "from_blocks_f32".into(),
        Lowered::Control(_) => "graphs".into(),
        Lowered::Alias => "copy".into(),
        Lowered::Reference => "reference".into(),
    }
}

/// Extents of a step's inputs and outputs while it is planned.
pub(crate) struct Sizes<'a> {
    pub(crate) model: &'a Inner,
    pub(crate) step: &'a ModelStep,
    extents: &'a [Extent],
}

impl Sizes<'_> {
    pub(crate) fn input(&self, i: usize) -> Result<&[usize], OpError> {
        let id = self.step.ins.get(i).copied().flatten().ok_or(OpError::Missing { what: "input", index: i })?;
        Ok(self.extents[id.index()].shape.dims())
    }

    pub(crate) fn output(&self, i: usize) -> Result<&[usize], OpError> {
        let id = self.step.outs.get(i).copied().ok_or(OpError::Missing { what: "output", index: i })?;
        Ok(self.extents[id.index()].shape.dims())
    }

    pub(crate) fn input_layout(&self, i: usize) -> Result<Layout, OpError> {
        let id = self.step.ins.get(i).copied().flatten().ok_or(OpError::Missing { what: "input", index: i })?;
        Ok(self.model.graph.fact(id).layout)
    }
}

/// A kernel's refusal as an operator's error.
pub(crate) fn kernel_error(e: KernelError) -> OpError {
    OpError::Value(e.to_string())
}
