//! Every matrix-product kernel, one row each. The table is also the list of what is tested.

use super::micro::Micro2x16;
#[cfg(target_arch = "x86_64")]
use super::micro::{Few3x64, Few4x128, Micro6x16, Micro14x32};
use super::{Block, Job, PackFormat, chain, lanes16};
use crate::class::RoundingClass;
#[cfg(target_arch = "x86_64")]
use fastserve_simd::{Avx2, Avx512};
use fastserve_simd::{Cpu, IsaId, Portable};

/// A matrix-product kernel.
#[derive(Debug)]
pub struct GemmRow {
    /// `gemm_<type>_<tile>_<instruction set>`.
    pub name: &'static str,
    /// The instruction set it needs.
    pub isa: IsaId,
    /// How its sums round.
    pub class: RoundingClass,
    /// Rows of a register tile.
    pub mr: usize,
    /// Columns of a panel of B.
    pub nr: usize,
    /// Panels that a tile of one row reads at once. Where it is more than one, the kernel takes products of up to `mr` rows.
    pub panels: usize,
    /// The layout of B that it reads.
    pub pack: PackFormat,
    /// Computes one block of C.
    pub(super) block: BlockFn,
}

pub(super) type BlockFn = fn(Cpu, &Job<'_>, Block, &mut [f32]);

/// All kernels; within a class, from the least to the most demanding instruction set.
pub static GEMM: &[GemmRow] = &[
    GemmRow {
        name: "gemm_f32_2x16_portable",
        isa: IsaId::Portable,
        class: RoundingClass::Chain,
        mr: 2,
        nr: 16,
        panels: 1,
        pack: PackFormat::Panels { nr: 16 },
        block: chain::block::<Portable, Micro2x16>,
    },
    GemmRow {
        name: "gemm_f32_lanes16_portable",
        isa: IsaId::Portable,
        class: RoundingClass::Lanes16,
        mr: 1,
        nr: 1,
        panels: 1,
        pack: PackFormat::LanesK,
        block: lanes16::block::<Portable, 1, 1>,
    },
    #[cfg(target_arch = "x86_64")]
    GemmRow {
        name: "gemm_f32_6x16_avx2",
        isa: IsaId::Avx2,
        class: RoundingClass::Chain,
        mr: 6,
        nr: 16,
        panels: 1,
        pack: PackFormat::Panels { nr: 16 },
        block: chain::block::<Avx2, Micro6x16>,
    },
    #[cfg(target_arch = "x86_64")]
    GemmRow {
        name: "gemm_f32_3x64_avx2",
        isa: IsaId::Avx2,
        class: RoundingClass::Chain,
        mr: 3,
        nr: 16,
        panels: 4,
        pack: PackFormat::Panels { nr: 16 },
        block: chain::block::<Avx2, Few3x64>,
    },
    #[cfg(target_arch = "x86_64")]
    GemmRow {
        name: "gemm_f32_lanes16_avx2",
        isa: IsaId::Avx2,
        class: RoundingClass::Lanes16,
        mr: 1,
        nr: 5,
        panels: 1,
        pack: PackFormat::LanesK,
        block: lanes16::block::<Avx2, 5, 2>,
    },
    #[cfg(target_arch = "x86_64")]
    GemmRow {
        name: "gemm_f32_14x32_avx512",
        isa: IsaId::Avx512,
        class: RoundingClass::Chain,
        mr: 14,
        nr: 32,
        panels: 1,
        pack: PackFormat::Panels { nr: 32 },
        block: chain::block::<Avx512, Micro14x32>,
    },
    #[cfg(target_arch = "x86_64")]
    GemmRow {
        name: "gemm_f32_4x128_avx512",
        isa: IsaId::Avx512,
        class: RoundingClass::Chain,
        mr: 4,
        nr: 32,
        panels: 4,
        pack: PackFormat::Panels { nr: 32 },
        block: chain::block::<Avx512, Few4x128>,
    },
    #[cfg(target_arch = "x86_64")]
    GemmRow {
        name: "gemm_f32_lanes16_avx512",
        isa: IsaId::Avx512,
        class: RoundingClass::Lanes16,
        mr: 1,
        nr: 8,
        panels: 1,
        pack: PackFormat::LanesK,
        block: lanes16::block::<Avx512, 8, 8>,
    },
];

/// The kernel for products of class `class` with about `m` rows. The choice never changes bits, and all rows that an
/// instruction set has for a class share one layout of B.
pub fn select(cpu: Cpu, class: RoundingClass, m: usize) -> &'static GemmRow {
    let portable = match class {
        RoundingClass::Chain => &GEMM[0],
        RoundingClass::Lanes16 => &GEMM[1],
    };
    let legal = GEMM.iter().filter(|row| row.class == class && cpu.has(row.isa));
    legal.fold(portable, |best, row| if row.cost(m) < best.cost(m) { row } else { best })
}

/// The kernel of exactly the set in use for products with B packed as `format` and `m` rows.
pub fn row_for(cpu: Cpu, format: PackFormat, m: usize) -> Option<&'static GemmRow> {
    GEMM.iter().filter(|row| row.isa == cpu.id() && row.pack == format).min_by_key(|row| row.cost(m))
}

/// The kernel of class Chain of exactly the set in use for `m` rows. All of them read one layout of B.
pub(crate) fn chain_row(cpu: Cpu, m: usize) -> Option<&'static GemmRow> {
    GEMM.iter().filter(|row| row.isa == cpu.id() && row.class == RoundingClass::Chain).min_by_key(|row| row.cost(m))
}

/// Multiply-adds of one vector under way before the first ends, on two units: fewer sums wait for each other.
const IN_FLIGHT: usize = 8;

impl GemmRow {
    /// Modelled half cycles for one k and as many columns as four panels of AVX-512 have: two vector instructions start
    /// each cycle. The greatest number where the kernel does not take `m` rows.
    fn cost(&self, m: usize) -> usize {
        let (vectors, width) = match self.isa {
            IsaId::Portable => (8, 16), // products and sums of four lanes
            IsaId::Avx2 => (2, 16),
            IsaId::Avx512 => (1, 16),
        };
        if self.panels > 1 && m > self.mr {
            return usize::MAX;
        }
        let at_once = m.clamp(1, self.mr).saturating_mul(self.panels * vectors * (self.nr / width).max(1));
        let tile = at_once.max(IN_FLIGHT).saturating_mul(128 / (self.panels * self.nr).min(128));
        tile.saturating_mul(m.div_ceil(self.mr).max(1))
    }
}
