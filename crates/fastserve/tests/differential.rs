//! Small random graphs against onnxruntime: `tools/differential.py` draws them, and what differs is in `testdata/differential.toml`.
#![allow(clippy::unwrap_used, clippy::panic)]

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::process::Command;

use fastserve::Cpu;
use fastserve_testkit::fixtures;
use fastserve_testkit::node_suite::{Outcome, run_folder};
use serde::Deserialize;

/// Rows that the table may have.
const MOST_ROWS: usize = 30;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Table {
    difference: Vec<Row>,
}

/// A graph that the reference implementation answers as we do and not as onnxruntime does.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Row {
    graphs: Vec<String>,
    #[allow(dead_code, reason = "for the reader")]
    why: String,
}

fn file(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..").join(name)
}

fn table() -> Vec<Row> {
    let table: Table = toml::from_str(&std::fs::read_to_string(file("testdata/differential.toml")).unwrap()).unwrap();
    table.difference
}

/// The folders of `cases` graphs, by name; None where there is no Python for it.
fn graphs(place: &Path, cases: usize, seed: usize) -> Option<BTreeMap<String, Vec<String>>> {
    let Some(python) = fixtures::oracle_python() else {
        println!("skipped: FASTSERVE_ORACLE_PYTHON is not set; `cargo xtask test` sets it");
        return None;
    };
    let mut command = Command::new(python);
    command.arg(file("tools/differential.py")).arg("make").arg(place);
    let done = command.args(["--cases", &cases.to_string(), "--seed", &seed.to_string()]).output().unwrap();
    assert!(done.status.success(), "{}", String::from_utf8_lossy(&done.stderr));
    print!("{}", String::from_utf8_lossy(&done.stdout));
    Some(serde_json::from_str(&std::fs::read_to_string(place.join("index.json")).unwrap()).unwrap())
}

/// Runs all of them; the names of those that came out otherwise must be those of the table.
fn check(cases: usize, seed: usize, least: usize) {
    let place = tempfile::tempdir().unwrap();
    let Some(graphs) = graphs(place.path(), cases, seed) else { return };
    let (backend, known) = (Cpu::new().unwrap(), table());
    let (mut wrong, mut counts) = (Vec::new(), BTreeMap::<&str, usize>::new());
    for (name, operators) in &graphs {
        let mut different: Vec<&str> = operators.iter().map(String::as_str).collect();
        different.sort_unstable();
        different.dedup();
        different.into_iter().for_each(|op| *counts.entry(op).or_default() += 1);
        match run_folder(&backend, &place.path().join(name)) {
            Outcome::Passed => {}
            _ if known.iter().any(|row| row.graphs.contains(name)) => {}
            other => wrong.push(format!("{name} ({}): {other:?}", operators.join(" "))),
        }
    }
    let rare: Vec<_> = counts.iter().filter(|&(_, &n)| n < least).collect();
    println!("{} graphs of {} operators: {} differ", graphs.len(), counts.len(), wrong.len());
    assert!(rare.is_empty(), "in fewer than {least} graphs: {rare:?}");
    assert!(wrong.is_empty(), "seed {seed}, {} of {} graphs:\n{}", wrong.len(), graphs.len(), wrong.join("\n"));
}

#[test]
fn small_graphs_answer_as_onnxruntime() {
    check(600, 1, 1);
}

#[test]
#[ignore = "10,000 graphs"]
fn ten_thousand_graphs_answer_as_onnxruntime() {
    // onnxruntime refuses some operators and types.
    check(10_700, 1, 20);
}

#[test]
fn the_table_is_short() {
    assert!(table().len() <= MOST_ROWS);
}
