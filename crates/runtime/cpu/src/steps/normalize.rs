//! Normalisation by mean and variance.

use fastserve_ir::{NormalizeOver, NormalizeSpec, OpError};
use fastserve_kernels::normalize::{Normalize, NormalizeShape, normalize_f32};

use crate::step_io::StepIo;
use crate::steps::kernel_error;

fn shape(over: NormalizeOver, dims: &[usize]) -> Result<NormalizeShape, OpError> {
    let product = |dims: &[usize]| dims.iter().product::<usize>();
    if let NormalizeOver::From(axis) = over {
        let (outer, inner) = dims.split_at(axis.min(dims.len()));
        return Ok(NormalizeShape { rows: product(outer), segments: 0, inner: product(inner), period: 1 });
    }
    let [batch, channels, space @ ..] = dims else {
        return Err(OpError::Value(format!("expected rank 2 or more, got {dims:?}")));
    };
    let groups = if let NormalizeOver::Groups(groups) = over { groups } else { *channels };
    match channels.checked_rem(groups) {
        Some(0) => {}
        None if *channels == 0 => return Ok(NormalizeShape { rows: 0, segments: 1, inner: 0, period: 1 }),
        _ => return Err(OpError::Value(format!("{channels} channels do not divide into {groups} groups"))),
    }
    Ok(NormalizeShape { rows: batch * groups, segments: channels / groups, inner: product(space), period: groups })
}

pub(crate) fn run(mut io: StepIo<'_>, spec: &NormalizeSpec) -> Result<(), OpError> {
    let shape = shape(spec.over, &io.in_shape(0)?)?;
    let x = io.slice::<f32>(0)?;
    let param = |i: usize| if io.has_input(i) { io.slice::<f32>(i).map(Some) } else { Ok(None) };
    let what = Normalize { epsilon: spec.epsilon, centred: spec.centred, scale: param(1)?, bias: param(2)? };
    let y = io.take_f32(0)?;
    normalize_f32(io.model.cpu, what, &shape, x, y, io.model.team).map_err(kernel_error)
}
