//! Products of matrices.

use fastserve_ir::{GemmSpec, OpError};
use fastserve_kernels::gemm::{GEMM, GemmF32, GemmRow, PackFormat, gemm_f32, scratch_len};
use fastserve_simd::Cpu;

use crate::step_io::StepIo;
use crate::steps::conv::bias_and_residual;
use crate::steps::{Sizes, kernel_error};

/// The kernel for a packing on a processor.
pub(crate) fn row(cpu: Cpu, format: PackFormat) -> Result<&'static GemmRow, OpError> {
    let found = GEMM.iter().find(|row| row.isa == cpu.id() && row.pack == format);
    found.ok_or_else(|| OpError::Value(format!("no kernel of {} takes this packing", cpu.name())))
}

/// Extents of a product. Where B has no leading axes, those of A count as rows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Extents {
    pub(crate) batch: usize,
    pub(crate) m: usize,
    pub(crate) n: usize,
    pub(crate) k: usize,
}

pub(crate) fn extents(a: &[usize], b: &[usize], trans_a: bool) -> Result<Extents, OpError> {
    let ([batch_a @ .., rows, cols], [batch_b @ .., kb, n]) = (a, b) else {
        return Err(OpError::Value(format!("expected matrices, got {a:?} and {b:?}")));
    };
    let (m, k) = if trans_a { (*cols, *rows) } else { (*rows, *cols) };
    if k != *kb || !(batch_b.is_empty() || batch_a == batch_b) {
        return Err(OpError::Value(format!("extents {a:?} and {b:?} do not fit")));
    }
    let leading: usize = batch_a.iter().product();
    let (batch, m) = if batch_b.is_empty() { (1, m * leading) } else { (leading, m) };
    Ok(Extents { batch, m, n: *n, k })
}

pub(crate) fn scratch(sizes: &Sizes<'_>, spec: &GemmSpec) -> Result<usize, OpError> {
    let e = extents(sizes.input(0)?, sizes.input(1)?, spec.trans_a)?;
    scratch_len(row(sizes.model.cpu, spec.format)?, e.m, e.k, sizes.model.team.threads()).map_err(kernel_error)
}

pub(crate) fn run(mut io: StepIo<'_>, spec: &GemmSpec) -> Result<(), OpError> {
    let e = extents(&io.in_shape(0)?, &io.in_shape(1)?, spec.trans_a)?;
    let row = row(io.model.cpu, spec.format)?;
    let (a, b) = (io.slice::<f32>(0)?, io.slice::<f32>(1)?);
    let (bias, residual) = bias_and_residual(&io, &spec.epilogue)?;
    let (y, scratch) = (io.take_f32(0)?, io.take_scratch()?);
    let packed = spec.format.packed_len(e.n, e.k).ok_or(fastserve_ir::ShapeError::Overflow)?;
    let (a_row_stride, a_col_stride) = if spec.trans_a { (1, e.m) } else { (e.k, 1) };
    for g in 0..e.batch {
        let args = GemmF32 {
            m: e.m,
            n: e.n,
            k: e.k,
            a: part(a, g, e.m * e.k)?,
            a_row_stride,
            a_col_stride,
            b: part(b, g, packed)?,
            c: part_mut(y, g, e.m * e.n)?,
            c_row_stride: e.n,
            epilogue: &spec.epilogue,
            bias,
            residual: residual.map(|r| part(r, g, e.m * e.n)).transpose()?,
        };
        gemm_f32(io.model.cpu, row, args, scratch, io.model.team).map_err(kernel_error)?;
    }
    Ok(())
}

fn part(all: &[f32], i: usize, len: usize) -> Result<&[f32], OpError> {
    all.get(i * len..(i + 1) * len).ok_or_else(|| OpError::Value("an operand is too short".into()))
}

fn part_mut(all: &mut [f32], i: usize, len: usize) -> Result<&mut [f32], OpError> {
    all.get_mut(i * len..(i + 1) * len).ok_or_else(|| OpError::Value("the result is too short".into()))
}
