//! The process-wide thread pool: the only place that knows threads.
//!
//! A [`Team`] is a right to use some threads of a [`Pool`]. [`Team::run`] forks and joins: the caller works too, tasks
//! are claimed in ascending order, and the call returns when all have finished. Which thread runs which task is not
//! determined, so a task writes only what belongs to its index.
//!
//! ```
//! use fastserve_parallel::Team;
//! use std::sync::atomic::{AtomicUsize, Ordering};
//!
//! let sum = AtomicUsize::new(0);
//! Team::global(4).run(100, &|task, _worker| {
//!     sum.fetch_add(task.0, Ordering::Relaxed);
//! });
//! assert_eq!(sum.into_inner(), 4950);
//! ```

mod granted;
mod job;
mod load;
#[cfg(test)]
mod model;
mod pool;
mod sync;

use std::time::Duration;

pub use granted::{CgroupVersion, Granted, Limit, granted, granted_cores};
pub use load::{Hot, Spin};
pub use pool::{Pool, PoolOptions};

/// Which task, `0..tasks`.
#[derive(Copy, Clone, Debug, PartialEq, Eq, Hash)]
pub struct TaskIndex(pub usize);

/// Which worker runs it, `0..team.threads()`; no two that run at the same time in one call have the same.
#[derive(Copy, Clone, Debug, PartialEq, Eq, Hash)]
pub struct WorkerIndex(pub usize);

/// A task: called once per index.
pub type Task<'a> = dyn Fn(TaskIndex, WorkerIndex) + Sync + 'a;

/// A right to use up to `threads` threads of a pool, the calling one among them.
#[derive(Copy, Clone, Debug)]
pub struct Team {
    pool: Option<&'static Pool>,
    threads: usize,
    wakes: bool,
}

impl Team {
    /// The calling thread alone.
    pub const fn serial() -> Team {
        Team { pool: None, threads: 1, wakes: false }
    }

    /// Up to `threads` threads of the process-wide pool; fewer where fewer cores are granted, at least one.
    pub fn global(threads: usize) -> Team {
        if threads <= 1 { Team::serial() } else { Team::of(Pool::global(), threads) }
    }

    /// Up to `threads` threads of `pool`.
    pub fn of(pool: &'static Pool, threads: usize) -> Team {
        match threads.clamp(1, pool.threads()) {
            1 => Team::serial(),
            threads => Team { pool: Some(pool), threads, wakes: true },
        }
    }

    /// The same team for work too short to wake a thread for (tens of microseconds): only workers that are awake help.
    pub const fn without_waking(self) -> Team {
        Team { wakes: false, ..self }
    }

    /// How many threads a run may use; the bound of [`WorkerIndex`].
    pub const fn threads(self) -> usize {
        self.threads
    }

    /// Says that several calls with small gaps begin on this thread, a model's run. Until the guard is dropped, workers
    /// look for work longer before they sleep; if `expected`, the time that the whole takes, is worth it, they are woken
    /// now. Inside a call it does nothing.
    pub fn hot(self, expected: Duration) -> Hot {
        self.pool.map_or(Hot::none(), |pool| pool.hot(self.threads, expected))
    }

    /// Calls `task` once for each index in `0..tasks` and returns when all calls have finished.
    ///
    /// Several callers share the workers in equal parts. Where the call is nested in another one, or more callers are
    /// inside than workers can serve, the caller does all the work. Nothing is allocated.
    ///
    /// # Panics
    /// A panic in a task is raised again here when all other tasks have finished or, sharing its chunk, been skipped.
    pub fn run(self, tasks: usize, task: &Task<'_>) {
        match self.pool {
            Some(pool) if tasks > 1 => pool.run(self.threads, self.wakes, tasks, task),
            _ => job::run_range(0..tasks, WorkerIndex(0), task),
        }
    }
}
