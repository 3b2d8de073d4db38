//! Gemm: a product of matrices with a scaled, broadcast addend.

use std::sync::Arc;

use fastserve_ir::{AttrError, Attrs, Dim, Fact, Inputs, Io, Op, OpError, OpRef, ShapeError};
use fastserve_tensor::Element;

use crate::broadcast::{broadcast_strides, fits};
use crate::def::OpDef;
use crate::elements::{Float, Int, NumericBody, require_number};

/// `α · A' · B' + β · C`, where A' and B' may be transposed and C is broadcast.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Gemm {
    /// Factor of the product.
    pub alpha: f32,
    /// Factor of C.
    pub beta: f32,
    /// A is stored `[K, M]`.
    pub trans_a: bool,
    /// B is stored `[N, K]`.
    pub trans_b: bool,
}

pub(crate) const DEFS: &[OpDef] = &[
    // Before opset 7 an attribute said whether C is broadcast, which its extents show.
    OpDef { name: "Gemm", since: 1, build: |attrs, _| build(attrs, &["alpha", "beta", "broadcast", "transA", "transB"]) },
    OpDef { name: "Gemm", since: 7, build: |attrs, _| build(attrs, &["alpha", "beta", "transA", "transB"]) },
];

fn build(attrs: &Attrs, known: &[&str]) -> Result<OpRef, AttrError> {
    attrs.only(known)?;
    Ok(Arc::new(Gemm {
        alpha: attrs.float_or("alpha", 1.0)?,
        beta: attrs.float_or("beta", 1.0)?,
        trans_a: attrs.flag("transA", false)?,
        trans_b: attrs.flag("transB", false)?,
    }))
}

impl Op for Gemm {
    fn name(&self) -> &'static str {
        "Gemm"
    }

    fn attrs(&self) -> Attrs {
        let mut attrs = Attrs::new();
        for (name, value) in [("alpha", self.alpha), ("beta", self.beta)] {
            if value != 1.0 {
                attrs = attrs.with_float(name, value);
            }
        }
        for (name, flag) in [("transA", self.trans_a), ("transB", self.trans_b)] {
            if flag {
                attrs = attrs.with_int(name, 1);
            }
        }
        attrs
    }

    fn infer(&self, inputs: &Inputs<'_>) -> Result<Vec<Fact>, ShapeError> {
        require_number(inputs, 0)?;
        let a = inputs.ranked(0, 2)?;
        let b = inputs.ranked(1, 2)?;
        inputs.same_dtype(1, a.dtype)?;
        let (m, k) = oriented(&a.shape, self.trans_a);
        let (kb, n) = oriented(&b.shape, self.trans_b);
        if let (Some(x), Some(y)) = (k.known(), kb.known())
            && x != y
        {
            return Err(ShapeError::shape(format!("inner extents {x} and {y} differ")));
        }
        if let Some(c) = inputs.opt(2) {
            check_addend(c, &m, &n)?;
        }
        Ok(vec![Fact::new(a.dtype, vec![m, n])])
    }

    fn reference(&self, io: &mut Io<'_>) -> Result<(), OpError> {
        let dtype = io.dtype(0)?;
        Body { op: *self, io }.run(dtype)
    }
}

fn oriented(shape: &[Dim], transposed: bool) -> (Dim, Dim) {
    let (a, b) = (shape[0].clone(), shape[1].clone());
    if transposed { (b, a) } else { (a, b) }
}

fn check_addend(c: &Fact, m: &Dim, n: &Dim) -> Result<(), ShapeError> {
    let fits = |d: &Dim, out: &Dim| d == out || d.known() == Some(1) || d.known().is_none() || out.known().is_none();
    if c.rank() <= 2 && c.shape.iter().rev().zip([n, m]).all(|(d, out)| fits(d, out)) {
        return Ok(());
    }
    Err(ShapeError::shape("input 2 cannot be broadcast to the product"))
}

struct Body<'b, 'a> {
    op: Gemm,
    io: &'b mut Io<'a>,
}

impl NumericBody for Body<'_, '_> {
    fn float<T: Float>(&mut self) -> Result<(), OpError> {
        let (alpha, beta) = (f64::from(self.op.alpha), f64::from(self.op.beta));
        self.each::<T, f64>((0.0, T::to_f64), |sum, a, b| sum + a * b, |sum, c| T::from_f64(alpha * sum + beta * c))
    }

    fn int<T: Int>(&mut self) -> Result<(), OpError> {
        let (alpha, beta) = (f64::from(self.op.alpha), f64::from(self.op.beta));
        let exact = alpha == 1.0 && beta == 1.0;
        let end = |sum: i128, c: i128| match exact {
            true => T::wrap(sum.wrapping_add(c)),
            false => T::wrap((alpha * sum as f64 + beta * c as f64) as i128),
        };
        self.each::<T, i128>((0, T::to_i128), |sum, a, b| sum.wrapping_add(a.wrapping_mul(b)), end)
    }
}

impl Body<'_, '_> {
    /// Stores `end` of each sum of products and its addend, which is `zero` without C.
    fn each<T: Element, A: Copy>(
        &mut self,
        (zero, read): (A, fn(T) -> A),
        add: impl Fn(A, A, A) -> A,
        end: impl Fn(A, A) -> T,
    ) -> Result<(), OpError> {
        let (sa, sb, out) = (self.io.shape(0)?, self.io.shape(1)?, self.io.out_shape(0)?);
        let ([a0, a1], [b0, b1]) = (sa.dims(), sb.dims()) else {
            return Err(OpError::Value(format!("expected matrices, got {sa} and {sb}")));
        };
        let (trans_a, trans_b) = (self.op.trans_a, self.op.trans_b);
        let ((m, k), (kb, n)) = (if trans_a { (*a1, *a0) } else { (*a0, *a1) }, if trans_b { (*b1, *b0) } else { (*b0, *b1) });
        if k != kb || out[..] != [m, n] {
            return Err(OpError::Value(format!("the product of {sa} and {sb} is not {out}")));
        }
        let (a, b) = (self.io.slice::<T>(0)?, self.io.slice::<T>(1)?);
        let addend = addend::<T>(self.io)?;
        let at = |m: usize, i: usize, j: usize, stride: usize, t: bool| if t { j * m + i } else { i * stride + j };
        for (i, y) in self.io.out_slice::<T>(0)?.iter_mut().enumerate() {
            let (row, col) = (i / n, i % n);
            let term = |sum, kk| add(sum, read(a[at(*a1, row, kk, *a1, trans_a)]), read(b[at(*b1, kk, col, *b1, trans_b)]));
            *y = end((0..k).fold(zero, term), addend(row, col).map_or(zero, read));
        }
        Ok(())
    }
}

/// C at a row and a column, broadcast; none without C.
fn addend<'a, T: Element>(io: &Io<'a>) -> Result<impl Fn(usize, usize) -> Option<T> + use<'a, T>, OpError> {
    let c = match io.opt(2) {
        None => None,
        Some(c) => {
            let out = io.out_shape(0)?;
            if !fits(c.shape(), &out) {
                return Err(OpError::Value(format!("cannot broadcast {} to {out}", c.shape())));
            }
            Some((c.as_slice::<T>()?, broadcast_strides(c.shape(), &out)))
        }
    };
    Ok(move |row: usize, col: usize| c.and_then(|(c, s)| c.get(row * s[0] + col * s[1]).copied()))
}
