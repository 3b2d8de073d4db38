//! The same product seven times, each step faster than the one before. All matrices are square, of `n` rows, row after row.

mod blocked;
mod library;
mod loop_order;
mod naive;
mod packed;

use crate::truth::{Rng, sum_tolerance};
use fastserve_kernels::KernelError;

/// One product, ready to be run: it overwrites C.
pub(crate) type Run<'a> = Box<dyn FnMut(&mut [f32]) -> Result<(), KernelError> + 'a>;

pub(crate) struct Step {
    pub(crate) name: &'static str,
    /// The largest size at which it takes no more than seconds.
    pub(crate) largest: usize,
    /// Whether it rounds products, so that its bits are those of the naive step; the others fuse.
    pub(crate) rounds_products: bool,
    /// How many threads it runs on.
    pub(crate) threads: usize,
    /// Prepares a run, where the machine can do it.
    pub(crate) start: fn(&Problem) -> Result<Option<Run<'_>>, KernelError>,
}

/// From the first to the last.
pub(crate) const STEPS: [Step; 7] = [
    Step { name: "naive", largest: 1024, rounds_products: true, threads: 1, start: naive::start },
    Step { name: "loop order", largest: 2048, rounds_products: true, threads: 1, start: loop_order::start },
    Step { name: "cache blocks", largest: 2048, rounds_products: true, threads: 1, start: blocked::start },
    Step { name: "packed panels", largest: 2048, rounds_products: true, threads: 1, start: packed::start },
    Step { name: "AVX2 tile", largest: 2048, rounds_products: false, threads: 1, start: library::start_avx2 },
    Step { name: "AVX-512 tile", largest: 2048, rounds_products: false, threads: 1, start: library::start_avx512 },
    Step { name: "two threads", largest: 2048, rounds_products: false, threads: 2, start: library::start_two_threads },
];

/// A and B.
pub(crate) struct Problem {
    pub(crate) n: usize,
    pub(crate) a: Vec<f32>,
    pub(crate) b: Vec<f32>,
}

impl Problem {
    pub(crate) fn new(n: usize) -> Problem {
        let mut rng = Rng(n as u64);
        Problem { n, a: rng.f32s(n * n), b: rng.f32s(n * n) }
    }

    pub(crate) fn flops(&self) -> f64 {
        2.0 * (self.n as f64).powi(3)
    }

    /// The naive product in f64, of some rows.
    fn truth(&self) -> Vec<TrueRow> {
        // Above 1024 one row in eleven, which shares no factor with a tile: it meets all rows of tiles, and takes a second.
        let step = if self.n > 1024 { 11 } else { 1 };
        (0..self.n).step_by(step).map(|i| self.true_row(i)).collect()
    }

    fn true_row(&self, i: usize) -> TrueRow {
        let mut row = TrueRow { i, value: vec![0.0; self.n], magnitude: vec![0.0; self.n] };
        for k in 0..self.n {
            let a = f64::from(self.a[i * self.n + k]);
            for j in 0..self.n {
                let term = a * f64::from(self.b[k * self.n + j]);
                row.value[j] += term;
                row.magnitude[j] += term.abs();
            }
        }
        row
    }
}

struct TrueRow {
    i: usize,
    value: Vec<f64>,
    /// Sums of the terms' magnitudes, which bound the error.
    magnitude: Vec<f64>,
}

/// Compares results with the naive product, and bits where they must be equal.
pub(crate) struct Check {
    n: usize,
    truth: Vec<TrueRow>,
    /// The first result that rounds products, and the first that fuses.
    first: [Option<Vec<f32>>; 2],
}

impl Check {
    pub(crate) fn new(problem: &Problem) -> Check {
        Check { n: problem.n, truth: problem.truth(), first: [None, None] }
    }

    pub(crate) fn result(&mut self, step: &Step, c: &[f32]) -> Result<(), String> {
        let n = self.n;
        for row in &self.truth {
            for (j, &got) in c[row.i * n..][..n].iter().enumerate() {
                let near = (f64::from(got) - row.value[j]).abs() <= sum_tolerance(n, row.magnitude[j]);
                let wrong = || format!("{}, n = {n}: element ({}, {j}) is {got}, not {}", step.name, row.i, row.value[j]);
                near.then_some(()).ok_or_else(wrong)?;
            }
        }
        let first = self.first[usize::from(step.rounds_products)].get_or_insert_with(|| c.to_vec());
        let same = first.iter().zip(c).all(|(x, y)| x.to_bits() == y.to_bits());
        same.then_some(()).ok_or_else(|| format!("{}, n = {n}: the bits are not those of the steps before", step.name))
    }
}

/// Runs every step that this machine can do once, and checks it.
pub(crate) fn check(n: usize) -> Result<usize, Box<dyn std::error::Error>> {
    let problem = Problem::new(n);
    let (mut check, mut ran) = (Check::new(&problem), 0);
    for step in &STEPS {
        if let Some(mut run) = (step.start)(&problem)? {
            let mut c = vec![f32::NAN; n * n];
            run(&mut c)?;
            check.result(step, &c)?;
            ran += 1;
        }
    }
    Ok(ran)
}
