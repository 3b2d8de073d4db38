//! Concrete extents of a tensor.

use std::fmt;
use std::ops::Deref;

use crate::error::TensorError;

/// The largest rank. Shapes live inline, so that a steady run never allocates one.
pub const MAX_RANK: usize = 8;

/// Concrete extents, outermost first; rank 0 is a scalar. Dereferences to a slice.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct Shape {
    rank: u8,
    dims: [usize; MAX_RANK],
}

impl Shape {
    /// The shape of a scalar.
    pub const SCALAR: Shape = Shape { rank: 0, dims: [0; MAX_RANK] };

    /// One axis without elements.
    pub const EMPTY: Shape = Shape { rank: 1, dims: [0; MAX_RANK] };

    /// A shape of these extents.
    ///
    /// # Errors
    /// [`TensorError::Rank`] beyond [`MAX_RANK`] dimensions.
    pub fn new(dims: &[usize]) -> Result<Self, TensorError> {
        let mut shape = Self::SCALAR;
        shape.dims.get_mut(..dims.len()).ok_or(TensorError::Rank(dims.len()))?.copy_from_slice(dims);
        shape.rank = dims.len() as u8;
        Ok(shape)
    }

    /// A shape from an iterator of extents.
    ///
    /// # Errors
    /// [`TensorError::Rank`] beyond [`MAX_RANK`] dimensions.
    pub fn collect(dims: impl IntoIterator<Item = usize>) -> Result<Self, TensorError> {
        let mut shape = Self::SCALAR;
        for d in dims {
            *shape.dims.get_mut(shape.rank as usize).ok_or(TensorError::Rank(MAX_RANK + 1))? = d;
            shape.rank += 1;
        }
        Ok(shape)
    }

    /// Number of dimensions.
    pub fn rank(&self) -> usize {
        self.rank as usize
    }

    /// The extents.
    pub fn dims(&self) -> &[usize] {
        &self.dims[..self.rank()]
    }

    /// The extents, to change in place.
    pub fn dims_mut(&mut self) -> &mut [usize] {
        let rank = self.rank();
        &mut self.dims[..rank]
    }

    /// Number of elements, or `None` if it overflows.
    pub fn checked_numel(&self) -> Option<usize> {
        // A zero anywhere makes the tensor empty, whatever the other extents multiply to.
        if self.contains(&0) {
            return Some(0);
        }
        self.iter().try_fold(1usize, |n, &d| n.checked_mul(d))
    }

    /// Number of elements; `usize::MAX` where that overflows (no tensor of such a shape can exist).
    pub fn numel(&self) -> usize {
        self.checked_numel().unwrap_or(usize::MAX)
    }

    /// Row-major strides, in elements.
    pub fn strides(&self) -> [usize; MAX_RANK] {
        let mut strides = [0; MAX_RANK];
        let mut step = 1usize;
        for (s, &d) in strides[..self.rank()].iter_mut().zip(self.dims()).rev() {
            *s = step;
            step = step.saturating_mul(d);
        }
        strides
    }
}

impl Deref for Shape {
    type Target = [usize];

    fn deref(&self) -> &[usize] {
        self.dims()
    }
}

impl fmt::Display for Shape {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("[")?;
        for (i, d) in self.iter().enumerate() {
            if i > 0 {
                f.write_str(",")?;
            }
            write!(f, "{d}")?;
        }
        f.write_str("]")
    }
}

impl fmt::Debug for Shape {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numel_and_strides() {
        let s = Shape::new(&[2, 3, 4]).unwrap();
        assert_eq!(s.numel(), 24);
        assert_eq!(&s.strides()[..3], &[12, 4, 1]);
        assert_eq!(Shape::SCALAR.numel(), 1);
    }

    #[test]
    fn a_zero_wins_over_an_overflow() {
        assert_eq!(Shape::new(&[usize::MAX, usize::MAX, 0]).unwrap().checked_numel(), Some(0));
        assert_eq!(Shape::new(&[usize::MAX, 2]).unwrap().checked_numel(), None);
    }

    #[test]
    fn rank_nine_is_refused() {
        assert_eq!(Shape::new(&[1; 9]), Err(TensorError::Rank(9)));
        assert!(Shape::collect([1; 9]).is_err());
    }
}
