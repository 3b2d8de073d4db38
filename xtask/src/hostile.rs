//! `cargo xtask hostile`: files made to do harm, loaded and run.

use anyhow::Result;

use crate::fixtures::Tier;
use crate::{built, fixtures, oracle, paths, process};

/// The command that runs the tests.
pub(crate) const TEST: &[&str] = &["test", "--profile", "long", "-p", "fastserve", "--test", "hostile", "--", "--ignored", "--nocapture"];

/// Load and run damaged models, and watch time and memory; fetches the models if need be.
#[derive(clap::Args)]
#[command(after_help = "Example: cargo xtask hostile silero magika\n\
    Every file of testdata/zoo.toml is cut at every percent and has 1000 bytes flipped.")]
pub(crate) struct Args {
    /// Only these networks.
    names: Vec<String>,
}

/// Runs the tests, with what they print.
pub(crate) fn run(args: &Args) -> Result<()> {
    fixtures::run(&fixtures::Args::up_to(Tier::Zoo))?;
    if let Some(python) = oracle::python(false)? {
        built::make(&python, &paths::cache()?, Tier::Zoo)?;
    }
    let mut command = process::cargo(TEST);
    process::run(command.env("FASTSERVE_HOSTILE_ONLY", args.names.join(",")))
}
