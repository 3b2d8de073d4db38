//! Interleaved rounds: in each, every step runs for a while, then the peak.

use crate::common::multiply_adds;
use crate::steps::{Check, Problem, Run, STEPS, Step};
use fastserve_kernels::KernelError;
use fastserve_parallel::Team;
use fastserve_simd::Cpu;
use std::error::Error;
use std::hint::black_box;
use std::time::Instant;

/// A sample takes at least as long, so that neither the clock nor waking a thread counts.
const SAMPLE_S: f64 = 1e-3;
/// What all samples of a step at one size may take, where that leaves it `FEWEST` rounds.
const STEP_S: f64 = 0.6;
/// Multiply-adds of each chain in a sample of the peak: some milliseconds.
const PEAK_STEPS: usize = 400_000;
const FEWEST: usize = 3;
const MOST: usize = 31;

/// A step at a size. GFLOP/s are those of the median, of the tenth and of the ninetieth percentile of the runs.
pub(crate) struct Figure {
    pub(crate) n: usize,
    pub(crate) step: &'static Step,
    pub(crate) gflops: f64,
    pub(crate) low: f64,
    pub(crate) high: f64,
    pub(crate) runs: usize,
}

/// GFLOP/s of multiply-adds that stay in registers, on one core and on two.
pub(crate) struct Peaks([f64; 2]);

impl Peaks {
    pub(crate) fn of(&self, threads: usize) -> f64 {
        self.0[threads.clamp(1, 2) - 1]
    }
}

/// Samples of one thing, in GFLOP/s.
#[derive(Default)]
struct Samples(Vec<f64>);

impl Samples {
    fn quantile(&mut self, q: f64) -> f64 {
        self.0.sort_by(f64::total_cmp);
        let at = (q * self.0.len().saturating_sub(1) as f64).round() as usize;
        self.0.get(at).copied().unwrap_or(f64::NAN)
    }
}

/// Measures every step at every size that it is for, after checking its result.
pub(crate) fn all(sizes: &[usize]) -> Result<(Vec<Figure>, Peaks), Box<dyn Error>> {
    let (mut figures, mut peaks) = (Vec::new(), [Samples::default(), Samples::default()]);
    for &n in sizes {
        figures.extend(size(n, &mut peaks)?);
    }
    let peaks = peaks.map(|mut samples| samples.quantile(0.5));
    Ok((figures, Peaks(peaks)))
}

/// A step about to be measured.
struct Runner<'a> {
    step: &'static Step,
    run: Run<'a>,
    /// Products of a sample, and how many samples to take.
    repeats: usize,
    rounds: usize,
    samples: Samples,
}

fn size(n: usize, peaks: &mut [Samples; 2]) -> Result<Vec<Figure>, Box<dyn Error>> {
    let problem = Problem::new(n);
    let mut check = Check::new(&problem);
    let mut c = vec![f32::NAN; n * n];
    let mut runners = Vec::new();
    for step in STEPS.iter().filter(|step| n <= step.largest) {
        let Some(mut run) = (step.start)(&problem)? else { continue };
        c.fill(f32::NAN);
        let mut once = seconds(&mut run, 1, &mut c)?;
        check.result(step, &c)?;
        if once < STEP_S / 10.0 {
            // The first run has met cold memory.
            once = seconds(&mut run, 1, &mut c)?;
        }
        let repeats = (SAMPLE_S / once).ceil().max(1.0);
        let rounds = ((STEP_S / (once * repeats)) as usize).clamp(FEWEST, MOST);
        runners.push(Runner { step, run, repeats: repeats as usize, rounds, samples: Samples::default() });
    }
    for round in 0..runners.iter().map(|runner| runner.rounds).max().unwrap_or(0) {
        for runner in runners.iter_mut().filter(|runner| round < runner.rounds) {
            runner.samples.0.push(problem.flops() / seconds(&mut runner.run, runner.repeats, &mut c)? / 1e9);
        }
        for (threads, samples) in [1, 2].into_iter().zip(peaks.iter_mut()) {
            samples.0.push(peak(threads));
        }
    }
    Ok(runners.into_iter().map(|runner| figure(n, runner)).collect())
}

fn figure(n: usize, Runner { step, mut samples, .. }: Runner<'_>) -> Figure {
    let [low, gflops, high] = [0.1, 0.5, 0.9].map(|q| samples.quantile(q));
    Figure { n, step, gflops, low, high, runs: samples.0.len() }
}

/// Seconds of one product, the mean of `repeats`. Where these are short, one before them brings its matrices into the caches.
fn seconds(run: &mut Run<'_>, repeats: usize, c: &mut [f32]) -> Result<f64, KernelError> {
    if repeats > 1 {
        run(c)?;
    }
    let start = Instant::now();
    for _ in 0..repeats {
        run(black_box(&mut *c))?;
    }
    Ok(start.elapsed().as_secs_f64() / repeats as f64)
}

/// GFLOP/s of chains of the widest vectors on each thread.
fn peak(threads: usize) -> f64 {
    let (cpu, team) = (Cpu::detect(), Team::global(threads));
    // So that all threads are awake.
    team.run(team.threads(), &|_, _| {});
    let start = Instant::now();
    team.run(team.threads(), &|_, _| {
        multiply_adds(cpu, PEAK_STEPS);
    });
    let flops = multiply_adds(cpu, 1) * (PEAK_STEPS * team.threads()) as f64;
    flops / start.elapsed().as_secs_f64() / 1e9
}
