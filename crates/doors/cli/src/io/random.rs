//! Random numbers that every program can make: s = 12345 + seed, then s = s·1664525 + 1013904223 (32 bits) for each
//! element, which is made of r = s >> 8.

use anyhow::Result;
use fastserve::{DType, Shape, Tensor};

use crate::io::elements::of_f64;

/// Integers are below this where nothing else is said.
const INTEGERS_BELOW: i64 = 10;

/// The generator.
struct Lcg(u32);

impl Lcg {
    fn next(&mut self) -> u32 {
        self.0 = self.0.wrapping_mul(1664525).wrapping_add(1013904223);
        self.0 >> 8
    }
}

/// Integers from `low` (included) to `high` (not included).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Span {
    pub(crate) low: i64,
    pub(crate) high: i64,
}

impl Default for Span {
    fn default() -> Self {
        Self { low: 0, high: INTEGERS_BELOW }
    }
}

/// A random tensor: floats r / 2^24 · 2 − 1, integers low + r mod (high − low), truth values r mod 2.
pub(crate) fn tensor(dtype: DType, dims: &[usize], seed: u32, span: Span) -> Result<Tensor> {
    let mut lcg = Lcg(12345u32.wrapping_add(seed));
    let width = u64::try_from(span.high.saturating_sub(span.low)).unwrap_or(1).max(1);
    let number = || {
        let r = lcg.next();
        match dtype {
            DType::Bool => f64::from(r % 2),
            d if d.is_float() || d.narrow().is_some_and(|n| !n.is_int()) => f64::from(r) / f64::from(1 << 24) * 2.0 - 1.0,
            _ => span.low as f64 + (u64::from(r) % width) as f64,
        }
    };
    Ok(of_f64(dtype, Shape::new(dims)?, std::iter::repeat_with(number))?)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_rule_is_the_written_one() {
        let t = tensor(DType::F32, &[2], 0, Span::default()).unwrap();
        let s = 12345u32.wrapping_mul(1664525).wrapping_add(1013904223);
        assert_eq!(t.as_slice::<f32>().unwrap()[0], (s >> 8) as f32 / 16_777_216.0 * 2.0 - 1.0);
        let t = tensor(DType::I64, &[100], 7, Span { low: 5, high: 8 }).unwrap();
        assert!(t.as_slice::<i64>().unwrap().iter().all(|v| (5..8).contains(v)));
        assert_eq!(tensor(DType::U8, &[9], 3, Span::default()).unwrap(), tensor(DType::U8, &[9], 3, Span::default()).unwrap());
    }
}
