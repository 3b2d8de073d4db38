//! Padding with a constant.

use fastserve_ir::OpError;
use fastserve_kernels::movement::{Place, fill};
use fastserve_tensor::MAX_RANK;

use crate::step_io::StepIo;
use crate::steps::movement::{copy, strides, words_mut};

/// The constant everywhere, then the part of the input that is kept.
pub(super) fn constant(io: &mut StepIo<'_>, starts: &[i64], value: Option<[u8; 8]>) -> Result<(), OpError> {
    let (from, to) = (io.in_shape(0)?, io.out_shape(0)?);
    if from.rank() != to.rank() || starts.len() != to.rank() {
        return Err(OpError::Value(format!("{from} cannot be padded to {to}")));
    }
    let value = value.map_or_else(|| given(io), Ok)?;
    let (x, mut y, team) = (io.view(0)?, io.take_view(0)?, io.model.team);
    match x.dtype().size_bytes() {
        1 => fill(value[0], y.bytes_mut(), team),
        2 => fill::<u16>(bytemuck::pod_read_unaligned(&value[..2]), words_mut(&mut y)?, team),
        4 => fill::<u32>(bytemuck::pod_read_unaligned(&value[..4]), words_mut(&mut y)?, team),
        _ => fill::<u64>(bytemuck::pod_read_unaligned(&value), words_mut(&mut y)?, team),
    }
    let (own, other, mut kept) = (strides(&from), strides(&to), [0; MAX_RANK]);
    let (mut first, mut place) = (0usize, 0usize);
    for (axis, &start) in starts.iter().enumerate() {
        let amount = usize::try_from(start.unsigned_abs()).unwrap_or(usize::MAX);
        let (cut, shift) = if start < 0 { (amount, 0) } else { (0, amount) };
        kept[axis] = from[axis].saturating_sub(cut).min(to[axis].saturating_sub(shift));
        if kept[axis] == 0 {
            return Ok(());
        }
        first += cut * own[axis] as usize;
        place += shift * other[axis] as usize;
    }
    let rank = to.rank();
    let from = Place { start: first, strides: &own[..rank] };
    copy(&kept[..rank], &x, from, &mut y, Place { start: place, strides: &other[..rank] }, team)
}

/// The third input's element as bytes, or zeros.
fn given(io: &StepIo<'_>) -> Result<[u8; 8], OpError> {
    let mut bytes = [0; 8];
    if io.has_input(2) {
        let value = io.view(2)?;
        let one = value.bytes().get(..value.dtype().size_bytes());
        let one = one.ok_or_else(|| OpError::Value("input 2: expected one element, got none".into()))?;
        bytes[..one.len()].copy_from_slice(one);
    }
    Ok(bytes)
}
