//! Every convolution kernel, one row each. The table is also the list of what is tested.

use super::{ConvShape, run};
use crate::tile::Tile2x16;
#[cfg(target_arch = "x86_64")]
use crate::tile::{Tile6x16, Tile14x32};
#[cfg(target_arch = "x86_64")]
use fastserve_simd::{Avx2, Avx512};
use fastserve_simd::{Cpu, IsaId, Portable};

/// A convolution kernel.
#[derive(Debug)]
pub struct ConvRow {
    /// `conv_<type>_<method>_<instruction set>`.
    pub name: &'static str,
    /// The instruction set it needs.
    pub isa: IsaId,
    /// Output channels of a register tile.
    pub mr: usize,
    /// Output positions of a register tile.
    pub nr: usize,
    /// Computes one block of one image and group.
    pub(super) block: BlockFn,
}

pub(super) type BlockFn = fn(Cpu, &run::Job<'_>, run::Block, &mut [f32]);

/// All kernels, from the least to the most demanding instruction set.
pub static CONV: &[ConvRow] = &[
    ConvRow { name: "conv_f32_im2col_portable", isa: IsaId::Portable, mr: 2, nr: 16, block: run::block::<Portable, Tile2x16> },
    #[cfg(target_arch = "x86_64")]
    ConvRow { name: "conv_f32_im2col_avx2", isa: IsaId::Avx2, mr: 6, nr: 16, block: run::block::<Avx2, Tile6x16> },
    #[cfg(target_arch = "x86_64")]
    ConvRow { name: "conv_f32_im2col_avx512", isa: IsaId::Avx512, mr: 14, nr: 32, block: run::block::<Avx512, Tile14x32> },
];

/// The kernel for a convolution; the choice never changes bits. One method so far, so `shape` does not matter yet.
pub fn select(cpu: Cpu, shape: &ConvShape) -> &'static ConvRow {
    let _ = shape;
    let legal = CONV.iter().rev().find(|row| cpu.has(row.isa));
    legal.unwrap_or(&CONV[0])
}
