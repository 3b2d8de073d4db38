//! The threads: started once, looking for work a little before they park.

use crate::granted::{Granted, granted};
use crate::job::{Board, Job, MAX_THREADS, run_range};
use crate::load::{Caller, Hot, Load, Spin, enter_as_worker};
use crate::sync::{AtomicBool, AtomicUsize, Ordering, Thread, thread};
use crate::{Task, WorkerIndex};
use fastserve_simd::FpGuard;
use std::sync::OnceLock;
use std::time::Duration;

/// Callers that workers serve at a time; others do their work alone.
const MAX_BOARDS: usize = 8;
/// A run that is expected to take longer than this is worth waking workers at its start: they are there after tens of
/// microseconds, and the caller pays a few for each.
const WORTH_WAKING: Duration = Duration::from_micros(200);

/// Threads that wait for runs. There is one for the process ([`Pool::global`]); tests may make others.
///
/// Each worker sets the fixed floating-point control word once; a caller sets it at its own entry point.
#[derive(Debug)]
pub struct Pool {
    workers: Vec<Worker>,
    /// One for each caller that is served at a time.
    boards: Vec<Board>,
    load: Load,
    /// Workers that have started. A starting thread allocates, and no run may: [`Pool::start`] waits for them.
    started: AtomicUsize,
    /// Workers end. Only the model lets them.
    #[cfg(test)]
    closing: AtomicBool,
}

#[derive(Debug, Default)]
struct Worker {
    thread: OnceLock<Thread>,
    parked: AtomicBool,
}

/// How a pool is made.
#[derive(Copy, Clone, Debug)]
pub struct PoolOptions {
    /// Threads, callers' own included.
    pub threads: usize,
    /// Cores that its threads and callers may keep busy. With fewer than threads that want to run nobody spins.
    pub cores: f64,
    /// How long idle threads look for work.
    pub spin: Spin,
}

impl PoolOptions {
    /// The pool that fits a grant.
    pub fn fitting(granted: &Granted) -> PoolOptions {
        PoolOptions { threads: granted.threads(), cores: granted.cores, spin: Spin::default() }
    }
}

impl Pool {
    /// The process-wide pool, sized by the cores granted. Its threads start at the first call.
    pub fn global() -> &'static Pool {
        static GLOBAL: OnceLock<&'static Pool> = OnceLock::new();
        GLOBAL.get_or_init(|| Pool::start(PoolOptions::fitting(granted())))
    }

    /// A pool of `threads` threads, callers' own included, on the cores granted to the process.
    pub fn leak(threads: usize) -> &'static Pool {
        Pool::start(PoolOptions { threads, cores: granted().cores, spin: Spin::default() })
    }

    /// A pool that lives as long as the process. Where the system refuses a thread the pool is smaller:
    /// [`Pool::threads`] tells.
    pub fn start(options: PoolOptions) -> &'static Pool {
        let workers = options.threads.clamp(1, MAX_THREADS) - 1;
        let pool: &'static Pool = Box::leak(Box::new(Pool {
            workers: (0..workers).map(|_| Worker::default()).collect(),
            boards: (0..workers.min(MAX_BOARDS)).map(|_| Board::default()).collect(),
            load: Load::new(options.cores, options.spin),
            started: AtomicUsize::new(0),
            #[cfg(test)]
            closing: AtomicBool::new(false),
        }));
        for (i, worker) in pool.workers.iter().enumerate() {
            let name = format!("fastserve-{}", i + 1);
            let Ok(handle) = thread::Builder::new().name(name).spawn(move || pool.serve(i + 1)) else {
                break;
            };
            let _ = worker.thread.set(handle.thread().clone());
        }
        while 1 + pool.started.load(Ordering::Acquire) < pool.threads() {
            thread::yield_now();
        }
        pool
    }

    /// The threads a run can use: those that started, and the caller.
    pub fn threads(&self) -> usize {
        1 + self.workers.iter().take_while(|w| w.thread.get().is_some()).count()
    }

    /// Sets how long idle threads look for work, from now on.
    pub fn set_spin(&self, spin: Spin) {
        self.load.set_spin(spin);
    }

    /// Workers that sleep. They may wake or fall asleep at any moment.
    pub fn sleeping(&self) -> usize {
        self.workers.iter().filter(|w| w.parked.load(Ordering::Relaxed)).count()
    }

    /// Runs `tasks` tasks on up to `threads` threads, 2 at least, and wakes workers if `wake`.
    pub(crate) fn run(&self, threads: usize, wake: bool, tasks: usize, task: &Task<'_>) {
        let Some(caller) = Caller::enter(&self.load) else {
            return run_range(0..tasks, WorkerIndex(0), task);
        };
        let Some(index) = self.boards.iter().position(Board::take) else {
            return run_range(0..tasks, WorkerIndex(0), task);
        };
        let (board, job) = (&self.boards[index], Job::new(threads, tasks, task));
        board.publish(&job, threads);
        if wake {
            self.wake(index, threads.min(job.chunks) - 1);
        }
        while board.work_once(0) {}
        if !board.all_finished(job.chunks) && !self.load.spin_until(|| board.all_finished(job.chunks)) {
            board.sleep_until_finished(job.chunks);
        }
        board.give_back();
        drop(caller);
        if let Some(payload) = job.into_panic() {
            std::panic::resume_unwind(payload);
        }
    }

    /// A run of several calls begins on this thread, and is expected to take `expected`.
    pub(crate) fn hot(&'static self, threads: usize, expected: Duration) -> Hot {
        let guard = Hot::enter(&self.load);
        if expected >= WORTH_WAKING {
            let free = usize::try_from(self.load.free_cores()).unwrap_or(0);
            self.wake(0, free.min(threads - 1));
        }
        guard
    }

    /// Wakes those of the first `count` workers of a board that sleep.
    fn wake(&self, board: usize, count: usize) {
        for index in 1..=count.min(self.workers.len()) {
            let worker = &self.workers[self.worker_of(index, board)];
            if worker.parked.load(Ordering::SeqCst) && worker.parked.swap(false, Ordering::SeqCst) {
                worker.thread.get().into_iter().for_each(Thread::unpark);
            }
        }
    }

    /// The place among the workers of the one that has `index` in the teams of `board`. Each board starts at another
    /// worker, so that small teams of several callers have different ones, and no two workers have the same index.
    fn worker_of(&self, index: usize, board: usize) -> usize {
        let place = index - 1 + board;
        if place >= self.workers.len() { place - self.workers.len() } else { place }
    }

    /// The index that the worker at `place` has in the teams of `board`.
    fn index_of(&self, place: usize, board: usize) -> usize {
        1 + if place >= board { place - board } else { place + self.workers.len() - board }
    }

    /// A board with work for the worker at `place`, and the worker's index there. Of several boards each draws an equal
    /// part of the workers.
    fn find(&self, place: usize) -> Option<(&Board, usize)> {
        let mut open = [0; MAX_BOARDS];
        let mut count = 0;
        for (b, board) in self.boards.iter().enumerate() {
            if board.has_work(self.index_of(place, b)) {
                open[count] = b;
                count += 1;
            }
        }
        let chosen = *open[..count].get(place * count / self.workers.len())?;
        Some((&self.boards[chosen], self.index_of(place, chosen)))
    }

    /// The life of a worker.
    fn serve(&self, worker: usize) {
        let _control_word = FpGuard::enter();
        enter_as_worker();
        self.load.worker_woke();
        self.started.fetch_add(1, Ordering::Release);
        let place = worker - 1;
        while !self.is_closing() {
            // Looked for anew after each chunk, so that a caller who comes later gets its part.
            while let Some((board, index)) = self.find(place) {
                board.work_once(index);
            }
            if !self.load.spin_until(|| self.find(place).is_some()) {
                self.park(place);
            }
        }
    }

    fn park(&self, place: usize) {
        let parked = &self.workers[place].parked;
        parked.store(true, Ordering::SeqCst);
        self.load.worker_sleeps();
        while parked.load(Ordering::SeqCst) && self.find(place).is_none() && !self.is_closing() {
            thread::park();
        }
        parked.store(false, Ordering::SeqCst);
        self.load.worker_woke();
    }

    #[cfg(not(test))]
    fn is_closing(&self) -> bool {
        false
    }

    #[cfg(test)]
    fn is_closing(&self) -> bool {
        self.closing.load(Ordering::SeqCst)
    }

    #[cfg(test)]
    pub(crate) fn close(&self) {
        self.closing.store(true, Ordering::SeqCst);
        self.workers.iter().filter_map(|w| w.thread.get()).for_each(Thread::unpark);
    }
}
