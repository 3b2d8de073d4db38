//! Elementary functions against `f64`, in units of the last place.

use fastserve_simd::{Cpu, Isa, IsaId, Kernel, math};

#[derive(Copy, Clone, Debug, PartialEq)]
enum Function {
    Exp,
    Tanh,
    Sigmoid,
    Erf,
}

struct Map<'a>(Function, &'a mut [f32]);

impl Kernel for Map<'_> {
    type Out = ();
    #[inline(always)]
    fn run<I: Isa>(self, isa: I) {
        for lanes in self.1.chunks_mut(16) {
            let x = isa.load_partial(lanes, 0.0);
            let y = match self.0 {
                Function::Exp => math::exp(isa, x),
                Function::Tanh => math::tanh(isa, x),
                Function::Sigmoid => math::sigmoid(isa, x),
                Function::Erf => math::erf(isa, x),
            };
            isa.store_partial(y, lanes);
        }
    }
}

fn truth(f: Function, x: f64) -> f64 {
    match f {
        Function::Exp => x.exp(),
        Function::Tanh => x.tanh(),
        Function::Sigmoid if x < 0.0 => x.exp() / (1.0 + x.exp()),
        Function::Sigmoid => 1.0 / (1.0 + (-x).exp()),
        Function::Erf => erf64(x),
    }
}

/// Maclaurin series (Abramowitz and Stegun 7.1.6: all terms positive), with the asymptotic 1 beyond 6.
fn erf64(x: f64) -> f64 {
    if x.abs() > 6.0 || x.is_nan() {
        return if x.is_nan() { x } else { x.signum() };
    }
    let (mut term, mut sum, mut n) = (x, x, 0.0);
    while term.abs() > sum.abs() * 1e-18 {
        n += 1.0;
        term *= 2.0 * x * x / (2.0 * n + 1.0);
        sum += term;
    }
    sum * (-x * x).exp() * std::f64::consts::FRAC_2_SQRT_PI
}

/// The distance of `got` from `want` in units of the last place of `want` as an `f32`.
fn ulps(got: f32, want: f64) -> f64 {
    let near = want as f32;
    if near.is_infinite() || got.is_infinite() {
        return if got == near { 0.0 } else { f64::INFINITY };
    }
    let exponent = (near.abs().to_bits() >> 23).max(1) as i32 - 127 - 23;
    (f64::from(got) - want).abs() / 2f64.powi(exponent)
}

fn samples() -> Vec<f32> {
    let mut xs: Vec<f32> = (0..400_000).map(|i| (i as f32 - 200_000.0) * 0.000_6).collect();
    // Every exponent, both signs.
    xs.extend((0..1u32 << 16).map(|i| f32::from_bits(i << 16 | (i.wrapping_mul(40_503) & 0xFFFF))));
    xs.retain(|x| x.is_finite());
    xs
}

/// Bounds in ULP with a fused and with an unfused multiply-add. The latter are wider because Horner steps round twice.
fn bound(f: Function, fused: bool) -> f64 {
    match (f, fused) {
        (Function::Exp, true) => 1.0,
        (Function::Exp, false) => 2.0,
        (Function::Tanh | Function::Erf, true) => 2.0,
        (Function::Sigmoid, true) => 3.0,
        (_, false) => 4.0,
    }
}

#[test]
fn within_the_stated_ulps() {
    let xs = samples();
    for cpu in Cpu::all_available() {
        for f in [Function::Exp, Function::Tanh, Function::Sigmoid, Function::Erf] {
            let mut ys = xs.clone();
            cpu.run(Map(f, &mut ys));
            let mut worst = (0.0, 0.0);
            for (&x, &y) in xs.iter().zip(&ys) {
                let error = ulps(y, truth(f, f64::from(x)));
                if error > worst.0 || error.is_nan() {
                    worst = (error, x);
                }
            }
            println!("{:8} {f:?}: {:.3} ULP at {:e}", cpu.name(), worst.0, worst.1);
            let bound = bound(f, cpu.id() != IsaId::Portable);
            assert!(worst.0 <= bound, "{} {f:?}: {worst:?} ULP", cpu.name());
        }
    }
}

#[test]
fn special_values() {
    use Function::*;
    let inf = f32::INFINITY;
    let cases = [
        (Exp, -inf, 0.0),
        (Exp, inf, inf),
        (Exp, -0.0, 1.0),
        (Exp, 1e30, inf),
        (Exp, -1e30, 0.0),
        (Tanh, inf, 1.0),
        (Tanh, -inf, -1.0),
        (Tanh, -0.0, -0.0),
        (Sigmoid, inf, 1.0),
        (Sigmoid, -inf, 0.0),
        (Sigmoid, 0.0, 0.5),
        (Erf, inf, 1.0),
        (Erf, -inf, -1.0),
        (Erf, -0.0, -0.0),
    ];
    for cpu in Cpu::all_available() {
        for (f, x, want) in cases {
            let mut y = [x];
            cpu.run(Map(f, &mut y));
            assert_eq!(y[0].to_bits(), want.to_bits(), "{} {f:?}({x}) = {}", cpu.name(), y[0]);
        }
        for f in [Exp, Tanh, Sigmoid, Erf] {
            let mut y = [f32::NAN];
            cpu.run(Map(f, &mut y));
            assert!(y[0].is_nan(), "{} {f:?}", cpu.name());
        }
    }
}
