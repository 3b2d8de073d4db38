//! Copies by tables: which index of the input stands at each index of an axis.

use fastserve_ir::{CHANNEL_BLOCK, Coordinates, Layout, NearestMode, OpError, PadMode};
use fastserve_kernels::movement::copy_by_tables;
use fastserve_tensor::{MAX_RANK, Shape};

use crate::step_io::StepIo;
use crate::steps::kernel_error;
use crate::steps::movement::{words, words_mut};

pub(super) fn nearest(io: &mut StepIo<'_>, coordinates: Coordinates, mode: NearestMode, scales: &[Option<f32>]) -> Result<(), OpError> {
    let blocked = io.in_fact(0)?.layout == Layout::Channels16;
    let (from, to) = (blocks_of(&io.in_shape(0)?, blocked)?, blocks_of(&io.out_shape(0)?, blocked)?);
    by_tables(io, |axis, i| {
        let scale = scales.get(axis).copied().flatten().unwrap_or(to[axis] as f32 / from[axis] as f32);
        let exact = if scale == 1.0 && from[axis] == to[axis] { i as f32 } else { coordinates.source(i, from[axis], to[axis], scale) };
        Some((mode.nearest(exact, scale).max(0.0) as usize).min(from[axis].saturating_sub(1)))
    })
}

pub(super) fn tile(io: &mut StepIo<'_>) -> Result<(), OpError> {
    let from = io.in_shape(0)?;
    by_tables(io, |axis, i| i.checked_rem(from[axis]))
}

pub(super) fn pad(io: &mut StepIo<'_>, mode: PadMode, starts: &[i64]) -> Result<(), OpError> {
    let from = io.in_shape(0)?;
    by_tables(io, |axis, i| mode.inside((i as i64).checked_sub(*starts.get(axis)?)?, from[axis]))
}

/// The extents of whole blocks where a value is blocked: an element is then a position of a block.
fn blocks_of(shape: &Shape, blocked: bool) -> Result<Shape, OpError> {
    match shape.dims() {
        [n, channels, h, w] if blocked => Ok(Shape::new(&[*n, channels.div_ceil(CHANNEL_BLOCK), *h, *w])?),
        _ => Ok(*shape),
    }
}

/// Copies the input's element at `place(axis, i)` of each axis to `i` of that axis.
fn by_tables(io: &mut StepIo<'_>, place: impl Fn(usize, usize) -> Option<usize>) -> Result<(), OpError> {
    let blocked = io.in_fact(0)?.layout == Layout::Channels16;
    let (from, to) = (blocks_of(&io.in_shape(0)?, blocked)?, blocks_of(&io.out_shape(0)?, blocked)?);
    let own = from.strides();
    let (x, mut y) = (io.view(0)?, io.take_view(0)?);
    if to.contains(&0) {
        return Ok(());
    }
    if from.rank() != to.rank() {
        return Err(OpError::Value(format!("{from} does not fill {to}")));
    }
    let mut rest: &mut [u32] = bytemuck::cast_slice_mut(io.take_scratch()?);
    let mut tables: [&[u32]; MAX_RANK] = [&[]; MAX_RANK];
    for axis in 0..to.rank() {
        let (table, behind) =
            std::mem::take(&mut rest).split_at_mut_checked(to[axis]).ok_or_else(|| OpError::Value("the scratch is too small".into()))?;
        for (i, entry) in table.iter_mut().enumerate() {
            let at = place(axis, i).ok_or_else(|| OpError::Value(format!("{from} does not fill {to}")))?;
            let at = at.checked_mul(own[axis]).and_then(|at| u32::try_from(at).ok());
            *entry = at.ok_or_else(|| OpError::Value(format!("{from} is too large")))?;
        }
        tables[axis] = table;
        rest = behind;
    }
    let (tables, team) = (&tables[..to.rank()], io.model.team);
    if blocked {
        return copy_by_tables::<[u32; CHANNEL_BLOCK]>(tables, words(&x)?, words_mut(&mut y)?, team).map_err(kernel_error);
    }
    match x.dtype().size_bytes() {
        1 => copy_by_tables(tables, x.bytes(), y.bytes_mut(), team).map_err(kernel_error),
        2 => copy_by_tables::<u16>(tables, words(&x)?, words_mut(&mut y)?, team).map_err(kernel_error),
        4 => copy_by_tables::<u32>(tables, words(&x)?, words_mut(&mut y)?, team).map_err(kernel_error),
        _ => copy_by_tables::<u64>(tables, words(&x)?, words_mut(&mut y)?, team).map_err(kernel_error),
    }
}
