//! Class Lanes16: few columns, so K runs along the lanes.

use super::{Block, Job};
use crate::class::chunks;
use crate::tile::{Finish, Place, Strided, Tile};
use fastserve_simd::{Cpu, Isa, Kernel, LANES};
use std::ops::Range;

/// Computes one block of C, `NB` columns at a time. A block has all columns.
pub(super) fn block<I: Isa, const NB: usize>(cpu: Cpu, job: &Job<'_>, block: Block, scratch: &mut [f32]) {
    if let Some(isa) = I::of(cpu) {
        isa.enter(LanesBlock::<NB> { job, block, scratch, tile: Tile::new() });
    }
}

struct LanesBlock<'a, const NB: usize> {
    job: &'a Job<'a>,
    block: Block,
    scratch: &'a mut [f32],
    tile: Tile,
}

impl<const NB: usize> Kernel for LanesBlock<'_, NB> {
    type Out = ();

    #[inline(always)]
    fn run<I: Isa>(mut self, isa: I) {
        for i in self.block.rows.clone() {
            for chunk in chunks(self.job.k) {
                self.add_chunk(isa, i, chunk);
            }
            let place = Place { rows: i..i + 1, cols: self.block.cols.clone(), first: true, last: true };
            isa.enter(Finish::<1> { tile: &self.tile, place, output: self.job.output });
        }
    }
}

impl<const NB: usize> LanesBlock<'_, NB> {
    /// Adds the sums over one chunk of row `i` to the totals; the first chunk sets them.
    #[inline(always)]
    fn add_chunk<I: Isa>(&mut self, isa: I, i: usize, chunk: Range<usize>) {
        let len = chunk.len();
        let a = contiguous(self.job.a.from(i, chunk.start), &mut self.scratch[..], len);
        let stride = self.job.k.next_multiple_of(LANES);
        let totals = self.tile.row_mut();
        let (mut j, n) = (0, self.job.n);
        while j < n {
            let columns = &self.job.b[j * stride + chunk.start..];
            let (sums, count) =
                if n - j >= NB { (dots::<I, NB, NB>(isa, a, columns, stride), NB) } else { (dots::<I, 1, NB>(isa, a, columns, stride), 1) };
            for (total, sum) in totals[j..j + count].iter_mut().zip(sums) {
                *total = if chunk.start == 0 { sum } else { *total + sum };
            }
            j += count;
        }
    }
}

/// The first `len` elements of a row, gathered into `scratch` where they are apart.
#[inline(always)]
fn contiguous<'a>(row: Strided<'a>, scratch: &'a mut [f32], len: usize) -> &'a [f32] {
    if row.col == 1 || len == 0 {
        return &row.data[..len];
    }
    let scratch = &mut scratch[..len];
    for (value, &x) in scratch.iter_mut().zip(row.data.iter().step_by(row.col)) {
        *value = x;
    }
    scratch
}

/// The sums of `a` against `N` columns `stride` apart, in the first places of the result.
#[inline(always)]
fn dots<I: Isa, const N: usize, const NB: usize>(isa: I, a: &[f32], columns: &[f32], stride: usize) -> [f32; NB] {
    let mut acc = [isa.splat(0.0); N];
    let whole = a.len() / LANES * LANES;
    for k in (0..whole).step_by(LANES) {
        let x = isa.load(&a[k..]);
        for (j, acc) in acc.iter_mut().enumerate() {
            *acc = isa.fma(x, isa.load(&columns[j * stride + k..]), *acc);
        }
    }
    if whole < a.len() {
        let x = isa.load_partial(&a[whole..], 0.0);
        for (j, acc) in acc.iter_mut().enumerate() {
            *acc = isa.fma(x, isa.load(&columns[j * stride + whole..]), *acc);
        }
    }
    let mut sums = [0.0; NB];
    for (sum, acc) in sums.iter_mut().zip(acc) {
        *sum = isa.reduce_add(acc);
    }
    sums
}
