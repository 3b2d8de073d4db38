//! Random numbers by counting: number `i` of a stream is a function of the stream's key and of `i`, so that it does not matter who
//! draws it, or when.
//!
//! `word(i)` is the finaliser of SplitMix64 (Steele, Lea and Flood, 2014) of `key + (i + 1) · 0x9E3779B97F4A7C15`. The key is the same
//! function of the seed. A uniform number is the high 53 bits over 2^53; a normal one is made of words `2i` and `2i + 1` (Box and
//! Muller, 1958).

use std::hash::{BuildHasher, RandomState};

/// A stream of numbers.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Stream {
    key: u64,
}

const STEP: u64 = 0x9E37_79B9_7F4A_7C15;

fn mixed(mut x: u64) -> u64 {
    x = (x ^ (x >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
    x = (x ^ (x >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
    x ^ (x >> 31)
}

impl Stream {
    /// The stream of a seed; without one, another stream each time.
    pub(crate) fn new(seed: Option<f32>) -> Self {
        Self::of_bits(seed.map(|s| u64::from(s.to_bits())))
    }

    /// The same of a seed that is an integer.
    pub(crate) fn of_int(seed: Option<i64>) -> Self {
        Self::of_bits(seed.map(i64::cast_unsigned))
    }

    fn of_bits(seed: Option<u64>) -> Self {
        let seed = seed.unwrap_or_else(|| RandomState::new().hash_one(0u8));
        Stream { key: mixed(seed.wrapping_add(STEP)) }
    }

    fn word(&self, i: u64) -> u64 {
        mixed(self.key.wrapping_add(i.wrapping_add(1).wrapping_mul(STEP)))
    }

    /// Number `i`, evenly spread over 0 ≤ u < 1.
    pub(crate) fn uniform(&self, i: usize) -> f64 {
        (self.word(i as u64) >> 11) as f64 / (1u64 << 53) as f64
    }

    /// Number `i`, with mean 0 and variance 1.
    pub(crate) fn normal(&self, i: usize) -> f64 {
        let i = (i as u64).wrapping_mul(2);
        // 1 − u is never 0.
        let radius = (-2.0 * (1.0 - (self.word(i) >> 11) as f64 / (1u64 << 53) as f64).ln()).sqrt();
        let turn = (self.word(i.wrapping_add(1)) >> 11) as f64 / (1u64 << 53) as f64;
        radius * (std::f64::consts::TAU * turn).cos()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn moments(values: impl Iterator<Item = f64> + Clone) -> (f64, f64) {
        let n = values.clone().count() as f64;
        let mean = values.clone().sum::<f64>() / n;
        (mean, values.map(|v| (v - mean).powi(2)).sum::<f64>() / n)
    }

    #[test]
    fn numbers_have_their_mean_and_variance() {
        let stream = Stream::new(Some(3.0));
        let (mean, variance) = moments((0..100_000).map(|i| stream.uniform(i)));
        assert!((mean - 0.5).abs() < 0.005 && (variance - 1.0 / 12.0).abs() < 0.002, "{mean} {variance}");
        let (mean, variance) = moments((0..100_000).map(|i| stream.normal(i)));
        assert!(mean.abs() < 0.02 && (variance - 1.0).abs() < 0.02, "{mean} {variance}");
    }

    #[test]
    fn a_seed_is_a_stream_and_none_is_another_each_time() {
        let first = |seed| (0..4).map(|i| Stream::new(seed).uniform(i)).collect::<Vec<_>>();
        assert_eq!(first(Some(1.5)), first(Some(1.5)));
        assert_ne!(first(Some(1.5)), first(Some(2.5)));
        assert_ne!(Stream::new(None).key, Stream::new(None).key);
        assert_eq!(Stream::of_int(Some(-7)).key, Stream::of_int(Some(-7)).key);
        assert_ne!(Stream::of_int(Some(-7)).key, Stream::of_int(Some(7)).key);
    }
}
