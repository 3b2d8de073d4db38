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

mod job;
mod pool;

pub use pool::Pool;

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
}

impl Team {
    /// The calling thread alone.
    pub const fn serial() -> Team {
        Team { pool: None, threads: 1 }
    }

    /// Up to `threads` threads of the process-wide pool; fewer where fewer cores are granted, at least one.
    pub fn global(threads: usize) -> Team {
        if threads <= 1 { Team::serial() } else { Team::of(Pool::global(), threads) }
    }

    /// Up to `threads` threads of `pool`.
    pub fn of(pool: &'static Pool, threads: usize) -> Team {
        match threads.clamp(1, pool.threads()) {
            1 => Team::serial(),
            threads => Team { pool: Some(pool), threads },
        }
    }

    /// How many threads a run may use; the bound of [`WorkerIndex`].
    pub const fn threads(self) -> usize {
        self.threads
    }

    /// Calls `task` once for each index in `0..tasks` and returns when all calls have finished.
    ///
    /// Where the pool is busy with another run (an enclosing one, or another caller's) the caller does all the work.
    /// Nothing is allocated.
    ///
    /// # Panics
    /// A panic in a task is raised again here when all other tasks have finished or, sharing its chunk, been skipped.
    pub fn run(self, tasks: usize, task: &Task<'_>) {
        match self.pool {
            Some(pool) if tasks > 1 => pool.run(self.threads, tasks, task),
            _ => job::run_range(0..tasks, WorkerIndex(0), task),
        }
    }
}

/// How many cores this process may use: affinity and cgroup quota count. At least one.
pub fn granted_cores() -> usize {
    std::thread::available_parallelism().map_or(1, std::num::NonZero::get)
}
