//! `cargo xtask oracle`: a python environment with another engine in it, made from
//! verified wheels and nothing else, to compare results with.

use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, bail};

use crate::fixtures::{self, Fixture, Manifest, Package, Scratch};
use crate::python::Python;
use crate::{paths, process, sha256};

const MANIFEST: &str = "testdata/fixtures.toml";

/// Make the environment to compare results with; print the path of its python.
#[derive(clap::Args)]
#[command(after_help = "Example: export FASTSERVE_ORACLE_PYTHON=$(cargo xtask oracle | tail -1)")]
pub(crate) struct Args {
    /// With the onnx package too.
    #[arg(long)]
    pub(crate) full: bool,
}

/// Makes the environment if need be and prints its python's path last.
pub(crate) fn run(args: &Args) -> Result<()> {
    match python(args.full)? {
        Some(python) => println!("{}", python.display()),
        None => bail!("no wheels for this python3 and platform: install a python3 that {MANIFEST} has files for"),
    }
    Ok(())
}

/// The environment's python. Environments are named by what is in them, so a
/// change of the manifest makes a new one. None where the wheels don't fit the machine.
pub(crate) fn python(full: bool) -> Result<Option<PathBuf>> {
    let manifest = Manifest::load()?;
    let python = manifest.python()?;
    let cache = paths::cache()?;
    let Some(wheels) = choose(&manifest, &python, full) else {
        return Ok(None);
    };
    let place = cache.join("oracle").join(name(&wheels, &python));
    if !place.join("bin/python").exists() {
        make(&wheels, &python, &cache, &place)?;
    }
    Ok(Some(place.join("bin/python")))
}

fn choose<'m>(manifest: &'m Manifest, python: &Python, full: bool) -> Option<Vec<(&'m Fixture, &'m Package)>> {
    let wheel = |fixture: &'m Fixture| Some((fixture, fixture.choose(python)?));
    manifest.oracle(full).map(wheel).collect()
}

fn name(wheels: &[(&Fixture, &Package)], python: &Python) -> String {
    let mut made_of = python.path.display().to_string();
    for (_, package) in wheels {
        made_of.push_str(&package.sha256);
    }
    format!("py{}-{}", python.version, &sha256::of_bytes(made_of.as_bytes())[..12])
}

/// Made aside and renamed, so that an environment is whole or absent. (Its activation
/// scripts name the old place; nothing uses them.)
fn make(wheels: &[(&Fixture, &Package)], python: &Python, cache: &Path, place: &Path) -> Result<()> {
    let mut archives = Vec::new();
    for (fixture, package) in wheels {
        archives.push(fixtures::provide(fixture, package, python, cache)?.archive);
    }
    let scratch = Scratch::new(cache)?;
    let made = scratch.path().join("env");
    let packages = python.make_venv(&made)?;
    let mut pip = python.module("pip");
    pip.args(["install", "--quiet", "--disable-pip-version-check", "--no-index", "--no-deps"]);
    pip.args(["--no-warn-script-location", "--target"]).arg(&packages).args(&archives);
    process::capture(&mut pip).context("cannot install the oracle")?;
    fs::create_dir_all(place)?;
    fixtures::publish(&made, place)?;
    println!("  made {}", place.display());
    Ok(())
}
