//! `fastserve run`.

use fastserve::{Cpu, Model};
use fastserve_testkit::fixtures;
use image::{GrayImage, Luma};

use crate::files::{arg, read_npy, write_npy};
use crate::program::fastserve;

#[test]
fn files_in_files_out() {
    let folder = tempfile::tempdir().expect("a folder");
    let (input, out) = (folder.path().join("in.npy"), folder.path().join("out"));
    let digits = fastserve::embedded_digits().unwrap();
    let batch = digits.batch(0..3).unwrap();
    write_npy(&input, &[3, 1, 28, 28], batch.as_slice::<f32>().unwrap());
    let pair = format!("image={}", arg(&input));
    let ran = fastserve(&["run", "models/tiny_cnn.onnx", "--input", &pair, "--output-dir", arg(&out), "--json"]).expect(0);
    assert_eq!(ran.json()["outputs"][0]["shape"], serde_json::json!([3, 10]));
    let (shape, got) = read_npy::<f32>(&out.join("probabilities.npy"));
    assert_eq!(shape, [3, 10]);
    let compiled = Model::embedded().unwrap().compile(&Cpu::new().unwrap(), &Default::default()).unwrap();
    let mut session = compiled.session().unwrap();
    assert_eq!(got, session.run(&[batch.view().unwrap()]).unwrap().get(0).unwrap().as_slice::<f32>().unwrap());
    let manifest = std::fs::read_to_string(out.join("manifest.json")).unwrap();
    assert_eq!(serde_json::from_str::<serde_json::Value>(&manifest).unwrap()["tensors"]["probabilities"], "probabilities.npy");
}

#[test]
fn missing_inputs_are_named() {
    let ran = fastserve(&["run", "models/tiny_cnn.onnx"]).expect(2);
    for word in ["image  f32[N,1,28,28]", "--input", "--random-inputs", "--shape"] {
        assert!(ran.err.contains(word), "{}", ran.err);
    }
}

#[test]
fn elements_of_sequences_are_told() {
    let model = fixtures::path("fixtures/onnx-testdata/data/node/test_sequence_map_add_1_sequence_1_tensor/model.onnx");
    let run = |what: &[&str]| fastserve(&[&["run", arg(&model), "--random-inputs", "0", "--json"], what].concat());
    let report = run(&["--sequence", "x0=3"]).expect(0).json();
    let names: Vec<&str> = report["outputs"].as_array().unwrap().iter().filter_map(|o| o["name"].as_str()).collect();
    assert_eq!(names, ["y0[0]", "y0[1]", "y0[2]"], "{report}");
    let report = run(&["--sequence", "x0=4,4"]).expect(0).json();
    assert_eq!(report["outputs"].as_array().unwrap().len(), 2, "{report}");
    let untold = run(&[]).expect(1).err;
    assert!(untold.contains("how many elements it has must be told") && untold.contains("--sequence NAME=3"), "{untold}");
    assert!(run(&["--sequence", "x1=3"]).expect(1).err.contains("no input of this name that is a sequence"));
    run(&["--sequence", "x0=many"]).expect(2);
}

#[test]
fn other_types_are_refused() {
    let folder = tempfile::tempdir().expect("a folder");
    let input = folder.path().join("in.npy");
    write_npy(&input, &[1, 1, 28, 28], &[0.0f64; 784]);
    let pair = format!("image={}", arg(&input));
    let ran = fastserve(&["run", "--input", &pair]).expect(2);
    assert!(ran.err.contains("f64") && ran.err.contains("astype"), "{}", ran.err);
    let pair = format!("picture={}", arg(&input));
    assert!(fastserve(&["run", "--input", &pair]).expect(2).err.contains("it has `image`"));
}

#[test]
fn random_inputs_are_the_same_again() {
    let sums = |seed: &str| fastserve(&["run", "--random-inputs", seed, "--json"]).expect(0).json()["outputs"][0].clone();
    assert_eq!(sums("3"), sums("3"));
    assert_ne!(sums("3"), sums("4"));
}

#[test]
fn open_extents_are_one_and_said() {
    let ran = fastserve(&["run", "--random-inputs", "0"]).expect(0);
    assert!(ran.err.contains("open extents are taken as 1: N") && ran.out.contains("[1,10]"), "{}{}", ran.err, ran.out);
    for shape in ["image=4x1x28x28", "N=4"] {
        let ran = fastserve(&["run", "--random-inputs", "0", "--shape", shape]).expect(0);
        assert!(ran.err.is_empty() && ran.out.contains("[4,10]"), "{}{}", ran.err, ran.out);
    }
}

#[test]
fn pictures_are_classified() {
    let folder = tempfile::tempdir().expect("a folder");
    let (picture, labels) = (folder.path().join("seven.png"), folder.path().join("labels.txt"));
    let digits = fastserve::embedded_digits().unwrap();
    let pixels = digits.pixels(0).unwrap();
    // Larger, and dark on light: it is resized and inverted.
    let big = GrayImage::from_fn(112, 112, |x, y| Luma([255 - pixels[(y / 4 * 28 + x / 4) as usize]]));
    big.save(&picture).unwrap();
    std::fs::write(&labels, "zero\none\ntwo\nthree\nfour\nfive\nsix\nseven\neight\nnine\n").unwrap();
    let args = ["run", "models/tiny_cnn.onnx", "--image", arg(&picture), "--invert", "--labels", arg(&labels), "--top", "2"];
    let shown = fastserve(&args).expect(0).out;
    assert!(shown.contains("seven.png") && shown.contains("seven  █"), "{shown}");
    let report = fastserve(&[&args[..], &["--json"]].concat()).expect(0).json();
    assert_eq!(report["images"][0]["top"].as_array().map(Vec::len), Some(2));
    assert_eq!(report["images"][0]["top"][0]["label"], "seven");
    fastserve(&["run", "--image", arg(&picture), "--mean", "1,2"]).expect(2);
    fastserve(&["run", "--image", arg(&picture), "--mean", "-0.5", "--std", "0.5", "--gray", "yes", "--layout", "nchw"]).expect(0);
}
