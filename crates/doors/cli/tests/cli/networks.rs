//! Trained networks on real pictures, sound and sentences, at the command line.

use fastserve_testkit::fixtures;

use crate::files::arg;
use crate::program::fastserve;

/// Label and probability of each picture's first class.
fn classes(model: &str, options: &[&str], pictures: &[&str]) -> Vec<(String, f64)> {
    let model = fixtures::path(model);
    let pictures: Vec<_> = pictures.iter().map(|p| fixtures::path(p)).collect();
    let mut args = vec!["run", arg(&model), "--json", "--top", "1"];
    args.extend(options);
    args.push("--image");
    args.extend(pictures.iter().map(|p| arg(p)));
    let report = fastserve(&args).expect(0).json();
    let rows = report["images"].as_array().expect("a row a picture").iter().map(|i| &i["top"][0]);
    rows.map(|t| (t["label"].as_str().unwrap_or_default().to_owned(), t["probability"].as_f64().unwrap_or_default())).collect()
}

const PICTURES: &[&str] = &["fixtures/pictures/chelsea.png", "fixtures/pictures/coffee.png", "fixtures/pictures-sklearn/china.jpg"];

fn check(model: &str, options: &[&str], expected: [(&str, f64); 3]) {
    for ((label, p), (wanted, near)) in classes(model, options, PICTURES).iter().zip(expected) {
        assert!(label == wanted && (p - near).abs() < 0.06, "{model}: {label} {p}, expected {wanted} {near}");
    }
}

/// The probabilities are those of onnxruntime behind the Python libraries' decoding and resizing.
#[test]
#[ignore = "needs cargo xtask fixtures --models"]
fn mobilenet_v2_names_photos() {
    check("built/mobilenet_v2.onnx", &[], [("Egyptian cat", 0.71), ("espresso", 0.99), ("palace", 0.70)]);
}

#[test]
#[ignore = "needs cargo xtask fixtures --models"]
fn efficientnet_lite0_names_photos() {
    check("built/efficientnet_lite0.onnx", &["--preprocess", "imagenet"], [("Egyptian cat", 0.38), ("espresso", 0.84), ("palace", 0.32)]);
}
