//! Elementary functions against `f64`, in units of the last place. `cargo xtask sweep` takes every input.

mod reference;

use fastserve_simd::{Cpu, IsaId};
use reference::{Function, Map, erf_series, erf64, same, ulps};

fn apply(cpu: Cpu, f: Function, x: &[f32]) -> Vec<f32> {
    let mut y = vec![9.0; x.len()];
    cpu.run(Map(f, x, &mut y));
    y
}

/// Steps through all bit patterns, and even ones where most of the work is.
fn samples() -> Vec<f32> {
    let mut xs: Vec<f32> = (0..200_000).map(|i| (i as f32 - 100_000.0) * 0.001_2).collect();
    xs.extend((0..u32::MAX).step_by(6_551).map(f32::from_bits));
    xs
}

#[test]
fn within_the_stated_ulps() {
    let xs = samples();
    for f in Function::ALL {
        let want: Vec<f64> = xs.iter().map(|&x| f.truth(x)).collect();
        for cpu in Cpu::all_available() {
            let mut worst = (0.0, 0.0);
            for ((&x, y), &want) in xs.iter().zip(apply(cpu, f, &xs)).zip(&want) {
                let error = ulps(y, want);
                if error > worst.0 {
                    worst = (error, x);
                }
            }
            println!("{:8} {f:?}: {:.3} ULP at {:e}", cpu.name(), worst.0, worst.1);
            assert!(worst.0 <= f.bound(), "{} {f:?}: {worst:?} ULP", cpu.name());
        }
    }
}

#[test]
fn fused_sets_give_equal_bits() {
    let fused = || Cpu::all_available().into_iter().filter(|cpu| cpu.id() != IsaId::Portable);
    let Some(first) = fused().next() else { return };
    let xs: Vec<f32> = (0..u32::MAX).step_by(1_021).map(f32::from_bits).collect();
    for f in Function::ALL {
        let want = apply(first, f, &xs);
        for cpu in fused().skip(1) {
            for ((&x, &want), got) in xs.iter().zip(&want).zip(apply(cpu, f, &xs)) {
                assert!(same(got, want), "{f:?}({x:e}): {got:e} on {}, {want:e} on {}", cpu.name(), first.name());
            }
        }
    }
}

#[test]
fn special_values() {
    use Function::*;
    let (inf, nan, tiny) = (f32::INFINITY, f32::NAN, f32::from_bits(1));
    let cases = [
        (Exp, [0.0, -0.0, inf, -inf, 1e30, -1e30, tiny], [1.0, 1.0, inf, 0.0, inf, 0.0, 1.0]),
        (Expm1, [0.0, -0.0, inf, -inf, 1e30, -1e30, tiny], [0.0, -0.0, inf, -1.0, inf, -1.0, tiny]),
        (Log, [0.0, -0.0, inf, -inf, 1.0, -1.0, -tiny], [-inf, -inf, inf, nan, 0.0, nan, nan]),
        (Log1p, [0.0, -0.0, inf, -inf, -1.0, -2.0, -tiny], [0.0, -0.0, inf, nan, -inf, nan, -tiny]),
        (Tanh, [0.0, -0.0, inf, -inf, 1e30, -1e30, tiny], [0.0, -0.0, 1.0, -1.0, 1.0, -1.0, tiny]),
        (Sigmoid, [0.0, -0.0, inf, -inf, 1e30, -1e30, tiny], [0.5, 0.5, 1.0, 0.0, 1.0, 0.0, 0.5]),
        (Erf, [0.0, -0.0, inf, -inf, 1e30, -1e30, tiny], [0.0, -0.0, 1.0, -1.0, 1.0, -1.0, tiny]),
        (Sin, [0.0, -0.0, inf, -inf, tiny, -tiny, 1e-20], [0.0, -0.0, nan, nan, tiny, -tiny, 1e-20]),
        (Cos, [0.0, -0.0, inf, -inf, tiny, -tiny, 1e-20], [1.0, 1.0, nan, nan, 1.0, 1.0, 1.0]),
    ];
    for cpu in Cpu::all_available() {
        for (f, x, want) in cases {
            for (x, (got, want)) in x.into_iter().zip(apply(cpu, f, &x).into_iter().zip(want)) {
                assert!(same(got, want), "{} {f:?}({x:e}) = {got:e}, not {want:e}", cpu.name());
            }
            assert!(apply(cpu, f, &[nan])[0].is_nan() && apply(cpu, f, &[-nan])[0].is_nan(), "{} {f:?}", cpu.name());
        }
    }
}

/// Arguments known to be hard: nearest to multiples of `pi / 2` (of those, the first is the nearest of all floats), the limits of the
/// steps, the largest. Beside easy ones, so that one vector has both.
#[test]
fn large_arguments_beside_small_ones() {
    let hard = [
        f32::from_bits(0x7A5E_2A4C),
        f32::from_bits(0x6F79_BE45),
        f32::from_bits(0x5922_AA80),
        1.570_796_4,
        401.999_97,
        402.000_03,
        65_536.0,
        65_536.01,
        f32::MAX,
        8_388_609.0,
    ];
    for cpu in Cpu::all_available() {
        for f in [Function::Sin, Function::Cos] {
            for (lane, &x) in hard.iter().enumerate() {
                for x in [x, -x] {
                    let mut xs: Vec<f32> = (0..16).map(|l| l as f32 - 8.0).collect();
                    xs[lane] = x;
                    for (&x, y) in xs.iter().zip(apply(cpu, f, &xs)) {
                        let error = ulps(y, f.truth(x));
                        assert!(error <= 2.0, "{} {f:?}({x:e}) = {y:e}: {error} ULP", cpu.name());
                    }
                }
            }
        }
    }
}

#[test]
fn the_table_of_the_error_function_is_its_series() {
    for i in -6_000..=6_000 {
        let x = f64::from(i) / 1_000.1;
        assert!((erf64(x) - erf_series(x)).abs() <= 1e-14 * x.abs().min(1.0), "{x}");
    }
    assert_eq!(erf64(-0.0).to_bits(), (-0.0f64).to_bits());
}
