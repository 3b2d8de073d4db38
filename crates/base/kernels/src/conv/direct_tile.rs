#![allow(unsafe_code)]
//! The micro-kernel that reads the input where it lies, and finishes its tile in registers.

use crate::epilogue::Activation;
use crate::tile::{Finish, Output, Place, Tile, biased, finish_apart};
use fastserve_simd::{Isa, Kernel, LANES};

/// Lines of output positions; in a line, positions that are neighbours have windows that are neighbours.
#[derive(Copy, Clone, Debug)]
pub(crate) struct Lines {
    pub(crate) count: usize,
    /// Positions of a line.
    pub(crate) len: usize,
    /// Input elements between the windows of two lines.
    pub(crate) step: usize,
}

/// Lines to convolve for some output channels.
pub(crate) struct DirectLines<'a> {
    /// `[k][channel]`.
    pub(crate) a: &'a [f32],
    /// For each k, where it begins in `x`, counted from a position's window.
    pub(crate) offsets: &'a [u32],
    /// From the window of the first position on. Vectors of up to a line's length, or one, may be loaded from any window.
    pub(crate) x: &'a [f32],
    pub(crate) lines: Lines,
    /// The first of the channels, in the group.
    pub(crate) first: usize,
    /// The first position, in the plane.
    pub(crate) at: usize,
    pub(crate) output: Output<'a>,
    /// For what is not finished in registers.
    pub(crate) tile: &'a mut Tile,
}

impl DirectLines<'_> {
    /// The last element that any tile loads and one more, for tiles of `width` positions.
    fn reach(&self, width: usize) -> usize {
        let furthest = self.offsets.iter().copied().max().unwrap_or(0) as usize;
        (self.lines.count - 1) * self.lines.step + self.lines.len.max(width) + furthest
    }

    /// Neither a residual nor a rare activation.
    fn is_quick(&self) -> bool {
        let common = matches!(self.output.epilogue.activation, Activation::None | Activation::Relu);
        common && self.output.residual.is_empty() && self.output.col_bias.is_empty()
    }
}

/// `R` channels by `NV` vectors of positions.
pub(crate) struct Direct<'a, const R: usize, const NV: usize>(pub(crate) DirectLines<'a>);

impl<const R: usize, const NV: usize> Kernel for Direct<'_, R, NV> {
    type Out = ();

    #[inline(always)]
    fn run<I: Isa>(mut self, isa: I) {
        let lines = self.0.lines;
        assert!(lines.count > 0 && self.0.reach(NV * LANES) <= self.0.x.len());
        let quick = self.0.is_quick();
        for line in 0..lines.count {
            for at in (0..lines.len).step_by(NV * LANES) {
                // The last tile of a line covers some positions again, with the same bits.
                let at = at.min(lines.len.saturating_sub(NV * LANES));
                // SAFETY: `at + NV * LANES` is at most the line's length or, in a short line, the width of the tile; so
                // with the greatest offset the end is at most `reach`, which the assertion above compared.
                let sums = unsafe { self.sums(isa, line * lines.step + at) };
                let place = line * lines.len + at;
                // In a short line a vector runs over into the next ones, which are written later.
                let width = (NV * LANES).min(lines.count * lines.len - place);
                if quick && width == NV * LANES {
                    self.store(isa, &sums, place);
                } else {
                    self.finish(isa, &sums, place, width);
                }
            }
        }
    }
}

impl<const R: usize, const NV: usize> Direct<'_, R, NV> {
    /// The chains over k for the positions from `start` on.
    ///
    /// # Safety
    /// `start + NV * LANES`, with any of the offsets, is at most the length of `x`.
    #[inline(always)]
    unsafe fn sums<I: Isa>(&self, isa: I, start: usize) -> [[I::F32; NV]; R] {
        let mut acc = [[isa.splat(0.0); NV]; R];
        let (a, _) = self.0.a.as_chunks::<R>();
        for (a, &offset) in a.iter().zip(self.0.offsets) {
            // SAFETY: the caller promises that these elements lie in `x`.
            let x = unsafe { self.0.x.get_unchecked(start + offset as usize..start + offset as usize + NV * LANES) };
            let mut columns = [isa.splat(0.0); NV];
            for (v, column) in columns.iter_mut().enumerate() {
                *column = isa.load(&x[v * LANES..]);
            }
            for r in 0..R {
                let a = isa.splat(a[r]);
                for v in 0..NV {
                    acc[r][v] = isa.fma(a, columns[v], acc[r][v]);
                }
            }
        }
        acc
    }

    /// A whole tile, with nothing but sums, a bias per channel and a common activation: see [`DirectLines::is_quick`].
    #[inline(always)]
    fn store<I: Isa>(&self, isa: I, sums: &[[I::F32; NV]; R], place: usize) {
        let output = &self.0.output;
        let relu = output.epilogue.activation == Activation::Relu;
        for (r, sums) in sums.iter().enumerate() {
            let channel = self.0.first + r;
            let start = output.start + channel * output.stride + self.0.at + place;
            let bias = output.row_bias.get(channel).copied();
            // SAFETY: the items of one call do not overlap, and one thread handles an item, channel after channel.
            let out = unsafe { output.out.part(start..start + NV * LANES) };
            for (v, &x) in sums.iter().enumerate() {
                let x = biased(isa, x, bias);
                isa.store(if relu { isa.relu(x) } else { x }, &mut out[v * LANES..]);
            }
        }
    }

    /// Any tile, by way of memory.
    #[inline(always)]
    fn finish<I: Isa>(&mut self, isa: I, sums: &[[I::F32; NV]; R], place: usize, width: usize) {
        for (r, sums) in sums.iter().enumerate() {
            for (v, &x) in sums.iter().enumerate() {
                isa.store(x, &mut self.0.tile.0[(r * NV + v) * LANES..]);
            }
        }
        let start = self.0.at + place;
        let place = Place { rows: self.0.first..self.0.first + R, cols: start..start + width, first: true, last: true };
        finish_apart(isa, Finish::<NV> { tile: self.0.tile, place, output: self.0.output });
    }
}
