#![allow(unsafe_code)]
//! Softmax along one axis of `[outer][axis][inner]`.

use crate::disjoint::Disjoint;
use crate::error::{KernelError, check_len, product};
use crate::grain::team_for;
use fastserve_parallel::Team;
use fastserve_simd::{Cpu, Isa, Kernel, LANES, math};

/// The sizes around the axis.
#[derive(Copy, Clone, Debug, PartialEq, Eq, Hash)]
pub struct SoftmaxShape {
    /// The product of the sizes before the axis.
    pub outer: usize,
    /// The size of the axis.
    pub axis: usize,
    /// The product of the sizes after the axis.
    pub inner: usize,
}

impl SoftmaxShape {
    fn len(&self) -> Result<usize, KernelError> {
        product("softmax", &[self.outer, self.axis, self.inner])
    }
}

/// Elements that a task handles, about.
const TASK_ELEMENTS: usize = 8 * 1024;
/// Modelled cycles for one element.
const CYCLES: usize = 2;

/// `y = e^(x - max) / sum` for each row along the axis. The sum runs in sixteen lanes, lane `l` taking the elements
/// `i ≡ l (mod 16)` in order, joined by the fixed tree; so a row's bits do not depend on `inner`. A row with a NaN, or
/// with infinity as its maximum, is NaN.
pub fn softmax_f32(cpu: Cpu, shape: &SoftmaxShape, x: &[f32], y: &mut [f32], team: Team) -> Result<(), KernelError> {
    run(cpu, false, shape, x, y, team)
}

/// `y = x - max - ln(sum)` for each row along the axis, the sum that of [`softmax_f32`].
pub fn log_softmax_f32(cpu: Cpu, shape: &SoftmaxShape, x: &[f32], y: &mut [f32], team: Team) -> Result<(), KernelError> {
    run(cpu, true, shape, x, y, team)
}

fn run(cpu: Cpu, log: bool, shape: &SoftmaxShape, x: &[f32], y: &mut [f32], team: Team) -> Result<(), KernelError> {
    let len = shape.len()?;
    check_len("softmax x", len, x.len())?;
    check_len("softmax y", len, y.len())?;
    if len == 0 {
        return Ok(());
    }
    let slab = shape.axis * shape.inner;
    let per_task = TASK_ELEMENTS.div_ceil(slab);
    let team = team_for(team, || len.saturating_mul(CYCLES));
    let out = Disjoint::new(y);
    team.run(shape.outer.div_ceil(per_task), &|task, _| {
        let slabs = task.0 * per_task..shape.outer.min((task.0 + 1) * per_task);
        let range = slabs.start * slab..slabs.end * slab;
        // SAFETY: the tasks' slabs do not overlap.
        let y = unsafe { out.part(range.clone()) };
        cpu.run(Slabs { log, shape, x: &x[range], y });
    });
    Ok(())
}

struct Slabs<'a> {
    log: bool,
    shape: &'a SoftmaxShape,
    x: &'a [f32],
    y: &'a mut [f32],
}

impl Kernel for Slabs<'_> {
    type Out = ();

    #[inline(always)]
    fn run<I: Isa>(self, isa: I) {
        let (axis, inner) = (self.shape.axis, self.shape.inner);
        for (x, y) in self.x.chunks_exact(axis * inner).zip(self.y.chunks_exact_mut(axis * inner)) {
            if inner == 1 {
                y.copy_from_slice(x);
                softmax_row(isa, self.log, y);
            } else {
                columns(isa, self.log, inner, x, y);
            }
        }
    }
}

/// The rows of one `[axis][inner]` slab, sixteen side by side. Each has the bits that it has alone: lane `l` of a row is the vector
/// `sums[l]` here.
#[inline(always)]
fn columns<I: Isa>(isa: I, log: bool, inner: usize, x: &[f32], y: &mut [f32]) {
    for at in (0..inner).step_by(LANES) {
        let width = LANES.min(inner - at);
        let mut max = isa.splat(f32::NEG_INFINITY);
        for x in x.chunks_exact(inner) {
            max = isa.max(isa.load_partial(&x[at..at + width], 0.0), max);
        }
        let mut sums = [isa.splat(0.0); LANES];
        for (i, (x, y)) in x.chunks_exact(inner).zip(y.chunks_exact_mut(inner)).enumerate() {
            let e = math::exp(isa, isa.sub(isa.load_partial(&x[at..at + width], 0.0), max));
            sums[i % LANES] = isa.add(sums[i % LANES], e);
            if !log {
                isa.store_partial(e, &mut y[at..at + width]);
            }
        }
        let sum = tree(isa, sums);
        if log {
            let log = logarithms(isa, sum);
            for (x, y) in x.chunks_exact(inner).zip(y.chunks_exact_mut(inner)) {
                let x = isa.load_partial(&x[at..at + width], 0.0);
                isa.store_partial(isa.sub(isa.sub(x, max), log), &mut y[at..at + width]);
            }
        } else {
            for y in y.chunks_exact_mut(inner) {
                let y = &mut y[at..at + width];
                isa.store_partial(isa.div(isa.load_partial(y, 0.0), sum), y);
            }
        }
    }
}

/// The sum of vectors `l` and `l + 8`, then `l + 4`, `l + 2`, `l + 1`.
#[inline(always)]
fn tree<I: Isa>(isa: I, mut sums: [I::F32; LANES]) -> I::F32 {
    for half in [8, 4, 2, 1] {
        for l in 0..half {
            sums[l] = isa.add(sums[l], sums[l + half]);
        }
    }
    sums[0]
}

#[inline(always)]
fn logarithms<I: Isa>(isa: I, x: I::F32) -> I::F32 {
    let mut lanes = [0.0; LANES];
    isa.store(x, &mut lanes);
    for lane in &mut lanes {
        *lane = f64::from(*lane).ln() as f32;
    }
    isa.load(&lanes)
}

#[inline(always)]
fn softmax_row<I: Isa>(isa: I, log: bool, row: &mut [f32]) {
    let mut max = isa.splat(f32::NEG_INFINITY);
    for lanes in row.chunks(LANES) {
        max = isa.max(isa.load_partial(lanes, f32::NEG_INFINITY), max);
    }
    let max = isa.splat(isa.reduce_max(max));
    if log {
        log_row(isa, max, row);
        return;
    }
    let mut sum = isa.splat(0.0);
    for lanes in row.chunks_mut(LANES) {
        // Lanes after the end hold -inf, hence e^-inf = 0, except in a row that is NaN anyway.
        let e = math::exp(isa, isa.sub(isa.load_partial(lanes, f32::NEG_INFINITY), max));
        isa.store_partial(e, lanes);
        sum = isa.add(sum, e);
    }
    let sum = isa.splat(isa.reduce_add(sum));
    for lanes in row.chunks_mut(LANES) {
        isa.store_partial(isa.div(isa.load_partial(lanes, 0.0), sum), lanes);
    }
}

/// The logarithms; `max` is the row's greatest.
#[inline(always)]
fn log_row<I: Isa>(isa: I, max: I::F32, row: &mut [f32]) {
    let mut sum = isa.splat(0.0);
    for lanes in row.chunks(LANES) {
        sum = isa.add(sum, math::exp(isa, isa.sub(isa.load_partial(lanes, f32::NEG_INFINITY), max)));
    }
    let log = isa.splat(f64::from(isa.reduce_add(sum)).ln() as f32);
    for lanes in row.chunks_mut(LANES) {
        isa.store_partial(isa.sub(isa.sub(isa.load_partial(lanes, 0.0), max), log), lanes);
    }
}
