#![allow(unsafe_code)]
//! Convolution as the matrix product of packed weights and windows, block by block of output positions.

use super::im2col::{Offsets, PanelFill, SLACK, Starts, Strip, strip_len};
use super::run::Job;
use super::{ConvRow, ConvShape};
use crate::class::{K_CHUNK, chunks};
use crate::disjoint::Disjoint;
use crate::error::KernelError;
use crate::grain::team_for;
use crate::tile::{Place, Tile, TileShape, balanced};
use fastserve_parallel::Team;
use fastserve_simd::{Cpu, Isa, Kernel};
use std::marker::PhantomData;
use std::ops::Range;

/// Computes one block of one image and group.
pub(super) type BlockFn = fn(Cpu, &Job<'_>, &Plan, Block, &mut [f32]);

/// What one task computes.
pub(super) struct Block {
    image: usize,
    group: usize,
    pixels: Range<usize>,
}

/// How a convolution is cut. Only speed depends on it.
#[derive(Copy, Clone, Debug)]
pub(super) struct Plan {
    /// Output positions of a block, a multiple of the row's `nr`.
    pixels: usize,
    /// Scratch elements for the padded rows of a block.
    strip_len: usize,
    /// Scratch elements of a thread.
    per_thread: usize,
}

/// The windows of a block stay in the second-level cache, beside a tile of weights.
const PANEL_BYTES: usize = 160 * 1024;
/// Tasks per thread, so that a thread held up elsewhere does not hold up the call.
const TASKS_PER_THREAD: usize = 4;

impl Plan {
    /// For at least `blocks` blocks of each image and group.
    fn new(row: &ConvRow, shape: &ConvShape, blocks: usize) -> Option<Plan> {
        let chunk = shape.k().clamp(1, K_CHUNK);
        let panels = shape.pixels().div_ceil(row.nr).max(1);
        let cached = PANEL_BYTES / size_of::<f32>() / (chunk * row.nr);
        let pixels = panels.div_ceil(blocks).min(cached.max(1)) * row.nr;
        let strip_len = strip_len(shape, pixels).filter(|&len| u32::try_from(len).is_ok())?;
        let per_thread = pixels.checked_mul(chunk)?.checked_add(SLACK)?.checked_add(strip_len)?;
        Some(Plan { pixels, strip_len, per_thread })
    }
}

/// Blocks that each of `units` images and groups should be cut into, at least.
pub(super) fn wanted_blocks(units: usize, team: Team) -> usize {
    match team.threads() {
        1 => 1,
        threads => (threads * TASKS_PER_THREAD).div_ceil(units.max(1)),
    }
}

/// Scratch elements of a thread, however the convolution is cut: whole blocks are the largest.
pub(super) fn scratch_per_thread(row: &ConvRow, shape: &ConvShape) -> Option<usize> {
    Plan::new(row, shape, 1).map(|plan| plan.per_thread)
}

pub(super) fn run(cpu: Cpu, row: &ConvRow, block: BlockFn, job: &Job<'_>, scratch: &mut [f32], team: Team) -> Result<(), KernelError> {
    let (shape, units) = (job.shape, job.shape.batch * job.shape.group);
    let team = team_for(team, || row.cost(shape).saturating_mul(units));
    let plan = Plan::new(row, shape, wanted_blocks(units, team)).ok_or(KernelError::Overflow { place: "conv scratch" })?;
    let blocks = shape.pixels().div_ceil(plan.pixels);
    let scratch = Disjoint::new(scratch);
    team.run(units * blocks, &|task, worker| {
        let (unit, first) = (task.0 / blocks, task.0 % blocks * plan.pixels);
        let pixels = first..shape.pixels().min(first + plan.pixels);
        // SAFETY: asked once by this task, with its own worker.
        let mine = unsafe { scratch.for_worker(worker, plan.per_thread) };
        block(cpu, job, &plan, Block { image: unit / shape.group, group: unit % shape.group, pixels }, mine);
    });
    Ok(())
}

/// Computes one block of the output.
pub(super) fn block<I: Isa, T: TileShape>(cpu: Cpu, job: &Job<'_>, plan: &Plan, block: Block, scratch: &mut [f32]) {
    if let Some(isa) = I::of(cpu) {
        let (strip, panels) = scratch.split_at_mut(plan.strip_len);
        isa.enter(ConvBlock::<T> { job, block, strip, panels, tile: Tile::new(), _shape: PhantomData });
    }
}

struct ConvBlock<'a, T> {
    job: &'a Job<'a>,
    block: Block,
    strip: &'a mut [f32],
    panels: &'a mut [f32],
    tile: Tile,
    _shape: PhantomData<T>,
}

impl<T: TileShape> Kernel for ConvBlock<'_, T> {
    type Out = ();

    #[inline(always)]
    fn run<I: Isa>(mut self, isa: I) {
        for ks in chunks(self.job.shape.k()) {
            self.fill_panels(isa, &ks);
            self.multiply(isa, &ks);
        }
    }
}

impl<'a, T: TileShape> ConvBlock<'a, T> {
    /// The windows of all positions of the block, for one chunk of K: panel after panel, each `[k][nr]`.
    #[inline(always)]
    fn fill_panels<I: Isa>(&mut self, isa: I, ks: &Range<usize>) {
        let shape = self.job.shape;
        let image = self.job.image(self.block.image, self.block.group);
        let strip = Strip::of(shape, &self.block.pixels);
        let first = strip.fill(shape, ks, image, self.strip);
        let offsets = Offsets::new(shape, &strip, ks, first);
        let panel_len = ks.len() * T::NR;
        for (p, pixels) in self.positions().enumerate() {
            let starts = Starts::of(shape, &strip, &pixels);
            let panel = &mut self.panels[p * panel_len..][..panel_len + SLACK];
            let (starts, offsets, padded) = (&starts, &offsets, &*self.strip);
            T::fill_panel(isa, PanelFill { starts, offsets, padded, panel });
        }
    }

    /// The positions of each panel.
    fn positions(&self) -> impl Iterator<Item = Range<usize>> + use<'a, T> {
        let Range { start, end } = self.block.pixels;
        (start..end).step_by(T::NR).map(move |p| p..end.min(p + T::NR))
    }

    /// All output channels of the group against all panels, for one chunk of K.
    #[inline(always)]
    fn multiply<I: Isa>(&mut self, isa: I, ks: &Range<usize>) {
        let shape = self.job.shape;
        let (k, rows_total) = (shape.k(), shape.group_out());
        let group = self.job.group_weights(self.block.group);
        let output = self.job.output(self.block.image, self.block.group);
        for rows in balanced(rows_total, T::MR) {
            let weights = &group[rows.start * k..rows.end * k];
            let a = &weights[ks.start * rows.len()..ks.end * rows.len()];
            for (p, cols) in self.positions().enumerate() {
                let b = &self.panels[p * ks.len() * T::NR..][..ks.len() * T::NR];
                T::dot(isa, rows.len(), a, b, &mut self.tile);
                let place = Place { rows: rows.clone(), cols, first: ks.start == 0, last: ks.end == k };
                T::finish(isa, &self.tile, place, output);
            }
        }
    }
}
