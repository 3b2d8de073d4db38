//! `cargo xtask clients`: programs that others wrote, against our server.

use std::fs;
use std::io::{BufRead, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};

use anyhow::{Context, Result, bail};
use serde_json::Value;

use crate::fixtures::{Scratch, publish};
use crate::python::Python;
use crate::{paths, process, sha256};

const FOLDER: &str = "tools/clients";
const REQUIREMENTS: &str = "tools/clients/requirements.txt";
/// The Pythons that `requirements.txt` has wheels for, all on x86-64 Linux.
const PYTHONS: &[&str] = &["3.11", "3.12", "3.13"];
const PLATFORM: &str = "x86_64-linux";
/// The scripts, in `tools/clients/`.
const SCRIPTS: &[&str] = &["triton_http", "triton_grpc", "kserve_sdk", "promtool_metrics", "schemathesis_rest"];
const MODEL: &str = "models/tiny_cnn.onnx";

/// Drive `fastserve serve` with Triton's clients, KServe's SDK and schemathesis, from pinned packages.
#[derive(clap::Args)]
#[command(after_help = "Example: cargo xtask clients --only triton_grpc")]
pub(crate) struct Args {
    /// Only this script
    #[arg(long, value_name = "NAME", value_parser = clap::builder::PossibleValuesParser::new(SCRIPTS))]
    only: Option<String>,
    /// This program instead of one that is built now
    #[arg(long, value_name = "PATH")]
    program: Option<PathBuf>,
    /// Make the environment, print its python, and end
    #[arg(long)]
    make: bool,
}

/// Makes the environment if need be, starts a server, and runs the scripts; all of them run, whatever fails.
pub(crate) fn run(args: &Args) -> Result<()> {
    let cache = paths::cache()?;
    let python = environment(&cache)?.with_context(|| format!("{REQUIREMENTS} has no wheels for this machine's python3"))?;
    if args.make {
        println!("{}", python.display());
        return Ok(());
    }
    let program = args.program.clone().map_or_else(build, Ok)?;
    let scratch = Scratch::new(&cache)?;
    let server = Server::start(&program, &repository(scratch.path())?)?;
    let chosen = SCRIPTS.iter().filter(|name| args.only.as_deref().is_none_or(|only| only == **name));
    let failed: Vec<&str> = chosen.filter(|name| !server.is_fine_for(&python, name)).copied().collect();
    server.end()?;
    if failed.is_empty() { Ok(()) } else { bail!("failed: {}", failed.join(", ")) }
}

/// The program as it ships.
fn build() -> Result<PathBuf> {
    process::run(&mut process::cargo(&["build", "--release", "--locked", "-p", "fastserve-cli"]))?;
    Ok(paths::target().join("release/fastserve"))
}

/// The environment's python; none where no wheels fit. Environments are named by what is in them.
fn environment(cache: &Path) -> Result<Option<PathBuf>> {
    let fits = |p: &Python| PYTHONS.contains(&p.version.as_str()) && p.platform == PLATFORM;
    let python = Python::find(fits)?;
    if !fits(&python) {
        return Ok(None);
    }
    let requirements = paths::root().join(REQUIREMENTS);
    let made_of = fs::read_to_string(&requirements)? + &python.path.display().to_string();
    let name = format!("py{}-{}", python.version, &sha256::of_bytes(made_of.as_bytes())[..12]);
    let place = cache.join("clients").join(name);
    if !place.join("bin/python").exists() {
        make(&python, &requirements, cache, &place)?;
    }
    Ok(Some(place.join("bin/python")))
}

/// Made aside and renamed, so that an environment is whole or absent. pip compares each wheel with its hash.
fn make(python: &Python, requirements: &Path, cache: &Path, place: &Path) -> Result<()> {
    let scratch = Scratch::new(cache)?;
    let made = scratch.path().join("env");
    let packages = python.make_venv(&made)?;
    let mut pip = python.module("pip");
    pip.args(["install", "--quiet", "--disable-pip-version-check", "--no-deps", "--only-binary", ":all:", "--require-hashes"]);
    pip.args(["--no-warn-script-location", "--target"]).arg(&packages).arg("--requirement").arg(requirements);
    process::capture(&mut pip).context("cannot install the clients")?;
    fs::create_dir_all(place)?;
    publish(&made, place)?;
    println!("  made {}", place.display());
    Ok(())
}

/// A repository with the network of digits twice: one to keep, and a spare one.
fn repository(folder: &Path) -> Result<PathBuf> {
    let place = folder.join("models");
    for name in ["digits", "spare"] {
        let version = place.join(name).join("1");
        fs::create_dir_all(&version)?;
        fs::copy(paths::root().join(MODEL), version.join("model.onnx"))?;
    }
    Ok(place)
}

/// A server that runs until this is dropped.
struct Server {
    child: Child,
    rest: String,
    grpc: String,
}

impl Server {
    /// Starts it on ports that the system chooses, and reads which from its first line.
    fn start(program: &Path, repository: &Path) -> Result<Self> {
        let mut command = Command::new(program);
        command.args(["serve", "--json", "--http-port", "0", "--grpc-port", "0", "--metrics-port", "0"]);
        command.args(["--shutdown-drain-delay", "0", "--allow-model-control"]);
        command.args(["--model-control-mode", "explicit", "--load-model", "*", "--model-repository"]).arg(repository);
        let line = process::line(&command);
        let mut child = command.stdout(Stdio::piped()).spawn().with_context(|| format!("cannot start `{line}`"))?;
        let mut first = String::new();
        let stdout = child.stdout.take().context("no standard output")?;
        let mut server = Self { child, rest: String::new(), grpc: String::new() };
        BufReader::new(stdout).read_line(&mut first)?;
        let told: Value = serde_json::from_str(&first).with_context(|| format!("`{line}` did not say where it listens"))?;
        let at = |what: &str| {
            let places = told["listening"].as_array().into_iter().flatten();
            let place = places.into_iter().find(|p| p["what"] == what).and_then(|p| p["address"].as_str());
            place.map(str::to_owned).with_context(|| format!("the server has no address for {what}"))
        };
        (server.rest, server.grpc) = (at("REST")?, at("gRPC")?);
        Ok(server)
    }

    fn is_fine_for(&self, python: &Path, script: &str) -> bool {
        let mut command = Command::new(python);
        command.arg(format!("{FOLDER}/{script}.py")).args(["--http", &self.rest, "--grpc", &self.grpc]);
        process::run(command.current_dir(paths::root())).is_ok()
    }

    /// Ends it as an orchestrator does; it must end well.
    fn end(mut self) -> Result<()> {
        process::run(Command::new("kill").arg(self.child.id().to_string()))?;
        let status = self.child.wait()?;
        if status.success() { Ok(()) } else { bail!("the server ended with {status}") }
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        // It may have ended by itself.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
