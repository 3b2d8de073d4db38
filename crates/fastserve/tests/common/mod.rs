//! What the tests of whole models share.
#![allow(dead_code, clippy::unwrap_used, clippy::panic)]

pub(crate) mod many;
pub(crate) mod oracle;
pub(crate) mod real;
pub(crate) mod table;

use fastserve::{CompileOptions, Cpu, Model, Session, Tensor};
use fastserve_testkit::fixtures;

/// A session on this machine's best instruction set.
pub(crate) fn session(model: &Model, threads: usize) -> Session {
    model.compile(&Cpu::new().unwrap(), &CompileOptions { threads, optimize: true }).unwrap().session().unwrap()
}

/// A session of a file among the fixtures.
pub(crate) fn fixture(path: &str) -> Session {
    session(&Model::open(fixtures::path(path)).unwrap_or_else(|e| panic!("{path}: {e}")), 2)
}

/// The first output for one input.
pub(crate) fn run(session: &mut Session, input: &Tensor) -> Tensor {
    let outputs = session.run(&[input.view().unwrap()]).unwrap();
    Tensor::copy_of(&outputs.get(0).unwrap()).unwrap()
}

/// A file of the repository.
pub(crate) fn file(path: &str) -> String {
    format!("{}/../../{path}", env!("CARGO_MANIFEST_DIR"))
}

/// TinyCNN from its two files.
pub(crate) fn tiny_cnns() -> [Model; 2] {
    ["models/tiny_cnn_weights.txt", "models/tiny_cnn.onnx"].map(|path| Model::open(file(path)).unwrap())
}

/// The place of the largest element of each row of `[N, classes]`.
pub(crate) fn labels(probabilities: &Tensor) -> Vec<usize> {
    let classes = probabilities.shape()[1];
    let rows = probabilities.as_slice::<f32>().unwrap().chunks_exact(classes);
    rows.map(|row| (0..classes).max_by(|&a, &b| row[a].total_cmp(&row[b])).unwrap()).collect()
}
