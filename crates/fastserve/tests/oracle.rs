//! onnxruntime's answers: |a − b| ≤ 1e-5 + 1e-4·|b|.
//!
//! Needs the Python that `cargo xtask test` makes and names in `FASTSERVE_ORACLE_PYTHON`.
#![allow(clippy::unwrap_used, clippy::panic)]

mod common;

use std::path::PathBuf;

use common::oracle::{oracle, read_npy};
use common::{file, labels, run, session};
use fastserve::{Model, Tensor, embedded_digits};
use fastserve_testkit::{Tolerance, compare, fixtures};

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
        let Some(expected) = oracle(&path, &[(input.to_owned(), value.clone())]) else { return };
        compare(&got, &expected[output], Tolerance::F32).unwrap_or_else(|e| panic!("{}: {e}", path.display()));
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
