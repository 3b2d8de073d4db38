//! What the kernel tests share: numbers, naive truth, and the one place of tolerances.
#![allow(dead_code)]

use fastserve_kernels::{Activation, BiasAxis, Epilogue, K_CHUNK};
use fastserve_parallel::{Pool, Team};

/// How many random cases of `all` to try: one in `FASTSERVE_TEST_SHARE`, for emulated processors.
pub(crate) fn cases(all: usize) -> usize {
    let share = std::env::var("FASTSERVE_TEST_SHARE").ok().and_then(|s| s.parse().ok()).unwrap_or(1);
    all.div_ceil(share)
}

/// A small generator (Knuth's MMIX constants), so that a failure repeats.
pub(crate) struct Rng(pub(crate) u64);

impl Rng {
    fn next(&mut self) -> u32 {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 33) as u32
    }

    /// In `low..=high`.
    pub(crate) fn size(&mut self, low: usize, high: usize) -> usize {
        low + self.next() as usize % (high - low + 1)
    }

    /// In `-1..1`.
    pub(crate) fn f32(&mut self) -> f32 {
        self.next() as f32 / (1u32 << 30) as f32 - 1.0
    }

    pub(crate) fn f32s(&mut self, len: usize) -> Vec<f32> {
        (0..len).map(|_| self.f32()).collect()
    }

    pub(crate) fn pick<T: Copy>(&mut self, from: &[T]) -> T {
        from[self.next() as usize % from.len()]
    }

    pub(crate) fn epilogue(&mut self, axes: &[BiasAxis]) -> Epilogue {
        Epilogue { bias: self.pick(axes), activation: self.pick(ACTIVATIONS), residual: self.pick(&[false, true]) }
    }
}

pub(crate) const ACTIVATIONS: &[Activation] = &[
    Activation::None,
    Activation::Relu,
    Activation::Clip { min: -0.5, max: 0.75 },
    Activation::LeakyRelu { alpha: 0.1 },
    Activation::Sigmoid,
    Activation::Tanh,
    Activation::HardSigmoid { alpha: 0.2, beta: 0.5 },
    Activation::HardSwish,
    Activation::Silu,
    Activation::Swish { alpha: 1.702 },
    Activation::Gelu,
    Activation::GeluTanh,
    Activation::Mish,
];

/// The meaning of an activation.
pub(crate) fn activate(activation: Activation, x: f64) -> f64 {
    let clip = |x: f64, low: f64, high: f64| if x.is_nan() { x } else { x.max(low).min(high) };
    match activation {
        Activation::None => x,
        Activation::Relu => clip(x, 0.0, f64::INFINITY),
        Activation::Clip { min, max } => clip(x, min.into(), max.into()),
        Activation::LeakyRelu { alpha } if x < 0.0 => x * f64::from(alpha),
        Activation::LeakyRelu { .. } => x,
        Activation::Sigmoid => 1.0 / (1.0 + (-x).exp()),
        Activation::Tanh => x.tanh(),
        Activation::HardSigmoid { alpha, beta } => clip(f64::from(alpha) * x + f64::from(beta), 0.0, 1.0),
        Activation::HardSwish => x * clip(x / 6.0 + 0.5, 0.0, 1.0),
        Activation::Silu => x / (1.0 + (-x).exp()),
        Activation::Swish { alpha } => x / (1.0 + (-f64::from(alpha) * x).exp()),
        Activation::Gelu => x * 0.5 * (1.0 + erf(x * std::f64::consts::FRAC_1_SQRT_2)),
        Activation::GeluTanh => x * 0.5 * (1.0 + (std::f64::consts::FRAC_2_PI.sqrt() * (x + 0.044_715 * x * x * x)).tanh()),
        Activation::Mish => x * x.exp().ln_1p().tanh(),
    }
}

/// By its Maclaurin series; enough for the arguments here.
pub(crate) fn erf(x: f64) -> f64 {
    if x.abs() > 6.0 {
        return x.signum();
    }
    let (mut term, mut sum) = (x, x);
    for n in 1..200 {
        term *= 2.0 * x * x / (2.0 * f64::from(n) + 1.0);
        sum += term;
    }
    sum * (-x * x).exp() * std::f64::consts::FRAC_2_SQRT_PI
}

/// The error allowed for a sum of `terms` terms whose magnitudes add up to `magnitude`: the bound of any order of
/// summation (Higham, Accuracy and Stability of Numerical Algorithms, section 3.1), with eight roundings for bias,
/// residual and activation, none of which enlarges an error by more than 15 % here (Gelu's steepest slope is 1.13).
pub(crate) fn sum_tolerance(terms: usize, magnitude: f64) -> f64 {
    1.15 * (terms as f64 + 8.0) * f64::from(f32::EPSILON) / 2.0 * (magnitude + 1.0)
}

/// Relative error allowed for one elementary function, a few of whose steps round.
pub(crate) const FUNCTION_TOLERANCE: f64 = 4.0 * f32::EPSILON as f64;

/// A sum with its magnitude.
#[derive(Copy, Clone, Default)]
pub(crate) struct Sum {
    pub(crate) value: f64,
    pub(crate) magnitude: f64,
}

impl Sum {
    pub(crate) fn add(&mut self, term: f64) {
        self.value += term;
        self.magnitude += term.abs();
    }
}

/// Class Chain on fused hardware, literally.
pub(crate) fn chain(terms: &[(f32, f32)]) -> f32 {
    chunked(terms, |chunk| chunk.iter().fold(0.0, |acc, &(a, b)| a.mul_add(b, acc)))
}

/// Class Lanes16 on fused hardware, literally.
pub(crate) fn lanes16(terms: &[(f32, f32)]) -> f32 {
    chunked(terms, |chunk| {
        let mut lanes = [0.0f32; 16];
        for k in 0..chunk.len().next_multiple_of(16) {
            let (a, b) = chunk.get(k).copied().unwrap_or((0.0, 0.0));
            lanes[k % 16] = a.mul_add(b, lanes[k % 16]);
        }
        for half in [8, 4, 2, 1] {
            for l in 0..half {
                lanes[l] += lanes[l + half];
            }
        }
        lanes[0]
    })
}

fn chunked(terms: &[(f32, f32)], sum: impl Fn(&[(f32, f32)]) -> f32) -> f32 {
    terms.chunks(K_CHUNK).map(sum).reduce(|total, sum| total + sum).unwrap_or(0.0)
}

/// Teams of one, two and three threads, whatever the machine has.
pub(crate) fn teams() -> Vec<Team> {
    let pool = Pool::leak(3);
    vec![Team::serial(), Team::of(pool, 2), Team::of(pool, 3)]
}

pub(crate) fn assert_same_bits(got: &[f32], want: &[f32], what: &str) {
    assert_eq!(got.len(), want.len(), "{what}");
    for (i, (g, w)) in got.iter().zip(want).enumerate() {
        let same = g.to_bits() == w.to_bits() || (g.is_nan() && w.is_nan());
        assert!(same, "{what}: element {i}: {g:e} is not {w:e}");
    }
}
