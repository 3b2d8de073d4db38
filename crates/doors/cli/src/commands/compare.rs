//! Two tensors, element by element.

use std::str::FromStr;

use anyhow::Result;
use fastserve::{DType, Tensor};

use crate::io::elements::{Number, with_number};
use crate::io::npy;

/// How far values may be apart: |a − b| ≤ abs + rel · |b|.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Tolerance {
    pub(crate) abs: f64,
    pub(crate) rel: f64,
}

impl Tolerance {
    /// What is taken if nothing is said.
    pub(crate) fn of(dtype: DType) -> Self {
        let (abs, rel) = match dtype {
            DType::F32 | DType::F64 => (1e-5, 1e-3),
            DType::F16 => (1e-3, 1e-2),
            DType::BF16 => (1e-2, 5e-2),
            _ => (0.0, 0.0),
        };
        Self { abs, rel }
    }
}

impl FromStr for Tolerance {
    type Err = String;

    fn from_str(s: &str) -> Result<Self, String> {
        let number = |t: &str| t.parse::<f64>().ok().filter(|v| *v >= 0.0);
        let pair = s.split_once(',').and_then(|(abs, rel)| Some(Self { abs: number(abs)?, rel: number(rel)? }));
        pair.ok_or_else(|| format!("expected ABS,REL such as 1e-5,1e-3, got `{s}`"))
    }
}

/// How far two tensors of one type and shape are apart.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct Distance {
    pub(crate) max_abs: f64,
    /// Of the largest |a − b| / |b| where b is not 0.
    pub(crate) max_rel: f64,
    /// Representable values in between, at most; none for integers.
    pub(crate) max_ulp: Option<u64>,
    /// Elements beyond the tolerance.
    pub(crate) differing: usize,
    /// The first of them: its place in row-major order, ours and the expected one.
    pub(crate) first: Option<(usize, f64, f64)>,
}

/// Compares; `Err` says what is not even of one kind.
pub(crate) fn compare(ours: &Tensor, expected: &Tensor, tolerance: Tolerance) -> Result<Result<Distance, String>> {
    let plain = |t: &Tensor| npy::plain(&t.view()?);
    match (plain(ours)?, plain(expected)?) {
        (Some(wide), None) if wide.dtype() == expected.dtype() => return compare(&wide, expected, tolerance),
        (Some(wide), Some(other)) if ours.dtype() == expected.dtype() && ours.dtype().narrow().is_some() => {
            return compare(&wide, &other, tolerance);
        }
        _ => {}
    }
    if (ours.dtype(), ours.shape()) != (expected.dtype(), expected.shape()) {
        return Ok(Err(format!("expected {expected:?}, got {ours:?}")));
    }
    with_number!(ours.dtype(), T => Ok(Ok(distance(ours.as_slice::<T>()?, expected.as_slice::<T>()?, tolerance))))
}

fn distance<T: Number>(ours: &[T], expected: &[T], tolerance: Tolerance) -> Distance {
    let mut all = Distance::default();
    for (i, (&a, &b)) in ours.iter().zip(expected).enumerate() {
        let (x, y) = (a.to_f64(), b.to_f64());
        if a == b || (x.is_nan() && y.is_nan()) {
            all.max_ulp = all.max_ulp.max(a.ulps(a));
            continue;
        }
        let apart = a.distance(b);
        // A NaN beside a number is as far as can be.
        let apart = if apart.is_nan() { f64::INFINITY } else { apart };
        all.max_abs = all.max_abs.max(apart);
        all.max_rel = all.max_rel.max(if y == 0.0 { 0.0 } else { apart / y.abs() });
        all.max_ulp = all.max_ulp.max(a.ulps(b));
        if apart.is_infinite() || apart > tolerance.abs + tolerance.rel * y.abs() {
            all.differing += 1;
            all.first.get_or_insert((i, x, y));
        }
    }
    all
}

/// A place in row-major order as an index.
pub(crate) fn index_of(mut place: usize, dims: &[usize]) -> Vec<usize> {
    let mut index = vec![0; dims.len()];
    for (i, &d) in index.iter_mut().zip(dims).rev() {
        *i = place % d.max(1);
        place /= d.max(1);
    }
    index
}

#[cfg(test)]
mod tests {
    use super::*;
    use fastserve::bf16;

    fn of(a: &[f32], b: &[f32]) -> Distance {
        distance(a, b, Tolerance::of(DType::F32))
    }

    #[test]
    fn equal_is_equal() {
        let all = [1.0, f32::NAN, f32::INFINITY, 0.0];
        assert_eq!(of(&all, &all), Distance { max_ulp: Some(0), ..Distance::default() });
        assert_eq!(of(&[0.0], &[-0.0]).differing, 0);
    }

    #[test]
    fn the_first_is_found() {
        let d = of(&[1.0, 2.0, 3.5, 9.0], &[1.0, 2.0001, 3.0, 8.0]);
        assert_eq!((d.differing, d.first, d.max_abs), (2, Some((2, 3.5, 3.0)), 1.0));
        assert_eq!(of(&[f32::NAN], &[1.0]).differing, 1);
        assert_eq!(of(&[f32::INFINITY], &[f32::NEG_INFINITY]).differing, 1);
        assert_eq!(distance(&[3u8], &[4], Tolerance::of(DType::U8)).differing, 1);
    }

    #[test]
    fn kinds_must_agree() {
        let (a, b) = (Tensor::from_slice(&[1], &[1.0f32]).unwrap(), Tensor::from_slice(&[1], &[1.0f64]).unwrap());
        assert!(compare(&a, &b, Tolerance::of(DType::F32)).unwrap().is_err());
        let narrow = Tensor::from_slice(&[1], &[bf16::from_f32(1.0)]).unwrap();
        assert_eq!(compare(&narrow, &a, Tolerance::of(DType::BF16)).unwrap().unwrap().differing, 0);
    }

    #[test]
    fn places_become_indices() {
        assert_eq!(index_of(5, &[2, 3]), [1, 2]);
        assert!(index_of(0, &[]).is_empty());
    }

    #[test]
    fn tolerances_are_read() {
        assert_eq!("1e-5,0.001".parse(), Ok(Tolerance { abs: 1e-5, rel: 1e-3 }));
        assert!("1".parse::<Tolerance>().is_err() && "-1,0".parse::<Tolerance>().is_err());
    }
}
