//! Which scale belongs to which element.

use std::ops::Range;

use fastserve_ir::{DimOp, Fact, OpError, ShapeError, normalize_axis};
use fastserve_tensor::Shape;

use crate::elements::count;

/// How the scales lie along a tensor.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Runs {
    /// One for all.
    Tensor,
    /// One for each index of an axis: its extent, and the number of elements behind it.
    Axis { extent: usize, inner: usize },
    /// One for each `block` indices of an axis, anew for all other axes.
    Blocks { extent: usize, inner: usize, block: usize },
}

impl Runs {
    /// # Errors
    /// Scales that do not belong to these extents.
    pub(crate) fn new(x: &Shape, scales: &Shape, axis: i64, block: usize) -> Result<Self, OpError> {
        if block == 0 && scales.numel() == 1 && scales.rank() <= 1 {
            return Ok(Runs::Tensor);
        }
        let axis = normalize_axis(axis, x.rank())?;
        let (extent, inner) = (x[axis], count(&x[axis + 1..]));
        let wrong = || OpError::Value(format!("scales of {scales} do not belong to {x} along axis {axis} in blocks of {block}"));
        if block == 0 {
            let fits = scales.dims() == [extent];
            return if fits { Ok(Runs::Axis { extent, inner }) } else { Err(wrong()) };
        }
        let mut expected = x.to_vec();
        expected[axis] = extent.div_ceil(block);
        if expected[..] == scales[..] { Ok(Runs::Blocks { extent, inner, block }) } else { Err(wrong()) }
    }

    /// Calls `visit(elements, scale)` for runs of elements with one scale, in order.
    pub(crate) fn each(&self, numel: usize, mut visit: impl FnMut(Range<usize>, usize)) {
        let mut start = 0;
        while start < numel {
            let (len, scale) = self.run(start, numel);
            let end = start.saturating_add(len.max(1)).min(numel);
            visit(start..end, scale);
            start = end;
        }
    }

    fn run(&self, start: usize, numel: usize) -> (usize, usize) {
        match *self {
            Runs::Tensor => (numel, 0),
            Runs::Axis { extent, inner } => (inner, start / inner.max(1) % extent.max(1)),
            Runs::Blocks { extent, inner, block } => {
                let (inner, extent) = (inner.max(1), extent.max(1));
                let (outer, at, last) = (start / inner / extent, start / inner % extent, start % inner);
                let len = if inner == 1 { block.min(extent - at) } else { 1 };
                (len, (outer * extent.div_ceil(block) + at / block) * inner + last)
            }
        }
    }
}

/// Refuses the facts of scales that cannot belong to `x`.
///
/// # Errors
/// Another rank, or known extents that differ.
pub(crate) fn check(x: &Fact, scales: &Fact, axis: i64, block: usize) -> Result<(), ShapeError> {
    let single = scales.rank() == 0 || scales.shape.iter().all(|d| d.known() == Some(1)) && scales.rank() == 1;
    if block == 0 && (single || scales.rank() == 1 && x.rank() == 0) {
        return Ok(());
    }
    let axis = normalize_axis(axis, x.rank())?;
    let mut expected = x.shape.clone();
    if block == 0 {
        expected = vec![expected.swap_remove(axis)];
    } else {
        expected[axis] = expected[axis].clone().combine(DimOp::CeilDiv, block.into()).ok_or(ShapeError::Overflow)?;
    }
    if expected.len() != scales.rank() || expected.iter().zip(&scales.shape).any(|(a, b)| a.differs(b)) {
        return Err(ShapeError::shape(format!("input 1: expected scales of extents {expected:?}, got {:?}", scales.shape)));
    }
    Ok(())
}
