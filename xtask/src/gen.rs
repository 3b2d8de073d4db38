//! `cargo xtask gen`: Rust code from protobuf schemas, committed with a stamp.
//!
//! The stamp in a generated file's header holds the hashes of the schema, of the
//! generator and of the code below it. Comparing hashes takes no time, so `--check`
//! does only that; `--check --full` builds the generator and compares the code.

use std::fs;
use std::io::Write;
use std::path::Path;
use std::process::{Command, Stdio};

use anyhow::{Context, Result, bail};

use crate::{paths, process, sha256};

/// Write the code generated from protobuf schemas, and the list of operators.
#[derive(clap::Args)]
#[command(after_help = "Example: cargo xtask gen --check")]
pub(crate) struct Args {
    /// Write nothing; fail if the committed code is not what the schema gives.
    #[arg(long)]
    pub(crate) check: bool,
    /// With --check: generate again and compare, rather than compare hashes.
    #[arg(long, requires = "check")]
    pub(crate) full: bool,
}

/// A schema and the file made from it.
struct Unit {
    schema: &'static str,
    package: &'static str,
    /// Fields decoded without a copy.
    bytes_fields: &'static [&'static str],
    output: &'static str,
    title: &'static str,
}

const UNITS: &[Unit] = &[
    Unit {
        schema: "crates/compiler/formats/onnx/proto/onnx.proto",
        package: "onnx",
        bytes_fields: &[".onnx.TensorProto.raw_data"],
        output: "crates/compiler/formats/onnx/src/proto.rs",
        title: "The ONNX wire types, generated from `proto/onnx.proto`: include as `mod proto;`.",
    },
    Unit {
        schema: "crates/serving/grpc/proto/inference.proto",
        package: "inference",
        bytes_fields: &[".inference.ModelInferRequest.raw_input_contents", ".inference.ModelInferResponse.raw_output_contents"],
        output: "crates/serving/grpc/src/proto.rs",
        title: "The inference service's wire types, server and client, generated from `proto/inference.proto`: include as `mod proto;`.",
    },
];

const GENERATOR: &[&str] = &["xtask/gen/Cargo.lock", "xtask/gen/src/main.rs"];
/// What writes `docs/operators.md`.
const OPERATORS: &[&str] = &["test", "--quiet", "-p", "fastserve", "--test", "operators"];
const END_OF_HEADER: &str = ")]\n\n";

/// Generates every unit, or checks it.
pub(crate) fn run(args: &Args) -> Result<()> {
    for unit in UNITS {
        match (args.check, args.full) {
            (false, _) => write(unit)?,
            (true, false) => check_stamp(unit)?,
            (true, true) => check_code(unit)?,
        }
    }
    // A test makes the list of operators, and compares it in every run of the tests.
    if args.check { Ok(()) } else { process::run(process::cargo(OPERATORS).env("BLESS", "1")) }
}

fn write(unit: &Unit) -> Result<()> {
    let body = generate(unit)?;
    let text = format!("{}{body}", header(unit, &body)?);
    fs::write(paths::root().join(unit.output), text).with_context(|| format!("cannot write {}", unit.output))?;
    println!("wrote {}", unit.output);
    Ok(())
}

fn check_stamp(unit: &Unit) -> Result<()> {
    let (found, body) = committed(unit)?;
    if found != header(unit, &body)? {
        bail!("{} is not what {} and the generator give: run `cargo xtask gen`", unit.output, unit.schema);
    }
    println!("{} matches its stamp", unit.output);
    Ok(())
}

fn check_code(unit: &Unit) -> Result<()> {
    check_stamp(unit)?;
    let (_, old) = committed(unit)?;
    let new = generate(unit)?;
    if let Some((n, (was, is))) = old.lines().zip(new.lines()).enumerate().find(|(_, (a, b))| a != b) {
        bail!("{}, line {} of the code: committed `{was}`, generated `{is}`", unit.output, n + 1);
    }
    if old != new {
        bail!("{}: committed and generated code differ in length", unit.output);
    }
    println!("{} is what the generator gives", unit.output);
    Ok(())
}

/// The committed file, cut after its header.
fn committed(unit: &Unit) -> Result<(String, String)> {
    let text = fs::read_to_string(paths::root().join(unit.output))
        .with_context(|| format!("cannot read {}: run `cargo xtask gen`", unit.output))?;
    let cut = text.find(END_OF_HEADER).map_or(0, |at| at + END_OF_HEADER.len());
    let (header, body) = text.split_at(cut);
    Ok((header.to_owned(), body.to_owned()))
}

fn header(unit: &Unit, body: &str) -> Result<String> {
    Ok(format!(
        "//! {}\n//!\n//! Don't edit: `cargo xtask gen` writes it.\n//!\n//! schema {}\n//! generator {}\n//! code {}\n\
         //! tidy: generated\n#![allow(missing_docs, unreachable_pub, clippy::all{END_OF_HEADER}",
        unit.title,
        hash_of(&[unit.schema])?,
        hash_of(GENERATOR)?,
        sha256::of_bytes(body.as_bytes()),
    ))
}

/// One hash over the text of several files; line ends don't count.
fn hash_of(files: &[&str]) -> Result<String> {
    let mut all = String::new();
    for file in files {
        let path = paths::root().join(file);
        let text = fs::read_to_string(path).with_context(|| format!("cannot read {file}"))?;
        all.push_str(&text.replace("\r\n", "\n"));
    }
    Ok(sha256::of_bytes(all.as_bytes()))
}

/// Runs the generator, then rustfmt on what it gives.
fn generate(unit: &Unit) -> Result<String> {
    let root = paths::root();
    let manifest = root.join("xtask/gen/Cargo.toml");
    let mut command = process::cargo(&["run", "--quiet", "--locked", "--manifest-path"]);
    command.arg(manifest).arg("--target-dir").arg(paths::target().join("gen"));
    command.args(["--", unit.schema, unit.package]).args(unit.bytes_fields);
    let code = process::capture(&mut command)?;
    let code = code.split_once('\n').map_or("", |(_generated_by, rest)| rest);
    rustfmt(code, root)
}

fn rustfmt(code: &str, folder: &Path) -> Result<String> {
    let mut child = Command::new("rustfmt")
        .args(["--edition", "2024", "--emit", "stdout"])
        .current_dir(folder)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .context("cannot start rustfmt: `rustup component add rustfmt`")?;
    let mut stdin = child.stdin.take().context("rustfmt has no standard input")?;
    let code = code.to_owned();
    let writer = std::thread::spawn(move || stdin.write_all(code.as_bytes()));
    let out = child.wait_with_output()?;
    if !out.status.success() {
        bail!("rustfmt refused the generated code ({})", out.status);
    }
    writer.join().ok().context("rustfmt stopped reading")??;
    Ok(String::from_utf8(out.stdout)?)
}
