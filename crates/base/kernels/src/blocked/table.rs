//! Every blocked convolution kernel, one row each. The table is also the list of what is tested.

use super::{conv, depthwise};
use crate::conv::ConvShape;
#[cfg(target_arch = "x86_64")]
use fastserve_simd::{Avx2, Avx512};
use fastserve_simd::{Cpu, IsaId, Portable};

/// A blocked convolution kernel. All rows read one layout of weights.
#[derive(Debug)]
pub struct ConvC16Row {
    /// `<operation>_<type>_c16_<tile>_<instruction set>`.
    pub name: &'static str,
    /// The instruction set it needs.
    pub isa: IsaId,
    /// How it works.
    pub(super) method: Method,
}

/// How a blocked convolution is computed; the bits are the same.
#[derive(Copy, Clone, Debug)]
pub(super) enum Method {
    /// Positions by blocks of output channels, in register tiles.
    Tiles(conv::TaskFn),
    /// One group a channel: a vector of channels at a time.
    Depthwise(depthwise::TaskFn),
}

/// All kernels, from the least to the most demanding instruction set.
pub static CONV_C16: &[ConvC16Row] = &[
    ConvC16Row {
        name: "conv_f32_c16_2x16_portable",
        isa: IsaId::Portable,
        method: Method::Tiles(conv::task::<Portable, conv::PortableTiles>),
    },
    ConvC16Row { name: "depthwise_f32_c16_portable", isa: IsaId::Portable, method: Method::Depthwise(depthwise::task::<Portable, 2>) },
    #[cfg(target_arch = "x86_64")]
    ConvC16Row { name: "conv_f32_c16_6x16_avx2", isa: IsaId::Avx2, method: Method::Tiles(conv::task::<Avx2, conv::Avx2Tiles>) },
    #[cfg(target_arch = "x86_64")]
    ConvC16Row { name: "depthwise_f32_c16_avx2", isa: IsaId::Avx2, method: Method::Depthwise(depthwise::task::<Avx2, 4>) },
    #[cfg(target_arch = "x86_64")]
    ConvC16Row { name: "conv_f32_c16_14x32_avx512", isa: IsaId::Avx512, method: Method::Tiles(conv::task::<Avx512, conv::Avx512Tiles>) },
    #[cfg(target_arch = "x86_64")]
    ConvC16Row { name: "depthwise_f32_c16_avx512", isa: IsaId::Avx512, method: Method::Depthwise(depthwise::task::<Avx512, 8>) },
];

/// The kernel for a shape on a processor. The choice does not see the batch and never changes bits.
pub fn select(cpu: Cpu, shape: &ConvShape) -> Option<&'static ConvC16Row> {
    CONV_C16.iter().filter(|row| row.isa == cpu.id()).find(|row| row.takes(shape))
}

impl ConvC16Row {
    /// Whether the kernel runs this convolution. Height, width and batch do not matter.
    pub fn takes(&self, shape: &ConvShape) -> bool {
        let one_each = shape.group() > 1 && shape.group() == shape.in_channels() && shape.group() == shape.out_channels();
        match self.method {
            Method::Depthwise(_) => one_each,
            Method::Tiles(_) => !one_each && super::takes(shape.in_channels(), shape.out_channels(), shape.group()),
        }
    }
}
