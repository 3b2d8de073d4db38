#![allow(unsafe_code)]
//! Every matrix-product kernel, one row each. The table is also the list of what is tested.

use super::{Block, Job, PackFormat, chain, lanes16};
use crate::class::{K_CHUNK, RoundingClass};
use crate::disjoint::Disjoint;
use crate::grain::team_for;
use crate::tile::Tile2x16;
#[cfg(target_arch = "x86_64")]
use crate::tile::{Tile6x16, Tile14x32};
use fastserve_parallel::Team;
#[cfg(target_arch = "x86_64")]
use fastserve_simd::{Avx2, Avx512};
use fastserve_simd::{Cpu, IsaId, Portable};

/// A matrix-product kernel.
#[derive(Debug)]
pub struct GemmRow {
    /// `gemm_<type>_<tile>_<instruction set>`.
    pub name: &'static str,
    /// The instruction set it needs.
    pub isa: IsaId,
    /// How its sums round.
    pub class: RoundingClass,
    /// Rows of a register tile.
    pub mr: usize,
    /// Columns of a register tile.
    pub nr: usize,
    /// The layout of B that it reads.
    pub pack: PackFormat,
    /// Computes one block of C.
    block: BlockFn,
}

type BlockFn = fn(Cpu, &Job<'_>, Block, &mut [f32]);

/// All kernels; within a class, from the least to the most demanding instruction set.
pub static GEMM: &[GemmRow] = &[
    GemmRow {
        name: "gemm_f32_2x16_portable",
        isa: IsaId::Portable,
        class: RoundingClass::Chain,
        mr: 2,
        nr: 16,
        pack: PackFormat::Panels { nr: 16 },
        block: chain::block::<Portable, Tile2x16>,
    },
    GemmRow {
        name: "gemm_f32_lanes16_portable",
        isa: IsaId::Portable,
        class: RoundingClass::Lanes16,
        mr: 1,
        nr: 1,
        pack: PackFormat::LanesK,
        block: lanes16::block::<Portable, 1, 1>,
    },
    #[cfg(target_arch = "x86_64")]
    GemmRow {
        name: "gemm_f32_6x16_avx2",
        isa: IsaId::Avx2,
        class: RoundingClass::Chain,
        mr: 6,
        nr: 16,
        pack: PackFormat::Panels { nr: 16 },
        block: chain::block::<Avx2, Tile6x16>,
    },
    #[cfg(target_arch = "x86_64")]
    GemmRow {
        name: "gemm_f32_lanes16_avx2",
        isa: IsaId::Avx2,
        class: RoundingClass::Lanes16,
        mr: 1,
        nr: 5,
        pack: PackFormat::LanesK,
        block: lanes16::block::<Avx2, 5, 2>,
    },
    #[cfg(target_arch = "x86_64")]
    GemmRow {
        name: "gemm_f32_14x32_avx512",
        isa: IsaId::Avx512,
        class: RoundingClass::Chain,
        mr: 14,
        nr: 32,
        pack: PackFormat::Panels { nr: 32 },
        block: chain::block::<Avx512, Tile14x32>,
    },
    #[cfg(target_arch = "x86_64")]
    GemmRow {
        name: "gemm_f32_lanes16_avx512",
        isa: IsaId::Avx512,
        class: RoundingClass::Lanes16,
        mr: 1,
        nr: 8,
        pack: PackFormat::LanesK,
        block: lanes16::block::<Avx512, 8, 8>,
    },
];

/// The kernel for products of class `class` with about `m` rows. The choice never changes bits; nor, today, does it
/// depend on `m`, since all rows of an instruction set share one layout of B.
pub fn select(cpu: Cpu, class: RoundingClass, m: usize) -> &'static GemmRow {
    let portable = match class {
        RoundingClass::Chain => &GEMM[0],
        RoundingClass::Lanes16 => &GEMM[1],
    };
    let legal = GEMM.iter().filter(|row| row.class == class && cpu.has(row.isa));
    legal.fold(portable, |best, row| if row.cost(m) < best.cost(m) { row } else { best })
}

impl GemmRow {
    /// Modelled cycles for one k and sixteen columns: two vector instructions start each cycle.
    fn cost(&self, m: usize) -> usize {
        let vectors = match self.isa {
            IsaId::Portable => 8, // products and sums of four lanes
            IsaId::Avx2 => 2,
            IsaId::Avx512 => 1,
        };
        m.max(1).saturating_mul(vectors)
    }

    pub(super) fn scratch_per_thread(&self, m_max: usize, k: usize) -> usize {
        match self.class {
            RoundingClass::Chain => rows_per_block(self.mr, k).min(m_max).saturating_mul(k.min(K_CHUNK)),
            RoundingClass::Lanes16 => k.min(K_CHUNK).next_multiple_of(16),
        }
    }
}

/// Packed A of one task stays in the second-level cache, beside a panel of B.
const A_BLOCK_BYTES: usize = 192 * 1024;
/// Tasks per thread, so that a thread held up elsewhere does not hold up the call.
const TASKS_PER_THREAD: usize = 4;
/// Multiply-adds that a core is modelled to do in a cycle, whatever its instruction set.
const PER_CYCLE: usize = 8;

fn rows_per_block(mr: usize, k: usize) -> usize {
    let rows = A_BLOCK_BYTES / size_of::<f32>() / k.clamp(1, K_CHUNK);
    (rows / mr).clamp(1, 64) * mr
}

/// Runs all blocks of a checked job. The cut depends on the team, the bits do not.
pub(super) fn run(cpu: Cpu, row: &GemmRow, job: &Job<'_>, scratch: &mut [f32], team: Team) {
    let per_thread = row.scratch_per_thread(job.m, job.k);
    let team = team_for(team, || job.m.saturating_mul(job.n).saturating_mul(job.k) / PER_CYCLE);
    let (block_rows, block_cols) = block_size(row, job, team.threads());
    let col_blocks = job.n.div_ceil(block_cols);
    let tasks = job.m.div_ceil(block_rows) * col_blocks;
    let scratch = Disjoint::new(scratch);
    team.run(tasks, &|task, worker| {
        let (i, j) = (task.0 / col_blocks * block_rows, task.0 % col_blocks * block_cols);
        let block = Block { rows: i..job.m.min(i + block_rows), cols: j..job.n.min(j + block_cols) };
        // SAFETY: asked once by this task, with its own worker.
        let mine = unsafe { scratch.for_worker(worker, per_thread) };
        (row.block)(cpu, job, block, mine);
    });
}

/// Rows and columns of a task's block. Rows are split first; columns only where rows are few.
fn block_size(row: &GemmRow, job: &Job<'_>, threads: usize) -> (usize, usize) {
    let target = if threads == 1 { 1 } else { threads * TASKS_PER_THREAD };
    let rows = job.m.div_ceil(target).next_multiple_of(row.mr).max(4 * row.mr);
    let rows = rows.min(rows_per_block(row.mr, job.k));
    if row.class == RoundingClass::Lanes16 {
        return (rows.max(job.m.div_ceil(target)), job.n);
    }
    let panels = job.n.div_ceil(row.nr);
    let groups = target.div_ceil(job.m.div_ceil(rows)).min(panels.div_ceil(4));
    (rows, panels.div_ceil(groups) * row.nr)
}
