//! MatMul, as NumPy's.

use std::sync::Arc;

use fastserve_ir::{Attrs, Dim, Fact, Inputs, Io, Op, OpError, ShapeError};
use fastserve_tensor::Shape;

use crate::broadcast::{broadcast, broadcast_strides, fits, walk};
use crate::def::OpDef;
use crate::elements::{Float, Int, NumericBody, require_number};

/// `A[…, M, K] · B[…, K, N]`; the leading axes are broadcast, and a vector counts as a row on the left, a column on the right.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct MatMul;

pub(crate) const DEFS: &[OpDef] = &[OpDef {
    name: "MatMul",
    since: 1,
    build: |attrs, _| {
        attrs.only(&[])?;
        Ok(Arc::new(MatMul))
    },
}];

impl Op for MatMul {
    fn name(&self) -> &'static str {
        "MatMul"
    }

    fn attrs(&self) -> Attrs {
        Attrs::new()
    }

    fn infer(&self, inputs: &Inputs<'_>) -> Result<Vec<Fact>, ShapeError> {
        let a = require_number(inputs, 0)?;
        let b = inputs.same_dtype(1, a.dtype)?;
        Ok(vec![Fact::new(a.dtype, matmul_shape(&a.shape, &b.shape)?)])
    }

    fn reference(&self, io: &mut Io<'_>) -> Result<(), OpError> {
        let dtype = io.dtype(0)?;
        Body { io }.run(dtype)
    }
}

/// The extents of a product.
///
/// # Errors
/// Inner extents that differ, scalars, or leading axes that cannot be broadcast.
pub(crate) fn matmul_shape(a: &[Dim], b: &[Dim]) -> Result<Vec<Dim>, ShapeError> {
    if a.is_empty() || b.is_empty() {
        return Err(ShapeError::shape("a scalar has no matrix product"));
    }
    let one = [Dim::Known(1)];
    let (left, right) =
        (if a.len() == 1 { [&one, a].concat() } else { a.to_vec() }, if b.len() == 1 { [b, &one].concat() } else { b.to_vec() });
    let (batch_a, m, k) = split(&left);
    let (batch_b, kb, n) = split(&right);
    if let (Some(x), Some(y)) = (k.known(), kb.known())
        && x != y
    {
        return Err(ShapeError::shape(format!("inner extents {x} and {y} differ")));
    }
    let mut out = broadcast(batch_a, batch_b)?;
    if a.len() > 1 {
        out.push(m.clone());
    }
    if b.len() > 1 {
        out.push(n.clone());
    }
    Ok(out)
}

fn split(dims: &[Dim]) -> (&[Dim], &Dim, &Dim) {
    let at = dims.len() - 2;
    (&dims[..at], &dims[at], &dims[at + 1])
}

struct Body<'b, 'a> {
    io: &'b mut Io<'a>,
}

/// Extents of one product of matrices and where each matrix of the batch starts.
pub(crate) struct Batched {
    pub(crate) m: usize,
    pub(crate) k: usize,
    pub(crate) n: usize,
    pub(crate) batch: Shape,
    pub(crate) strides: [[usize; fastserve_tensor::MAX_RANK]; 2],
}

/// How the matrices of two inputs meet.
///
/// # Errors
/// Extents that have no product, or another one than the output's.
pub(crate) fn batched(io: &Io<'_>) -> Result<Batched, OpError> {
    let (a, b) = (io.shape(0)?, io.shape(1)?);
    let (left, right) = match (a.dims(), b.dims()) {
        ([k], [_]) => (Shape::new(&[1, *k])?, Shape::new(&[*k, 1])?),
        ([k], _) => (Shape::new(&[1, *k])?, b),
        (_, [k]) => (a, Shape::new(&[*k, 1])?),
        _ => (a, b),
    };
    let ([batch_a @ .., m, k], [batch_b @ .., kb, n]) = (left.dims(), right.dims()) else {
        return Err(OpError::Value("a scalar has no matrix product".into()));
    };
    if k != kb {
        return Err(OpError::Value(format!("inner extents {k} and {kb} differ")));
    }
    let (sa, sb) = (Shape::new(batch_a)?, Shape::new(batch_b)?);
    let out = io.out_shape(0)?;
    let matrix_axes = usize::from(a.rank() > 1) + usize::from(b.rank() > 1);
    let batch = Shape::new(&out[..out.rank().saturating_sub(matrix_axes)])?;
    let matrix = [*m, *n].into_iter().fold(batch.checked_numel(), |total, d| total?.checked_mul(d));
    if matrix != out.checked_numel() {
        return Err(OpError::Value(format!("the product of {a} and {b} is not {out}")));
    }
    if !fits(&sa, &batch) || !fits(&sb, &batch) {
        return Err(OpError::Value(format!("cannot broadcast {sa} and {sb} to {batch}")));
    }
    let strides = [broadcast_strides(&sa, &batch), broadcast_strides(&sb, &batch)];
    Ok(Batched { m: *m, k: *k, n: *n, batch, strides })
}

impl Body<'_, '_> {
    fn each<T: fastserve_tensor::Element>(&mut self, dot: impl Fn(&mut dyn Iterator<Item = (T, T)>) -> T) -> Result<(), OpError> {
        let Batched { m, k, n, batch, strides } = batched(self.io)?;
        let (a, b) = (self.io.slice::<T>(0)?, self.io.slice::<T>(1)?);
        let y = self.io.out_slice::<T>(0)?;
        if y.is_empty() {
            return Ok(());
        }
        walk(&batch, &strides, |at, [ia, ib]| {
            let (a, b) = (&a[ia * m * k..], &b[ib * k * n..]);
            for (i, y) in y[at * m * n..][..m * n].iter_mut().enumerate() {
                let (row, col) = (i / n, i % n);
                *y = dot(&mut (0..k).map(|kk| (a[row * k + kk], b[kk * n + col])));
            }
        });
        Ok(())
    }
}

impl NumericBody for Body<'_, '_> {
    fn float<T: Float>(&mut self) -> Result<(), OpError> {
        self.each::<T>(|pairs| T::from_f64(pairs.map(|(a, b)| a.to_f64() * b.to_f64()).sum()))
    }

    fn int<T: Int>(&mut self) -> Result<(), OpError> {
        self.each::<T>(|pairs| T::wrap(pairs.map(|(a, b)| a.to_i128().wrapping_mul(b.to_i128())).fold(0, i128::wrapping_add)))
    }
}
