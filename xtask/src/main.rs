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
mod tidy;

use std::process::ExitCode;

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
    Tidy(tidy::Args),
}

fn main() -> ExitCode {
    match dispatch(Cli::parse().command) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("error: {error}");
            error
                .chain()
                .skip(1)
                .for_each(|cause| eprintln!("  because: {cause}"));
            ExitCode::FAILURE
        }
    }
}

fn dispatch(command: Command) -> Result<()> {
    match command {
        Command::Fixtures(args) => fixtures::run(&args),
        Command::Gen(args) => r#gen::run(&args),
        Command::Oracle(args) => oracle::run(&args),
        Command::Tidy(args) => tidy::run(&args),
    }
}
