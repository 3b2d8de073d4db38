//! `cargo xtask tidy`: the rules of the house that the compiler does not know.
//!
//! One file per rule: which crate may use which (`layers`), how long things may be
//! (`sizes`), where `unsafe` may stand (`rooms`), what must be listed and have
//! vectors (`registration`), what may not be written (`words`).

mod layers;
mod lexer;
mod numbers;
mod registration;
mod rooms;
mod sizes;
mod source;
mod words;

use std::fs;
use std::path::PathBuf;
use std::process::Command;

use anyhow::{Context, Result, bail};
use serde::Serialize;

use crate::{paths, process};
use numbers::Numbers;
use source::Source;

/// Check layers, sizes, unsafe code, registration and words.
#[derive(clap::Args)]
#[command(after_help = "Example: cargo xtask tidy --json > tidy.json")]
pub(crate) struct Args {
    /// Print findings and numbers as JSON.
    #[arg(long)]
    pub(crate) json: bool,
}

/// A rule that is broken somewhere.
#[derive(Debug, Serialize)]
pub(crate) struct Finding {
    check: &'static str,
    path: String,
    /// From 1; 0 for the whole file.
    line: usize,
    message: String,
}

impl Finding {
    fn new(check: &'static str, path: &str, line: usize, message: impl Into<String>) -> Self {
        Self { check, path: path.to_owned(), line, message: message.into() }
    }
}

/// The files that belong to the repository.
pub(crate) struct Tree {
    root: PathBuf,
    files: Vec<String>,
    sources: Vec<Source>,
}

/// Prints what is found; anything found is an error.
pub(crate) fn run(args: &Args) -> Result<()> {
    let tree = Tree::read()?;
    let mut findings = layers::check(&tree)?;
    findings.extend(sizes::check(&tree));
    findings.extend(rooms::check(&tree));
    findings.extend(registration::check(&tree));
    findings.extend(words::check(&tree));
    let numbers = Numbers::of(&tree);
    match args.json {
        true => print_json(&findings, &numbers)?,
        false => print_text(&findings, &numbers),
    }
    if !findings.is_empty() {
        bail!("tidy: {} findings", findings.len());
    }
    Ok(())
}

fn print_text(findings: &[Finding], numbers: &Numbers) {
    for Finding { check, path, line, message } in findings {
        match line {
            0 => println!("{path}: {check}: {message}"),
            line => println!("{path}:{line}: {check}: {message}"),
        }
    }
    print!("{}", numbers.table());
}

fn print_json(findings: &[Finding], numbers: &Numbers) -> Result<()> {
    let report = serde_json::json!({ "findings": findings, "numbers": numbers });
    println!("{}", serde_json::to_string_pretty(&report)?);
    Ok(())
}

impl Tree {
    fn read() -> Result<Self> {
        let root = paths::root().to_owned();
        let files = list()?;
        let mut sources = Vec::new();
        for path in files.iter().filter(|f| f.ends_with(".rs")) {
            let text = fs::read_to_string(root.join(path)).with_context(|| format!("cannot read {path}"))?;
            sources.push(Source::new(path, text));
        }
        Ok(Self { root, files, sources })
    }

    fn source(&self, path: &str) -> Option<&Source> {
        self.sources.iter().find(|s| s.path == path)
    }

    fn sources_in(&self, folder: &str) -> impl Iterator<Item = &Source> {
        self.sources.iter().filter(move |s| s.path.starts_with(folder))
    }

    /// Files of this name, in whatever folder.
    fn named(&self, name: &str) -> impl Iterator<Item = &str> {
        let end = format!("/{name}");
        self.files.iter().map(String::as_str).filter(move |f| f.ends_with(&end))
    }
}

/// What git tracks or would track, or without git all files outside build folders.
fn list() -> Result<Vec<String>> {
    let mut git = Command::new("git");
    git.args(["ls-files", "-z", "--cached", "--others", "--exclude-standard"]);
    let Ok(out) = process::capture(git.current_dir(paths::root())) else {
        return walk();
    };
    let there = |f: &&str| !f.is_empty() && paths::root().join(f).is_file();
    let mut files: Vec<String> = out.split('\0').filter(there).map(str::to_owned).collect();
    files.sort();
    files.dedup();
    Ok(files)
}

fn walk() -> Result<Vec<String>> {
    let mut files = Vec::new();
    let mut folders = vec![paths::root().to_owned()];
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(&folder)? {
            let entry = entry?;
            let skipped = ["target", ".git"].iter().any(|s| entry.file_name() == *s);
            match entry.file_type()? {
                kind if kind.is_dir() && !skipped => folders.push(entry.path()),
                kind if kind.is_file() => files.push(paths::relative(&entry.path())),
                _ => {}
            }
        }
    }
    files.sort();
    Ok(files)
}
