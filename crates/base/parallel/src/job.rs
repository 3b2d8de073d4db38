#![allow(unsafe_code)]
//! One fork-join call: a task over a range, cut into chunks that threads claim from one word.

use crate::sync::{AtomicBool, AtomicPtr, AtomicU64, AtomicUsize, Condvar, Mutex, Ordering};
use crate::{Task, TaskIndex, WorkerIndex};
use std::any::Any;
use std::ops::Range;
use std::panic::{AssertUnwindSafe, catch_unwind};

/// Chunks per thread: enough to balance, few enough that claims cost nothing.
const CHUNKS_PER_THREAD: usize = 32;
/// The claim word has 16 bits for each of: threads, chunks, next chunk.
const FIELD: u32 = 16;
pub(crate) const MAX_THREADS: usize = 1024;

/// What the threads of one run share. It lives on the caller's stack.
pub(crate) struct Job<'a> {
    pub(crate) task: &'a Task<'a>,
    pub(crate) tasks: usize,
    per_chunk: usize,
    pub(crate) chunks: usize,
    panic: Mutex<Option<Box<dyn Any + Send>>>,
}

impl<'a> Job<'a> {
    pub(crate) fn new(threads: usize, tasks: usize, task: &'a Task<'a>) -> Job<'a> {
        let per_chunk = tasks.div_ceil(threads * CHUNKS_PER_THREAD).max(1);
        Job { task, tasks, per_chunk, chunks: tasks.div_ceil(per_chunk), panic: Mutex::new(None) }
    }

    /// Runs one chunk; the first panic is kept.
    fn run_chunk(&self, chunk: usize, worker: WorkerIndex) {
        let start = chunk * self.per_chunk;
        let range = start..self.tasks.min(start + self.per_chunk);
        let run = AssertUnwindSafe(|| run_range(range, worker, self.task));
        if let Err(payload) = catch_unwind(run) {
            let mut first = self.panic.lock().unwrap_or_else(|poisoned| poisoned.into_inner());
            first.get_or_insert(payload);
        }
    }

    /// The first panic of any chunk.
    pub(crate) fn into_panic(self) -> Option<Box<dyn Any + Send>> {
        self.panic.into_inner().unwrap_or_else(|poisoned| poisoned.into_inner())
    }
}

pub(crate) fn run_range(range: Range<usize>, worker: WorkerIndex, task: &Task<'_>) {
    for index in range {
        task(TaskIndex(index), worker);
    }
}

/// Where one caller at a time publishes its job, and where the job's chunks are claimed.
///
/// `claim` holds the number of threads, of chunks, and of chunks already claimed; zero when idle. It alone decides a
/// claim: a compare-and-swap that succeeds has taken a chunk of the job that is current at that moment, however long
/// the thread slept since it read the word. That chunk is unfinished, and the publisher returns only when every chunk
/// is finished, so the job outlives the work on it.
///
/// Aligned so that callers on different boards do not share cache lines.
#[derive(Debug, Default)]
#[repr(align(128))]
pub(crate) struct Board {
    claim: AtomicU64,
    job: AtomicPtr<Job<'static>>,
    finished: AtomicUsize,
    /// A caller has the board.
    taken: AtomicBool,
    /// The caller sleeps, or is about to.
    waiting: AtomicBool,
    sleep: Mutex<()>,
    done: Condvar,
}

impl Board {
    /// Takes the board for one caller, if it is free.
    pub(crate) fn take(&self) -> bool {
        !self.taken.load(Ordering::Relaxed) && !self.taken.swap(true, Ordering::Acquire)
    }

    /// Gives the board back. Its job must be finished.
    pub(crate) fn give_back(&self) {
        self.taken.store(false, Ordering::Release);
    }

    /// Makes `job` current. The caller must have taken the board, and must not let `job` end, or give the board back,
    /// before [`Board::all_finished`] is true.
    pub(crate) fn publish(&self, job: &Job<'_>, threads: usize) {
        self.finished.store(0, Ordering::Relaxed);
        self.job.store(std::ptr::from_ref(job).cast_mut().cast(), Ordering::Relaxed);
        let word = (threads as u64) << (2 * FIELD) | (job.chunks as u64) << FIELD;
        // Sequentially consistent, so that a worker about to park sees this or is seen parked.
        self.claim.store(word, Ordering::SeqCst);
    }

    /// Whether `worker`, by its index in the team, could claim a chunk now.
    pub(crate) fn has_work(&self, worker: usize) -> bool {
        claimable(self.claim.load(Ordering::SeqCst), worker)
    }

    /// Claims and runs one chunk. False where there is none for `worker`.
    pub(crate) fn work_once(&self, worker: usize) -> bool {
        loop {
            let word = self.claim.load(Ordering::Acquire);
            if !claimable(word, worker) {
                return false;
            }
            if self.claim.compare_exchange(word, word + 1, Ordering::AcqRel, Ordering::Relaxed).is_ok() {
                self.run_claimed(word, worker);
                return true;
            }
        }
    }

    fn run_claimed(&self, word: u64, worker: usize) {
        let (chunks, chunk) = (field(word, 1), field(word, 0));
        // SAFETY: the claim succeeded, so `job` is the one that was published with this word (the swap acquired its
        // release) and its publisher waits for this chunk: the job is alive until `finished` is raised below, and is
        // not touched after that. Its lifetime is erased to `'static` only within this call. `Job` is shared between
        // threads by shared reference only; its task is `Sync`, and its panic slot is a mutex.
        let job = unsafe { &*self.job.load(Ordering::Relaxed) };
        job.run_chunk(chunk, WorkerIndex(worker));
        if self.finished.fetch_add(1, Ordering::SeqCst) + 1 == chunks && self.waiting.load(Ordering::SeqCst) {
            let _guard = self.sleep.lock().unwrap_or_else(|poisoned| poisoned.into_inner());
            self.done.notify_one();
        }
    }

    /// Whether all chunks of a job of `chunks` chunks are finished.
    pub(crate) fn all_finished(&self, chunks: usize) -> bool {
        self.finished.load(Ordering::SeqCst) == chunks
    }

    /// Sleeps until all chunks are finished.
    pub(crate) fn sleep_until_finished(&self, chunks: usize) {
        self.waiting.store(true, Ordering::SeqCst);
        let mut guard = self.sleep.lock().unwrap_or_else(|poisoned| poisoned.into_inner());
        while !self.all_finished(chunks) {
            guard = self.done.wait(guard).unwrap_or_else(|poisoned| poisoned.into_inner());
        }
        self.waiting.store(false, Ordering::SeqCst);
    }
}

fn field(word: u64, index: u32) -> usize {
    (word >> (index * FIELD)) as usize & ((1 << FIELD) - 1)
}

fn claimable(word: u64, worker: usize) -> bool {
    worker < field(word, 2) && field(word, 0) < field(word, 1)
}

// A job of the most threads still fits its fields.
const _: () = assert!(MAX_THREADS * CHUNKS_PER_THREAD < 1 << FIELD);
