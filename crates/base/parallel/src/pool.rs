//! The threads: started once, spinning a little before they park.

use crate::job::{Board, Job, MAX_THREADS, run_range};
use crate::{Task, WorkerIndex, granted_cores};
use fastserve_simd::FpGuard;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Condvar, Mutex, OnceLock};
use std::thread::{self, Thread};
use std::time::{Duration, Instant};

/// How long a thread looks for work, or for the end of a run, before it sleeps. None where callers compete.
const SPIN: Duration = Duration::from_micros(50);
/// Looks between two readings of the clock.
const LOOKS: u32 = 32;

/// Threads that wait for runs. There is one for the process ([`Pool::global`]); tests may make others.
///
/// Each worker sets the fixed floating-point control word once; a caller sets it at its own entry point.
#[derive(Debug)]
pub struct Pool {
    workers: Vec<Worker>,
    board: Board,
    /// One run has the workers at a time.
    busy: AtomicBool,
    /// Callers inside [`Pool::run`], whether they have the workers or not.
    callers: AtomicUsize,
    /// Workers that have started. A starting thread allocates, and no run may: [`Pool::leak`] waits for them.
    started: AtomicUsize,
    /// The caller sleeps, or is about to.
    waiting: AtomicBool,
    sleep: Mutex<()>,
    done: Condvar,
}

#[derive(Debug, Default)]
struct Worker {
    thread: OnceLock<Thread>,
    parked: AtomicBool,
}

impl Pool {
    /// The process-wide pool, sized by the cores granted. Its threads start at the first call.
    pub fn global() -> &'static Pool {
        static GLOBAL: OnceLock<&'static Pool> = OnceLock::new();
        GLOBAL.get_or_init(|| Pool::leak(granted_cores()))
    }

    /// A pool of `threads` threads, callers' own included, that lives as long as the process. Where the system
    /// refuses a thread the pool is smaller: [`Pool::threads`] tells.
    pub fn leak(threads: usize) -> &'static Pool {
        let workers = threads.clamp(1, MAX_THREADS) - 1;
        let pool: &'static Pool = Box::leak(Box::new(Pool {
            workers: (0..workers).map(|_| Worker::default()).collect(),
            board: Board::default(),
            busy: AtomicBool::new(false),
            callers: AtomicUsize::new(0),
            started: AtomicUsize::new(0),
            waiting: AtomicBool::new(false),
            sleep: Mutex::new(()),
            done: Condvar::new(),
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

    pub(crate) fn run(&self, threads: usize, tasks: usize, task: &Task<'_>) {
        let _present = Present::enter(&self.callers);
        if self.busy.swap(true, Ordering::Acquire) {
            return run_range(0..tasks, WorkerIndex(0), task);
        }
        let job = Job::new(threads, tasks, task);
        self.board.publish(&job, threads);
        self.wake(threads);
        self.board.work(0);
        self.wait(job.chunks);
        self.busy.store(false, Ordering::Release);
        if let Some(payload) = job.into_panic() {
            std::panic::resume_unwind(payload);
        }
    }

    fn wake(&self, threads: usize) {
        for worker in &self.workers[..threads - 1] {
            if worker.parked.load(Ordering::SeqCst) && worker.parked.swap(false, Ordering::SeqCst) {
                worker.thread.get().into_iter().for_each(Thread::unpark);
            }
        }
    }

    /// Returns when all chunks are finished.
    fn wait(&self, chunks: usize) {
        if self.spin_until(|| self.board.all_finished(chunks)) {
            return;
        }
        self.waiting.store(true, Ordering::SeqCst);
        let mut guard = self.sleep.lock().unwrap_or_else(|poisoned| poisoned.into_inner());
        while !self.board.all_finished(chunks) {
            guard = self.done.wait(guard).unwrap_or_else(|poisoned| poisoned.into_inner());
        }
        self.waiting.store(false, Ordering::SeqCst);
    }

    /// The life of a worker.
    fn serve(&self, worker: usize) {
        let _control_word = FpGuard::enter();
        self.started.fetch_add(1, Ordering::Release);
        loop {
            if self.board.work(worker) && self.waiting.load(Ordering::SeqCst) {
                let _guard = self.sleep.lock().unwrap_or_else(|poisoned| poisoned.into_inner());
                self.done.notify_one();
            }
            if !self.spin_until(|| self.board.has_work(worker)) {
                self.park(worker);
            }
        }
    }

    fn park(&self, worker: usize) {
        let parked = &self.workers[worker - 1].parked;
        parked.store(true, Ordering::SeqCst);
        while parked.load(Ordering::SeqCst) && !self.board.has_work(worker) {
            thread::park();
        }
        parked.store(false, Ordering::SeqCst);
    }

    /// Looks at `ready` for a while. False where it stayed false, or where callers compete for cores.
    fn spin_until(&self, ready: impl Fn() -> bool) -> bool {
        let start = Instant::now();
        loop {
            for _ in 0..LOOKS {
                if ready() {
                    return true;
                }
                std::hint::spin_loop();
            }
            if self.callers.load(Ordering::Relaxed) > 1 || start.elapsed() > SPIN {
                return false;
            }
        }
    }
}

/// Counts a caller while it is inside.
struct Present<'a>(&'a AtomicUsize);

impl<'a> Present<'a> {
    fn enter(count: &'a AtomicUsize) -> Self {
        count.fetch_add(1, Ordering::Relaxed);
        Present(count)
    }
}

impl Drop for Present<'_> {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Ordering::Relaxed);
    }
}
