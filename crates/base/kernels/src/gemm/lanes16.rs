//! Class Lanes16: few columns, so K runs along the lanes.

use super::pack::pack_columns;
use super::{Block, Job, OperandB};
use crate::class::chunks;
use crate::tile::{Finish, Place, Strided, Tile};
use fastserve_simd::{Cpu, Isa, Kernel, LANES};
use std::ops::Range;

/// Computes one block of C: of one row `NB` columns at a time, of two rows `NP`. A block has all columns.
pub(super) fn block<I: Isa, const NB: usize, const NP: usize>(cpu: Cpu, job: &Job<'_>, block: Block, scratch: &mut [f32]) {
    if let Some(isa) = I::of(cpu) {
        let (columns, scratch) = scratch.split_at_mut(job.b_scratch(1));
        let b = match job.b {
            OperandB::Packed(b) => b,
            OperandB::Strided(b) => {
                pack_columns(job.k, b, columns);
                columns
            }
        };
        isa.enter(LanesBlock::<NB, NP> { job, b, block, scratch, tile: Tile::new() });
    }
}

struct LanesBlock<'a, const NB: usize, const NP: usize> {
    job: &'a Job<'a>,
    /// `[n][k rounded up to 16]`.
    b: &'a [f32],
    block: Block,
    scratch: &'a mut [f32],
    tile: Tile,
}

impl<const NB: usize, const NP: usize> Kernel for LanesBlock<'_, NB, NP> {
    type Out = ();

    #[inline(always)]
    fn run<I: Isa>(mut self, isa: I) {
        let mut i = self.block.rows.start;
        // Two rows share the loads of B; rows that must be gathered come one by one, as there is scratch for one.
        while self.job.a.col == 1 && i + 2 <= self.block.rows.end {
            self.rows::<I, 2, NP>(isa, i);
            i += 2;
        }
        while i < self.block.rows.end {
            self.rows::<I, 1, NB>(isa, i);
            i += 1;
        }
    }
}

impl<const NB: usize, const NP: usize> LanesBlock<'_, NB, NP> {
    /// `R` rows from `i` on, `N` columns at a time.
    #[inline(always)]
    fn rows<I: Isa, const R: usize, const N: usize>(&mut self, isa: I, i: usize) {
        for chunk in chunks(self.job.k) {
            self.add_chunk::<I, R, N>(isa, i, chunk);
        }
        let place = Place { rows: i..i + R, cols: self.block.cols.clone(), first: true, last: true };
        isa.enter(Finish::<1> { tile: &self.tile, place, output: self.job.output });
    }

    /// Adds the sums over one chunk of `R` rows to the totals; the first chunk sets them.
    #[inline(always)]
    fn add_chunk<I: Isa, const R: usize, const N: usize>(&mut self, isa: I, i: usize, chunk: Range<usize>) {
        let len = chunk.len();
        let mut a: [&[f32]; R] = [&[]; R];
        if self.job.a.col == 1 {
            for (r, a) in a.iter_mut().enumerate() {
                *a = &self.job.a.from(i + r, chunk.start).data[..len];
            }
        } else {
            a[0] = gathered(self.job.a.from(i, chunk.start), &mut self.scratch[..len]);
        }
        let stride = self.job.k.next_multiple_of(LANES);
        let (mut j, n) = (0, self.job.n);
        while j < n {
            let columns = &self.b[j * stride + chunk.start..];
            let (sums, count) = if n - j >= N {
                (dots::<I, R, N, N>(isa, a, columns, stride), N)
            } else {
                (dots::<I, R, 1, N>(isa, a, columns, stride), 1)
            };
            for (r, sums) in sums.iter().enumerate() {
                for (total, sum) in self.tile.0[r * LANES + j..][..count].iter_mut().zip(sums) {
                    *total = if chunk.start == 0 { *sum } else { *total + sum };
                }
            }
            j += count;
        }
    }
}

/// The elements of a row that are apart.
#[inline(always)]
fn gathered<'a>(row: Strided<'a>, scratch: &'a mut [f32]) -> &'a [f32] {
    for (value, &x) in scratch.iter_mut().zip(row.data.iter().step_by(row.col)) {
        *value = x;
    }
    scratch
}

/// The sums of `R` rows of A, equally long, against `N` columns `stride` apart, in the first places of the result.
#[inline(always)]
fn dots<I: Isa, const R: usize, const N: usize, const NB: usize>(isa: I, a: [&[f32]; R], columns: &[f32], stride: usize) -> [[f32; NB]; R] {
    let mut acc = [[isa.splat(0.0); N]; R];
    let whole = a[0].len() / LANES * LANES;
    for k in (0..whole).step_by(LANES) {
        let mut x = [isa.splat(0.0); R];
        for (x, a) in x.iter_mut().zip(a) {
            *x = isa.load(&a[k..]);
        }
        step(isa, &mut acc, x, &columns[k..], stride);
    }
    if whole < a[0].len() {
        let mut x = [isa.splat(0.0); R];
        for (x, a) in x.iter_mut().zip(a) {
            *x = isa.load_partial(&a[whole..], 0.0);
        }
        step(isa, &mut acc, x, &columns[whole..], stride);
    }
    let mut sums = [[0.0; NB]; R];
    for (sums, acc) in sums.iter_mut().zip(acc) {
        for (sum, acc) in sums.iter_mut().zip(acc) {
            *sum = isa.reduce_add(acc);
        }
    }
    sums
}

/// One vector of K.
#[inline(always)]
fn step<I: Isa, const R: usize, const N: usize>(isa: I, acc: &mut [[I::F32; N]; R], x: [I::F32; R], columns: &[f32], stride: usize) {
    for j in 0..N {
        let b = isa.load(&columns[j * stride..]);
        for r in 0..R {
            acc[r][j] = isa.fma(x[r], b, acc[r][j]);
        }
    }
}
