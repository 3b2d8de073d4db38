//! `cargo xtask simulate`: the batcher in virtual time.

use std::path::PathBuf;

use anyhow::Result;

use crate::{paths, process};

const RUN: &[&str] = &["run", "--release", "-p", "fastserve-batch", "--example", "simulate", "--"];
/// Where the plot lies.
const PLOT: &str = "docs/serving/batching.svg";

/// Compare the adaptive batcher with the best of a grid of fixed settings, in virtual time.
#[derive(clap::Args)]
#[command(after_help = "Examples:\n  cargo xtask simulate\n  cargo xtask simulate --only tiny_cnn --requests 2000 --json")]
pub(crate) struct Args {
    /// Print one JSON object instead of a table.
    #[arg(long)]
    json: bool,
    /// Where the plot is written; docs/serving/batching.svg if absent and all cells are simulated.
    #[arg(long, value_name = "FILE")]
    svg: Option<PathBuf>,
    /// Requests of each run.
    #[arg(long, value_name = "N")]
    requests: Option<usize>,
    /// The first random number.
    #[arg(long, value_name = "SEED")]
    seed: Option<u64>,
    /// Only cells whose name holds this word.
    #[arg(long, value_name = "WORD")]
    only: Option<String>,
}

pub(crate) fn run(args: &Args) -> Result<()> {
    let is_whole = args.only.is_none() && args.requests.is_none() && args.seed.is_none();
    let plot = args.svg.clone().or_else(|| is_whole.then(|| paths::root().join(PLOT)));
    let mut command = process::cargo(RUN);
    let options = [
        ("--svg", plot.map(|p| p.display().to_string())),
        ("--requests", args.requests.map(|n| n.to_string())),
        ("--seed", args.seed.map(|n| n.to_string())),
        ("--only", args.only.clone()),
    ];
    for (name, value) in options {
        command.args(value.into_iter().flat_map(|value| [name.to_owned(), value]));
    }
    command.args(args.json.then_some("--json"));
    process::run(&mut command)
}
