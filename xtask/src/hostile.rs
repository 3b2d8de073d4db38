//! `cargo xtask hostile`: files made to do harm, given to the program.

use anyhow::Result;

use crate::{paths, process};

/// The command that runs the tests.
pub(crate) const TEST: &[&str] = &["test", "--release", "-p", "fastserve-cli", "--test", "hostile", "--", "--ignored", "--nocapture"];
const FOLDER: &str = "crates/doors/cli/tests";

/// Give files made to do harm to the program, and watch time and memory.
#[derive(clap::Args)]
#[command(after_help = "Example: cargo xtask hostile")]
pub(crate) struct Args {}

/// Runs the tests in release mode, with what they print.
pub(crate) fn run(_: &Args) -> Result<()> {
    process::run(&mut process::cargo(TEST))
}

/// Whether the tests are there.
pub(crate) fn exists() -> bool {
    let folder = paths::root().join(FOLDER);
    folder.join("hostile.rs").exists() || folder.join("hostile/main.rs").exists()
}
