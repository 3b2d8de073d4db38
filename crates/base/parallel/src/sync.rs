//! What the pool needs of threads: the standard library's, or shuttle's where this crate's unit tests are built, so
//! that `model.rs` decides which thread goes next at every step.

#[cfg(test)]
mod chosen {
    pub(crate) use shuttle::hint::spin_loop;
    pub(crate) use shuttle::sync::atomic::{AtomicBool, AtomicPtr, AtomicU32, AtomicU64, AtomicUsize, Ordering};
    pub(crate) use shuttle::sync::{Condvar, Mutex};
    pub(crate) use shuttle::thread::{self, Thread};
    pub(crate) use shuttle::thread_local;
}

#[cfg(not(test))]
mod chosen {
    pub(crate) use std::hint::spin_loop;
    pub(crate) use std::sync::atomic::{AtomicBool, AtomicPtr, AtomicU32, AtomicU64, AtomicUsize, Ordering};
    pub(crate) use std::sync::{Condvar, Mutex};
    pub(crate) use std::thread::{self, Thread};
    pub(crate) use std::thread_local;
}

pub(crate) use chosen::*;

/// Time as spinning sees it. Under the model an interval ends at its second look.
#[cfg(not(test))]
pub(crate) type Clock = std::time::Instant;

#[cfg(test)]
pub(crate) use model_clock::Clock;

#[cfg(test)]
mod model_clock {
    use std::cell::Cell;
    use std::time::Duration;

    #[derive(Debug)]
    pub(crate) struct Clock(Cell<u64>);

    impl Clock {
        pub(crate) fn now() -> Clock {
            Clock(Cell::new(0))
        }

        pub(crate) fn elapsed(&self) -> Duration {
            self.0.set(self.0.get() + 1);
            Duration::from_secs(self.0.get() - 1)
        }
    }
}
