//! The networks of `testdata/zoo.toml` beside onnxruntime, as rows of a Markdown table: `cargo xtask zoo` runs it.
#![allow(clippy::unwrap_used, clippy::panic)]

#[path = "../tests/common/mod.rs"]
mod common;

use std::io::{BufRead, BufReader, Write};
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};
use std::time::Instant;

use common::oracle::{oracle_with, write_npy};
use common::table::{Row, table};
use common::{file, session};
use fastserve::{Model, Session, Tensor, TensorView};
use fastserve_ops::Ops;
use fastserve_testkit::sys::allocator_calls;
use fastserve_testkit::{Tolerance, distance, fixtures};

#[global_allocator]
static ALLOCATOR: fastserve_testkit::sys::Counting = fastserve_testkit::sys::Counting;

/// That of the tests.
const NETWORK: Tolerance = Tolerance { absolute: 1e-4, relative: 1e-3 };
/// Slices of time that each side gets, in turn, and how long one is.
const ROUNDS: usize = 5;
const SLICE_US: f64 = 100_000.0;

type Named = (String, Tensor);

/// onnxruntime in a process of its own, which waits in a read while the other side runs.
struct Peer {
    child: Child,
    to: ChildStdin,
    from: BufReader<ChildStdout>,
    _inputs: tempfile::TempDir,
}

impl Peer {
    fn new(row: &Row, inputs: &[Named]) -> Option<Self> {
        let dir = tempfile::tempdir().unwrap();
        let mut command = Command::new(fixtures::oracle_python()?);
        command.arg(file("tools/oracle.py")).arg("bench").arg(row.path()).args(["--threads", "1"]);
        for (i, (name, value)) in inputs.iter().enumerate() {
            let given = dir.path().join(format!("{i}.npy"));
            write_npy(&given, value);
            command.arg("--input").arg(format!("{name}={}", given.display()));
        }
        let mut child = command.stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().unwrap();
        let (to, from) = (child.stdin.take().unwrap(), BufReader::new(child.stdout.take().unwrap()));
        let mut peer = Self { child, to, from, _inputs: dir };
        peer.line();
        Some(peer)
    }

    fn line(&mut self) -> serde_json::Value {
        let mut line = String::new();
        self.from.read_line(&mut line).unwrap();
        serde_json::from_str(&line).unwrap()
    }

    /// Latencies of `count` runs in microseconds.
    fn run(&mut self, count: usize) -> Vec<f64> {
        writeln!(self.to, "run {count}").unwrap();
        serde_json::from_value(self.line()["lat_us"].take()).unwrap()
    }
}

impl Drop for Peer {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

fn outputs(session: &mut Session, inputs: &[Named]) -> Vec<Named> {
    let named: Vec<(&str, &Tensor)> = inputs.iter().map(|(n, t)| (n.as_str(), t)).collect();
    let outputs = session.run_named(&named).unwrap();
    outputs.iter().map(|o| o.map(|(name, view)| (name.to_owned(), Tensor::copy_of(&view).unwrap())).unwrap()).collect()
}

fn in_order<'a>(session: &Session, inputs: &'a [Named]) -> Vec<TensorView<'a>> {
    let find = |name: &str| inputs.iter().find(|(n, _)| n == name).unwrap().1.view().unwrap();
    session.signature().inputs.iter().map(|port| find(&port.name)).collect()
}

fn median(mut values: Vec<f64>) -> f64 {
    values.sort_by(f64::total_cmp);
    values[values.len() / 2]
}

fn timed(session: &mut Session, views: &[TensorView<'_>], count: usize) -> Vec<f64> {
    let one = |_| {
        let start = Instant::now();
        session.run(views).unwrap();
        start.elapsed().as_secs_f64() * 1e6
    };
    (0..count).map(one).collect()
}

/// Medians of ours and of onnxruntime's runs, in microseconds.
fn race(row: &Row, session: &mut Session, inputs: &[Named]) -> (f64, Option<f64>) {
    let views = in_order(session, inputs);
    let runs = |us: f64| ((SLICE_US / us) as usize).max(2);
    let ours_count = runs(median(timed(session, &views, 3)));
    let mut peer = Peer::new(row, inputs);
    let theirs_count = peer.as_mut().map_or(0, |p| runs(median(p.run(3))));
    let (mut ours, mut theirs) = (Vec::new(), Vec::new());
    for _ in 0..ROUNDS {
        ours.push(median(timed(session, &views, ours_count)));
        theirs.extend(peer.as_mut().map(|p| median(p.run(theirs_count))));
    }
    (median(ours), (!theirs.is_empty()).then(|| median(theirs)))
}

/// The largest distance from onnxruntime's answers, of all cases. A quantized network's codes follow how threads share the work in
/// onnxruntime, so it has one.
fn apart(row: &Row, session: &mut Session) -> Option<f64> {
    let words: &[&str] = if row.quantized.is_some() { &["--threads", "1"] } else { &[] };
    row.cases.iter().try_fold(0.0, |worst: f64, case| {
        let inputs = row.inputs(case);
        let expected = oracle_with(&row.path(), &inputs, words)?;
        let got = outputs(session, &inputs);
        Some(got.iter().map(|(name, t)| distance(t, &expected[name], NETWORK).unwrap_or(f64::INFINITY)).fold(worst, f64::max))
    })
}

fn same_bits(row: &Row, model: &Model, session: &mut Session) -> bool {
    let inputs = row.inputs(&row.cases[0]);
    let pairs = outputs(session, &inputs).into_iter().zip(outputs(&mut common::session(model, 2), &inputs)).collect::<Vec<_>>();
    pairs.iter().all(|((_, a), (_, b))| a.bytes() == b.bytes())
}

fn allocations(session: &mut Session, inputs: &[Named]) -> usize {
    let views = in_order(session, inputs);
    session.run(&views).unwrap();
    let before = allocator_calls();
    session.run(&views).unwrap();
    allocator_calls() - before
}

/// Size, opset and operators of the file.
fn file_words(row: &Row) -> String {
    let bytes = std::fs::read(row.path()).unwrap();
    let megabytes = bytes.len() as f64 / 1e6;
    let survey = fastserve::onnx::survey(&bytes.into(), &Ops).unwrap();
    let opset = survey.opsets.iter().find(|(domain, _)| domain.is_empty()).map_or(0, |(_, version)| *version);
    format!("{opset} | {megabytes:.1} | {} in {} nodes", survey.operators.len(), survey.nodes)
}

fn measure(row: &Row, model: &Model) -> String {
    let mut one = session(model, 1);
    let inputs = row.inputs(&row.cases[0]);
    let far = apart(row, &mut one).map_or_else(String::new, |far| format!("{far:.2}{}", if far > 1.0 { "*" } else { "" }));
    let bits = if same_bits(row, model, &mut one) { "yes" } else { "no" };
    let calls = allocations(&mut one, &inputs);
    let (ours, theirs) = race(row, &mut one, &inputs);
    let theirs = theirs.map_or_else(String::new, |us| format!("{:.2}", us / 1e3));
    format!("{far} | {:.2} | {theirs} | {bits} | {calls}", ours / 1e3)
}

fn main() {
    let only: Vec<String> = std::env::args().skip(1).collect();
    println!("| model | opset | MB | operators | answer | FastServe ms | onnxruntime ms | same bits | allocator calls |");
    println!("|---|---|---|---|---|---|---|---|---|");
    for row in table().model.iter().filter(|r| only.is_empty() || only.contains(&r.name)) {
        println!("| {} | {} | {} |", row.name, file_words(row), measure(row, &row.open()));
    }
}
