//! Softmax.

use fastserve_ir::{OpError, SoftmaxSpec};
use fastserve_kernels::softmax::{SoftmaxShape, log_softmax_f32, softmax_f32};

use crate::step_io::StepIo;
use crate::steps::kernel_error;

fn shape(spec: SoftmaxSpec, dims: &[usize]) -> SoftmaxShape {
    let (outer, rest) = dims.split_at(spec.axis.min(dims.len()));
    let (axis, inner) = match rest {
        [] => (1, 1),
        _ if spec.flatten => (rest.iter().product(), 1),
        [axis, inner @ ..] => (*axis, inner.iter().product()),
    };
    SoftmaxShape { outer: outer.iter().product(), axis, inner }
}

pub(crate) fn run(mut io: StepIo<'_>, spec: SoftmaxSpec) -> Result<(), OpError> {
    let shape = shape(spec, &io.in_shape(0)?);
    let x = io.slice::<f32>(0)?;
    let y = io.take_f32(0)?;
    let kernel = if spec.log { log_softmax_f32 } else { softmax_f32 };
    kernel(io.model.cpu, &shape, x, y, io.model.team).map_err(kernel_error)
}
