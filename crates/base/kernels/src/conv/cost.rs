//! What a convolution of one image and group is modelled to cost, in multiply-adds of one logical vector. Sizes alone
//! decide: nothing is measured.

use super::im2col::padded_width;
use super::{ConvRow, ConvShape, direct};
use crate::tile::balanced;
use fastserve_simd::{IsaId, LANES};

/// Multiply-adds in flight before the first one ends: fewer sums than this wait for each other.
const LATENCY: usize = 4;
/// A vector loaded and stored again.
const COPY: usize = 2;
/// A vector of a window on its way through a panel: copied there, and read from the second-level cache.
const FILL: usize = 16;
/// A row of a plane copied: the call and the padding.
const ROW: usize = 8;
/// Around the loop over K of a tile.
const TILE: usize = 8;
/// A new line of a plane beyond the first-level cache, once for each row of the kernel.
const FAR: usize = 1;
/// The first-level cache in elements.
const NEAR_ELEMENTS: usize = 8 * 1024;

/// Cycles of one multiply-add of a logical vector, portable code counted as four lanes.
pub(super) const fn cycles_per_vector(isa: IsaId) -> usize {
    match isa {
        IsaId::Portable => 4,
        IsaId::Avx2 | IsaId::Avx512 => 1,
    }
}

/// One tile of `rows` channels by `nv` vectors.
fn products(rows: usize, nv: usize, k: usize) -> usize {
    (rows * nv).max(LATENCY).saturating_mul(k) + TILE
}

/// Copying the rows of the planes with their padding.
fn planes(shape: &ConvShape) -> usize {
    let rows = shape.input[0] + shape.window.pads[0] + shape.window.pads[2];
    let one = padded_width(shape).div_ceil(LANES) * COPY + ROW;
    shape.group_in().saturating_mul(rows).saturating_mul(one)
}

/// Copying rows, then windows to panels, then products.
pub(super) fn im2col(row: &ConvRow, shape: &ConvShape) -> usize {
    let (nv, panels) = (row.nr / LANES, shape.pixels().div_ceil(row.nr));
    let stretches = if shape.window.stride[1] == 1 { 1 + row.nr / shape.output[1] } else { LANES / 4 };
    let fill = panels.saturating_mul(shape.k()).saturating_mul(nv * FILL * stretches);
    let one = |rows: usize| panels.saturating_mul(products(rows, nv, shape.k()));
    let copy = planes(shape).saturating_add(fill);
    balanced(shape.group_out(), row.mr).map(|rows| one(rows.len())).fold(copy, usize::saturating_add)
}

/// Products along the lines of the output, after a copy where there is padding. The greatest number where the input is too
/// large for the method.
pub(super) fn direct(row: &ConvRow, shape: &ConvShape) -> usize {
    if !direct::offsets_fit(shape) {
        return usize::MAX;
    }
    let [lines, len] = if direct::flat(shape) { [1, shape.pixels()] } else { shape.output };
    let most = row.mr * (row.nr / LANES);
    let nv = |rows: usize| [4, 2].into_iter().find(|&nv| rows * nv <= most && nv * LANES <= len).unwrap_or(1);
    let tiles = |rows: usize| lines * len.div_ceil(nv(rows) * LANES);
    let far = if shape.group_in().saturating_mul(shape.input[0] * shape.input[1]) > NEAR_ELEMENTS { FAR } else { 0 };
    let one = |rows: usize| tiles(rows).saturating_mul(products(rows, nv(rows), shape.k()) + far * shape.k() / shape.window.kernel[1]);
    let copy = if direct::copies(shape, 1) { planes(shape) } else { 0 };
    balanced(shape.group_out(), row.mr).map(|rows| one(rows.len())).fold(copy, usize::saturating_add)
}
