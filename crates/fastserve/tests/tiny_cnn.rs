//! TinyCNN from text and from ONNX: one network, the same bits, the right answers.
#![allow(clippy::unwrap_used)]

mod common;

use common::{file, labels, run, session, tiny_cnns};
use fastserve::{CompileOptions, Cpu, Digits, Model, Tensor, embedded_digits};
use fastserve_testkit::{Tolerance, compare, fixtures, interpret::interpret};

#[test]
fn both_files_are_the_same_network() {
    let digits = embedded_digits().unwrap().batch(0..100).unwrap();
    let [text, onnx] = tiny_cnns().map(|model| run(&mut session(&model, 1), &digits));
    assert!(text == onnx, "text and ONNX give the same bits");
    let [a, b] = tiny_cnns().map(|model| fastserve::ir::text::print(model.graph()));
    assert_eq!(a, b, "the same graph, with weights of the same hashes");
    let embedded = run(&mut session(&Model::embedded().unwrap(), 1), &digits);
    assert!(embedded == text, "what is embedded is what the files hold");
}

#[test]
fn the_digits_are_recognised() {
    let digits = Digits::open(file("models/test_images.txt")).unwrap();
    let found = labels(&run(&mut session(&tiny_cnns()[0], 2), &digits.batch(0..digits.len()).unwrap()));
    let right = (0..digits.len()).filter(|&i| digits.label(i) == Some(found[i])).count();
    assert_eq!((right, digits.len()), (100, 100));
}

#[test]
fn kernels_agree_with_the_reference_bodies() {
    let digits = embedded_digits().unwrap().batch(0..10).unwrap();
    for model in tiny_cnns() {
        let expected = interpret(model.graph(), std::slice::from_ref(&digits), &[10]).unwrap();
        compare(&run(&mut session(&model, 1), &digits), &expected[0], Tolerance::F32).unwrap();
    }
}

#[test]
fn threads_batches_and_a_hostile_host_change_no_bit() {
    let digits = embedded_digits().unwrap();
    for model in tiny_cnns() {
        let alone: Vec<Tensor> = (0..32).map(|i| run(&mut session(&model, 1), &digits.tensor(i).unwrap())).collect();
        for threads in [1, 2] {
            let mut session = session(&model, threads);
            for batch in 1..=32 {
                let together = run(&mut session, &digits.batch(0..batch).unwrap());
                let rows = together.bytes().chunks_exact(40);
                rows.zip(&alone)
                    .enumerate()
                    .for_each(|(i, (row, one))| assert!(row == one.bytes(), "row {i} of {batch}, {threads} threads"));
            }
        }
        let input = digits.tensor(0).unwrap();
        let hostile = fastserve_testkit::sys::with_hostile_control_word(|| {
            let [text, _] = tiny_cnns();
            run(&mut session(&text, 2), &input)
        });
        assert!(hostile == alone[0], "a host that flushes to zero and rounds to zero changes nothing");
    }
}

#[test]
fn a_plan_is_explained() {
    let compiled = tiny_cnns()[1].compile(&Cpu::new().unwrap(), &CompileOptions::default()).unwrap();
    let explain = compiled.explain(&[1]).unwrap();
    let ops: Vec<&str> = explain.steps.iter().map(|s| s.op.as_str()).collect();
    assert_eq!(ops, ["fs.Conv", "MaxPool", "fs.Gemm", "Softmax"], "packing is folded, ReLU and bias are in the stores");
    assert!(explain.notes.iter().all(|(_, why)| !why.contains("reference")), "nothing runs by reference: {:?}", explain.notes);
    assert_eq!(explain.steps[0].flops, 2 * 9 * 8 * 26 * 26);
}

#[test]
fn the_mnist_cnn_of_ccexam_recognises_the_digits() {
    let model = Model::open(fixtures::path("built/mnist_cnn.onnx")).unwrap();
    let digits = embedded_digits().unwrap();
    let mut input = digits.batch(0..100).unwrap();
    input.as_mut_slice::<f32>().unwrap().iter_mut().for_each(|v| *v = (*v - 0.1307) / 0.3081);
    let found = labels(&run(&mut session(&model, 2), &input));
    let right = (0..100).filter(|&i| digits.label(i) == Some(found[i])).count();
    assert!(right >= 98, "{right} of 100");
}
