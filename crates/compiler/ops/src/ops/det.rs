//! Det: determinants of square matrices.

use std::sync::Arc;

use fastserve_ir::{Attrs, Fact, Inputs, Io, Op, OpError, OpRef, ShapeError};

use crate::def::OpDef;
use crate::elements::require_float;
use crate::numbers::{numbers, store};

/// The determinant of each matrix in the last two axes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Det;

pub(crate) const DEFS: &[OpDef] = &[OpDef { name: "Det", since: 11, build: |attrs, _| attrs.only(&[]).map(|()| Arc::new(Det) as OpRef) }];

impl Op for Det {
    fn name(&self) -> &'static str {
        "Det"
    }

    fn attrs(&self) -> Attrs {
        Attrs::new()
    }

    fn infer(&self, inputs: &Inputs<'_>) -> Result<Vec<Fact>, ShapeError> {
        let x = require_float(inputs, 0)?;
        let [batch @ .., rows, cols] = &x.shape[..] else {
            return Err(ShapeError::shape(format!("expected matrices, got rank {}", x.rank())));
        };
        if let (Some(r), Some(c)) = (rows.known(), cols.known())
            && r != c
        {
            return Err(ShapeError::shape(format!("expected square matrices, got {r} x {c}")));
        }
        Ok(vec![Fact::new(x.dtype, batch.to_vec())])
    }

    fn reference(&self, io: &mut Io<'_>) -> Result<(), OpError> {
        let shape = io.shape(0)?;
        let n = match shape.dims() {
            [.., rows, cols] if rows == cols => *rows,
            _ => return Err(OpError::Value(format!("expected square matrices, got {shape}"))),
        };
        let mut x = numbers(io, 0)?;
        let count = io.out_shape(0)?.numel();
        if n == 0 {
            // The empty product.
            return store(io, 0, &vec![1.0; count]);
        }
        let found: Vec<f64> = x.chunks_exact_mut(n * n).map(|m| determinant(m, n)).collect();
        store(io, 0, &found)
    }
}

/// The determinant by elimination with the largest pivot of each column; the matrix is used up.
fn determinant(m: &mut [f64], n: usize) -> f64 {
    let mut product = 1.0;
    for k in 0..n {
        let largest = (k + 1..n).fold(k, |best, r| if m[r * n + k].abs() > m[best * n + k].abs() { r } else { best });
        if largest != k {
            (k..n).for_each(|c| m.swap(k * n + c, largest * n + c));
            product = -product;
        }
        let pivot = m[k * n + k];
        product *= pivot;
        if pivot == 0.0 {
            return product;
        }
        for r in k + 1..n {
            let factor = m[r * n + k] / pivot;
            (k..n).for_each(|c| m[r * n + c] -= factor * m[k * n + c]);
        }
    }
    product
}
