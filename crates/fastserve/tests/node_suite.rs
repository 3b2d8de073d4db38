//! ONNX's own node tests, on every operator that exists.
#![allow(clippy::unwrap_used, clippy::panic)]

use fastserve::Cpu;
use fastserve_testkit::fixtures;
use fastserve_testkit::node_suite::{Outcome, run_folder};

/// Folders passed when this was last looked at: fewer is a loss of something that worked.
const PASSED_BEFORE: usize = 700;

/// Folders whose data has other extents than their model declares: refusing the input is the right answer.
const CONTRADICTORY: &[&str] = &[
    "test_castlike_BFLOAT16_to_FLOAT",
    "test_castlike_BFLOAT16_to_FLOAT_expanded",
    "test_castlike_FLOAT_to_BFLOAT16",
    "test_castlike_FLOAT_to_BFLOAT16_expanded",
];

/// Folders whose outputs another generator drew: types and extents agree, elements need not.
const DRAWN: &str = "test_bernoulli";

#[test]
fn every_operator_that_exists_passes() {
    let backend = Cpu::new().unwrap();
    let mut folders: Vec<_> =
        std::fs::read_dir(fixtures::path("fixtures/onnx-testdata/data/node")).unwrap().map(|e| e.unwrap().path()).collect();
    folders.sort();
    let (mut passed, mut unsupported, mut failed) = (0, 0, Vec::new());
    for folder in &folders {
        let name = folder.file_name().unwrap().to_str().unwrap();
        match run_folder(&backend, folder) {
            Outcome::Passed => passed += 1,
            Outcome::Unsupported(_) => unsupported += 1,
            Outcome::Failed(why) if CONTRADICTORY.contains(&name) => assert!(why.contains("expected"), "{name}: {why}"),
            Outcome::Failed(why) if name.starts_with(DRAWN) => assert!(why.contains("elements differ"), "{name}: {why}"),
            Outcome::Failed(why) => failed.push(format!("{name}: {why}")),
        }
    }
    println!("{} folders: {passed} passed, {} failed, {unsupported} unsupported", folders.len(), failed.len());
    assert!(failed.is_empty(), "{} of {} folders failed:\n{}", failed.len(), folders.len(), failed.join("\n"));
    assert!(passed >= PASSED_BEFORE, "{passed} folders passed, {PASSED_BEFORE} did before");
}
