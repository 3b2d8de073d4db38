//! The layout of weights for blocked convolution: `[ceil(out_channels / 16)][k][16]`, K in the order of
//! [`crate::class`], zeros in the lanes beyond the channels. One layout for every instruction set and tile.

use crate::conv::{ConvShape, Runs};
use crate::error::{KernelError, check_len, product, require};
use fastserve_simd::LANES;

/// Whether blocked convolution takes these channels: one group, as many groups as channels, or groups of whole blocks.
/// Height, width and batch do not matter.
pub const fn takes(in_channels: usize, out_channels: usize, group: usize) -> bool {
    group == 1 || (group == in_channels && group == out_channels) || blocks_divide(in_channels, out_channels, group)
}

const fn blocks_divide(in_channels: usize, out_channels: usize, group: usize) -> bool {
    let divides = group > 0 && in_channels.is_multiple_of(group) && out_channels.is_multiple_of(group);
    divides && (in_channels / group).is_multiple_of(LANES) && (out_channels / group).is_multiple_of(LANES)
}

/// Elements of the packed weights.
///
/// # Errors
/// Where the number overflows.
pub fn packed_len(shape: &ConvShape) -> Result<usize, KernelError> {
    product("blocked weights", &[shape.out_channels().div_ceil(LANES), shape.k(), LANES])
}

/// Packs ONNX weights `[out_channels][in_channels / group][kh][kw]`.
///
/// # Errors
/// Where a slice is too short, or [`takes`] says no.
pub fn pack_weights(shape: &ConvShape, w: &[f32], out: &mut [f32]) -> Result<(), KernelError> {
    let taken = takes(shape.in_channels(), shape.out_channels(), shape.group());
    require(taken, "blocked weights", "groups must be one, one a channel, or of whole blocks of 16 channels")?;
    check_len("conv weights", shape.weights_len(), w.len())?;
    check_len("blocked weights", packed_len(shape)?, out.len())?;
    let k = shape.k();
    if k == 0 {
        return Ok(());
    }
    for (block, out) in out.chunks_exact_mut(k * LANES).enumerate().take(shape.out_channels().div_ceil(LANES)) {
        pack_block(shape, block * LANES, w, out);
    }
    Ok(())
}

/// The block of output channels from `first` on.
fn pack_block(shape: &ConvShape, first: usize, w: &[f32], out: &mut [f32]) {
    let (taps, k) = (shape.window().taps(), shape.k());
    let width = LANES.min(shape.out_channels() - first);
    let (rows, _) = out.as_chunks_mut::<LANES>();
    let mut rows = rows.iter_mut();
    for run in Runs::new(shape, &(0..k)) {
        let tap = run.tap[0] * shape.window().kernel[1] + run.tap[1];
        for (channel, row) in run.channels.zip(&mut rows) {
            row.fill(0.0);
            for (j, value) in row[..width].iter_mut().enumerate() {
                *value = w[(first + j) * k + channel * taps + tap];
            }
        }
    }
}
