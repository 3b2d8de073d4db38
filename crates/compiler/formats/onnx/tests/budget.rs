//! As much as the pre-scan lets through of every kind of thing takes no more memory than it may.

mod common;

use bytes::Bytes;
use common::*;
use fastserve_onnx::OnnxError;
use prost::Message;

/// `y = Relu(x)` and, behind it, as many parts as are accepted; `make` gives the bytes of the graph's fields for a number
/// of parts.
fn at_the_limit(name: &str, make: impl Fn(usize) -> Vec<u8>) {
    let relu = graph(vec![node("Relu", &["x"], &["y"])]).encode_to_vec();
    let file = |n: usize| -> Bytes { raw_model(&[relu.clone(), make(n)].concat()) };
    grow(name, 4200, file);
}

/// The same for parts of a few bytes.
fn small_at_the_limit(name: &str, make: impl Fn(usize) -> Vec<u8>) {
    let relu = graph(vec![node("Relu", &["x"], &["y"])]).encode_to_vec();
    grow(name, 600_000, |n| raw_model(&[relu.clone(), make(n)].concat()));
}

/// The largest file made.
const MAX_FILE: usize = 16 << 20;

/// Loads files of more and more parts, `first` of them at first, up to the first that is refused for its size.
fn grow(name: &str, first: usize, file: impl Fn(usize) -> Bytes) {
    let mut n = first;
    loop {
        let file = file(n);
        let last = file.len() > MAX_FILE;
        if matches!(load(&format!("{name} x {n}"), file, None), Err(OnnxError::Limit { .. })) || last {
            return;
        }
        n = n * 3 / 2;
    }
}

fn text(tag: u32, text: String) -> Vec<u8> {
    field(tag, text.as_bytes())
}

/// A node from `input` to `output`.
fn relu(op: &str, input: String, output: String) -> Vec<u8> {
    field(1, &[text(1, input), text(2, output), text(4, op.into())].concat())
}

#[test]
fn nodes_in_a_row() {
    at_the_limit("nodes", |n| {
        (0..n).flat_map(|i| relu("Relu", if i == 0 { "x".into() } else { format!("{}", i - 1) }, format!("{i}"))).collect()
    });
}

#[test]
fn nodes_in_reverse() {
    at_the_limit("reverse nodes", |n| {
        (0..n).rev().flat_map(|i| relu("Relu", if i == 0 { "x".into() } else { format!("{}", i - 1) }, format!("{i}"))).collect()
    });
}

#[test]
fn nodes_that_are_not_supported() {
    at_the_limit("unsupported nodes", |n| (0..n).flat_map(|i| relu("?", "x".into(), format!("{i}"))).collect());
}

#[test]
fn nodes_in_a_circle() {
    at_the_limit("circle", |n| (0..n).flat_map(|i| relu("Relu", format!("{}", (i + 1) % n), format!("{i}"))).collect());
}

#[test]
fn nodes_with_attributes() {
    // Flatten has one attribute, axis.
    let axis = field(5, &[text(1, "axis".into()), vec![0x18, 1], vec![0xa0, 1, 2]].concat());
    at_the_limit("attributes", |n| {
        let node = |i: usize| field(1, &[text(1, "x".into()), text(2, format!("{i}")), text(4, "Flatten".into()), axis.clone()].concat());
        (0..n).flat_map(node).collect()
    });
}

#[test]
fn a_node_with_many_inputs() {
    small_at_the_limit("inputs of a node", |n| field(1, &[field(1, b"x").repeat(n), text(2, "z".into()), text(4, "Relu".into())].concat()));
    small_at_the_limit("empty inputs of a node", |n| {
        field(1, &[vec![0x0a, 0].repeat(n), text(1, "x".into()), text(2, "z".into()), text(4, "Relu".into())].concat())
    });
}

#[test]
fn a_node_with_many_outputs() {
    at_the_limit("outputs of a node", |n| {
        let outputs: Vec<u8> = (0..n).flat_map(|i| text(2, format!("o{i}"))).collect();
        field(1, &[text(1, "x".into()), outputs, text(4, "Dropout".into())].concat())
    });
}

#[test]
fn a_node_with_many_attributes() {
    at_the_limit("attributes of a node", |n| {
        let one = |i: usize| field(5, &[text(1, format!("{i}")), vec![0x18, 1], vec![0xa0, 1, 2]].concat());
        let attributes: Vec<u8> = (0..n).flat_map(one).collect();
        field(1, &[text(1, "x".into()), text(2, "z".into()), text(4, "Dropout".into()), attributes].concat())
    });
}

#[test]
fn an_attribute_of_many_numbers() {
    // MaxPool reads kernel_shape more than once; Constant keeps value_ints and value_floats.
    let list = |op: &'static str, name: &'static str, values: fn(usize) -> Vec<u8>, kind: u8| {
        move |n: usize| {
            let attribute = field(5, &[text(1, name.into()), values(n), vec![0xa0, 1, kind]].concat());
            field(1, &[text(1, "x".into()), text(2, "z".into()), text(4, op.into()), attribute].concat())
        }
    };
    small_at_the_limit("kernel_shape", list("MaxPool", "kernel_shape", |n| field(8, &vec![1; n]), 7));
    small_at_the_limit("unpacked kernel_shape", list("MaxPool", "kernel_shape", |n| [0x40, 1].repeat(n), 7));
    let constant = |name: &'static str, values: fn(usize) -> Vec<u8>, kind: u8| {
        move |n: usize| {
            let attribute = field(5, &[text(1, name.into()), values(n), vec![0xa0, 1, kind]].concat());
            field(1, &[text(2, "z".into()), text(4, "Constant".into()), attribute].concat())
        }
    };
    small_at_the_limit("value_ints", constant("value_ints", |n| field(8, &vec![1; n]), 7));
    small_at_the_limit("value_floats", constant("value_floats", |n| field(7, &vec![0; 4 * n]), 6));
}

#[test]
fn initializers() {
    at_the_limit("empty initializers", |n| {
        (0..n).flat_map(|i| field(5, &[vec![0x08, 0, 0x10, 1], text(8, format!("{i}"))].concat())).collect()
    });
    at_the_limit("small initializers", |n| {
        (0..n).flat_map(|i| field(5, &[vec![0x10, 1], text(8, format!("{i}")), field(4, &[0; 4])].concat())).collect()
    });
    at_the_limit("bytes", |n| (0..n).flat_map(|i| field(5, &[vec![0x10, 2], text(8, format!("{i}")), vec![0x28, 7]].concat())).collect());
    at_the_limit("strings", |n| (0..n).flat_map(|i| field(5, &[vec![0x10, 8], text(8, format!("{i}"))].concat())).collect());
    at_the_limit("sparse initializers", |n| (0..n).flat_map(|_| field(15, &[])).collect());
}

#[test]
fn lists_of_numbers() {
    for (kind, tag) in [(7, 7), (13, 11), (6, 5), (2, 5), (12, 11)] {
        small_at_the_limit(&format!("data type {kind}"), |n| {
            let mut dims = vec![0x08];
            prost::encoding::encode_varint(n as u64, &mut dims);
            field(5, &[dims, vec![0x10, kind], text(8, "w".into()), field(tag, &vec![1; n])].concat())
        });
    }
}

#[test]
fn inputs_and_outputs() {
    let dim = [field(1, &[]).repeat(8)].concat();
    let known = field(1, &[0x08, 1]).repeat(8);
    for (name, dims) in [("inputs", &known), ("inputs with symbols", &dim)] {
        let kind = field(2, &field(1, &[vec![0x08, 1], field(2, dims)].concat()));
        at_the_limit(name, |n| (0..n).flat_map(|i| field(11, &[text(1, format!("{i}")), kind.clone()].concat())).collect());
    }
    at_the_limit("inputs of sequences", |n| {
        (0..n).flat_map(|i| field(11, &[text(1, format!("{i}")), field(2, &[0x22, 0])].concat())).collect()
    });
    at_the_limit("outputs", |n| {
        let nodes = (0..n).flat_map(|i| relu("Relu", "x".into(), format!("{i}")));
        nodes.chain((0..n).flat_map(|i| field(12, &text(1, format!("{i}"))))).collect()
    });
}

#[test]
fn parts_of_the_model() {
    let model = raw_model(&graph(vec![node("Relu", &["x"], &["y"])]).encode_to_vec());
    let with = |part: Box<dyn Fn(usize) -> Vec<u8>>| {
        let model = model.clone();
        move |n: usize| -> Bytes { model.iter().copied().chain((0..n).flat_map(&part)).collect() }
    };
    grow("operator sets", 4200, with(Box::new(|i| field(8, &[text(1, format!("d{i}")), vec![0x10, 1]].concat()))));
    grow("functions", 4200, with(Box::new(|i| field(25, &text(1, format!("f{i}"))))));
    grow("metadata", 4200, with(Box::new(|i| field(14, &text(1, format!("f{i}"))))));
}

#[test]
fn long_names() {
    let long = |i: usize| format!("{i:04000}");
    at_the_limit("long names", |n| {
        let n = n / 4;
        (0..n).flat_map(|i| relu("Relu", if i == 0 { "x".into() } else { long(i - 1) }, long(i))).collect()
    });
}
