#![allow(unsafe_code)]
//! Normalisation of rows by their own mean and variance.

use crate::disjoint::Disjoint;
use crate::error::{KernelError, check_len, product, require};
use crate::grain::team_for;
use fastserve_parallel::Team;
use fastserve_simd::{Cpu, Isa, Kernel, LANES};

/// Rows, and where their parameters come from.
#[derive(Copy, Clone, Debug, PartialEq, Eq, Hash)]
pub struct NormalizeShape {
    /// Number of rows.
    pub rows: usize,
    /// Parts of a row, each with one scale and one bias; 0 where each element of a row has its own, the same in every row.
    pub segments: usize,
    /// Elements of a part, or of the row where there are no parts.
    pub inner: usize,
    /// After how many rows the parameters of parts start again.
    pub period: usize,
}

/// What is computed.
#[derive(Copy, Clone, Debug)]
pub struct Normalize<'a> {
    /// Added to the variance.
    pub epsilon: f32,
    /// Whether the mean is subtracted first; else the variance is the mean square.
    pub centred: bool,
    /// One factor an element or part.
    pub scale: Option<&'a [f32]>,
    /// One summand an element or part.
    pub bias: Option<&'a [f32]>,
}

impl NormalizeShape {
    fn row(&self) -> Result<usize, KernelError> {
        product("normalize row", &[self.segments.max(1), self.inner])
    }

    fn params(&self) -> Result<usize, KernelError> {
        if self.segments == 0 { Ok(self.inner) } else { product("normalize parameters", &[self.segments, self.period]) }
    }
}

/// Elements that a task handles, about.
const TASK_ELEMENTS: usize = 8 * 1024;
/// Modelled cycles for two elements.
const CYCLES: usize = 1;
/// Rows whose sums run side by side.
const ROWS: usize = 4;

/// `y = (x - mean) * (1 / sqrt(variance + epsilon)) * scale + bias` for each row, the last two in one multiply-add.
///
/// The sum, and then the sum of `(x - mean)^2`, run in sixteen lanes, lane `l` taking the elements `i ≡ l (mod 16)` of a row in
/// order, joined by the fixed tree; each is divided by the length of the row. An absent scale is 1, an absent bias 0.
///
/// # Errors
/// A slice that is too short.
pub fn normalize_f32(
    cpu: Cpu,
    what: Normalize<'_>,
    shape: &NormalizeShape,
    x: &[f32],
    y: &mut [f32],
    team: Team,
) -> Result<(), KernelError> {
    let row = shape.row()?;
    let len = product("normalize x", &[shape.rows, row])?;
    check_len("normalize x", len, x.len())?;
    check_len("normalize y", len, y.len())?;
    require(shape.segments == 0 || shape.period > 0, "normalize", "parameters of parts start again after a row or more")?;
    for (place, list) in [("normalize scale", what.scale), ("normalize bias", what.bias)] {
        check_len(place, if list.is_some() { shape.params()? } else { 0 }, list.map_or(0, <[f32]>::len))?;
    }
    if len == 0 {
        return Ok(());
    }
    let per_task = TASK_ELEMENTS.div_ceil(row).next_multiple_of(ROWS);
    let out = Disjoint::new(&mut y[..len]);
    team_for(team, || len.saturating_mul(CYCLES)).run(shape.rows.div_ceil(per_task), &|task, _| {
        let rows = task.0 * per_task..shape.rows.min((task.0 + 1) * per_task);
        let range = rows.start * row..rows.end * row;
        // SAFETY: the tasks' rows do not overlap.
        let y = unsafe { out.part(range.clone()) };
        cpu.run(Rows { what, shape, row, first: rows.start, x: &x[range], y });
    });
    Ok(())
}

struct Rows<'a> {
    what: Normalize<'a>,
    shape: &'a NormalizeShape,
    row: usize,
    first: usize,
    x: &'a [f32],
    y: &'a mut [f32],
}

/// What is subtracted from a row, and what it is then multiplied with.
#[derive(Copy, Clone, Default)]
struct Stats {
    mean: f32,
    factor: f32,
}

impl Kernel for Rows<'_> {
    type Out = ();

    #[inline(always)]
    fn run<I: Isa>(mut self, isa: I) {
        let count = self.x.len() / self.row;
        let mut r = 0;
        while r < count {
            let x = &self.x[r * self.row..];
            let mut stats = [Stats::default(); ROWS];
            let rows = if count - r >= ROWS {
                stats = statistics::<I, ROWS>(isa, &self.what, x, self.row);
                ROWS
            } else {
                stats[0] = statistics::<I, 1>(isa, &self.what, x, self.row)[0];
                1
            };
            for (i, stats) in stats[..rows].iter().enumerate() {
                self.store(isa, r + i, *stats);
            }
            r += rows;
        }
    }
}

#[inline(always)]
fn statistics<I: Isa, const R: usize>(isa: I, what: &Normalize<'_>, x: &[f32], row: usize) -> [Stats; R] {
    let count = row as f32;
    let mut stats = [Stats::default(); R];
    if what.centred {
        let mut acc = [isa.splat(0.0); R];
        for at in (0..row).step_by(LANES) {
            for (r, acc) in acc.iter_mut().enumerate() {
                *acc = isa.add(*acc, lanes(isa, x, r * row, at, row, 0.0));
            }
        }
        for (stats, acc) in stats.iter_mut().zip(acc) {
            stats.mean = isa.reduce_add(acc) / count;
        }
    }
    let mut acc = [isa.splat(0.0); R];
    for at in (0..row).step_by(LANES) {
        for (r, acc) in acc.iter_mut().enumerate() {
            // Lanes after the end hold the mean: their distance from it is 0.
            let mean = stats[r].mean;
            let d = isa.sub(lanes(isa, x, r * row, at, row, mean), isa.splat(mean));
            *acc = isa.fma(d, d, *acc);
        }
    }
    for (stats, acc) in stats.iter_mut().zip(acc) {
        stats.factor = 1.0 / (isa.reduce_add(acc) / count + what.epsilon).sqrt();
    }
    stats
}

/// Sixteen elements from `at` on of the row that starts at `start`, then `fill`.
#[inline(always)]
fn lanes<I: Isa>(isa: I, x: &[f32], start: usize, at: usize, row: usize, fill: f32) -> I::F32 {
    if row - at >= LANES { isa.load(&x[start + at..]) } else { isa.load_partial(&x[start + at..start + row], fill) }
}

impl Rows<'_> {
    #[inline(always)]
    fn store<I: Isa>(&mut self, isa: I, r: usize, stats: Stats) {
        let (inner, segments) = (self.shape.inner, self.shape.segments);
        let range = r * self.row..(r + 1) * self.row;
        let (x, y) = (&self.x[range.clone()], &mut self.y[range]);
        if segments == 0 {
            elements(isa, &self.what, stats, x, y);
            return;
        }
        let first = (self.first + r) % self.shape.period * segments;
        for (s, (x, y)) in x.chunks_exact(inner).zip(y.chunks_exact_mut(inner)).enumerate() {
            let at = |list: Option<&[f32]>, absent: f32| list.map_or(absent, |l| l[first + s]);
            part(isa, stats, at(self.what.scale, 1.0), at(self.what.bias, 0.0), x, y);
        }
    }
}

/// A row with a scale and a bias an element.
#[inline(always)]
fn elements<I: Isa>(isa: I, what: &Normalize<'_>, stats: Stats, x: &[f32], y: &mut [f32]) {
    let (mean, factor) = (isa.splat(stats.mean), isa.splat(stats.factor));
    let row = x.len();
    for at in (0..row).step_by(LANES) {
        let n = isa.mul(isa.sub(lanes(isa, x, 0, at, row, 0.0), mean), factor);
        let scale = match what.scale {
            Some(scale) => lanes(isa, scale, 0, at, row, 1.0),
            None => isa.splat(1.0),
        };
        let bias = match what.bias {
            Some(bias) => lanes(isa, bias, 0, at, row, 0.0),
            None => isa.splat(0.0),
        };
        let v = isa.fma(n, scale, bias);
        if row - at >= LANES { isa.store(v, &mut y[at..]) } else { isa.store_partial(v, &mut y[at..row]) }
    }
}

/// A part with one scale and one bias.
#[inline(always)]
fn part<I: Isa>(isa: I, stats: Stats, scale: f32, bias: f32, x: &[f32], y: &mut [f32]) {
    let (mean, factor) = (isa.splat(stats.mean), isa.splat(stats.factor));
    let (scale, bias) = (isa.splat(scale), isa.splat(bias));
    let len = x.len();
    for at in (0..len).step_by(LANES) {
        let n = isa.mul(isa.sub(lanes(isa, x, 0, at, len, 0.0), mean), factor);
        let v = isa.fma(n, scale, bias);
        if len - at >= LANES { isa.store(v, &mut y[at..]) } else { isa.store_partial(v, &mut y[at..len]) }
    }
}
