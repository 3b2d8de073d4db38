//! A real file, cut off and damaged: always a graph or a typed error, within memory and time.

#![allow(clippy::unwrap_used)]

mod common;

use bytes::Bytes;
use common::*;
use fastserve_onnx::proto::ModelProto;
use prost::{DecodeError, Message};

/// A small generator of numbers (xorshift64*), so that runs repeat.
struct Random(u64);

impl Random {
    fn below(&mut self, n: usize) -> usize {
        self.0 ^= self.0 >> 12;
        self.0 ^= self.0 << 25;
        self.0 ^= self.0 >> 27;
        (self.0.wrapping_mul(0x2545_f491_4f6c_dd1d) >> 33) as usize % n
    }
}

fn tiny_cnn() -> Vec<u8> {
    std::fs::read(repository("models/tiny_cnn.onnx")).unwrap()
}

/// Fields that no reader here looks into, so that what is in them may be anything.
const UNREAD: &[&str] = &["metadata_props", "doc_string", "value_info", "quantization_annotation", "segment", "attribute"];

/// The names of a model's nodes, by the generated decoder.
fn names(file: Bytes) -> Result<Vec<String>, DecodeError> {
    let nodes = ModelProto::decode(file)?.graph.unwrap_or_default().node;
    Ok(nodes.into_iter().map(|n| n.name).collect())
}

/// Loads the file; where that works, the generated decoder must read the same.
fn check(name: &str, file: Vec<u8>) -> bool {
    let bytes = Bytes::from(file);
    let survey = fastserve_onnx::survey(&bytes, &fastserve_ops::Ops);
    let loaded = load(name, bytes.clone(), None);
    if let Ok(graph) = &loaded {
        graph.verify().unwrap();
        match names(bytes) {
            Ok(names) => assert!(graph.nodes().zip(&names).all(|((_, n), name)| *n.name == *name.as_str() || name.is_empty())),
            Err(e) => assert!(UNREAD.iter().any(|field| e.to_string().contains(field)), "{e}"),
        }
        survey.unwrap();
    }
    loaded.is_ok()
}

#[test]
fn cut_off_at_every_percent() {
    let file = tiny_cnn();
    let loaded = (0..100).filter(|p| check("cut", file[..file.len() * p / 100].to_vec())).count();
    assert_eq!(loaded, 0, "what is cut off is no model");
}

#[test]
fn a_thousand_flipped_bytes() {
    let file = tiny_cnn();
    let mut random = Random(17);
    for i in 0..1000 {
        let mut copy = file.clone();
        let at = random.below(file.len());
        copy[at] ^= 1 + random.below(255) as u8;
        check(&format!("flip {i} at {at}"), copy);
    }
}

#[test]
fn flipped_bytes_outside_the_weights() {
    // All but a percent of the file is weights: damage what is left.
    let file = tiny_cnn();
    let weights = file.windows(12).position(|w| w == b"conv1.weight").unwrap();
    let tail = file.len() - 400;
    let mut random = Random(18);
    let mut loaded = 0;
    for i in 0..4000 {
        let mut copy = file.clone();
        for _ in 0..=i % 3 {
            let at = random.below(1000);
            let at = if at < 600 { at % (weights + 40) } else { tail + at - 600 };
            copy[at] ^= 1 + random.below(255) as u8;
        }
        loaded += usize::from(check(&format!("flip {i}"), copy));
    }
    assert!((1..4000).contains(&loaded), "{loaded}");
}

#[test]
fn bytes_moved_about() {
    let file = tiny_cnn();
    let mut random = Random(19);
    for i in 0..300 {
        let (from, to, len) = (random.below(file.len()), random.below(1000), random.below(300));
        let part = file[from..(from + len).min(file.len())].to_vec();
        let mut copy = file.clone();
        copy.splice(to..to + i % 2 * part.len(), part);
        check(&format!("move {i}"), copy);
    }
}
