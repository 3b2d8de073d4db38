//! Every pass: the text before and after, the same answers, and the texts parse back.
//!
//! `BLESS=1` writes the files of `testdata/graphs` anew with what came out; read the difference before it is committed.
#![allow(clippy::unwrap_used, clippy::panic)]

use std::collections::BTreeSet;

use fastserve_ir::Graph;
use fastserve_ir::text::{parse, print};
use fastserve_ops::Ops;
use fastserve_passes::{PIPELINE, Pass, PassCx, apply, optimize};
use fastserve_simd::{Cpu, IsaId};
use fastserve_testkit::graphs::{Case, cases};
use fastserve_testkit::interpret::interpret;
use fastserve_testkit::random::Random;
use fastserve_testkit::{Tolerance, compare};

/// The texts show panels of 16 columns, which the portable kernels have.
fn cx() -> PassCx {
    PassCx { cpu: Cpu::with(IsaId::Portable).unwrap() }
}

fn passes() -> Vec<&'static dyn Pass> {
    let mut seen = BTreeSet::new();
    PIPELINE.iter().copied().filter(|p| seen.insert(p.name())).collect()
}

fn same_answers(before: &Graph, after: &Graph, what: &str) {
    for batch in [1, 3] {
        let symbols = vec![batch; before.symbols().len()];
        let inputs = Random::new(7).inputs(before, &symbols).unwrap();
        let expected = interpret(before, &inputs, &symbols).unwrap();
        let got = interpret(after, &inputs, &symbols).unwrap();
        for (got, expected) in got.iter().zip(&expected) {
            compare(got, expected, Tolerance::F32).unwrap_or_else(|e| panic!("{what}, batch {batch}: {e}"));
        }
    }
}

fn names(graph: &Graph) -> Vec<String> {
    graph.inputs().iter().chain(graph.outputs()).map(|&id| graph.value(id).name.to_string()).collect()
}

fn check(pass: &dyn Pass, case: &Case) {
    let what = format!("{} on {}", pass.name(), case.path.display());
    let before = parse(&case.before, &Ops).unwrap_or_else(|e| panic!("{what}: {e}"));
    let mut after = before.clone();
    let log = apply(pass, &mut after, &cx()).unwrap_or_else(|e| panic!("{what}: {e}"));
    let notes: Vec<String> = log.notes.iter().map(|(node, why)| format!("# {node}: {why}\n")).collect();
    let text = print(&after) + &notes.concat();
    if std::env::var_os("BLESS").is_some() {
        case.bless(&text).unwrap();
    } else {
        assert_eq!(text, case.after, "{what}: run with BLESS=1 and read the difference");
    }
    assert_eq!(names(&after), names(&before), "{what}: the interface stays");
    same_answers(&before, &after, &what);
}

#[test]
fn every_pass_has_texts_and_keeps_the_answers() {
    for pass in passes() {
        let found = cases(&format!("{}_", pass.name())).unwrap();
        assert!(!found.is_empty(), "pass {} has no testdata/graphs/{}_*.txt", pass.name(), pass.name());
        found.iter().for_each(|case| check(pass, case));
    }
}

#[test]
fn the_whole_pipeline_keeps_the_answers() {
    for case in cases("").unwrap() {
        let before = parse(&case.before, &Ops).unwrap();
        for cpu in Cpu::all_available() {
            let mut after = before.clone();
            optimize(&mut after, &PassCx { cpu }).unwrap();
            same_answers(&before, &after, &format!("pipeline on {}", case.path.display()));
        }
    }
}

#[test]
fn texts_parse_back() {
    for case in cases("").unwrap() {
        for cpu in Cpu::all_available() {
            let mut graph = parse(&case.before, &Ops).unwrap();
            assert_eq!(print(&parse(&print(&graph), &Ops).unwrap()), print(&graph), "{}", case.path.display());
            optimize(&mut graph, &PassCx { cpu }).unwrap();
            let text = print(&graph);
            // Constants beyond the inline limit are printed as their hash and do not parse back.
            if !text.contains("= <") {
                assert_eq!(print(&parse(&text, &Ops).unwrap()), text, "{}", case.path.display());
            }
        }
    }
}
