//! The layout of packed weights.

use crate::class::CHANNEL_BLOCK;
use crate::error::{KernelError, check_len, extent};
use crate::tile::Strided;

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

fn pack_columns(k: usize, b: Strided<'_>, out: &mut [f32]) {
    for (j, column) in out.chunks_exact_mut(k.next_multiple_of(CHANNEL_BLOCK)).enumerate() {
        let (used, rest) = column.split_at_mut(k);
        let source = b.from(0, j);
        for (kk, value) in used.iter_mut().enumerate() {
            *value = source.data[kk * b.row];
        }
        rest.fill(0.0);
    }
}
