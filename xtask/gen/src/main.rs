//! Turns a protobuf schema into Rust: `xtask-gen SCHEMA PACKAGE BYTES_FIELD…`
//! prints the code to standard output.
//!
//! Run it through `cargo xtask gen`, which adds the header and writes the file.
//! This package is a workspace of its own, with its own lock file, because its
//! some fifty dependencies (a protobuf compiler among them) are needed only when
//! a schema changes: neither `cargo test --workspace` nor a fresh machine's first
//! build should pay for them.

use std::path::Path;

use anyhow::{Context, Result, bail};

fn main() -> Result<()> {
    let args: Vec<String> = std::env::args().skip(1).collect();
    let [schema, package, bytes_fields @ ..] = args.as_slice() else {
        bail!("usage: xtask-gen SCHEMA PACKAGE [BYTES_FIELD…]");
    };
    print!("{}", generate(Path::new(schema), package, bytes_fields)?);
    Ok(())
}

/// The code for every message of `package`; fields named in `bytes_fields`
/// become `bytes::Bytes` instead of `Vec<u8>`.
fn generate(schema: &Path, package: &str, bytes_fields: &[String]) -> Result<String> {
    let folder = schema.parent().context("the schema has no folder")?;
    let descriptors = protox::compile([schema], [folder])
        .with_context(|| format!("cannot compile {}", schema.display()))?;
    let out = tempfile::tempdir()?;
    prost_build::Config::new()
        .bytes(bytes_fields)
        .out_dir(out.path())
        .compile_fds(descriptors)?;
    let file = out.path().join(format!("{package}.rs"));
    std::fs::read_to_string(&file)
        .with_context(|| format!("the schema has no package named {package}"))
}
