#![allow(unsafe_code)]
//! One floating-point control word for all arithmetic: round to nearest even, denormals kept, exceptions masked.

/// Holds the fixed control word from [`FpGuard::enter`] until it is dropped, then restores the caller's.
///
/// Where the caller already has the fixed word (as Rust threads do) this reads one register. On other architectures
/// than x86-64 it does nothing.
#[derive(Debug)]
#[must_use = "the fixed control word holds only while the guard lives"]
pub struct FpGuard {
    saved: Option<u32>,
    /// The control word belongs to one thread.
    _not_send: std::marker::PhantomData<*const ()>,
}

impl FpGuard {
    /// Sets the fixed control word on this thread.
    #[inline]
    pub fn enter() -> FpGuard {
        FpGuard { saved: sys::set_fixed(), _not_send: std::marker::PhantomData }
    }
}

impl Drop for FpGuard {
    #[inline]
    fn drop(&mut self) {
        if let Some(word) = self.saved {
            sys::restore(word);
        }
    }
}

#[cfg(target_arch = "x86_64")]
mod sys {
    use std::arch::asm;

    /// Round to nearest, no flush-to-zero, no denormals-are-zero, all exceptions masked.
    const FIXED: u32 = 0x1F80;
    /// Bits 0 to 5 of MXCSR are sticky flags, not control.
    const CONTROL: u32 = 0xFFC0;

    fn read() -> u32 {
        let mut word = 0u32;
        // SAFETY: stores MXCSR to the local it is given.
        unsafe { asm!("stmxcsr [{}]", in(reg) &mut word, options(nostack, preserves_flags)) };
        word
    }

    fn write(word: u32) {
        // SAFETY: only values that MXCSR accepts are written: the fixed word, which is the one that compiled Rust code
        // assumes, or a word read from it.
        unsafe { asm!("ldmxcsr [{}]", in(reg) &word, options(nostack, readonly)) };
    }

    pub(super) fn set_fixed() -> Option<u32> {
        let word = read();
        let differs = word & CONTROL != FIXED;
        if differs {
            write(FIXED);
        }
        differs.then_some(word)
    }

    pub(super) fn restore(word: u32) {
        write(word);
    }

    #[cfg(test)]
    mod tests {
        use super::*;
        use crate::FpGuard;
        use std::hint::black_box;

        #[test]
        fn guard_sets_and_restores() {
            let host = FIXED | 0x8040; // flush to zero, denormals are zero
            write(host);
            let inside = {
                let _guard = FpGuard::enter();
                black_box(f32::MIN_POSITIVE) * black_box(0.5)
            };
            let after = read();
            write(FIXED);
            assert_eq!(inside, f32::MIN_POSITIVE / 2.0);
            assert_eq!(after & CONTROL, host);
        }
    }
}

#[cfg(not(target_arch = "x86_64"))]
mod sys {
    pub(super) fn set_fixed() -> Option<u32> {
        None
    }

    pub(super) fn restore(_: u32) {}
}
