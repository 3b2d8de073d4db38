//! ONNX's own test suites: every folder passes, or says what is missing.
#![allow(clippy::unwrap_used, clippy::panic)]

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use fastserve::Cpu;
use fastserve_testkit::fixtures;
use fastserve_testkit::node_suite::{Outcome, run_folder};

/// Folders whose data has other extents than their model declares: refusing the input is the right answer.
const CONTRADICTORY: &[&str] = &[
    "test_castlike_BFLOAT16_to_FLOAT",
    "test_castlike_BFLOAT16_to_FLOAT_expanded",
    "test_castlike_FLOAT_to_BFLOAT16",
    "test_castlike_FLOAT_to_BFLOAT16_expanded",
];

/// Folders whose outputs another generator (NumPy's) drew: types and extents agree, elements need not.
const DRAWN: &[&str] = &[
    "test_bernoulli",
    "test_bernoulli_double",
    "test_bernoulli_double_expanded",
    "test_bernoulli_expanded",
    "test_bernoulli_seed",
    "test_bernoulli_seed_expanded",
    "test_training_dropout",
    "test_training_dropout_default",
    "test_training_dropout_default_mask",
    "test_training_dropout_mask",
];

/// Folders whose expected values are written with three or four digits.
const ROUNDED: &[&str] = &[
    "test_averagepool_2d_ceil_last_window_starts_on_pad",
    "test_gridsample_bicubic",
    "test_roialign_aligned_false",
    "test_roialign_aligned_true",
];

/// Folders of an older suite whose expected values were made with 3.1415 for π.
const ROUGH: &[&str] = &["test_blackmanwindow", "test_hammingwindow", "test_hannwindow"];

fn folders(suite: &Path) -> Vec<PathBuf> {
    let mut folders: Vec<_> = std::fs::read_dir(suite).unwrap().map(|e| e.unwrap().path()).filter(|p| p.is_dir()).collect();
    folders.sort();
    folders
}

/// Runs a suite; `passed_before` is how many passed when this was last looked at: fewer is a loss of something that worked.
fn run(suite: &Path, passed_before: usize) {
    let backend = Cpu::new().unwrap();
    let (mut passed, mut unsupported, mut failed) = (0, BTreeMap::<String, Vec<String>>::new(), Vec::new());
    let folders = folders(suite);
    for folder in &folders {
        let name = folder.file_name().unwrap().to_str().unwrap();
        match run_folder(&backend, folder) {
            Outcome::Passed => passed += 1,
            Outcome::Unsupported(why) => unsupported.entry(reason(&why)).or_default().push(name.to_owned()),
            Outcome::Failed(why) if CONTRADICTORY.contains(&name) => assert!(why.contains("expected"), "{name}: {why}"),
            Outcome::Failed(why) if DRAWN.contains(&name) => assert!(why.contains("elements differ"), "{name}: {why}"),
            Outcome::Failed(why) if ROUNDED.contains(&name) => assert!(why.contains("e-5"), "{name}: {why}"),
            Outcome::Failed(why) if ROUGH.iter().any(|r| name.starts_with(r)) => assert!(why.contains("e-5"), "{name}: {why}"),
            Outcome::Failed(why) => failed.push(format!("{name}: {why}")),
        }
    }
    let missing: usize = unsupported.values().map(Vec::len).sum();
    println!("{}: {} folders: {passed} passed, {} failed, {missing} unsupported", suite.display(), folders.len(), failed.len());
    let mut reasons: Vec<_> = unsupported.into_iter().collect();
    reasons.sort_by_key(|(_, names)| std::cmp::Reverse(names.len()));
    for (why, names) in reasons {
        println!("{:5} {why}: {}", names.len(), names.join(" "));
    }
    assert!(failed.is_empty(), "{} of {} folders failed:\n{}", failed.len(), folders.len(), failed.join("\n"));
    assert!(passed >= passed_before, "{passed} folders passed, {passed_before} did before");
}

/// What is missing, without how many places need it.
fn reason(why: &str) -> String {
    let listed = why.lines().nth(1).map(|line| line.split(" x ").next().unwrap_or(line));
    listed.unwrap_or(why).trim().to_owned()
}

#[test]
fn every_operator_that_exists_passes() {
    run(&fixtures::path("fixtures/onnx-testdata/data/node"), 881);
}

/// The suites of a newer package, that `cargo xtask suites` makes where there is a Python for it.
fn run_made(name: &str, passed_before: usize) {
    let suite = fixtures::cache().join("suites").join(name);
    match suite.exists() {
        true => run(&suite, passed_before),
        false => println!("skipped: {} is not there: run `cargo xtask suites`", suite.display()),
    }
}

#[test]
fn newer_nodes() {
    run_made("node", 1821);
}

#[test]
fn simple_models() {
    run_made("simple", 18);
}

#[test]
fn converted_from_pytorch() {
    run_made("pytorch-converted", 82);
}

#[test]
fn operators_of_pytorch() {
    run_made("pytorch-operator", 35);
}

#[test]
fn light_networks() {
    run_made("light", 9);
}
