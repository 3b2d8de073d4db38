//! Fourier transforms in f64: mixed radix (Cooley and Tukey, 1965), and for large prime factors the chirp transform (Bluestein, 1970).

use std::f64::consts::PI;
use std::ops::{Add, Mul, Sub};

/// A complex number.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub(crate) struct Complex {
    pub(crate) re: f64,
    pub(crate) im: f64,
}

impl Complex {
    pub(crate) fn new(re: f64, im: f64) -> Self {
        Self { re, im }
    }

    /// `e^(2πi · num/den)`, with the angle reduced first.
    fn root(num: usize, den: usize) -> Self {
        let (sin, cos) = (2.0 * PI * (num % den.max(1)) as f64 / den.max(1) as f64).sin_cos();
        Self::new(cos, sin)
    }

    fn conj(self) -> Self {
        Self::new(self.re, -self.im)
    }

    pub(crate) fn scale(self, by: f64) -> Self {
        Self::new(self.re * by, self.im * by)
    }
}

impl Add for Complex {
    type Output = Self;
    fn add(self, o: Self) -> Self {
        Self::new(self.re + o.re, self.im + o.im)
    }
}

impl Sub for Complex {
    type Output = Self;
    fn sub(self, o: Self) -> Self {
        Self::new(self.re - o.re, self.im - o.im)
    }
}

impl Mul for Complex {
    type Output = Self;
    fn mul(self, o: Self) -> Self {
        Self::new(self.re * o.re - self.im * o.im, self.re * o.im + self.im * o.re)
    }
}

/// Prime factors up to this are summed directly.
const DIRECT: usize = 64;

/// A transform of one length, with its table of roots.
pub(crate) struct Transform {
    len: usize,
    roots: Vec<Complex>,
}

impl Transform {
    /// Of `len` points.
    pub(crate) fn new(len: usize) -> Self {
        Self { len, roots: (0..len).map(|k| Complex::root(k, len).conj()).collect() }
    }

    /// `X[k] = Σ x[n] · e^(−2πi·nk/N)`; `x` has N points.
    pub(crate) fn forward(&self, x: &[Complex]) -> Vec<Complex> {
        if x.len() != self.len {
            return vec![Complex::default(); self.len];
        }
        self.part(x, 1, 0, self.len)
    }

    /// `x[n] = 1/N · Σ X[k] · e^(2πi·nk/N)`.
    pub(crate) fn inverse(&self, x: &[Complex]) -> Vec<Complex> {
        let turned: Vec<Complex> = x.iter().map(|v| v.conj()).collect();
        self.forward(&turned).into_iter().map(|v| v.conj().scale(1.0 / self.len as f64)).collect()
    }

    /// The transform of the `len` points `x[start + i·step]`.
    fn part(&self, x: &[Complex], step: usize, start: usize, len: usize) -> Vec<Complex> {
        let p = smallest_factor(len);
        if len <= 1 || p == len && p <= DIRECT {
            let term = |k: usize, n: usize| x[start + n * step] * self.roots[(k * n % len.max(1)) * step];
            return (0..len).map(|k| (0..len).fold(Complex::default(), |sum, n| sum + term(k, n))).collect();
        }
        if p > DIRECT {
            let points: Vec<Complex> = (0..len).map(|n| x[start + n * step]).collect();
            return chirp(&points);
        }
        let rest = len / p;
        let parts: Vec<Vec<Complex>> = (0..p).map(|r| self.part(x, step * p, start + r * step, rest)).collect();
        let term = |k: usize, r: usize| parts[r][k % rest] * self.roots[(k * r % len) * step];
        (0..len).map(|k| (0..p).fold(Complex::default(), |sum, r| sum + term(k, r))).collect()
    }
}

fn smallest_factor(n: usize) -> usize {
    (2..).take_while(|p| p * p <= n).find(|p| n.is_multiple_of(*p)).unwrap_or(n)
}

/// A transform of any length as a convolution, by transforms of a power of two.
fn chirp(x: &[Complex]) -> Vec<Complex> {
    let len = x.len();
    let size = (2 * len).next_power_of_two();
    // e^(πi·n²/N); n² is reduced where it is exact.
    let turn = |n: usize| Complex::root(((n as u128 * n as u128) % (2 * len as u128)) as usize, 2 * len);
    let mut a = vec![Complex::default(); size];
    let mut b = vec![Complex::default(); size];
    for n in 0..len {
        a[n] = x[n] * turn(n).conj();
        b[n] = turn(n);
        b[(size - n) % size] = turn(n);
    }
    let transform = Transform::new(size);
    let product: Vec<Complex> = transform.forward(&a).into_iter().zip(transform.forward(&b)).map(|(a, b)| a * b).collect();
    let joined = transform.inverse(&product);
    (0..len).map(|k| joined[k] * turn(k).conj()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_length_is_the_sum_it_is_defined_as() {
        for len in [1usize, 2, 3, 4, 7, 12, 30, 67, 64, 134, 211] {
            let x: Vec<Complex> = (0..len).map(|i| Complex::new((i * i % 7) as f64 - 3.0, (i * 5 % 11) as f64 / 4.0)).collect();
            let transform = Transform::new(len);
            let y = transform.forward(&x);
            for (k, got) in y.iter().enumerate() {
                let sum = (0..len).fold(Complex::default(), |sum, n| sum + x[n] * Complex::root(n * k, len).conj());
                assert!((got.re - sum.re).abs() + (got.im - sum.im).abs() < 1e-9 * len as f64, "{len} {k}: {got:?} {sum:?}");
            }
            for (got, x) in transform.inverse(&y).iter().zip(&x) {
                assert!((got.re - x.re).abs() + (got.im - x.im).abs() < 1e-9, "{len}: {got:?} {x:?}");
            }
        }
    }
}
