#![allow(unsafe_code)]
//! Blocked convolution by register tiles: strip by strip of output rows, panel by panel of output channels.

use super::InputLayout;
use super::plan::{self, Limits, Plan, padded_width, strip_rows};
use super::run::Job;
use super::tile::{MicroTile, Span, TileArgs, TileOut};
use crate::class::chunks;
use crate::conv::Runs;
use crate::disjoint::Disjoint;
use crate::error::KernelError;
use crate::grain::team_for;
use crate::tile::{balanced, share};
use fastserve_parallel::Team;
use fastserve_simd::{Cpu, Isa, Kernel, LANES};
use std::marker::PhantomData;
use std::ops::Range;

/// Computes one task.
pub(super) type TaskFn = fn(Cpu, &Task<'_>, &mut [f32]);

/// One image and group, some output lines, some blocks of output channels.
pub(super) struct Task<'a> {
    job: &'a Job<'a>,
    plan: &'a Plan,
    limits: Limits,
    image: usize,
    group: usize,
    lines: Range<usize>,
    blocks: Range<usize>,
}

/// The tiles that an instruction set has: which are compiled for it.
pub(super) trait Tiles: 'static {
    /// Runs a tile of `rows` positions by `blocks` blocks.
    fn run<I: Isa, const P: usize, const C: usize>(isa: I, rows: usize, blocks: usize, args: TileArgs<'_>);
}

macro_rules! tiles {
    ($(#[$doc:meta])* $name:ident { $($blocks:literal: [$($rows:literal)*];)* }) => {
        $(#[$doc])*
        pub(super) struct $name;

        impl Tiles for $name {
            #[inline(always)]
            fn run<I: Isa, const P: usize, const C: usize>(isa: I, rows: usize, blocks: usize, args: TileArgs<'_>) {
                match (blocks, rows) {
                    $($(($blocks, $rows) => isa.enter(MicroTile::<$rows, $blocks, P, C>(args)),)*)*
                    _ => debug_assert!(false, "no tile of {rows} by {blocks}"),
                }
            }
        }
    };
}

tiles!(
    /// One block, up to six positions: twelve of sixteen AVX2 registers.
    Narrow { 1: [1 2 3 4 5 6]; }
);
tiles!(
    /// Up to twenty-eight of thirty-two AVX-512 registers.
    Wide {
        1: [1 2 3 4 5 6 7 8 9 10 11 12 13 14];
        2: [1 2 3 4 5 6 7 8 9 10 11 12 13 14];
        3: [1 2 3 4 5 6 7 8 9];
        4: [1 2 3 4 5 6];
    }
);

/// Runs all tasks of a checked job.
pub(super) fn run(cpu: Cpu, task: TaskFn, limits: Limits, job: &Job<'_>, scratch: &mut [f32], team: Team) -> Result<(), KernelError> {
    let shape = job.shape;
    let team = team_for(team, || plan::cycles(shape));
    let blocks = shape.group_out().div_ceil(LANES);
    let place = "blocked conv scratch";
    let plan = Plan::new(shape, job.input, blocks.div_ceil(2), team).ok_or(KernelError::Overflow { place })?;
    let per_thread = plan.per_thread().ok_or(KernelError::Overflow { place })?;
    let lines = if plan.flat { shape.pixels() } else { shape.output()[0] };
    let units = shape.batch() * shape.group();
    let scratch = Disjoint::new(scratch);
    team.run(units * plan.strips * plan.parts, &|index, worker| {
        let (unit, rest) = (index.0 / (plan.strips * plan.parts), index.0 % (plan.strips * plan.parts));
        let (part, strip) = (rest / plan.strips, rest % plan.strips);
        let lines = share(lines, plan.strips, strip);
        let pairs = share(blocks.div_ceil(2), plan.parts, part);
        let blocks = 2 * pairs.start..blocks.min(2 * pairs.end);
        // SAFETY: asked once by this task, with its own worker.
        let mine = unsafe { scratch.for_worker(worker, per_thread) };
        task(cpu, &Task { job, plan: &plan, limits, image: unit / shape.group(), group: unit % shape.group(), lines, blocks }, mine);
    });
    Ok(())
}

/// Computes one task.
pub(super) fn task<I: Isa, T: Tiles>(cpu: Cpu, task: &Task<'_>, scratch: &mut [f32]) {
    if let Some(isa) = I::of(cpu) {
        let (spans, strip) = scratch.split_at_mut(task.plan.spans_len);
        isa.enter(Part::<T> { task, spans: pairs(spans), strip, _tiles: PhantomData });
    }
}

/// The memory of floats as pairs of words.
fn pairs(floats: &mut [f32]) -> &mut [Span] {
    // SAFETY: a pair of words has the size of two floats, the same alignment and no invalid values; the slice is
    // borrowed exclusively.
    unsafe { std::slice::from_raw_parts_mut(floats.as_mut_ptr().cast(), floats.len() / 2) }
}

struct Part<'a, T> {
    task: &'a Task<'a>,
    spans: &'a mut [Span],
    strip: &'a mut [f32],
    _tiles: PhantomData<T>,
}

/// The input of a task: where the window of its first position begins, and the steps to others.
struct Source<'a> {
    x: &'a [f32],
    /// Channels lie in blocks.
    blocked: bool,
    /// Between channels of a span, positions along a row, rows, and spans' blocks (or channels) of input channels.
    channel: usize,
    position: usize,
    row: usize,
    block: usize,
}

impl<T: Tiles> Kernel for Part<'_, T> {
    type Out = ();

    #[inline(always)]
    fn run<I: Isa>(self, isa: I) {
        let Part { task, spans, strip, .. } = self;
        let shape = task.job.shape;
        let source = task.source(strip);
        for ks in chunks(shape.k()) {
            let (spans, reach) = source.spans(shape, &ks, spans);
            match (source.blocked, source.position * shape.window().stride[1]) {
                (true, 16) => task.panels::<I, T, 16, 1>(isa, &source, &ks, spans, reach),
                (true, 32) => task.panels::<I, T, 32, 1>(isa, &source, &ks, spans, reach),
                (false, 2) => task.panels::<I, T, 2, 0>(isa, &source, &ks, spans, reach),
                _ => task.panels::<I, T, 0, 0>(isa, &source, &ks, spans, reach),
            }
        }
    }
}

impl Source<'_> {
    /// The spans of a chunk of K, and how far they reach from a position's window.
    fn spans<'s>(&self, shape: &crate::conv::ConvShape, ks: &Range<usize>, spans: &'s mut [Span]) -> (&'s [Span], usize) {
        let [dh, dw] = shape.window().dilation;
        let (mut count, mut reach) = (0, 0);
        for (run, span) in Runs::new(shape, ks).zip(spans.iter_mut()) {
            let (first, len) = (run.channels.start, run.channels.len());
            let channel = if self.blocked { first / LANES * self.block + first % LANES } else { first * self.block };
            let start = channel + run.tap[0] * dh * self.row + run.tap[1] * dw * self.position;
            *span = [start as u32, len as u32];
            reach = reach.max(start + (len - 1) * self.channel + 1);
            count += 1;
        }
        (&spans[..count], reach)
    }
}

impl<'a> Task<'a> {
    /// The task's input: where it lies, or copied with its padding.
    fn source<'s>(&'s self, strip: &'s mut [f32]) -> Source<'s> {
        let (shape, input) = (self.job.shape, self.job.input);
        let [h, w] = shape.input();
        let blocked = input == InputLayout::Blocked;
        let lanes = if blocked { LANES } else { 1 };
        let groups = input.lanes(shape.group_in()) / lanes;
        let x = &self.job.x[(self.image * shape.group() + self.group) * groups * h * w * lanes..][..groups * h * w * lanes];
        let first = if self.plan.flat { self.lines.start } else { self.lines.start * shape.window().stride[0] * w };
        if !self.plan.copies {
            let block = h * w * lanes;
            let x = &x[first * lanes..];
            return Source { x, blocked, channel: self.channel_step(block), position: lanes, row: w * lanes, block };
        }
        let rows = strip_rows(shape, self.lines.len()).unwrap_or(0);
        let width = padded_width(shape) * lanes;
        for (x, strip) in x.chunks_exact((h * w * lanes).max(1)).zip(strip.chunks_exact_mut(rows * width)) {
            self.copy_plane(x, strip, width, lanes);
        }
        let block = rows * width;
        Source { x: &strip[..groups * block], blocked, channel: self.channel_step(block), position: lanes, row: width, block }
    }

    const fn channel_step(&self, plane: usize) -> usize {
        match self.job.input {
            InputLayout::Blocked => 1,
            InputLayout::Planes => plane,
        }
    }

    /// The rows of one plane under the task's lines, with their padding.
    fn copy_plane(&self, x: &[f32], strip: &mut [f32], width: usize, lanes: usize) {
        let (shape, window) = (self.job.shape, self.job.shape.window());
        let [h, w] = shape.input();
        let (top, left) = (self.lines.start * window.stride[0], window.pads[1] * lanes);
        for (r, row) in strip.chunks_exact_mut(width).enumerate() {
            match (top + r).checked_sub(window.pads[0]).filter(|&y| y < h) {
                Some(y) => {
                    row[..left].fill(0.0);
                    row[left..left + w * lanes].copy_from_slice(&x[y * w * lanes..(y + 1) * w * lanes]);
                    row[left + w * lanes..].fill(0.0);
                }
                None => row.fill(0.0),
            }
        }
    }

    /// All blocks of the task for one chunk of K, as panels of one to four.
    #[inline(always)]
    fn panels<I: Isa, T: Tiles, const P: usize, const C: usize>(
        &self,
        isa: I,
        source: &Source<'_>,
        ks: &Range<usize>,
        spans: &[Span],
        reach: usize,
    ) {
        let shape = self.job.shape;
        let (count, len) = if self.plan.flat { (1, self.lines.len()) } else { (self.lines.len(), shape.output()[1]) };
        let line_step = shape.window().stride[0] * source.row;
        let widest = self.limits.best(len, self.blocks.len());
        let mut block = self.blocks.start;
        while block < self.blocks.end {
            let blocks = widest.min(self.blocks.end - block);
            let args = self.panel(source, ks, spans, reach, block);
            for line in 0..count {
                for tile in balanced(len, self.limits.0[blocks - 1]) {
                    let x = &args.x[line * line_step + tile.start * args.position_step..];
                    let start = args.out.start + (line * len + tile.start) * LANES;
                    T::run::<I, P, C>(isa, tile.len(), blocks, TileArgs { x, out: TileOut { start, ..args.out }, ..args });
                }
            }
            block += blocks;
        }
    }

    /// What the tiles of a panel have in common; its first block is `block` of the group.
    fn panel<'s>(&'s self, source: &Source<'s>, ks: &Range<usize>, spans: &'s [Span], reach: usize, block: usize) -> TileArgs<'s> {
        let (job, shape) = (self.job, self.job.shape);
        let (k, pixels) = (shape.k(), shape.pixels());
        let all = self.group * (shape.group_out() / LANES) + block;
        let image = self.image * shape.out_channels().div_ceil(LANES);
        let first = if self.plan.flat { self.lines.start } else { self.lines.start * shape.output()[1] };
        TileArgs {
            x: source.x,
            position_step: source.position * shape.window().stride[1],
            channel_step: source.channel,
            spans,
            reach,
            weights: &job.weights[(all * k + ks.start) * LANES..],
            weight_step: k * LANES,
            ks: ks.len(),
            out: TileOut {
                out: job.out,
                start: ((image + all) * pixels + first) * LANES,
                block_step: pixels * LANES,
                first: ks.start == 0,
                last: ks.end == k,
                bias: job.bias.get(all * LANES..).unwrap_or(&[]),
                residual: job.residual,
                activation: job.epilogue.activation,
            },
        }
    }
}

impl Limits {
    /// The number of blocks of a panel with the lowest modelled cost for lines of `len` positions and `blocks` blocks.
    fn best(&self, len: usize, blocks: usize) -> usize {
        let panels = |n: usize| (blocks / n) * self.cost(len, n) + if blocks.is_multiple_of(n) { 0 } else { self.cost(len, blocks % n) };
        (1..=4).filter(|&n| self.0[n - 1] > 0 && n <= blocks).min_by_key(|&n| panels(n)).unwrap_or(1)
    }

    /// Modelled half cycles for one k of a line: two multiply-adds and two loads start each cycle.
    fn cost(&self, len: usize, blocks: usize) -> usize {
        balanced(len, self.0[blocks - 1].max(1)).map(|tile| (tile.len() * blocks).max(tile.len() + blocks).max(8) + 2).sum()
    }
}
