//! `fastserve optimize`: a model as ONNX, simplified.

use std::collections::BTreeMap;
use std::path::PathBuf;

use anyhow::Result;
use clap::ValueEnum;
use fastserve::WriteOptions;
use fastserve::ir::Graph;
use serde_json::json;

use crate::app::Cx;
use crate::fail::Outcome;
use crate::model;
use crate::show::numbers::{si, thousands};
use crate::show::table::{Left, Right, Table};
use crate::show::{clean, json};

const EXAMPLES: &str = "\
Examples:
  fastserve optimize model.onnx -o smaller.onnx
  fastserve optimize weights.txt -o model.onnx --level none      (only the format changes)

The file is in standard operators only, so that any runtime reads it; kernels are chosen when a model is loaded, not here.";

/// Options of `optimize`.
#[derive(clap::Args)]
#[command(after_help = EXAMPLES)]
pub(crate) struct Args {
    /// ONNX file, folder with safetensors, or text weights
    model: PathBuf,
    /// The file to write; may be the one that is read
    #[arg(short, long, value_name = "OUT.onnx")]
    output: PathBuf,
    /// How much is changed
    #[arg(long, value_enum, default_value_t = Level::Simplify)]
    level: Level,
    /// Put the weights into a file beside it; from 2 GiB on that is done anyway
    #[arg(long)]
    external_data: bool,
}

/// How much is changed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum Level {
    /// Nothing
    None,
    /// Constants are folded, and what exporters leave behind goes
    Simplify,
}

/// Writes the model.
pub(crate) fn run(args: &Args, cx: &mut Cx<'_>) -> Result<Outcome> {
    let model = model::open(Some(&args.model))?;
    let before = counts(model.graph());
    let model = match args.level {
        Level::None => model,
        Level::Simplify => model.optimized()?,
    };
    let after = counts(model.graph());
    let bytes = model.write_onnx(&args.output, &WriteOptions { external_data: args.external_data })?;
    if cx.json {
        report(args, &before, &after, bytes, cx)?;
    } else {
        print(args, &before, &after, bytes, cx)?;
    }
    Ok(Outcome::Fine)
}

type Counts = BTreeMap<&'static str, u64>;

/// How often each operator is there.
fn counts(graph: &Graph) -> Counts {
    let mut counts = Counts::new();
    graph.nodes().for_each(|(_, node)| *counts.entry(node.op.name()).or_insert(0) += 1);
    counts
}

fn report(args: &Args, before: &Counts, after: &Counts, bytes: u64, cx: &mut Cx<'_>) -> Result<()> {
    let level = args.level.to_possible_value().map(|v| v.get_name().to_owned());
    let value = json!({
        "model": args.model.display().to_string(), "output": args.output.display().to_string(), "level": level, "bytes": bytes,
        "nodes_before": before.values().sum::<u64>(), "nodes_after": after.values().sum::<u64>(), "before": before, "after": after,
    });
    json::line(cx.out, &value)
}

fn print(args: &Args, before: &Counts, after: &Counts, bytes: u64, cx: &mut Cx<'_>) -> Result<()> {
    let mut table = Table::new(&[("operator", Left), ("before", Right), ("after", Right)]);
    let names: std::collections::BTreeSet<&str> = before.keys().chain(after.keys()).copied().collect();
    let count = |counts: &Counts, name: &str| thousands(counts.get(name).copied().unwrap_or(0));
    for name in names {
        table.row([name.to_owned(), count(before, name), count(after, name)]);
    }
    table.row(["all".to_owned(), thousands(before.values().sum()), thousands(after.values().sum())]);
    table.write(cx.out)?;
    writeln!(cx.out, "\nwrote {} ({})", clean::word(&args.output.display().to_string()), si(bytes, "B"))?;
    Ok(())
}
