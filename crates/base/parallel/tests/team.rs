//! Fork and join: all tasks run once, whoever calls and whatever they do.

use fastserve_parallel::{Pool, TaskIndex, Team, WorkerIndex, granted_cores};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering::Relaxed};
use std::time::Duration;

fn teams() -> Vec<Team> {
    let pool = Pool::leak(4);
    vec![Team::serial(), Team::global(2), Team::of(pool, 2), Team::of(pool, 4), Team::of(pool, 99)]
}

fn count_runs(team: Team, tasks: usize) -> Vec<usize> {
    let runs: Vec<AtomicUsize> = (0..tasks).map(|_| AtomicUsize::new(0)).collect();
    team.run(tasks, &|TaskIndex(t), WorkerIndex(w)| {
        assert!(w < team.threads());
        runs[t].fetch_add(1, Relaxed);
    });
    runs.into_iter().map(AtomicUsize::into_inner).collect()
}

#[test]
fn every_task_runs_once() {
    for team in teams() {
        for tasks in [0, 1, 2, 3, 7, 64, 129, 100_003] {
            assert!(count_runs(team, tasks).iter().all(|&n| n == 1), "{} threads, {tasks} tasks", team.threads());
        }
    }
}

#[test]
fn teams_have_at_least_one_thread_and_at_most_the_pools() {
    assert_eq!(Team::global(0).threads(), 1);
    assert!(Team::global(usize::MAX).threads() <= granted_cores());
    assert_eq!(Team::of(Pool::leak(3), 99).threads(), 3);
}

#[test]
fn many_small_runs_with_pauses() {
    for team in teams() {
        let sum = AtomicUsize::new(0);
        for round in 0..20_000 {
            team.run(3, &|t, _| {
                sum.fetch_add(t.0, Relaxed);
            });
            if round % 1000 == 0 {
                std::thread::sleep(Duration::from_millis(1)); // let the workers park
            }
        }
        assert_eq!(sum.into_inner(), 60_000);
    }
}

#[test]
fn nested_runs_are_serial() {
    let team = Team::of(Pool::leak(4), 4);
    let inner = AtomicUsize::new(0);
    team.run(8, &|_, _| {
        let here = std::thread::current().id();
        team.run(10, &|_, worker| {
            assert_eq!(std::thread::current().id(), here);
            assert_eq!(worker, WorkerIndex(0));
            inner.fetch_add(1, Relaxed);
        });
    });
    assert_eq!(inner.into_inner(), 80);
}

#[test]
fn a_panic_reaches_the_caller_after_the_others_finished() {
    // Pools of their own: on one that is busy, a run is serial and stops at the panic.
    for threads in 2..=3 {
        let team = Team::of(Pool::leak(threads), threads);
        let ran = AtomicUsize::new(0);
        let result = catch_unwind(AssertUnwindSafe(|| {
            team.run(4, &|t, _| {
                assert_ne!(t.0, 1, "task one fails");
                std::thread::sleep(Duration::from_millis(2));
                ran.fetch_add(1, Relaxed);
            });
        }));
        assert!(result.is_err());
        assert_eq!(ran.into_inner(), 3);
        assert_eq!(count_runs(team, 50), vec![1; 50], "the pool still works");
    }
    let serial = catch_unwind(AssertUnwindSafe(|| Team::serial().run(2, &|t, _| assert_ne!(t.0, 1))));
    assert!(serial.is_err());
}

#[test]
fn callers_share_a_pool_without_blocking() {
    let team = Team::of(Pool::leak(3), 3);
    std::thread::scope(|scope| {
        for _ in 0..4 {
            scope.spawn(|| {
                for _ in 0..2_000 {
                    assert_eq!(count_runs(team, 5), [1; 5]);
                }
            });
        }
    });
}

#[test]
fn workers_of_one_run_are_distinct() {
    let team = Team::of(Pool::leak(4), 4);
    let in_use: Vec<AtomicBool> = (0..4).map(|_| AtomicBool::new(false)).collect();
    for _ in 0..200 {
        team.run(16, &|_, WorkerIndex(w)| {
            assert!(!in_use[w].swap(true, Relaxed), "worker {w} twice");
            std::thread::yield_now();
            in_use[w].store(false, Relaxed);
        });
    }
}
