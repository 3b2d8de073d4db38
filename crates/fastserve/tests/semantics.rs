//! Networks that ship in packages do what they are for: they name files, read a page, hear speech.
#![allow(clippy::unwrap_used, clippy::panic)]

mod common;
#[path = "../examples/ocr/pipeline.rs"]
mod pipeline;

use common::real::{PART, features, frames};
use common::{file, fixture};
use fastserve::Tensor;
use fastserve_testkit::fixtures;

#[test]
fn magika_names_files() {
    let mut session = fixture("fixtures/magika/model.onnx");
    let config: serde_json::Value = serde_json::from_slice(&std::fs::read(fixtures::path("fixtures/magika/config.json")).unwrap()).unwrap();
    let page = fixtures::path("fixtures/pictures/page.png").to_str().unwrap().to_owned();
    for (path, expected) in
        [(file("tools/oracle.py"), "python"), (page, "png"), (file("models/tiny_cnn.onnx"), "onnx"), (file("Cargo.toml"), "toml")]
    {
        let input = Tensor::from_slice(&[1, 2 * PART], &features(&std::fs::read(&path).unwrap())).unwrap();
        let outputs = session.run(&[input.view().unwrap()]).unwrap();
        let view = outputs.get(0).unwrap();
        let scores = view.as_slice::<f32>().unwrap();
        let best = (0..scores.len()).max_by(|&a, &b| scores[a].total_cmp(&scores[b])).unwrap();
        let name = config["target_labels_space"][best].as_str().unwrap();
        println!("{path}: {name} {}", scores[best]);
        assert_eq!(name, expected, "{path}");
    }
}

#[test]
fn a_page_is_read() {
    let folder = fixtures::path("fixtures/rapidocr");
    let picture = image::open(fixtures::path("fixtures/pictures/page.png")).unwrap().to_rgb8();
    let lines = pipeline::Ocr::open(&folder).unwrap().read(&picture).unwrap();
    for line in &lines {
        println!("{:.2} {}", line.confidence, line.text);
    }
    for expected in ["Region-based segmentation", "Let us first determine markers of the coins and the"] {
        assert!(lines.iter().any(|l| l.text == expected && l.confidence > 0.9), "{expected}: {lines:#?}");
    }
}

#[test]
fn silero_hears_speech() {
    let mut session = fixture("fixtures/silero/silero_vad_v6.onnx");
    let state = Tensor::from_slice(&[1, 1, 128], &[0.0f32; 128]).unwrap();
    let named = [("input", frames(&fixtures::path("fixtures/speech/beckett.wav"))), ("h", state.clone()), ("c", state)];
    let outputs = session.run_named(&named.each_ref().map(|(n, t)| (*n, t))).unwrap();
    let got = outputs.get(0).unwrap();
    let probabilities = got.as_slice::<f32>().unwrap();
    let speech = probabilities.iter().filter(|p| **p > 0.5).count();
    let mean = probabilities.iter().sum::<f32>() / probabilities.len() as f32;
    println!("{} frames, {speech} of speech, mean {mean}", probabilities.len());
    assert_eq!(probabilities.len(), 311);
    assert!(speech == 136 && (mean - 0.45565).abs() < 1e-3, "{speech} frames of speech, mean {mean}");
}

/// A network that keeps its state outside, a frame at a time.
fn stepwise(path: &str) -> Vec<f32> {
    let mut session = fixture(path);
    let frames = frames(&fixtures::path("fixtures/speech/beckett.wav"));
    let rate = Tensor::scalar(16000i64).unwrap();
    let mut state = Tensor::from_slice(&[2, 1, 128], &[0.0f32; 256]).unwrap();
    let mut probabilities = Vec::new();
    for frame in frames.as_slice::<f32>().unwrap().chunks_exact(576) {
        let input = Tensor::from_slice(&[1, 576], frame).unwrap();
        let outputs = session.run_named(&[("input", &input), ("state", &state), ("sr", &rate)]).unwrap();
        probabilities.push(outputs.get(0).unwrap().as_slice::<f32>().unwrap()[0]);
        state = Tensor::copy_of(&outputs.get(1).unwrap()).unwrap();
    }
    probabilities
}

#[test]
#[ignore = "needs cargo xtask fixtures --zoo"]
fn silero_with_branches_hears_speech() {
    let forms = [("fixtures/silero_livekit/silero_vad.onnx", 141), ("fixtures/silero_vad/ifless.onnx", 141)];
    for (path, expected) in forms.into_iter().chain([("fixtures/silero_web/silero_vad_v5.onnx", 146)]) {
        let probabilities = stepwise(path);
        let speech = probabilities.iter().filter(|p| **p > 0.5).count();
        println!("{path}: {} frames, {speech} of speech", probabilities.len());
        assert_eq!((probabilities.len(), speech), (311, expected), "{path}");
    }
}
