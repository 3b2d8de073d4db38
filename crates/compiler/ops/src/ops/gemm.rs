//! Gemm: a product of matrices with a scaled, broadcast addend.

use std::sync::Arc;

use fastserve_ir::{AttrError, Attrs, Dim, Fact, Inputs, Io, Op, OpError, OpRef, ShapeError};

use crate::broadcast::{broadcast_strides, fits};
use crate::def::OpDef;
use crate::elements::{Float, for_float, require_float};

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

pub(crate) const DEFS: &[OpDef] = &[OpDef { name: "Gemm", since: 7, build }];

fn build(attrs: &Attrs, _: i64) -> Result<OpRef, AttrError> {
    attrs.only(&["alpha", "beta", "transA", "transB"])?;
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
        require_float(inputs, 0)?;
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
        for_float!(dtype, T => self.body::<T>(io))
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

impl Gemm {
    fn body<T: Float>(&self, io: &mut Io<'_>) -> Result<(), OpError> {
        let (sa, sb, out) = (io.shape(0)?, io.shape(1)?, io.out_shape(0)?);
        let ([a0, a1], [b0, b1]) = (sa.dims(), sb.dims()) else {
            return Err(OpError::Value(format!("expected matrices, got {sa} and {sb}")));
        };
        let k = if self.trans_a { *a0 } else { *a1 };
        if k != if self.trans_b { *b1 } else { *b0 } {
            return Err(OpError::Value(format!("inner extents of {sa} and {sb} differ")));
        }
        let (a, b) = (io.slice::<T>(0)?, io.slice::<T>(1)?);
        let addend = addend::<T>(io)?;
        let at = |m: usize, i: usize, j: usize, stride: usize, t: bool| if t { j * m + i } else { i * stride + j };
        for (i, y) in io.out_slice::<T>(0)?.iter_mut().enumerate() {
            let (row, col) = (i / out[1], i % out[1]);
            let product = |kk| a[at(*a1, row, kk, *a1, self.trans_a)].to_f64() * b[at(*b1, kk, col, *b1, self.trans_b)].to_f64();
            let sum: f64 = (0..k).map(product).sum();
            *y = T::from_f64(f64::from(self.alpha) * sum + f64::from(self.beta) * addend(row, col));
        }
        Ok(())
    }
}

/// C at a row and a column, broadcast; 0 without C.
fn addend<'a, T: Float>(io: &Io<'a>) -> Result<impl Fn(usize, usize) -> f64 + use<'a, T>, OpError> {
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
    Ok(move |row: usize, col: usize| c.map_or(0.0, |(c, s)| c[row * s[0] + col * s[1]].to_f64()))
}
