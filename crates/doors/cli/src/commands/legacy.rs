//! The program's form of version 0.1: options without a command.

use std::path::PathBuf;

use anyhow::Result;
use fastserve::{Digits, Tensor};

use crate::app::Cx;
use crate::commands::{bench, digits};
use crate::fail::{Outcome, usage};
use crate::io::inputs::{InputArgs, Missing};
use crate::model::{self, Loaded};
use crate::show::numbers::time;

/// Up to this many pictures get a line each; of more, only the wrong ones.
const LINES: usize = 100;

/// Options of version 0.1.
#[derive(clap::Args, Default)]
#[command(next_help_heading = "Without a command, as in version 0.1")]
pub(crate) struct Args {
    /// Model file: ONNX or text weights; TinyCNN if not given
    #[arg(long, value_name = "FILE")]
    model: Option<PathBuf>,
    /// Labelled pictures as text; those inside if not given
    #[arg(long, value_name = "FILE")]
    images: Option<PathBuf>,
    /// Show each picture, and the probabilities of all classes
    #[arg(long)]
    verbose: bool,
    /// Measure the model instead
    #[arg(long)]
    benchmark: bool,
}

impl Args {
    /// Whether none is given.
    pub(crate) fn is_empty(&self) -> bool {
        self.model.is_none() && self.images.is_none() && !self.verbose && !self.benchmark
    }

    fn digits(&self) -> Result<Digits> {
        Ok(self.images.as_ref().map_or_else(fastserve::embedded_digits, Digits::open)?)
    }
}

/// Classifies or measures.
pub(crate) fn run(args: &Args, cx: &mut Cx<'_>) -> Result<Outcome> {
    let loaded = model::load(args.model.as_deref(), cx.threads)?;
    if args.benchmark {
        let inputs = bench_inputs(&loaded, args)?;
        return bench::measure(&loaded, &inputs, &bench::Effort::default(), false, cx);
    }
    let digits = args.digits()?;
    let report = digits::classify(&loaded, &digits, None)?;
    if cx.json {
        return report.json(&loaded, cx);
    }
    for (i, v) in report.verdicts.iter().enumerate() {
        if args.verbose {
            report.card(&digits, i, cx)?;
        } else if report.verdicts.len() <= LINES || !v.is_correct() {
            writeln!(cx.out, "image {:>3}: {}, {}", i + 1, report.sentence(i, cx.color), time(v.latency_us))?;
        }
    }
    writeln!(cx.out)?;
    report.summary(&loaded, cx)?;
    Ok(Outcome::Fine)
}

/// The first picture if the model takes it, else random numbers.
fn bench_inputs(loaded: &Loaded, args: &Args) -> Result<Vec<Tensor>> {
    let (signature, digits) = (loaded.compiled.signature(), args.digits()?);
    match &signature.inputs[..] {
        [port] if digits::takes(port, &digits) && !digits.is_empty() => Ok(vec![digits.tensor(0)?]),
        _ if args.images.is_some() => Err(usage(format!("{} does not take these pictures", loaded.name))),
        _ => InputArgs::default().gather(signature, Vec::new(), Missing::Random(0)),
    }
}
