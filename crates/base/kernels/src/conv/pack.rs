//! The layout of packed weights, and the order of K.

use super::{ConvRow, ConvShape};
use crate::class::CHANNEL_BLOCK;
use crate::error::{KernelError, check_len};
use crate::tile::balanced;
use std::ops::Range;

/// A run of consecutive k: one kernel position, some channels of one block.
pub(crate) struct Run {
    /// Kernel row and column.
    pub(crate) tap: [usize; 2],
    /// Input channels of the group.
    pub(crate) channels: Range<usize>,
}

/// The runs that make up a range of k, in the order (block of 16 channels, kernel row, kernel column, channel in the
/// block).
pub(crate) struct Runs {
    kernel: [usize; 2],
    /// Input channels of the group.
    total: usize,
    /// The current block's first channel.
    block: usize,
    tap: [usize; 2],
    /// Channels of the current run that come before the range.
    skip: usize,
    /// Elements left.
    left: usize,
}

impl Runs {
    pub(crate) fn new(shape: &ConvShape, ks: &Range<usize>) -> Runs {
        let [_, kw] = shape.window.kernel;
        let (taps, total) = (shape.window.taps(), shape.group_in());
        let block = ks.start / (CHANNEL_BLOCK * taps) * CHANNEL_BLOCK;
        let channels = CHANNEL_BLOCK.min(total - block).max(1);
        let (tap, skip) = ((ks.start - block * taps) / channels, (ks.start - block * taps) % channels);
        Runs { kernel: shape.window.kernel, total, block, tap: [tap / kw, tap % kw], skip, left: ks.len() }
    }

    /// To the next kernel position, and after the last one to the next block.
    fn advance(&mut self) {
        self.skip = 0;
        self.tap[1] += 1;
        if self.tap[1] == self.kernel[1] {
            self.tap = [self.tap[0] + 1, 0];
        }
        if self.tap[0] == self.kernel[0] {
            self.tap[0] = 0;
            self.block += CHANNEL_BLOCK;
        }
    }
}

impl Iterator for Runs {
    type Item = Run;

    #[inline(always)]
    fn next(&mut self) -> Option<Run> {
        if self.left == 0 {
            return None;
        }
        let first = self.block + self.skip;
        let channels = first..self.total.min(self.block + CHANNEL_BLOCK).min(first + self.left);
        self.left -= channels.len();
        let run = Run { tap: self.tap, channels };
        self.advance();
        Some(run)
    }
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
    for run in Runs::new(shape, &(0..shape.k())) {
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
