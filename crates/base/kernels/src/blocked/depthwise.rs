#![allow(unsafe_code)]
//! Blocked depthwise convolution: a vector of channels at a time, `T` neighbouring positions in registers.

use super::run::Job;
use super::tile::{apart, is_quick};
use crate::conv::ConvShape;
use crate::epilogue::Activation;
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
        let shape = self.0.job.shape;
        let inner = interior(shape);
        for y in self.0.rows.clone() {
            for x in 0..inner.start {
                self.tile::<I, 1>(isa, y, x, false);
            }
            for tile in balanced(inner.len(), T) {
                if tile.len() == T {
                    self.tile::<I, T>(isa, y, inner.start + tile.start, true);
                } else {
                    self.rest(isa, y, inner.start + tile.start..inner.start + tile.end);
                }
            }
            for x in inner.end..shape.output()[1] {
                self.tile::<I, 1>(isa, y, x, false);
            }
        }
    }
}

/// The output columns all of whose windows lie inside the rows.
fn interior(shape: &ConvShape) -> Range<usize> {
    let (window, [_, w]) = (shape.window(), shape.input());
    let (pad, stride) = (window.pads[1], window.stride[1]);
    let span = (window.kernel[1] - 1) * window.dilation[1];
    let first = pad.div_ceil(stride).min(shape.output()[1]);
    let end = (pad + w).saturating_sub(span).div_ceil(stride).min(shape.output()[1]);
    first..end.max(first)
}

impl<const T: usize, const K: usize, const S: usize> Rows<'_, T, K, S> {
    /// Fewer positions than a tile.
    #[inline(always)]
    fn rest<I: Isa>(&self, isa: I, y: usize, xs: Range<usize>) {
        let mut x = xs.start;
        while x + 4 <= xs.end && T >= 4 {
            self.tile::<I, 4>(isa, y, x, true);
            x += 4;
        }
        while x + 2 <= xs.end {
            self.tile::<I, 2>(isa, y, x, true);
            x += 2;
        }
        if x < xs.end {
            self.tile::<I, 1>(isa, y, x, true);
        }
    }

    /// `N` positions of output row `y` from `x` on; `inside` where no window passes an end of the row.
    #[inline(always)]
    fn tile<I: Isa, const N: usize>(&self, isa: I, y: usize, x: usize, inside: bool) {
        let (shape, window) = (self.0.job.shape, self.0.job.shape.window());
        let kernel = if K == 0 { window.kernel } else { [K, K] };
        let [h, w] = shape.input();
        let mut acc = [isa.splat(0.0); N];
        for kh in 0..kernel[0] {
            let row = (y * window.stride[0] + kh * window.dilation[0]).checked_sub(window.pads[0]).filter(|&row| row < h);
            let weights = &self.0.weights[kh * kernel[1]..(kh + 1) * kernel[1]];
            match row {
                Some(row) if inside => self.row(isa, &self.0.x[row * w * LANES..(row + 1) * w * LANES], weights, x, &mut acc),
                Some(row) => self.edge(isa, &self.0.x[row * w * LANES..(row + 1) * w * LANES], weights, x, &mut acc),
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
        self.finish(isa, acc, y * shape.output()[1] + x);
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

    /// One row of windows that may pass the ends of the input's row.
    #[inline(always)]
    fn edge<I: Isa, const N: usize>(&self, isa: I, row: &[f32], weights: &[[f32; LANES]], x: usize, acc: &mut [I::F32; N]) {
        let window = self.0.job.shape.window();
        let (row, _) = row.as_chunks::<LANES>();
        for (kw, w) in weights.iter().enumerate() {
            for (n, acc) in acc.iter_mut().enumerate() {
                let at = ((x + n) * window.stride[1] + kw * window.dilation[1]).checked_sub(window.pads[1]);
                let value = at.and_then(|at| row.get(at)).map_or(isa.splat(0.0), |v| isa.load(v));
                *acc = isa.fma(value, isa.load(w), *acc);
            }
        }
    }

    #[inline(always)]
    fn finish<I: Isa, const N: usize>(&self, isa: I, mut acc: [I::F32; N], at: usize) {
        let job = self.0.job;
        let start = self.0.start + at * LANES;
        if !self.0.bias.is_empty() {
            let bias = isa.load_partial(self.0.bias, 0.0);
            for x in &mut acc {
                *x = isa.add(*x, bias);
            }
        }
        if !job.residual.is_empty() {
            let (residual, _) = job.residual[start..start + N * LANES].as_chunks::<LANES>();
            for (x, r) in acc.iter_mut().zip(residual) {
                *x = isa.add(*x, isa.load(r));
            }
        }
        // SAFETY: the tasks of one call do not overlap, and a task writes position after position.
        let out = unsafe { job.out.part(start..start + N * LANES) };
        let (out, _) = out.as_chunks_mut::<LANES>();
        match job.epilogue.activation {
            Activation::Relu => {
                for x in &mut acc {
                    *x = isa.relu(*x);
                }
            }
            Activation::Clip { min, max } => {
                let (min, max) = (isa.splat(min), isa.splat(max));
                for x in &mut acc {
                    *x = isa.min(isa.max(*x, min), max);
                }
            }
            _ => {}
        }
        for (out, x) in out.iter_mut().zip(acc) {
            isa.store(x, out);
        }
        if !is_quick(job.epilogue.activation) {
            apart(isa, job.epilogue.activation, out);
        }
    }
}
