//! The layout of packed weights, and the order of K.

use super::{ConvRow, ConvShape};
use crate::class::CHANNEL_BLOCK;
use crate::error::{KernelError, check_len};
use crate::tile::balanced;
use std::ops::Range;

/// A run of consecutive k: one kernel position, some channels of one block.
pub(super) struct Run {
    /// Kernel row and column.
    pub(super) tap: [usize; 2],
    /// Input channels of the group.
    pub(super) channels: Range<usize>,
}

/// The runs that make up `ks`, in the order (block of 16 channels, kernel row, kernel column, channel in the block).
pub(super) fn runs(shape: &ConvShape, ks: Range<usize>) -> impl Iterator<Item = Run> {
    let (taps, width, total) = (shape.window.taps(), shape.window.kernel[1], shape.group_in());
    let mut k = ks.start;
    std::iter::from_fn(move || {
        if k >= ks.end {
            return None;
        }
        let block = k / (CHANNEL_BLOCK * taps);
        let first = block * CHANNEL_BLOCK;
        let channels = CHANNEL_BLOCK.min(total - first);
        let rest = k - first * taps;
        let (tap, skip) = (rest / channels, rest % channels);
        let count = (channels - skip).min(ks.end - k);
        k += count;
        Some(Run { tap: [tap / width, tap % width], channels: first + skip..first + skip + count })
    })
}

/// Elements of the packed weights: as many as there are weights.
pub fn packed_len(shape: &ConvShape) -> usize {
    shape.weights_len()
}

/// Packs ONNX weights `[out_channels][in_channels / group][kh][kw]` for `row`: per group, tiles of output channels, each
/// `[k][channel]` with K in the order of [`crate::class`].
pub fn pack_weights(row: &ConvRow, shape: &ConvShape, w: &[f32], out: &mut [f32]) -> Result<(), KernelError> {
    check_len("conv weights", shape.weights_len(), w.len())?;
    check_len("conv packed weights", packed_len(shape), out.len())?;
    let mut out = out.iter_mut();
    for group in 0..shape.group {
        for tile in balanced(shape.group_out(), row.mr) {
            let first = group * shape.group_out();
            pack_tile(shape, first + tile.start..first + tile.end, w, &mut out);
        }
    }
    Ok(())
}

fn pack_tile<'a>(shape: &ConvShape, rows: Range<usize>, w: &[f32], out: &mut impl Iterator<Item = &'a mut f32>) {
    let taps = shape.window.taps();
    for run in runs(shape, 0..shape.k()) {
        let tap = run.tap[0] * shape.window.kernel[1] + run.tap[1];
        for channel in run.channels {
            let source = rows.clone().map(|row| w[row * shape.k() + channel * taps + tap]);
            // The weights end first, so that no place is skipped.
            for (weight, value) in source.zip(&mut *out) {
                *value = weight;
            }
        }
    }
}
