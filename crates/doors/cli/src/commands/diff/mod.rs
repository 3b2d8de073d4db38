//! `fastserve diff`: our numbers beside somebody else's.

mod expected;
mod oracle;
mod ours;
mod report;

use std::path::PathBuf;

use anyhow::{Context, Result};
use clap::ValueEnum;

use crate::app::Cx;
use crate::commands::compare::Tolerance;
use crate::fail::{Outcome, usage};
use crate::io::inputs::InputArgs;
use crate::model;
use expected::Folder;
use report::Report;

const EXAMPLES: &str = "\
Examples:
  fastserve diff model.onnx --random-inputs 0
  fastserve diff model.onnx --input image=image.npy --per-node
  fastserve diff model.onnx --random-inputs 0 --expected out    (a folder of `run --output-dir out`)

Values differ where |a - b| > ABS + REL * |b|, b being the expected one.
Exit code: 0 all agree; 1 some differ, or there is nothing to compare with.
onnxruntime is found in the Python that FASTSERVE_ORACLE_PYTHON names, else in python3.";

/// Options of `diff`.
#[derive(clap::Args)]
#[command(after_help = EXAMPLES)]
pub(crate) struct Args {
    /// ONNX file or text weights; TinyCNN, which the program carries with it, if not given
    model: Option<PathBuf>,
    /// Who else runs the model
    #[arg(long, value_enum, default_value_t = Against::Onnxruntime, conflicts_with = "expected")]
    against: Against,
    /// Compare with the .npy files of this folder, found by its manifest.json or by the tensors' names (`/` as `_`)
    #[arg(long, value_name = "DIR")]
    expected: Option<PathBuf>,
    #[command(flatten)]
    inputs: InputArgs,
    /// Compare every value of the graph as the file has it, to find the node that goes wrong first
    #[arg(long)]
    per_node: bool,
    /// Largest differences; if not given 1e-5,1e-3 (f16 1e-3,1e-2; bf16 1e-2,5e-2; integers equal)
    #[arg(long, value_name = "ABS,REL")]
    tolerance: Option<Tolerance>,
}

/// Who else runs the model.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum Against {
    Onnxruntime,
}

/// Compares.
pub(crate) fn run(args: &Args, cx: &mut Cx<'_>) -> Result<Outcome> {
    let model = model::open_with(args.model.as_deref(), &args.inputs.shape.told())?;
    let inputs = args.inputs.gather(&model.signature(), Vec::new(), args.inputs.missing())?;
    let mut report = Report::new(model::name(args.model.as_deref()), args.per_node);
    let scratch = tempfile::tempdir().context("cannot make a temporary folder")?;
    let folder = match &args.expected {
        Some(folder) => Folder::open(folder)?,
        None => {
            report.against = "onnxruntime".to_owned();
            let path = oracle::onnx_path(&model, args.model.as_deref())?;
            oracle::run(path, &model.signature(), &inputs, args.per_node, scratch.path())?
        }
    };
    let ours = if args.per_node { ours::all_values(&model, &inputs, cx.threads)? } else { ours::outputs(&model, &inputs, cx.threads)? };
    for value in &ours {
        match folder.read(&value.name)? {
            Some(expected) => report.compare(value, &expected, args.tolerance)?,
            None => report.missing(value),
        }
    }
    if report.is_empty() {
        return Err(usage_or_fail(args));
    }
    report.show(cx)
}

fn usage_or_fail(args: &Args) -> anyhow::Error {
    match &args.expected {
        Some(folder) => usage(format!("none of the model's tensors is in {}; `fastserve inspect` shows their names", folder.display())),
        None => anyhow::anyhow!("onnxruntime gave none of the model's tensors"),
    }
}
