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

/// Sentences in pairs that mean the same, but for the last two.
const SENTENCES: [&str; 10] = [
    "A cat sleeps on the sofa.",
    "The stock market fell sharply today.",
    "How do I bake sourdough bread?",
    "The train to Berlin was late again.",
    "She plays the violin in an orchestra.",
    "A kitten is napping on the couch.",
    "Share prices dropped a lot this afternoon.",
    "Recipe for a loaf with wild yeast",
    "Volcanoes form where plates meet.",
    "My printer is out of ink.",
];

#[test]
#[ignore = "needs cargo xtask fixtures --models"]
fn minilm_finds_sentences_that_mean_the_same() {
    let folder = fixtures::path("fixtures/minilm");
    let mut args = vec!["embed", "--json", "--model", arg(&folder)];
    args.extend(SENTENCES);
    let report = fastserve(&args).expect(0).json();
    let similar = |i: usize, j: usize| report["similarity"][i][j].as_f64().expect("a number");
    for (i, twin) in [(0, 5), (1, 6), (2, 7)] {
        let best = (0..SENTENCES.len()).filter(|j| *j != i).max_by(|&a, &b| similar(i, a).total_cmp(&similar(i, b)));
        assert_eq!(best, Some(twin), "{}", SENTENCES[i]);
        assert!((similar(i, i) - 1.0).abs() < 1e-5);
    }
    let alone = fastserve(&["embed", "--model", arg(&folder), SENTENCES[0]]).expect(0);
    assert!(alone.out.contains("384 values"), "{}", alone.out);
}

#[test]
#[ignore = "needs cargo xtask fixtures --models"]
fn nudenet_finds_a_face() {
    let (model, picture) = (fixtures::path("fixtures/nudenet/320n.onnx"), fixtures::path("fixtures/pictures/astronaut.png"));
    let folder = tempfile::tempdir().expect("a folder");
    let drawn = folder.path().join("found.png");
    let args = ["detect", arg(&model), "--image", arg(&picture), "--json", "--draw", arg(&drawn)];
    let ran = fastserve(&args);
    if ran.err.contains("an extent of more than") {
        println!("refused: {}", ran.err);
        return;
    }
    let report = ran.expect(0).json();
    let found = report["images"][0]["found"].as_array().expect("a list");
    let face = found.iter().find(|f| f["label"] == "FACE_FEMALE").expect("a face");
    let edge = |i: usize| face["box"][i].as_f64().expect("a number");
    // The face of the 512 x 512 picture lies at about (224, 116).
    assert!(edge(0) < 224.0 && edge(2) > 224.0 && edge(1) < 116.0 && edge(3) > 116.0, "{face}");
    assert_eq!(image::open(&drawn).expect("a picture").width(), 512);
}
