//! Sequences when they run: positions that only the run tells, elements of different extents, and the ports of each.
#![allow(clippy::unwrap_used, clippy::panic)]

#[path = "../../compiler/formats/onnx/tests/common/mod.rs"]
mod files;

use fastserve::onnx::proto::attribute_proto::AttributeType;
use fastserve::onnx::proto::tensor_shape_proto::dimension::Value;
use fastserve::onnx::proto::*;
use fastserve::{CompileOptions, Cpu, Model, ReadOptions, Session, Tensor, Told};
use files::{attribute, model, node, value_info};
use prost::Message;

fn session(graph: GraphProto, told: ReadOptions) -> Session {
    let model = Model::from_bytes_with(model(graph).encode_to_vec().into(), &told).unwrap();
    let compiled = model.compile(&Cpu::new().unwrap(), &CompileOptions { threads: 1, ..CompileOptions::default() }).unwrap();
    compiled.session().unwrap()
}

fn run(session: &mut Session, inputs: &[&Tensor]) -> Result<Vec<Tensor>, fastserve::Error> {
    let views: Vec<_> = inputs.iter().map(|t| t.view().unwrap()).collect();
    let outputs = session.run(&views)?;
    outputs.iter().map(|o| Ok(Tensor::copy_of(&o?.1)?)).collect()
}

fn filled(shape: &[usize], first: f32) -> Tensor {
    let values: Vec<f32> = (0..shape.iter().product::<usize>()).map(|i| first + i as f32).collect();
    Tensor::from_slice(shape, &values).unwrap()
}

fn same(a: &[Tensor], b: &[Tensor]) -> bool {
    a.len() == b.len() && a.iter().zip(b).all(|(a, b)| a.shape() == b.shape() && a.bytes() == b.bytes())
}

/// Three elements `a`, `b`, `c` and `t`, all of these extents, and a position `p`.
fn edited(op: &str, shapes: &[Vec<usize>; 4]) -> Session {
    let inputs: &[&str] = if op == "SequenceInsert" { &["q", "t", "p"] } else { &["q", "p"] };
    let nodes = vec![node("SequenceConstruct", &["a", "b", "c"], &["q"]), node(op, inputs, &["y"])];
    let known = |shape: &Vec<usize>| shape.iter().map(|&d| Some(Value::DimValue(d as i64))).collect::<Vec<_>>();
    let mut input: Vec<ValueInfoProto> =
        ["a", "b", "c", "t"].iter().zip(shapes).map(|(name, shape)| value_info(name, 1, &known(shape))).collect();
    input.push(value_info("p", 7, &[]));
    let output = vec![ValueInfoProto { name: "y".into(), ..Default::default() }];
    session(GraphProto { name: "g".into(), node: nodes, input, output, ..Default::default() }, ReadOptions::default())
}

/// What a list does; `None` where the position is outside of it.
fn list(op: &str, all: &[Tensor], at: i64) -> Option<Vec<Tensor>> {
    let mut list = all[..3].to_vec();
    let place = usize::try_from(if at < 0 { at + 3 } else { at }).ok()?;
    match op {
        "SequenceAt" => list = vec![list.get(place)?.clone()],
        "SequenceErase" if place < 3 => drop(list.remove(place)),
        "SequenceInsert" if place <= 3 => list.insert(place, all[3].clone()),
        _ => return None,
    }
    Some(list)
}

#[test]
fn positions_that_only_the_run_tells_are_those_of_a_list() {
    let equal = [vec![2, 3], vec![2, 3], vec![2, 3], vec![2, 3]];
    let different = [vec![2, 3], vec![0, 5], vec![4, 1], vec![1, 1]];
    for shapes in [equal, different] {
        let all: Vec<Tensor> = shapes.iter().zip([0.0, 100.0, 200.0, 300.0]).map(|(s, first)| filled(s, first)).collect();
        for op in ["SequenceAt", "SequenceErase", "SequenceInsert"] {
            let mut session = edited(op, &shapes);
            for at in (-6..=7).chain([i64::MIN, i64::MAX]) {
                let position = Tensor::scalar(at).unwrap();
                let got = run(&mut session, &[&all[0], &all[1], &all[2], &all[3], &position]);
                match list(op, &all, at) {
                    Some(expected) => assert!(same(&got.unwrap(), &expected), "{op} at {at}"),
                    None => assert!(got.is_err(), "{op} at {at} is outside"),
                }
            }
        }
    }
}

#[test]
fn a_map_over_elements_of_different_extents() {
    let body = GraphProto {
        node: vec![node("Mul", &["e", "x"], &["r"])],
        input: ["e"].map(|n| ValueInfoProto { name: n.into(), ..Default::default() }).to_vec(),
        output: ["r"].map(|n| ValueInfoProto { name: n.into(), ..Default::default() }).to_vec(),
        ..Default::default()
    };
    let body = AttributeProto { g: Some(body), ..attribute("body", AttributeType::Graph) };
    let map = NodeProto { attribute: vec![body], ..node("SequenceMap", &["s"], &["y"]) };
    let element = value_info("", 1, &[Some(Value::DimParam("N".into()))]).r#type.map(Box::new);
    let sequence = type_proto::Value::SequenceType(Box::new(type_proto::Sequence { elem_type: element }));
    let sequence = TypeProto { value: Some(sequence), ..Default::default() };
    let graph = GraphProto {
        name: "g".into(),
        node: vec![map],
        input: vec![
            ValueInfoProto { name: "s".into(), r#type: Some(sequence), ..Default::default() },
            value_info("x", 1, &[Some(Value::DimValue(1))]),
        ],
        output: vec![ValueInfoProto { name: "y".into(), ..Default::default() }],
        ..Default::default()
    };
    let mut session = session(graph, ReadOptions { told: [("s".to_owned(), Told::count(2))].into(), ..ReadOptions::default() });
    let names: Vec<&str> = session.signature().inputs.iter().map(|p| p.name.as_str()).collect();
    assert_eq!(names, ["s[0]", "s[1]", "x"]);
    // Extents of elements are their own, and may change from run to run.
    for (first, second) in [(2, 3), (5, 1)] {
        let got = run(&mut session, &[&filled(&[first], 1.0), &filled(&[second], 4.0), &filled(&[1], 2.0)]).unwrap();
        let twice = |n: usize, from: f32| Tensor::from_slice(&[n], &(0..n).map(|i| 2.0 * (from + i as f32)).collect::<Vec<_>>()).unwrap();
        assert!(same(&got, &[twice(first, 1.0), twice(second, 4.0)]));
    }
}
