//! Which instruction set runs: found once, narrowed by `FASTSERVE_ISA`.

use crate::isa::{Isa, IsaId, Kernel, portable::Portable};
#[cfg(target_arch = "x86_64")]
use crate::isa::{avx2::Avx2, avx512::Avx512};

/// An instruction set that this machine has. Making one is the proof.
#[derive(Copy, Clone, Debug, PartialEq, Eq, Hash)]
pub struct Cpu(IsaId);

/// `FASTSERVE_ISA` asks for what cannot be had.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum IsaError {
    /// No instruction set has this name.
    #[error("FASTSERVE_ISA: unknown instruction set {0:?}, expected portable, avx2 or avx512")]
    Unknown(String),
    /// The name is known, but this machine lacks the features.
    #[error("FASTSERVE_ISA: this machine does not have {}", .0.name())]
    Unavailable(IsaId),
}

impl Cpu {
    /// The best instruction set available, narrowed by `FASTSERVE_ISA` where that names an available one.
    pub fn detect() -> Cpu {
        Cpu::from_env().unwrap_or_else(|_| Cpu::best())
    }

    /// Like [`Cpu::detect`], but says so where `FASTSERVE_ISA` is unknown or unavailable. An empty value is unset.
    pub fn from_env() -> Result<Cpu, IsaError> {
        match std::env::var_os("FASTSERVE_ISA") {
            Some(name) if !name.is_empty() => Cpu::named(&name.to_string_lossy()),
            _ => Ok(Cpu::best()),
        }
    }

    /// The instruction set called `name`, as in [`IsaId::name`].
    pub fn named(name: &str) -> Result<Cpu, IsaError> {
        let id = IsaId::ALL.iter().copied().find(|id| id.name() == name);
        let id = id.ok_or_else(|| IsaError::Unknown(name.to_owned()))?;
        Cpu::with(id).ok_or(IsaError::Unavailable(id))
    }

    /// The given instruction set, where this machine has it.
    pub fn with(id: IsaId) -> Option<Cpu> {
        available(id).then_some(Cpu(id))
    }

    /// Every instruction set this machine has, the best last. For tests and measurements.
    pub fn all_available() -> Vec<Cpu> {
        IsaId::ALL.iter().filter_map(|&id| Cpu::with(id)).collect()
    }

    /// Which instruction set this is.
    pub const fn id(self) -> IsaId {
        self.0
    }

    /// Its name.
    pub const fn name(self) -> &'static str {
        self.0.name()
    }

    /// Whether code for `id` may run under this choice: the same set, or one that it includes.
    pub const fn has(self, id: IsaId) -> bool {
        match id {
            IsaId::Portable => true,
            IsaId::Avx2 => matches!(self.0, IsaId::Avx2 | IsaId::Avx512),
            IsaId::Avx512 => matches!(self.0, IsaId::Avx512),
        }
    }

    /// Runs `kernel` compiled for this instruction set.
    pub fn run<K: Kernel>(self, kernel: K) -> K::Out {
        #[cfg(target_arch = "x86_64")]
        {
            if let Some(isa) = Avx512::of(self) {
                return isa.enter(kernel);
            }
            if let Some(isa) = Avx2::of(self) {
                return isa.enter(kernel);
            }
        }
        Portable::new().enter(kernel)
    }

    fn best() -> Cpu {
        let best = IsaId::ALL.iter().rev().find_map(|&id| Cpu::with(id));
        best.unwrap_or(Cpu(IsaId::Portable))
    }
}

#[cfg(target_arch = "x86_64")]
fn available(id: IsaId) -> bool {
    match id {
        IsaId::Portable => true,
        IsaId::Avx2 => Avx2::detect().is_some(),
        IsaId::Avx512 => Avx512::detect().is_some(),
    }
}

#[cfg(not(target_arch = "x86_64"))]
fn available(id: IsaId) -> bool {
    id == IsaId::Portable
}
