//! fs.Gemm: a product with a packed right operand, bias, residual and activation in the store.

use std::sync::Arc;

use fastserve_ir::{
    AttrError, Attrs, Dim, Fact, GemmSpec, Inputs, Io, Layout, LowerCx, Lowered, Op, OpError, OpRef, ShapeError, pack_format_name,
};
use fastserve_kernels::epilogue::BiasAxis;
use fastserve_tensor::DType;

use crate::def::OpDef;
use crate::elements::count;
use crate::epilogue;
use crate::ops::pack_gemm::{packed_index, read_format};

/// `act(A[…, M, K] · B[…, K, N] + bias[N] + residual)`. B has no leading axes, or those of A.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct FusedGemm(pub GemmSpec);

pub(crate) const DEFS: &[OpDef] = &[OpDef { name: "fs.Gemm", since: 1, build }];

fn build(attrs: &Attrs, _: i64) -> Result<OpRef, AttrError> {
    attrs.only(&[&epilogue::NAMES[..], &["format", "transA"]].concat())?;
    let epilogue = epilogue::read(attrs, BiasAxis::Column)?;
    if epilogue.residual {
        return Err(AttrError::value("residual", "a product takes none yet".to_owned()));
    }
    let (trans_a, format) = (attrs.flag("transA", false)?, read_format(attrs)?);
    Ok(Arc::new(FusedGemm(GemmSpec { trans_a, format, epilogue })))
}

impl Op for FusedGemm {
    fn name(&self) -> &'static str {
        "fs.Gemm"
    }

    fn attrs(&self) -> Attrs {
        let attrs = Attrs::new().with_str("format", pack_format_name(self.0.format));
        let attrs = if self.0.trans_a { attrs.with_int("transA", 1) } else { attrs };
        epilogue::write(&self.0.epilogue, attrs)
    }

    fn infer(&self, inputs: &Inputs<'_>) -> Result<Vec<Fact>, ShapeError> {
        let (a, b) = (inputs.same_dtype(0, DType::F32)?, inputs.same_dtype(1, DType::F32)?);
        if b.layout != Layout::GemmB(self.0.format) {
            return Err(ShapeError::shape("input 1 is not packed as the operator says"));
        }
        let ([batch @ .., rows, cols], [batch_b @ .., kb, n]) = (&a.shape[..], &b.shape[..]) else {
            return Err(ShapeError::shape("expected matrices"));
        };
        let (m, k) = if self.0.trans_a { (cols, rows) } else { (rows, cols) };
        let differ = |x: &Dim, y: &Dim| x.known().zip(y.known()).is_some_and(|(x, y)| x != y);
        if differ(k, kb) || !(batch_b.is_empty() || batch == batch_b) || (self.0.trans_a && !batch.is_empty()) {
            return Err(ShapeError::shape("the operands' extents do not fit"));
        }
        self.check_bias(inputs, n)?;
        let shape = [batch, &[m.clone(), n.clone()]].concat();
        let out = Fact::new(DType::F32, shape);
        self.check_residual(inputs, &out)?;
        Ok(vec![out])
    }

    fn reference(&self, io: &mut Io<'_>) -> Result<(), OpError> {
        let (a, out) = (io.shape(0)?, io.out_shape(0)?);
        let ([.., rows, cols], [batch @ .., m, n]) = (a.dims(), out.dims()) else {
            return Err(OpError::Value(format!("expected matrices, got {a}")));
        };
        let (k, m, n) = (if self.0.trans_a { *rows } else { *cols }, *m, *n);
        let (a, b) = (io.slice::<f32>(0)?, io.slice::<f32>(1)?);
        let (bias, residual) = epilogue::addends(&self.0.epilogue, io)?;
        let one = self.0.format.packed_len(n, k).ok_or(ShapeError::Overflow)?;
        let step = if b.len() == one { 0 } else { one };
        let batches = count(batch);
        let y = io.out_slice::<f32>(0)?;
        if y.is_empty() {
            return Ok(());
        }
        let fits = a.len().checked_div(k).is_none_or(|rows| rows == batches * m) && (b.len() == one || b.len() == batches * one);
        if !fits || bias.is_some_and(|b| b.len() != n) || residual.is_some_and(|r| r.len() != y.len()) {
            return Err(OpError::Value(format!("the operands do not fit a product of {out}")));
        }
        for (i, y) in y.iter_mut().enumerate() {
            let (g, row, col) = (i / n / m, i / n % m, i % n);
            let at = |kk| if self.0.trans_a { kk * m + row } else { (g * m + row) * k + kk };
            let term = |kk| f64::from(a[at(kk)]) * f64::from(b[g * step + packed_index(self.0.format, k, kk, col)]);
            *y = epilogue::apply(&self.0.epilogue, (0..k).map(term).sum(), bias.map(|b| b[col]), residual.map(|r| r[i]));
        }
        Ok(())
    }

    fn lower(&self, _: &LowerCx<'_>) -> Lowered {
        Lowered::Gemm(self.0)
    }
}

impl FusedGemm {
    fn check_residual(&self, inputs: &Inputs<'_>, out: &Fact) -> Result<(), ShapeError> {
        let Some(at) = epilogue::residual_input(&self.0.epilogue) else { return Ok(()) };
        if inputs.req(at)?.agrees_with(out) { Ok(()) } else { Err(ShapeError::shape("the residual is not like the output")) }
    }

    fn check_bias(&self, inputs: &Inputs<'_>, n: &Dim) -> Result<(), ShapeError> {
        if self.0.epilogue.bias == BiasAxis::None {
            return Ok(());
        }
        let bias = inputs.ranked(2, 1)?;
        if bias.shape[0] == *n { Ok(()) } else { Err(ShapeError::shape("input 2: expected one element a column")) }
    }
}
