#![allow(unsafe_code)]
//! Maximum and average over sliding windows of `[planes][h][w]` inputs.

use crate::disjoint::Disjoint;
use crate::error::{KernelError, check_len, product, require};
use crate::grain::team_for;
use crate::window::Window;
use fastserve_parallel::Team;
use fastserve_simd::{Cpu, Isa, Kernel, LANES};
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

    /// Planes.
    pub(crate) const fn planes(&self) -> usize {
        self.planes
    }

    /// Height and width of a plane of the input.
    pub(crate) const fn input(&self) -> [usize; 2] {
        self.input
    }

    /// Height and width of a plane of the output.
    pub(crate) const fn output(&self) -> [usize; 2] {
        self.output
    }

    /// The window.
    pub(crate) const fn window(&self) -> &Window {
        &self.window
    }

    /// Elements of the input.
    pub const fn input_len(&self) -> usize {
        self.planes * self.input[0] * self.input[1]
    }

    /// Elements of the output.
    pub const fn output_len(&self) -> usize {
        self.planes * self.output[0] * self.output[1]
    }

    /// Elements of the window at output `at` along `axis` that lie in `bounds`, counted from the start of the padding.
    fn taps(&self, axis: usize, at: usize, bounds: Range<usize>) -> Range<usize> {
        let (first, step) = (at * self.window.stride[axis], self.window.dilation[axis]);
        let start = bounds.start.saturating_sub(first).div_ceil(step);
        let end = bounds.end.saturating_sub(first).div_ceil(step).min(self.window.kernel[axis]);
        start.min(end)..end
    }

    /// Those in the input.
    pub(crate) fn inside(&self, axis: usize, at: usize) -> Range<usize> {
        let pad = self.window.pads[axis];
        self.taps(axis, at, pad..pad + self.input[axis])
    }

    /// Those in the padded input.
    pub(crate) fn padded(&self, axis: usize, at: usize) -> Range<usize> {
        let pads = self.window.pads[axis] + self.window.pads[axis + 2];
        self.taps(axis, at, 0..pads + self.input[axis])
    }

    /// The outputs along `axis` all of whose elements lie in the input.
    pub(crate) fn interior(&self, axis: usize) -> Range<usize> {
        let (pad, stride) = (self.window.pads[axis], self.window.stride[axis]);
        let span = (self.window.kernel[axis] - 1) * self.window.dilation[axis];
        let first = pad.div_ceil(stride).min(self.output[axis]);
        let end = (pad + self.input[axis]).saturating_sub(span).div_ceil(stride).min(self.output[axis]);
        first..end.max(first)
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

/// Elements that a task handles, about; one takes about a cycle.
const TASK_ELEMENTS: usize = 16 * 1024;

fn pool(cpu: Cpu, shape: &PoolShape, method: Method, x: &[f32], y: &mut [f32], team: Team) -> Result<(), KernelError> {
    check_len("pool x", shape.input_len(), x.len())?;
    check_len("pool y", shape.output_len(), y.len())?;
    let (inside, outside) = (shape.input[0] * shape.input[1], shape.output[0] * shape.output[1]);
    let work = (outside * shape.window.taps()).max(inside).max(1);
    let per_task = TASK_ELEMENTS.div_ceil(work);
    let out = Disjoint::new(y);
    let team = team_for(team, || work.saturating_mul(shape.planes));
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
    fn run<I: Isa>(self, isa: I) {
        let planes = Rows { shape: self.shape, interior: [self.shape.interior(0), self.shape.interior(1)] };
        match self.method {
            Method::Max => planes.all(isa, Max, self.x, self.y),
            Method::Average { include_pad } => planes.all(isa, Average { include_pad }, self.x, self.y),
        }
    }
}

/// How elements are taken into a result, one by one and by lanes alike.
trait Take: Copy {
    const START: f32;
    /// Whether the result is divided: by the kernel's size, where the window lies in the input.
    const DIVIDES: bool;
    fn one(self, acc: f32, x: f32) -> f32;
    /// `START` and one element.
    fn first<I: Isa>(self, isa: I, x: I::F32) -> I::F32;
    fn lanes<I: Isa>(self, isa: I, acc: I::F32, x: I::F32) -> I::F32;
    /// By what the result at `(oy, ox)` is divided, if at all.
    fn divisor(self, shape: &PoolShape, oy: usize, ox: usize) -> Option<f32>;
}

#[derive(Copy, Clone)]
struct Max;

impl Take for Max {
    const START: f32 = f32::NEG_INFINITY;
    const DIVIDES: bool = false;

    #[inline(always)]
    fn one(self, acc: f32, x: f32) -> f32 {
        if x > acc || x.is_nan() { x } else { acc }
    }

    #[inline(always)]
    fn first<I: Isa>(self, _: I, x: I::F32) -> I::F32 {
        x
    }

    #[inline(always)]
    fn lanes<I: Isa>(self, isa: I, acc: I::F32, x: I::F32) -> I::F32 {
        isa.max(x, acc)
    }

    #[inline(always)]
    fn divisor(self, _: &PoolShape, _: usize, _: usize) -> Option<f32> {
        None
    }
}

#[derive(Copy, Clone)]
struct Average {
    include_pad: bool,
}

impl Take for Average {
    const START: f32 = 0.0;
    const DIVIDES: bool = true;

    #[inline(always)]
    fn one(self, acc: f32, x: f32) -> f32 {
        acc + x
    }

    #[inline(always)]
    fn first<I: Isa>(self, isa: I, x: I::F32) -> I::F32 {
        isa.add(isa.splat(0.0), x)
    }

    #[inline(always)]
    fn lanes<I: Isa>(self, isa: I, acc: I::F32, x: I::F32) -> I::F32 {
        isa.add(acc, x)
    }

    fn divisor(self, shape: &PoolShape, oy: usize, ox: usize) -> Option<f32> {
        let count = |axis: usize, at: usize| {
            if self.include_pad { shape.padded(axis, at).len() } else { shape.inside(axis, at).len() }
        };
        Some((count(0, oy) * count(1, ox)).max(1) as f32)
    }
}

struct Rows<'a> {
    shape: &'a PoolShape,
    /// Output rows and columns whose windows lie in the input.
    interior: [Range<usize>; 2],
}

impl Rows<'_> {
    #[inline(always)]
    fn all<I: Isa, T: Take>(&self, isa: I, take: T, x: &[f32], y: &mut [f32]) {
        let [[ih, iw], [oh, ow]] = [self.shape.input, self.shape.output];
        if oh * ow == 0 {
            return;
        }
        let halved = self.is_halved();
        for i in 0..y.len() / (oh * ow) {
            for oy in 0..oh {
                let (x, y) = (&x[i * ih * iw..], &mut y[(i * oh + oy) * ow..]);
                if !(halved && halve(isa, take, [iw, ow], &x[2 * oy * iw..], y)) {
                    self.row(isa, take, oy, x, y);
                }
            }
        }
    }

    /// The commonest pooling: windows of 2 x 2 side by side, all of them in the input.
    fn is_halved(&self) -> bool {
        let Window { kernel, stride, dilation, .. } = self.shape.window;
        let inside = self.shape.output.map(|size| 0..size) == self.interior;
        inside && [kernel, stride, dilation] == [[2; 2], [2; 2], [1; 2]]
    }

    /// One output row at the start of `y`: its interior by lanes, the rest one by one. Vectors read on and write on
    /// beyond the row; what they wrote there, later rows overwrite.
    #[inline(always)]
    fn row<I: Isa, T: Take>(&self, isa: I, take: T, oy: usize, x: &[f32], y: &mut [f32]) {
        let columns = match self.shape.window.stride[1] {
            1 | 2 => self.interior[1].clone(),
            _ => 0..0,
        };
        if !columns.is_empty() {
            let rows = self.rows(oy);
            let divisor = self.divisor(take, oy, &rows);
            for ox in columns.clone().step_by(LANES) {
                let mut acc = self.lanes(isa, take, &rows, ox, x);
                if let Some(divisor) = divisor {
                    acc = isa.div(acc, isa.splat(divisor));
                }
                store(isa, acc, &mut y[ox..]);
            }
        }
        for ox in (0..columns.start).chain(columns.end..self.shape.output[1]) {
            y[ox] = self.one(take, oy, ox, x);
        }
    }

    /// For the interior of an output row.
    #[inline(always)]
    fn divisor<T: Take>(&self, take: T, oy: usize, rows: &InputRows) -> Option<f32> {
        match rows.count == self.shape.window.kernel[0] {
            true => T::DIVIDES.then(|| self.shape.window.taps() as f32),
            false => take.divisor(self.shape, oy, self.interior[1].start),
        }
    }

    /// The input rows under the windows of an output row.
    #[inline(always)]
    fn rows(&self, oy: usize) -> InputRows {
        let window = &self.shape.window;
        let taps = if self.interior[0].contains(&oy) { 0..window.kernel[0] } else { self.shape.inside(0, oy) };
        let first = oy * window.stride[0] + taps.start * window.dilation[0];
        InputRows { count: taps.len(), start: first.saturating_sub(window.pads[0]) * self.shape.input[1] }
    }

    /// Sixteen outputs from column `ox` on; lanes that are not in the interior have any value.
    #[inline(always)]
    fn lanes<I: Isa, T: Take>(&self, isa: I, take: T, rows: &InputRows, ox: usize, x: &[f32]) -> I::F32 {
        let (window, width) = (&self.shape.window, self.shape.input[1]);
        let first = rows.start + ox * window.stride[1] - window.pads[1];
        let mut acc = None;
        for ky in 0..rows.count {
            let x = &x[first + ky * window.dilation[0] * width..];
            match (window.stride[1], window.dilation[1]) {
                (1, step) => {
                    for kx in 0..window.kernel[1] {
                        acc = Some(taken(isa, take, acc, load(isa, &x[kx * step..])));
                    }
                }
                (_, 1) => acc = Some(pairs(isa, take, acc, window.kernel[1], x)),
                (_, step) => {
                    for kx in 0..window.kernel[1] {
                        acc = Some(pairs(isa, take, acc, 1, &x[kx * step..]));
                    }
                }
            }
        }
        let acc = acc.unwrap_or(isa.splat(T::START));
        if window.stride[1] == 1 { acc } else { isa.unzipped(acc) }
    }

    fn one<T: Take>(&self, take: T, oy: usize, ox: usize, plane: &[f32]) -> f32 {
        let (window, width) = (&self.shape.window, self.shape.input[1]);
        let mut acc = T::START;
        for ky in self.shape.inside(0, oy) {
            for kx in self.shape.inside(1, ox) {
                let iy = oy * window.stride[0] + ky * window.dilation[0] - window.pads[0];
                let ix = ox * window.stride[1] + kx * window.dilation[1] - window.pads[1];
                acc = take.one(acc, plane[iy * width + ix]);
            }
        }
        take.divisor(self.shape, oy, ox).map_or(acc, |divisor| acc / divisor)
    }
}

/// One output row of windows of 2 x 2 side by side, from two rows of the input. False, and nothing is done, where
/// vectors would pass the end of `x` or `y`.
#[inline(always)]
fn halve<I: Isa, T: Take>(isa: I, take: T, [width, outputs]: [usize; 2], x: &[f32], y: &mut [f32]) -> bool {
    let lanes = outputs.next_multiple_of(LANES);
    if x.len() < width + 2 * lanes || y.len() < lanes {
        return false;
    }
    let (top, bottom) = (&x[..2 * lanes], &x[width..width + 2 * lanes]);
    let rows = top.as_chunks::<{ 2 * LANES }>().0.iter().zip(bottom.as_chunks::<{ 2 * LANES }>().0);
    for ((top, bottom), y) in rows.zip(y.as_chunks_mut::<LANES>().0) {
        let (a, b) = isa.unzip(isa.load(top), isa.load(&top[LANES..]));
        let (c, d) = isa.unzip(isa.load(bottom), isa.load(&bottom[LANES..]));
        let first = take.lanes(isa, take.first(isa, a), b);
        let all = isa.unzipped(take.lanes(isa, take.lanes(isa, first, c), d));
        isa.store(if T::DIVIDES { isa.div(all, isa.splat(4.0)) } else { all }, y);
    }
    true
}

/// Input rows at equal distances.
struct InputRows {
    count: usize,
    /// Where the first one begins.
    start: usize,
}

#[inline(always)]
fn taken<I: Isa, T: Take>(isa: I, take: T, acc: Option<I::F32>, x: I::F32) -> I::F32 {
    match acc {
        None => take.first(isa, x),
        Some(acc) => take.lanes(isa, acc, x),
    }
}

/// Takes `taps` neighbours for each of sixteen windows two apart, the first of which begins `x`. The lanes are in the
/// order of [`Isa::unzip`].
#[inline(always)]
fn pairs<I: Isa, T: Take>(isa: I, take: T, mut acc: Option<I::F32>, taps: usize, x: &[f32]) -> I::F32 {
    let mut kx = 0;
    loop {
        let (a, b) = (load(isa, &x[kx..]), load(isa, x.get(kx + LANES..).unwrap_or(&[])));
        let (evens, odds) = isa.unzip(a, b);
        let mut sum = taken(isa, take, acc, evens);
        if kx + 1 < taps {
            sum = take.lanes(isa, sum, odds);
        }
        kx += 2;
        if kx >= taps {
            return sum;
        }
        acc = Some(sum);
    }
}

#[inline(always)]
fn load<I: Isa>(isa: I, x: &[f32]) -> I::F32 {
    if x.len() >= LANES { isa.load(x) } else { isa.load_partial(x, 0.0) }
}

#[inline(always)]
fn store<I: Isa>(isa: I, v: I::F32, y: &mut [f32]) {
    if y.len() >= LANES { isa.store(v, y) } else { isa.store_partial(v, y) }
}
