//! onnxruntime's answers: |a − b| ≤ 1e-5 + 1e-4·|b|.
//!
//! Needs the Python that `cargo xtask test` makes and names in `FASTSERVE_ORACLE_PYTHON`.
#![allow(clippy::unwrap_used, clippy::panic)]

mod common;

use std::path::{Path, PathBuf};
use std::process::Command;

use common::{file, labels, run, session};
use fastserve::{Model, Tensor, embedded_digits};
use fastserve_testkit::{Tolerance, compare, fixtures};

fn write_npy(path: &Path, t: &Tensor) {
    use npyz::WriterBuilder;
    let shape: Vec<u64> = t.shape().iter().map(|&d| d as u64).collect();
    let out = std::fs::File::create(path).unwrap();
    let mut writer = npyz::WriteOptions::new().default_dtype().shape(&shape).writer(out).begin_nd().unwrap();
    writer.extend(t.as_slice::<f32>().unwrap()).unwrap();
    writer.finish().unwrap();
}

fn read_npy(path: &Path) -> Tensor {
    let npy = npyz::NpyFile::new(std::io::BufReader::new(std::fs::File::open(path).unwrap())).unwrap();
    let shape: Vec<usize> = npy.shape().iter().map(|&d| d as usize).collect();
    Tensor::from_slice(&shape, &npy.into_vec::<f32>().unwrap()).unwrap()
}

/// onnxruntime's first output; `None` without an oracle.
fn oracle(model: &Path, input: &str, value: &Tensor, output: &str) -> Option<Tensor> {
    let python = fixtures::oracle_python().or_else(|| {
        println!("skipped: FASTSERVE_ORACLE_PYTHON is not set; `cargo xtask test` sets it");
        None
    })?;
    let dir = tempfile::tempdir().unwrap();
    let given = dir.path().join("input.npy");
    write_npy(&given, value);
    let done = Command::new(python)
        .arg(file("tools/oracle.py"))
        .arg("run")
        .arg(model)
        .arg("--input")
        .arg(format!("{input}={}", given.display()))
        .arg("--output-dir")
        .arg(dir.path())
        .status()
        .unwrap();
    assert!(done.success());
    Some(read_npy(&dir.path().join(format!("{output}.npy"))))
}

fn tiny_cnn() -> PathBuf {
    file("models/tiny_cnn.onnx").into()
}

/// Compares both models on these pictures (pixel / 255); the MNIST CNN normalises them.
fn compare_both(pictures: &Tensor) {
    let mut normal = pictures.clone();
    normal.as_mut_slice::<f32>().unwrap().iter_mut().for_each(|v| *v = (*v - 0.1307) / 0.3081);
    let mnist = fixtures::path("built/mnist_cnn.onnx");
    for (path, input, value, output) in [(tiny_cnn(), "image", pictures, "probabilities"), (mnist, "input", &normal, "logits")] {
        let got = run(&mut session(&Model::open(&path).unwrap(), 2), value);
        let Some(expected) = oracle(&path, input, value, output) else { return };
        compare(&got, &expected, Tolerance::F32).unwrap_or_else(|e| panic!("{}: {e}", path.display()));
    }
}

#[test]
fn a_hundred_digits() {
    compare_both(&embedded_digits().unwrap().batch(0..100).unwrap());
}

#[test]
#[ignore = "needs the full fixtures: cargo xtask test --full"]
fn ten_thousand_digits() {
    let images = read_npy(&fixtures::path("built/mnist/images.npy"));
    assert_eq!(images.shape().dims(), [10_000, 1, 28, 28]);
    compare_both(&images);
    let truth = std::fs::File::open(fixtures::path("built/mnist/labels.npy")).unwrap();
    let truth: Vec<i64> = npyz::NpyFile::new(truth).unwrap().into_vec().unwrap();
    let found = labels(&run(&mut session(&Model::open(tiny_cnn()).unwrap(), 2), &images));
    let right = found.iter().zip(&truth).filter(|(a, b)| **a as i64 == **b).count();
    println!("TinyCNN: {right} of 10000 test digits are right");
    assert!(right >= 9830, "{right} of 10000");
}
