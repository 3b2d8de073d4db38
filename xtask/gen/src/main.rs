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
use prost::Message;
use tonic_prost_build::FileDescriptorSet;

fn main() -> Result<()> {
    let args: Vec<String> = std::env::args().skip(1).collect();
    let [schema, package, bytes_fields @ ..] = args.as_slice() else {
        bail!("usage: xtask-gen SCHEMA PACKAGE [BYTES_FIELD…]");
    };
    print!("{}", generate(Path::new(schema), package, bytes_fields)?);
    Ok(())
}

/// The code for every message and service of `package`; fields named in `bytes_fields`
/// become `bytes::Bytes` instead of `Vec<u8>`. A schema with services also gives its
/// descriptor, which servers answer questions about themselves with.
fn generate(schema: &Path, package: &str, bytes_fields: &[String]) -> Result<String> {
    let folder = schema.parent().context("the schema has no folder")?;
    let descriptors = protox::compile([schema], [folder])
        .with_context(|| format!("cannot compile {}", schema.display()))?;
    let serves = descriptors.file.iter().any(|f| !f.service.is_empty());
    let descriptor = if serves { descriptor(&descriptors) } else { String::new() };
    let out = tempfile::tempdir()?;
    let mut config = prost_build::Config::new();
    config.bytes(bytes_fields);
    tonic_prost_build::configure()
        .build_transport(false)
        .out_dir(out.path())
        .compile_fds_with_config(descriptors, config)?;
    let file = out.path().join(format!("{package}.rs"));
    let code = std::fs::read_to_string(&file)
        .with_context(|| format!("the schema has no package named {package}"))?;
    Ok(code + &descriptor)
}

/// The descriptor as a constant; comments and places in the schema are left out.
fn descriptor(descriptors: &FileDescriptorSet) -> String {
    let mut descriptors = descriptors.clone();
    for file in &mut descriptors.file {
        file.source_code_info = None;
    }
    let escape = |line: &[u8]| line.iter().map(|b| format!("\\x{b:02x}")).collect::<String>();
    let bytes = descriptors.encode_to_vec();
    let lines: Vec<String> = bytes.chunks(32).map(escape).collect();
    format!(
        "\n/// The schema as a `google.protobuf.FileDescriptorSet`.\npub const FILE_DESCRIPTOR_SET: &[u8] = b\"\\\n{}\";\n",
        lines.join("\\\n")
    )
}
