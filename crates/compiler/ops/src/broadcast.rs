//! Multidirectional broadcasting, as in NumPy.

use fastserve_ir::{Dim, DimOp, ShapeError};
use fastserve_tensor::Shape;

/// The extents of two operands broadcast together.
///
/// A symbol beside a known extent other than 1 is taken to be that extent; the kernel checks it at run time.
///
/// # Errors
/// Extents that differ and of which none is 1.
pub(crate) fn broadcast(a: &[Dim], b: &[Dim]) -> Result<Vec<Dim>, ShapeError> {
    let rank = a.len().max(b.len());
    let at = |dims: &[Dim], i: usize| (i + dims.len()).checked_sub(rank).map_or(Dim::Known(1), |j| dims[j].clone());
    (0..rank).map(|i| broadcast_dim(at(a, i), at(b, i))).collect()
}

fn broadcast_dim(a: Dim, b: Dim) -> Result<Dim, ShapeError> {
    match (a.known(), b.known()) {
        _ if a == b => Ok(a),
        (Some(1), _) => Ok(b),
        (_, Some(1)) => Ok(a),
        (Some(x), Some(y)) => Err(ShapeError::shape(format!("cannot broadcast {x} with {y}"))),
        (Some(_), None) => Ok(a),
        (None, Some(_)) => Ok(b),
        (None, None) => a.combine(DimOp::Max, b).ok_or(ShapeError::Overflow),
    }
}

/// Strides, in elements, with which an operand is walked along the axes of `out`: 0 where it is repeated.
pub(crate) fn broadcast_strides(operand: &Shape, out: &Shape) -> [usize; fastserve_tensor::MAX_RANK] {
    let own = operand.strides();
    let mut strides = [0; fastserve_tensor::MAX_RANK];
    let skip = out.rank() - operand.rank();
    for (i, &d) in operand.iter().enumerate() {
        strides[skip + i] = if d == 1 { 0 } else { own[i] };
    }
    strides
}

/// Whether `operand` can be repeated to fill `out`.
pub(crate) fn fits(operand: &Shape, out: &Shape) -> bool {
    operand.rank() <= out.rank() && operand.iter().rev().zip(out.iter().rev()).all(|(&d, &o)| d == o || d == 1)
}

/// Calls `visit(i, offsets)` for each element of `shape` in order, with the offset that each row of `strides` gives it.
pub(crate) fn walk<const N: usize>(
    shape: &Shape,
    strides: &[[usize; fastserve_tensor::MAX_RANK]; N],
    mut visit: impl FnMut(usize, [usize; N]),
) {
    let mut index = [0usize; fastserve_tensor::MAX_RANK];
    let mut offsets = [0usize; N];
    for i in 0..shape.numel() {
        visit(i, offsets);
        for axis in (0..shape.rank()).rev() {
            index[axis] += 1;
            offsets.iter_mut().zip(strides).for_each(|(o, s)| *o = o.wrapping_add(s[axis]));
            if index[axis] < shape[axis] {
                break;
            }
            offsets.iter_mut().zip(strides).for_each(|(o, s)| *o = o.wrapping_sub(s[axis].wrapping_mul(index[axis])));
            index[axis] = 0;
        }
    }
}
