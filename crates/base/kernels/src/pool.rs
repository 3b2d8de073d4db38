#![allow(unsafe_code)]
//! Maximum and average over sliding windows of `[planes][h][w]` inputs.

use crate::disjoint::Disjoint;
use crate::error::{KernelError, check_len, product, require};
use crate::window::Window;
use fastserve_parallel::Team;
use fastserve_simd::{Cpu, Isa, Kernel};
use std::ops::Range;

/// The sizes of a 2-D pooling, checked against each other. A 1-D pooling is one of height 1.
#[derive(Copy, Clone, Debug, PartialEq, Eq, Hash)]
pub struct PoolShape {
    planes: usize,
    input: [usize; 2],
    output: [usize; 2],
    window: Window,
}

impl PoolShape {
    /// For `planes` (batch times channels) planes. `output` is the caller's, since ONNX rounds it down or up; windows may
    /// hang over the padded input.
    ///
    /// # Errors
    /// Where a kernel size, stride or dilation is zero, or a size overflows.
    pub fn new(planes: usize, input: [usize; 2], output: [usize; 2], window: Window) -> Result<PoolShape, KernelError> {
        let positive = [window.kernel, window.stride, window.dilation].iter().flatten().all(|&size| size > 0);
        require(positive, "pool window", "kernel, stride and dilation must be positive")?;
        product("pool input", &[planes, input[0], input[1]])?;
        product("pool output", &[planes, output[0], output[1]])?;
        product("pool window", &window.kernel)?;
        for axis in 0..2 {
            let reach = reach(&window, output, axis).zip(window.padded(input, axis));
            let reach = reach.and_then(|(reach, padded)| reach.checked_add(padded));
            reach.filter(|&n| n <= isize::MAX as usize).ok_or(KernelError::Overflow { place: "pool window" })?;
        }
        Ok(PoolShape { planes, input, output, window })
    }

    /// Elements of the input.
    pub const fn input_len(&self) -> usize {
        self.planes * self.input[0] * self.input[1]
    }

    /// Elements of the output.
    pub const fn output_len(&self) -> usize {
        self.planes * self.output[0] * self.output[1]
    }

    /// The outputs along `axis` whose element `tap` of the window lies in `0..size`, shifted by `pad` at the start.
    fn covered(&self, axis: usize, tap: usize, pad: usize, size: usize) -> Range<usize> {
        let (stride, offset) = (self.window.stride[axis], tap * self.window.dilation[axis]);
        let first = pad.saturating_sub(offset).div_ceil(stride);
        let end = (size + pad).saturating_sub(offset).div_ceil(stride).min(self.output[axis]);
        first.min(end)..end
    }

    /// Elements of the window at output `at` along `axis` that count: those in the input, or in the padded input.
    fn count(&self, axis: usize, at: usize, include_pad: bool) -> usize {
        let (pad, end) = (self.window.pads[axis], self.window.pads[axis + 2]);
        let size = self.input[axis];
        let taps = 0..self.window.kernel[axis];
        taps.filter(|&tap| {
            let (pad, size) = if include_pad { (0, pad + size + end) } else { (pad, size) };
            self.covered(axis, tap, pad, size).contains(&at)
        })
        .count()
    }
}

/// The furthest element of any window, counted from the start of the padding.
fn reach(window: &Window, output: [usize; 2], axis: usize) -> Option<usize> {
    let last = output[axis].checked_mul(window.stride[axis])?;
    window.kernel[axis].checked_mul(window.dilation[axis])?.checked_add(last)
}

/// How a window's elements become one.
#[derive(Copy, Clone, PartialEq)]
enum Method {
    Max,
    Average { include_pad: bool },
}

/// The greatest element of each window; padding does not take part. A NaN in a window gives NaN. A window without
/// elements gives `-inf`.
pub fn max_pool_f32(cpu: Cpu, shape: &PoolShape, x: &[f32], y: &mut [f32], team: Team) -> Result<(), KernelError> {
    pool(cpu, shape, Method::Max, x, y, team)
}

/// The mean of each window: its sum, element by element in row order, divided by the number of its elements. Padding
/// counts as zeros where `count_include_pad`; what hangs over the padded input never counts. A window without elements
/// gives 0.
pub fn average_pool_f32(
    cpu: Cpu,
    shape: &PoolShape,
    count_include_pad: bool,
    x: &[f32],
    y: &mut [f32],
    team: Team,
) -> Result<(), KernelError> {
    pool(cpu, shape, Method::Average { include_pad: count_include_pad }, x, y, team)
}

/// Elements that a task handles, about.
const TASK_ELEMENTS: usize = 16 * 1024;

fn pool(cpu: Cpu, shape: &PoolShape, method: Method, x: &[f32], y: &mut [f32], team: Team) -> Result<(), KernelError> {
    check_len("pool x", shape.input_len(), x.len())?;
    check_len("pool y", shape.output_len(), y.len())?;
    let (inside, outside) = (shape.input[0] * shape.input[1], shape.output[0] * shape.output[1]);
    let work = (outside * shape.window.taps()).max(inside).max(1);
    let per_task = TASK_ELEMENTS.div_ceil(work);
    let out = Disjoint::new(y);
    team.run(shape.planes.div_ceil(per_task), &|task, _| {
        let planes = task.0 * per_task..shape.planes.min((task.0 + 1) * per_task);
        // SAFETY: the tasks' planes do not overlap.
        let y = unsafe { out.part(planes.start * outside..planes.end * outside) };
        let x = &x[planes.start * inside..planes.end * inside];
        cpu.run(Planes { shape, method, x, y });
    });
    Ok(())
}

struct Planes<'a> {
    shape: &'a PoolShape,
    method: Method,
    x: &'a [f32],
    y: &'a mut [f32],
}

impl Kernel for Planes<'_> {
    type Out = ();

    #[inline(always)]
    fn run<I: Isa>(self, _: I) {
        let shape = self.shape;
        let (inside, outside) = (shape.input[0] * shape.input[1], shape.output[0] * shape.output[1]);
        if outside == 0 {
            return;
        }
        for (i, y) in self.y.chunks_exact_mut(outside).enumerate() {
            let x = &self.x[i * inside..][..inside];
            match shape.window.stride[1] {
                1 => plane::<1>(shape, self.method, x, y),
                2 => plane::<2>(shape, self.method, x, y),
                _ => plane::<0>(shape, self.method, x, y),
            }
        }
    }
}

/// One plane, output row by output row; `STRIDE` is the horizontal stride, or 0 for any.
#[inline(always)]
fn plane<const STRIDE: usize>(shape: &PoolShape, method: Method, x: &[f32], y: &mut [f32]) {
    for (oy, row) in y.chunks_exact_mut(shape.output[1]).enumerate() {
        row.fill(if method == Method::Max { f32::NEG_INFINITY } else { 0.0 });
        for ky in 0..shape.window.kernel[0] {
            let pad = shape.window.pads[0];
            if shape.covered(0, ky, pad, shape.input[0]).contains(&oy) {
                let iy = oy * shape.window.stride[0] + ky * shape.window.dilation[0] - pad;
                let x = &x[iy * shape.input[1]..][..shape.input[1]];
                input_row::<STRIDE>(shape, method, x, row);
            }
        }
        if let Method::Average { include_pad } = method {
            divide(shape, oy, include_pad, row);
        }
    }
}

/// Takes one input row into one output row, for all kernel columns.
#[inline(always)]
fn input_row<const STRIDE: usize>(shape: &PoolShape, method: Method, x: &[f32], row: &mut [f32]) {
    let (pad, stride) = (shape.window.pads[1], if STRIDE == 0 { shape.window.stride[1] } else { STRIDE });
    for kx in 0..shape.window.kernel[1] {
        let covered = shape.covered(1, kx, pad, shape.input[1]);
        if covered.is_empty() {
            continue;
        }
        let first = covered.start * stride + kx * shape.window.dilation[1] - pad;
        let out = &mut row[covered];
        let x = &x[first..][..(out.len() - 1) * stride + 1];
        match method {
            Method::Max => take_max(out, x, stride),
            Method::Average { .. } => take_sum(out, x, stride),
        }
    }
}

#[inline(always)]
fn take_max(out: &mut [f32], x: &[f32], stride: usize) {
    for (j, best) in out.iter_mut().enumerate() {
        let value = x[j * stride];
        *best = if value > *best || value.is_nan() { value } else { *best };
    }
}

#[inline(always)]
fn take_sum(out: &mut [f32], x: &[f32], stride: usize) {
    for (j, sum) in out.iter_mut().enumerate() {
        *sum += x[j * stride];
    }
}

#[inline(always)]
fn divide(shape: &PoolShape, oy: usize, include_pad: bool, row: &mut [f32]) {
    let rows = shape.count(0, oy, include_pad);
    for (ox, sum) in row.iter_mut().enumerate() {
        *sum /= (rows * shape.count(1, ox, include_pad)).max(1) as f32;
    }
}
