//! Pooling of known networks on one thread: `cargo run --release -p fastserve-kernels --example pool_speed`.

use fastserve_kernels::KernelError;
use fastserve_kernels::pool::{PoolShape, average_pool_f32, max_pool_f32};
use fastserve_kernels::window::Window;
use fastserve_parallel::Team;
use fastserve_simd::Cpu;
use std::hint::black_box;
use std::time::Instant;

/// The shortest mean of some rounds, in microseconds. A round takes a few milliseconds.
fn best_us(mut run: impl FnMut()) -> f64 {
    let mut time = |calls: usize| {
        let start = Instant::now();
        (0..calls).for_each(|_| run());
        start.elapsed().as_secs_f64() * 1e6 / calls as f64
    };
    let calls = (5000.0 / time(1)).clamp(1.0, 10_000.0) as usize;
    (0..10).map(|_| time(calls)).fold(f64::INFINITY, f64::min)
}

/// Name, planes, side of the input, kernel, stride, padding.
const LAYERS: &[(&str, usize, usize, usize, usize, usize)] = &[
    ("TinyCNN 2x2", 8, 26, 2, 2, 0),
    ("VGG 2x2, 112", 128, 112, 2, 2, 0),
    ("ResNet 3x3, 112", 64, 112, 3, 2, 1),
    ("Inception 3x3, 28", 192, 28, 3, 1, 1),
    ("global 7x7", 512, 7, 7, 7, 0),
];

fn main() -> Result<(), KernelError> {
    for cpu in Cpu::all_available() {
        for &(name, planes, side, kernel, stride, pad) in LAYERS {
            let window = Window { stride: [stride; 2], pads: [pad; 4], ..Window::new([kernel; 2]) };
            let shape = PoolShape::new(planes, [side; 2], window.output([side; 2])?, window)?;
            let x: Vec<f32> = (0..shape.input_len()).map(|i| (i % 31) as f32 * 0.1 - 1.5).collect();
            let mut y = vec![0.0; shape.output_len()];
            let mut result = Ok(());
            let max = best_us(|| result = max_pool_f32(cpu, &shape, &x, &mut y, Team::serial()));
            let average = best_us(|| result = average_pool_f32(cpu, &shape, false, &x, &mut y, Team::serial()));
            black_box(&y);
            result?;
            println!("{:8} {name:18} max {max:9.2} us, average {average:9.2} us", cpu.name());
        }
    }
    Ok(())
}
