//! When a second thread pays.

use fastserve_parallel::Team;

/// Modelled cycles below which a call stays on its thread, about 20 µs: waking another one and waiting for it takes
/// a good part of that.
pub(crate) const FORK_CYCLES: usize = 64 * 1024;

/// The team for work of about `cycles`, which depend on sizes only. The choice never changes bits.
pub(crate) fn team_for(team: Team, cycles: impl FnOnce() -> usize) -> Team {
    if team.threads() > 1 && cycles() < FORK_CYCLES { Team::serial() } else { team }
}
