//! The second half of a transposed convolution.

use fastserve_ir::{Col2ImSpec, OpError};
use fastserve_kernels::col2im::{Col2ImShape, col2im_f32};

use crate::step_io::StepIo;
use crate::steps::conv::planes2d;
use crate::steps::kernel_error;

pub(crate) fn run(mut io: StepIo<'_>, spec: &Col2ImSpec) -> Result<(), OpError> {
    let (sx, so) = (io.in_shape(0)?, io.out_shape(0)?);
    let ((_, input), (images, output)) = (planes2d(&sx)?, planes2d(&so)?);
    let channels = so.get(1).copied().unwrap_or_default();
    let shape = Col2ImShape {
        batch: images.checked_div(channels).unwrap_or_default(),
        channels,
        input,
        output,
        kernel: spec.kernel,
        stride: spec.strides,
        dilation: spec.dilations,
        pads: spec.pads,
    };
    let x = io.slice::<f32>(0)?;
    let bias = if io.has_input(1) { Some(io.slice::<f32>(1)?) } else { None };
    let y = io.take_f32(0)?;
    col2im_f32(io.model.cpu, &shape, x, bias, y, io.model.team).map_err(kernel_error)
}
