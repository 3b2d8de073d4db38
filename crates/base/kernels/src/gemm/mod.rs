//! Matrix product `C[m][n] = A[m][k] * B[k][n]`, B packed beforehand, with an epilogue.

mod chain;
mod lanes16;
mod pack;
mod table;

pub use pack::{PackFormat, pack_b};
pub use table::{GEMM, GemmRow, select};

use crate::class::RoundingClass;
use crate::disjoint::Disjoint;
use crate::epilogue::{BiasAxis, Epilogue};
use crate::error::{KernelError, check_len, extent, product, require};
use crate::tile::{Output, Strided};
use fastserve_parallel::Team;
use fastserve_simd::{Cpu, LANES};
use std::ops::Range;

/// The arguments of one matrix product. Strides are in elements.
#[derive(Debug)]
pub struct GemmF32<'a> {
    /// Rows of A and C.
    pub m: usize,
    /// Columns of B and C.
    pub n: usize,
    /// Columns of A, rows of B.
    pub k: usize,
    /// A: element `(i, k)` is at `i * a_row_stride + k * a_col_stride`.
    pub a: &'a [f32],
    /// Between rows of A.
    pub a_row_stride: usize,
    /// Between columns of A.
    pub a_col_stride: usize,
    /// B, packed by [`pack_b`] in the row's format.
    pub b: &'a [f32],
    /// C: element `(i, j)` is at `i * c_row_stride + j`. Elements between rows are left as they are.
    pub c: &'a mut [f32],
    /// Between rows of C; at least `n`.
    pub c_row_stride: usize,
    /// What follows the sums.
    pub epilogue: &'a Epilogue,
    /// `m` values (axis Row) or `n` values (axis Column), where the epilogue has a bias.
    pub bias: Option<&'a [f32]>,
    /// In C's layout, where the epilogue has a residual.
    pub residual: Option<&'a [f32]>,
}

/// A checked product, as a block kernel sees it.
#[derive(Copy, Clone)]
pub(crate) struct Job<'a> {
    m: usize,
    n: usize,
    k: usize,
    a: Strided<'a>,
    b: &'a [f32],
    output: Output<'a>,
}

/// Rows and columns of C that one task computes. Columns start at a multiple of the row's `nr`.
#[derive(Clone)]
pub(crate) struct Block {
    rows: Range<usize>,
    cols: Range<usize>,
}

/// Scratch memory in `f32` elements for products of up to `m_max` rows in a team of up to `threads`.
pub fn scratch_len(row: &GemmRow, m_max: usize, k: usize, threads: usize) -> Result<usize, KernelError> {
    product("gemm scratch", &[row.scratch_per_thread(m_max, k), threads])
}

/// Runs one matrix product with the kernel `row`. `scratch` has [`scratch_len`] elements for this `m` or a greater one;
/// its contents do not matter.
///
/// # Errors
/// Where a slice is too short, rows of C overlap, the bias or residual that the epilogue asks for is absent, or `row`
/// does not run on `cpu`.
pub fn gemm_f32(cpu: Cpu, row: &GemmRow, args: GemmF32<'_>, scratch: &mut [f32], team: Team) -> Result<(), KernelError> {
    check(cpu, row, &args)?;
    check_len("gemm scratch", scratch_len(row, args.m, args.k, team.threads())?, scratch.len())?;
    if args.m == 0 || args.n == 0 {
        return Ok(());
    }
    let out = Disjoint::new(args.c);
    let job = Job {
        m: args.m,
        n: args.n,
        k: args.k,
        a: Strided { data: args.a, row: args.a_row_stride, col: args.a_col_stride },
        b: args.b,
        output: Output {
            out: &out,
            start: 0,
            stride: args.c_row_stride,
            epilogue: args.epilogue,
            row_bias: bias_along(BiasAxis::Row, args.epilogue, args.bias),
            col_bias: bias_along(BiasAxis::Column, args.epilogue, args.bias),
            residual: args.residual.filter(|_| args.epilogue.residual).unwrap_or(&[]),
        },
    };
    table::run(cpu, row, &job, scratch, team);
    Ok(())
}

fn bias_along<'a>(axis: BiasAxis, epilogue: &Epilogue, bias: Option<&'a [f32]>) -> &'a [f32] {
    bias.filter(|_| epilogue.bias == axis).unwrap_or(&[])
}

fn check(cpu: Cpu, row: &GemmRow, args: &GemmF32<'_>) -> Result<(), KernelError> {
    let GemmF32 { m, n, k, .. } = *args;
    if !cpu.has(row.isa) {
        return Err(KernelError::Isa { row: row.name, cpu: cpu.name() });
    }
    let fits = row.class == RoundingClass::Chain || n <= LANES;
    require(fits, "gemm n", "kernels of class Lanes16 take at most 16 columns")?;
    let a_dims = [(m, args.a_row_stride), (k, args.a_col_stride)];
    check_len("gemm a", extent("gemm a", &a_dims)?, args.a.len())?;
    let packed = row.pack.packed_len(n, k).ok_or(KernelError::Overflow { place: "gemm b" })?;
    check_len("gemm b", packed, args.b.len())?;
    require(m <= 1 || args.c_row_stride >= n, "gemm c", "rows overlap: the row stride is less than n")?;
    let c_need = extent("gemm c", &[(m, args.c_row_stride), (n, 1)])?;
    check_len("gemm c", c_need, args.c.len())?;
    check_epilogue(args.epilogue, (m, n), c_need, args.bias, args.residual)
}

/// Whether bias and residual are there and long enough, for an output of `rows` by `cols` within `len` elements.
pub(crate) fn check_epilogue(
    epilogue: &Epilogue,
    (rows, cols): (usize, usize),
    len: usize,
    bias: Option<&[f32]>,
    residual: Option<&[f32]>,
) -> Result<(), KernelError> {
    let bias_len = match epilogue.bias {
        BiasAxis::None => 0,
        BiasAxis::Row => rows,
        BiasAxis::Column => cols,
    };
    check_len("epilogue bias", bias_len, bias.map_or(0, <[f32]>::len))?;
    let residual_len = if epilogue.residual { len } else { 0 };
    check_len("epilogue residual", residual_len, residual.map_or(0, <[f32]>::len))
}
