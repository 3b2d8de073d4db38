#![allow(unsafe_code)]
//! Pooling of blocked values: a vector of channels at a time.

use crate::disjoint::Disjoint;
use crate::error::{KernelError, check_len, product};
use crate::grain::team_for;
use crate::pool::PoolShape;
use fastserve_parallel::Team;
use fastserve_simd::{Cpu, Isa, Kernel, LANES};
use std::ops::Range;

/// The greatest element of each window, as [`crate::pool::max_pool_f32`] defines it; a plane of `shape` is a block of 16
/// channels of an image.
///
/// # Errors
/// Where a slice is too short or a size overflows.
pub fn max_pool_c16_f32(cpu: Cpu, shape: &PoolShape, x: &[f32], y: &mut [f32], team: Team) -> Result<(), KernelError> {
    pool(cpu, shape, Method::Max, x, y, team)
}

/// The mean of each window, as [`crate::pool::average_pool_f32`] defines it; a plane of `shape` is a block of 16 channels
/// of an image.
///
/// # Errors
/// Where a slice is too short or a size overflows.
pub fn average_pool_c16_f32(
    cpu: Cpu,
    shape: &PoolShape,
    count_include_pad: bool,
    x: &[f32],
    y: &mut [f32],
    team: Team,
) -> Result<(), KernelError> {
    pool(cpu, shape, Method::Average { include_pad: count_include_pad }, x, y, team)
}

#[derive(Copy, Clone)]
enum Method {
    Max,
    Average { include_pad: bool },
}

/// Vectors that a task handles, about; one takes about a cycle.
const TASK_VECTORS: usize = 16 * 1024;
/// Windows that are taken at once: one waits for itself at each step.
const TOGETHER: usize = 4;

fn pool(cpu: Cpu, shape: &PoolShape, method: Method, x: &[f32], y: &mut [f32], team: Team) -> Result<(), KernelError> {
    let (inside, outside) = (shape.input()[0] * shape.input()[1], shape.output()[0] * shape.output()[1]);
    check_len("pool x", product("pool x", &[shape.planes(), inside, LANES])?, x.len())?;
    check_len("pool y", product("pool y", &[shape.planes(), outside, LANES])?, y.len())?;
    let work = (outside * shape.window().taps()).max(inside).max(1);
    let each = TASK_VECTORS.div_ceil(work).next_multiple_of(TOGETHER);
    let out = Disjoint::new(y);
    let team = team_for(team, || work.saturating_mul(shape.planes()));
    team.run(shape.planes().div_ceil(each), &|task, _| {
        let planes = task.0 * each..shape.planes().min((task.0 + 1) * each);
        // SAFETY: the tasks' planes do not overlap.
        let y = unsafe { out.part(planes.start * outside * LANES..planes.end * outside * LANES) };
        let x = &x[planes.start * inside * LANES..planes.end * inside * LANES];
        cpu.run(Planes { shape, method, x: x.as_chunks().0, y: y.as_chunks_mut().0 });
    });
    Ok(())
}

struct Planes<'a> {
    shape: &'a PoolShape,
    method: Method,
    x: &'a [[f32; LANES]],
    y: &'a mut [[f32; LANES]],
}

impl Kernel for Planes<'_> {
    type Out = ();

    #[inline(always)]
    fn run<I: Isa>(self, isa: I) {
        let shape = self.shape;
        let (inside, outside) = (shape.input()[0] * shape.input()[1], shape.output()[0] * shape.output()[1]);
        if outside == 0 {
            return;
        }
        if outside == 1 && inside > 0 {
            return self.only_windows(isa, inside);
        }
        for (i, y) in self.y.chunks_exact_mut(outside).enumerate() {
            let x = &self.x[i * inside..(i + 1) * inside];
            for (oy, y) in y.chunks_exact_mut(shape.output()[1]).enumerate() {
                row(isa, shape, self.method, oy, x, y);
            }
        }
    }
}

/// One row of outputs: several at once where their windows lie inside the input's rows.
#[inline(always)]
fn row<I: Isa>(isa: I, shape: &PoolShape, method: Method, oy: usize, x: &[[f32; LANES]], y: &mut [[f32; LANES]]) {
    let (width, inner) = (y.len(), shape.interior(1));
    let step = shape.window().stride[1];
    let mut ox = 0;
    while ox < width {
        let window = Window::of(shape, oy * width + ox);
        if inner.contains(&ox) && ox + TOGETHER <= inner.end {
            let reach = (TOGETHER - 1) * step;
            let last = x.len().saturating_sub(reach);
            let windows: [&[[f32; LANES]]; TOGETHER] = std::array::from_fn(|n| &x[n * step..n * step + last]);
            let acc = window.take(isa, method, windows);
            for (y, acc) in y[ox..ox + TOGETHER].iter_mut().zip(acc) {
                isa.store(window.end(isa, shape, method, acc), y);
            }
            ox += TOGETHER;
        } else {
            let [acc] = window.take(isa, method, [x]);
            isa.store(window.end(isa, shape, method, acc), &mut y[ox]);
            ox += 1;
        }
    }
}

impl Planes<'_> {
    /// Planes with one window each, several at once.
    #[inline(always)]
    fn only_windows<I: Isa>(self, isa: I, inside: usize) {
        let window = Window::of(self.shape, 0);
        let (groups, rest) = self.y.as_chunks_mut::<TOGETHER>();
        let done = groups.len() * TOGETHER;
        for (group, y) in groups.iter_mut().enumerate() {
            let first = group * TOGETHER;
            let planes: [&[[f32; LANES]]; TOGETHER] = std::array::from_fn(|p| &self.x[(first + p) * inside..(first + p + 1) * inside]);
            let acc = window.take(isa, self.method, planes);
            for (y, acc) in y.iter_mut().zip(acc) {
                isa.store(window.end(isa, self.shape, self.method, acc), y);
            }
        }
        for (i, y) in rest.iter_mut().enumerate() {
            let [acc] = window.take(isa, self.method, [&self.x[(done + i) * inside..(done + i + 1) * inside]]);
            isa.store(window.end(isa, self.shape, self.method, acc), y);
        }
    }
}

/// The part of a window that lies in the input.
struct Window {
    at: [usize; 2],
    /// Rows and columns of the input, and the steps between them.
    rows: Range<usize>,
    columns: Range<usize>,
    step: [usize; 2],
    width: usize,
}

impl Window {
    #[inline(always)]
    fn of(shape: &PoolShape, at: usize) -> Window {
        let [oy, ox] = [at / shape.output()[1], at % shape.output()[1]];
        let step = shape.window().dilation;
        let along = |axis: usize, at: usize| {
            let taps = shape.inside(axis, at);
            let first = (at * shape.window().stride[axis] + taps.start * step[axis]).saturating_sub(shape.window().pads[axis]);
            first..first + taps.len() * step[axis]
        };
        Window { at: [oy, ox], rows: along(0, oy), columns: along(1, ox), step, width: shape.input()[1] }
    }

    /// The greatest, or the sum, of the window's elements of each plane, in row order.
    #[inline(always)]
    fn take<I: Isa, const N: usize>(&self, isa: I, method: Method, planes: [&[[f32; LANES]]; N]) -> [I::F32; N] {
        let max = matches!(method, Method::Max);
        let mut acc = [isa.splat(if max { f32::NEG_INFINITY } else { 0.0 }); N];
        for row in self.rows.clone().step_by(self.step[0]) {
            for column in self.columns.clone().step_by(self.step[1]) {
                for n in 0..N {
                    let x = isa.load(&planes[n][row * self.width + column]);
                    acc[n] = if max { isa.max(x, acc[n]) } else { isa.add(acc[n], x) };
                }
            }
        }
        acc
    }

    /// What comes of the sum.
    #[inline(always)]
    fn end<I: Isa>(&self, isa: I, shape: &PoolShape, method: Method, acc: I::F32) -> I::F32 {
        match method {
            Method::Max => acc,
            Method::Average { include_pad } => {
                let count = |axis: usize| {
                    if include_pad { shape.padded(axis, self.at[axis]).len() } else { shape.inside(axis, self.at[axis]).len() }
                };
                isa.div(acc, isa.splat((count(0) * count(1)).max(1) as f32))
            }
        }
    }
}
