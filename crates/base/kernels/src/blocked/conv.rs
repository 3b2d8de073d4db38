#![allow(unsafe_code)]
//! Blocked convolution by register tiles: strip by strip of output rows, panel by panel of output channels.

use super::InputLayout;
use super::plan::{self, Limits, Plan, padded_width, strip_rows};
use super::run::Job;
use super::tile::{MicroTile, Panel, PanelOut, Span, TileArgs};
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
    image: usize,
    group: usize,
    lines: Range<usize>,
    blocks: Range<usize>,
}

/// Some register tiles: which are compiled for an instruction set and a step of positions.
pub(super) trait Tiles: 'static {
    const LIMITS: Limits;

    /// Runs a tile of `rows` positions by `blocks` blocks.
    fn run<I: Isa, const P: usize, const ONE: bool>(isa: I, rows: usize, blocks: usize, args: TileArgs<'_>);
}

/// A function of its own for each tile: inlined side by side, all of them make one that takes minutes to compile.
#[inline(never)]
fn tile<I: Isa, const R: usize, const NV: usize, const P: usize, const ONE: bool>(isa: I, args: TileArgs<'_>) {
    isa.enter(MicroTile::<R, NV, P, ONE>(args));
}

macro_rules! tiles {
    ($(#[$doc:meta])* $name:ident $limits:expr, { $($blocks:literal: [$($rows:literal)*];)* }) => {
        $(#[$doc])*
        pub(super) struct $name;

        impl Tiles for $name {
            const LIMITS: Limits = Limits($limits);

            #[inline(always)]
            fn run<I: Isa, const P: usize, const ONE: bool>(isa: I, rows: usize, blocks: usize, args: TileArgs<'_>) {
                match (blocks, rows) {
                    $($(($blocks, $rows) => tile::<I, $rows, $blocks, P, ONE>(isa, args),)*)*
                    _ => debug_assert!(false, "no tile of {rows} by {blocks}"),
                }
            }
        }
    };
}

tiles!(
    /// One block, up to six positions: twelve of sixteen AVX2 registers.
    Narrow [6, 0, 0, 0], { 1: [1 2 3 4 5 6]; }
);
tiles!(
    /// Up to twenty-eight of thirty-two AVX-512 registers.
    Wide [14, 14, 9, 6], {
        1: [1 2 3 4 5 6 7 8 9 10 11 12 13 14];
        2: [1 2 3 4 5 6 7 8 9 10 11 12 13 14];
        3: [1 2 3 4 5 6 7 8 9];
        4: [1 2 3 4 5 6];
    }
);

tiles!(
    /// For steps that are less frequent.
    Pair [14, 14, 0, 0], {
        1: [1 2 3 4 5 6 7 8 9 10 11 12 13 14];
        2: [1 2 3 4 5 6 7 8 9 10 11 12 13 14];
    }
);
tiles!(
    /// For steps that are rare.
    Small [4, 4, 0, 0], { 1: [1 2 3 4]; 2: [1 2 3 4]; }
);
tiles!(
    /// The same with sixteen registers.
    Few [4, 0, 0, 0], { 1: [1 2 3 4]; }
);
tiles!(
    /// Eight SSE registers of sums on the x86-64 baseline.
    Least [2, 0, 0, 0], { 1: [1 2]; }
);

/// Tiles by how far positions lie apart: 16 elements, 32, others; and in rows, 2 elements, or others.
pub(super) trait Family: 'static {
    type Next: Tiles;
    type Second: Tiles;
    type Any: Tiles;
    type RowsSecond: Tiles;
    type RowsAny: Tiles;
}

macro_rules! family {
    ($(#[$doc:meta])* $name:ident: $next:ident $second:ident $any:ident $rows_second:ident $rows_any:ident) => {
        $(#[$doc])*
        pub(super) struct $name;

        impl Family for $name {
            type Next = $next;
            type Second = $second;
            type Any = $any;
            type RowsSecond = $rows_second;
            type RowsAny = $rows_any;
        }
    };
}

family!(
    /// Plain Rust.
    PortableTiles: Least Least Least Least Least
);
#[cfg(target_arch = "x86_64")]
family!(
    /// AVX2.
    Avx2Tiles: Narrow Narrow Few Narrow Few
);
#[cfg(target_arch = "x86_64")]
family!(
    /// AVX-512.
    Avx512Tiles: Wide Pair Small Pair Small
);

/// Runs all tasks of a checked job.
pub(super) fn run(cpu: Cpu, task: TaskFn, job: &Job<'_>, scratch: &mut [f32], team: Team) -> Result<(), KernelError> {
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
        task(cpu, &Task { job, plan: &plan, image: unit / shape.group(), group: unit % shape.group(), lines, blocks }, mine);
    });
    Ok(())
}

/// Computes one task.
pub(super) fn task<I: Isa, F: Family>(cpu: Cpu, task: &Task<'_>, scratch: &mut [f32]) {
    if let Some(isa) = I::of(cpu) {
        let (spans, strip) = scratch.split_at_mut(task.plan.spans_len);
        isa.enter(Part::<F> { task, spans: pairs(spans), strip, _family: PhantomData });
    }
}

/// The memory of floats as pairs of words.
fn pairs(floats: &mut [f32]) -> &mut [Span] {
    // SAFETY: a pair of words has the size of two floats, the same alignment and no invalid values; the slice is
    // borrowed exclusively.
    unsafe { std::slice::from_raw_parts_mut(floats.as_mut_ptr().cast(), floats.len() / 2) }
}

struct Part<'a, F> {
    task: &'a Task<'a>,
    spans: &'a mut [Span],
    strip: &'a mut [f32],
    _family: PhantomData<F>,
}

/// The input of a task: where the window of its first position begins, and the steps to others.
struct Source<'a> {
    x: &'a [f32],
    /// Channels lie in blocks.
    blocked: bool,
    /// Between positions along a row, rows, and blocks of input channels (or channels).
    position: usize,
    row: usize,
    block: usize,
}

impl<F: Family> Kernel for Part<'_, F> {
    type Out = ();

    #[inline(always)]
    fn run<I: Isa>(self, isa: I) {
        let Part { task, spans, strip, .. } = self;
        let shape = task.job.shape;
        let source = task.source(strip);
        for ks in chunks(shape.k()) {
            let (spans, reach) = source.spans(shape, &ks, spans);
            match (source.blocked, source.position * shape.window().stride[1]) {
                (true, 16) => task.panels::<I, F::Next, 16, false>(isa, &source, &ks, spans, reach),
                (true, 32) => task.panels::<I, F::Second, 32, false>(isa, &source, &ks, spans, reach),
                (false, 2) => task.panels::<I, F::RowsSecond, 2, true>(isa, &source, &ks, spans, reach),
                (true, _) => task.panels::<I, F::Any, 0, false>(isa, &source, &ks, spans, reach),
                (false, _) => task.panels::<I, F::RowsAny, 0, true>(isa, &source, &ks, spans, reach),
            }
        }
    }
}

impl Source<'_> {
    /// The spans of a chunk of K, and how far they reach from a position's window.
    fn spans<'s>(&self, shape: &crate::conv::ConvShape, ks: &Range<usize>, spans: &'s mut [Span]) -> (&'s [Span], usize) {
        let [dh, dw] = shape.window().dilation;
        let (mut count, mut reach) = (0, 0);
        for run in Runs::new(shape, ks) {
            let tap = run.tap[0] * dh * self.row + run.tap[1] * dw * self.position;
            // In rows, the channels of a run are no neighbours.
            let (first, step) = (run.channels.start, if self.blocked { run.channels.len() } else { 1 });
            for (channel, span) in (first..run.channels.end).step_by(step).zip(spans[count..].iter_mut()) {
                let at = if self.blocked { channel / LANES * self.block + channel % LANES } else { channel * self.block };
                *span = [(at + tap) as u32, step as u32];
                reach = reach.max(at + tap + step);
                count += 1;
            }
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
            return Source { x, blocked, position: lanes, row: w * lanes, block };
        }
        let rows = strip_rows(shape, self.lines.len()).unwrap_or(0);
        let width = padded_width(shape) * lanes;
        for (x, strip) in x.chunks_exact((h * w * lanes).max(1)).zip(strip.chunks_exact_mut(rows * width)) {
            self.copy_plane(x, strip, width, lanes);
        }
        let block = rows * width;
        Source { x: &strip[..groups * block], blocked, position: lanes, row: width, block }
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
    fn panels<I: Isa, T: Tiles, const P: usize, const ONE: bool>(
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
        let widest = T::LIMITS.best(len, self.blocks.len());
        let mut block = self.blocks.start;
        while block < self.blocks.end {
            let blocks = widest.min(self.blocks.end - block);
            let panel = self.panel(source, ks, spans, reach, block);
            let tiles = len.div_ceil(T::LIMITS.0[blocks - 1]).max(1);
            let (each, longer) = (len / tiles, len % tiles);
            for line in 0..count {
                let (mut position, mut x) = (line * len, line * line_step);
                for tile in 0..tiles {
                    let rows = each + usize::from(tile < longer);
                    T::run::<I, P, ONE>(isa, rows, blocks, TileArgs { panel: &panel, x, position });
                    position += rows;
                    x += rows * panel.position_step;
                }
            }
            block += blocks;
        }
    }

    /// What the tiles of a panel have in common; its first block is `block` of the group.
    fn panel<'s>(&'s self, source: &Source<'s>, ks: &Range<usize>, spans: &'s [Span], reach: usize, block: usize) -> Panel<'s> {
        let (job, shape) = (self.job, self.job.shape);
        let (k, pixels) = (shape.k(), shape.pixels());
        let all = self.group * (shape.group_out() / LANES) + block;
        let image = self.image * shape.out_channels().div_ceil(LANES);
        let first = if self.plan.flat { self.lines.start } else { self.lines.start * shape.output()[1] };
        Panel {
            x: source.x,
            position_step: source.position * shape.window().stride[1],
            spans,
            reach,
            weights: &job.weights[(all * k + ks.start) * LANES..],
            weight_step: k * LANES,
            ks: ks.len(),
            out: PanelOut {
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
