//! What tests need of the machine: a counting allocator and the floating-point control word.
#![allow(unsafe_code, dead_code)]

use std::alloc::{GlobalAlloc, Layout, System};
use std::sync::atomic::{AtomicUsize, Ordering};

/// Counts calls on all threads.
pub(crate) struct Counting;

static CALLS: AtomicUsize = AtomicUsize::new(0);

/// Allocator calls so far.
pub(crate) fn allocator_calls() -> usize {
    CALLS.load(Ordering::SeqCst)
}

// SAFETY: every call goes to the system allocator unchanged.
unsafe impl GlobalAlloc for Counting {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        CALLS.fetch_add(1, Ordering::SeqCst);
        // SAFETY: the caller's promise is passed on.
        unsafe { System.alloc(layout) }
    }

    unsafe fn dealloc(&self, ptr: *mut u8, layout: Layout) {
        CALLS.fetch_add(1, Ordering::SeqCst);
        // SAFETY: the caller's promise is passed on.
        unsafe { System.dealloc(ptr, layout) }
    }

    unsafe fn realloc(&self, ptr: *mut u8, layout: Layout, new_size: usize) -> *mut u8 {
        CALLS.fetch_add(1, Ordering::SeqCst);
        // SAFETY: the caller's promise is passed on.
        unsafe { System.realloc(ptr, layout, new_size) }
    }
}

/// Runs `f` with flush-to-zero, denormals-are-zero and rounding towards zero set, as a host may have it.
#[cfg(target_arch = "x86_64")]
pub(crate) fn with_hostile_control_word<R>(f: impl FnOnce() -> R) -> R {
    const HOSTILE: u32 = 0x1f80 | 1 << 15 | 1 << 6 | 3 << 13;
    let before = read_control_word();
    write_control_word(HOSTILE);
    let result = f();
    assert_eq!(read_control_word() & !0x3f, HOSTILE & !0x3f, "the control word is restored");
    write_control_word(before);
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
