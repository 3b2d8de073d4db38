//! Two operands walked together by strides.

use crate::error::{KernelError, extent, product, require};

/// The most dimensions an element-wise call takes.
pub const MAX_DIMS: usize = 8;

/// One dimension: its size, and both operands' strides (0 where the operand is broadcast).
#[derive(Copy, Clone, Debug, Default, PartialEq)]
pub(super) struct Dim {
    pub(super) size: usize,
    pub(super) strides: [usize; 2],
}

/// A shape with both operands' strides, dimensions joined where both operands allow it. Innermost first; never empty.
#[derive(Copy, Clone, Debug)]
pub(super) struct Walk {
    dims: [Dim; MAX_DIMS],
    count: usize,
    /// Elements of the result.
    pub(super) len: usize,
    /// Least lengths of the operands.
    pub(super) extents: [usize; 2],
}

impl Walk {
    /// `shape` and strides outermost first, as in ONNX.
    pub(super) fn new(shape: &[usize], a: &[usize], b: &[usize]) -> Result<Walk, KernelError> {
        let agree = shape.len() <= MAX_DIMS && a.len() == shape.len() && b.len() == shape.len();
        require(agree, "binary shape", "at most 8 dimensions, with one stride each")?;
        let len = product("binary shape", shape)?;
        let mut walk = Walk { dims: [Dim::default(); MAX_DIMS], count: 0, len, extents: [0; 2] };
        for ((&size, &a), &b) in shape.iter().zip(a).zip(b).rev() {
            walk.push(Dim { size, strides: [a, b] });
        }
        if walk.count == 0 {
            walk.dims[0] = Dim { size: 1, strides: [1, 1] };
            walk.count = 1;
        }
        walk.extents = [walk.extent(0)?, walk.extent(1)?];
        Ok(walk)
    }

    /// Adds the next outer dimension, joined to the one before where that steps over it exactly.
    fn push(&mut self, dim: Dim) {
        if dim.size == 1 {
            return;
        }
        if let Some(inner) = self.count.checked_sub(1).map(|i| &mut self.dims[i]) {
            let joins = |i: usize| inner.strides[i].checked_mul(inner.size) == Some(dim.strides[i]);
            if joins(0) && joins(1) {
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
        extent("binary operand", &dims)
    }

    fn dims(&self) -> &[Dim] {
        &self.dims[..self.count]
    }

    /// The innermost dimension.
    pub(super) fn inner(&self) -> Dim {
        self.dims[0]
    }

    /// Where the operands' elements for result `index` are.
    pub(super) fn offsets(&self, mut index: usize) -> [usize; 2] {
        let mut offsets = [0; 2];
        for dim in self.dims() {
            let at = index % dim.size;
            index /= dim.size;
            offsets[0] += at * dim.strides[0];
            offsets[1] += at * dim.strides[1];
        }
        offsets
    }
}
