//! Who is in the pool, and how long a thread may look for work before it sleeps.

use crate::sync::{AtomicU32, AtomicUsize, Clock, Ordering, spin_loop, thread, thread_local};
use std::cell::Cell;
use std::marker::PhantomData;
use std::time::Duration;

/// Looks between two readings of the clock.
const LOOKS: u32 = 32;
/// Readings between two offers of the core to another thread, about two microseconds. The system may have woken a worker
/// on its caller's core, where its spinning would keep the caller from going on.
const READINGS: u32 = 4;

/// How long a thread looks for work where only a part of a core is missing: as long as the gaps between most steps, and
/// between runs that follow each other at once. Sleeping and waking at each of them takes longer than they last.
const BRIEF: Duration = Duration::from_micros(5);

/// How long an idle thread looks for work before it sleeps. It hardly looks where more threads want to run than cores
/// are granted.
#[derive(Copy, Clone, Debug, PartialEq, Eq)]
pub struct Spin {
    /// While a run is under way ([`Team::hot`](crate::Team::hot)): between its steps.
    pub in_run: Duration,
    /// After the last run, and after a call that belongs to none.
    pub after: Duration,
}

impl Spin {
    /// Sleep at once.
    pub const NONE: Spin = Spin { in_run: Duration::ZERO, after: Duration::ZERO };
}

impl Default for Spin {
    fn default() -> Spin {
        Spin { in_run: Duration::from_micros(200), after: Duration::from_micros(50) }
    }
}

/// Counts of a pool. Those who read them may see them late: they decide time, never results.
#[derive(Debug)]
pub(crate) struct Load {
    /// Whole cores granted: of one and a half, the half must not be spent on waiting.
    cores: usize,
    /// A part of another core is granted too.
    part: bool,
    /// Threads inside a call or holding a [`Hot`].
    callers: AtomicUsize,
    /// Guards alive.
    hot: AtomicUsize,
    /// Workers that are not parked.
    awake: AtomicUsize,
    in_run_us: AtomicU32,
    after_us: AtomicU32,
}

impl Load {
    pub(crate) fn new(cores: f64, spin: Spin) -> Load {
        let cores = cores.max(0.0);
        let load = Load {
            cores: cores as usize,
            part: cores >= 1.0 && cores.fract() > 0.0,
            callers: AtomicUsize::new(0),
            hot: AtomicUsize::new(0),
            awake: AtomicUsize::new(0),
            in_run_us: AtomicU32::new(0),
            after_us: AtomicU32::new(0),
        };
        load.set_spin(spin);
        load
    }

    pub(crate) fn set_spin(&self, spin: Spin) {
        let micros = |time: Duration| u32::try_from(time.as_micros()).unwrap_or(u32::MAX);
        self.in_run_us.store(micros(spin.in_run), Ordering::Relaxed);
        self.after_us.store(micros(spin.after), Ordering::Relaxed);
    }

    /// Cores that nobody wants; negative where more threads want to run than cores are granted.
    pub(crate) fn free_cores(&self) -> isize {
        let wanted = self.callers.load(Ordering::Relaxed) + self.awake.load(Ordering::Relaxed);
        self.cores as isize - wanted as isize
    }

    pub(crate) fn worker_woke(&self) {
        self.awake.fetch_add(1, Ordering::Relaxed);
    }

    pub(crate) fn worker_sleeps(&self) {
        self.awake.fetch_sub(1, Ordering::Relaxed);
    }

    /// Whether only a part of a core is missing, and a thread has not looked for long.
    fn may_look_briefly(&self, start: &Clock) -> bool {
        self.part && self.free_cores() == -1 && start.elapsed() < BRIEF
    }

    /// Looks at `ready` for a while. False where it stayed false, or where threads compete for cores.
    pub(crate) fn spin_until(&self, ready: impl Fn() -> bool) -> bool {
        let start = Clock::now();
        let mut last_hot = Clock::now();
        for reading in 1u32.. {
            if self.free_cores() < 0 && !self.may_look_briefly(&start) {
                break;
            }
            if (0..LOOKS).any(|_| ready() || pause()) {
                return true;
            }
            let hot = self.hot.load(Ordering::Relaxed) > 0;
            if hot {
                last_hot = Clock::now();
            }
            let (since, limit) = if hot { (&start, &self.in_run_us) } else { (&last_hot, &self.after_us) };
            if since.elapsed() >= Duration::from_micros(limit.load(Ordering::Relaxed).into()) {
                break;
            }
            if reading.is_multiple_of(READINGS) {
                thread::yield_now();
            }
        }
        ready()
    }
}

fn pause() -> bool {
    spin_loop();
    false
}

/// What this thread is to the pool. There is one pool a process, so one word for all pools will do.
#[derive(Copy, Clone)]
struct Here {
    /// Inside a call, or a worker: calls from here are nested.
    inside: bool,
    /// Guards that this thread holds.
    guards: usize,
}

thread_local! {
    static HERE: Cell<Here> = const { Cell::new(Here { inside: false, guards: 0 }) };
}

fn here() -> Here {
    HERE.with(Cell::get)
}

fn set_here(here: Here) {
    HERE.with(|cell| cell.set(here));
}

/// Marks this thread as a worker for good.
pub(crate) fn enter_as_worker() {
    set_here(Here { inside: true, guards: 0 });
}

/// A caller inside a call.
pub(crate) struct Caller<'a> {
    load: &'a Load,
    counted: bool,
}

impl<'a> Caller<'a> {
    /// None where the call is nested in another.
    pub(crate) fn enter(load: &'a Load) -> Option<Caller<'a>> {
        let before = here();
        if before.inside {
            return None;
        }
        set_here(Here { inside: true, ..before });
        let counted = before.guards == 0;
        if counted {
            load.callers.fetch_add(1, Ordering::Relaxed);
        }
        Some(Caller { load, counted })
    }
}

impl Drop for Caller<'_> {
    fn drop(&mut self) {
        set_here(Here { inside: false, ..here() });
        if self.counted {
            self.load.callers.fetch_sub(1, Ordering::Relaxed);
        }
    }
}

/// A run of several calls with small gaps: while it lives, workers look for work for longer before they sleep. See
/// [`Team::hot`](crate::Team::hot).
#[derive(Debug)]
#[must_use = "workers stay awake only while the guard lives"]
pub struct Hot {
    load: Option<&'static Load>,
    /// The caller is counted on its thread.
    _not_send: PhantomData<*const ()>,
}

impl Hot {
    /// A guard without effect.
    pub(crate) const fn none() -> Hot {
        Hot { load: None, _not_send: PhantomData }
    }

    pub(crate) fn enter(load: &'static Load) -> Hot {
        let before = here();
        if before.inside {
            return Hot::none();
        }
        set_here(Here { guards: before.guards + 1, ..before });
        if before.guards == 0 {
            load.callers.fetch_add(1, Ordering::Relaxed);
        }
        load.hot.fetch_add(1, Ordering::Relaxed);
        Hot { load: Some(load), _not_send: PhantomData }
    }
}

impl Drop for Hot {
    fn drop(&mut self) {
        let Some(load) = self.load else { return };
        let before = here();
        let guards = before.guards.saturating_sub(1);
        set_here(Here { guards, ..before });
        load.hot.fetch_sub(1, Ordering::Relaxed);
        if guards == 0 {
            load.callers.fetch_sub(1, Ordering::Relaxed);
        }
    }
}
