//! Repository chores, run as `cargo xtask COMMAND`.
//!
//! Everything CI does and everything a contributor repeats by hand is a command
//! here, so that a fresh machine needs no more than cargo, python3 and a network.

mod avx512;
mod built;
mod clients;
mod container;
mod differential;
mod fixtures;
mod fuzz;
mod r#gen;
mod hostile;
mod oracle;
mod paths;
mod process;
mod python;
mod race;
mod sha256;
mod simulate;
mod suites;
mod sweep;
mod test;
mod tidy;
mod zoo;

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
    Avx512(avx512::Args),
    Clients(clients::Args),
    Container(container::Args),
    Fixtures(fixtures::Args),
    Fuzz(fuzz::Args),
    Gen(r#gen::Args),
    Hostile(hostile::Args),
    Oracle(oracle::Args),
    Race(race::Args),
    Differential(differential::Args),
    Simulate(simulate::Args),
    Suites(suites::Args),
    Sweep(sweep::Args),
    Test(test::Args),
    Tidy(tidy::Args),
    Zoo(zoo::Args),
}

fn main() -> ExitCode {
    match dispatch(Cli::parse().command) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            process::report(&error);
            ExitCode::FAILURE
        }
    }
}

fn dispatch(command: Command) -> Result<()> {
    match command {
        Command::Avx512(args) => avx512::run(&args),
        Command::Clients(args) => clients::run(&args),
        Command::Container(args) => container::run(&args),
        Command::Fixtures(args) => fixtures::run(&args),
        Command::Fuzz(args) => fuzz::run(&args),
        Command::Gen(args) => r#gen::run(&args),
        Command::Hostile(args) => hostile::run(&args),
        Command::Oracle(args) => oracle::run(&args),
        Command::Race(args) => race::run(&args),
        Command::Differential(args) => differential::run(&args),
        Command::Simulate(args) => simulate::run(&args),
        Command::Suites(args) => suites::run(&args),
        Command::Sweep(args) => sweep::run(&args),
        Command::Test(args) => test::run(&args),
        Command::Tidy(args) => tidy::run(&args),
        Command::Zoo(args) => zoo::run(&args),
    }
}
