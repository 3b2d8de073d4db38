#![allow(unsafe_code)]
//! A copy by tables: which index of the source stands at each index of the target, one table a dimension.

use super::{MAX_MOVE_DIMS, TASK_ELEMENTS};
use crate::disjoint::Disjoint;
use crate::error::{KernelError, check_len, product, require};
use fastserve_parallel::Team;

/// `y[i, j, …] = x[tables[0][i] + tables[1][j] + …]`; `y` is contiguous, and its extents are the tables' lengths.
///
/// # Errors
/// More than 16 tables, places outside `x`, or a short `y`.
pub fn copy_by_tables<T: Copy + Send + Sync>(tables: &[&[u32]], x: &[T], y: &mut [T], team: Team) -> Result<(), KernelError> {
    require(tables.len() <= MAX_MOVE_DIMS, "copy tables", "at most 16 dimensions")?;
    let mut sizes = [1; MAX_MOVE_DIMS];
    sizes.iter_mut().zip(tables).for_each(|(size, table)| *size = table.len());
    let len = product("copy tables", &sizes)?;
    if len == 0 {
        return Ok(());
    }
    check_len("copy y", len, y.len())?;
    let farthest: u64 = tables.iter().map(|t| t.iter().copied().max().map_or(0, u64::from)).sum();
    require(farthest < x.len() as u64, "copy tables", "the places lie in the source")?;
    let (outer, inner) = tables.split_last().map_or((&[][..], &[0][..]), |(inner, outer)| (outer, *inner));
    let rows = len / inner.len();
    let each = (TASK_ELEMENTS / inner.len()).max(1);
    let y = Disjoint::new(&mut y[..len]);
    team.run(rows.div_ceil(each), &|task, _| {
        for row in task.0 * each..rows.min((task.0 + 1) * each) {
            let start = start_of(outer, row);
            // SAFETY: rows do not overlap, and each is written by one task.
            let y = unsafe { y.part(row * inner.len()..(row + 1) * inner.len()) };
            y.iter_mut().zip(inner).for_each(|(y, &at)| *y = x[start + at as usize]);
        }
    });
    Ok(())
}

/// Where a row of the target starts in the source.
fn start_of(outer: &[&[u32]], mut row: usize) -> usize {
    let mut start = 0;
    for table in outer.iter().rev() {
        start += table[row % table.len()] as usize;
        row /= table.len();
    }
    start
}
