//! Operands walked together by strides.

use crate::error::{KernelError, extent, product, require};

/// The most dimensions an element-wise call takes.
pub const MAX_DIMS: usize = 8;

/// One dimension: its size, and the operands' strides (0 where the operand is broadcast).
#[derive(Copy, Clone, Debug, PartialEq)]
pub(super) struct Dim<const N: usize> {
    pub(super) size: usize,
    pub(super) strides: [usize; N],
}

/// A shape with the operands' strides, dimensions joined where all operands allow it. Innermost first; never empty.
#[derive(Copy, Clone, Debug)]
pub(super) struct Walk<const N: usize = 2> {
    dims: [Dim<N>; MAX_DIMS],
    count: usize,
    /// Elements of the result.
    pub(super) len: usize,
    /// Least lengths of the operands.
    pub(super) extents: [usize; N],
}

impl<const N: usize> Walk<N> {
    /// `shape` and strides outermost first, as in ONNX.
    pub(super) fn new(shape: &[usize], strides: [&[usize]; N]) -> Result<Self, KernelError> {
        let agree = shape.len() <= MAX_DIMS && strides.iter().all(|s| s.len() == shape.len());
        require(agree, "broadcast shape", "at most 8 dimensions, with one stride each")?;
        let len = product("broadcast shape", shape)?;
        let none = Dim { size: 1, strides: [1; N] };
        let mut walk = Walk { dims: [none; MAX_DIMS], count: 0, len, extents: [0; N] };
        for (i, &size) in shape.iter().enumerate().rev() {
            walk.push(Dim { size, strides: strides.map(|s| s[i]) });
        }
        walk.count = walk.count.max(1);
        for operand in 0..N {
            walk.extents[operand] = walk.extent(operand)?;
        }
        Ok(walk)
    }

    /// Adds the next outer dimension, joined to the one before where that steps over it exactly.
    fn push(&mut self, dim: Dim<N>) {
        if dim.size == 1 {
            return;
        }
        if let Some(inner) = self.count.checked_sub(1).map(|i| &mut self.dims[i]) {
            let joins = |i: usize| inner.strides[i].checked_mul(inner.size) == Some(dim.strides[i]);
            if (0..N).all(joins) {
                inner.size = inner.size.saturating_mul(dim.size);
                return;
            }
        }
        self.dims[self.count] = dim;
        self.count += 1;
    }

    fn extent(&self, operand: usize) -> Result<usize, KernelError> {
        let mut dims = [(1, 0); MAX_DIMS];
        for (pair, dim) in dims.iter_mut().zip(self.dims()) {
            *pair = (dim.size, dim.strides[operand]);
        }
        extent("broadcast operand", &dims)
    }

    fn dims(&self) -> &[Dim<N>] {
        &self.dims[..self.count]
    }

    /// The innermost dimension.
    pub(super) fn inner(&self) -> Dim<N> {
        self.dims[0]
    }

    /// Where the operands' elements for result `index` are.
    pub(super) fn offsets(&self, mut index: usize) -> [usize; N] {
        let mut offsets = [0; N];
        for dim in self.dims() {
            let at = index % dim.size;
            index /= dim.size;
            offsets.iter_mut().zip(dim.strides).for_each(|(o, s)| *o += at * s);
        }
        offsets
    }
}
