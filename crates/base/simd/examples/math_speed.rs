//! Nanoseconds an element of the vector maths on one thread: `cargo run --release -p fastserve-simd --example math_speed`.

#[path = "../tests/reference/mod.rs"]
mod reference;

use fastserve_simd::Cpu;
use reference::{Function, Map};
use std::hint::black_box;
use std::time::Instant;

/// Within the first-level cache, so that only arithmetic is measured.
const ELEMENTS: usize = 2048;

/// The shortest mean of some rounds of about a millisecond, in nanoseconds an element.
fn best_ns(cpu: Cpu, f: Function, x: &[f32], y: &mut [f32]) -> f64 {
    let mut time = |calls: usize| {
        let start = Instant::now();
        for _ in 0..calls {
            cpu.run(Map(f, black_box(x), y));
            black_box(&*y);
        }
        start.elapsed().as_secs_f64() * 1e9 / (calls * x.len()) as f64
    };
    let calls = (1e6 / (time(1) * x.len() as f64)).clamp(1.0, 10_000.0) as usize;
    (0..100).map(|_| time(calls)).fold(f64::INFINITY, f64::min)
}

fn main() {
    let x: Vec<f32> = (0..ELEMENTS).map(|i| (i * 797 % ELEMENTS) as f32 / 128.0 - 8.0).collect();
    let huge: Vec<f32> = x.iter().map(|x| x * 1e20).collect();
    let mut y = vec![0.0; ELEMENTS];
    for cpu in Cpu::all_available() {
        for f in Function::ALL {
            let x = if matches!(f, Function::Log | Function::Log1p) { x.iter().map(|x| x + 8.5).collect() } else { x.clone() };
            println!("{:8} {:8} {:6.3} ns", cpu.name(), f.name(), best_ns(cpu, f, &x, &mut y));
        }
        println!("{:8} {:8} {:6.3} ns, all arguments above the limit", cpu.name(), "sin", best_ns(cpu, Function::Sin, &huge, &mut y));
    }
}
