//! `fastserve conformance`: folders of a model, its inputs, and the outputs that somebody else computed.

mod case;
mod find;
mod guard;
mod report;

use std::path::PathBuf;

use anyhow::Result;
use fastserve::Cpu;

use crate::app::Cx;
use crate::fail::{Outcome, usage};
use crate::show::progress;
use report::Report;

const EXAMPLES: &str = "\
Examples:
  fastserve conformance onnx/backend/test/data/node
  fastserve conformance suites --json
  FASTSERVE_ISA=portable fastserve conformance suites

A case is a folder with model.onnx and test_data_set_*/{input,output}_N.pb, as ONNX's own suites have them. Values differ where
|a - b| > 1e-7 + 1e-3 * |b|, b being the expected one, as in ONNX's runner; f32 and f64 sums may cancel (1e-5 + 1e-4 * |b| is
enough), f16 has 1e-3 + 2e-3 * |b|, bf16 1e-2 + 1.6e-2 * |b|; integers and truth values are equal.
A case is unsupported where loading refuses an operator, a type or an attribute. Exit code: 1 if a case failed, else 0.";

/// Options of `conformance`.
#[derive(clap::Args)]
#[command(after_help = EXAMPLES)]
pub(crate) struct Args {
    /// Folder with cases, at any depth
    dir: PathBuf,
}

/// What became of a case.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Verdict {
    /// Every output of every data set is right.
    Passed,
    /// Something is wrong.
    Failed(String),
    /// Loading says what it needs, and it is not there.
    Unsupported(String),
}

/// Runs every case of a folder.
pub(crate) fn run(args: &Args, cx: &mut Cx<'_>) -> Result<Outcome> {
    let cases = find::cases(&args.dir)?;
    if cases.is_empty() {
        return Err(usage(format!("no folder beneath {} has a {}", args.dir.display(), find::MODEL)));
    }
    let backend = Cpu::new()?;
    let bar = progress::bar(cases.len() as u64, "cases");
    let mut report = Report::default();
    for case in cases {
        let verdict = guard::caught(|| case::run(&backend, &case.path, cx.threads)).unwrap_or_else(Verdict::Failed);
        report.add(case.name, verdict);
        bar.inc(1);
    }
    progress::finish(&bar);
    report.show(cx)
}
