//! Instruction-set tokens and vector maths.
//!
//! Maths is written once over [`Isa`], a vector of sixteen `f32` lanes whatever the machine's width is. Because the
//! logical width is the same everywhere, and every reduction uses one fixed tree, instruction sets with a fused
//! multiply-add give equal bits. [`Cpu`] enters the code of one instruction set, chosen at run time.
//!
//! ```
//! use fastserve_simd::{Cpu, Isa, Kernel};
//!
//! struct Sum<'a>(&'a [f32]);
//! impl Kernel for Sum<'_> {
//!     type Out = f32;
//!     #[inline(always)]
//!     fn run<I: Isa>(self, isa: I) -> f32 {
//!         let mut acc = isa.splat(0.0);
//!         for lanes in self.0.chunks(16) {
//!             acc = isa.add(acc, isa.load_partial(lanes, 0.0));
//!         }
//!         isa.reduce_add(acc)
//!     }
//! }
//! assert_eq!(Cpu::detect().run(Sum(&[1.0; 40])), 40.0);
//! ```

mod cpu;
mod fpenv;
mod isa;
pub mod math;

pub use cpu::{Cpu, IsaError};
pub use fpenv::FpGuard;
pub use isa::portable::Portable;
pub use isa::{Isa, IsaId, Kernel, LANES};
#[cfg(target_arch = "x86_64")]
pub use isa::{avx2::Avx2, avx512::Avx512};
