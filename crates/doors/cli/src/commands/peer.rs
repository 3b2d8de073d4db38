//! The protocol of programs that are measured beside each other: a `ready` line, then a `lat` line for each `run N`.

use std::io::BufRead;
use std::path::PathBuf;
use std::str::FromStr;

use anyhow::{Context, Result};
use fastserve::{DType, Session, Tensor, TensorView};
use serde_json::json;

use crate::app::Cx;
use crate::fail::{Outcome, usage};
use crate::io::elements::to_f64;
use crate::io::inputs::{Extents, views};
use crate::io::random::{self, Span};
use crate::model::{self, Loaded};
use crate::show::json;
use crate::stats::timed;
use crate::system::status_kb;

/// Runs of one request.
const MAX_RUNS: usize = 10_000_000;

/// Options of `peer`.
#[derive(clap::Args)]
#[command(after_help = "Example: echo 'run 100' | fastserve peer --model model.onnx --threads 1 --inputs image:f32:1x1x28x28")]
pub(crate) struct Args {
    /// Model file
    #[arg(long, value_name = "FILE")]
    model: PathBuf,
    /// Random inputs: NAME:f32:1x3x224x224 or NAME:i64:1x128:LOW:HIGH
    #[arg(long, value_name = "LIST", value_delimiter = ',', required = true)]
    inputs: Vec<Spec>,
    /// Measure this many runs and leave, instead of reading commands
    #[arg(long, value_name = "N")]
    iters: Option<usize>,
    /// Runs before these
    #[arg(long, value_name = "N", default_value_t = 0)]
    warmup: usize,
}

/// A random input.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Spec {
    name: String,
    dtype: DType,
    dims: Vec<usize>,
    span: Span,
}

impl FromStr for Spec {
    type Err = String;

    fn from_str(s: &str) -> Result<Self, String> {
        let wrong = || format!("expected NAME:TYPE:EXTENTS or NAME:TYPE:EXTENTS:LOW:HIGH, got `{s}`");
        let words: Vec<&str> = s.split(':').collect();
        // Names may have colons: the last word that is a type divides.
        let at = words.iter().rposition(|w| w.parse::<DType>().is_ok()).filter(|at| *at > 0).ok_or_else(wrong)?;
        let dtype = words[at].parse().map_err(|_| wrong())?;
        let (dims, span) = match words[at + 1..] {
            [dims] => (dims, Span::default()),
            [dims, low, high] => (dims, Span { low: low.parse().map_err(|_| wrong())?, high: high.parse().map_err(|_| wrong())? }),
            _ => return Err(wrong()),
        };
        Ok(Self { name: words[..at].join(":"), dtype, dims: dims.parse::<Extents>()?.0, span })
    }
}

/// Loads, and serves or measures.
pub(crate) fn run(args: &Args, cx: &mut Cx<'_>) -> Result<Outcome> {
    let loaded = model::load(Some(&args.model), cx.threads)?;
    let ports = &loaded.compiled.signature().inputs;
    let tensors = ports.iter().map(|port| fill(&args.inputs, &port.name)).collect::<Result<Vec<_>>>()?;
    let Some(iters) = args.iters else { return serve(&loaded, &tensors, cx) };
    let mut session = ready(&loaded, &tensors, cx)?;
    let inputs = views(&tensors)?;
    [args.warmup, iters].into_iter().try_for_each(|count| measure(&mut session, &inputs, count, cx))?;
    Ok(Outcome::Fine)
}

fn fill(specs: &[Spec], name: &str) -> Result<Tensor> {
    let spec = specs.iter().find(|s| s.name == name).ok_or_else(|| usage(format!("--inputs lacks input `{name}`")))?;
    random::tensor(spec.dtype, &spec.dims, 0, spec.span)
}

/// Says `ready` and answers commands until `quit` or the end of the input.
pub(crate) fn serve(loaded: &Loaded, tensors: &[Tensor], cx: &mut Cx<'_>) -> Result<Outcome> {
    let mut session = ready(loaded, tensors, cx)?;
    let inputs = views(tensors)?;
    for line in std::io::stdin().lock().lines() {
        let line = line.context("cannot read commands")?;
        match line.split_whitespace().collect::<Vec<_>>()[..] {
            ["run", count] => measure(&mut session, &inputs, count_of(count)?, cx)?,
            ["quit"] => break,
            [] => {}
            _ => return Err(usage(format!("expected `run N` or `quit`, got `{line}`"))),
        }
    }
    Ok(Outcome::Fine)
}

fn count_of(word: &str) -> Result<usize> {
    let count = word.parse().ok().filter(|n| *n <= MAX_RUNS);
    count.ok_or_else(|| usage(format!("run {word}: expected a number of at most {MAX_RUNS}")))
}

/// The first run, and what it gives.
fn ready(loaded: &Loaded, tensors: &[Tensor], cx: &mut Cx<'_>) -> Result<Session> {
    let mut session = loaded.compiled.session()?;
    let inputs = views(tensors)?;
    let (first_us, outputs) = timed(|| session.run(&inputs));
    let values = to_f64(&outputs?.get(0)?)?;
    let sum: f64 = values.iter().map(|v| v.abs()).sum();
    let head: Vec<f64> = values.into_iter().take(4).collect();
    let event = json!({ "event": "ready", "peer": concat!("fastserve ", env!("CARGO_PKG_VERSION")), "load_us": loaded.load_ms * 1e3,
        "first_us": first_us, "sum": sum, "head": head, "rss_kb": status_kb("VmRSS:"), "peak_kb": status_kb("VmHWM:") });
    json::line(cx.out, &event)?;
    Ok(session)
}

fn measure(session: &mut Session, inputs: &[TensorView<'_>], count: usize, cx: &mut Cx<'_>) -> Result<()> {
    let mut lat_us = Vec::with_capacity(count.min(1 << 16));
    for _ in 0..count {
        let (us, outputs) = timed(|| session.run(inputs).map(drop));
        outputs?;
        lat_us.push(us);
    }
    json::line(cx.out, &json!({ "event": "lat", "lat_us": lat_us, "peak_kb": status_kb("VmHWM:") }))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn specs_are_read() {
        let spec = |name: &str, dtype, dims: &[usize], span| Spec { name: name.into(), dtype, dims: dims.to_vec(), span };
        assert_eq!("x:f32:1x3".parse(), Ok(spec("x", DType::F32, &[1, 3], Span::default())));
        assert_eq!("a:0:i64:2:0:9".parse(), Ok(spec("a:0", DType::I64, &[2], Span { low: 0, high: 9 })));
        assert_eq!("s:f32:scalar".parse(), Ok(spec("s", DType::F32, &[], Span::default())));
        for bad in ["x", "f32:1x3", "x:f99:1", "x:f32", "x:i64:1:2"] {
            assert!(bad.parse::<Spec>().is_err(), "{bad}");
        }
    }
}
