//! Resizing by straight lines.

use fastserve_ir::{Coordinates, OpError};
use fastserve_kernels::linear::{LinearAxis, linear_f32, scratch_len};

use crate::step_io::StepIo;
use crate::steps::{Sizes, kernel_error};

/// Extents of the last two axes, and the product of those before.
fn planes(dims: &[usize]) -> Result<(usize, [usize; 2]), OpError> {
    let (outer, inner) = dims.split_last_chunk::<2>().ok_or_else(|| OpError::Value("expected two axes".into()))?;
    Ok((outer.iter().product(), *inner))
}

/// Two tables for each axis, and a row for each thread.
pub(crate) fn scratch(sizes: &Sizes<'_>) -> Result<usize, OpError> {
    let ((_, [_, width]), (_, [rows, cols])) = (planes(sizes.input(0)?)?, planes(sizes.output(0)?)?);
    let mixed = scratch_len(width, sizes.model.team.threads()).map_err(kernel_error)?;
    Ok(mixed.saturating_add(rows.saturating_add(cols).saturating_mul(2)))
}

pub(crate) fn run(mut io: StepIo<'_>, coordinates: Coordinates, scales: [Option<f32>; 2]) -> Result<(), OpError> {
    let ((count, from), (same, to)) = (planes(&io.in_shape(0)?)?, planes(&io.out_shape(0)?)?);
    if to.contains(&0) || count == 0 {
        return Ok(());
    }
    if from.contains(&0) || count != same {
        return Err(OpError::Value(format!("{from:?} cannot be resized to {to:?}")));
    }
    let x = io.slice::<f32>(0)?;
    let (y, rest) = (io.take_f32(0)?, io.take_scratch()?);
    let (rows, rest) = tables(rest, coordinates, scales[0], from[0], to[0])?;
    let (cols, rest) = tables(rest, coordinates, scales[1], from[1], to[1])?;
    linear_f32(count, from, [rows, cols], x, y, rest, io.model.team).map_err(kernel_error)
}

/// The tables of one axis, in front of the scratch.
fn tables(
    scratch: &mut [f32],
    coordinates: Coordinates,
    scale: Option<f32>,
    from: usize,
    to: usize,
) -> Result<(LinearAxis<'_>, &mut [f32]), OpError> {
    let short = || OpError::Value("the scratch is too small".into());
    let (low, rest) = scratch.split_at_mut_checked(to).ok_or_else(short)?;
    let (part, rest) = rest.split_at_mut_checked(to).ok_or_else(short)?;
    let low: &mut [u32] = bytemuck::cast_slice_mut(low);
    let scale = scale.unwrap_or(to as f32 / from as f32);
    let last = from.saturating_sub(1);
    for (i, (low, part)) in low.iter_mut().zip(part.iter_mut()).enumerate() {
        let exact = if scale == 1.0 && from == to { i as f32 } else { coordinates.source(i, from, to, scale) };
        let place = exact.clamp(0.0, last as f32);
        let at = (place as usize).min(last);
        *low = u32::try_from(at).map_err(|_| OpError::Value(format!("an axis of {from} is too long")))?;
        *part = place - at as f32;
    }
    Ok((LinearAxis { low, part }, rest))
}
