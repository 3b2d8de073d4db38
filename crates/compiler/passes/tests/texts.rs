//! Every pass: the text before and after, the same answers, and the texts parse back.
//!
//! `BLESS=1` writes the files of `testdata/graphs` anew with what came out; read the difference before it is committed.
#![allow(clippy::unwrap_used, clippy::panic)]

use std::collections::BTreeSet;

use fastserve_ir::Graph;
use fastserve_ir::text::{parse, print};
use fastserve_ops::Ops;
use fastserve_passes::{PIPELINE, Pass, PassCx, apply, optimize, patterns};
use fastserve_simd::{Cpu, IsaId};
use fastserve_tensor::DType;
use fastserve_testkit::graphs::{Case, cases};
use fastserve_testkit::interpret::interpret;
use fastserve_testkit::random::Random;
use fastserve_testkit::{Tolerance, compare};

/// The texts show panels of 16 columns, which the portable kernels have.
fn cx() -> PassCx {
    PassCx::new(Cpu::with(IsaId::Portable).unwrap())
}

fn passes() -> Vec<&'static dyn Pass> {
    let mut seen = BTreeSet::new();
    PIPELINE.iter().copied().filter(|p| seen.insert(p.name())).collect()
}

/// Graphs of f16 and bf16 round at each node before they are widened, and only at borders after that: some units in the last place of
/// either type, 2^-11 and 2^-8 of a value of about 1.
fn tolerance(graph: &Graph) -> Tolerance {
    let has = |dtype: DType| graph.values().any(|(_, v)| v.fact.dtype == dtype);
    match (has(DType::BF16), has(DType::F16)) {
        (true, _) => Tolerance { absolute: 2e-2, relative: 2e-2 },
        (_, true) => Tolerance { absolute: 4e-3, relative: 4e-3 },
        _ => Tolerance::F32,
    }
}

fn same_answers(before: &Graph, after: &Graph) -> Result<(), String> {
    for batch in [1, 3] {
        let symbols = vec![batch; before.symbols().len()];
        let inputs = Random::new(7).inputs(before, &symbols).unwrap();
        let expected = interpret(before, &inputs, &symbols).map_err(|e| format!("before, batch {batch}: {e}"))?;
        let got = interpret(after, &inputs, &symbols).map_err(|e| format!("after, batch {batch}: {e}"))?;
        for (got, expected) in got.iter().zip(&expected) {
            compare(got, expected, tolerance(before)).map_err(|e| format!("batch {batch}: {e}"))?;
        }
    }
    Ok(())
}

fn names(graph: &Graph) -> Vec<String> {
    graph.inputs().iter().chain(graph.outputs()).map(|&id| graph.value(id).name.to_string()).collect()
}

fn check(pass: &dyn Pass, case: &Case) -> Result<(), String> {
    let before = parse(&case.before, &Ops).map_err(|e| e.to_string())?;
    let mut after = before.clone();
    let log = apply(pass, &mut after, &cx()).map_err(|e| e.to_string())?;
    let notes: Vec<String> = log.notes.iter().map(|(node, why)| format!("# {node}: {why}\n")).collect();
    let text = print(&after) + &notes.concat();
    if std::env::var_os("BLESS").is_some() {
        case.bless(&text).map_err(|e| e.to_string())?;
    } else if text != case.after {
        return Err(format!("run with BLESS=1 and read the difference; got\n{text}"));
    }
    if names(&after) != names(&before) {
        return Err("the interface does not stay".into());
    }
    same_answers(&before, &after)
}

#[test]
fn every_pass_has_texts_and_keeps_the_answers() {
    let mut failed = Vec::new();
    for pass in passes() {
        let found = cases(&format!("{}_", pass.name())).unwrap();
        assert!(!found.is_empty(), "pass {} has no testdata/graphs/{}_*.txt", pass.name(), pass.name());
        let wrong = |case: &Case| check(pass, case).err().map(|e| format!("{} on {}: {e}", pass.name(), case.path.display()));
        failed.extend(found.iter().filter_map(wrong));
    }
    assert!(failed.is_empty(), "{}", failed.join("\n"));
}

#[test]
fn the_whole_pipeline_keeps_the_answers() {
    let mut failed = Vec::new();
    for case in cases("").unwrap() {
        let before = parse(&case.before, &Ops).unwrap_or_else(|e| panic!("{}: {e}", case.path.display()));
        for cpu in Cpu::all_available() {
            let mut after = before.clone();
            let same = optimize(&mut after, &PassCx::new(cpu)).map_err(|e| e.to_string()).and_then(|_| same_answers(&before, &after));
            failed.extend(same.err().map(|e| format!("pipeline on {}: {e}", case.path.display())));
        }
    }
    assert!(failed.is_empty(), "{}", failed.join("\n"));
}

#[test]
fn texts_parse_back() {
    for case in cases("").unwrap() {
        for cpu in Cpu::all_available() {
            let mut graph = parse(&case.before, &Ops).unwrap();
            assert_eq!(print(&parse(&print(&graph), &Ops).unwrap()), print(&graph), "{}", case.path.display());
            optimize(&mut graph, &PassCx::new(cpu)).unwrap();
            let text = print(&graph);
            // Constants beyond the inline limit are printed as their hash and do not parse back.
            if !text.contains("= <") {
                assert_eq!(print(&parse(&text, &Ops).unwrap()), text, "{}", case.path.display());
            }
        }
    }
}

/// How often each pattern is recognised in a graph, by the whole pipeline.
fn recognised(text: &str) -> Vec<(&'static str, usize)> {
    let mut graph = parse(text, &Ops).unwrap();
    patterns(&optimize(&mut graph, &cx()).unwrap()).into_iter().collect()
}

#[test]
fn patterns_of_every_exporter_are_counted() {
    let text = |name: &str| cases(name).unwrap().remove(0).before;
    for (case, expected) in [
        ("attention_folded", vec![("attention", 1)]),
        ("attention_gpt2", vec![("attention", 1)]),
        ("attention_paddle", vec![("attention", 1)]),
        ("attention_quantized", vec![]),
        ("attention_refused", vec![]),
        ("attention_sdpa", vec![("attention", 1)]),
        ("attention_tf", vec![("attention", 1)]),
        ("attention_timm", vec![("attention", 1)]),
        ("attention_torch", vec![("attention", 1)]),
        ("attention_where", vec![("attention", 2)]),
        ("gelu_folded", vec![("GELU", 1)]),
        ("gelu_paddle", vec![("GELU", 1)]),
        ("gelu_quantized", vec![]),
        ("gelu_tf", vec![("GELU", 2)]),
        ("gelu_torch", vec![("GELU", 1)]),
        ("hard_swish_paddle", vec![("HardSigmoid", 1), ("HardSwish", 1)]),
        ("hard_swish_quantized", vec![("HardSigmoid", 1)]),
        ("hard_swish_torch", vec![("HardSigmoid", 1), ("HardSwish", 2)]),
        ("layer_norm_flax", vec![("LayerNorm", 1)]),
        ("layer_norm_middle", vec![("LayerNorm", 1)]),
        ("layer_norm_paddle", vec![("LayerNorm", 1)]),
        ("layer_norm_plain", vec![("LayerNorm", 2)]),
        ("layer_norm_quantized", vec![]),
        ("layer_norm_rms", vec![("RMSNorm", 1)]),
        ("layer_norm_rms_torch", vec![("RMSNorm", 2)]),
        ("layer_norm_tf", vec![("LayerNorm", 1)]),
        ("layer_norm_torch", vec![("LayerNorm", 1)]),
        ("silu_quantized", vec![]),
        ("silu_quick", vec![("QuickGELU", 1), ("Swish", 1)]),
        ("silu_forms", vec![("SiLU", 2)]),
    ] {
        assert_eq!(recognised(&text(case)), expected, "{case}");
    }
}

#[test]
fn blocks_of_exporters_become_kernels() {
    for (case, expected) in [
        ("net_residual", vec!["fs.Conv", "fs.Conv", "fs.Conv", "fs.Conv"]),
        ("net_encoder", vec!["fs.Gemm", "fs.Gemm", "LayerNormalization"]),
    ] {
        let mut graph = parse(&cases(case).unwrap().remove(0).before, &Ops).unwrap();
        optimize(&mut graph, &cx()).unwrap();
        let left: Vec<&str> = graph.nodes().map(|(_, node)| node.op.name()).collect();
        assert_eq!(left, expected, "{case}");
    }
}

/// Passes look at each node a bounded number of times: 30,000 nodes take seconds without optimisation, not minutes.
#[test]
fn long_graphs_stay_cheap() {
    let line = |i: usize| match i % 3 {
        0 => format!("%v{}: f32[N,2] = Add(%v{i}, %c) @n{i}\n", i + 1),
        1 => format!("%v{}: f32[N,2] = Sigmoid(%v{i}) @n{i}\n", i + 1),
        _ => format!("%v{}: f32[N,2] = Mul(%v{i}, %v{}) @n{i}\n", i + 1, i - 1),
    };
    let body: String = (0..30_000).map(line).collect();
    let text = format!("graph g(N) {{ input %v0: f32[N,2]\nconst %c: f32[2] = {{1.0, 2.0}}\n{body}return %v30000 }}");
    let mut graph = parse(&text, &Ops).unwrap();
    let start = std::time::Instant::now();
    let report = optimize(&mut graph, &cx()).unwrap();
    println!("{:?}", start.elapsed());
    assert_eq!(patterns(&report).get("SiLU"), Some(&10_000));
    assert!(start.elapsed().as_secs() < 60, "{:?}", start.elapsed());
}
