#![allow(unsafe_code)]
//! Planes resized, with values in between by straight lines.

use crate::disjoint::Disjoint;
use crate::error::{KernelError, check_len, product, require};
use crate::grain::team_for;
use fastserve_parallel::Team;

/// For each element of an axis of the result, the lower one of its two neighbours in the input, and how much of the upper one it has.
/// The neighbour above the last one is the last one.
#[derive(Copy, Clone, Debug)]
pub struct LinearAxis<'a> {
    /// The lower neighbour.
    pub low: &'a [u32],
    /// From 0 to 1; with 0 the upper neighbour is not read.
    pub part: &'a [f32],
}

/// Elements of a task, about.
const TASK_ELEMENTS: usize = 8 * 1024;

/// Scratch memory in elements: a row of the input for each thread.
///
/// # Errors
/// A size that overflows.
pub fn scratch_len(width: usize, threads: usize) -> Result<usize, KernelError> {
    product("linear scratch", &[width, threads])
}

/// `planes` of extents `from` (height, width) to those of `axes`: `a · (1 − part) + b · part` down the columns first, then along the
/// rows, products and sum each rounded.
///
/// # Errors
/// Neighbours outside the input, or a short slice.
pub fn linear_f32(
    planes: usize,
    from: [usize; 2],
    axes: [LinearAxis<'_>; 2],
    x: &[f32],
    y: &mut [f32],
    scratch: &mut [f32],
    team: Team,
) -> Result<(), KernelError> {
    let ([rows, cols], [height, width]) = (axes.map(|a| a.low.len()), from);
    let len = product("linear y", &[planes, rows, cols])?;
    if len == 0 {
        return Ok(());
    }
    check_len("linear x", product("linear x", &[planes, height, width])?, x.len())?;
    check_len("linear y", len, y.len())?;
    check_len("linear scratch", scratch_len(width, team.threads())?, scratch.len())?;
    for (axis, size) in axes.iter().zip(from) {
        check_len("linear parts", axis.low.len(), axis.part.len())?;
        require(axis.low.iter().all(|&i| (i as usize) < size), "linear neighbours", "each lies in the input")?;
    }
    let each = (TASK_ELEMENTS / cols).max(1);
    let (out, scratch) = (Disjoint::new(&mut y[..len]), Disjoint::new(scratch));
    team_for(team, || len.saturating_mul(2)).run((planes * rows).div_ceil(each), &|task, worker| {
        // SAFETY: asked once by this task, with its own worker.
        let mixed = unsafe { scratch.for_worker(worker, width) };
        for row in task.0 * each..(planes * rows).min((task.0 + 1) * each) {
            let plane = &x[row / rows * height * width..][..height * width];
            // SAFETY: rows do not overlap, and each is written by one task.
            let y = unsafe { out.part(row * cols..(row + 1) * cols) };
            along(down(axes[0], row % rows, height, plane, mixed), axes[1], y);
        }
    });
    Ok(())
}

/// A row between two rows of the plane.
#[inline(always)]
fn down<'a>(axis: LinearAxis<'_>, at: usize, height: usize, plane: &'a [f32], mixed: &'a mut [f32]) -> &'a [f32] {
    let (low, part, width) = (axis.low[at] as usize, axis.part[at], mixed.len());
    let row = |i: usize| &plane[i * width..][..width];
    if part == 0.0 {
        return row(low);
    }
    let (above, below) = (row(low), row((low + 1).min(height - 1)));
    for ((y, a), b) in mixed.iter_mut().zip(above).zip(below) {
        *y = a * (1.0 - part) + b * part;
    }
    mixed
}

#[inline(always)]
fn along(row: &[f32], axis: LinearAxis<'_>, y: &mut [f32]) {
    let last = row.len() - 1;
    for ((y, &low), &part) in y.iter_mut().zip(axis.low).zip(axis.part) {
        let (a, b) = (row[low as usize], row[(low as usize + 1).min(last)]);
        *y = if part == 0.0 { a } else { a * (1.0 - part) + b * part };
    }
}
