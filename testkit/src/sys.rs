//! What tests need of the machine: a counting allocator, and the floating-point control word.
#![allow(unsafe_code)]

use std::alloc::{GlobalAlloc, Layout, System};
use std::cell::Cell;
use std::sync::atomic::{AtomicUsize, Ordering};

/// An allocator that counts calls of the process and bytes of each thread. A test program makes it its own:
///
/// ```ignore
/// #[global_allocator]
/// static ALLOCATOR: fastserve_testkit::sys::Counting = fastserve_testkit::sys::Counting;
/// ```
pub struct Counting;

static CALLS: AtomicUsize = AtomicUsize::new(0);

thread_local! {
    static NOW: Cell<isize> = const { Cell::new(0) };
    static PEAK: Cell<isize> = const { Cell::new(0) };
}

fn count(delta: isize) {
    CALLS.fetch_add(1, Ordering::SeqCst);
    let _ = NOW.try_with(|now| {
        now.set(now.get() + delta);
        let _ = PEAK.try_with(|peak| peak.set(peak.get().max(now.get())));
    });
}

// SAFETY: every call is handed to the system's allocator as it is. `realloc` is the trait's own, which takes the new block
// before it frees the old one: a vector that grows is counted twice, as it may be.
unsafe impl GlobalAlloc for Counting {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        count(layout.size() as isize);
        // SAFETY: the caller's promise is handed on.
        unsafe { System.alloc(layout) }
    }

    unsafe fn dealloc(&self, block: *mut u8, layout: Layout) {
        count(-(layout.size() as isize));
        // SAFETY: the caller's promise is handed on.
        unsafe { System.dealloc(block, layout) }
    }
}

/// Allocator calls so far, of all threads.
pub fn allocator_calls() -> usize {
    CALLS.load(Ordering::SeqCst)
}

/// What `f` returns, and the most that this thread had allocated at once meanwhile, in bytes.
pub fn peak<T>(f: impl FnOnce() -> T) -> (T, usize) {
    let before = NOW.get();
    PEAK.set(before);
    let value = f();
    (value, (PEAK.get() - before) as usize)
}

/// Runs `f` with flush-to-zero, denormals-are-zero and rounding towards zero set, as a host may have it.
///
/// # Panics
/// `f` leaves another control word than it found.
#[cfg(target_arch = "x86_64")]
pub fn with_hostile_control_word<R>(f: impl FnOnce() -> R) -> R {
    const HOSTILE: u32 = 0x1f80 | 1 << 15 | 1 << 6 | 3 << 13;
    const FLAGS: u32 = 0x3f;
    let before = read_control_word();
    write_control_word(HOSTILE);
    let result = f();
    let after = read_control_word();
    write_control_word(before);
    assert_eq!(after & !FLAGS, HOSTILE, "the control word is restored");
    result
}

#[cfg(target_arch = "x86_64")]
fn read_control_word() -> u32 {
    let mut word = 0u32;
    // SAFETY: stores four bytes to a local of four bytes.
    unsafe { std::arch::asm!("stmxcsr [{}]", in(reg) &mut word) };
    word
}

#[cfg(target_arch = "x86_64")]
fn write_control_word(word: u32) {
    // SAFETY: loads four bytes from a local; the word sets no reserved bit.
    unsafe { std::arch::asm!("ldmxcsr [{}]", in(reg) &word) };
}
