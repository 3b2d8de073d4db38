//! The layout of packed weights.

use crate::class::{CHANNEL_BLOCK, RoundingClass};
use crate::error::{KernelError, check_len, extent};
use crate::tile::Strided;
use fastserve_simd::{Isa, IsaId, LANES};

/// How B lies in memory. Part of the identity of packed weights: it follows from N, K, type and instruction set.
#[derive(Copy, Clone, Debug, PartialEq, Eq, Hash)]
pub enum PackFormat {
    /// `[ceil(n / nr)][k][nr]`: panels of `nr` columns, the last filled with zeros.
    Panels {
        /// Columns of a panel.
        nr: u8,
    },
    /// `[n][k rounded up to 16]`: columns one after the other, each filled with zeros.
    LanesK,
}

impl PackFormat {
    /// The rounding class of the kernels that read it.
    pub const fn class(self) -> RoundingClass {
        match self {
            PackFormat::Panels { .. } => RoundingClass::Chain,
            PackFormat::LanesK => RoundingClass::Lanes16,
        }
    }

    /// Elements of a packed `k` by `n` matrix; `None` where the number overflows.
    pub fn packed_len(self, n: usize, k: usize) -> Option<usize> {
        match self {
            PackFormat::Panels { nr } => n.checked_next_multiple_of(usize::from(nr))?.checked_mul(k),
            PackFormat::LanesK => k.checked_next_multiple_of(CHANNEL_BLOCK)?.checked_mul(n),
        }
    }
}

/// Packs the `k` by `n` matrix B, whose element `(k, j)` is `b[k * row_stride + j * col_stride]`, into `out` of
/// [`PackFormat::packed_len`] elements. For a transposed B, swap the strides.
pub fn pack_b(
    format: PackFormat,
    k: usize,
    n: usize,
    b: &[f32],
    row_stride: usize,
    col_stride: usize,
    out: &mut [f32],
) -> Result<(), KernelError> {
    check_len("pack b", extent("pack b", &[(k, row_stride), (n, col_stride)])?, b.len())?;
    let need = format.packed_len(n, k).ok_or(KernelError::Overflow { place: "packed b" })?;
    check_len("packed b", need, out.len())?;
    let out = &mut out[..need];
    if need == 0 {
        return Ok(());
    }
    let b = Strided { data: b, row: row_stride, col: col_stride };
    match format {
        PackFormat::Panels { nr } => pack_panels(usize::from(nr), k, n, b, out),
        PackFormat::LanesK => pack_columns(k, b, out),
    }
    Ok(())
}

fn pack_panels(nr: usize, k: usize, n: usize, b: Strided<'_>, out: &mut [f32]) {
    for (p, panel) in out.chunks_exact_mut(nr * k).enumerate() {
        let first = p * nr;
        let width = nr.min(n - first);
        for (kk, row) in panel.chunks_exact_mut(nr).enumerate() {
            let (used, rest) = row.split_at_mut(width);
            let source = b.from(kk, first);
            for (j, value) in used.iter_mut().enumerate() {
                *value = source.data[j * b.col];
            }
            rest.fill(0.0);
        }
    }
}

pub(super) fn pack_columns(k: usize, b: Strided<'_>, out: &mut [f32]) {
    for (j, column) in out.chunks_exact_mut(k.next_multiple_of(CHANNEL_BLOCK).max(1)).enumerate() {
        let (used, rest) = column.split_at_mut(k);
        let source = b.from(0, j);
        for (kk, value) in used.iter_mut().enumerate() {
            *value = source.data[kk * b.row];
        }
        rest.fill(0.0);
    }
}

/// `out[k * stride + r] = source(r, k)` for up to sixteen rows and `r < rows`. Up to the next `stride` elements after them,
/// zeros may be written.
#[inline(always)]
pub(super) fn pack_lanes<I: Isa>(isa: I, source: Strided<'_>, rows: usize, len: usize, out: &mut [f32], stride: usize) {
    // Without vector registers a square costs its sixteen rows, however few of them there are.
    if source.col == 1 && I::ID != IsaId::Portable {
        pack_transposed(isa, source, rows, len, out, stride);
    } else if source.row == 1 {
        for k in 0..len {
            let from = &source.data[(k * source.col).min(source.data.len())..];
            let row = isa.load_partial(&from[..rows.min(from.len())], 0.0);
            store_up_to(isa, row, out, k * stride);
        }
    } else {
        for k in 0..len {
            for r in 0..rows {
                out[k * stride + r] = source.data[r * source.row + k * source.col];
            }
            let tail = (k * stride + rows).min(out.len())..(k * stride + stride.min(LANES)).min(out.len());
            out[tail].fill(0.0);
        }
    }
}

/// Sixteen lanes, or those for which there is room.
#[inline(always)]
fn store_up_to<I: Isa>(isa: I, v: I::F32, out: &mut [f32], at: usize) {
    let out = &mut out[at..];
    if out.len() >= LANES { isa.store(v, out) } else { isa.store_partial(v, out) }
}

/// Rows that are dense: squares of sixteen by sixteen. What a store writes after its row, the next one overwrites.
#[inline(always)]
fn pack_transposed<I: Isa>(isa: I, source: Strided<'_>, rows: usize, len: usize, out: &mut [f32], stride: usize) {
    for k in (0..len).step_by(LANES) {
        let width = (len - k).min(LANES);
        let mut square = [isa.splat(0.0); LANES];
        for (r, row) in square.iter_mut().enumerate().take(rows) {
            let from = &source.data[r * source.row + k..][..width];
            *row = if width == LANES { isa.load(from) } else { isa.load_partial(from, 0.0) };
        }
        for (i, column) in isa.transpose(square).into_iter().enumerate().take(width) {
            store_up_to(isa, column, out, (k + i) * stride);
        }
    }
}
