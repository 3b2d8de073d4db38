#![allow(unsafe_code)]
//! One value everywhere.

use super::TASK_ELEMENTS;
use crate::disjoint::Disjoint;
use crate::grain::team_for;
use fastserve_parallel::Team;

/// `y[i] = value`.
pub fn fill<T: Copy + Send + Sync>(value: T, y: &mut [T], team: Team) {
    let len = y.len();
    let out = Disjoint::new(y);
    team_for(team, || len / 4).run(len.div_ceil(TASK_ELEMENTS), &|task, _| {
        let start = task.0 * TASK_ELEMENTS;
        // SAFETY: the tasks' parts do not overlap.
        unsafe { out.part(start..len.min(start + TASK_ELEMENTS)) }.fill(value);
    });
}
