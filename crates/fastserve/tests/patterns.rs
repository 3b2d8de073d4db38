//! How often the functions that exporters write in parts occur in the networks of `testdata/zoo.toml`, as one node each.
#![allow(clippy::unwrap_used)]

mod common;

use std::collections::BTreeMap;

use common::table::{Row, Tier, table};
use fastserve_passes::{PIPELINE, Pass, PassCx, patterns, run};
use fastserve_simd::Cpu;

/// The passes before those that choose kernels.
fn functions() -> Vec<&'static dyn Pass> {
    PIPELINE.iter().copied().take_while(|p| p.name() != "weight_scale").collect()
}

fn counts(row: &Row) -> BTreeMap<String, usize> {
    let mut graph = row.open().graph().clone();
    let report = run(&functions(), &mut graph, &PassCx::new(Cpu::detect())).unwrap();
    patterns(&report).into_iter().map(|(what, count)| (what.to_owned(), count)).collect()
}

fn check(tier: Tier) {
    let rows = table().model.into_iter().filter(|r| r.tier == tier);
    let wrong = rows.map(|row| (counts(&row), row)).filter(|(got, row)| *got != row.patterns);
    let wrong: Vec<String> = wrong.map(|(got, row)| format!("{}: {got:?}, but {:?} are in it", row.name, row.patterns)).collect();
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn every_pattern_is_found() {
    check(Tier::Default);
}

#[test]
#[ignore = "needs cargo xtask fixtures --models"]
fn every_pattern_of_trained_models_is_found() {
    check(Tier::Models);
}

#[test]
#[ignore = "needs cargo xtask fixtures --zoo"]
fn every_pattern_of_the_zoo_is_found() {
    check(Tier::Zoo);
}
