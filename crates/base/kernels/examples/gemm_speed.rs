//! Matrix products beside the peak of fused multiply-adds, measured in the same run:
//! `cargo run --release -p fastserve-kernels --example gemm_speed`.

use fastserve_kernels::gemm::{self, GemmF32, GemmRow};
use fastserve_kernels::{Epilogue, KernelError, gemm_class};
use fastserve_parallel::{Team, granted_cores};
use fastserve_simd::{Cpu, Isa, Kernel};
use std::hint::black_box;
use std::time::Instant;

/// Sixteen-lane multiply-adds over eight independent chains.
struct Peak(usize);

impl Kernel for Peak {
    type Out = f32;
    #[inline(always)]
    fn run<I: Isa>(self, isa: I) -> f32 {
        let (a, b) = (isa.splat(black_box(0.999)), isa.splat(black_box(0.001)));
        let mut acc = [isa.splat(1.0); 6];
        for _ in 0..self.0 {
            for x in &mut acc {
                *x = isa.fma(*x, a, b);
            }
        }
        acc.into_iter().map(|x| isa.reduce_add(x)).sum()
    }
}

/// The shortest of several runs, in seconds.
fn best(mut run: impl FnMut()) -> f64 {
    let mut best = f64::INFINITY;
    for _ in 0..20 {
        let start = Instant::now();
        run();
        best = best.min(start.elapsed().as_secs_f64());
    }
    best
}

fn peak_gflops(cpu: Cpu) -> f64 {
    let steps = 1_000_000;
    let seconds = best(|| {
        black_box(cpu.run(Peak(steps)));
    });
    (steps * 6 * 16 * 2) as f64 / seconds / 1e9
}

fn gemm_gflops(cpu: Cpu, row: &GemmRow, [m, n, k]: [usize; 3], team: Team) -> Result<f64, KernelError> {
    let a: Vec<f32> = (0..m * k).map(|i| (i % 31) as f32 * 0.1 - 1.5).collect();
    let b: Vec<f32> = (0..k * n).map(|i| (i % 29) as f32 * 0.1 - 1.4).collect();
    let mut packed = vec![0.0; row.pack.packed_len(n, k).unwrap_or(0)];
    gemm::pack_b(row.pack, k, n, &b, n, 1, &mut packed)?;
    let mut scratch = vec![0.0; gemm::scratch_len(row, m, k, team.threads())?];
    let mut c = vec![0.0; m * n];
    let epilogue = Epilogue::default();
    let mut result = Ok(());
    let seconds = best(|| {
        let args = GemmF32 {
            m,
            n,
            k,
            a: &a,
            a_row_stride: k,
            a_col_stride: 1,
            b: &packed,
            c: &mut c,
            c_row_stride: n,
            epilogue: &epilogue,
            bias: None,
            residual: None,
        };
        result = gemm::gemm_f32(cpu, row, args, &mut scratch, team);
    });
    black_box(&c);
    result.map(|()| (2 * m * n * k) as f64 / seconds / 1e9)
}

fn main() -> Result<(), KernelError> {
    let shapes = [[256; 3], [1024; 3], [64, 3136, 576], [49, 2048, 512], [128, 1536, 384], [1, 1024, 1024], [1, 10, 1352], [32, 10, 1352]];
    for cpu in Cpu::all_available() {
        let peak = peak_gflops(cpu);
        println!("{:8} fused multiply-add peak, one thread: {peak:.1} GFLOP/s", cpu.name());
        for shape in shapes {
            let [m, n, k] = shape;
            let row = gemm::select(cpu, gemm_class(n, k), m);
            let serial = gemm_gflops(cpu, row, shape, Team::serial())?;
            let team = Team::global(granted_cores());
            let all = gemm_gflops(cpu, row, shape, team)?;
            println!(
                "  {m:4} x {n:4} x {k:4}  {:26} {serial:6.1} GFLOP/s ({:3.0}%), {} threads {all:6.1}",
                row.name,
                100.0 * serial / peak,
                team.threads()
            );
        }
    }
    Ok(())
}
