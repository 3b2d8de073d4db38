//! Fork and join: all tasks run once, whoever calls and whatever they do.

use fastserve_parallel::{Pool, PoolOptions, Spin, TaskIndex, Team, WorkerIndex, granted_cores};
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

/// Tasks that others than the caller ran.
fn helped(team: Team, tasks: usize) -> usize {
    let others = AtomicUsize::new(0);
    team.run(tasks, &|_, worker| {
        std::thread::sleep(Duration::from_millis(1)); // no core is needed, so that any machine can run this
        others.fetch_add(usize::from(worker.0 > 0), Relaxed);
    });
    others.into_inner()
}

#[test]
fn callers_have_equal_parts_of_the_workers() {
    for (threads, callers) in [(4, 2), (5, 4), (8, 2), (8, 3), (8, 7)] {
        let team = Team::of(Pool::leak(threads), threads);
        let parts: Vec<usize> = std::thread::scope(|scope| {
            let calls: Vec<_> = (0..callers).map(|_| scope.spawn(|| helped(team, 64))).collect();
            calls.into_iter().map(|call| call.join().expect("no panic")).collect()
        });
        // With one caller a thread, `threads / callers - 1` workers help each; half of that leaves room for a busy machine.
        let workers = (threads - 1) as f64 / callers as f64;
        let least = 64.0 * workers / (1.0 + workers) / 2.0;
        assert!(parts.iter().all(|&n| n as f64 >= least), "{callers} callers on {threads} threads: {parts:?}, at least {least}");
    }
}

#[test]
fn who_comes_later_is_helped_too() {
    let team = Team::of(Pool::leak(4), 4);
    std::thread::scope(|scope| {
        let long = scope.spawn(|| helped(team, 600));
        std::thread::sleep(Duration::from_millis(10));
        assert!(helped(team, 40) >= 5);
        assert!(long.join().expect("no panic") >= 200);
    });
}

#[test]
fn small_teams_of_two_callers_have_different_workers() {
    let team = Team::of(Pool::leak(3), 2);
    std::thread::scope(|scope| {
        let other = scope.spawn(|| helped(team, 100));
        assert!(helped(team, 100) >= 25);
        assert!(other.join().expect("no panic") >= 25);
    });
}

#[test]
fn workers_fall_asleep_when_a_run_ends() {
    let pool =
        Pool::start(PoolOptions { threads: 2, cores: 2.0, spin: Spin { in_run: Duration::from_secs(5), after: Duration::from_millis(2) } });
    let team = Team::of(pool, 2);
    let guard = team.hot(Duration::from_secs(1));
    assert_eq!(count_runs(team, 5), [1; 5]);
    std::thread::sleep(Duration::from_millis(30));
    assert_eq!(pool.sleeping(), 0, "awake between the steps of a run");
    drop(guard);
    std::thread::sleep(Duration::from_millis(200));
    assert_eq!(pool.sleeping(), 1);
}

#[test]
fn nobody_spins_on_less_than_the_cores_it_takes() {
    for cores in [0.5, 1.0, 1.5] {
        let pool =
            Pool::start(PoolOptions { threads: 2, cores, spin: Spin { in_run: Duration::from_secs(60), after: Duration::from_secs(60) } });
        let team = Team::of(pool, 2);
        let _guard = team.hot(Duration::from_secs(1));
        assert_eq!(count_runs(team, 5), [1; 5]);
        std::thread::sleep(Duration::from_millis(100));
        assert_eq!(pool.sleeping(), 1, "{cores}");
    }
}
