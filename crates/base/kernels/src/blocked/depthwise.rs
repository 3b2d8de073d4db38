#![allow(unsafe_code)]
//! Blocked depthwise convolution: a vector of channels at a time, `T` neighbouring positions in registers.

use super::run::Job;
use crate::conv::ConvShape;
use crate::epilogue::{Activation, activate_stored, is_quick};
use crate::grain::team_for;
use crate::tile::balanced;
use fastserve_parallel::Team;
use fastserve_simd::{Cpu, Isa, Kernel, LANES};
use std::ops::Range;

/// Computes the output rows `rows` of one block of channels of one image.
pub(super) type TaskFn = fn(Cpu, &Job<'_>, usize, Range<usize>);

/// Output positions that a task handles, about.
const TASK_VECTORS: usize = 1024;

/// Runs all tasks of a checked job.
pub(super) fn run(cpu: Cpu, task: TaskFn, job: &Job<'_>, team: Team) {
    let shape = job.shape;
    let team = team_for(team, || shape.output_len() / LANES * shape.window().taps());
    let units = shape.batch() * shape.out_channels().div_ceil(LANES);
    let rows = shape.output()[0];
    let cuts = if team.threads() == 1 { 1 } else { (shape.pixels() / TASK_VECTORS).clamp(1, rows.max(1)) };
    team.run(units * cuts, &|index, _| {
        task(cpu, job, index.0 / cuts, crate::tile::share(rows, cuts, index.0 % cuts));
    });
}

/// Computes one task, `T` positions at a time.
pub(super) fn task<I: Isa, const T: usize>(cpu: Cpu, job: &Job<'_>, unit: usize, rows: Range<usize>) {
    if let Some(isa) = I::of(cpu) {
        let shape = job.shape;
        let (blocks, space) = (shape.out_channels().div_ceil(LANES), shape.input()[0] * shape.input()[1]);
        let block = unit % blocks;
        let taps = shape.window().taps();
        isa.enter(Plane::<T> {
            job,
            x: &job.x[unit * space * LANES..(unit + 1) * space * LANES],
            weights: job.weights[block * taps * LANES..(block + 1) * taps * LANES].as_chunks().0,
            bias: job.bias.get(block * LANES..).unwrap_or(&[]),
            start: unit * shape.pixels() * LANES,
            rows,
        });
    }
}

struct Plane<'a, const T: usize> {
    job: &'a Job<'a>,
    x: &'a [f32],
    weights: &'a [[f32; LANES]],
    bias: &'a [f32],
    /// The plane's first element in the output.
    start: usize,
    rows: Range<usize>,
}

impl<const T: usize> Kernel for Plane<'_, T> {
    type Out = ();

    #[inline(always)]
    fn run<I: Isa>(self, isa: I) {
        let window = self.job.shape.window();
        match (window.kernel, window.dilation, window.stride[1]) {
            ([3, 3], [1, 1], 1) => isa.enter(Rows::<T, 3, 1>(self)),
            ([3, 3], [1, 1], 2) => isa.enter(Rows::<T, 3, 2>(self)),
            ([5, 5], [1, 1], 1) => isa.enter(Rows::<T, 5, 1>(self)),
            ([5, 5], [1, 1], 2) => isa.enter(Rows::<T, 5, 2>(self)),
            _ => isa.enter(Rows::<T, 0, 0>(self)),
        }
    }
}

/// The rows of a plane. `K` is the kernel's width and `S` its step, where they are known to the compiler; 0 elsewhere.
struct Rows<'a, const T: usize, const K: usize, const S: usize>(Plane<'a, T>);

impl<const T: usize, const K: usize, const S: usize> Kernel for Rows<'_, T, K, S> {
    type Out = ();

    #[inline(always)]
    fn run<I: Isa>(self, isa: I) {
        let (shape, rows) = (self.0.job.shape, self.0.rows.clone());
        let inner = interior(shape, 1);
        for y in rows.clone() {
            for tile in balanced(inner.len(), T) {
                self.along(isa, tile.len(), y, inner.start + tile.start);
            }
        }
        let whole = interior(shape, 0);
        let whole = whole.start.clamp(rows.start, rows.end)..whole.end.clamp(rows.start, rows.end);
        for x in (0..inner.start).chain(inner.end..shape.output()[1]) {
            self.down(isa, whole.clone(), x);
            for y in (rows.start..whole.start).chain(whole.end.max(whole.start)..rows.end) {
                self.tile::<I, 1, true>(isa, y, x);
            }
        }
    }
}

/// The output positions along an axis all of whose windows lie in the input.
fn interior(shape: &ConvShape, axis: usize) -> Range<usize> {
    let (window, size, outputs) = (shape.window(), shape.input()[axis], shape.output()[axis]);
    let (pad, stride) = (window.pads[axis], window.stride[axis]);
    let span = (window.kernel[axis] - 1) * window.dilation[axis];
    let first = pad.div_ceil(stride).min(outputs);
    let end = (pad + size).saturating_sub(span).div_ceil(stride).min(outputs);
    first..end.max(first)
}

impl<const T: usize, const K: usize, const S: usize> Rows<'_, T, K, S> {
    /// A tile of up to `T` neighbours along a row.
    #[inline(always)]
    fn along<I: Isa>(&self, isa: I, n: usize, y: usize, x: usize) {
        match n {
            8 if T >= 8 => self.tile::<I, 8, false>(isa, y, x),
            7 if T >= 7 => self.tile::<I, 7, false>(isa, y, x),
            6 if T >= 6 => self.tile::<I, 6, false>(isa, y, x),
            5 if T >= 5 => self.tile::<I, 5, false>(isa, y, x),
            4 if T >= 4 => self.tile::<I, 4, false>(isa, y, x),
            3 if T >= 3 => self.tile::<I, 3, false>(isa, y, x),
            2 => self.tile::<I, 2, false>(isa, y, x),
            _ => self.tile::<I, 1, false>(isa, y, x),
        }
    }

    /// Positions one below the other, whose windows pass an end of the rows.
    #[inline(always)]
    fn down<I: Isa>(&self, isa: I, ys: Range<usize>, x: usize) {
        let mut y = ys.start;
        while T >= 4 && y + 4 <= ys.end {
            self.tile::<I, 4, true>(isa, y, x);
            y += 4;
        }
        for y in y..ys.end {
            self.tile::<I, 1, true>(isa, y, x);
        }
    }

    /// `N` positions from row `y` and column `x` of the output on.
    #[inline(always)]
    fn tile<I: Isa, const N: usize, const DOWN: bool>(&self, isa: I, y: usize, x: usize) {
        let (shape, window) = (self.0.job.shape, self.0.job.shape.window());
        let kernel = if K == 0 { window.kernel } else { [K, K] };
        let [h, w] = shape.input();
        let mut acc = [isa.splat(0.0); N];
        for kh in 0..kernel[0] {
            let row = (y * window.stride[0] + kh * window.dilation[0]).checked_sub(window.pads[0]).filter(|&row| row < h);
            let weights = &self.0.weights[kh * kernel[1]..(kh + 1) * kernel[1]];
            match row {
                Some(row) if DOWN => self.edge(isa, row, weights, x, &mut acc),
                Some(row) => self.row(isa, &self.0.x[row * w * LANES..(row + 1) * w * LANES], weights, x, &mut acc),
                None => {
                    for w in weights {
                        let w = isa.load(w);
                        for acc in &mut acc {
                            *acc = isa.fma(isa.splat(0.0), w, *acc);
                        }
                    }
                }
            }
        }
        let step = if DOWN { shape.output()[1] } else { 1 };
        self.finish(isa, acc, y * shape.output()[1] + x, step);
    }

    /// One row of the windows, all inside the input's row.
    #[inline(always)]
    fn row<I: Isa, const N: usize>(&self, isa: I, row: &[f32], weights: &[[f32; LANES]], x: usize, acc: &mut [I::F32; N]) {
        let window = self.0.job.shape.window();
        let (kernel, stride) = if K == 0 { (window.kernel[1], window.stride[1]) } else { (K, S) };
        let dilation = if K == 0 { window.dilation[1] } else { 1 };
        let first = x * stride - window.pads[1];
        let used = (N - 1) * stride + (kernel - 1) * dilation + 1;
        let (row, _) = row[first * LANES..(first + used) * LANES].as_chunks::<LANES>();
        for kw in 0..kernel {
            let w = isa.load(&weights[kw]);
            for (n, acc) in acc.iter_mut().enumerate() {
                *acc = isa.fma(isa.load(&row[n * stride + kw * dilation]), w, *acc);
            }
        }
    }

    /// One row of each of `N` windows one below the other, which pass an end of the input's rows. `row` is that of the first.
    #[inline(always)]
    fn edge<I: Isa, const N: usize>(&self, isa: I, row: usize, weights: &[[f32; LANES]], x: usize, acc: &mut [I::F32; N]) {
        let (window, width) = (self.0.job.shape.window(), self.0.job.shape.input()[1]);
        let (plane, _) = self.0.x.as_chunks::<LANES>();
        for (kw, w) in weights.iter().enumerate() {
            let column = (x * window.stride[1] + kw * window.dilation[1]).checked_sub(window.pads[1]).filter(|&at| at < width);
            let w = isa.load(w);
            for (n, acc) in acc.iter_mut().enumerate() {
                let value = match column {
                    Some(column) => isa.load(&plane[(row + n * window.stride[0]) * width + column]),
                    None => isa.splat(0.0),
                };
                *acc = isa.fma(value, w, *acc);
            }
        }
    }

    /// Stores the sums of positions `step` apart, the first at `at`, with what follows.
    #[inline(always)]
    fn finish<I: Isa, const N: usize>(&self, isa: I, mut acc: [I::F32; N], at: usize, step: usize) {
        let job = self.0.job;
        let bias = if self.0.bias.is_empty() { None } else { Some(isa.load_partial(self.0.bias, 0.0)) };
        for (n, x) in acc.iter_mut().enumerate() {
            if let Some(bias) = bias {
                *x = isa.add(*x, bias);
            }
            if !job.residual.is_empty() {
                *x = isa.add(*x, isa.load(&job.residual[self.0.start + (at + n * step) * LANES..]));
            }
        }
        match job.epilogue.activation {
            Activation::Relu => {
                for x in &mut acc {
                    *x = isa.relu(*x);
                }
            }
            Activation::Clip { min, max } => {
                let (min, max) = (isa.splat(min), isa.splat(max));
                for x in &mut acc {
                    *x = isa.clamp(*x, min, max);
                }
            }
            _ => {}
        }
        for (n, x) in acc.into_iter().enumerate() {
            let start = self.0.start + (at + n * step) * LANES;
            // SAFETY: the tasks of one call do not overlap, and a task writes position after position.
            let out = unsafe { job.out.part(start..start + LANES) };
            isa.store(x, out);
            if !is_quick(job.epilogue.activation) {
                activate_stored(isa, job.epilogue.activation, out);
            }
        }
    }
}
