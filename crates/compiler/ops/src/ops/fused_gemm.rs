//! fs.Gemm: a product with a packed right operand, bias, residual and activation in the store.

use std::sync::Arc;

use fastserve_ir::{
    AttrError, Attrs, Dim, Fact, GemmSpec, Inputs, Io, Layout, LowerCx, Lowered, Op, OpError, OpRef, ShapeError, pack_format_name,
};
use fastserve_kernels::epilogue::BiasAxis;
use fastserve_tensor::{DType, MAX_RANK, Shape};

use crate::broadcast::{broadcast, broadcast_strides, fits};
use crate::def::OpDef;
use crate::epilogue;
use crate::ops::pack_gemm::{packed_index, read_format};

/// `act(A[…, M, K] · B[…, K, N] + bias[N] + residual)`. A packed B has no leading axes, or those of A; those of a row-major B
/// are broadcast. The residual lies as the result does.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct FusedGemm(pub GemmSpec);

pub(crate) const DEFS: &[OpDef] = &[OpDef { name: "fs.Gemm", since: 1, build }];

fn build(attrs: &Attrs, _: i64) -> Result<OpRef, AttrError> {
    attrs.only(&[&epilogue::NAMES[..], &["format", "rows", "transA", "transB"]].concat())?;
    let epilogue = epilogue::read(attrs, BiasAxis::Column)?;
    let (trans_a, format) = (attrs.flag("transA", false)?, read_format(attrs)?);
    let (rows, trans_b) = (attrs.flag("rows", false)?, attrs.flag("transB", false)?);
    if trans_b && !rows {
        return Err(AttrError::value("transB", "only a row-major operand can be transposed"));
    }
    Ok(Arc::new(FusedGemm(GemmSpec { trans_a, rows, trans_b, format, epilogue })))
}

impl Op for FusedGemm {
    fn name(&self) -> &'static str {
        "fs.Gemm"
    }

    fn attrs(&self) -> Attrs {
        let attrs = Attrs::new().with_str("format", pack_format_name(self.0.format));
        let flags = [("rows", self.0.rows), ("transA", self.0.trans_a), ("transB", self.0.trans_b)];
        let attrs = flags.iter().filter(|(_, set)| *set).fold(attrs, |attrs, (name, _)| attrs.with_int(name, 1));
        epilogue::write(&self.0.epilogue, attrs)
    }

    fn infer(&self, inputs: &Inputs<'_>) -> Result<Vec<Fact>, ShapeError> {
        let (a, b) = (inputs.same_dtype(0, DType::F32)?, inputs.same_dtype(1, DType::F32)?);
        let layout = if self.0.rows { Layout::RowMajor } else { Layout::GemmB(self.0.format) };
        if b.layout != layout || a.layout != Layout::RowMajor {
            return Err(ShapeError::shape("input 1 is not packed as the operator says"));
        }
        let ([batch @ .., rows, cols], [batch_b @ .., rows_b, cols_b]) = (&a.shape[..], &b.shape[..]) else {
            return Err(ShapeError::shape("expected matrices"));
        };
        let (kb, n) = if self.0.trans_b { (cols_b, rows_b) } else { (rows_b, cols_b) };
        let (m, k) = if self.0.trans_a { (cols, rows) } else { (rows, cols) };
        if k.differs(kb) || !(self.0.rows || batch_b.is_empty() || batch == batch_b) || (self.0.trans_a && !batch.is_empty()) {
            return Err(ShapeError::shape("the operands' extents do not fit"));
        }
        self.check_bias(inputs, n)?;
        let batch = if self.0.rows { broadcast(batch, batch_b)? } else { batch.to_vec() };
        let shape = [&batch[..], &[m.clone(), n.clone()]].concat();
        let out = Fact::new(DType::F32, shape);
        self.check_residual(inputs, &out)?;
        Ok(vec![out])
    }

    fn reference(&self, io: &mut Io<'_>) -> Result<(), OpError> {
        let (a, out) = (io.shape(0)?, io.out_shape(0)?);
        let ([batch_a @ .., rows, cols], [batch @ .., m, n]) = (a.dims(), out.dims()) else {
            return Err(OpError::Value(format!("expected matrices, got {a}")));
        };
        let (k, m, n) = (if self.0.trans_a { *rows } else { *cols }, *m, *n);
        let misfit = || OpError::Value(format!("the operands do not fit a product of {out}"));
        let starts_a = Starts::new(batch_a, batch).ok_or_else(misfit)?;
        let starts_b = self.starts_of_b(io, (k, n), batch)?.ok_or_else(misfit)?;
        let (a, b) = (io.slice::<f32>(0)?, io.slice::<f32>(1)?);
        let (bias, residual) = epilogue::addends(&self.0.epilogue, io)?;
        let one = if self.0.rows { k.checked_mul(n) } else { self.0.format.packed_len(n, k) }.ok_or(ShapeError::Overflow)?;
        let y = io.out_slice::<f32>(0)?;
        if y.is_empty() {
            return Ok(());
        }
        let matrix = m.checked_mul(k).ok_or(ShapeError::Overflow)?;
        let long = |count: usize, one: usize, len: usize| count.checked_mul(one) == Some(len);
        let addends_fit = bias.is_none_or(|b| b.len() == n) && residual.is_none_or(|r| r.len() == y.len());
        if !long(starts_a.count, matrix, a.len()) || !long(starts_b.count, one, b.len()) || !addends_fit {
            return Err(misfit());
        }
        for (i, y) in y.iter_mut().enumerate() {
            let (g, row, col) = (i / n / m, i / n % m, i % n);
            let (a, b) = (&a[starts_a.at(g) * matrix..], &b[starts_b.at(g) * one..]);
            let at = |kk| if self.0.trans_a { kk * m + row } else { row * k + kk };
            let term = |kk| f64::from(a[at(kk)]) * f64::from(b[self.index_of_b(k, n, kk, col)]);
            *y = epilogue::apply(&self.0.epilogue, (0..k).map(term).sum(), bias.map(|b| b[col]), residual.map(|r| r[i]));
        }
        Ok(())
    }

    fn lower(&self, _: &LowerCx<'_>) -> Lowered {
        Lowered::Gemm(self.0)
    }
}

/// Which matrix of an operand each matrix of a batch takes.
struct Starts {
    batch: Shape,
    strides: [usize; MAX_RANK],
    count: usize,
}

impl Starts {
    fn new(operand: &[usize], batch: &[usize]) -> Option<Starts> {
        let (operand, batch) = (Shape::new(operand).ok()?, Shape::new(batch).ok()?);
        let count = operand.checked_numel()?;
        fits(&operand, &batch).then(|| Starts { batch, strides: broadcast_strides(&operand, &batch), count })
    }

    fn at(&self, mut g: usize) -> usize {
        let mut at = 0;
        for (&extent, stride) in self.batch.dims().iter().zip(self.strides).rev() {
            at += g % extent * stride;
            g /= extent;
        }
        at
    }
}

impl FusedGemm {
    fn check_residual(&self, inputs: &Inputs<'_>, out: &Fact) -> Result<(), ShapeError> {
        let Some(at) = epilogue::residual_input(&self.0.epilogue) else { return Ok(()) };
        if inputs.req(at)?.agrees_with(out) { Ok(()) } else { Err(ShapeError::shape("the residual is not like the output")) }
    }

    /// Packed matrices are one, or as many as products.
    fn starts_of_b(&self, io: &Io<'_>, (k, n): (usize, usize), batch: &[usize]) -> Result<Option<Starts>, OpError> {
        if self.0.rows {
            let b = io.shape(1)?;
            let extents = if self.0.trans_b { [n, k] } else { [k, n] };
            return Ok(b.dims().strip_suffix(&extents[..]).and_then(|of_b| Starts::new(of_b, batch)));
        }
        let one = self.0.format.packed_len(n, k).ok_or(ShapeError::Overflow)?;
        let single = io.slice::<f32>(1)?.len() == one;
        Ok(Starts::new(if single { &[] } else { batch }, batch))
    }

    fn index_of_b(&self, k: usize, n: usize, kk: usize, col: usize) -> usize {
        match (self.0.rows, self.0.trans_b) {
            (false, _) => packed_index(self.0.format, k, kk, col),
            (true, false) => kk * n + col,
            (true, true) => col * k + kk,
        }
    }

    fn check_bias(&self, inputs: &Inputs<'_>, n: &Dim) -> Result<(), ShapeError> {
        if self.0.epilogue.bias == BiasAxis::None {
            return Ok(());
        }
        let bias = inputs.ranked(2, 1)?;
        if bias.shape[0] == *n { Ok(()) } else { Err(ShapeError::shape("input 2: expected one element a column")) }
    }
}
