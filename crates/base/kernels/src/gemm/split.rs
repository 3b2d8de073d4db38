#![allow(unsafe_code)]
//! How a product is cut into tasks, and the scratch memory of a thread. Only speed depends on it.

use super::{BatchAxis, Block, GemmRow, Job, ScratchSizes, units};
use crate::class::{K_CHUNK, RoundingClass};
use crate::disjoint::Disjoint;
use crate::grain::team_for;
use crate::tile::share;
use fastserve_parallel::Team;
use fastserve_simd::{Cpu, LANES};

/// Packed A of one task stays in the second-level cache, beside a panel of B.
const A_BLOCK_ELEMENTS: usize = 96 * 1024;
/// The highest tile of any row.
const MR_MAX: usize = 16;
/// The most panels that any row reads at once.
const PANELS_MAX: usize = 4;
/// Tasks per thread, so that a thread held up elsewhere does not hold up the call.
const TASKS_PER_THREAD: usize = 4;
/// Multiply-adds that a core is modelled to do in a cycle, whatever its instruction set.
const PER_CYCLE: usize = 8;

/// Row tiles of a block whose packed rows are cached.
fn tiles_per_block(mr: usize, k: usize) -> usize {
    (A_BLOCK_ELEMENTS / k.clamp(1, K_CHUNK) / mr).clamp(1, 64)
}

/// Elements for what one thread packs of B.
pub(super) fn b_scratch(nr: usize, n: usize, k: usize) -> usize {
    if nr == 1 {
        return k.next_multiple_of(LANES).saturating_mul(n);
    }
    n.next_multiple_of(nr).min(PANELS_MAX * nr).saturating_mul(k.min(K_CHUNK))
}

/// Scratch elements of a thread; never less for greater sizes.
pub(super) fn scratch_per_thread(row: &GemmRow, sizes: ScratchSizes) -> usize {
    let chunk = sizes.k.min(K_CHUNK);
    let (a, nr) = match row.class {
        RoundingClass::Chain => (sizes.m.saturating_mul(chunk).min(A_BLOCK_ELEMENTS.max(MR_MAX * chunk)), row.nr),
        RoundingClass::Lanes16 => (chunk.next_multiple_of(LANES), 1),
    };
    let b = if sizes.packed { 0 } else { b_scratch(nr, sizes.n, sizes.k) };
    a.saturating_add(b)
}

/// A product's blocks: row tiles in `row_blocks` groups, panels of columns in `col_blocks`.
#[derive(Copy, Clone)]
struct Cut {
    tiles: usize,
    panels: usize,
    row_blocks: usize,
    col_blocks: usize,
}

impl Cut {
    /// Rows are split first; columns only where rows are few.
    fn new(row: &GemmRow, job: &Job<'_>, units: usize, threads: usize) -> Cut {
        let target = if threads == 1 { 1 } else { (threads * TASKS_PER_THREAD).div_ceil(units) };
        if row.class == RoundingClass::Lanes16 {
            let row_blocks = target.min(job.m.div_ceil(2));
            return Cut { tiles: job.m, panels: 1, row_blocks, col_blocks: 1 };
        }
        let (tiles, panels) = (job.m.div_ceil(row.mr), job.n.div_ceil(row.nr));
        let per_block = tiles.div_ceil(target).max(4).min(tiles_per_block(row.mr, job.k));
        let row_blocks = tiles.div_ceil(per_block);
        let col_blocks = target.div_ceil(row_blocks).min(panels.div_ceil(PANELS_MAX));
        Cut { tiles, panels, row_blocks, col_blocks }
    }

    fn block(&self, row: &GemmRow, job: &Job<'_>, i: usize) -> Block {
        let tiles = share(self.tiles, self.row_blocks, i / self.col_blocks);
        let panels = share(self.panels, self.col_blocks, i % self.col_blocks);
        let rows = share(job.m, self.tiles, tiles.start).start..share(job.m, self.tiles, tiles.end - 1).end;
        let cols = if self.panels == 1 { 0..job.n } else { panels.start * row.nr..job.n.min(panels.end * row.nr) };
        Block { rows, cols }
    }
}

/// Runs all blocks of a checked job. The cut depends on the team, the bits do not.
pub(super) fn run(cpu: Cpu, row: &GemmRow, job: &Job<'_>, batch: &[BatchAxis], scratch: &mut [f32], team: Team) {
    let packed = matches!(job.b, super::OperandB::Packed(_));
    let per_thread = scratch_per_thread(row, ScratchSizes { m: job.m, n: job.n, k: job.k, packed });
    let units = units(batch);
    let team = team_for(team, || units.saturating_mul(job.m).saturating_mul(job.n).saturating_mul(job.k) / PER_CYCLE);
    let cut = Cut::new(row, job, units, team.threads());
    let blocks = cut.row_blocks * cut.col_blocks;
    let scratch = Disjoint::new(scratch);
    team.run(units * blocks, &|task, worker| {
        let job = job.unit(batch, task.0 / blocks);
        let block = cut.block(row, &job, task.0 % blocks);
        // SAFETY: asked once by this task, with its own worker.
        let mine = unsafe { scratch.for_worker(worker, per_thread) };
        (row.block)(cpu, &job, block, mine);
    });
}
