//! `cargo xtask differential`: small random graphs, here and in onnxruntime.

use std::process::{Command, Stdio};

use anyhow::{Context, Result, bail};

use crate::fixtures::Scratch;
use crate::{oracle, paths, process};

const SCRIPT: &str = "tools/differential.py";

/// Draw small graphs, run them here and in onnxruntime, and ask ONNX's reference implementation about those that differ.
#[derive(clap::Args)]
#[command(after_help = "Example: cargo xtask differential --cases 1000 --seed 7")]
pub(crate) struct Args {
    /// Graphs to draw, the operators in turn
    #[arg(long, default_value_t = 10_000)]
    cases: usize,
    /// Equal seeds draw equal graphs
    #[arg(long, default_value_t = 1)]
    seed: usize,
    /// Print the names of graphs that agree, differ and are not supported as JSON
    #[arg(long)]
    json: bool,
}

pub(crate) fn run(args: &Args) -> Result<()> {
    let python = oracle::python(true)?.context("there is no Python for onnx here: see `cargo xtask oracle`")?;
    let scratch = Scratch::new(&paths::cache()?)?;
    let graphs = scratch.path().join("graphs");
    let script = || {
        let mut command = Command::new(&python);
        command.arg(SCRIPT).current_dir(paths::root());
        command
    };
    let numbers = ["--cases", &args.cases.to_string(), "--seed", &args.seed.to_string()].map(str::to_owned);
    let made = process::capture(script().arg("make").arg(&graphs).args(numbers))?;
    if !args.json {
        print!("{made}");
    }
    process::run(&mut process::cargo(&["build", "--release", "--quiet"]))?;
    // It exits with 1 where graphs differ, which the report says too.
    let mut ours = Command::new(paths::target().join("release/fastserve"));
    let report = ours.arg("conformance").arg(&graphs).arg("--json").output().context("the program cannot be run")?.stdout;
    if args.json {
        print!("{}", String::from_utf8_lossy(&report));
        return Ok(());
    }
    let mut judge = script().arg("judge").arg(&graphs).stdin(Stdio::piped()).spawn()?;
    std::io::Write::write_all(&mut judge.stdin.take().context("no way to the script")?, &report)?;
    if !judge.wait()?.success() {
        bail!("{SCRIPT} judge failed");
    }
    Ok(())
}
