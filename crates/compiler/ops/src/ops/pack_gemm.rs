//! fs.PackGemmB: the right operand of a GEMM, packed for a kernel.

use std::sync::Arc;

use fastserve_ir::{
    AttrError, Attrs, Fact, Inputs, Io, Layout, LowerCx, Lowered, Op, OpError, OpRef, PackGemmSpec, ShapeError, pack_format_name,
    parse_pack_format,
};
use fastserve_kernels::gemm::PackFormat;
use fastserve_tensor::DType;

use crate::def::OpDef;

/// `B[…, K, N]` (or `[N, K]`) to its packed form. Constant weights are packed when the model is loaded: this node folds.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct PackGemmB(pub PackGemmSpec);

pub(crate) const DEFS: &[OpDef] = &[OpDef { name: "fs.PackGemmB", since: 1, build }];

fn build(attrs: &Attrs, _: i64) -> Result<OpRef, AttrError> {
    attrs.only(&["format", "transB"])?;
    Ok(Arc::new(PackGemmB(PackGemmSpec { format: read_format(attrs)?, trans_b: attrs.flag("transB", false)? })))
}

/// The attribute `format`.
pub(crate) fn read_format(attrs: &Attrs) -> Result<PackFormat, AttrError> {
    let name = attrs.str("format")?.ok_or(AttrError::Missing("format"))?;
    parse_pack_format(&name).ok_or_else(|| AttrError::value("format", format!("no packing `{name}`")))
}

impl Op for PackGemmB {
    fn name(&self) -> &'static str {
        "fs.PackGemmB"
    }

    fn attrs(&self) -> Attrs {
        let attrs = Attrs::new().with_str("format", pack_format_name(self.0.format));
        if self.0.trans_b { attrs.with_int("transB", 1) } else { attrs }
    }

    fn infer(&self, inputs: &Inputs<'_>) -> Result<Vec<Fact>, ShapeError> {
        let b = inputs.same_dtype(0, DType::F32)?;
        if b.rank() < 2 || b.layout != Layout::RowMajor {
            return Err(ShapeError::shape("expected a row-major matrix"));
        }
        let mut shape = b.shape.clone();
        if self.0.trans_b {
            let rank = shape.len();
            shape.swap(rank - 2, rank - 1);
        }
        Ok(vec![Fact::new(DType::F32, shape).with_layout(Layout::GemmB(self.0.format))])
    }

    fn reference(&self, io: &mut Io<'_>) -> Result<(), OpError> {
        let shape = io.shape(0)?;
        let [.., rows, cols] = shape.dims() else {
            return Err(OpError::Value(format!("expected a matrix, got {shape}")));
        };
        let (k, n) = if self.0.trans_b { (*cols, *rows) } else { (*rows, *cols) };
        let b = io.slice::<f32>(0)?;
        let y = io.out_slice::<f32>(0)?;
        if b.is_empty() {
            return Ok(());
        }
        let one = self.0.format.packed_len(n, k).ok_or(ShapeError::Overflow)?;
        if (b.len() / (k * n)).checked_mul(one) != Some(y.len()) {
            return Err(OpError::Value(format!("{shape} does not pack into {} elements", y.len())));
        }
        for (b, y) in b.chunks_exact(k * n).zip(y.chunks_exact_mut(one)) {
            y.fill(0.0);
            for i in 0..k * n {
                let (kk, j) = (i / n, i % n);
                y[packed_index(self.0.format, k, kk, j)] = if self.0.trans_b { b[j * k + kk] } else { b[i] };
            }
        }
        Ok(())
    }

    fn lower(&self, _: &LowerCx<'_>) -> Lowered {
        Lowered::PackGemmB(self.0)
    }
}

/// Where the element (`kk`, `j`) of a packed B with `k` rows lies.
pub(crate) fn packed_index(format: PackFormat, k: usize, kk: usize, j: usize) -> usize {
    match format {
        PackFormat::Panels { nr } => {
            let nr = usize::from(nr);
            (j / nr * k + kk) * nr + j % nr
        }
        PackFormat::LanesK => j * k.next_multiple_of(16) + kk,
    }
}
