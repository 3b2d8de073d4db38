#![allow(unsafe_code)]
//! The micro-kernel: some neighbouring positions of a line by one to four blocks of output channels, in registers over a
//! chunk of K, stored with bias, residual and activation.

use crate::disjoint::Disjoint;
use crate::epilogue::{Activation, activate_stored, is_quick};
use fastserve_simd::{Isa, Kernel, LANES};

/// Consecutive k whose elements are neighbours: where the first one's lies, counted from a position's window, and how
/// many there are.
pub(super) type Span = [u32; 2];

/// What the tiles of a panel read and write.
pub(super) struct Panel<'a> {
    /// The input of the task.
    pub(super) x: &'a [f32],
    /// Elements between the windows of neighbouring positions.
    pub(super) position_step: usize,
    /// The chunk of K.
    pub(super) spans: &'a [Span],
    /// No span reads at or beyond this, counted from a position's window.
    pub(super) reach: usize,
    /// `[block][k][16]`, from the first block's first k of the chunk on.
    pub(super) weights: &'a [f32],
    /// Elements between blocks of the weights.
    pub(super) weight_step: usize,
    /// Numbers of k in the chunk.
    pub(super) ks: usize,
    pub(super) out: PanelOut<'a>,
}

/// One tile of a panel.
#[derive(Copy, Clone)]
pub(super) struct TileArgs<'a> {
    pub(super) panel: &'a Panel<'a>,
    /// Where the window of the first position begins in the input.
    pub(super) x: usize,
    /// The first position, counted from the panel's first.
    pub(super) position: usize,
}

/// Where the tiles of a panel go.
pub(super) struct PanelOut<'a> {
    pub(super) out: &'a Disjoint<'a, f32>,
    /// The first block's vector for the first position.
    pub(super) start: usize,
    /// Elements between blocks.
    pub(super) block_step: usize,
    /// The sums are those of the first chunk of K.
    pub(super) first: bool,
    /// The sums are those of the last chunk of K.
    pub(super) last: bool,
    /// From the first block's first channel on; empty where there is none.
    pub(super) bias: &'a [f32],
    /// In the layout of the output; empty where there is none.
    pub(super) residual: &'a [f32],
    pub(super) activation: Activation,
}

/// `R` positions by `NV` blocks. `P` is the step of positions where it is known to the compiler, 0 elsewhere; with
/// `ONE`, each span is one k.
pub(super) struct MicroTile<'a, const R: usize, const NV: usize, const P: usize, const ONE: bool>(pub(super) TileArgs<'a>);

impl<const R: usize, const NV: usize, const P: usize, const ONE: bool> Kernel for MicroTile<'_, R, NV, P, ONE> {
    type Out = ();

    #[inline(always)]
    fn run<I: Isa>(self, isa: I) {
        let TileArgs { panel, x, position } = self.0;
        let step = if P == 0 { panel.position_step } else { P };
        assert!(x + panel.reach + (R - 1) * step <= panel.x.len());
        assert!((NV - 1) * panel.weight_step + panel.ks * LANES <= panel.weights.len());
        // SAFETY: spans end before `reach`, and their lengths add up to `ks`; both were compared above.
        let sums = unsafe { self.sums(isa) };
        panel.out.finish(isa, panel.out.start + position * LANES, sums);
    }
}

impl<const R: usize, const NV: usize, const P: usize, const ONE: bool> MicroTile<'_, R, NV, P, ONE> {
    /// The chains over the chunk.
    ///
    /// # Safety
    /// The spans end before `reach`, their lengths add up to at most `ks`, and `x` and `weights` are long enough for both.
    #[inline(always)]
    unsafe fn sums<I: Isa>(&self, isa: I) -> [[I::F32; NV]; R] {
        let panel = self.0.panel;
        let step = if P == 0 { panel.position_step } else { P };
        let mut acc = [[isa.splat(0.0); NV]; R];
        let mut w = 0;
        for &[start, len] in panel.spans {
            let first = self.0.x + start as usize;
            let len = if ONE { 1 } else { len as usize };
            for at in first..first + len {
                let mut columns = [isa.splat(0.0); NV];
                for (v, column) in columns.iter_mut().enumerate() {
                    let from = v * panel.weight_step + w;
                    // SAFETY: `w` is below `ks * 16`.
                    *column = isa.load(unsafe { panel.weights.get_unchecked(from..from + LANES) });
                }
                for (r, sums) in acc.iter_mut().enumerate() {
                    // SAFETY: `at` is below `x + reach`.
                    let a = isa.splat(unsafe { *panel.x.get_unchecked(at + r * step) });
                    for (sum, &column) in sums.iter_mut().zip(&columns) {
                        *sum = isa.fma(a, column, *sum);
                    }
                }
                w += LANES;
            }
        }
        acc
    }
}

impl PanelOut<'_> {
    /// Stores sums: added to those of earlier chunks, and after the last one with what follows.
    #[inline(always)]
    fn finish<I: Isa, const R: usize, const NV: usize>(&self, isa: I, start: usize, mut sums: [[I::F32; NV]; R]) {
        for v in 0..NV {
            let start = start + v * self.block_step;
            // SAFETY: the tiles of one call do not overlap, and one thread handles a tile.
            let out = unsafe { self.out.part(start..start + R * LANES) };
            let (out, _) = out.as_chunks_mut::<LANES>();
            if !self.first {
                for r in 0..R {
                    sums[r][v] = isa.add(isa.load(&out[r]), sums[r][v]);
                }
            }
            if self.last {
                self.add_ends(isa, v, start, &mut sums);
                self.quick(isa, v, &mut sums);
            }
            for r in 0..R {
                isa.store(sums[r][v], &mut out[r]);
            }
            if self.last && !is_quick(self.activation) {
                activate_stored(isa, self.activation, out.as_flattened_mut());
            }
        }
    }

    #[inline(always)]
    fn add_ends<I: Isa, const R: usize, const NV: usize>(&self, isa: I, v: usize, start: usize, sums: &mut [[I::F32; NV]; R]) {
        if !self.bias.is_empty() {
            let bias = isa.load_partial(self.bias.get(v * LANES..).unwrap_or(&[]), 0.0);
            for row in sums.iter_mut() {
                row[v] = isa.add(row[v], bias);
            }
        }
        if !self.residual.is_empty() {
            let (residual, _) = self.residual[start..start + R * LANES].as_chunks::<LANES>();
            for (row, residual) in sums.iter_mut().zip(residual) {
                row[v] = isa.add(row[v], isa.load(residual));
            }
        }
    }

    /// The commonest activations, in registers.
    #[inline(always)]
    fn quick<I: Isa, const R: usize, const NV: usize>(&self, isa: I, v: usize, sums: &mut [[I::F32; NV]; R]) {
        match self.activation {
            Activation::Relu => {
                for row in sums.iter_mut() {
                    row[v] = isa.relu(row[v]);
                }
            }
            Activation::Clip { min, max } => {
                let (min, max) = (isa.splat(min), isa.splat(max));
                for row in sums.iter_mut() {
                    row[v] = isa.clamp(row[v], min, max);
                }
            }
            _ => {}
        }
    }
}
