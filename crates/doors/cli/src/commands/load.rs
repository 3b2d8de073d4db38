//! `fastserve load`: many requests for a server, and how long their answers take.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::time::Duration;

use anyhow::{Context, Result};
use fastserve_load::{Arrivals, Encoding, Percentiles, Plan, Report, Target, fetch, svg};

use crate::app::Cx;
use crate::fail::{Outcome, usage};
use crate::io::inputs::{Extents, Named};
use crate::show::numbers::{thousands, time};
use crate::show::table::{Left, Right, Table};
use crate::show::{json, progress};

const EXAMPLES: &str = "\
Examples:
  fastserve load --model digits                                  one client in a loop, for 10 seconds
  fastserve load --model mobilenet --clients 32 --batch 4        32 clients, 4 rows each
  fastserve load --model digits --rate 2000 --target-ms 20       2000 requests a second at random; how many come within 20 ms
  fastserve load --model digits --rate 500 --burst 1.8 --plot latency.svg";

/// Options of `load`.
#[derive(clap::Args)]
#[command(after_help = EXAMPLES)]
pub(crate) struct Args {
    /// Where the server's HTTP port is
    #[arg(value_name = "HOST:PORT", default_value = "127.0.0.1:8000", value_parser = Target::parse)]
    target: Target,
    /// Which model is asked
    #[arg(long, short, default_value = "digits")]
    model: String,
    /// Clients, each of which waits for its answer before it asks again
    #[arg(long, short, value_name = "N", default_value_t = 1, conflicts_with = "rate")]
    clients: usize,
    /// Requests a second, sent whether or not the server keeps up; latency counts from when a request was due
    #[arg(long, short, value_name = "PER_SECOND")]
    rate: Option<f64>,
    /// Equal distances between requests, instead of random ones
    #[arg(long, requires = "rate", conflicts_with = "burst")]
    constant: bool,
    /// Turns between this many times the rate (at most 2) and the rest of it
    #[arg(long, requires = "rate", value_name = "FACTOR")]
    burst: Option<f64>,
    /// How long a burst lasts, in seconds
    #[arg(long, value_name = "S", default_value_t = 1.0)]
    burst_seconds: f64,
    /// Connections at most, with --rate
    #[arg(long, value_name = "N", default_value_t = 256)]
    connections: usize,
    /// Time to measure, in seconds
    #[arg(long, value_name = "S", default_value_t = 10.0)]
    seconds: f64,
    /// Time before it counts, in seconds
    #[arg(long, value_name = "S", default_value_t = 1.0)]
    warmup: f64,
    /// What an answer may take to be of use, in milliseconds
    #[arg(long, value_name = "MS")]
    target_ms: Option<f64>,
    /// First extent of every input
    #[arg(long, value_name = "N", default_value_t = 1, value_parser = clap::value_parser!(u32).range(1..=65536))]
    batch: u32,
    /// Extents of an input; open ones are 1 if nothing says otherwise
    #[arg(long = "shape", value_name = "NAME=1x3x224x224")]
    shapes: Vec<Named<Extents>>,
    /// Tensors as JSON numbers, instead of bytes after a JSON header
    #[arg(long)]
    json_tensors: bool,
    /// Seed of what is drawn
    #[arg(long, default_value_t = 0)]
    seed: u64,
    /// Write the distribution of latencies as SVG
    #[arg(long, value_name = "FILE")]
    plot: Option<PathBuf>,
}

impl Args {
    fn plan(&self) -> Result<Plan> {
        let seconds = |value: f64, name: &str| {
            let is_fine = (0.0..=1e6).contains(&value);
            is_fine.then(|| Duration::from_secs_f64(value)).ok_or_else(|| usage(format!("--{name}: expected 0 to 1000000 seconds")))
        };
        let arrivals = match (self.rate, self.burst) {
            (None, _) => Arrivals::Closed { clients: self.clients },
            (Some(rate), Some(factor)) => Arrivals::Bursts { rate, factor, on: seconds(self.burst_seconds, "burst-seconds")? },
            (Some(rate), None) if self.constant => Arrivals::Constant { rate },
            (Some(rate), None) => Arrivals::Poisson { rate },
        };
        Ok(Plan {
            target: self.target.clone(),
            arrivals,
            connections: self.connections,
            warmup: seconds(self.warmup, "warmup")?,
            duration: seconds(self.seconds, "seconds")?,
            target_latency: self.target_ms.map(|ms| seconds(ms / 1e3, "target-ms")).transpose()?,
            seed: self.seed,
        })
    }
}

/// Measures a server.
pub(crate) fn run(args: &Args, cx: &mut Cx<'_>) -> Result<Outcome> {
    let plan = args.plan()?;
    let shapes: BTreeMap<String, Vec<usize>> = args.shapes.iter().map(|s| (s.name.clone(), s.value.0.clone())).collect();
    let encoding = if args.json_tensors { Encoding::Json } else { Encoding::Binary };
    let runtime = tokio::runtime::Builder::new_current_thread().enable_io().enable_time().build().context("no runtime")?;
    let bar = progress::spinner("measuring");
    let report = runtime.block_on(async {
        let request = fetch(&plan.target, &args.model, args.batch as usize, &shapes, encoding, args.seed).await?;
        fastserve_load::run(&plan, request).await
    });
    progress::finish(&bar);
    let report = report?;
    if let Some(path) = &args.plot {
        let title = format!("{}: {}", args.model, load_text(&report));
        std::fs::write(path, svg(&title, &[(args.model.clone(), &report)])).with_context(|| format!("cannot write {}", path.display()))?;
    }
    match cx.json {
        true => json::line(cx.out, &report)?,
        false => print(&report, cx)?,
    }
    let counts = &report.counts;
    Ok(if counts.failed + counts.broken > 0 || counts.answered == 0 { Outcome::Failed } else { Outcome::Fine })
}

fn load_text(report: &Report) -> String {
    match report.rate {
        Some(rate) => format!("{rate} requests a second"),
        None => format!("{} clients", report.connections),
    }
}

fn print(report: &Report, cx: &mut Cx<'_>) -> Result<()> {
    let counts = &report.counts;
    writeln!(cx.out, "{}, {} s", load_text(report), report.seconds)?;
    writeln!(
        cx.out,
        "{} requests: {} answered, {} refused for load, {} failed, {} without an answer",
        thousands(counts.sent),
        thousands(counts.answered),
        thousands(counts.refused),
        thousands(counts.failed),
        thousands(counts.broken)
    )?;
    writeln!(cx.out, "{:.1} answers a second, {:.1} rows a second", report.answers_per_second, report.rows_per_second)?;
    if let Some(goodput) = report.goodput_per_second {
        writeln!(cx.out, "{goodput:.1} answers a second in time")?;
    }
    let mut table = Table::new(&[
        ("", Left),
        ("min", Right),
        ("mean", Right),
        ("p50", Right),
        ("p90", Right),
        ("p99", Right),
        ("p99.9", Right),
        ("max", Right),
    ]);
    let mut row = |name: &str, p: &Percentiles| {
        table.row([name.into(), time(p.min), time(p.mean), time(p.p50), time(p.p90), time(p.p99), time(p.p999), time(p.max)]);
    };
    row("latency", &report.latency_us);
    if report.rate.is_some() {
        row("from sending", &report.service_us);
    }
    report.refusal_us.iter().for_each(|p| row("refusal", p));
    Ok(table.write(cx.out)?)
}
