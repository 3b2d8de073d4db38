//! Repository chores, run as `cargo xtask COMMAND`.
//!
//! Everything CI does and everything a contributor repeats by hand is a command
//! here, so that a fresh machine needs no more than cargo, python3 and a network.

mod r#gen;
mod paths;
mod process;
mod sha256;

use anyhow::Result;
use clap::{Parser, Subcommand};

/// Repository chores of FastServe.
#[derive(Parser)]
#[command(name = "cargo xtask", bin_name = "cargo xtask")]
struct Cli {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    Gen(r#gen::Args),
}

fn main() -> Result<()> {
    match Cli::parse().command {
        Command::Gen(args) => r#gen::run(&args),
    }
}
