#![allow(unsafe_code)]
//! Rows of one axis, picked by indices.

use super::TASK_ELEMENTS;
use crate::disjoint::Disjoint;
use crate::error::{KernelError, check_len, product, require};
use crate::grain::team_for;
use fastserve_parallel::Team;

/// `y[o, p, …] = x[o, indices[p], …]` of `x` as `[outer][axis][inner]`; negative indices count from the end.
///
/// # Errors
/// An index outside the axis, or a short slice.
pub fn gather<T: Copy + Send + Sync, I: Copy + Into<i64> + Sync>(
    [outer, axis, inner]: [usize; 3],
    x: &[T],
    indices: &[I],
    y: &mut [T],
    team: Team,
) -> Result<(), KernelError> {
    let len = product("gather y", &[outer, indices.len(), inner])?;
    if len == 0 {
        return Ok(());
    }
    check_len("gather x", product("gather x", &[outer, axis, inner])?, x.len())?;
    check_len("gather y", len, y.len())?;
    let span = i64::try_from(axis).unwrap_or(i64::MAX);
    let inside = indices.iter().all(|&i| (-span..span).contains(&i.into()));
    require(inside, "gather indices", "each lies in the axis")?;
    let rows = outer * indices.len();
    let each = (TASK_ELEMENTS / inner).max(1);
    let out = Disjoint::new(&mut y[..len]);
    team_for(team, || len).run(rows.div_ceil(each), &|task, _| {
        for row in task.0 * each..rows.min((task.0 + 1) * each) {
            let pick: i64 = indices[row % indices.len()].into();
            let at = if pick < 0 { pick + span } else { pick } as usize;
            let from = (row / indices.len() * axis + at) * inner;
            // SAFETY: rows do not overlap, and each is written by one task.
            let y = unsafe { out.part(row * inner..(row + 1) * inner) };
            y.copy_from_slice(&x[from..from + inner]);
        }
    });
    Ok(())
}
