//! The first thing a new user types, and the form of version 0.1.

use crate::files::{arg, read_npy};
use crate::program::{command, fastserve, ran};

const LEGACY: &[&str] = &["--model", "models/tiny_cnn_weights.txt", "--images", "models/test_images.txt"];

#[test]
fn the_demonstration() {
    let shown = fastserve(&["run"]).expect(0).out;
    for word in ["100/100 correct", "latency", "throughput", "predicted 7", "█", "#%%"] {
        assert!(shown.contains(word), "{word} is not in\n{shown}");
    }
    assert!(!shown.contains('\x1b'), "colours are for terminals");
}

#[test]
fn the_demonstration_as_json() {
    let report = fastserve(&["run", "--json"]).expect(0).json();
    assert_eq!((report["accuracy"].as_f64(), report["images"].as_u64()), (Some(1.0), Some(100)));
    assert_eq!(report["predictions"].as_array().map(Vec::len), Some(100));
}

#[test]
fn the_demonstration_writes_its_outputs() {
    let folder = tempfile::tempdir().expect("a folder");
    fastserve(&["run", "--output-dir", arg(folder.path())]).expect(0);
    let (shape, all) = read_npy::<f32>(&folder.path().join("probabilities.npy"));
    assert_eq!(shape, [100, 10]);
    assert!(all.chunks(10).all(|row| (row.iter().sum::<f32>() - 1.0).abs() < 1e-5));
}

#[test]
fn version_0_1() {
    let shown = fastserve(LEGACY).expect(0).out;
    assert!(shown.contains("image   1: label 7, predicted 7") && shown.contains("100/100 correct (100.0 %)"), "{shown}");
    let shown = fastserve(&[LEGACY, &["--verbose"]].concat()).expect(0).out;
    assert!(shown.matches("█").count() > 1000 && shown.contains("100/100 correct (100.0 %)"));
    let report = fastserve(&["--model", "models/tiny_cnn.onnx", "--json"]).expect(0).json();
    assert_eq!(report["accuracy"].as_f64(), Some(1.0));
}

#[test]
fn version_0_1_measures() {
    let ran = fastserve(&["--model", "models/tiny_cnn_weights.txt", "--benchmark", "--json"]).expect(0);
    assert!(ran.json()["median_us"].as_f64().is_some_and(|us| us > 0.0));
}

#[test]
fn another_isa_may_be_asked_for() {
    let ask = |isa: &str| ran(command(&["run", "--json"]).env("FASTSERVE_ISA", isa).output().expect("the program starts"));
    assert_eq!(ask("portable").expect(0).json()["isa"], "portable");
    assert!(ask("abacus").expect(1).err.contains("abacus"));
}
