//! The text form: every vector's node prints and parses back, and no damaged text makes the parser panic.
#![allow(clippy::unwrap_used)]

use std::panic::{AssertUnwindSafe, catch_unwind};

use fastserve_ir::text::{INLINE_ELEMENTS, parse, print};
use fastserve_ir::{Fact, Graph, Named, ValueId};
use fastserve_ops::Ops;
use fastserve_tensor::Tensor;
use fastserve_testkit::vectors::{self, Vector};
use proptest::prelude::*;

/// A graph of one node; inputs are constants where the text form holds them whole.
fn graph_of(v: &Vector) -> Graph {
    let mut graph = Graph::new(v.path.file_stem().unwrap_or_default().to_string_lossy());
    let inputs: Vec<Option<ValueId>> = v.inputs.iter().enumerate().map(|(i, t)| Some(add_input(&mut graph, i, t.as_ref()?))).collect();
    let outputs: Vec<String> = (0..v.outputs.len()).map(|i| format!("y{i}")).collect();
    let names: Vec<&str> = outputs.iter().map(String::as_str).collect();
    let named = Named { domain: "", op: &v.op, opset: v.opset, attrs: &v.attrs };
    let made = graph.add_operator(&Ops, named, "node", &inputs, &names).unwrap();
    made.into_iter().for_each(|id| graph.add_output(id));
    graph
}

fn add_input(graph: &mut Graph, i: usize, t: &Tensor) -> ValueId {
    if t.numel() <= INLINE_ELEMENTS {
        return graph.add_const(&format!("c{i}"), t.clone());
    }
    let shape = t.shape().iter().map(|&d| d.into()).collect();
    graph.add_input(&format!("x{i}"), Fact::new(t.dtype(), shape))
}

/// Texts with symbols, shape arithmetic and several nodes, beside those of one node.
const LARGER: &[&str] = &[
    "graph g(N, \"a b\") {\n  input %x: f32[N,3,(2*\"a b\")]\n  const %c: i64[1] = {-1}\n  const %z: i64[] = {0}\n  const %a: i64[1] = {0}\n  \
     %s: i64[3] = Shape(%x) @s\n  %n: i64[] = Gather{axis=0}(%s, %z) @g\n  %u: i64[1] = Unsqueeze(%n, %a) @u\n  \
     %t: i64[2] = Concat{axis=0}(%u, %c) @c\n  %y: f32[N,(\"a b\"*6)] = Reshape(%x, %t) @r\n  return %y\n}\n",
    "graph net(N) {\n  input %x: f32[N,3,8,8]\n  const %w: f32[2,3,1,1] = {1, 0.5, -2, inf, NaN, 1e-9}\n  \
     %c: f32[N,2,8,8] = Conv{strides=[1,1]}(%x, %w) @conv\n  %p: f32[N,2,4,4] = MaxPool{kernel_shape=[2,2], strides=[2,2]}(%c) @pool\n  \
     %f: f32[N,32] = Flatten{axis=1}(%p) @flat\n  %y: f32[N,32] = Softmax{axis=-1}(%f) @soft\n  return %y\n}\n",
];

fn texts() -> Vec<String> {
    let printed = vectors::load_all().unwrap().iter().map(|v| print(&graph_of(v))).collect::<Vec<_>>();
    printed.into_iter().chain(LARGER.iter().map(|t| (*t).to_owned())).collect()
}

#[test]
fn every_vector_prints_and_parses_back() {
    let mut failed = Vec::new();
    for v in vectors::load_all().unwrap() {
        let graph = graph_of(&v);
        let text = print(&graph);
        let back = graph.verify().map_err(|e| e.to_string()).and_then(|()| parse(&text, &Ops).map_err(|e| e.to_string()));
        match back.map(|g| print(&g)) {
            Ok(again) if again == text => {}
            other => failed.push(format!("{}: {other:?}\n{text}", v.path.display())),
        }
    }
    assert!(failed.is_empty(), "{}", failed.join("\n"));
}

#[test]
fn larger_texts_parse() {
    for text in LARGER {
        let printed = print(&parse(text, &Ops).unwrap());
        assert_eq!(print(&parse(&printed, &Ops).unwrap()), printed);
    }
}

/// Damage to a text at a place that is a share of its length.
#[derive(Clone, Debug)]
enum Damage {
    Truncate(f64),
    Flip(f64, u8),
    Insert(f64, String),
    Remove(f64, usize),
    Repeat(f64, usize),
}

fn damage() -> impl Strategy<Value = Damage> {
    let at = || 0.0..1.0f64;
    let scraps = "(\\(|\\)|\\{|\\}|\\[|\\]|,|@|%|\"|\\\\u\\{|max\\(|-1|0|99999999999999999999|9223372036854775807|18446744073709551615|1e39|NaN|_|é|N|f\\[|i64\\[|=)";
    prop_oneof![
        at().prop_map(Damage::Truncate),
        (at(), any::<u8>()).prop_map(|(p, b)| Damage::Flip(p, b)),
        (at(), scraps).prop_map(|(p, s)| Damage::Insert(p, s)),
        (at(), 1..20usize).prop_map(|(p, n)| Damage::Remove(p, n)),
        (at(), 1..80usize).prop_map(|(p, n)| Damage::Repeat(p, n)),
    ]
}

fn apply(text: &mut Vec<u8>, damage: &Damage) {
    let len = text.len();
    let place = |share: f64| ((len as f64 * share) as usize).min(len);
    match damage {
        Damage::Truncate(p) => text.truncate(place(*p)),
        Damage::Flip(p, b) => text.get_mut(place(*p)).into_iter().for_each(|c| *c ^= b),
        Damage::Insert(p, s) => drop(text.splice(place(*p)..place(*p), s.bytes())),
        Damage::Remove(p, n) => drop(text.drain(place(*p)..(place(*p) + n).min(len))),
        Damage::Repeat(p, n) => {
            let part = text[place(*p)..(place(*p) + n).min(len)].to_vec();
            drop(text.splice(place(*p)..place(*p), part));
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 20_000, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn a_damaged_text_never_panics(pick in any::<prop::sample::Index>(), damages in prop::collection::vec(damage(), 1..4)) {
        static TEXTS: std::sync::OnceLock<Vec<String>> = std::sync::OnceLock::new();
        let texts = TEXTS.get_or_init(texts);
        let mut bytes = texts[pick.index(texts.len())].clone().into_bytes();
        damages.iter().for_each(|d| apply(&mut bytes, d));
        let text = String::from_utf8_lossy(&bytes);
        // What parses must print and parse again.
        let outcome = catch_unwind(AssertUnwindSafe(|| parse(&text, &Ops).ok().map(|g| print(&g)).map(|t| (parse(&t, &Ops).is_ok() || t.contains('<'), t))));
        match outcome {
            Err(_) => prop_assert!(false, "panics:\n{text}"),
            Ok(Some((false, printed))) => prop_assert!(false, "parses, but not what it prints:\n{text}\n{printed}\n{:?}", parse(&printed, &Ops).err()),
            Ok(_) => {}
        }
    }
}
