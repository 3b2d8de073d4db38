#![allow(unsafe_code)]
//! Convolution as the matrix product of packed weights and windows, block by block of output positions.

use super::im2col::{Offsets, PanelFill, SLACK, Starts, Strip, strip_len};
use super::{ConvRow, ConvShape, packed_len};
use crate::class::{K_CHUNK, chunks};
use crate::disjoint::Disjoint;
use crate::epilogue::{BiasAxis, Epilogue};
use crate::error::{KernelError, check_len, product, require};
use crate::gemm::check_epilogue;
use crate::tile::{Output, Place, Tile, TileShape, balanced};
use fastserve_parallel::Team;
use fastserve_simd::{Cpu, Isa, Kernel};
use std::marker::PhantomData;
use std::ops::Range;

/// The arguments of one convolution.
#[derive(Debug)]
pub struct ConvF32<'a> {
    /// The sizes.
    pub shape: &'a ConvShape,
    /// The input, `[batch][in_channels][h][w]`.
    pub x: &'a [f32],
    /// The weights, packed by [`super::pack_weights`] for the row.
    pub weights: &'a [f32],
    /// The output, `[batch][out_channels][h][w]`.
    pub y: &'a mut [f32],
    /// What follows the sums; the bias axis is None or Row (one value per output channel).
    pub epilogue: &'a Epilogue,
    /// `out_channels` values, where the epilogue has a bias.
    pub bias: Option<&'a [f32]>,
    /// In the output's layout, where the epilogue has a residual.
    pub residual: Option<&'a [f32]>,
}

/// A checked convolution.
pub(super) struct Job<'a> {
    shape: &'a ConvShape,
    x: &'a [f32],
    weights: &'a [f32],
    out: &'a Disjoint<'a, f32>,
    epilogue: &'a Epilogue,
    bias: &'a [f32],
    residual: &'a [f32],
    plan: Plan,
}

/// What one task computes.
pub(super) struct Block {
    image: usize,
    group: usize,
    pixels: Range<usize>,
}

/// How a convolution is cut. Only speed depends on it.
#[derive(Copy, Clone, Debug)]
struct Plan {
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
/// Below this many multiply-adds a second thread does not pay.
const SERIAL_BELOW: usize = 128 * 1024;

impl Plan {
    fn new(row: &ConvRow, shape: &ConvShape, threads: usize) -> Option<Plan> {
        let chunk = shape.k().clamp(1, K_CHUNK);
        let panels = shape.pixels().div_ceil(row.nr).max(1);
        let cached = PANEL_BYTES / size_of::<f32>() / (chunk * row.nr);
        let blocks = wanted_blocks(shape, threads);
        let pixels = panels.div_ceil(blocks).min(cached.max(1)) * row.nr;
        let strip_len = strip_len(shape, pixels).filter(|&len| u32::try_from(len).is_ok())?;
        let per_thread = pixels.checked_mul(chunk)?.checked_add(SLACK)?.checked_add(strip_len)?;
        Some(Plan { pixels, strip_len, per_thread })
    }
}

/// Blocks that each image and group should be cut into, at least.
fn wanted_blocks(shape: &ConvShape, threads: usize) -> usize {
    let units = (shape.batch * shape.group).max(1);
    let work = shape.output_len().saturating_mul(shape.k());
    if threads == 1 || work < SERIAL_BELOW { 1 } else { (threads * TASKS_PER_THREAD).div_ceil(units) }
}

/// Scratch memory in `f32` elements for a team of exactly `threads`.
pub fn scratch_len(row: &ConvRow, shape: &ConvShape, threads: usize) -> Result<usize, KernelError> {
    let place = "conv scratch";
    let plan = Plan::new(row, shape, threads).ok_or(KernelError::Overflow { place })?;
    product(place, &[plan.per_thread, threads])
}

/// Runs one convolution with the kernel `row`. `scratch` has [`scratch_len`] elements; its contents do not matter.
///
/// # Errors
/// Where a slice is too short, the bias or residual that the epilogue asks for is absent, or `row` does not run on `cpu`.
pub fn conv_f32(cpu: Cpu, row: &ConvRow, args: ConvF32<'_>, scratch: &mut [f32], team: Team) -> Result<(), KernelError> {
    check(cpu, row, &args)?;
    check_len("conv scratch", scratch_len(row, args.shape, team.threads())?, scratch.len())?;
    let plan = Plan::new(row, args.shape, team.threads()).ok_or(KernelError::Overflow { place: "conv scratch" })?;
    let out = Disjoint::new(args.y);
    let job = Job {
        shape: args.shape,
        x: args.x,
        weights: args.weights,
        out: &out,
        epilogue: args.epilogue,
        bias: args.bias.filter(|_| args.epilogue.bias == BiasAxis::Row).unwrap_or(&[]),
        residual: args.residual.filter(|_| args.epilogue.residual).unwrap_or(&[]),
        plan,
    };
    run(cpu, row, &job, scratch, team);
    Ok(())
}

fn check(cpu: Cpu, row: &ConvRow, args: &ConvF32<'_>) -> Result<(), KernelError> {
    if !cpu.has(row.isa) {
        return Err(KernelError::Isa { row: row.name, cpu: cpu.name() });
    }
    let shape = args.shape;
    check_len("conv x", shape.input_len(), args.x.len())?;
    check_len("conv weights", packed_len(shape), args.weights.len())?;
    check_len("conv y", shape.output_len(), args.y.len())?;
    require(args.epilogue.bias != BiasAxis::Column, "conv bias", "the axis must be None or Row")?;
    let size = (shape.out_channels(), shape.pixels());
    check_epilogue(args.epilogue, size, shape.output_len(), args.bias, args.residual)
}

fn run(cpu: Cpu, row: &ConvRow, job: &Job<'_>, scratch: &mut [f32], team: Team) {
    let (shape, plan) = (job.shape, job.plan);
    let blocks = shape.pixels().div_ceil(plan.pixels);
    let scratch = Disjoint::new(scratch);
    team.run(shape.batch * shape.group * blocks, &|task, worker| {
        let (unit, first) = (task.0 / blocks, task.0 % blocks * plan.pixels);
        let pixels = first..shape.pixels().min(first + plan.pixels);
        let block = Block { image: unit / shape.group, group: unit % shape.group, pixels };
        // SAFETY: asked once by this task, with its own worker.
        let mine = unsafe { scratch.for_worker(worker, plan.per_thread) };
        (row.block)(cpu, job, block, mine);
    });
}

/// Computes one block of the output.
pub(super) fn block<I: Isa, T: TileShape>(cpu: Cpu, job: &Job<'_>, block: Block, scratch: &mut [f32]) {
    if let Some(isa) = I::of(cpu) {
        let (strip, panels) = scratch.split_at_mut(job.plan.strip_len);
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
        let image = shape.group_in() * shape.input[0] * shape.input[1];
        let image = &self.job.x[(self.block.image * shape.group + self.block.group) * image..][..image];
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
        let group = &self.job.weights[self.block.group * rows_total * k..][..rows_total * k];
        let output = self.output();
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

    /// The group's channels of the output image as a matrix, one row per channel.
    fn output(&self) -> Output<'a> {
        let job = self.job;
        let shape = job.shape;
        let first = self.block.group * shape.group_out();
        Output {
            out: job.out,
            start: (self.block.image * shape.out_channels + first) * shape.pixels(),
            stride: shape.pixels(),
            epilogue: job.epilogue,
            row_bias: job.bias.get(first..).unwrap_or(&[]),
            col_bias: &[],
            residual: job.residual,
        }
    }
}
