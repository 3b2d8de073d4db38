//! `fastserve bench`: latency, throughput and memory of a model.

use std::path::PathBuf;
use std::time::{Duration, Instant};

use anyhow::Result;
use fastserve::ir::Dim;
use fastserve::{Session, Signature, Tensor, TensorView};
use serde::Serialize;
use serde_json::Value;

use crate::app::Cx;
use crate::commands::{peer, per_step};
use crate::fail::{Outcome, usage};
use crate::io::inputs::{Extents, InputArgs, Missing, Named, views};
use crate::model::{self, Loaded};
use crate::show::numbers::{si, thousands, time};
use crate::show::{json, progress};
use crate::stats::{Latencies, timed};
use crate::system;

/// The most runs of a measurement by time.
const MAX_ITERS: usize = 1_000_000;

const EXAMPLES: &str = "\
Examples:
  fastserve bench
  fastserve bench model.onnx --batch 8 --threads 1 --seconds 5
  fastserve bench model.onnx --shape tokens=1x128 --per-step
  fastserve bench model.onnx --iters 1000 --json";

/// Options of `bench`.
#[derive(clap::Args)]
#[command(after_help = EXAMPLES)]
pub(crate) struct Args {
    /// ONNX file or text weights; TinyCNN, which the program carries with it, if not given
    model: Option<PathBuf>,
    /// What runs; inputs that nothing gives are random numbers of seed 0
    #[command(flatten)]
    inputs: InputArgs,
    /// First extent of every input
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(1..))]
    batch: Option<u32>,
    #[command(flatten)]
    effort: Effort,
    /// Show where the time goes, step by step
    #[arg(long)]
    per_step: bool,
    /// Answer `run N` lines, as `fastserve peer` does
    #[arg(long, hide = true)]
    peer: bool,
}

/// How long to measure.
#[derive(clap::Args, Clone, Debug)]
pub(crate) struct Effort {
    /// Untimed runs before the timed ones
    #[arg(long, value_name = "N", default_value_t = 10)]
    warmup: usize,
    /// Timed runs, instead of a time
    #[arg(long, value_name = "N", conflicts_with = "seconds", value_parser = clap::value_parser!(u32).range(1..))]
    iters: Option<u32>,
    /// Time to measure, in seconds (at most 1,000,000 runs)
    #[arg(long, value_name = "S", default_value_t = 2.0)]
    seconds: f64,
}

impl Default for Effort {
    fn default() -> Self {
        Self { warmup: 10, iters: None, seconds: 2.0 }
    }
}

/// Measures a model.
pub(crate) fn run(args: &Args, cx: &mut Cx<'_>) -> Result<Outcome> {
    let effort = &args.effort;
    if !(effort.seconds > 0.0 && effort.seconds <= 1e6) {
        return Err(usage("--seconds must be above 0, and at most 1000000"));
    }
    let loaded = model::load_with(args.model.as_deref(), &args.inputs.shape.told(), cx.threads)?;
    let mut inputs = args.inputs.clone();
    if let Some(batch) = args.batch {
        inputs.shape.shapes.extend(batched(loaded.compiled.signature(), batch as usize, &inputs)?);
    }
    let seed = inputs.random_inputs.unwrap_or(0);
    let tensors = inputs.gather(loaded.compiled.signature(), Vec::new(), Missing::Random(seed))?;
    if args.peer {
        return peer::serve(&loaded, &tensors, cx);
    }
    measure(&loaded, &tensors, effort, args.per_step, cx)
}

/// `--shape SYMBOL=batch` for the symbols that are first extents.
fn batched(signature: &Signature, batch: usize, inputs: &InputArgs) -> Result<Vec<Named<Extents>>> {
    let mut shapes = Vec::new();
    for port in signature.inputs.iter().filter(|p| inputs.shape.shapes.iter().all(|s| s.name != p.name)) {
        match port.dims.first() {
            Some(Dim::Sym(s)) => shapes.extend(signature.symbols.get(s.index()).map(|name| named(name, batch))),
            Some(Dim::Known(n)) if *n != batch => {
                return Err(usage(format!("--batch {batch}: input `{}` takes {}, whose batch is fixed", port.name, port.expected())));
            }
            _ => {}
        }
    }
    Ok(shapes)
}

fn named(symbol: &str, value: usize) -> Named<Extents> {
    Named { name: symbol.to_owned(), value: Extents(vec![value]) }
}

/// What is measured; the keys are part of the program's interface.
#[derive(Serialize)]
struct Report {
    model: String,
    batch: usize,
    threads: usize,
    granted: String,
    isa: String,
    load_ms: f64,
    first_ms: f64,
    median_us: f64,
    p90_us: f64,
    p99_us: f64,
    min_us: f64,
    throughput_per_s: f64,
    peak_rss_bytes: u64,
    involuntary_switches: u64,
    latency_us: Vec<f64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    steps: Option<Vec<Value>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    step_sums: Option<Value>,
}

/// Measures a loaded model on these inputs.
pub(crate) fn measure(loaded: &Loaded, tensors: &[Tensor], effort: &Effort, per_step: bool, cx: &mut Cx<'_>) -> Result<Outcome> {
    let mut session = loaded.compiled.session()?;
    let inputs = views(tensors)?;
    let (first_us, first) = timed(|| session.run(&inputs).map(drop));
    first?;
    let latency_us = repeat(&mut session, &inputs, effort)?;
    let steps = if per_step { Some(per_step::profile(loaded, &mut session, &inputs)?) } else { None };
    let report = Report::new(loaded, tensors, first_us, latency_us, cx.threads);
    if cx.json {
        let (steps, step_sums) = steps.map(|s| s.json()).unzip();
        json::line(cx.out, &Report { steps, step_sums, ..report })?;
    } else {
        report.print(cx)?;
        steps.map_or(Ok(()), |s| per_step::print(&s, cx))?;
    }
    Ok(Outcome::Fine)
}

/// Warms up and runs; microseconds of every timed run.
fn repeat(session: &mut Session, inputs: &[TensorView<'_>], effort: &Effort) -> Result<Vec<f64>> {
    (0..effort.warmup).try_for_each(|_| session.run(inputs).map(drop))?;
    let limit = effort.iters.map_or(MAX_ITERS, |n| n as usize);
    let (start, time) = (Instant::now(), Duration::from_secs_f64(effort.seconds));
    let mut latency_us = Vec::with_capacity(limit.min(1 << 16));
    let bar = progress::bar(1000, "measuring");
    while latency_us.len() < limit && (effort.iters.is_some() || start.elapsed() < time || latency_us.is_empty()) {
        let (us, outputs) = timed(|| session.run(inputs).map(drop));
        outputs?;
        latency_us.push(us);
        let by_time = start.elapsed().as_secs_f64() / effort.seconds;
        let done = if effort.iters.is_some() { latency_us.len() as f64 / limit as f64 } else { by_time };
        bar.set_position((done * 1000.0) as u64);
    }
    progress::finish(&bar);
    Ok(latency_us)
}

impl Report {
    fn new(loaded: &Loaded, tensors: &[Tensor], first_us: f64, latency_us: Vec<f64>, threads: usize) -> Self {
        let latencies = Latencies::new(latency_us.clone());
        let batch = tensors.first().and_then(|t| t.shape().first().copied()).unwrap_or(1);
        Self {
            model: loaded.name.clone(),
            batch,
            threads: system::threads(threads),
            granted: system::granted(),
            isa: system::isa(),
            load_ms: loaded.load_ms,
            first_ms: first_us / 1e3,
            median_us: latencies.median(),
            p90_us: latencies.percentile(90.0),
            p99_us: latencies.percentile(99.0),
            min_us: latencies.min(),
            throughput_per_s: latencies.runs_per_s() * batch as f64,
            peak_rss_bytes: system::peak_rss_bytes(),
            involuntary_switches: system::involuntary_switches(),
            latency_us,
            steps: None,
            step_sums: None,
        }
    }

    fn print(&self, cx: &mut Cx<'_>) -> Result<()> {
        let (batch, threads) = (self.batch, self.threads);
        writeln!(cx.out, "model       {}, batch {batch}, {threads} threads, {}", self.model, self.isa)?;
        writeln!(cx.out, "granted     {}; the system took a core {} times", self.granted, thousands(self.involuntary_switches))?;
        writeln!(cx.out, "load        {}, first run {}", time(self.load_ms * 1e3), time(self.first_ms * 1e3))?;
        let [median, p90, p99, min] = [self.median_us, self.p90_us, self.p99_us, self.min_us].map(time);
        let runs = thousands(self.latency_us.len() as u64);
        writeln!(cx.out, "latency     median {median}, p90 {p90}, p99 {p99}, min {min} ({runs} runs)")?;
        writeln!(cx.out, "throughput  {} per second", thousands(self.throughput_per_s as u64))?;
        Ok(writeln!(cx.out, "memory      {} at most", si(self.peak_rss_bytes, "B"))?)
    }
}
