//! `fastserve inspect`.

use crate::files::{arg, onnx_of};
use crate::program::fastserve;

#[test]
fn a_model_is_shown() {
    let shown = fastserve(&["inspect", "models/tiny_cnn.onnx"]).expect(0).out;
    for word in ["image", "f32", "[N,1,28,28]", "Conv 1", "13,610", "FLOP", "return %probabilities"] {
        assert!(shown.contains(word), "{word} is not in\n{shown}");
    }
}

#[test]
fn what_runs_is_shown() {
    let shown = fastserve(&["inspect", "--optimized"]).expect(0).out;
    assert!(shown.contains("kernel") && shown.contains("softmax_f32") && shown.contains("notes"), "{shown}");
}

#[test]
fn operators_alone() {
    let shown = fastserve(&["inspect", "models/tiny_cnn.onnx", "--ops"]).expect(0).out;
    assert!(shown.lines().count() == 7 && shown.contains("MaxPool"), "{shown}");
}

#[test]
fn costs_follow_the_shape() {
    let flops = |n: &str| {
        let report = fastserve(&["inspect", "--shape", n, "--json"]).expect(0).json();
        assert_eq!(report["parameters"].as_u64(), Some(13610));
        report["plan"]["flops"].as_u64().expect("a number")
    };
    assert_eq!(flops("N=4"), 4 * flops("image=1x1x28x28"));
}

#[test]
fn what_is_not_supported_is_listed() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("strange.onnx");
    std::fs::write(&path, onnx_of("Frobnicate")).expect("a file");
    let ran = fastserve(&["inspect", arg(&path)]).expect(1);
    assert!(ran.out.contains("Frobnicate") && ran.out.contains("`strange`") && ran.out.contains("opsets"), "{}{}", ran.out, ran.err);
    let report = fastserve(&["inspect", arg(&path), "--json"]).expect(1).json();
    assert_eq!((&report["unsupported"][0]["node"], &report["operators"][0]["count"]), (&"strange".into(), &1.into()));
    assert!(fastserve(&["run", arg(&path), "--random-inputs", "0"]).expect(1).err.contains("Frobnicate"));
    std::fs::write(&path, onnx_of("Relu")).expect("a file");
    fastserve(&["inspect", arg(&path)]).expect(0);
}
