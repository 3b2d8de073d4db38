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

/// Scratch memory in `f32` elements: rows that are not contiguous are gathered.
pub fn scratch_len(shape: &SoftmaxShape, threads: usize) -> Result<usize, KernelError> {
    if shape.inner <= 1 { Ok(0) } else { product("softmax scratch", &[shape.axis, threads]) }
}

/// `y = e^(x - max) / sum` for each row along the axis. The sum runs in sixteen lanes, lane `l` taking the elements
/// `i ≡ l (mod 16)` in order, joined by the fixed tree; so a row's bits do not depend on `inner`. A row with a NaN, or
/// with infinity as its maximum, is NaN.
pub fn softmax_f32(cpu: Cpu, shape: &SoftmaxShape, x: &[f32], y: &mut [f32], scratch: &mut [f32], team: Team) -> Result<(), KernelError> {
    run(cpu, false, shape, x, y, scratch, team)
}

/// `y = x - max - ln(sum)` for each row along the axis, the sum that of [`softmax_f32`].
pub fn log_softmax_f32(
    cpu: Cpu,
    shape: &SoftmaxShape,
    x: &[f32],
    y: &mut [f32],
    scratch: &mut [f32],
    team: Team,
) -> Result<(), KernelError> {
    run(cpu, true, shape, x, y, scratch, team)
}

fn run(cpu: Cpu, log: bool, shape: &SoftmaxShape, x: &[f32], y: &mut [f32], scratch: &mut [f32], team: Team) -> Result<(), KernelError> {
    let len = shape.len()?;
    check_len("softmax x", len, x.len())?;
    check_len("softmax y", len, y.len())?;
    check_len("softmax scratch", scratch_len(shape, team.threads())?, scratch.len())?;
    if len == 0 {
        return Ok(());
    }
    let slab = shape.axis * shape.inner;
    let per_task = TASK_ELEMENTS.div_ceil(slab);
    let row = if shape.inner == 1 { 0 } else { shape.axis };
    let team = team_for(team, || len.saturating_mul(CYCLES));
    let (out, scratch) = (Disjoint::new(y), Disjoint::new(scratch));
    team.run(shape.outer.div_ceil(per_task), &|task, worker| {
        let slabs = task.0 * per_task..shape.outer.min((task.0 + 1) * per_task);
        let range = slabs.start * slab..slabs.end * slab;
        // SAFETY: the tasks' slabs do not overlap.
        let y = unsafe { out.part(range.clone()) };
        // SAFETY: asked once by this task, with its own worker.
        let row = unsafe { scratch.for_worker(worker, row) };
        cpu.run(Slabs { log, shape, x: &x[range], y, row });
    });
    Ok(())
}

struct Slabs<'a> {
    log: bool,
    shape: &'a SoftmaxShape,
    x: &'a [f32],
    y: &'a mut [f32],
    row: &'a mut [f32],
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
                columns(isa, self.log, inner, x, y, self.row);
            }
        }
    }
}

/// The rows of one `[axis][inner]` slab, gathered one by one.
#[inline(always)]
fn columns<I: Isa>(isa: I, log: bool, inner: usize, x: &[f32], y: &mut [f32], row: &mut [f32]) {
    for j in 0..inner {
        for (value, x) in row.iter_mut().zip(x[j..].iter().step_by(inner)) {
            *value = *x;
        }
        softmax_row(isa, log, row);
        for (y, value) in y[j..].iter_mut().step_by(inner).zip(&*row) {
            *y = *value;
        }
    }
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
