//! FlexAttention with graphs that change its scores and its probabilities.

#![allow(clippy::unwrap_used)]

mod common;

use common::*;
use fastserve_onnx::proto::attribute_proto::AttributeType;
use fastserve_onnx::proto::tensor_proto::DataType;
use fastserve_onnx::proto::tensor_shape_proto::dimension::Value;
use fastserve_onnx::proto::*;
use fastserve_tensor::Tensor;
use fastserve_testkit::interpret::interpret;
use fastserve_testkit::{Tolerance, compare};

fn named(name: &str) -> ValueInfoProto {
    ValueInfoProto { name: name.into(), ..Default::default() }
}

/// A graph from `s` to `r` with a constant `half`.
fn modifier(nodes: Vec<NodeProto>) -> GraphProto {
    let half = TensorProto { float_data: vec![0.5], ..tensor("half", DataType::Float, &[]) };
    GraphProto { node: nodes, input: vec![named("s")], output: vec![named("r")], initializer: vec![half], ..Default::default() }
}

/// Attention of 4 heads over 2, with these graphs.
fn attention(graphs: &[(&str, GraphProto)]) -> ModelProto {
    let attribute = |(name, g): &(&str, GraphProto)| AttributeProto { g: Some(g.clone()), ..attribute(name, AttributeType::Graph) };
    let node = NodeProto {
        domain: "ai.onnx.preview".into(),
        attribute: graphs.iter().map(attribute).collect(),
        ..node("FlexAttention", &["q", "k", "v"], &["y"])
    };
    let input = |name: &str, dims: [i64; 4]| value_info(name, 1, &dims.map(|d| Some(Value::DimValue(d))));
    let input = vec![input("q", [1, 4, 3, 8]), input("k", [1, 2, 5, 8]), input("v", [1, 2, 5, 6])];
    let mut m = model(GraphProto { name: "g".into(), node: vec![node], input, output: vec![named("y")], ..Default::default() });
    m.opset_import.push(OperatorSetIdProto { domain: "ai.onnx.preview".into(), version: 1 });
    m
}

fn run(m: &ModelProto, factor: f32) -> Tensor {
    let filled = |shape: [usize; 4], factor: f32| {
        let values: Vec<f32> = (0..shape.iter().product()).map(|i: usize| factor * ((i * 37 % 23) as f32 / 11.0 - 1.0)).collect();
        Tensor::from_slice(&shape, &values).unwrap()
    };
    let graph = load_model("attention", m).unwrap();
    graph.verify().unwrap();
    let inputs = [filled([1, 4, 3, 8], factor), filled([1, 2, 5, 8], 1.0), filled([1, 2, 5, 6], 1.0)];
    interpret(&graph, &inputs, &[]).unwrap().remove(0)
}

#[test]
fn what_graphs_do_shows_in_the_result() {
    let halved = || modifier(vec![node("Mul", &["s", "half"], &["r"])]);
    let plain = run(&attention(&[]), 1.0);
    let probabilities = run(&attention(&[("prob_mod", halved())]), 1.0);
    let half: Vec<f32> = plain.as_slice::<f32>().unwrap().iter().map(|y| y * 0.5).collect();
    compare(&probabilities, &Tensor::from_slice(&[1, 4, 3, 6], &half).unwrap(), Tolerance::F32).unwrap();
    // Half the scores are those of half the queries.
    let scores = run(&attention(&[("score_mod", halved())]), 1.0);
    compare(&scores, &run(&attention(&[]), 0.5), Tolerance::F32).unwrap();
    let same = modifier(vec![node("Identity", &["s"], &["r"])]);
    compare(&run(&attention(&[("score_mod", same.clone()), ("prob_mod", same)]), 1.0), &plain, Tolerance::F32).unwrap();
}

#[test]
fn graphs_that_do_not_fit_are_refused() {
    let two = GraphProto { output: vec![named("r"), named("s")], ..modifier(vec![node("Relu", &["s"], &["r"])]) };
    let error = error_of("two outputs", &attention(&[("score_mod", two)]));
    assert!(error.contains("`score_mod`: expected a graph of one input and one output, got 1 and 2"), "{error}");
    for op in ["Size", "Shape"] {
        let error = error_of("extents", &attention(&[("prob_mod", modifier(vec![node(op, &["s"], &["r"])]))]));
        assert!(error.contains("`prob_mod`: expected what it makes to have the type and the extents"), "{error}");
    }
    let error = error_of("operator", &attention(&[("prob_mod", modifier(vec![node("Nonsense", &["s"], &["r"])]))]));
    assert!(error.contains("Nonsense (opset 17) x 1"), "{error}");
}
