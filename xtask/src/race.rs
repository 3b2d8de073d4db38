//! `cargo xtask race`: the README's table, measured.

use std::process::Command;

use anyhow::{Context, Result};

use crate::fixtures::Tier;
use crate::{built, fixtures, oracle, paths, process};

/// Measure FastServe beside onnxruntime on the models that ship and that the fixtures hold, in turn.
#[derive(clap::Args)]
#[command(after_help = "Examples:\n  cargo xtask race -- --threads 1,2 --rounds 31\n  \
    cargo xtask race --models -- --threads 1,2 --svg race.svg")]
pub(crate) struct Args {
    /// The networks of testdata/zoo.toml instead of the two small ones; fetches them if need be (134 MB).
    #[arg(long)]
    models: bool,
    /// Options handed to tools/race.py, such as `--batch 1,32 --threads 1,2 --json`.
    #[arg(last = true)]
    options: Vec<String>,
}

pub(crate) fn run(args: &Args) -> Result<()> {
    process::run(&mut process::cargo(&["build", "--release"]))?;
    let python = oracle::python(false)?.context("there is no Python for onnxruntime here: see `cargo xtask oracle`")?;
    let cache = paths::cache()?;
    let mut command = Command::new(&python);
    command.arg("tools/race.py").arg("--fastserve").arg(paths::target().join("release/fastserve"));
    let tier = if args.models { Tier::Models } else { Tier::Default };
    if args.models {
        fixtures::run(&fixtures::Args::up_to(tier))?;
        command.args(["--table", "testdata/zoo.toml", "--cache"]).arg(&cache);
    } else {
        let mnist = cache.join("built/mnist_cnn.onnx");
        command.args(["models/tiny_cnn.onnx:image:1x28x28", &format!("{}:input:1x28x28", mnist.display())]);
    }
    built::make(&python, &cache, tier)?;
    process::run(command.args(&args.options).current_dir(paths::root()))
}
