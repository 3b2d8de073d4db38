//! Networks of f16 and bf16: they run by the kernels of f32, and round where they leave.
#![allow(clippy::unwrap_used, clippy::panic)]

mod common;

use common::many::Many;
use common::session;
use common::table::{Row, table};
use fastserve::ir::Graph;
use fastserve::{CompileOptions, Cpu, DType, Format, Model, Tensor, WriteOptions};
use fastserve_testkit::half::{converted, halved, rounded, through, widened};
use fastserve_testkit::{Tolerance, compare};

/// Small ones of the default tier: pictures, text, sound, bytes.
const NETWORKS: &[&str] = &["light_squeezenet", "squeezenet", "ocr_cls", "ocr_rec", "magika", "swift_f0"];

/// Constants that a network computes from others when it is loaded are rounded at each step in the twin of f16: some units in the last
/// place of f16 (2^-11), which deep networks make larger.
const NEAR: Tolerance = Tolerance { absolute: 2e-2, relative: 2e-2 };

type Named = Vec<(String, Tensor)>;

fn answers(model: &Model, inputs: &[(String, Tensor)]) -> Named {
    let mut session = session(model, 2);
    let given: Vec<(&str, &Tensor)> = inputs.iter().map(|(n, t)| (n.as_str(), t)).collect();
    let outputs = session.run_named(&given).unwrap();
    outputs.iter().map(|o| o.map(|(name, view)| (name.to_owned(), Tensor::copy_of(&view).unwrap())).unwrap()).collect()
}

fn each(inputs: &[(String, Tensor)], f: impl Fn(&Tensor) -> Tensor) -> Named {
    inputs.iter().map(|(name, t)| (name.clone(), f(t))).collect()
}

/// Operators of steps that no kernel runs.
fn by_reference(model: &Model) -> Vec<String> {
    let compiled = model.compile(&Cpu::new().unwrap(), &CompileOptions { threads: 1, optimize: true }).unwrap();
    let symbols = vec![2; model.graph().symbols().len()];
    let steps = compiled.explain(&symbols).map(|e| e.steps).unwrap_or_default();
    let mut ops: Vec<String> = steps.into_iter().filter(|s| s.kernel == "reference").map(|s| s.op).collect();
    ops.sort_unstable();
    ops
}

fn open(graph: Graph) -> Model {
    Model::from_graph(graph, Format::Text).unwrap()
}

/// The twins of a network, and what they answer; whether that is the same to the bit.
fn check(row: &Row, dtype: DType) -> (Model, Named, Named, bool) {
    let model = row.open();
    let (twin, base) =
        (open(halved(model.graph(), dtype).unwrap_or_else(|e| panic!("{}: {e}", row.name))), open(rounded(model.graph(), dtype).unwrap()));
    let inputs = row.inputs(&row.cases[0]);
    let narrow = each(&inputs, |t| converted(t, dtype).unwrap());
    let got = answers(&twin, &narrow);
    let expected = answers(&base, &each(&inputs, |t| through(t, dtype).unwrap()));
    let mut same = true;
    for ((name, got), (_, expected)) in got.iter().zip(&expected) {
        let expected = converted(expected, dtype).unwrap();
        same &= got.bytes() == expected.bytes();
        let near = compare(&widened(got).unwrap(), &widened(&expected).unwrap(), NEAR);
        assert!(near.is_ok(), "{} in {dtype}: {name}: {}", row.name, near.err().unwrap());
    }
    assert_eq!(by_reference(&twin), by_reference(&base), "{} in {dtype}", row.name);
    (twin, narrow, got, same)
}

fn rows() -> Vec<Row> {
    table().model.into_iter().filter(|row| NETWORKS.contains(&row.name.as_str())).collect()
}

#[test]
fn networks_of_f16_run_by_the_kernels_of_f32() {
    let mut same = Vec::new();
    for row in rows() {
        if check(&row, DType::F16).3 {
            same.push(row.name.clone());
        }
    }
    println!("the same bits as f32, rounded once: {same:?}");
    assert!(same.iter().any(|name| name == "squeezenet"));
}

#[test]
fn networks_of_bf16_run_by_the_kernels_of_f32() {
    let row = rows().into_iter().find(|row| row.name == "squeezenet").unwrap();
    assert!(check(&row, DType::BF16).3);
}

#[test]
fn onnxruntime_answers_alike() {
    let Some(mut many) = Many::new() else { return };
    for row in rows() {
        let (twin, inputs, got, _) = check(&row, DType::F16);
        twin.write_onnx(many.model(&row.name), &WriteOptions::default()).unwrap();
        many.add(&row.name, &inputs, &got, NEAR);
    }
    assert_eq!(many.check(), Default::default());
}

/// What a model rounds itself stays rounded: 1/3 as f16 is not 1/3.
#[test]
fn a_cast_of_the_model_rounds() {
    let text = "graph g(N) {\n  input %x: f32[N]\n  %h: f16[N] = Cast{to=10}(%x) @down\n  %n: f16[N] = Neg(%h) @neg\n  \
                %y: f32[N] = Cast{to=1}(%n) @up\n  return %y\n}\n";
    let graph = fastserve::ir::text::parse(text, &fastserve::Ops).unwrap();
    let x = Tensor::from_slice(&[1], &[1.0f32 / 3.0]).unwrap();
    let got = answers(&open(graph), &[("x".to_owned(), x.clone())]);
    let expected = -through(&x, DType::F16).unwrap().as_slice::<f32>().unwrap()[0];
    assert_eq!(got[0].1.as_slice::<f32>().unwrap(), [expected]);
    assert_ne!(expected, -1.0 / 3.0);
}
