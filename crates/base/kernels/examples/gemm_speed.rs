//! Matrix products beside the peak of fused multiply-adds and the speed of reading memory, measured in the same run:
//! `cargo run --release -p fastserve-kernels --example gemm_speed [-- --json]`.

mod common;

use common::{Problem, Timer, json, peak_gflops, read_gbytes};
use fastserve_kernels::KernelError;
use fastserve_parallel::{Team, granted_cores};
use fastserve_simd::Cpu;

/// M, N, K.
const SHAPES: [[usize; 3]; 26] = [
    [64, 64, 64],
    [128, 128, 128],
    [256, 256, 256],
    [512, 512, 512],
    [1024, 1024, 1024],
    [2048, 2048, 2048],
    [1, 1000, 2048],
    [1, 4096, 4096],
    [128, 384, 384],
    [128, 1536, 384],
    [128, 768, 768],
    [128, 3072, 768],
    [64, 3136, 576],
    [3136, 64, 576],
    [784, 128, 1152],
    [12544, 64, 147],
    [196, 256, 2304],
    [49, 2048, 512],
    [8, 4096, 4096],
    [1, 1024, 1024],
    [2, 1024, 1024],
    [4, 1024, 1024],
    [1, 10, 1352],
    [32, 10, 1352],
    [64, 10, 1568],
    [128, 128, 64],
];

fn main() -> Result<(), KernelError> {
    let as_json = std::env::args().any(|arg| arg == "--json");
    let teams = [Team::serial(), Team::global(granted_cores().min(2))];
    let read = read_gbytes();
    if !as_json {
        println!("reading memory, one thread: {read:.1} GB/s; each figure is the median of interleaved runs");
    }
    for cpu in Cpu::all_available() {
        let peak = peak_gflops(cpu);
        if !as_json {
            println!("\n{}: peak of fused multiply-adds, one thread: {peak:.1} GFLOP/s", cpu.name());
            println!("{:>6} {:>5} {:>5}  {:26} {:>8} {:>6} {:>7} {:>8}", "M", "N", "K", "kernel", "1 thread", "peak", "GB/s", "2 threads");
        }
        for [m, n, k] in SHAPES {
            let mut problem = Problem::new(cpu, [m, n, k])?;
            let work = 2.0 * (m * n * k) as f64;
            let mut timers = [Timer::default(), Timer::default()];
            for _ in 0..common::rounds(work / peak) {
                for (timer, team) in timers.iter_mut().zip(teams) {
                    timer.time(|| problem.run(team))?;
                }
            }
            let [one, two] = timers.map(|timer| work / timer.median() / 1e9);
            let bandwidth = one / work * 4.0 * (n * k + m * k + m * n) as f64;
            let name = problem.row.name;
            if as_json {
                let numbers = [("m", m as f64), ("n", n as f64), ("k", k as f64), ("gflops_1", one), ("gflops_2", two), ("peak", peak)];
                println!("{}", json(name, &numbers));
            } else {
                println!("{m:6} {n:5} {k:5}  {name:26} {one:8.1} {:5.0}% {bandwidth:7.1} {two:8.1}", 100.0 * one / peak);
            }
        }
    }
    Ok(())
}
