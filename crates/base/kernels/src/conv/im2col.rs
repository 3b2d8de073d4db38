//! The input under the windows of a panel of output positions, as a matrix `[k][position]`.
//!
//! First the rows that a block of positions needs are copied with their padding, so that no window meets a border. Then
//! each panel is filled, one row of `nr` positions per k: with stride 1 the positions of an output row lie side by side
//! in the padded copy, and are copied as whole vectors.

use super::ConvShape;
use super::pack::Runs;
use crate::class::{CHANNEL_BLOCK, K_CHUNK};
use fastserve_simd::{Isa, LANES};
use std::ops::Range;

/// Positions of a panel, at most.
const NR_MAX: usize = 32;
/// Elements after each buffer, for vectors that run over.
pub(super) const SLACK: usize = NR_MAX;

/// The geometry of the padded copy for a block of positions.
#[derive(Copy, Clone)]
pub(crate) struct Strip {
    /// First row, in the padded input.
    top: usize,
    /// Rows.
    rows: usize,
    /// Width of a padded row.
    width: usize,
}

impl Strip {
    /// The rows under the windows of the output positions `pixels`, which are not empty.
    pub(super) fn of(shape: &ConvShape, pixels: &Range<usize>) -> Strip {
        let stride = shape.window.stride[0];
        let (first, last) = (pixels.start / shape.output[1], (pixels.end - 1) / shape.output[1]);
        Strip { top: first * stride, rows: (last - first) * stride + shape.window.height(), width: padded_width(shape) }
    }

    /// The input itself, not copied.
    pub(super) fn whole(shape: &ConvShape) -> Strip {
        Strip { top: 0, rows: shape.input[0], width: shape.input[1] }
    }

    /// Between the planes of two channels.
    pub(super) fn plane(&self) -> usize {
        self.rows * self.width
    }

    /// Between two rows.
    pub(super) fn width(&self) -> usize {
        self.width
    }

    /// Copies the channels that `ks` needs from `image`, the planes of one group, into `out`. The first of them is
    /// returned.
    pub(super) fn fill(&self, shape: &ConvShape, ks: &Range<usize>, image: &[f32], out: &mut [f32]) -> usize {
        let channels = channels_of(shape, ks);
        let plane = shape.input[0] * shape.input[1];
        let planes = out.chunks_exact_mut(self.plane()).zip(channels.clone());
        for (out, channel) in planes {
            self.fill_plane(shape, &image[channel * plane..][..plane], out);
        }
        channels.start
    }

    fn fill_plane(&self, shape: &ConvShape, plane: &[f32], out: &mut [f32]) {
        let [height, width] = shape.input;
        let [top, left, ..] = shape.window.pads;
        for (y, row) in out.chunks_exact_mut(self.width).enumerate() {
            match (self.top + y).checked_sub(top).filter(|&y| y < height) {
                Some(y) => {
                    row[..left].fill(0.0);
                    row[left..left + width].copy_from_slice(&plane[y * width..][..width]);
                    row[left + width..].fill(0.0);
                }
                None => row.fill(0.0),
            }
        }
    }
}

pub(super) fn padded_width(shape: &ConvShape) -> usize {
    shape.input[1] + shape.window.pads[1] + shape.window.pads[3]
}

/// The channels whose blocks `ks` touches.
fn channels_of(shape: &ConvShape, ks: &Range<usize>) -> Range<usize> {
    let per_block = CHANNEL_BLOCK * shape.window.taps();
    let end = ks.end.div_ceil(per_block) * CHANNEL_BLOCK;
    ks.start / per_block * CHANNEL_BLOCK..end.min(shape.group_in())
}

/// Elements of the padded copy for blocks of up to `pixels` positions; `None` where the number overflows.
pub(super) fn strip_len(shape: &ConvShape, pixels: usize) -> Option<usize> {
    let spans = (pixels / shape.output[1] + 2).min(shape.output[0]);
    let rows = (spans - 1).checked_mul(shape.window.stride[0])?.checked_add(shape.window.height())?;
    let blocks = K_CHUNK.div_ceil(CHANNEL_BLOCK * shape.window.taps()) + 1;
    let channels = blocks.checked_mul(CHANNEL_BLOCK)?.min(shape.group_in());
    channels.checked_mul(rows)?.checked_mul(padded_width(shape))?.checked_add(SLACK)
}

/// Where the positions of a panel begin in the padded copy.
pub(crate) struct Starts {
    /// For stride 1: the first position of each stretch within one output row. Else: each position.
    at: [(usize, usize); NR_MAX],
    count: usize,
    contiguous: bool,
}

impl Starts {
    /// For the positions `pixels`, at most as many as a panel has.
    pub(super) fn of(shape: &ConvShape, strip: &Strip, pixels: &Range<usize>) -> Starts {
        let contiguous = shape.window.stride[1] == 1;
        let mut starts = Starts { at: [(0, 0); NR_MAX], count: 0, contiguous };
        let [mut y, mut x] = [pixels.start / shape.output[1], pixels.start % shape.output[1]];
        let mut lane = 0;
        while lane < pixels.len() {
            let row = (y * shape.window.stride[0] - strip.top) * strip.width;
            starts.at[starts.count] = (lane, row + x * shape.window.stride[1]);
            starts.count += 1;
            let step = if contiguous { (shape.output[1] - x).min(pixels.len() - lane) } else { 1 };
            lane += step;
            x += step;
            if x == shape.output[1] {
                (y, x) = (y + 1, 0);
            }
        }
        starts
    }
}

/// Where each k of a chunk begins in the padded copy, counted from a position's start.
pub(super) struct Offsets {
    at: [u32; K_CHUNK],
    len: usize,
}

impl Offsets {
    /// For the `ks` of one chunk; `first` is the first channel of the padded copy, whose length fits `u32`.
    pub(super) fn new(shape: &ConvShape, strip: &Strip, ks: &Range<usize>, first: usize) -> Offsets {
        let mut offsets = Offsets { at: [0; K_CHUNK], len: ks.len() };
        write_offsets(shape, strip, ks, first, &mut offsets.at[..ks.len()]);
        offsets
    }
}

/// Where each of `ks` begins in a copy whose first channel is `first`.
pub(super) fn write_offsets(shape: &ConvShape, strip: &Strip, ks: &Range<usize>, first: usize, out: &mut [u32]) {
    let [dy, dx] = shape.window.dilation;
    let mut out = out.iter_mut();
    for run in Runs::new(shape, ks) {
        let tap = run.tap[0] * dy * strip.width + run.tap[1] * dx;
        // The channels end first, so that no place is skipped.
        for (channel, offset) in run.channels.zip(&mut out) {
            *offset = ((channel - first) * strip.plane() + tap) as u32;
        }
    }
}

/// One panel to fill from the padded copy.
pub(crate) struct PanelFill<'a> {
    pub(super) starts: &'a Starts,
    pub(super) offsets: &'a Offsets,
    pub(super) padded: &'a [f32],
    /// `[k][nr]` and [`SLACK`] elements.
    pub(super) panel: &'a mut [f32],
}

impl PanelFill<'_> {
    /// Fills the panel, `NV` vectors wide. Lanes after the last position get any values.
    #[inline(always)]
    pub(crate) fn run<I: Isa, const NV: usize>(self, isa: I) {
        let starts = &self.starts.at[..self.starts.count];
        for (k, &offset) in self.offsets.at[..self.offsets.len].iter().enumerate() {
            let plane = &self.padded[offset as usize..];
            let row = &mut self.panel[k * NV * LANES..];
            if self.starts.contiguous {
                // Each stretch is copied as whole vectors; the next one, or the next row, overwrites what runs over.
                for &(lane, start) in starts {
                    for v in 0..NV {
                        let x = isa.load(&plane[start + v * LANES..]);
                        isa.store(x, &mut row[lane + v * LANES..]);
                    }
                }
            } else {
                for (value, &(_, start)) in row.iter_mut().zip(starts) {
                    *value = plane[start];
                }
            }
        }
    }
}
