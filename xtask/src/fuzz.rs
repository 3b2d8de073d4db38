//! `cargo xtask fuzz`: random bytes into each parser, on stable Rust.
//!
//! Coverage guides the search; without a sanitizer it finds panics, overflows,
//! hangs and excessive memory, which is what safe code can do wrong.

use std::path::{Path, PathBuf};
use std::{env, fs};

use anyhow::{Result, bail};

use crate::{paths, process};

const CARGO_FUZZ: &str = "0.13.2";
const FOLDER: &str = "fuzz";
const MEMORY_LIMIT_MB: u32 = 1024;
const TIME_LIMIT_SECONDS: u32 = 10;

/// Feed random bytes to the parsers.
#[derive(clap::Args)]
#[command(after_help = "Example: cargo xtask fuzz onnx --seconds 600\n\
    What makes a target fail is kept under fuzz/artifacts/TARGET/.")]
pub(crate) struct Args {
    /// One target; all of them, one after the other, if absent.
    target: Option<String>,
    /// For how long, each.
    #[arg(long, default_value_t = 60)]
    seconds: u32,
    /// The same in minutes.
    #[arg(long, conflicts_with = "seconds")]
    minutes: Option<u32>,
}

/// Runs the targets; installs cargo-fuzz into the cache if it is not there.
pub(crate) fn run(args: &Args) -> Result<()> {
    let all = targets()?;
    let chosen = match &args.target {
        Some(one) if !all.contains(one) => bail!("no such target; there are: {}", all.join(", ")),
        Some(one) => vec![one.clone()],
        None => all,
    };
    let tool = cargo_fuzz()?;
    for target in chosen {
        let seconds = args.minutes.map_or(args.seconds, |minutes| minutes.saturating_mul(60));
        println!("== fuzz {target}: {seconds} s");
        fuzz(&tool, &target, seconds)?;
    }
    Ok(())
}

/// The targets are the files.
fn targets() -> Result<Vec<String>> {
    let mut names = Vec::new();
    for entry in fs::read_dir(paths::root().join(FOLDER).join("fuzz_targets"))? {
        let path = entry?.path();
        if path.extension().is_some_and(|e| e == "rs") {
            names.extend(path.file_stem().and_then(|s| s.to_str()).map(str::to_owned));
        }
    }
    names.sort();
    Ok(names)
}

/// The folder of cargo-fuzz in the cache.
fn cargo_fuzz() -> Result<PathBuf> {
    let place = paths::cache()?.join("tools").join(format!("cargo-fuzz-{CARGO_FUZZ}"));
    let bin = place.join("bin");
    if !bin.join("cargo-fuzz").exists() {
        println!("installing cargo-fuzz {CARGO_FUZZ} into {}", place.display());
        let mut install = process::cargo(&["install", "--locked", "--quiet", "cargo-fuzz"]);
        install.args(["--version", CARGO_FUZZ, "--root"]).arg(&place);
        install.env("CARGO_TARGET_DIR", paths::target().join("tools"));
        process::run(&mut install)?;
    }
    Ok(bin)
}

fn fuzz(tool: &Path, target: &str, seconds: u32) -> Result<()> {
    let corpus = paths::root().join(FOLDER).join("corpus").join(target);
    fs::create_dir_all(&corpus)?;
    let mut command = process::cargo(&["fuzz", "run", "--sanitizer", "none", "--target-dir"]);
    command.arg(paths::target().join("fuzz")).arg(target).arg(corpus).args(seeds(target)?);
    command.arg("--").arg(format!("-max_total_time={seconds}"));
    command.arg(format!("-rss_limit_mb={MEMORY_LIMIT_MB}"));
    command.arg(format!("-timeout={TIME_LIMIT_SECONDS}"));
    command.env("PATH", with_path(tool)?);
    process::run(&mut command)
}

/// Folders of files to start from: committed ones, and models from fixtures.
fn seeds(target: &str) -> Result<Vec<PathBuf>> {
    let mut folders = vec![paths::root().join(FOLDER).join("seeds").join(target)];
    if target == "text" {
        folders.push(paths::root().join("testdata/graphs"));
    }
    if target == "onnx" {
        folders.push(paths::cache()?.join("fixtures/onnx-testdata/data/node"));
    }
    folders.retain(|f| f.is_dir());
    Ok(folders)
}

fn with_path(folder: &Path) -> Result<std::ffi::OsString> {
    let rest = env::var_os("PATH").unwrap_or_default();
    let all = std::iter::once(folder.to_owned()).chain(env::split_paths(&rest));
    Ok(env::join_paths(all)?)
}
