//! Products of matrices.

use fastserve_ir::{GemmSpec, OpError, ShapeError};
use fastserve_kernels::gemm::{
    BATCH_AXES_MAX, BatchAxis, GemmB, GemmF32, GemmRow, PackFormat, ScratchSizes, gemm_f32, row_for, scratch_len,
};
use fastserve_simd::Cpu;

use crate::step_io::StepIo;
use crate::steps::conv::bias_and_residual;
use crate::steps::{Sizes, kernel_error};

/// The kernel for a packing on a processor and a number of rows.
pub(crate) fn row(cpu: Cpu, format: PackFormat, m: usize) -> Result<&'static GemmRow, OpError> {
    row_for(cpu, format, m).ok_or_else(|| OpError::Value(format!("no kernel of {} takes this packing", cpu.name())))
}

/// The kernel that a step runs for these extents.
pub(crate) fn chosen(sizes: &Sizes<'_>, spec: &GemmSpec) -> Result<&'static GemmRow, OpError> {
    let e = Extents::new(sizes.input(0)?, sizes.input(1)?, spec)?;
    row(sizes.model.cpu, spec.format, e.m)
}

/// Extents of a product. Where B has no leading axes of its own, those of A count as rows.
struct Extents {
    m: usize,
    n: usize,
    k: usize,
    axes: [BatchAxis; BATCH_AXES_MAX],
    used: usize,
}

impl Extents {
    fn new(a: &[usize], b: &[usize], spec: &GemmSpec) -> Result<Extents, OpError> {
        let misfit = || OpError::Value(format!("extents {a:?} and {b:?} do not fit"));
        let ([batch_a @ .., rows, cols], [batch_b @ .., rows_b, cols_b]) = (a, b) else {
            return Err(misfit());
        };
        let (m, k) = if spec.trans_a { (*cols, *rows) } else { (*rows, *cols) };
        let (kb, n) = if spec.trans_b { (*cols_b, *rows_b) } else { (*rows_b, *cols_b) };
        if k != kb {
            return Err(misfit());
        }
        let mut e = Extents { m, n, k, axes: Default::default(), used: 0 };
        if batch_b.iter().all(|&d| d == 1) && !spec.trans_a {
            let leading = batch_a.iter().try_fold(m, |rows, &d| rows.checked_mul(d));
            e.m = leading.ok_or(ShapeError::Overflow)?;
            return Ok(e);
        }
        let one = if spec.rows { k.checked_mul(n) } else { spec.format.packed_len(n, k) };
        let matrices = [m.checked_mul(k), one, m.checked_mul(n)].map(|len| len.ok_or(ShapeError::Overflow));
        let [of_a, of_b, of_c] = matrices;
        e.add_axes(batch_a, batch_b, [of_a?, of_b?, of_c?]).ok_or_else(misfit)?;
        Ok(e)
    }

    /// The axes of a batch, `steps` apart in A, B and C at the end.
    fn add_axes(&mut self, batch_a: &[usize], batch_b: &[usize], mut steps: [usize; 3]) -> Option<()> {
        self.used = batch_a.len().max(batch_b.len());
        for (i, axis) in self.axes.get_mut(..self.used)?.iter_mut().rev().enumerate() {
            let extent = |dims: &[usize]| dims.iter().rev().nth(i).copied().unwrap_or(1);
            let (a, b) = (extent(batch_a), extent(batch_b));
            let count = if a == 1 { b } else { a };
            if b != count && b != 1 {
                return None;
            }
            let step = |extent: usize, step: usize| if extent == 1 { 0 } else { step };
            *axis = BatchAxis { count, a: step(a, steps[0]), b: step(b, steps[1]), c: steps[2] };
            steps = [steps[0].checked_mul(a)?, steps[1].checked_mul(b)?, steps[2].checked_mul(count)?];
        }
        Some(())
    }

    fn sizes(&self, spec: &GemmSpec) -> ScratchSizes {
        ScratchSizes { m: self.m, n: self.n, k: self.k, packed: !spec.rows }
    }
}

pub(crate) fn scratch(sizes: &Sizes<'_>, spec: &GemmSpec) -> Result<usize, OpError> {
    let e = Extents::new(sizes.input(0)?, sizes.input(1)?, spec)?;
    scratch_len(row(sizes.model.cpu, spec.format, e.m)?, e.sizes(spec), sizes.model.team.threads()).map_err(kernel_error)
}

pub(crate) fn run(mut io: StepIo<'_>, spec: &GemmSpec) -> Result<(), OpError> {
    let e = Extents::new(&io.in_shape(0)?, &io.in_shape(1)?, spec)?;
    let row = row(io.model.cpu, spec.format, e.m)?;
    let data = io.slice::<f32>(1)?;
    let b = match (spec.rows, spec.trans_b) {
        (false, _) => GemmB::Packed(data),
        (true, false) => GemmB::Strided { data, row_stride: e.n, col_stride: 1 },
        (true, true) => GemmB::Strided { data, row_stride: 1, col_stride: e.k },
    };
    let (a_row_stride, a_col_stride) = if spec.trans_a { (1, e.m) } else { (e.k, 1) };
    let (bias, residual) = bias_and_residual(&io, &spec.epilogue)?;
    let args = GemmF32 {
        m: e.m,
        n: e.n,
        k: e.k,
        a: io.slice::<f32>(0)?,
        a_row_stride,
        a_col_stride,
        b,
        bias,
        c: io.take_f32(0)?,
        c_row_stride: e.n,
        epilogue: &spec.epilogue,
        residual,
        batch: &e.axes[..e.used],
    };
    gemm_f32(io.model.cpu, row, args, io.take_scratch()?, io.model.team).map_err(kernel_error)
}
