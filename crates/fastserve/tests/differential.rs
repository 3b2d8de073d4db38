//! Small random graphs against onnxruntime: `tools/differential.py` draws them, and what differs is in `testdata/differential.toml`.
#![allow(clippy::unwrap_used, clippy::panic)]

use std::collections::{BTreeMap, BTreeSet};
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

/// Runs all of them: those that come out otherwise are those of the table. Returns how many there are.
fn check(cases: usize, seed: usize, least: usize) -> Option<usize> {
    let place = tempfile::tempdir().unwrap();
    let graphs = graphs(place.path(), cases, seed)?;
    let backend = Cpu::new().unwrap();
    let (mut differ, mut counts) = (BTreeMap::<&str, String>::new(), BTreeMap::<&str, usize>::new());
    for (name, operators) in &graphs {
        operators.iter().collect::<BTreeSet<_>>().into_iter().for_each(|op| *counts.entry(op).or_default() += 1);
        let outcome = run_folder(&backend, &place.path().join(name));
        if outcome != Outcome::Passed {
            differ.insert(name, format!("{name} ({}): {outcome:?}", operators.join(" ")));
        }
    }
    let rare: Vec<_> = counts.iter().filter(|&(_, &n)| n < least).collect();
    println!("{} graphs of {} operators: {} differ", graphs.len(), counts.len(), differ.len());
    assert!(rare.is_empty(), "in fewer than {least} graphs: {rare:?}");
    let known: BTreeSet<String> = table().into_iter().flat_map(|row| row.graphs).filter(|name| graphs.contains_key(name)).collect();
    let wrong: Vec<_> = differ.iter().filter(|(name, _)| !known.contains(**name)).map(|(_, why)| why.as_str()).collect();
    assert!(wrong.is_empty(), "seed {seed}, {} of {} graphs:\n{}", wrong.len(), graphs.len(), wrong.join("\n"));
    let stale: Vec<_> = known.iter().filter(|name| !differ.contains_key(name.as_str())).collect();
    assert!(stale.is_empty(), "in the table, and yet they agree: {stale:?}");
    Some(graphs.len())
}

#[test]
fn small_graphs_answer_as_onnxruntime() {
    check(600, 1, 1);
}

#[test]
#[ignore = "10,000 graphs"]
fn ten_thousand_graphs_answer_as_onnxruntime() {
    // onnxruntime refuses some operators and types.
    assert!(check(10_700, 1, 20).is_none_or(|graphs| graphs >= 10_000));
}

#[test]
fn the_table_is_short() {
    assert!(table().len() <= MOST_ROWS);
}
