//! Pooling.

use fastserve_ir::{OpError, PoolKind, PoolSpec};
use fastserve_kernels::pool::{PoolShape, average_pool_f32, max_pool_f32};

use crate::step_io::StepIo;
use crate::steps::conv::{planes2d, window};
use crate::steps::kernel_error;

pub(crate) fn run(mut io: StepIo<'_>, spec: &PoolSpec) -> Result<(), OpError> {
    let (planes, input) = planes2d(&io.in_shape(0)?)?;
    let (_, output) = planes2d(&io.out_shape(0)?)?;
    let shape = PoolShape::new(planes, input, output, window(&spec.window)).map_err(kernel_error)?;
    let x = io.slice::<f32>(0)?;
    let y = io.take_f32(0)?;
    let (cpu, team) = (io.model.cpu, io.model.team);
    match spec.kind {
        PoolKind::Max => max_pool_f32(cpu, &shape, x, y, team),
        PoolKind::Average { count_include_pad } => average_pool_f32(cpu, &shape, count_include_pad, x, y, team),
    }
    .map_err(kernel_error)
}
