//! `cargo xtask sweep`: every f32 through the vector maths.

use anyhow::Result;

use crate::process;

const RUN: &[&str] = &["run", "--release", "-p", "fastserve-simd", "--example", "sweep", "--"];

/// Send every f32 bit pattern through the vector maths and report the largest error of each function.
#[derive(clap::Args)]
#[command(after_help = "Example: cargo xtask sweep --function exp,log --isa avx2 --stride 101 --json")]
pub(crate) struct Args {
    /// Functions to try, by name; all if absent.
    #[arg(long, value_name = "NAMES")]
    function: Option<String>,
    /// Instruction sets to try, by name; all that this machine has if absent.
    #[arg(long, value_name = "NAMES")]
    isa: Option<String>,
    /// Take one bit pattern in so many; an odd number reaches every kind of input.
    #[arg(long, value_name = "N")]
    stride: Option<u32>,
    /// Threads; all that this process may use if absent.
    #[arg(long, value_name = "N")]
    threads: Option<usize>,
    /// Print one JSON object instead of a table.
    #[arg(long)]
    json: bool,
}

pub(crate) fn run(args: &Args) -> Result<()> {
    let mut command = process::cargo(RUN);
    let options = [
        ("--function", args.function.clone()),
        ("--isa", args.isa.clone()),
        ("--stride", args.stride.map(|n| n.to_string())),
        ("--threads", args.threads.map(|n| n.to_string())),
    ];
    for (name, value) in options {
        command.args(value.into_iter().flat_map(|value| [name.to_owned(), value]));
    }
    command.args(args.json.then_some("--json"));
    process::run(&mut command)
}
