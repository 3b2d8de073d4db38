#![allow(unsafe_code)]
//! One mutable slice, written by several threads at places of their own.

use fastserve_parallel::WorkerIndex;
use std::marker::PhantomData;
use std::ops::Range;

/// A mutable slice that is lent in parts.
pub(crate) struct Disjoint<'a, T> {
    start: *mut T,
    len: usize,
    _slice: PhantomData<&'a mut [T]>,
}

// SAFETY: parts are only made by `part`, whose caller promises that they do not overlap; each is then an exclusive slice
// of `T`, which may cross threads where `T` may.
unsafe impl<T: Send> Sync for Disjoint<'_, T> {}

impl<'a, T> Disjoint<'a, T> {
    pub(crate) fn new(slice: &'a mut [T]) -> Self {
        Disjoint { start: slice.as_mut_ptr(), len: slice.len(), _slice: PhantomData }
    }

    /// The elements in `range`.
    ///
    /// # Panics
    /// Where `range` does not lie in the slice.
    ///
    /// # Safety
    /// No other part that shares an element may be alive, on any thread.
    #[inline(always)]
    #[allow(clippy::mut_from_ref)]
    pub(crate) unsafe fn part(&self, range: Range<usize>) -> &mut [T] {
        assert!(range.start <= range.end && range.end <= self.len);
        // SAFETY: the range lies in the slice that `self` borrows; the caller promises that it is not shared.
        unsafe { std::slice::from_raw_parts_mut(self.start.add(range.start), range.len()) }
    }
}

impl Disjoint<'_, f32> {
    /// The part of a scratch slice that belongs to one worker of a run.
    ///
    /// # Safety
    /// A task asks once, and `worker` is its own: workers that run at the same time have different indices.
    #[allow(clippy::mut_from_ref)]
    pub(crate) unsafe fn for_worker(&self, worker: WorkerIndex, len: usize) -> &mut [f32] {
        // SAFETY: parts of different workers do not overlap, and no two tasks of one worker run at the same time.
        unsafe { self.part(worker.0 * len..(worker.0 + 1) * len) }
    }
}
