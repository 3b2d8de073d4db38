//! `cargo xtask avx512`: the tests of AVX-512 code on an emulated processor, for machines that lack it.

use std::process::Command;

use anyhow::{Context, Result, bail};

use crate::{paths, process};

/// Run the tests of kernels and bits on an emulated processor with AVX-512.
///
/// Builds static test programs and runs each under tools/avx512_emulated.sh (Bochs). Slow: some 6 million instructions a
/// second. On a machine with AVX-512 the ordinary tests do the same at full speed.
#[derive(clap::Args)]
#[command(after_help = "Example: cargo xtask avx512 --only isas")]
pub(crate) struct Args {
    /// Only the test programs with this name.
    #[arg(long, value_name = "NAME")]
    only: Option<String>,
    /// Wall-clock limit of one test program.
    #[arg(long, value_name = "SECONDS", default_value_t = 1200)]
    timeout: u32,
}

const TARGET: &str = "x86_64-unknown-linux-gnu";

/// Packages and test programs that compare instruction sets.
const TESTS: &[(&str, &str)] = &[
    ("fastserve-simd", "isa"),
    ("fastserve-simd", "math"),
    ("fastserve-kernels", "gemm"),
    ("fastserve-kernels", "conv"),
    ("fastserve-kernels", "elementwise"),
    ("fastserve-kernels", "pool"),
    ("fastserve-cpu", "bits"),
    ("fastserve", "isas"),
];

pub(crate) fn run(args: &Args) -> Result<()> {
    let wanted = |name: &str| args.only.as_deref().is_none_or(|only| only == name);
    let tests: Vec<_> = TESTS.iter().filter(|(_, name)| wanted(name)).collect();
    if tests.is_empty() {
        let names: Vec<_> = TESTS.iter().map(|(_, name)| *name).collect();
        bail!("no such test program; there are {}", names.join(", "));
    }
    for (package, name) in tests {
        let program = build(package, name)?;
        println!("== {package} {name}");
        let script = paths::root().join("tools/avx512_emulated.sh");
        let mut command = Command::new(script);
        command.args([
            "-t",
            &args.timeout.to_string(),
            "-e",
            "RUST_BACKTRACE=0",
            "-e",
            "FASTSERVE_TEST_SHARE=10",
            &program,
            "--test-threads=1",
            "--nocapture",
        ]);
        process::run(&mut command)?;
    }
    Ok(())
}

/// Builds a static test program and returns its path.
fn build(package: &str, name: &str) -> Result<String> {
    // Release code: every emulated instruction counts.
    let args = ["test", "--release", "--no-run", "--message-format=json", "--target", TARGET, "-p", package, "--test", name];
    let mut command = process::cargo(&args);
    command.env("RUSTFLAGS", "-C target-feature=+crt-static").env("CARGO_PROFILE_RELEASE_LTO", "off");
    let messages = process::capture(&mut command)?;
    let program = messages.lines().filter_map(executable).next_back();
    program.with_context(|| format!("cargo named no program for {package} {name}"))
}

fn executable(line: &str) -> Option<String> {
    let message: serde_json::Value = serde_json::from_str(line).ok()?;
    message["executable"].as_str().map(str::to_owned)
}
