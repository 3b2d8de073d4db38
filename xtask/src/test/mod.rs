//! `cargo xtask test`: what CI runs, step by step, ending at the first that fails.
//!
//! The last line printed is `N passed, N failed`, the sum over all test programs;
//! a step that fails without running a test counts as one failure.

mod counts;
mod steps;

use std::path::PathBuf;
use std::process::Command;
use std::time::Instant;

use anyhow::{Context as _, Result};
use clap::builder::PossibleValuesParser;

use crate::{oracle, paths, process};
use counts::Counts;
use steps::{Done, STEPS, Step};

/// Run all checks and tests; the last line counts them.
#[derive(clap::Args)]
#[command(after_help = "Example: cargo xtask test --only clippy")]
pub(crate) struct Args {
    /// The slow steps too: generated code made anew, long and hostile tests, a release build.
    #[arg(long)]
    full: bool,
    /// Only this step.
    #[arg(long, value_name = "STEP", value_parser = PossibleValuesParser::new(STEPS.iter().map(|s| s.name)))]
    only: Option<String>,
}

/// What steps share.
pub(crate) struct Context {
    full: bool,
    cache: PathBuf,
    counts: Counts,
}

/// Runs the steps; on failure says how to rerun the one that failed.
pub(crate) fn run(args: &Args) -> Result<()> {
    let mut context = Context { full: args.full, cache: paths::cache()?, counts: Counts::default() };
    for step in STEPS.iter().filter(|s| is_wanted(s, args)) {
        if let Err(error) = context.run(step) {
            process::report(&error);
            let full = if args.full { " --full" } else { "" };
            eprintln!("stopped at {0}; only this step: cargo xtask test{full} --only {0}", step.name);
            context.counts.failed_without_tests();
            println!("{}", context.counts);
            std::process::exit(1);
        }
    }
    println!("{}", context.counts);
    Ok(())
}

fn is_wanted(step: &Step, args: &Args) -> bool {
    match &args.only {
        Some(name) => step.name == name,
        None => args.full || !step.only_full,
    }
}

impl Context {
    fn run(&mut self, step: &Step) -> Result<()> {
        println!("== {}: {}", step.name, step.what);
        let start = Instant::now();
        let done = (step.run)(self).with_context(|| format!("step {} failed", step.name))?;
        let seconds = start.elapsed().as_secs_f64();
        match done {
            Done::Ran => println!("-- {}: {seconds:.1} s", step.name),
            Done::Skipped(why) => println!("-- {}: skipped: {why}", step.name),
        }
        Ok(())
    }

    /// Cargo as every step calls it.
    fn cargo(&self, args: &[&str]) -> Command {
        let mut command = process::cargo(args);
        command.env("CARGO_INCREMENTAL", "0");
        command
    }

    /// Runs `cargo test` with what tests may ask for, and counts its results.
    fn cargo_test(&mut self, args: &[&str], isa: Option<&str>) -> Result<()> {
        self.cargo_test_with(args, &[], isa)
    }

    fn cargo_test_with(&mut self, args: &[&str], variables: &[(&str, &str)], isa: Option<&str>) -> Result<()> {
        let mut command = self.cargo(&["test", "--no-fail-fast"]);
        command.args(args).envs(variables.iter().copied()).env("FASTSERVE_CACHE", &self.cache);
        if let Some(python) = oracle::python(self.full)? {
            command.env("FASTSERVE_ORACLE_PYTHON", python);
        }
        match isa {
            Some(isa) => command.env("FASTSERVE_ISA", isa),
            None => command.env_remove("FASTSERVE_ISA"),
        };
        process::for_each_line(&mut command, |line| {
            println!("{line}");
            self.counts.read(line);
        })
    }
}
