//! Local response normalisation.

use fastserve_ir::{LrnSpec, OpError};
use fastserve_kernels::lrn::{Lrn, lrn_f32};

use crate::step_io::StepIo;
use crate::steps::kernel_error;

pub(crate) fn run(mut io: StepIo<'_>, spec: &LrnSpec) -> Result<(), OpError> {
    let dims = io.in_shape(0)?;
    let [batch, channels, space @ ..] = dims.dims() else {
        return Err(OpError::Value(format!("expected rank 2 or more, got {dims}")));
    };
    let lrn = Lrn { size: spec.size, scale: spec.alpha / spec.size as f32, beta: spec.beta, bias: spec.bias };
    let sizes = [*batch, *channels, space.iter().product()];
    let x = io.slice::<f32>(0)?;
    let y = io.take_f32(0)?;
    lrn_f32(io.model.cpu, lrn, sizes, x, y, io.model.team).map_err(kernel_error)
}
