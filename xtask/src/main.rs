//! Repository chores, run as `cargo xtask COMMAND`.
//!
//! Everything CI does and everything a contributor repeats by hand is a command
//! here, so that a fresh machine needs no more than cargo, python3 and a network.

mod fixtures;
mod r#gen;
mod oracle;
mod paths;
mod process;
mod python;
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
    Fixtures(fixtures::Args),
    Gen(r#gen::Args),
    Oracle(oracle::Args),
}

fn main() -> Result<()> {
    match Cli::parse().command {
        Command::Fixtures(args) => fixtures::run(&args),
        Command::Gen(args) => r#gen::run(&args),
        Command::Oracle(args) => oracle::run(&args),
    }
}
