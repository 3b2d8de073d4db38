//! Floats of 16 bits: every one of them, and what lies between two, against another implementation.

mod common;

use common::{Rng, teams};
use fastserve_kernels::elementwise::{HALVES, Half, narrow, widen};
use fastserve_parallel::Team;
use fastserve_simd::Cpu;
use half::{bf16, f16};

fn value(half: Half, bits: u16) -> f32 {
    match half {
        Half::F16 => f16::from_bits(bits).to_f32_const(),
        Half::Bf16 => bf16::from_bits(bits).to_f32_const(),
    }
}

fn nearest(half: Half, x: f32) -> u16 {
    match half {
        Half::F16 => f16::from_f32_const(x).to_bits(),
        Half::Bf16 => bf16::from_f32_const(x).to_bits(),
    }
}

#[test]
fn every_number_widens_to_itself() {
    let x: Vec<u16> = (0..=u16::MAX).collect();
    for (cpu, &half) in Cpu::all_available().into_iter().flat_map(|cpu| HALVES.iter().map(move |half| (cpu, half))) {
        let mut y = vec![0.0; x.len()];
        widen(cpu, half, &x, &mut y, Team::serial()).expect("runs");
        for (&x, y) in x.iter().zip(&y) {
            let truth = value(half, x);
            assert_eq!(y.to_bits(), truth.to_bits(), "{half:?} {x:#06x} on {}: {y} for {truth}", cpu.name());
        }
    }
}

/// Each number, the middle to the next one, and the f32 on either side of both; then any bits.
fn between(half: Half) -> Vec<f32> {
    let around = |bits: u16| {
        let here = value(half, bits).to_bits();
        let middle = here.wrapping_add(value(half, bits.wrapping_add(1)).to_bits().wrapping_sub(here) / 2);
        [here, middle].into_iter().flat_map(|b| [b.wrapping_sub(1), b, b.wrapping_add(1)]).map(f32::from_bits)
    };
    let drawn = Rng(3).f32s(300_000).into_iter().zip(Rng(5).f32s(300_000));
    let any = drawn.map(|(a, b)| f32::from_bits(a.to_bits().rotate_left(9) ^ b.to_bits().wrapping_mul(0x9e37_79b9)));
    (0..=u16::MAX).flat_map(around).chain(any).collect()
}

#[test]
fn narrowing_takes_the_nearest() {
    for &half in HALVES {
        let x = between(half);
        for cpu in Cpu::all_available() {
            let mut y = vec![0; x.len()];
            narrow(cpu, half, &x, &mut y, Team::serial()).expect("runs");
            for (&x, &y) in x.iter().zip(&y) {
                let truth = nearest(half, x);
                assert_eq!(y, truth, "{half:?} of {x:e} ({:#010x}) on {}: {y:#06x} for {truth:#06x}", x.to_bits(), cpu.name());
            }
        }
    }
}

#[test]
fn threads_change_nothing() {
    let x = Rng(9).f32s(100_003);
    let (mut one, mut many, mut back) = (vec![0; x.len()], vec![0; x.len()], vec![0.0; x.len()]);
    narrow(Cpu::detect(), Half::F16, &x, &mut one, Team::serial()).expect("runs");
    for team in teams() {
        narrow(Cpu::detect(), Half::F16, &x, &mut many, team).expect("runs");
        widen(Cpu::detect(), Half::F16, &many, &mut back, team).expect("runs");
        assert_eq!(one, many);
        assert!(back.iter().zip(&one).all(|(b, o)| *b == value(Half::F16, *o)));
    }
}
