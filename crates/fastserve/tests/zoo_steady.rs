//! Steady runs of the networks of `testdata/zoo.toml` make no allocator call, on any thread, or as few as their row allows.
#![allow(clippy::unwrap_used)]

mod common;

use std::sync::Mutex;

use common::session;
use common::table::{Row, Tier, table};
use fastserve::ir::SymId;
use fastserve::{Model, TensorView};
use fastserve_testkit::sys::allocator_calls;

#[global_allocator]
static ALLOCATOR: fastserve_testkit::sys::Counting = fastserve_testkit::sys::Counting;

/// The allocator counts calls of the process: one test at a time.
static ALONE: Mutex<()> = Mutex::new(());

/// Whether only data tell some extent: such runs ask operators for extents, and may allocate.
fn sized_by_data(model: &Model) -> bool {
    let signature = model.signature();
    let told = |s| signature.inputs.iter().flat_map(|p| &p.dims).any(|d| d.has(SymId::new(s)));
    (0..signature.symbols.len()).any(|s| !told(s))
}

fn steady(row: &Row, model: &Model) -> Option<String> {
    let case = row.cases.last().unwrap();
    let inputs = row.inputs(case);
    let views: Vec<TensorView<'_>> = inputs.iter().map(|(_, t)| t.view().unwrap()).collect();
    for threads in [1, 2] {
        let mut session = session(model, threads);
        session.run(&views).unwrap();
        let before = allocator_calls();
        session.run(&views).unwrap();
        session.run(&views).unwrap();
        let calls = allocator_calls() - before;
        if calls > 2 * row.allocations {
            return Some(format!("{}: {calls} calls in two runs on {threads} threads, {} a run are allowed", row.name, row.allocations));
        }
    }
    None
}

fn check(tier: Tier) {
    let _alone = ALONE.lock();
    let mut looked_at = Vec::new();
    let mut wrong = Vec::new();
    for row in table().model.into_iter().filter(|r| r.tier == tier) {
        let model = row.open();
        if !sized_by_data(&model) {
            wrong.extend(steady(&row, &model));
            looked_at.push(row.name);
        }
    }
    println!("{} networks whose inputs tell all extents: {}", looked_at.len(), looked_at.join(" "));
    assert!(wrong.is_empty(), "{wrong:#?}");
}

#[test]
fn steady_runs_allocate_nothing() {
    check(Tier::Default);
}

#[test]
#[ignore = "needs cargo xtask fixtures --models"]
fn steady_runs_of_trained_models_allocate_nothing() {
    check(Tier::Models);
}

#[test]
#[ignore = "needs cargo xtask fixtures --zoo"]
fn steady_runs_of_many_more_models_allocate_nothing() {
    check(Tier::Zoo);
}
