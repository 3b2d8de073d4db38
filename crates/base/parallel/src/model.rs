//! The pool's protocol under a scheduler that decides who goes next at every step: publish, claim, finish, park, wake,
//! panic, sharing. shuttle draws schedules at random and by priorities; memory is sequentially consistent there, so what
//! only weaker memory shows is left to the notes beside the orderings.
//!
//! `FASTSERVE_SCHEDULES=100000 cargo test -p fastserve-parallel --lib` draws more.

use crate::sync::{AtomicUsize, Ordering, thread};
use crate::{Pool, PoolOptions, Spin, Team};
use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};
use std::sync::Arc;
use std::time::Duration;

const SCHEDULES: usize = 600;

fn schedules() -> usize {
    std::env::var("FASTSERVE_SCHEDULES").ok().and_then(|n| n.parse().ok()).unwrap_or(SCHEDULES)
}

/// Runs `body` under many schedules. A deadlock, a lost wake-up among them, fails.
fn check(body: impl Fn() + Send + Sync + 'static) {
    let body = Arc::new(body);
    let (random, prioritised) = (body.clone(), body);
    shuttle::check_random(move || random(), schedules());
    shuttle::check_pct(move || prioritised(), schedules(), 3);
}

/// A pool of so many threads on as many cores, closed at the end.
fn with_pool(threads: usize, cores: f64, body: impl FnOnce(&'static Pool)) {
    let pool = Pool::start(PoolOptions { threads, cores, spin: Spin::default() });
    body(pool);
    pool.close();
}

fn counts(team: Team, tasks: usize) {
    let runs: Vec<AtomicUsize> = (0..tasks).map(|_| AtomicUsize::new(0)).collect();
    team.run(tasks, &|task, worker| {
        assert!(worker.0 < team.threads());
        runs[task.0].fetch_add(1, Ordering::Relaxed);
    });
    assert!(runs.iter().all(|n| n.load(Ordering::Relaxed) == 1), "every task once, and finished when the call returns");
}

#[test]
fn one_caller_whose_workers_sleep_and_wake() {
    check(|| with_pool(2, 2.0, |pool| (0..2).for_each(|_| counts(Team::of(pool, 2), 3))));
    check(|| with_pool(3, 0.5, |pool| (0..2).for_each(|_| counts(Team::of(pool, 3), 4))));
}

#[test]
fn calls_that_wake_nobody_finish() {
    check(|| with_pool(2, 1.0, |pool| (0..2).for_each(|_| counts(Team::of(pool, 2).without_waking(), 3))));
}

/// Tasks that all must run at the same time: a worker that misses its wake-up is a deadlock.
#[test]
fn workers_that_are_needed_come() {
    for (threads, cores) in [(2, 2.0), (2, 0.5), (3, 3.0)] {
        check(move || {
            with_pool(threads, cores, |pool| {
                let barrier = shuttle::sync::Barrier::new(threads);
                (0..2).for_each(|_| {
                    Team::of(pool, threads).run(threads, &|_, _| {
                        let _ = barrier.wait();
                    })
                });
            });
        });
    }
}

#[test]
fn a_run_keeps_workers_awake_and_ends() {
    check(|| {
        with_pool(2, 2.0, |pool| {
            let guard = Team::of(pool, 2).hot(Duration::from_secs(1));
            (0..2).for_each(|_| counts(Team::of(pool, 2), 2));
            drop(guard);
            counts(Team::of(pool, 2), 2);
        });
    });
}

#[test]
fn callers_share_boards_and_workers() {
    for (threads, callers) in [(2, 2), (3, 2), (3, 3)] {
        check(move || {
            with_pool(threads, 2.0, |pool| {
                let others: Vec<_> = (1..callers).map(|_| thread::spawn(move || counts(Team::of(pool, threads), 3))).collect();
                counts(Team::of(pool, threads), 3);
                others.into_iter().for_each(|other| other.join().expect("no panic"));
            });
        });
    }
}

#[test]
fn workers_of_one_call_have_different_indices() {
    check(|| {
        with_pool(3, 3.0, |pool| {
            let other = thread::spawn(move || counts(Team::of(pool, 2), 3));
            let inside: Vec<AtomicUsize> = (0..3).map(|_| AtomicUsize::new(0)).collect();
            Team::of(pool, 3).run(4, &|_, worker| {
                assert_eq!(inside[worker.0].fetch_add(1, Ordering::SeqCst), 0);
                thread::yield_now();
                inside[worker.0].fetch_sub(1, Ordering::SeqCst);
            });
            other.join().expect("no panic");
        });
    });
}

#[test]
fn a_panic_reaches_its_caller_when_the_others_have_finished() {
    check(|| {
        with_pool(2, 2.0, |pool| {
            let ran = AtomicUsize::new(0);
            let call = AssertUnwindSafe(|| {
                Team::of(pool, 2).run(3, &|task, _| {
                    if task.0 == 1 {
                        resume_unwind(Box::new("task one fails"));
                    }
                    ran.fetch_add(1, Ordering::Relaxed);
                });
            });
            assert!(catch_unwind(call).is_err());
            assert_eq!(ran.load(Ordering::Relaxed), 2);
            counts(Team::of(pool, 2), 3);
        });
    });
}

#[test]
fn nested_calls_stay_on_their_thread() {
    check(|| {
        with_pool(3, 2.0, |pool| {
            let inner = AtomicUsize::new(0);
            Team::of(pool, 3).run(2, &|_, _| {
                let here = thread::current().id();
                Team::of(pool, 3).run(2, &|_, worker| {
                    assert_eq!((thread::current().id(), worker.0), (here, 0));
                    inner.fetch_add(1, Ordering::Relaxed);
                });
            });
            assert_eq!(inner.load(Ordering::Relaxed), 4);
        });
    });
}
