//! Convolutions of known networks, by every kernel that takes them, one thread and all; a star marks the choice:
//! `cargo run --release -p fastserve-kernels --example conv_speed [part of a name]`.

use fastserve_kernels::blocked::{self, ConvC16F32, InputLayout};
use fastserve_kernels::conv::{self, ConvF32, ConvRow, ConvShape};
use fastserve_kernels::window::Window;
use fastserve_kernels::{Activation, BiasAxis, Epilogue, KernelError};
use fastserve_parallel::{Team, granted_cores};
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

fn conv_us(cpu: Cpu, row: &ConvRow, shape: &ConvShape, team: Team) -> Result<f64, KernelError> {
    let x: Vec<f32> = (0..shape.input_len()).map(|i| (i % 31) as f32 * 0.1 - 1.5).collect();
    let w: Vec<f32> = (0..shape.weights_len()).map(|i| (i % 29) as f32 * 0.1 - 1.4).collect();
    let mut weights = vec![0.0; conv::packed_len(shape)];
    conv::pack_weights(row, shape, &w, &mut weights)?;
    let bias = vec![0.5; shape.out_channels()];
    let mut y = vec![0.0; shape.output_len()];
    let mut scratch = vec![0.0; conv::scratch_len(row, shape, team.threads())?];
    let epilogue = Epilogue { bias: BiasAxis::Row, activation: Activation::Relu, residual: false };
    let mut result = Ok(());
    let us = best_us(|| {
        let (bias, epilogue, y) = (Some(&bias[..]), &epilogue, &mut y[..]);
        let args = ConvF32 { shape, x: &x, weights: &weights, y, epilogue, bias, residual: None };
        result = conv::conv_f32(cpu, row, args, &mut scratch, team);
    });
    black_box(&y);
    result.map(|()| us)
}

/// The blocked kernel for a shape, if there is one; the input is blocked where it has as many channels as a block.
fn blocked_us(cpu: Cpu, shape: &ConvShape, team: Team) -> Result<Option<(&'static str, f64)>, KernelError> {
    let Some(row) = blocked::select(cpu, shape) else { return Ok(None) };
    let input = if shape.in_channels() < 16 { InputLayout::Planes } else { InputLayout::Blocked };
    let padded = |channels: usize, [h, w]: [usize; 2]| channels.next_multiple_of(16) * h * w;
    let x: Vec<f32> = (0..padded(shape.in_channels(), shape.input())).map(|i| (i % 31) as f32 * 0.1 - 1.5).collect();
    let w: Vec<f32> = (0..shape.weights_len()).map(|i| (i % 29) as f32 * 0.1 - 1.4).collect();
    let mut weights = vec![0.0; blocked::packed_len(shape)?];
    blocked::pack_weights(shape, &w, &mut weights)?;
    let bias = vec![0.5; shape.out_channels()];
    let mut y = vec![0.0; padded(shape.out_channels(), shape.output())];
    let mut scratch = vec![0.0; blocked::scratch_len(row, shape, input, team.threads())?];
    let epilogue = Epilogue { bias: BiasAxis::Row, activation: Activation::Relu, residual: false };
    let mut result = Ok(());
    let us = best_us(|| {
        let (bias, epilogue, y) = (Some(&bias[..]), &epilogue, &mut y[..]);
        let args = ConvC16F32 { shape, input, x: &x, weights: &weights, y, epilogue, bias, residual: None };
        result = blocked::conv_c16_f32(cpu, row, args, &mut scratch, team);
    });
    black_box(&y);
    result.map(|()| Some((row.name, us)))
}

/// Name, input channels, output channels, groups, side of the input, kernel, stride, padding.
const LAYERS: &[(&str, [usize; 3], usize, [usize; 3])] = &[
    ("TinyCNN 3x3", [1, 8, 1], 28, [3, 1, 0]),
    ("LeNet 5x5, 14", [6, 16, 1], 14, [5, 1, 2]),
    ("small 3x3, 14", [8, 16, 1], 14, [3, 1, 1]),
    ("small 3x3, 32", [16, 16, 1], 32, [3, 1, 1]),
    ("3 to 32 3x3, 112", [3, 32, 1], 112, [3, 1, 1]),
    ("32 to 32 3x3, 64", [32, 32, 1], 64, [3, 1, 1]),
    ("64 to 16 1x1, 28", [64, 16, 1], 28, [1, 1, 0]),
    ("TinyCNN 3x3 padded", [1, 8, 1], 28, [3, 1, 1]),
    ("ResNet stem 7x7", [3, 64, 1], 224, [7, 2, 3]),
    ("ResNet 3x3, 56", [64, 64, 1], 56, [3, 1, 1]),
    ("ResNet 3x3, 28", [128, 128, 1], 28, [3, 1, 1]),
    ("ResNet 3x3, 14", [256, 256, 1], 14, [3, 1, 1]),
    ("ResNet 3x3, 7", [512, 512, 1], 7, [3, 1, 1]),
    ("ResNet 1x1, 56", [64, 256, 1], 56, [1, 1, 0]),
    ("ResNet 1x1, 14", [1024, 256, 1], 14, [1, 1, 0]),
    ("MobileNet 1x1, 112", [16, 96, 1], 112, [1, 1, 0]),
    ("MobileNet 1x1, 56", [144, 24, 1], 56, [1, 1, 0]),
    ("MobileNet 1x1, 14", [576, 96, 1], 14, [1, 1, 0]),
    ("MobileNet 1x1, 7", [960, 160, 1], 7, [1, 1, 0]),
    ("depthwise 3x3 s2, 112", [96, 96, 96], 112, [3, 2, 1]),
    ("depthwise 5x5, 14", [480, 480, 480], 14, [5, 1, 2]),
    ("depthwise 3x3, 112", [32, 32, 32], 112, [3, 1, 1]),
    ("depthwise 3x3, 56", [64, 64, 64], 56, [3, 1, 1]),
    ("depthwise 3x3, 14", [256, 256, 256], 14, [3, 1, 1]),
    ("depthwise 3x3, 7", [256, 256, 256], 7, [3, 1, 1]),
];

fn main() -> Result<(), KernelError> {
    let team = Team::global(granted_cores());
    let wanted = std::env::args().nth(1).unwrap_or_default();
    for cpu in Cpu::all_available() {
        for &(name, [inputs, outputs, group], side, [kernel, stride, pad]) in LAYERS.iter().filter(|l| l.0.contains(&wanted)) {
            let window = Window { stride: [stride; 2], pads: [pad; 4], ..Window::new([kernel; 2]) };
            let shape = ConvShape::new(1, inputs, outputs, group, [side; 2], window)?;
            let flops = 2.0 * (shape.output_len() * inputs / group * kernel * kernel) as f64;
            let mr = conv::CONV.iter().find(|row| row.isa == cpu.id()).map_or(0, |row| row.mr);
            let chosen = conv::select(cpu, mr, &shape).map_or("", |row| row.name);
            let threads = team.threads();
            if let (Some((row, serial)), Some((_, all))) = (blocked_us(cpu, &shape, Team::serial())?, blocked_us(cpu, &shape, team)?) {
                let gflops = flops / serial / 1e3;
                println!("  {row:24} {name:22} {serial:9.1} us ({gflops:5.1} GFLOP/s), {threads} threads {all:9.1}");
            }
            for row in conv::rows(cpu, mr).filter(|row| row.takes(&shape)) {
                let serial = conv_us(cpu, row, &shape, Team::serial())?;
                let all = conv_us(cpu, row, &shape, team)?;
                let gflops = flops / serial / 1e3;
                let mark = if row.name == chosen { '*' } else { ' ' };
                println!("{mark} {:24} {name:22} {serial:9.1} us ({gflops:5.1} GFLOP/s), {threads} threads {all:9.1}", row.name);
            }
        }
    }
    Ok(())
}
