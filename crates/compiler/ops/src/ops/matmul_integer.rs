//! MatMulInteger.

use std::sync::Arc;

use fastserve_ir::{Attrs, Fact, Inputs, Io, Op, OpError, ShapeError};
use fastserve_tensor::DType;

use crate::broadcast::walk;
use crate::def::OpDef;
use crate::ops::matmul::{batched, matmul_shape};
use crate::quantized::codes::{centred, require_byte, zeros};
use crate::quantized::products::products;

/// The product of `A − a_zero_point` and `B − b_zero_point` in i32, which wraps around. Zero points are one for all, or one for each
/// row of A and each column of B.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct MatMulInteger;

pub(crate) const DEFS: &[OpDef] = &[OpDef {
    name: "MatMulInteger",
    since: 10,
    build: |attrs, _| {
        attrs.only(&[])?;
        Ok(Arc::new(MatMulInteger))
    },
}];

impl Op for MatMulInteger {
    fn name(&self) -> &'static str {
        "MatMulInteger"
    }

    fn attrs(&self) -> Attrs {
        Attrs::new()
    }

    fn infer(&self, inputs: &Inputs<'_>) -> Result<Vec<Fact>, ShapeError> {
        let (a, b) = (require_byte(inputs, 0)?, require_byte(inputs, 1)?);
        for (i, of) in [(2, a), (3, b)] {
            if inputs.opt(i).is_some() {
                inputs.same_dtype(i, of.dtype)?;
            }
        }
        Ok(vec![Fact::new(DType::I32, matmul_shape(&a.shape, &b.shape)?)])
    }

    fn reference(&self, io: &mut Io<'_>) -> Result<(), OpError> {
        let of = batched(io)?;
        let (m, k, n) = (of.m, of.k, of.n);
        let (a, b) = (io.input(0)?, io.input(1)?);
        let (za, zb) = (zeros(io, 2)?, zeros(io, 3)?);
        let y = io.out_slice::<i32>(0)?;
        if y.is_empty() || k == 0 {
            y.fill(0);
            return Ok(());
        }
        let rows = a.shape().numel() / k;
        let columns = b.shape().numel() / k;
        check(2, &za, m, rows)?;
        check(3, &zb, n, columns)?;
        let mut left = vec![0i16; a.shape().numel()];
        centred(&a, |i| za[i / k % za.len()], |i, v| left[i] = v)?;
        let mut right = vec![0i16; b.shape().numel()];
        let zero = |i: usize| zb[(i / (k * n) * n + i % n) % zb.len()];
        centred(&b, zero, |i, v| right[i / (k * n) * k * n + i % n * k + i / n % k] = v)?;
        walk(&of.batch, &of.strides, |at, [ia, ib]| {
            let y = &mut y[at * m * n..][..m * n];
            products(&left[ia * m * k..][..m * k], &right[ib * k * n..][..k * n], k, |i, j, sum| y[i * n + j] = sum);
        });
        Ok(())
    }
}

/// Zero points: one, one for each line of a matrix, or one for each line of all matrices.
fn check(i: usize, zeros: &[i32], lines: usize, all: usize) -> Result<(), OpError> {
    if [1, lines, all].contains(&zeros.len()) {
        return Ok(());
    }
    Err(OpError::Value(format!("input {i}: expected 1, {lines} or {all} zero points, got {}", zeros.len())))
}
