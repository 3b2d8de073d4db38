//! `cargo xtask zoo`: `docs/models.md`, measured.

use std::fs;

use anyhow::{Context, Result};

use crate::fixtures::Tier;
use crate::{built, fixtures, oracle, paths, process};

const FILE: &str = "docs/models.md";
const RUN: &[&str] = &["run", "--quiet", "--profile", "long", "-p", "fastserve", "--example", "zoo_report", "--"];
const HEAD: &str = "# Models

`cargo xtask zoo --table` writes this file: the networks of `testdata/zoo.toml` on random inputs, in one process beside onnxruntime 1.32.0.

*Answer* is the largest |a − b| / (1e-4 + 1e-3 |b|) of all outputs and cases, with b onnxruntime's: at most 1 agrees.
With a star: a network of 8-bit codes whose answer is no further from onnxruntime's than onnxruntime's own moves when the inputs (or the scales
of constants) change by millionths; the test `zoo` measures both (`quantized = \"sensitive\"` in the table). *Times* are medians of
runs of the first case on one thread, in turn, in milliseconds. *Same bits* compares one thread with two. *Allocator calls* are those of one
steady run. A network that is refused says what it waits for.

";

/// Compare the networks of testdata/zoo.toml with onnxruntime; fetches them if need be.
#[derive(clap::Args)]
#[command(after_help = "Example: cargo xtask zoo nudenet silero")]
pub(crate) struct Args {
    /// Write all of them into docs/models.md.
    #[arg(long, conflicts_with = "names")]
    table: bool,
    /// Only these networks.
    names: Vec<String>,
}

pub(crate) fn run(args: &Args) -> Result<()> {
    let python = oracle::python(false)?.context("there is no Python for onnxruntime here: see `cargo xtask oracle`")?;
    fixtures::run(&fixtures::Args::up_to(Tier::Zoo))?;
    built::make(&python, &paths::cache()?, Tier::Zoo)?;
    let mut command = process::cargo(RUN);
    command.args(&args.names).env("FASTSERVE_ORACLE_PYTHON", &python);
    if !args.table {
        return process::run(&mut command);
    }
    let table = process::capture(&mut command)?;
    fs::write(paths::root().join(FILE), format!("{HEAD}{table}")).with_context(|| format!("cannot write {FILE}"))
}
