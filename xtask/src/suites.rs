//! `cargo xtask suites`: the test suites of the onnx package, as folders in the cache.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result};

use crate::fixtures::{Scratch, publish};
use crate::{oracle, paths, process, sha256};

const SCRIPT: &str = "tools/make_suites.py";
const COUNT: &str = "tools/suite_onnxruntime.py";
/// The suites, each a folder of cases.
const SUITES: &[&str] = &["node", "simple", "pytorch-converted", "pytorch-operator", "light"];

/// Write ONNX's own test suites as folders into the cache; print where they are.
#[derive(clap::Args)]
#[command(after_help = "Example: cargo xtask suites --onnxruntime --only node")]
pub(crate) struct Args {
    /// Run them with onnxruntime and print how many it passes.
    #[arg(long)]
    onnxruntime: bool,
    /// Only this suite is run.
    #[arg(long, value_name = "NAME")]
    only: Option<String>,
}

/// Makes them if need be, and prints their folder last.
pub(crate) fn run(args: &Args) -> Result<()> {
    let python = oracle::python(true)?.context("there is no Python for onnx here: see `cargo xtask oracle`")?;
    let place = make(&python, &paths::cache()?)?;
    if args.onnxruntime {
        let wanted = SUITES.iter().filter(|name| args.only.as_deref().is_none_or(|only| only == **name));
        let mut command = Command::new(&python);
        command.arg(COUNT).args(wanted.map(|name| place.join(name))).arg("--reasons");
        process::run(command.current_dir(paths::root()))?;
    }
    println!("{}", place.display());
    Ok(())
}

/// The folder of all suites. Made aside and renamed; made anew when the script or the environment changes.
pub(crate) fn make(python: &Path, cache: &Path) -> Result<PathBuf> {
    let place = cache.join("suites");
    let made_of = fs::read_to_string(paths::root().join(SCRIPT))? + &python.display().to_string();
    let stamp = sha256::of_bytes(made_of.as_bytes());
    if fs::read_to_string(place.join(".stamp")).is_ok_and(|s| s == stamp) {
        return Ok(place);
    }
    let scratch = Scratch::new(cache)?;
    let aside = scratch.path().join("suites");
    process::run(Command::new(python).arg(SCRIPT).arg(&aside).current_dir(paths::root()))?;
    fs::write(aside.join(".stamp"), stamp)?;
    publish(&aside, &place)?;
    Ok(place)
}
