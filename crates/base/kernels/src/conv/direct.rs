#![allow(unsafe_code)]
//! Convolution straight from the input: the pixels of an output row are neighbours in the input for every k, as the
//! step between windows is 1 along a row. For each k there is an offset; vectors are loaded where they lie. Where there
//! is padding, or where lines are shorter than a vector, the rows are copied first, so that no load meets a border.

use super::direct_tile::{DirectLines, Lines};
use super::im2col::{SLACK, Strip, padded_width, write_offsets};
use super::product::wanted_blocks;
use super::run::Job;
use super::{ConvRow, ConvShape};
use crate::disjoint::Disjoint;
use crate::error::KernelError;
use crate::grain::team_for;
use crate::tile::{Tile, TileShape, balanced, share};
use fastserve_parallel::Team;
use fastserve_simd::{Cpu, Isa, Kernel, LANES};
use std::marker::PhantomData;
use std::ops::Range;

/// Computes some items: an item is a block of output rows of one image and group.
pub(super) type PartFn = fn(Cpu, &Job<'_>, &Plan, Range<usize>, &mut [f32]);

/// How a convolution is cut. Only speed depends on it.
#[derive(Copy, Clone, Debug)]
pub(super) struct Plan {
    /// Blocks of output rows in each image and group.
    blocks: usize,
    /// Rows are copied with their padding.
    copies: bool,
    /// Scratch elements for the offsets, then for the copied rows.
    offsets_len: usize,
    strip_len: usize,
}

/// The input rows of a block stay in the second-level cache.
const STRIP_ELEMENTS: usize = 40 * 1024;
/// Modelled cycles that a task should take, at least.
const TASK_CYCLES: usize = 16 * 1024;

impl Plan {
    /// For at least `wanted` blocks of each image and group.
    fn new(shape: &ConvShape, wanted: usize) -> Option<Plan> {
        if !offsets_fit(shape) {
            return None;
        }
        let rows = rows_cached(shape).min(shape.output[0].div_ceil(wanted)).max(1);
        let blocks = shape.output[0].div_ceil(rows);
        let copies = copies(shape, blocks);
        let strip_len = if copies { strip_len(shape, rows)? } else { 0 };
        Some(Plan { blocks, copies, offsets_len: shape.k(), strip_len })
    }

    fn per_thread(&self) -> Option<usize> {
        self.offsets_len.checked_add(self.strip_len)
    }
}

/// Whether offsets into the padded planes of a group fit the table's words.
pub(super) fn offsets_fit(shape: &ConvShape) -> bool {
    let rows = shape.window.padded(shape.input, 0).and_then(|rows| rows.checked_mul(padded_width(shape)));
    let len = rows.and_then(|plane| plane.checked_mul(shape.group_in()));
    len.is_some_and(|len| u32::try_from(len).is_ok())
}

/// Output rows whose input stays in the cache.
fn rows_cached(shape: &ConvShape) -> usize {
    let row = shape.group_in().saturating_mul(padded_width(shape)).max(1);
    (STRIP_ELEMENTS / row).saturating_sub(shape.window.height()) / shape.window.stride[0]
}

/// Whether the output's rows are neighbours too: a block is then one line.
pub(super) fn flat(shape: &ConvShape) -> bool {
    shape.window.stride[0] == 1 && shape.window.pads == [0; 4] && shape.output[1] == shape.input[1]
}

/// Output positions of the shortest line, where each image and group is cut into `blocks`.
fn line_len(shape: &ConvShape, blocks: usize) -> usize {
    if flat(shape) { shape.output[0] / blocks * shape.output[1] } else { shape.output[1] }
}

/// Whether the rows must be copied: there is padding, or vectors would pass the end of the input.
pub(super) fn copies(shape: &ConvShape, blocks: usize) -> bool {
    shape.window.pads != [0; 4] || line_len(shape, blocks) < LANES
}

/// Elements of the copy for `rows` output rows; `None` where the number overflows.
fn strip_len(shape: &ConvShape, rows: usize) -> Option<usize> {
    let rows = (rows - 1).checked_mul(shape.window.stride[0])?.checked_add(shape.window.height())?;
    shape.group_in().checked_mul(rows)?.checked_mul(padded_width(shape))?.checked_add(SLACK)
}

/// Scratch elements of a thread, however the convolution is cut. It is enough for smaller inputs too: where their blocks
/// are longer than here, they fit the cache.
pub(super) fn scratch_per_thread(shape: &ConvShape) -> Option<usize> {
    let cached = rows_cached(shape);
    let strip = strip_len(shape, cached.clamp(1, shape.output[0]))?;
    let strip_len = if cached < shape.output[0] { strip.max(STRIP_ELEMENTS + SLACK) } else { strip };
    Plan { blocks: 1, copies: true, offsets_len: shape.k(), strip_len }.per_thread()
}

pub(super) fn run(cpu: Cpu, row: &ConvRow, part: PartFn, job: &Job<'_>, scratch: &mut [f32], team: Team) -> Result<(), KernelError> {
    let place = "conv scratch";
    let (shape, units) = (job.shape, job.shape.batch * job.shape.group);
    let team = team_for(team, || row.cost(shape).saturating_mul(units));
    let plan = Plan::new(shape, wanted_blocks(units, team)).ok_or(KernelError::Overflow { place })?;
    let per_thread = plan.per_thread().ok_or(KernelError::Overflow { place })?;
    let items = units * plan.blocks;
    let each = match team.threads() {
        1 => items,
        _ => TASK_CYCLES.div_ceil((row.cost(shape) / plan.blocks).max(1)),
    };
    let scratch = Disjoint::new(scratch);
    team.run(items.div_ceil(each.max(1)), &|task, worker| {
        // SAFETY: asked once by this task, with its own worker.
        let mine = unsafe { scratch.for_worker(worker, per_thread) };
        part(cpu, job, &plan, task.0 * each..items.min((task.0 + 1) * each), mine);
    });
    Ok(())
}

/// Computes some items.
pub(super) fn part<I: Isa, T: TileShape>(cpu: Cpu, job: &Job<'_>, plan: &Plan, items: Range<usize>, scratch: &mut [f32]) {
    if let Some(isa) = I::of(cpu) {
        let (offsets, strip) = scratch.split_at_mut(plan.offsets_len);
        isa.enter(Part::<T> { job, plan, items, offsets: words(offsets), strip, plane: None, tile: Tile::new(), _shape: PhantomData });
    }
}

/// The memory of floats as words.
fn words(floats: &mut [f32]) -> &mut [u32] {
    // SAFETY: both types have four bytes, the same alignment and no invalid values; the slice is borrowed exclusively.
    unsafe { std::slice::from_raw_parts_mut(floats.as_mut_ptr().cast(), floats.len()) }
}

struct Part<'a, T> {
    job: &'a Job<'a>,
    plan: &'a Plan,
    items: Range<usize>,
    offsets: &'a mut [u32],
    strip: &'a mut [f32],
    /// Between the planes for which the offsets are written.
    plane: Option<usize>,
    tile: Tile,
    _shape: PhantomData<T>,
}

impl<T: TileShape> Kernel for Part<'_, T> {
    type Out = ();

    #[inline(always)]
    fn run<I: Isa>(mut self, isa: I) {
        for item in self.items.clone() {
            let (unit, block) = (item / self.plan.blocks, item % self.plan.blocks);
            let rows = share(self.job.shape.output[0], self.plan.blocks, block);
            self.item(isa, unit / self.job.shape.group, unit % self.job.shape.group, rows);
        }
    }
}

impl<T: TileShape> Part<'_, T> {
    /// The output rows `rows` of all channels of a group.
    #[inline(always)]
    fn item<I: Isa>(&mut self, isa: I, image: usize, group: usize, rows: Range<usize>) {
        let (job, shape) = (self.job, self.job.shape);
        let source = job.image(image, group);
        let strip = self.source(&rows);
        self.write_offsets(&strip);
        let first = rows.start * shape.window.stride[0];
        let x = if self.plan.copies {
            strip.fill(shape, &(0..shape.k()), source, self.strip);
            &*self.strip
        } else {
            &source[first * strip.width()..]
        };
        let lines = if flat(shape) {
            Lines { count: 1, len: rows.len() * shape.output[1], step: 0 }
        } else {
            Lines { count: rows.len(), len: shape.output[1], step: shape.window.stride[0] * strip.width() }
        };
        let (weights, output) = (job.group_weights(group), job.output(image, group));
        for channels in balanced(shape.group_out(), T::MR) {
            let a = &weights[channels.start * shape.k()..channels.end * shape.k()];
            let (offsets, tile) = (&*self.offsets, &mut self.tile);
            let at = rows.start * shape.output[1];
            T::direct(isa, channels.len(), DirectLines { a, offsets, x, lines, first: channels.start, at, output, tile });
        }
    }

    /// The rows under the windows of the output rows `rows`: copied, or the input itself.
    fn source(&self, rows: &Range<usize>) -> Strip {
        let shape = self.job.shape;
        if self.plan.copies { Strip::of(shape, &(rows.start * shape.output[1]..rows.end * shape.output[1])) } else { Strip::whole(shape) }
    }

    fn write_offsets(&mut self, strip: &Strip) {
        if self.plane != Some(strip.plane()) {
            write_offsets(self.job.shape, strip, &(0..self.job.shape.k()), 0, self.offsets);
            self.plane = Some(strip.plane());
        }
    }
}

/// Elements that vectors may read after the last position of a copied line.
const _: () = assert!(SLACK >= LANES);
