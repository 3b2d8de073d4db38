//! Convolution.

use fastserve_ir::{ConvSpec, OpError, Window2d};
use fastserve_kernels::conv::{self, ConvF32, ConvRow, ConvShape, conv_f32, scratch_len};
use fastserve_kernels::window::Window;
use fastserve_kernels::{BiasAxis, Epilogue};
use fastserve_simd::Cpu;

use crate::step_io::StepIo;
use crate::steps::{Sizes, kernel_error};

/// The kernel for a shape, with weights in panels of `mr` output channels, on a processor.
fn row(cpu: Cpu, mr: usize, shape: &ConvShape) -> Result<&'static ConvRow, OpError> {
    let found = conv::select(cpu, mr, shape);
    found.ok_or_else(|| OpError::Value(format!("no kernel of {} takes panels of {mr}", cpu.name())))
}

/// The kernel that runs for these extents.
pub(crate) fn chosen(sizes: &Sizes<'_>, spec: &ConvSpec) -> Result<&'static ConvRow, OpError> {
    row(sizes.model.cpu, spec.mr, &shape(sizes.input(0)?, sizes.input(1)?, spec)?)
}

/// The window as the kernels have it.
pub(crate) fn window(w: &Window2d) -> Window {
    Window { kernel: w.kernel, stride: w.strides, dilation: w.dilations, pads: w.pads }
}

/// Number of planes and their height and width; a single spatial axis is a width.
pub(crate) fn planes2d(dims: &[usize]) -> Result<(usize, [usize; 2]), OpError> {
    match *dims {
        [n, c, w] => Ok((n * c, [1, w])),
        [n, c, h, w] => Ok((n * c, [h, w])),
        _ => Err(OpError::Value(format!("expected one or two spatial axes, got {dims:?}"))),
    }
}

pub(crate) fn shape(x: &[usize], w: &[usize], spec: &ConvSpec) -> Result<ConvShape, OpError> {
    let (batch, channels, input) = match *x {
        [n, c, w] => (n, c, [1, w]),
        [n, c, h, w] => (n, c, [h, w]),
        _ => return Err(OpError::Value(format!("expected rank 3 or 4, got {x:?}"))),
    };
    let [outputs, ..] = *w else { return Err(OpError::Value("expected weights, got a scalar".into())) };
    ConvShape::new(batch, channels, outputs, spec.group, input, window(&spec.window)).map_err(kernel_error)
}

type Ends<'a> = (Option<&'a [f32]>, Option<&'a [f32]>);

/// The inputs behind the weights: the bias, then the residual.
pub(crate) fn bias_and_residual<'a>(io: &StepIo<'a>, epilogue: &Epilogue) -> Result<Ends<'a>, OpError> {
    let biased = epilogue.bias != BiasAxis::None;
    let bias = if biased { Some(io.slice::<f32>(2)?) } else { None };
    let residual = if epilogue.residual { Some(io.slice::<f32>(2 + usize::from(biased))?) } else { None };
    Ok((bias, residual))
}

/// Enough for any kernel that may be chosen: smaller extents of the same plan may have another one.
pub(crate) fn scratch(sizes: &Sizes<'_>, spec: &ConvSpec) -> Result<usize, OpError> {
    let shape = shape(sizes.input(0)?, sizes.input(1)?, spec)?;
    let rows = conv::rows(sizes.model.cpu, spec.mr).filter(|row| row.takes(&shape));
    rows.map(|row| scratch_len(row, &shape, sizes.model.team.threads()).map_err(kernel_error)).try_fold(0, |most, len| Ok(len?.max(most)))
}

pub(crate) fn run(mut io: StepIo<'_>, spec: &ConvSpec) -> Result<(), OpError> {
    let shape = shape(&io.in_shape(0)?, &io.in_shape(1)?, spec)?;
    let row = row(io.model.cpu, spec.mr, &shape)?;
    let (x, weights) = (io.slice::<f32>(0)?, io.slice::<f32>(1)?);
    let (bias, residual) = bias_and_residual(&io, &spec.epilogue)?;
    let (y, scratch) = (io.take_f32(0)?, io.take_scratch()?);
    let args = ConvF32 { shape: &shape, x, weights, y, epilogue: &spec.epilogue, bias, residual };
    conv_f32(io.model.cpu, row, args, scratch, io.model.team).map_err(kernel_error)
}
