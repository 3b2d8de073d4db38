//! Convolution of channel-blocked values, and the way to blocks and back.

use fastserve_ir::{ConvSpec, Layout, OpError};
use fastserve_kernels::blocked::{ConvC16F32, ConvC16Row, InputLayout, conv_c16_f32, from_blocks_f32, scratch_len, select, to_blocks_f32};
use fastserve_kernels::conv::ConvShape;
use fastserve_simd::Cpu;

use crate::step_io::StepIo;
use crate::steps::conv::shape;
use crate::steps::{Sizes, kernel_error};

fn row(cpu: Cpu, shape: &ConvShape) -> Result<&'static ConvC16Row, OpError> {
    select(cpu, shape).ok_or_else(|| OpError::Value(format!("no blocked kernel of {} takes these groups", cpu.name())))
}

/// The kernel that runs for these extents.
pub(crate) fn chosen(sizes: &Sizes<'_>, spec: &ConvSpec) -> Result<&'static ConvC16Row, OpError> {
    row(sizes.model.cpu, &shape(sizes.input(0)?, sizes.input(1)?, spec)?)
}

fn input_layout(layout: Layout) -> InputLayout {
    if layout == Layout::Channels16 { InputLayout::Blocked } else { InputLayout::Planes }
}

pub(crate) fn scratch(sizes: &Sizes<'_>, spec: &ConvSpec) -> Result<usize, OpError> {
    let shape = shape(sizes.input(0)?, sizes.input(1)?, spec)?;
    let input = input_layout(sizes.input_layout(0)?);
    scratch_len(row(sizes.model.cpu, &shape)?, &shape, input, sizes.model.team.threads()).map_err(kernel_error)
}

pub(crate) fn run(mut io: StepIo<'_>, spec: &ConvSpec) -> Result<(), OpError> {
    let shape = shape(&io.in_shape(0)?, &io.in_shape(1)?, spec)?;
    let row = row(io.model.cpu, &shape)?;
    let input = input_layout(io.in_fact(0)?.layout);
    let (x, weights) = (io.slice::<f32>(0)?, io.slice::<f32>(1)?);
    let (bias, residual) = super::conv::bias_and_residual(&io, &spec.epilogue)?;
    let (y, scratch) = (io.take_f32(0)?, io.take_scratch()?);
    let args = ConvC16F32 { shape: &shape, input, x, weights, y, epilogue: &spec.epilogue, bias, residual };
    conv_c16_f32(io.model.cpu, row, args, scratch, io.model.team).map_err(kernel_error)
}

/// Images, channels, and positions of a plane.
fn planes(dims: &[usize]) -> Result<[usize; 3], OpError> {
    match dims {
        [n, c, space @ ..] => Ok([*n, *c, space.iter().product()]),
        _ => Err(OpError::Value(format!("expected images of planes, got {dims:?}"))),
    }
}

pub(crate) fn to_blocks(mut io: StepIo<'_>) -> Result<(), OpError> {
    let sizes = planes(&io.in_shape(0)?)?;
    let (x, y) = (io.slice::<f32>(0)?, io.take_f32(0)?);
    to_blocks_f32(io.model.cpu, sizes, x, y, io.model.team).map_err(kernel_error)
}

pub(crate) fn from_blocks(mut io: StepIo<'_>) -> Result<(), OpError> {
    let sizes = planes(&io.in_shape(0)?)?;
    let (x, y) = (io.slice::<f32>(0)?, io.take_f32(0)?);
    from_blocks_f32(io.model.cpu, sizes, x, y, io.model.team).map_err(kernel_error)
}
