//! When a second thread pays.

use fastserve_parallel::Team;

/// Modelled cycles below which a call stays on its thread, about 2 µs: several times what a fork and a join cost where
/// workers are awake.
pub(crate) const FORK_CYCLES: usize = 8 * 1024;
/// Modelled cycles from which a call wakes workers that sleep. Waking one takes tens of microseconds, and the caller
/// pays a few of them whether it helps or not.
pub(crate) const WAKE_CYCLES: usize = 256 * 1024;

/// The team for work of about `cycles`, which depend on sizes only. The choice never changes bits.
pub(crate) fn team_for(team: Team, cycles: impl FnOnce() -> usize) -> Team {
    if team.threads() == 1 {
        return team;
    }
    match cycles() {
        0..FORK_CYCLES => Team::serial(),
        FORK_CYCLES..WAKE_CYCLES => team.without_waking(),
        _ => team,
    }
}
