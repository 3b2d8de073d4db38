//! Steps 5 to 7: the library's kernels. Tiles of fused multiply-adds in vector registers (`src/gemm/micro.rs`), A packed tile by
//! tile on the way (`src/gemm/chain.rs`), and C cut into tasks for two threads (`src/gemm/split.rs`).

use super::{Problem, Run};
use fastserve_kernels::gemm::{GEMM, GemmB, GemmF32, ScratchSizes, gemm_f32, pack_b, scratch_len};
use fastserve_kernels::{Epilogue, KernelError};
use fastserve_parallel::Team;
use fastserve_simd::{Cpu, IsaId};

/// Twelve registers of sums of sixteen: six rows by two vectors of eight.
pub(super) fn start_avx2(problem: &Problem) -> Result<Option<Run<'_>>, KernelError> {
    start(problem, "gemm_f32_6x16_avx2", IsaId::Avx2, Team::serial())
}

/// Twenty-eight registers of thirty-two: fourteen rows by two vectors of sixteen.
pub(super) fn start_avx512(problem: &Problem) -> Result<Option<Run<'_>>, KernelError> {
    start(problem, "gemm_f32_14x32_avx512", IsaId::Avx512, Team::serial())
}

/// The widest tile that the machine has, where it has two cores.
pub(super) fn start_two_threads(problem: &Problem) -> Result<Option<Run<'_>>, KernelError> {
    let team = Team::global(2);
    if team.threads() < 2 {
        return Ok(None);
    }
    match start(problem, "gemm_f32_14x32_avx512", IsaId::Avx512, team)? {
        None => start(problem, "gemm_f32_6x16_avx2", IsaId::Avx2, team),
        run => Ok(run),
    }
}

fn start<'a>(problem: &'a Problem, row: &str, isa: IsaId, team: Team) -> Result<Option<Run<'a>>, KernelError> {
    let (Some(row), Some(cpu)) = (GEMM.iter().find(|kernel| kernel.name == row), Cpu::with(isa)) else {
        return Ok(None);
    };
    let n = problem.n;
    let mut panels = vec![0.0; row.pack.packed_len(n, n).unwrap_or(0)];
    pack_b(row.pack, n, n, &problem.b, n, 1, &mut panels)?;
    let mut scratch = vec![0.0; scratch_len(row, ScratchSizes { m: n, n, k: n, packed: true }, team.threads())?];
    Ok(Some(Box::new(move |c| {
        let (m, k, a, b) = (n, n, &problem.a[..], GemmB::Packed(&panels));
        let (a_row_stride, a_col_stride, c_row_stride) = (n, 1, n);
        let (epilogue, bias, residual, batch) = (&Epilogue::default(), None, None, &[][..]);
        let args = GemmF32 { m, n, k, a, a_row_stride, a_col_stride, b, c, c_row_stride, epilogue, bias, residual, batch };
        gemm_f32(cpu, row, args, &mut scratch, team)
    })))
}
