//! From the command line to an exit code: 0 all is well, 1 the work failed, 2 wrong usage.

use std::io::{BufWriter, Write};
use std::process::ExitCode;

use anyhow::Result;
use clap::{CommandFactory, Parser};

use crate::args::{Cli, Command};
use crate::commands::{bench, conformance, detect, diff, embed, inspect, key, legacy, load, optimize, peer, run, serve};
use crate::fail::{self, Outcome};
use crate::show::{clean, style};

/// What every command gets.
pub(crate) struct Cx<'a> {
    /// Results go here, and nothing else does.
    pub(crate) out: &'a mut dyn Write,
    /// Threads asked for; 0 is all that the process is granted.
    pub(crate) threads: usize,
    /// Whether results are JSON.
    pub(crate) json: bool,
    /// Whether results may have colours.
    pub(crate) color: bool,
}

/// Runs the program.
pub(crate) fn main() -> ExitCode {
    let cli = Cli::parse();
    let mut out = BufWriter::new(std::io::stdout().lock());
    let mut cx = Cx { out: &mut out, threads: cli.global.threads, json: cli.global.json, color: style::stdout_has_color() };
    let result = dispatch(cli, &mut cx).and_then(|outcome| Ok(cx.out.flush().map(|()| outcome)?));
    match result {
        Ok(Outcome::Fine) => ExitCode::SUCCESS,
        Ok(Outcome::Failed) => ExitCode::from(1),
        Err(e) if fail::is_closed_pipe(&e) => ExitCode::SUCCESS,
        Err(e) => report(&e),
    }
}

fn dispatch(cli: Cli, cx: &mut Cx<'_>) -> Result<Outcome> {
    let Some(command) = cli.command else {
        return if cli.legacy.is_empty() { first_steps(cx) } else { legacy::run(&cli.legacy, cx) };
    };
    if !cli.legacy.is_empty() {
        return Err(fail::usage("--model, --images, --verbose and --benchmark stand alone; a command takes its model as an argument"));
    }
    match command {
        Command::Run(args) => run::run(&args, cx),
        Command::Bench(args) => bench::run(&args, cx),
        Command::Conformance(args) => conformance::run(&args, cx),
        Command::Detect(args) => detect::run(&args, cx),
        Command::Embed(args) => embed::run(&args, cx),
        Command::Inspect(args) => inspect::run(&args, cx),
        Command::Diff(args) => diff::run(&args, cx),
        Command::Optimize(args) => optimize::run(&args, cx),
        Command::Serve(args) => serve::run(&args, cx),
        Command::Key(args) => key::run(&args, cx),
        Command::Load(args) => load::run(&args, cx),
        Command::Peer(args) => peer::run(&args, cx),
    }
}

/// What to try first.
fn first_steps(cx: &mut Cx<'_>) -> Result<Outcome> {
    let about = Cli::command().get_about().map(ToString::to_string).unwrap_or_default();
    writeln!(cx.out, "{about}\n\n{}\nAll commands and options: fastserve --help", crate::args::FIRST_STEPS)?;
    Ok(Outcome::Fine)
}

fn report(error: &anyhow::Error) -> ExitCode {
    let mut text = format!("error: {}\n", clean::lines(&fail::text(error)));
    if let Some(hint) = fail::hint(error) {
        text += &format!("\n{hint}\n");
    }
    let usage = fail::is_usage(error);
    if usage {
        text += "\nFor more, try '--help'.\n";
    }
    // Nobody is left to be told if this fails.
    let _ = std::io::stderr().write_all(text.as_bytes());
    ExitCode::from(if usage { 2 } else { 1 })
}
