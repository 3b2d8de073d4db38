//! Reductions.

use fastserve_ir::{OpError, ReduceSpec};
use fastserve_kernels::reduce::{ReduceShape, reduce_f32};

use crate::step_io::StepIo;
use crate::steps::kernel_error;

pub(crate) fn run(mut io: StepIo<'_>, spec: &ReduceSpec) -> Result<(), OpError> {
    let dims = io.in_shape(0)?;
    let shape = ReduceShape::new(&dims, &spec.goes[..dims.rank()]).map_err(kernel_error)?;
    let x = io.slice::<f32>(0)?;
    let y = io.take_f32(0)?;
    reduce_f32(io.model.cpu, spec.op, &shape, x, y, io.model.team).map_err(kernel_error)
}
