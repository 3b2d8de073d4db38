//! What the examples that measure matrix products share: the peak, the speed of memory, timing, a problem.
#![allow(dead_code)]

use fastserve_kernels::gemm::{self, GemmB, GemmF32, GemmRow, ScratchSizes};
use fastserve_kernels::{Epilogue, KernelError, gemm_class};
use fastserve_parallel::Team;
use fastserve_simd::{Cpu, Isa, IsaId, Kernel};
use std::hint::black_box;
use std::time::Instant;

/// Multiply-adds over `CHAINS` chains of sixteen lanes, which stay in registers.
struct Peak<const CHAINS: usize>(usize);

impl<const CHAINS: usize> Kernel for Peak<CHAINS> {
    type Out = f32;
    #[inline(always)]
    fn run<I: Isa>(self, isa: I) -> f32 {
        let (a, b) = (isa.splat(black_box(0.999)), isa.splat(black_box(0.001)));
        let mut acc = [isa.splat(1.0); CHAINS];
        for _ in 0..self.0 {
            for x in &mut acc {
                *x = isa.fma(*x, a, b);
            }
        }
        acc.into_iter().map(|x| isa.reduce_add(x)).sum()
    }
}

/// Runs fused multiply-adds without loads on this thread, and returns how many operations (two each). Two units with a
/// latency of four need eight vectors under way; AVX-512 has registers for more, AVX2 holds six pairs of eight lanes.
pub(crate) fn multiply_adds(cpu: Cpu, steps: usize) -> f64 {
    let chains = if cpu.id() == IsaId::Avx512 { 16 } else { 6 };
    black_box(if chains == 16 { cpu.run(Peak::<16>(steps)) } else { cpu.run(Peak::<6>(steps)) });
    (steps * chains * 32) as f64
}

/// GFLOP/s of [`multiply_adds`] on one thread: the best of several runs.
pub(crate) fn peak_gflops(cpu: Cpu) -> f64 {
    let one = || {
        let start = Instant::now();
        multiply_adds(cpu, 200_000) / start.elapsed().as_secs_f64() / 1e9
    };
    (0..30).map(|_| one()).fold(0.0, f64::max)
}

struct Sum<'a>(&'a [f32]);

impl Kernel for Sum<'_> {
    type Out = f32;
    #[inline(always)]
    fn run<I: Isa>(self, isa: I) -> f32 {
        let mut acc = [isa.splat(0.0); 8];
        for block in self.0.chunks_exact(128) {
            for (v, acc) in acc.iter_mut().enumerate() {
                *acc = isa.add(*acc, isa.load(&block[v * 16..]));
            }
        }
        acc.into_iter().map(|x| isa.reduce_add(x)).sum()
    }
}

/// Gigabytes a second that one thread reads of 128 MiB: the best of several runs.
pub(crate) fn read_gbytes() -> f64 {
    let data = vec![1.0f32; 32 << 20];
    let mut best = f64::INFINITY;
    for _ in 0..8 {
        let start = Instant::now();
        black_box(Cpu::detect().run(Sum(black_box(&data))));
        best = best.min(start.elapsed().as_secs_f64());
    }
    (data.len() * 4) as f64 / best / 1e9
}

/// How often to run work of so many nanoseconds.
pub(crate) fn rounds(ns: f64) -> usize {
    (4e7 / ns) as usize % 100_000 / 8 + 9
}

/// Times of one thing, in seconds.
#[derive(Default)]
pub(crate) struct Timer(Vec<f64>);

impl Timer {
    /// Runs it once. What takes less than a reading of the clock is run several times.
    pub(crate) fn time<E>(&mut self, mut run: impl FnMut() -> Result<(), E>) -> Result<(), E> {
        let start = Instant::now();
        run()?;
        self.0.push(start.elapsed().as_secs_f64());
        Ok(())
    }

    pub(crate) fn median(mut self) -> f64 {
        self.0.sort_by(f64::total_cmp);
        self.0[self.0.len() / 2]
    }
}

/// A product with packed weights, as a network has it.
pub(crate) struct Problem {
    pub(crate) row: &'static GemmRow,
    cpu: Cpu,
    sizes: [usize; 3],
    a: Vec<f32>,
    packed: Vec<f32>,
    pub(crate) c: Vec<f32>,
    scratch: Vec<f32>,
}

impl Problem {
    pub(crate) fn new(cpu: Cpu, [m, n, k]: [usize; 3]) -> Result<Problem, KernelError> {
        let row = gemm::select(cpu, gemm_class(n, k), m);
        let (a, b) = (numbers(m * k, 31), numbers(k * n, 29));
        let mut packed = vec![0.0; row.pack.packed_len(n, k).unwrap_or(0)];
        gemm::pack_b(row.pack, k, n, &b, n, 1, &mut packed)?;
        let scratch = vec![0.0; gemm::scratch_len(row, ScratchSizes { m, n, k, packed: true }, 2)?];
        Ok(Problem { row, cpu, sizes: [m, n, k], a, packed, c: vec![0.0; m * n], scratch })
    }

    pub(crate) fn run(&mut self, team: Team) -> Result<(), KernelError> {
        let [m, n, k] = self.sizes;
        let epilogue = &Epilogue::default();
        let (a, b, c) = (&self.a[..], GemmB::Packed(&self.packed), &mut self.c[..]);
        let (a_row_stride, a_col_stride, c_row_stride, bias, residual, batch) = (k, 1, n, None, None, &[][..]);
        let args = GemmF32 { m, n, k, a, a_row_stride, a_col_stride, b, c, c_row_stride, epilogue, bias, residual, batch };
        gemm::gemm_f32(self.cpu, self.row, args, &mut self.scratch, team)
    }
}

/// Some numbers around 0, of period `period`.
pub(crate) fn numbers(len: usize, period: usize) -> Vec<f32> {
    (0..len).map(|i| (i % period) as f32 * 0.1 - 0.05 * period as f32).collect()
}

/// One flat object.
pub(crate) fn json(name: &str, numbers: &[(&str, f64)]) -> String {
    let fields: String = numbers.iter().map(|(key, value)| format!(",\"{key}\":{value:.2}")).collect();
    format!("{{\"kernel\":\"{name}\"{fields}}}")
}
