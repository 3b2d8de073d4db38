//! Class Chain: packed rows of A against panels of B.

use super::{Block, Job};
use crate::class::chunks;
use crate::tile::{Place, Tile, TileShape, balanced};
use fastserve_simd::{Cpu, Isa, Kernel};
use std::marker::PhantomData;
use std::ops::Range;

/// Computes one block of C.
pub(super) fn block<I: Isa, T: TileShape>(cpu: Cpu, job: &Job<'_>, block: Block, scratch: &mut [f32]) {
    if let Some(isa) = I::of(cpu) {
        isa.enter(ChainBlock::<T> { job, block, scratch, tile: Tile::new(), _shape: PhantomData });
    }
}

struct ChainBlock<'a, T> {
    job: &'a Job<'a>,
    block: Block,
    scratch: &'a mut [f32],
    tile: Tile,
    _shape: PhantomData<T>,
}

impl<T: TileShape> Kernel for ChainBlock<'_, T> {
    type Out = ();

    #[inline(always)]
    fn run<I: Isa>(mut self, isa: I) {
        for chunk in chunks(self.job.k) {
            self.pack_a(&chunk);
            for first in self.block.cols.clone().step_by(T::NR) {
                let cols = first..self.block.cols.end.min(first + T::NR);
                self.panel(isa, &chunk, cols);
            }
        }
    }
}

impl<T: TileShape> ChainBlock<'_, T> {
    /// The block's rows of A in this chunk of K, tile after tile, each `[k][row]`.
    fn pack_a(&mut self, chunk: &Range<usize>) {
        for rows in balanced(self.block.rows.len(), T::MR) {
            let source = self.job.a.from(self.block.rows.start + rows.start, chunk.start);
            let out = &mut self.scratch[rows.start * chunk.len()..rows.end * chunk.len()];
            T::pack_rows(rows.len(), source, out);
        }
    }

    /// All the block's rows against one panel of B.
    #[inline(always)]
    fn panel<I: Isa>(&mut self, isa: I, chunk: &Range<usize>, cols: Range<usize>) {
        let k = self.job.k;
        let panel = &self.job.b[cols.start * k..][..T::NR * k];
        let b = &panel[chunk.start * T::NR..chunk.end * T::NR];
        for rows in balanced(self.block.rows.len(), T::MR) {
            let a = &self.scratch[rows.start * chunk.len()..rows.end * chunk.len()];
            T::dot(isa, rows.len(), a, b, &mut self.tile);
            let start = self.block.rows.start;
            let place =
                Place { rows: start + rows.start..start + rows.end, cols: cols.clone(), first: chunk.start == 0, last: chunk.end == k };
            T::finish(isa, &self.tile, place, self.job.output);
        }
    }
}
