//! The backend trait for the CPU.

use std::sync::Arc;

use fastserve_backend::{Backend, Caps, Claim, CompileError, CompileOptions, Executable};
use fastserve_ir::Graph;
use fastserve_parallel::{Team, granted_cores};
use fastserve_passes::{PassCx, PassError};
use fastserve_simd::{Cpu, FpGuard};

use crate::model::{CpuModel, PassesDid};

/// Runs graphs on this process's CPU, with kernels for the best instruction set it has.
#[derive(Clone, Copy, Debug)]
pub struct CpuBackend {
    cpu: Cpu,
}

impl CpuBackend {
    /// The best instruction set, or the one that `FASTSERVE_ISA` names.
    ///
    /// # Errors
    /// `FASTSERVE_ISA` names no instruction set, or one that this machine lacks.
    pub fn new() -> Result<Self, CompileError> {
        Cpu::from_env().map(Self::with_cpu).map_err(|e| CompileError::Backend(e.to_string()))
    }

    /// A given instruction set.
    pub fn with_cpu(cpu: Cpu) -> Self {
        Self { cpu }
    }

    /// The instruction set in use.
    pub fn cpu(&self) -> Cpu {
        self.cpu
    }
}

impl Backend for CpuBackend {
    fn name(&self) -> &'static str {
        "cpu"
    }

    fn caps(&self) -> Caps {
        Caps { device: self.cpu.name().to_owned(), bit_stable: true, symbolic_shapes: true }
    }

    /// Every operator has a reference body, so that the CPU takes every node.
    fn claim(&self, graph: &Graph) -> Vec<Claim> {
        vec![Claim { nodes: graph.nodes().map(|(id, _)| id).collect(), refused: None }]
    }

    fn compile(&self, graph: &Graph, options: &CompileOptions) -> Result<Arc<dyn Executable>, CompileError> {
        Ok(Arc::new(self.model(graph, options)?))
    }
}

impl CpuBackend {
    fn model(&self, graph: &Graph, options: &CompileOptions) -> Result<CpuModel, CompileError> {
        // Folding computes: the host's control word may not show in the constants.
        let _control_word = FpGuard::enter();
        let mut graph = graph.clone();
        graph.verify()?;
        let failed = |e: PassError| CompileError::Pass { pass: e.pass, why: e.source.to_string() };
        let passes = if options.optimize { fastserve_passes::PIPELINE } else { fastserve_passes::KERNELS };
        let report = fastserve_passes::run(passes, &mut graph, &PassCx::new(self.cpu)).map_err(failed)?;
        let patterns = fastserve_passes::patterns(&report).into_iter().map(|(what, count)| (what.to_owned(), count)).collect();
        let did = PassesDid { patterns, notes: report.into_iter().flat_map(|(_, log)| log.notes).collect() };
        let threads = if options.threads == 0 { granted_cores() } else { options.threads };
        let team = if threads == 1 { Team::serial() } else { Team::global(threads) };
        CpuModel::new(graph, self.cpu, team, did, &|inner| self.model(inner, options))
    }
}
