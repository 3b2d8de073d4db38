//! The story of the matrix multiply: seven steps from the definition to two threads, each beside the peak of fused multiply-adds
//! measured in the same run, and each result checked.
//!
//! `cargo run --release -p fastserve-kernels --example matmul_story [-- --svg FILE] [--json] [--check]`

#[path = "../common/mod.rs"]
mod common;
mod measure;
mod plot;
mod steps;
#[path = "../../tests/common/mod.rs"]
mod truth;

use measure::{Figure, Peaks};
use std::error::Error;

const SIZES: [usize; 6] = [64, 128, 256, 512, 1024, 2048];
/// Sizes of `--check`: whole tiles and ends of them.
const CHECKED: [usize; 5] = [1, 17, 64, 100, 259];

fn main() -> Result<(), Box<dyn Error>> {
    let args: Vec<String> = std::env::args().skip(1).collect();
    let has = |name| args.iter().any(|arg| arg == name);
    if has("--check") {
        for n in CHECKED {
            println!("{n}: {} steps agree", steps::check(n)?);
        }
        return Ok(());
    }
    let (figures, peaks) = measure::all(&SIZES)?;
    if has("--json") {
        print_json(&figures, &peaks)
    } else {
        print_table(&figures, &peaks)
    }
    if let Some(at) = args.iter().position(|arg| arg == "--svg") {
        let path = args.get(at + 1).ok_or("--svg needs a file")?;
        std::fs::write(path, plot::svg(&figures, &peaks))?;
    }
    Ok(())
}

fn print_table(figures: &[Figure], peaks: &Peaks) {
    println!("peak of fused multiply-adds, GFLOP/s: {:.1} on one core, {:.1} on two", peaks.of(1), peaks.of(2));
    println!("{:>5}  {:14} {:>8} {:>6}   {:>17} {:>5}", "n", "step", "GFLOP/s", "peak", "10 % to 90 %", "runs");
    let mut last = figures.first().map_or(0, |f| f.n);
    for Figure { n, step, gflops, low, high, runs } in figures {
        if *n != std::mem::replace(&mut last, *n) {
            println!();
        }
        let share = 100.0 * gflops / peaks.of(step.threads);
        println!("{n:5}  {:14} {gflops:8.2} {share:5.1}%   {low:8.2} {high:8.2} {runs:5}", step.name);
    }
}

/// An object a line.
fn print_json(figures: &[Figure], peaks: &Peaks) {
    for Figure { n, step, gflops, low, high, runs } in figures {
        let peak = peaks.of(step.threads);
        println!(
            "{{\"step\":\"{}\",\"n\":{n},\"threads\":{},\"gflops\":{gflops:.3},\"p10\":{low:.3},\"p90\":{high:.3},\"peak\":{peak:.2},\"runs\":{runs}}}",
            step.name, step.threads
        );
    }
}
