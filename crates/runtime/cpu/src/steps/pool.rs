//! Pooling.

use fastserve_ir::{CHANNEL_BLOCK, Layout, OpError, PoolKind, PoolSpec, Window2d};
use fastserve_kernels::blocked::{average_pool_c16_f32, max_pool_c16_f32};
use fastserve_kernels::pool::{PoolShape, average_pool_f32, max_pool_f32};

use crate::step_io::StepIo;
use crate::steps::conv::{planes2d, window};
use crate::steps::kernel_error;

pub(crate) fn run(mut io: StepIo<'_>, spec: &PoolSpec) -> Result<(), OpError> {
    let blocked = io.in_fact(0)?.layout == Layout::Channels16;
    let (planes, input) = if blocked { blocks2d(&io.in_shape(0)?)? } else { planes2d(&io.in_shape(0)?)? };
    let (_, output) = planes2d(&io.out_shape(0)?)?;
    let shape = PoolShape::new(planes, input, output, window(&whole(spec.window, input))).map_err(kernel_error)?;
    let x = io.slice::<f32>(0)?;
    let y = io.take_f32(0)?;
    let (cpu, team) = (io.model.cpu, io.model.team);
    match spec.kind {
        PoolKind::Max if blocked => max_pool_c16_f32(cpu, &shape, x, y, team),
        PoolKind::Average { count_include_pad } if blocked => average_pool_c16_f32(cpu, &shape, count_include_pad, x, y, team),
        PoolKind::Max => max_pool_f32(cpu, &shape, x, y, team),
        PoolKind::Average { count_include_pad } => average_pool_f32(cpu, &shape, count_include_pad, x, y, team),
    }
    .map_err(kernel_error)
}

/// The window with the input's extents where it stands for all of them.
fn whole(mut window: Window2d, input: [usize; 2]) -> Window2d {
    window.kernel.iter_mut().zip(input).filter(|(k, _)| **k == 0).for_each(|(k, size)| *k = size);
    window
}

/// Number of blocks of planes and their height and width; a single spatial axis is a width.
fn blocks2d(dims: &[usize]) -> Result<(usize, [usize; 2]), OpError> {
    match *dims {
        [n, c, w] => Ok((n * c.div_ceil(CHANNEL_BLOCK), [1, w])),
        [n, c, h, w] => Ok((n * c.div_ceil(CHANNEL_BLOCK), [h, w])),
        _ => Err(OpError::Value(format!("expected one or two spatial axes, got {dims:?}"))),
    }
}
