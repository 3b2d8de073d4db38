//! How long a fork and join takes, back to back and after a pause:
//! `cargo run --release -p fastserve-parallel --example fork_join -- [--json]`.
//!
//! Rows "in a run" hold a guard (`Team::hot`), as a model's run does; the others are calls that belong to none.

use std::hint::black_box;
use std::time::{Duration, Instant};

use fastserve_parallel::{Team, granted};

const CALLS: usize = 3000;

/// One row of the table.
#[derive(Clone, Copy)]
struct Case {
    tasks: usize,
    task_us: u64,
    pause_us: u64,
    in_run: bool,
    wakes: bool,
}

/// About `time` of arithmetic.
fn work(time: Duration) {
    if time.is_zero() {
        return;
    }
    let start = Instant::now();
    while start.elapsed() < time {
        black_box(0);
    }
}

/// Microseconds of each call, sorted. Half of `CALLS` where each pauses long.
fn measure(team: Team, case: Case) -> Vec<f64> {
    let team = if case.wakes { team } else { team.without_waking() };
    let (task, pause) = (Duration::from_micros(case.task_us), Duration::from_micros(case.pause_us));
    let _guard = case.in_run.then(|| team.hot(Duration::from_secs(1)));
    let mut all: Vec<f64> = (0..CALLS)
        .map(|_| {
            work(pause);
            let start = Instant::now();
            team.run(case.tasks, &|_, _| work(task));
            start.elapsed().as_secs_f64() * 1e6
        })
        .collect();
    all.sort_by(f64::total_cmp);
    all
}

fn cases() -> Vec<Case> {
    let mut cases = Vec::new();
    for (tasks, task_us) in [(2, 0), (2, 5), (8, 5), (2, 50)] {
        for pause_us in [0, 50, 300] {
            for in_run in [false, true] {
                cases.push(Case { tasks, task_us, pause_us, in_run, wakes: true });
            }
        }
    }
    cases.push(Case { tasks: 2, task_us: 5, pause_us: 300, in_run: false, wakes: false });
    cases
}

fn main() {
    let json = std::env::args().any(|a| a == "--json");
    let teams = [Team::serial(), Team::global(2)];
    if !json {
        println!("granted: {}; a pool of {}", granted(), teams[1].threads());
        println!("{:46} {:>16} {:>16}", "microseconds: median (90th percentile)", "1 thread", "2 threads");
    }
    for case in cases() {
        let sorted = teams.map(|team| measure(team, case));
        if json {
            sorted.iter().zip(teams).for_each(|(all, team)| line(case, team, all));
        } else {
            let cells = sorted.map(|all| format!("{:.2} ({:.1})", all[all.len() / 2], all[all.len() * 9 / 10]));
            println!("{:46} {:>16} {:>16}", name(case), cells[0], cells[1]);
        }
    }
}

fn name(case: Case) -> String {
    let place = if case.in_run { "in a run" } else { "single" };
    let wakes = if case.wakes { "" } else { ", wakes nobody" };
    format!("{} x {} us, pause {} us, {place}{wakes}", case.tasks, case.task_us, case.pause_us)
}

fn line(case: Case, team: Team, all: &[f64]) {
    let Case { tasks, task_us, pause_us, in_run, wakes } = case;
    let (threads, p50, p90, p99) = (team.threads(), all[all.len() / 2], all[all.len() * 9 / 10], all[all.len() * 99 / 100]);
    println!(
        "{{\"threads\":{threads},\"tasks\":{tasks},\"task_us\":{task_us},\"pause_us\":{pause_us},\"in_run\":{in_run},\"wakes\":{wakes},\
         \"p50_us\":{p50:.3},\"p90_us\":{p90:.3},\"p99_us\":{p99:.3}}}"
    );
}
