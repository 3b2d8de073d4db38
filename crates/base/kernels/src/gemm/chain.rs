//! Class Chain: packed rows of A against panels of B.

use super::micro::{Micro, Operands};
use super::pack::pack_lanes;
use super::{Block, Job, OperandB};
use crate::class::chunks;
use crate::tile::{Place, balanced};
use fastserve_simd::{Cpu, Isa, Kernel, LANES};
use std::marker::PhantomData;
use std::ops::Range;

/// Computes one block of C.
pub(super) fn block<I: Isa, T: Micro>(cpu: Cpu, job: &Job<'_>, block: Block, scratch: &mut [f32]) {
    if let Some(isa) = I::of(cpu) {
        let (b_pack, a_pack) = scratch.split_at_mut(job.b_scratch(T::NR));
        isa.enter(ChainBlock::<T> { job, block, a_pack, b_pack, _shape: PhantomData });
    }
}

struct ChainBlock<'a, T> {
    job: &'a Job<'a>,
    block: Block,
    a_pack: &'a mut [f32],
    b_pack: &'a mut [f32],
    _shape: PhantomData<T>,
}

impl<T: Micro> Kernel for ChainBlock<'_, T> {
    type Out = ();

    #[inline(always)]
    fn run<I: Isa>(self, isa: I) {
        let ChainBlock { job, block, a_pack, b_pack, .. } = self;
        let group = T::NR * T::panels(block.rows.len());
        for chunk in chunks(job.k) {
            let a = rows_of_a::<I, T>(isa, job, &block.rows, &chunk, a_pack);
            for first in block.cols.clone().step_by(group) {
                let group = first..block.cols.end.min(first + group);
                // The last panels of a block are fewer than a group: one by one.
                let whole = group.len() > T::NR * (T::panels(block.rows.len()) - 1);
                let step = if whole { group.len() } else { T::NR };
                for first in group.clone().step_by(step) {
                    let cols = first..group.end.min(first + step);
                    let operands = columns_of_b::<I, T>(isa, job, &block.rows, (&chunk, &cols), b_pack);
                    for rows in balanced(block.rows.len(), T::MR) {
                        let a = &a[rows.start * chunk.len()..rows.end * chunk.len()];
                        let start = block.rows.start;
                        let place = Place {
                            rows: start + rows.start..start + rows.end,
                            cols: cols.clone(),
                            first: chunk.start == 0,
                            last: chunk.end == job.k,
                        };
                        T::tile(isa, rows.len(), Operands { a, ..operands }, place, job.output);
                    }
                }
            }
        }
    }
}

/// The block's rows of A in a chunk of K, tile after tile, each `[k][row]`. A single row that is dense needs no copy.
#[inline(always)]
fn rows_of_a<'a, I: Isa, T: Micro>(isa: I, job: &Job<'a>, rows: &Range<usize>, chunk: &Range<usize>, pack: &'a mut [f32]) -> &'a [f32] {
    if rows.len() == 1 && job.a.col == 1 {
        return &job.a.from(rows.start, chunk.start).data[..chunk.len()];
    }
    for tile in balanced(rows.len(), T::MR) {
        let source = job.a.from(rows.start + tile.start, chunk.start);
        let out = &mut pack[tile.start * chunk.len()..tile.end * chunk.len()];
        pack_lanes(isa, source, tile.len(), chunk.len(), out, tile.len());
    }
    pack
}

/// Some whole panels of B in a chunk of K: packed beforehand, or where they lie, or packed here.
#[inline(always)]
fn columns_of_b<'a, I: Isa, T: Micro>(
    isa: I,
    job: &Job<'a>,
    rows: &Range<usize>,
    (chunk, cols): (&Range<usize>, &Range<usize>),
    pack: &'a mut [f32],
) -> Operands<'a> {
    if chunk.is_empty() {
        return Operands { a: &[], b: &[], b_stride: T::NR, panel_stride: 0 };
    }
    let panels = cols.len().div_ceil(T::NR);
    match job.b {
        OperandB::Packed(data) => {
            let data = &data[cols.start * job.k..][..panels * T::NR * job.k];
            Operands { a: &[], b: &data[chunk.start * T::NR..], b_stride: T::NR, panel_stride: T::NR * job.k }
        }
        OperandB::Strided(b) => {
            let source = b.from(chunk.start, cols.start);
            if b.col == 1 && b.row >= T::NR && cols.len() == panels * T::NR && rows.len() <= T::MR {
                return Operands { a: &[], b: source.data, b_stride: b.row, panel_stride: T::NR };
            }
            let panel_stride = T::NR * chunk.len();
            for p in 0..panels {
                for v in 0..T::NR / LANES {
                    let first = (p * T::NR + v * LANES).min(cols.len());
                    let width = (cols.len() - first).min(LANES);
                    let columns = crate::tile::Strided { row: b.col, col: b.row, ..source.from(0, first) };
                    let out = &mut pack[p * panel_stride + v * LANES..(p + 1) * panel_stride];
                    pack_lanes(isa, columns, width, chunk.len(), out, T::NR);
                }
            }
            Operands { a: &[], b: pack, b_stride: T::NR, panel_stride }
        }
    }
}
