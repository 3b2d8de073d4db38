//! `cargo xtask race`: the README's table, measured.

use std::process::Command;

use anyhow::{Context, Result};

use crate::{oracle, paths, process};

/// Measure FastServe beside onnxruntime on the models that ship and that the fixtures hold, in turn.
#[derive(clap::Args)]
#[command(after_help = "Example: cargo xtask race -- --threads 1,2 --rounds 31")]
pub(crate) struct Args {
    /// Options handed to tools/race.py, such as `--batch 1,32 --threads 1,2 --json`.
    #[arg(last = true)]
    options: Vec<String>,
}

pub(crate) fn run(args: &Args) -> Result<()> {
    process::run(&mut process::cargo(&["build", "--release"]))?;
    let python = oracle::python(false)?.context("there is no Python for onnxruntime here: see `cargo xtask oracle`")?;
    let mnist = paths::cache()?.join("built/mnist_cnn.onnx");
    let mut command = Command::new(python);
    command.arg("tools/race.py").arg("--fastserve").arg(paths::target().join("release/fastserve"));
    command.args(["models/tiny_cnn.onnx:image:1x28x28", &format!("{}:input:1x28x28", mnist.display())]);
    process::run(command.args(&args.options).current_dir(paths::root()))
}
