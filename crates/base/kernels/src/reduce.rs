#![allow(unsafe_code)]
//! Reductions over any axes of a row-major array.

use crate::disjoint::Disjoint;
use crate::error::{KernelError, check_len, product, require};
use crate::grain::team_for;
use fastserve_parallel::Team;
use fastserve_simd::{Cpu, Isa, Kernel, LANES};

/// The most axes that a reduction takes.
pub const MAX_AXES: usize = 8;

/// What is made of the elements.
#[derive(Copy, Clone, Debug, PartialEq, Eq, Hash)]
pub enum ReduceOp {
    /// The sum of absolute values.
    L1,
    /// The root of the sum of squares.
    L2,
    /// The greatest, as in [`Isa::max`]; minus infinity of none.
    Max,
    /// The sum over the count.
    Mean,
    /// The least, as in [`Isa::min`]; infinity of none.
    Min,
    /// The product.
    Prod,
    /// The sum.
    Sum,
    /// The sum of squares.
    SumSquare,
}

/// Every reduction.
pub static REDUCE: &[ReduceOp] =
    &[ReduceOp::L1, ReduceOp::L2, ReduceOp::Max, ReduceOp::Mean, ReduceOp::Min, ReduceOp::Prod, ReduceOp::Sum, ReduceOp::SumSquare];

/// Axes with their strides, outermost first.
#[derive(Copy, Clone, Debug)]
struct Axes {
    dims: [(usize, usize); MAX_AXES],
    count: usize,
    total: usize,
}

impl Axes {
    const NONE: Axes = Axes { dims: [(1, 0); MAX_AXES], count: 0, total: 1 };

    fn push_outer(&mut self, size: usize, stride: usize) {
        self.dims.copy_within(0..self.count, 1);
        self.dims[0] = (size, stride);
        self.count += 1;
        self.total *= size;
    }

    /// Where the combination of this number lies, the last axis running fastest.
    fn offset(&self, mut flat: usize) -> usize {
        let mut offset = 0;
        for &(size, stride) in self.dims[..self.count].iter().rev() {
            offset += flat % size * stride;
            flat /= size;
        }
        offset
    }

    /// Without the last axis, and that one.
    fn split_last(mut self) -> (Axes, (usize, usize)) {
        let Some(last) = self.count.checked_sub(1) else { return (self, (1, 0)) };
        let dim = self.dims[last];
        self.count = last;
        self.total = self.dims[..last].iter().map(|d| d.0).product();
        (self, dim)
    }
}

/// Which axes of an array go. Adjacent axes that both go or both stay are one.
///
/// Where the last axis goes, an output is summed in sixteen lanes: of each contiguous run of elements that go, lane `l` takes the
/// elements `i ≡ l (mod 16)` of the run, run after run in ascending order; the lanes are joined by the fixed tree. Where the last
/// axis stays, an output is one chain over its elements in ascending order. So the order depends on which axes go and on their
/// extents, never on extents that stay.
#[derive(Copy, Clone, Debug)]
pub struct ReduceShape {
    /// What stays, but the columns.
    kept: Axes,
    /// What goes, but a contiguous run.
    gone: Axes,
    /// Elements of the contiguous run: they go with `lanes`, else they are columns that stay.
    run: usize,
    lanes: bool,
    /// Elements of the array, how many of them an output is made of, and outputs.
    len: usize,
    terms: usize,
    outputs: usize,
}

impl ReduceShape {
    /// The array's extents, and for each whether it goes.
    ///
    /// # Errors
    /// More than [`MAX_AXES`] axes, lists of two lengths, or a size that overflows.
    pub fn new(dims: &[usize], goes: &[bool]) -> Result<ReduceShape, KernelError> {
        require(dims.len() <= MAX_AXES && dims.len() == goes.len(), "reduce axes", "at most 8, with a flag each")?;
        let len = product("reduce x", dims)?;
        let part = |wanted: bool| {
            let size = |i: usize| if goes.get(i) == Some(&wanted) { dims[i] } else { 1 };
            product("reduce y", &std::array::from_fn::<usize, MAX_AXES, _>(size))
        };
        let (terms, outputs) = (part(true)?, part(false)?);
        let lanes = goes.last().copied().unwrap_or(true);
        let mut shape = ReduceShape { kept: Axes::NONE, gone: Axes::NONE, run: 1, lanes, len, terms, outputs };
        if len == 0 {
            return Ok(shape);
        }
        let (mut stride, mut end) = (1, dims.len());
        while end > 0 {
            let start = goes[..end].iter().rposition(|&g| g != goes[end - 1]).map_or(0, |i| i + 1);
            let size: usize = dims[start..end].iter().product();
            match goes[end - 1] {
                _ if end == dims.len() => shape.run = size,
                true => shape.gone.push_outer(size, stride),
                false => shape.kept.push_outer(size, stride),
            }
            stride *= size;
            end = start;
        }
        Ok(shape)
    }

    /// Elements of the result.
    pub fn outputs(&self) -> usize {
        self.outputs
    }
}

/// Columns of a block: four vectors.
const COLUMNS: usize = 4 * LANES;
/// Rows summed side by side.
const ROWS: usize = 4;
/// Elements that a task reads, about.
const TASK_ELEMENTS: usize = 16 * 1024;

/// Reduces `x` to `y`, the axes that stay in their order.
///
/// # Errors
/// A slice that is too short.
pub fn reduce_f32(cpu: Cpu, op: ReduceOp, shape: &ReduceShape, x: &[f32], y: &mut [f32], team: Team) -> Result<(), KernelError> {
    let outputs = shape.outputs();
    check_len("reduce x", shape.len, x.len())?;
    check_len("reduce y", outputs, y.len())?;
    if shape.len == 0 {
        y[..outputs].fill(of_none(op));
        return Ok(());
    }
    let per_unit = if shape.lanes { ROWS } else { shape.run.min(COLUMNS) };
    let units = if shape.lanes { outputs.div_ceil(ROWS) } else { shape.kept.total * shape.run.div_ceil(COLUMNS) };
    let per_task = TASK_ELEMENTS.div_ceil(shape.terms.max(1).saturating_mul(per_unit)).max(1);
    let out = Disjoint::new(&mut y[..outputs]);
    team_for(team, || shape.len).run(units.div_ceil(per_task), &|task, _| {
        for unit in task.0 * per_task..units.min((task.0 + 1) * per_task) {
            let (offset, range) = place(shape, unit);
            // SAFETY: the units' outputs do not overlap.
            let y = unsafe { out.part(range.clone()) };
            cpu.run(Unit { op, shape, x, first: range.start, offset, y });
        }
    });
    Ok(())
}

/// The result of no elements.
fn of_none(op: ReduceOp) -> f32 {
    match op {
        ReduceOp::Max => f32::NEG_INFINITY,
        ReduceOp::Mean => f32::NAN,
        ReduceOp::Min => f32::INFINITY,
        ReduceOp::Prod => 1.0,
        ReduceOp::L1 | ReduceOp::L2 | ReduceOp::Sum | ReduceOp::SumSquare => 0.0,
    }
}

/// Of a unit of columns, where they start in `x`; and its outputs.
fn place(shape: &ReduceShape, unit: usize) -> (usize, std::ops::Range<usize>) {
    if shape.lanes {
        return (0, unit * ROWS..shape.kept.total.min((unit + 1) * ROWS));
    }
    let blocks = shape.run.div_ceil(COLUMNS);
    let (kept, column) = (unit / blocks, unit % blocks * COLUMNS);
    let end = shape.run.min(column + COLUMNS);
    (shape.kept.offset(kept) + column, kept * shape.run + column..kept * shape.run + end)
}

struct Unit<'a> {
    op: ReduceOp,
    shape: &'a ReduceShape,
    x: &'a [f32],
    first: usize,
    offset: usize,
    y: &'a mut [f32],
}

impl Kernel for Unit<'_> {
    type Out = ();

    #[inline(always)]
    fn run<I: Isa>(self, isa: I) {
        match self.op {
            ReduceOp::L1 => self.fold(isa, AddAbs),
            ReduceOp::L2 | ReduceOp::SumSquare => self.fold(isa, AddSquare),
            ReduceOp::Max => self.fold(isa, Greatest),
            ReduceOp::Mean | ReduceOp::Sum => self.fold(isa, Add),
            ReduceOp::Min => self.fold(isa, Least),
            ReduceOp::Prod => self.fold(isa, Multiply),
        }
    }
}

/// How an element joins, and how two lanes do.
trait Fold: Copy {
    const START: f32;
    fn add<I: Isa>(self, isa: I, acc: I::F32, x: I::F32) -> I::F32;
    fn join<I: Isa>(self, isa: I, a: I::F32, b: I::F32) -> I::F32;
    /// An element that changes nothing where it joins.
    const FILL: f32 = Self::START;
}

macro_rules! folds {
    ($($name:ident $start:expr, |$isa:ident, $acc:ident, $x:ident| $add:expr, $join:ident;)*) => {$(
        #[derive(Copy, Clone)]
        struct $name;

        impl Fold for $name {
            const START: f32 = $start;

            #[inline(always)]
            fn add<I: Isa>(self, $isa: I, $acc: I::F32, $x: I::F32) -> I::F32 {
                $add
            }

            #[inline(always)]
            fn join<I: Isa>(self, isa: I, a: I::F32, b: I::F32) -> I::F32 {
                isa.$join(a, b)
            }
        }
    )*};
}

folds! {
    Add 0.0, |isa, acc, x| isa.add(acc, x), add;
    AddAbs 0.0, |isa, acc, x| isa.add(acc, isa.abs(x)), add;
    AddSquare 0.0, |isa, acc, x| isa.fma(x, x, acc), add;
    Greatest f32::NEG_INFINITY, |isa, acc, x| isa.max(acc, x), max;
    Least f32::INFINITY, |isa, acc, x| isa.min(acc, x), min;
    Multiply 1.0, |isa, acc, x| isa.mul(acc, x), mul;
}

impl Unit<'_> {
    #[inline(always)]
    fn fold<I: Isa, F: Fold>(self, isa: I, f: F) {
        let count = self.shape.terms as f32;
        let op = self.op;
        if !self.shape.lanes {
            self.columns(isa, f, count);
            return;
        }
        let mut sums = [0.0; LANES];
        let rows = self.y.len();
        if rows == ROWS {
            self.rows::<I, F, ROWS>(isa, f, 0, &mut sums);
        } else {
            for r in 0..rows {
                self.rows::<I, F, 1>(isa, f, r, &mut sums);
            }
        }
        isa.store_partial(end(isa, op, isa.load(&sums), count), self.y);
    }

    /// `R` outputs from the unit's `r` on, each in sixteen lanes.
    #[inline(always)]
    fn rows<I: Isa, F: Fold, const R: usize>(&self, isa: I, f: F, r: usize, sums: &mut [f32; LANES]) {
        let mut starts = [0; R];
        for (i, start) in starts.iter_mut().enumerate() {
            *start = self.shape.kept.offset(self.first + r + i);
        }
        let mut acc = [isa.splat(F::START); R];
        for gone in 0..self.shape.gone.total {
            let offset = self.shape.gone.offset(gone);
            let mut runs: [&[f32]; R] = [&[]; R];
            for (run, start) in runs.iter_mut().zip(starts) {
                *run = &self.x[start + offset..][..self.shape.run];
            }
            add_runs(isa, f, &mut acc, runs);
        }
        for (i, acc) in acc.into_iter().enumerate() {
            sums[r + i] = tree(isa, f, acc);
        }
    }

    #[inline(always)]
    fn columns<I: Isa, F: Fold>(self, isa: I, f: F, count: f32) {
        let (outer, (size, stride)) = self.shape.gone.split_last();
        let width = self.y.len();
        let mut acc = [isa.splat(F::START); COLUMNS / LANES];
        for gone in 0..outer.total {
            let start = self.offset + outer.offset(gone);
            for at in 0..size {
                let x = &self.x[start + at * stride..][..width];
                if width == COLUMNS {
                    for (v, acc) in acc.iter_mut().enumerate() {
                        *acc = f.add(isa, *acc, isa.load(&x[v * LANES..]));
                    }
                } else {
                    for (x, acc) in x.chunks(LANES).zip(acc.iter_mut()) {
                        *acc = f.add(isa, *acc, isa.load_partial(x, F::FILL));
                    }
                }
            }
        }
        for (y, acc) in self.y.chunks_mut(LANES).zip(acc) {
            isa.store_partial(end(isa, self.op, acc, count), y);
        }
    }
}

#[inline(always)]
fn add_runs<I: Isa, F: Fold, const R: usize>(isa: I, f: F, acc: &mut [I::F32; R], runs: [&[f32]; R]) {
    let len = runs[0].len();
    let whole = len / LANES * LANES;
    for at in (0..whole).step_by(LANES) {
        for (acc, run) in acc.iter_mut().zip(runs) {
            *acc = f.add(isa, *acc, isa.load(&run[at..]));
        }
    }
    if whole < len {
        for (acc, run) in acc.iter_mut().zip(runs) {
            *acc = f.add(isa, *acc, isa.load_partial(&run[whole..], F::FILL));
        }
    }
}

/// Joins lanes `l` and `l + 8`, then `l + 4`, `l + 2`, `l + 1`.
#[inline(always)]
fn tree<I: Isa, F: Fold>(isa: I, f: F, acc: I::F32) -> f32 {
    let mut lanes = [0.0; 2 * LANES];
    isa.store(acc, &mut lanes);
    for half in [8, 4, 2, 1] {
        let joined = f.join(isa, isa.load(&lanes), isa.load(&lanes[half..]));
        isa.store(joined, &mut lanes);
    }
    lanes[0]
}

/// What follows the sum.
#[inline(always)]
fn end<I: Isa>(isa: I, op: ReduceOp, sum: I::F32, count: f32) -> I::F32 {
    match op {
        ReduceOp::L2 => isa.sqrt(sum),
        ReduceOp::Mean => isa.div(sum, isa.splat(count)),
        _ => sum,
    }
}
