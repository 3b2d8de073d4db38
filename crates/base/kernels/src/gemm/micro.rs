#![allow(unsafe_code)]
//! The tile of a matrix product: in registers from the first product to the store.

use crate::epilogue::{Activation, activate_stored, is_quick};
use crate::tile::{Finish, Output, Place, Tile, finish_apart};
use fastserve_simd::{Isa, IsaId, Kernel, LANES};
use std::ops::Range;

/// Bytes ahead of the loads that panels of B are asked for where they come from memory.
const AHEAD_BYTES: usize = 1024;

/// What a tile multiplies, for one chunk of K.
#[derive(Copy, Clone)]
pub(super) struct Operands<'a> {
    /// `[k][rows]`.
    pub(super) a: &'a [f32],
    /// Row `k` of B starts at `k * b_stride`; the last row has all the columns of the tile, too.
    pub(super) b: &'a [f32],
    /// Between rows of B.
    pub(super) b_stride: usize,
    /// Between the first elements of two neighbouring panels.
    pub(super) panel_stride: usize,
}

/// A family of tiles: up to `MR` rows by `P` panels of `NR` columns.
pub(super) trait Micro: 'static {
    const MR: usize;
    const NR: usize;
    /// Panels of B read at once, of as many rows.
    fn panels(rows: usize) -> usize;

    /// Multiplies `rows` rows by the panels whose places are those of `place` (cut into panels), and stores them.
    fn tile<I: Isa>(isa: I, rows: usize, operands: Operands<'_>, place: Place, output: Output<'_>);
}

macro_rules! micro {
    ($(#[$doc:meta])* $name:ident, $mr:literal, $nv:literal, [$($rows:literal x $panels:literal),*]) => {
        $(#[$doc])*
        pub(super) struct $name;

        impl Micro for $name {
            const MR: usize = $mr;
            const NR: usize = $nv * LANES;

            fn panels(rows: usize) -> usize {
                match rows {
                    $($rows => $panels,)*
                    _ => 1,
                }
            }

            #[inline(always)]
            fn tile<I: Isa>(isa: I, rows: usize, operands: Operands<'_>, place: Place, output: Output<'_>) {
                let whole = place.cols.len() > ($nv * LANES) * (Self::panels(rows) - 1);
                match rows {
                    $($rows if whole => isa.enter(Multiply::<$rows, $nv, $panels> { operands, place, output }),)*
                    $($rows => isa.enter(Multiply::<$rows, $nv, 1> { operands, place, output }),)*
                    _ => debug_assert!(false, "no tile has {rows} rows"),
                }
            }
        }
    };
}

micro!(
    /// Eight SSE registers of sums on the x86-64 baseline.
    Micro2x16, 2, 1, [1 x 1, 2 x 1]
);
#[cfg(target_arch = "x86_64")]
micro!(
    /// Twelve of sixteen AVX2 registers.
    Micro6x16, 6, 1, [1 x 1, 2 x 1, 3 x 1, 4 x 1, 5 x 1, 6 x 1]
);
#[cfg(target_arch = "x86_64")]
micro!(
    /// Few rows by several panels at once, so that enough sums and loads are under way.
    Few3x64, 3, 1, [1 x 4, 2 x 2, 3 x 2]
);
#[cfg(target_arch = "x86_64")]
micro!(
    /// Twenty-eight of thirty-two AVX-512 registers.
    Micro14x32, 14, 2,
    [1 x 1, 2 x 1, 3 x 1, 4 x 1, 5 x 1, 6 x 1, 7 x 1, 8 x 1, 9 x 1, 10 x 1, 11 x 1, 12 x 1, 13 x 1, 14 x 1]
);
#[cfg(target_arch = "x86_64")]
micro!(
    /// Few rows by several panels at once, so that enough sums and loads are under way.
    Few4x128, 4, 2, [1 x 4, 2 x 4, 3 x 4, 4 x 3]
);

/// `MR` rows by `P` panels of `NV` vectors. `place` has all columns; those of a last panel may be fewer.
struct Multiply<'a, const MR: usize, const NV: usize, const P: usize> {
    operands: Operands<'a>,
    place: Place,
    output: Output<'a>,
}

impl<const MR: usize, const NV: usize, const P: usize> Kernel for Multiply<'_, MR, NV, P> {
    type Out = ();

    #[inline(always)]
    fn run<I: Isa>(self, isa: I) {
        let sums = if P == 1 { [self.one(isa); P] } else { self.several(isa) };
        for (p, sums) in sums.into_iter().enumerate() {
            let Range { start, end } = self.place.cols;
            let cols = start + p * NV * LANES..end.min(start + (p + 1) * NV * LANES);
            let Place { first, last, .. } = self.place;
            Store { output: self.output, place: Place { rows: self.place.rows.clone(), cols, first, last } }.run(isa, sums);
        }
    }
}

impl<const MR: usize, const NV: usize, const P: usize> Multiply<'_, MR, NV, P> {
    #[inline(always)]
    fn one<I: Isa>(&self, isa: I) -> [[I::F32; NV]; MR] {
        let mut acc = [[isa.splat(0.0); NV]; MR];
        let (a, _) = self.operands.a.as_chunks::<MR>();
        for (a, b) in a.iter().zip(self.operands.b.chunks(self.operands.b_stride)) {
            let b = &b[..NV * LANES];
            step(isa, a, b, &mut acc);
        }
        acc
    }

    #[inline(always)]
    fn several<I: Isa>(&self, isa: I) -> [[[I::F32; NV]; MR]; P] {
        let mut acc = [[[isa.splat(0.0); NV]; MR]; P];
        let (a, _) = self.operands.a.as_chunks::<MR>();
        let mut b: [&[f32]; P] = [&[]; P];
        for (p, b) in b.iter_mut().enumerate() {
            *b = &self.operands.b[p * self.operands.panel_stride..];
        }
        let mut at = 0;
        for a in a {
            for p in 0..P {
                let row = &b[p][at..at + NV * LANES];
                for v in 0..NV {
                    isa.prefetch(row.as_ptr().wrapping_byte_add(AHEAD_BYTES + v * 64));
                }
                step(isa, a, row, &mut acc[p]);
            }
            at += self.operands.b_stride;
        }
        acc
    }
}

/// One k.
#[inline(always)]
fn step<I: Isa, const MR: usize, const NV: usize>(isa: I, a: &[f32; MR], b: &[f32], acc: &mut [[I::F32; NV]; MR]) {
    let mut columns = [isa.splat(0.0); NV];
    for (v, column) in columns.iter_mut().enumerate() {
        *column = isa.load(&b[v * LANES..]);
    }
    for (row, &a) in acc.iter_mut().zip(a) {
        let a = isa.splat(a);
        for (x, &column) in row.iter_mut().zip(&columns) {
            *x = isa.fma(a, column, *x);
        }
    }
}

/// Where the sums of one tile go.
struct Store<'a> {
    output: Output<'a>,
    place: Place,
}

impl Store<'_> {
    #[inline(always)]
    fn run<I: Isa, const MR: usize, const NV: usize>(self, isa: I, mut acc: [[I::F32; NV]; MR]) {
        // Without vector registers of its own, a tile lies in memory anyway.
        if I::ID == IsaId::Portable || self.place.cols.len() < NV * LANES {
            return self.narrow(isa, acc);
        }
        if !self.place.first {
            for (r, row) in acc.iter_mut().enumerate() {
                // SAFETY: the tiles of one call do not overlap, and one thread handles a tile, row after row.
                let out = unsafe { self.output.out.part(self.row::<NV>(r)) };
                for (v, x) in row.iter_mut().enumerate() {
                    *x = isa.add(isa.load(&out[v * LANES..]), *x);
                }
            }
        }
        if self.place.last {
            self.end(isa, &mut acc);
        }
        for (r, row) in acc.into_iter().enumerate() {
            // SAFETY: as above.
            let out = unsafe { self.output.out.part(self.row::<NV>(r)) };
            for (v, x) in row.into_iter().enumerate() {
                isa.store(x, &mut out[v * LANES..]);
            }
        }
        if self.place.last && !is_quick(self.output.epilogue.activation) {
            activate_rows(isa, self.output, &self.place);
        }
    }

    /// Where row `r` lies in the output.
    #[inline(always)]
    fn row<const NV: usize>(&self, r: usize) -> Range<usize> {
        let start = self.output.start + (self.place.rows.start + r) * self.output.stride + self.place.cols.start;
        start..start + NV * LANES
    }

    /// Bias, residual, and an activation of few instructions.
    #[inline(always)]
    fn end<I: Isa, const MR: usize, const NV: usize>(&self, isa: I, acc: &mut [[I::F32; NV]; MR]) {
        if !self.output.row_bias.is_empty() {
            let bias = &self.output.row_bias[self.place.rows.start..][..MR];
            for (row, &bias) in acc.iter_mut().zip(bias) {
                for x in row {
                    *x = isa.add(*x, isa.splat(bias));
                }
            }
        }
        if !self.output.col_bias.is_empty() {
            let bias = &self.output.col_bias[self.place.cols.start..][..NV * LANES];
            for v in 0..NV {
                let bias = isa.load(&bias[v * LANES..]);
                for row in acc.iter_mut() {
                    row[v] = isa.add(row[v], bias);
                }
            }
        }
        if !self.output.residual.is_empty() {
            for (r, row) in acc.iter_mut().enumerate() {
                let residual = &self.output.residual[self.row::<NV>(r)];
                for (v, x) in row.iter_mut().enumerate() {
                    *x = isa.add(*x, isa.load(&residual[v * LANES..]));
                }
            }
        }
        self.clamp(isa, acc);
    }

    #[inline(always)]
    fn clamp<I: Isa, const MR: usize, const NV: usize>(&self, isa: I, acc: &mut [[I::F32; NV]; MR]) {
        match self.output.epilogue.activation {
            Activation::Relu => {
                for x in acc.iter_mut().flatten() {
                    *x = isa.relu(*x);
                }
            }
            Activation::Clip { min, max } => {
                let (min, max) = (isa.splat(min), isa.splat(max));
                for x in acc.iter_mut().flatten() {
                    *x = isa.clamp(*x, min, max);
                }
            }
            _ => {}
        }
    }

    /// A last panel with columns that are not there: by way of memory.
    #[inline(always)]
    fn narrow<I: Isa, const MR: usize, const NV: usize>(self, isa: I, acc: [[I::F32; NV]; MR]) {
        let mut tile = Tile::new();
        for (i, x) in acc.into_iter().flatten().enumerate() {
            isa.store(x, &mut tile.0[i * LANES..]);
        }
        finish_apart(isa, Finish::<NV> { tile: &tile, place: self.place, output: self.output });
    }
}

/// Applies an activation of many instructions to rows just stored, all of full width.
fn activate_rows<I: Isa>(isa: I, output: Output<'_>, place: &Place) {
    for i in place.rows.clone() {
        let start = output.start + i * output.stride;
        // SAFETY: the tiles of one call do not overlap, and one thread handles a tile, row after row.
        let out = unsafe { output.out.part(start + place.cols.start..start + place.cols.end) };
        activate_stored(isa, output.epilogue.activation, out);
    }
}
