#![allow(unsafe_code)]
//! The micro-kernel that matrix product and convolution share: a tile of a few rows by one or two vectors of columns,
//! kept in registers over a chunk of K; and what happens to the tile then.

use crate::conv::{Direct, DirectLines, PanelFill};
use crate::disjoint::Disjoint;
use crate::epilogue::{Epilogue, activate_stored, is_quick, quick_activate};
use fastserve_simd::{Isa, Kernel, LANES};
use std::ops::Range;

/// The largest tile of any row of the tables.
const TILE_MAX: usize = 14 * 32;

/// A tile's sums, row by row, each `NR` wide.
#[repr(C, align(64))]
pub(crate) struct Tile(pub(crate) [f32; TILE_MAX]);

impl Tile {
    pub(crate) fn new() -> Tile {
        Tile([0.0; TILE_MAX])
    }
}

/// A family of micro-kernels: up to `MR` rows by `NR` columns.
pub(crate) trait TileShape: 'static {
    const MR: usize;
    const NR: usize;

    /// `tile[r][j]` = the chain over k of `a[k][r] * b[k][j]`, with `rows` values of `a` and `NR` of `b` for each k.
    fn dot<I: Isa>(isa: I, rows: usize, a: &[f32], b: &[f32], tile: &mut Tile);

    /// Adds a tile to the output.
    fn finish<I: Isa>(isa: I, tile: &Tile, place: Place, output: Output<'_>);

    /// Fills a panel of a convolution's windows, `NR` wide.
    fn fill_panel<I: Isa>(isa: I, fill: PanelFill<'_>);

    /// Convolves whole lines of output positions for `rows` output channels.
    fn direct<I: Isa>(isa: I, rows: usize, lines: DirectLines<'_>);
}

/// A matrix by strides: element `(i, k)` is `data[i * row + k * col]`.
#[derive(Copy, Clone)]
pub(crate) struct Strided<'a> {
    pub(crate) data: &'a [f32],
    pub(crate) row: usize,
    pub(crate) col: usize,
}

impl<'a> Strided<'a> {
    /// The matrix from element `(i, k)` on.
    pub(crate) fn from(self, i: usize, k: usize) -> Strided<'a> {
        let start = (i * self.row + k * self.col).min(self.data.len());
        Strided { data: &self.data[start..], ..self }
    }
}

struct Dot<'a, const MR: usize, const NV: usize> {
    a: &'a [f32],
    b: &'a [f32],
    tile: &'a mut Tile,
}

impl<const MR: usize, const NV: usize> Kernel for Dot<'_, MR, NV> {
    type Out = ();

    #[inline(always)]
    fn run<I: Isa>(self, isa: I) {
        let mut acc = [[isa.splat(0.0); NV]; MR];
        let (a, _) = self.a.as_chunks::<MR>();
        for (a, b) in a.iter().zip(self.b.chunks_exact(NV * LANES)) {
            let mut columns = [isa.splat(0.0); NV];
            for (v, column) in columns.iter_mut().enumerate() {
                *column = isa.load(&b[v * LANES..]);
            }
            for r in 0..MR {
                let a = isa.splat(a[r]);
                for v in 0..NV {
                    acc[r][v] = isa.fma(a, columns[v], acc[r][v]);
                }
            }
        }
        for (r, row) in acc.into_iter().enumerate() {
            for (v, sums) in row.into_iter().enumerate() {
                isa.store(sums, &mut self.tile.0[(r * NV + v) * LANES..]);
            }
        }
    }
}

/// The widest tile of `R` rows that has at most `MAX` vectors and does not pass the end of a line.
#[inline(always)]
fn direct<I: Isa, const R: usize, const MAX: usize>(isa: I, lines: DirectLines<'_>) {
    if R * 4 <= MAX && lines.lines.len >= 4 * LANES {
        isa.enter(Direct::<R, 4>(lines));
    } else if R * 2 <= MAX && lines.lines.len >= 2 * LANES {
        isa.enter(Direct::<R, 2>(lines));
    } else {
        isa.enter(Direct::<R, 1>(lines));
    }
}

macro_rules! tile_shape {
    ($(#[$doc:meta])* $name:ident, $mr:literal, $nv:literal, [$($rows:literal)*]) => {
        $(#[$doc])*
        pub(crate) struct $name;

        impl TileShape for $name {
            const MR: usize = $mr;
            const NR: usize = $nv * LANES;

            #[inline(always)]
            fn dot<I: Isa>(isa: I, rows: usize, a: &[f32], b: &[f32], tile: &mut Tile) {
                match rows {
                    $($rows => isa.enter(Dot::<$rows, $nv> { a, b, tile }),)*
                    _ => debug_assert!(false, "no tile has {rows} rows"),
                }
            }

            #[inline(always)]
            fn finish<I: Isa>(isa: I, tile: &Tile, place: Place, output: Output<'_>) {
                isa.enter(Finish::<$nv> { tile, place, output });
            }

            #[inline(always)]
            fn fill_panel<I: Isa>(isa: I, fill: PanelFill<'_>) {
                fill.run::<I, $nv>(isa);
            }

            #[inline(always)]
            fn direct<I: Isa>(isa: I, rows: usize, lines: DirectLines<'_>) {
                match rows {
                    $($rows => direct::<I, $rows, { $mr * $nv }>(isa, lines),)*
                    _ => debug_assert!(false, "no tile has {rows} rows"),
                }
            }
        }
    };
}

tile_shape!(
    /// Eight SSE registers of sums on the x86-64 baseline.
    Tile2x16, 2, 1, [1 2]
);
#[cfg(target_arch = "x86_64")]
tile_shape!(
    /// Twelve of sixteen AVX2 registers.
    Tile6x16, 6, 1, [1 2 3 4 5 6]
);
#[cfg(target_arch = "x86_64")]
tile_shape!(
    /// Twenty-eight of thirty-two AVX-512 registers.
    Tile14x32, 14, 2, [1 2 3 4 5 6 7 8 9 10 11 12 13 14]
);

/// `0..rows` cut into the fewest tiles of at most `mr` rows, as equal as can be.
pub(crate) fn balanced(rows: usize, mr: usize) -> impl Iterator<Item = Range<usize>> {
    let tiles = rows.div_ceil(mr);
    (0..tiles).map(move |t| share(rows, tiles, t))
}

/// Part `t` of `0..rows` cut into `parts` parts as equal as can be, the greater ones first.
pub(crate) fn share(rows: usize, parts: usize, t: usize) -> Range<usize> {
    let (each, extra) = (rows / parts, rows % parts);
    let start = t * each + t.min(extra);
    start..start + each + usize::from(t < extra)
}

/// Where a tile goes in the output, and at what stage of K it is.
pub(crate) struct Place {
    /// The rows of the output matrix.
    pub(crate) rows: Range<usize>,
    /// The columns.
    pub(crate) cols: Range<usize>,
    /// The sums are those of the first chunk of K.
    pub(crate) first: bool,
    /// The sums are those of the last chunk of K.
    pub(crate) last: bool,
}

/// An output matrix: `rows[i]` starts at `start + i * stride` of `out`.
#[derive(Copy, Clone)]
pub(crate) struct Output<'a> {
    pub(crate) out: &'a Disjoint<'a, f32>,
    pub(crate) start: usize,
    pub(crate) stride: usize,
    pub(crate) epilogue: &'a Epilogue,
    /// One value per row; empty where there is none.
    pub(crate) row_bias: &'a [f32],
    /// One value per column; empty where there is none.
    pub(crate) col_bias: &'a [f32],
    /// The layout of `out`; empty where there is none.
    pub(crate) residual: &'a [f32],
}

/// Adds a tile, `NV` vectors wide, to the output, and applies the epilogue after the last chunk.
pub(crate) struct Finish<'a, const NV: usize> {
    pub(crate) tile: &'a Tile,
    pub(crate) place: Place,
    pub(crate) output: Output<'a>,
}

impl<const NV: usize> Kernel for Finish<'_, NV> {
    type Out = ();

    #[inline(always)]
    fn run<I: Isa>(self, isa: I) {
        let (place, output) = (&self.place, &self.output);
        let whole = place.cols.len() == NV * LANES && place.first && place.last;
        if whole && output.col_bias.is_empty() && output.residual.is_empty() {
            self.plain(isa);
        } else {
            self.any(isa);
        }
    }
}

impl<const NV: usize> Finish<'_, NV> {
    /// The rows of the output with their sums and biases.
    #[inline(always)]
    fn row(&self, r: usize) -> (usize, &[[f32; LANES]], Option<f32>) {
        let i = self.place.rows.start + r;
        let start = self.output.start + i * self.output.stride + self.place.cols.start;
        (start, &self.tile.0.as_chunks().0[r * NV..(r + 1) * NV], self.output.row_bias.get(i).copied())
    }

    /// A tile of full width, with nothing but sums, a bias per row and the activation.
    #[inline(always)]
    fn plain<I: Isa>(&self, isa: I) {
        for r in 0..self.place.rows.len() {
            let (start, sums, bias) = self.row(r);
            // SAFETY: the tiles of one call do not overlap, and one thread handles a tile, row after row.
            let out = unsafe { self.output.out.part(start..start + NV * LANES) };
            for (out, sums) in out.as_chunks_mut::<LANES>().0.iter_mut().zip(sums) {
                let x = biased(isa, isa.load(sums), bias);
                isa.store(quick_activate(isa, self.output.epilogue.activation, x), out);
            }
            self.activate(isa, out);
        }
    }

    #[inline(always)]
    fn any<I: Isa>(&self, isa: I) {
        let width = self.place.cols.len();
        for r in 0..self.place.rows.len() {
            let (start, sums, bias) = self.row(r);
            // SAFETY: as in `plain`.
            let out = unsafe { self.output.out.part(start..start + width) };
            for (col, sums) in (0..width).step_by(LANES).zip(sums) {
                let out = &mut out[col..width.min(col + LANES)];
                let mut x = isa.load(sums);
                if !self.place.first {
                    x = isa.add(isa.load_partial(out, 0.0), x);
                }
                if self.place.last {
                    x = self.end(isa, biased(isa, x, bias), start, col);
                }
                isa.store_partial(x, out);
            }
            if self.place.last {
                self.activate(isa, out);
            }
        }
    }

    /// An activation that is not done in registers, over a stored row.
    #[inline(always)]
    fn activate<I: Isa>(&self, isa: I, out: &mut [f32]) {
        let activation = self.output.epilogue.activation;
        if !is_quick(activation) {
            activate_stored(isa, activation, out);
        }
    }

    /// What follows the bias of a row: `x` goes to `start + col` of the output.
    #[inline(always)]
    fn end<I: Isa>(&self, isa: I, mut x: I::F32, start: usize, col: usize) -> I::F32 {
        let (output, cols) = (&self.output, &self.place.cols);
        if !output.col_bias.is_empty() {
            x = isa.add(x, isa.load_partial(&output.col_bias[cols.start + col..cols.end], 0.0));
        }
        if !output.residual.is_empty() {
            x = isa.add(x, isa.load_partial(&output.residual[start + col..start + cols.len()], 0.0));
        }
        quick_activate(isa, output.epilogue.activation, x)
    }
}

#[inline(always)]
pub(crate) fn biased<I: Isa>(isa: I, x: I::F32, bias: Option<f32>) -> I::F32 {
    match bias {
        Some(bias) => isa.add(x, isa.splat(bias)),
        None => x,
    }
}

/// Kept out of the loops over tiles: it is larger than they are.
#[inline(never)]
pub(crate) fn finish_apart<I: Isa, const NV: usize>(isa: I, finish: Finish<'_, NV>) {
    isa.enter(finish);
}
