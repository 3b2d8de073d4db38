//! Every convolution kernel, one row each. The table is also the list of what is tested.

use super::{ConvShape, cost, direct, product};
use crate::class::K_CHUNK;
use crate::tile::Tile2x16;
#[cfg(target_arch = "x86_64")]
use crate::tile::{Tile6x16, Tile14x32};
#[cfg(target_arch = "x86_64")]
use fastserve_simd::{Avx2, Avx512};
use fastserve_simd::{Cpu, IsaId, Portable};

/// A convolution kernel. Rows of one instruction set and one `mr` share packed weights.
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
    /// How it works.
    pub(super) method: Method,
}

/// How a convolution is computed; the bits are the same.
#[derive(Copy, Clone, Debug)]
pub(super) enum Method {
    /// The windows are copied to panels first.
    Im2col(product::BlockFn),
    /// The input is read where it lies.
    Direct(direct::PartFn),
}

/// All kernels, from the least to the most demanding instruction set.
pub static CONV: &[ConvRow] = &[
    ConvRow {
        name: "conv_f32_im2col_portable",
        isa: IsaId::Portable,
        mr: 2,
        nr: 16,
        method: Method::Im2col(product::block::<Portable, Tile2x16>),
    },
    ConvRow {
        name: "conv_f32_direct_portable",
        isa: IsaId::Portable,
        mr: 2,
        nr: 16,
        method: Method::Direct(direct::part::<Portable, Tile2x16>),
    },
    #[cfg(target_arch = "x86_64")]
    ConvRow { name: "conv_f32_im2col_avx2", isa: IsaId::Avx2, mr: 6, nr: 16, method: Method::Im2col(product::block::<Avx2, Tile6x16>) },
    #[cfg(target_arch = "x86_64")]
    ConvRow { name: "conv_f32_direct_avx2", isa: IsaId::Avx2, mr: 6, nr: 16, method: Method::Direct(direct::part::<Avx2, Tile6x16>) },
    #[cfg(target_arch = "x86_64")]
    ConvRow {
        name: "conv_f32_im2col_avx512",
        isa: IsaId::Avx512,
        mr: 14,
        nr: 32,
        method: Method::Im2col(product::block::<Avx512, Tile14x32>),
    },
    #[cfg(target_arch = "x86_64")]
    ConvRow {
        name: "conv_f32_direct_avx512",
        isa: IsaId::Avx512,
        mr: 14,
        nr: 32,
        method: Method::Direct(direct::part::<Avx512, Tile14x32>),
    },
];

/// The kernels that `cpu` runs with weights packed in tiles of `mr` output channels.
pub fn rows(cpu: Cpu, mr: usize) -> impl Iterator<Item = &'static ConvRow> {
    CONV.iter().filter(move |row| row.isa == cpu.id() && row.mr == mr)
}

/// The kernel of the lowest modelled cost among [`rows`] that take `shape`; the choice never changes bits and does not
/// see the batch. None where no kernel has this `mr`.
pub fn select(cpu: Cpu, mr: usize, shape: &ConvShape) -> Option<&'static ConvRow> {
    rows(cpu, mr).filter(|row| row.takes(shape)).min_by_key(|row| row.cost(shape))
}

impl ConvRow {
    /// Whether the kernel runs this convolution. Height, width and batch do not matter.
    pub fn takes(&self, shape: &ConvShape) -> bool {
        match self.method {
            Method::Im2col(_) => true,
            Method::Direct(_) => shape.window.stride[1] == 1 && (1..=K_CHUNK).contains(&shape.k()),
        }
    }

    /// Modelled cycles for one image and group.
    pub(super) fn cost(&self, shape: &ConvShape) -> usize {
        let steps = match self.method {
            Method::Im2col(_) => cost::im2col(self, shape),
            Method::Direct(_) => cost::direct(self, shape),
        };
        steps.saturating_mul(cost::cycles_per_vector(self.isa))
    }
}
