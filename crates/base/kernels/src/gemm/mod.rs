//! Matrix product `C[m][n] = A[m][k] * B[k][n]`, B packed beforehand, with an epilogue.

mod chain;
mod lanes16;
mod micro;
mod pack;
mod split;
mod table;

pub use pack::{PackFormat, pack_b};
pub(crate) use table::chain_row;
pub use table::{GEMM, GemmRow, row_for, select};

use crate::class::RoundingClass;
use crate::disjoint::Disjoint;
use crate::epilogue::{BiasAxis, Epilogue};
use crate::error::{KernelError, check_len, extent, product, require};
use crate::tile::{Output, Strided};
use fastserve_parallel::Team;
use fastserve_simd::{Cpu, LANES};
use std::ops::Range;

/// The right operand. Strides are in elements.
#[derive(Copy, Clone, Debug)]
pub enum GemmB<'a> {
    /// Packed by [`pack_b`] in the row's format.
    Packed(&'a [f32]),
    /// As it lies: element `(k, j)` is `data[k * row_stride + j * col_stride]`. What must be packed is packed in scratch.
    Strided {
        /// The elements.
        data: &'a [f32],
        /// Between rows of B.
        row_stride: usize,
        /// Between columns of B.
        col_stride: usize,
    },
}

/// One axis of a batch of products: how many, and how far apart the matrices of each operand are. A distance of 0 is an
/// operand that all share. The residual lies as C does; a bias is shared.
#[derive(Copy, Clone, Debug, Default, PartialEq, Eq)]
pub struct BatchAxis {
    /// Products along the axis.
    pub count: usize,
    /// Between matrices A.
    pub a: usize,
    /// Between matrices B, packed or not.
    pub b: usize,
    /// Between matrices C.
    pub c: usize,
}

/// Axes that a batch may have.
pub const BATCH_AXES_MAX: usize = 8;

/// The arguments of one matrix product, or of a batch of them. Strides are in elements.
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
    /// B.
    pub b: GemmB<'a>,
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
    /// The axes of a batch; none for one product.
    pub batch: &'a [BatchAxis],
}

#[derive(Copy, Clone)]
pub(crate) enum OperandB<'a> {
    Packed(&'a [f32]),
    /// Rows are those of B.
    Strided(Strided<'a>),
}

/// A checked product, as a block kernel sees it.
#[derive(Copy, Clone)]
pub(crate) struct Job<'a> {
    m: usize,
    n: usize,
    k: usize,
    a: Strided<'a>,
    b: OperandB<'a>,
    output: Output<'a>,
}

impl<'a> Job<'a> {
    /// Scratch elements of a thread for what is packed of B.
    fn b_scratch(&self, nr: usize) -> usize {
        match self.b {
            OperandB::Packed(_) => 0,
            OperandB::Strided(_) => split::b_scratch(nr, self.n, self.k),
        }
    }

    /// Product `unit` of a batch, the last axis running fastest.
    fn unit(&self, batch: &[BatchAxis], mut unit: usize) -> Job<'a> {
        let (mut job, mut at) = (*self, [0; 3]);
        for axis in batch.iter().rev() {
            let i = unit % axis.count;
            unit /= axis.count;
            at = [at[0] + i * axis.a, at[1] + i * axis.b, at[2] + i * axis.c];
        }
        job.a.data = &job.a.data[at[0].min(job.a.data.len())..];
        job.b = match job.b {
            OperandB::Packed(b) => OperandB::Packed(&b[at[1].min(b.len())..]),
            OperandB::Strided(b) => OperandB::Strided(Strided { data: &b.data[at[1].min(b.data.len())..], ..b }),
        };
        job.output.start += at[2];
        job
    }
}

/// Rows and columns of C that one task computes. Columns start at a multiple of the row's `nr`.
#[derive(Clone)]
pub(crate) struct Block {
    rows: Range<usize>,
    cols: Range<usize>,
}

/// The greatest sizes that scratch memory is for.
#[derive(Copy, Clone, Debug)]
pub struct ScratchSizes {
    /// Rows of A.
    pub m: usize,
    /// Columns of B.
    pub n: usize,
    /// Columns of A.
    pub k: usize,
    /// Whether B is packed beforehand.
    pub packed: bool,
}

/// Scratch memory in `f32` elements for products of up to these sizes in a team of up to `threads`: enough for each row
/// that reads the same packing.
pub fn scratch_len(row: &GemmRow, sizes: ScratchSizes, threads: usize) -> Result<usize, KernelError> {
    product("gemm scratch", &[split::scratch_per_thread(row, sizes), threads])
}

/// Runs one matrix product with the kernel `row`. `scratch` has [`scratch_len`] elements for this `m` or a greater one;
/// its contents do not matter.
///
/// # Errors
/// Where a slice is too short, rows of C overlap, the bias or residual that the epilogue asks for is absent, or `row`
/// does not run on `cpu`.
pub fn gemm_f32(cpu: Cpu, row: &GemmRow, args: GemmF32<'_>, scratch: &mut [f32], team: Team) -> Result<(), KernelError> {
    check(cpu, row, &args)?;
    let packed = matches!(args.b, GemmB::Packed(_));
    let sizes = ScratchSizes { m: args.m, n: args.n, k: args.k, packed };
    check_len("gemm scratch", scratch_len(row, sizes, team.threads())?, scratch.len())?;
    let units = product("gemm batch", &[units(args.batch)])?;
    if args.m == 0 || args.n == 0 || units == 0 {
        return Ok(());
    }
    let out = Disjoint::new(args.c);
    let job = Job {
        m: args.m,
        n: args.n,
        k: args.k,
        a: Strided { data: args.a, row: args.a_row_stride, col: args.a_col_stride },
        b: match args.b {
            GemmB::Packed(b) => OperandB::Packed(b),
            GemmB::Strided { data, row_stride, col_stride } => OperandB::Strided(Strided { data, row: row_stride, col: col_stride }),
        },
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
    split::run(cpu, row, &job, args.batch, scratch, team);
    Ok(())
}

/// Products of a batch; the greatest number where it overflows.
fn units(batch: &[BatchAxis]) -> usize {
    batch.iter().fold(1, |units, axis| units.saturating_mul(axis.count))
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
    require(args.batch.len() <= BATCH_AXES_MAX, "gemm batch", "too many axes")?;
    let with = |place, matrix: [(usize, usize); 2], step: fn(&BatchAxis) -> usize| {
        let mut dims = [(1, 0); BATCH_AXES_MAX + 2];
        dims[..2].copy_from_slice(&matrix);
        dims[2..].iter_mut().zip(args.batch).for_each(|(dim, axis)| *dim = (axis.count, step(axis)));
        extent(place, &dims).map(|len| (len, dims))
    };
    check_len("gemm a", with("gemm a", [(m, args.a_row_stride), (k, args.a_col_stride)], |axis| axis.a)?.0, args.a.len())?;
    match args.b {
        GemmB::Packed(b) => {
            let packed = row.pack.packed_len(n, k).ok_or(KernelError::Overflow { place: "gemm b" })?;
            check_len("gemm b", with("gemm b", [(packed, 1), (1, 0)], |axis| axis.b)?.0, b.len())?;
        }
        GemmB::Strided { data, row_stride, col_stride } => {
            check_len("gemm b", with("gemm b", [(k, row_stride), (n, col_stride)], |axis| axis.b)?.0, data.len())?;
        }
    }
    let (c_need, mut dims) = with("gemm c", [(m, args.c_row_stride), (n, 1)], |axis| axis.c)?;
    require(apart(&mut dims), "gemm c", "rows overlap: a stride is less than what lies between")?;
    check_len("gemm c", c_need, args.c.len())?;
    check_epilogue(args.epilogue, (m, n), c_need, args.bias, args.residual)
}

/// Whether the elements at the given `(size, stride)` pairs, all of a length that does not overflow, are all different.
pub(crate) fn apart(dims: &mut [(usize, usize)]) -> bool {
    dims.sort_unstable_by_key(|&(_, stride)| stride);
    let mut span = 0;
    let mut apart = true;
    for &(size, stride) in dims.iter().filter(|&&(size, _)| size > 1) {
        apart &= stride > span;
        span += (size - 1) * stride;
    }
    apart || dims.iter().any(|&(size, _)| size == 0)
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
