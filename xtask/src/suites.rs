//! `cargo xtask suites`: the test suites of the onnx package, as folders in the cache.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result};

use crate::fixtures::{Scratch, publish};
use crate::{oracle, paths, process, sha256};

const SCRIPT: &str = "tools/make_suites.py";
const COUNT: &str = "tools/suite_peers.py";
/// What runs the engines that are written in Rust.
const RUST_PEERS: &str = "xtask/peers/Cargo.toml";
/// The suites, each a folder of cases.
const SUITES: &[&str] = &["node", "simple", "pytorch-converted", "pytorch-operator", "light"];

/// Write ONNX's own test suites as folders into the cache; print where they are.
#[derive(clap::Args)]
#[command(after_help = "Example: cargo xtask suites --peers onnxruntime,tract --only node --opset 22")]
pub(crate) struct Args {
    /// Run them with other engines and print how many each passes: onnxruntime, tract, rten.
    #[arg(long, value_name = "NAMES", value_delimiter = ',', value_parser = ["onnxruntime", "tract", "rten"])]
    peers: Vec<String>,
    /// Only this suite is run.
    #[arg(long, value_name = "NAME")]
    only: Option<String>,
    /// Only models up to this version of ONNX's operators are run.
    #[arg(long, value_name = "VERSION")]
    opset: Option<u32>,
    /// A folder of cases from elsewhere to run too.
    #[arg(long, value_name = "FOLDER")]
    also: Option<PathBuf>,
    /// Name the folders that did not pass, with the reasons.
    #[arg(long)]
    reasons: bool,
}

/// Makes them if need be, and prints their folder last.
pub(crate) fn run(args: &Args) -> Result<()> {
    let python = oracle::python(true)?.context("there is no Python for onnx here: see `cargo xtask oracle`")?;
    let place = make(&python, &paths::cache()?)?;
    for peer in &args.peers {
        count(peer, args, &python, &place)?;
    }
    println!("{}", place.display());
    Ok(())
}

/// Prints how many folders a peer passes.
fn count(peer: &str, args: &Args, python: &Path, place: &Path) -> Result<()> {
    let wanted = SUITES.iter().filter(|name| args.only.as_deref().is_none_or(|only| only == **name));
    let mut command = Command::new(python);
    command.arg(COUNT).args(wanted.map(|name| place.join(name))).args(&args.also).args(["--engine", peer]);
    if peer != "onnxruntime" {
        process::run(&mut process::cargo(&[
            "build",
            "--release",
            "--locked",
            "--manifest-path",
            RUST_PEERS,
            "--target-dir",
            &peers_target(),
        ]))?;
        command.args(["--program", &format!("{}/release/xtask-peers", peers_target())]);
    }
    if let Some(opset) = args.opset {
        command.args(["--opset", &opset.to_string()]);
    }
    if args.reasons {
        command.arg("--reasons");
    }
    process::run(command.current_dir(paths::root()))
}

fn peers_target() -> String {
    paths::target().join("peers").display().to_string()
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
