#![allow(unsafe_code)]
//! What the operating system is told about large buffers.

/// Buffers below this stay on pages of the usual size.
#[cfg(target_os = "linux")]
const HUGE_BYTES: usize = 4 << 20;
/// A huge page on x86-64 and on AArch64 with 4 KiB pages.
#[cfg(target_os = "linux")]
const HUGE_PAGE: usize = 2 << 20;

/// Asks for huge pages where a buffer is large: kernels walk many planes at once, more than the address cache holds small
/// pages for. A refusal changes nothing but speed.
#[cfg(target_os = "linux")]
pub(crate) fn prefer_huge_pages(start: *mut u8, len: usize) {
    let skip = start.align_offset(HUGE_PAGE);
    if len < HUGE_BYTES || skip >= len {
        return;
    }
    let whole = (len - skip) / HUGE_PAGE * HUGE_PAGE;
    // SAFETY: the pages lie inside the caller's buffer; the advice changes no contents.
    let _ = unsafe { libc::madvise(start.wrapping_add(skip).cast(), whole, libc::MADV_HUGEPAGE) };
}

/// Other systems choose by themselves.
#[cfg(not(target_os = "linux"))]
pub(crate) fn prefer_huge_pages(_: *mut u8, _: usize) {}
