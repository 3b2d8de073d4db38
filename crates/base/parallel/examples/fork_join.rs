//! How long a fork and join of two tasks takes, hot and after a pause: `cargo run --release -p fastserve-parallel --example fork_join`.

use std::hint::black_box;
use std::time::{Duration, Instant};

use fastserve_parallel::Team;

/// About `time` of arithmetic.
fn work(time: Duration) {
    let start = Instant::now();
    while start.elapsed() < time {
        black_box(0);
    }
}

/// Median and 90th percentile of a run of two tasks, in microseconds.
fn measure(team: Team, task: Duration, pause: Duration) -> (f64, f64) {
    let mut all: Vec<f64> = (0..4000)
        .map(|_| {
            work(pause);
            let start = Instant::now();
            team.run(2, &|_, _| work(task));
            start.elapsed().as_secs_f64() * 1e6
        })
        .collect();
    all.sort_by(f64::total_cmp);
    (all[all.len() / 2], all[all.len() * 9 / 10])
}

fn main() {
    println!("{:28} {:>12} {:>12}", "µs: median (90th percentile)", "1 thread", "2 threads");
    for (task, pause) in [(0, 0), (0, 300), (5, 0), (5, 300)] {
        let cells = [Team::serial(), Team::global(2)].map(|team| {
            let (median, high) = measure(team, Duration::from_micros(task), Duration::from_micros(pause));
            format!("{median:.2} ({high:.1})")
        });
        println!("2 tasks of {task} µs, pause {pause:3} µs  {:>12} {:>12}", cells[0], cells[1]);
    }
}
