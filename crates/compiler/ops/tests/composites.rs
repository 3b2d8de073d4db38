//! Operators that are made of others: symbolic extents go through them, what they do not take is refused by name, and nothing panics.
#![allow(clippy::unwrap_used)]

use std::panic::{AssertUnwindSafe, catch_unwind};

use fastserve_ir::{Attr, Attrs, ComposeError, Dim, Fact, Graph, Named, OpSet, SymId, ValueId};
use fastserve_ops::{Ops, composites};
use fastserve_tensor::DType;
use fastserve_testkit::vectors::{self, Vector};

const CONTRIB: &str = "com.microsoft.";

/// A graph with these symbols, and what it knows of the outputs of one operator.
fn add(
    symbols: &[&str],
    op: &str,
    attrs: &Attrs,
    inputs: &[Option<Fact>],
    outputs: &[&str],
) -> Result<(Graph, Vec<ValueId>), ComposeError> {
    let mut graph = Graph::new("one");
    symbols.iter().for_each(|s| drop(graph.symbol(s)));
    let ids: Vec<Option<ValueId>> =
        inputs.iter().enumerate().map(|(i, fact)| fact.as_ref().map(|fact| graph.add_input(&format!("in{i}"), fact.clone()))).collect();
    let made = graph.add_operator(&Ops, Named { domain: "", op, opset: 17, attrs }, "node", &ids, outputs)?;
    Ok((graph, made))
}

fn sym(i: usize) -> Dim {
    Dim::Sym(SymId::new(i))
}

fn float(shape: &[Dim]) -> Option<Fact> {
    Some(Fact::new(DType::F32, shape.to_vec()))
}

fn int(shape: &[Dim]) -> Option<Fact> {
    Some(Fact::new(DType::I32, shape.to_vec()))
}

fn heads(n: i64) -> Attrs {
    Attrs::new().with_int("num_heads", n)
}

/// Extents of the first output where batch, steps and past are symbols; no extent is one that only data tell.
fn shape_of(op: &str, attrs: &Attrs, inputs: &[Option<Fact>], outputs: &[&str]) -> Vec<Dim> {
    let symbols = ["B", "S", "P"];
    let (graph, made) = add(&symbols, &format!("{CONTRIB}{op}"), attrs, inputs, outputs).unwrap();
    assert_eq!(graph.symbols().len(), symbols.len(), "{op} has extents that only data tell");
    graph.fact(made[0]).shape.clone()
}

#[test]
fn extents_stay_symbolic() {
    let (b, s, p) = (sym(0), sym(1), sym(2));
    let k = |n: usize| Dim::Known(n);
    let rows = |n: usize| float(&[b.clone(), s.clone(), k(n)]);
    let expected = vec![b.clone(), s.clone(), k(8)];
    let cache = float(&[b.clone(), k(2), p.clone(), k(4)]);

    let mask = int(&[b.clone(), s.clone()]);
    let weights = [rows(6), float(&[k(6), k(24)]), float(&[k(24)])];
    assert_eq!(shape_of("Attention", &heads(2), &[&weights[..], std::slice::from_ref(&mask)].concat(), &["y"]), expected);
    let lengths = [&weights[..], &[int(std::slice::from_ref(&b))]].concat();
    assert_eq!(shape_of("Attention", &heads(2).with_int("unidirectional", 1), &lengths, &["y", "present"]), expected);
    let past = float(&[k(2), b.clone(), k(2), p.clone(), k(4)]);
    let with_past = [&weights[..], &[None, past]].concat();
    assert_eq!(shape_of("Attention", &heads(2).with_int("unidirectional", 1), &with_past, &["y", "present"]), expected);

    let own = [rows(8), rows(8), rows(8), float(&[k(24)]), None, None, cache.clone(), cache.clone()];
    assert_eq!(shape_of("MultiHeadAttention", &heads(2).with_int("unidirectional", 1), &own, &["y", "k", "v"]), expected);

    let ids = int(&[b.clone(), s.clone()]);
    let tables = [ids.clone(), ids.clone(), float(&[k(9), k(8)]), float(&[k(9), k(8)]), float(&[k(2), k(8)])];
    let embed = [&tables[..], &[float(&[k(8)]), float(&[k(8)]), ids]].concat();
    assert_eq!(shape_of("EmbedLayerNormalization", &Attrs::new(), &embed, &["y", "lengths", "sum"]), expected);

    let table = float(&[k(16), k(2)]);
    let places = Some(Fact::new(DType::I64, vec![b.clone(), s.clone()]));
    assert_eq!(shape_of("RotaryEmbedding", &heads(2), &[rows(8), places, table.clone(), table], &["y"]), expected);
    let skip = [rows(8), rows(8), float(&[k(8)]), float(&[k(8)])];
    assert_eq!(shape_of("SkipLayerNormalization", &Attrs::new(), &skip, &["y", "", "", "sum"]), expected);
}

/// Exporters tell the number of keys by the extent of a mask.
#[test]
fn a_cache_grows_by_an_extent_of_the_model() {
    let mut graph = Graph::new("decode");
    let (b, s, p, t) = (graph.symbol("B"), graph.symbol("S"), graph.symbol("P"), graph.symbol("T"));
    let k = |n: usize| Dim::Known(n);
    let mut input = |name: &str, dtype: DType, shape: Vec<Dim>| graph.add_input(name, Fact::new(dtype, shape));
    let x = input("x", DType::F32, vec![b.clone(), s.clone(), k(16)]);
    let past = input("past", DType::F32, vec![b.clone(), k(1), p.clone(), k(4)]);
    let lengths = input("lengths", DType::I32, vec![b.clone()]);
    let mask = input("mask", DType::I64, vec![b.clone(), t.clone()]);
    let mut op = |op: &str, attrs: Attrs, inputs: &[Option<ValueId>], outputs: &[&str]| {
        graph.add_operator(&Ops, Named { domain: "", op, opset: 17, attrs: &attrs }, outputs[0], inputs, outputs).unwrap()
    };
    let shape = op("Shape", Attrs::new().with_int("start", 1), &[Some(mask)], &["shape"])[0];
    let total = op("Cast", Attrs::new().with_int("to", 6), &[Some(shape)], &["total"])[0];
    let attrs = heads(2).with_int("kv_num_heads", 1);
    let inputs = [Some(x), None, None, Some(past), Some(past), Some(lengths), Some(total)];
    let made = op("com.microsoft.GroupQueryAttention", attrs, &inputs, &["y", "k", "v"]);
    assert_eq!(graph.fact(made[0]).shape[..], [b.clone(), s, k(8)]);
    let longer = t.combine(fastserve_ir::DimOp::Max, p).unwrap();
    assert_eq!(graph.fact(made[1]).shape[..], [b, k(1), longer, k(4)]);
}

fn refusal(op: &str, attrs: &Attrs, inputs: &[Option<Fact>], outputs: &[&str]) -> String {
    match add(&[], &format!("{CONTRIB}{op}"), attrs, inputs, outputs) {
        Ok(_) => "nothing".to_owned(),
        Err(e) => e.to_string(),
    }
}

#[test]
fn what_is_not_supported_is_named() {
    let k = |n: &[usize]| n.iter().map(|&n| Dim::Known(n)).collect::<Vec<_>>();
    let x = || float(&k(&[2, 3, 8]));
    let attention = [x(), float(&k(&[8, 24])), float(&k(&[24]))];
    let own = [x(), x(), x()];
    let with = |inputs: &[Option<Fact>], i: usize, fact: Option<Fact>| {
        let mut all = inputs.to_vec();
        all.resize(all.len().max(i + 1), None);
        all[i] = fact;
        all
    };
    let gqa = [x(), float(&k(&[2, 3, 8])), float(&k(&[2, 3, 8])), None, None, int(&k(&[2])), int(&k(&[1]))];
    let groups = || heads(2).with_int("kv_num_heads", 2);
    let cases = [
        ("do_rotary", refusal("Attention", &heads(2).with_int("do_rotary", 1), &attention, &["y"])),
        ("past_present_share_buffer", refusal("Attention", &heads(2).with_int("past_present_share_buffer", 1), &attention, &["y"])),
        ("past_sequence_length", refusal("Attention", &heads(2), &with(&attention, 6, int(&k(&[1]))), &["y"])),
        ("rank 4", refusal("Attention", &heads(2), &with(&attention, 3, int(&k(&[2, 1, 3, 3]))), &["y"])),
        ("an element or two a sample", refusal("Attention", &heads(2), &with(&attention, 3, int(&k(&[8]))), &["y"])),
        ("num_heads", refusal("Attention", &Attrs::new(), &attention, &["y"])),
        ("rank 5", refusal("MultiHeadAttention", &heads(2), &with(&own, 0, float(&k(&[2, 3, 2, 3, 4]))), &["y"])),
        ("cache_indirection", refusal("MultiHeadAttention", &heads(2), &with(&own, 9, int(&k(&[1]))), &["y"])),
        ("qk", refusal("MultiHeadAttention", &heads(2), &own, &["y", "", "", "qk"])),
        ("unidirectional", refusal("MultiHeadAttention", &heads(2).with_int("unidirectional", 1), &longer(&own), &["y"])),
        ("k_scale", refusal("GroupQueryAttention", &groups(), &with(&gqa, 12, float(&k(&[1]))), &["y"])),
        ("q_norm_weight", refusal("GroupQueryAttention", &groups(), &with(&gqa, 14, float(&k(&[4]))), &["y"])),
        ("output_qk", refusal("GroupQueryAttention", &groups(), &gqa, &["y", "k", "v", "qk"])),
        ("sliding_window_cache", refusal("GroupQueryAttention", &groups().with_int("sliding_window_cache", 1), &gqa, &["y"])),
        ("k_quant_type", refusal("GroupQueryAttention", &groups().with_str("k_quant_type", "PER_TENSOR"), &gqa, &["y"])),
        (
            "local_window_size",
            refusal("GroupQueryAttention", &groups().with_int("local_window_size", 2).with_int("causal", 0), &gqa, &["y"]),
        ),
        ("what", refusal("RotaryEmbedding", &Attrs::new().with_int("what", 1), &own, &["y"])),
    ];
    let silent: Vec<_> = cases.iter().filter(|(word, got)| !got.contains(word)).collect();
    assert!(silent.is_empty(), "{silent:#?}");
}

/// Keys and values of more steps than there are queries.
fn longer(own: &[Option<Fact>]) -> Vec<Option<Fact>> {
    let mut all = own.to_vec();
    all[1..3].iter_mut().flatten().for_each(|fact| fact.shape[1] = Dim::Known(5));
    all
}

/// A vector with an input left out, of other extents or of another type, or with another number as an attribute.
fn changed(v: &Vector, kind: usize, at: usize) -> Option<(Attrs, Vec<Option<Fact>>)> {
    let mut inputs: Vec<Option<Fact>> = v.inputs.iter().map(|t| t.clone().map(Fact::constant)).collect();
    let mut attrs = v.attrs.clone();
    match kind {
        0 => *inputs.get_mut(at)? = None,
        1 => inputs.get_mut(at)?.as_mut()?.shape.insert(0, Dim::Known(2)),
        2 => drop(inputs.get_mut(at)?.as_mut()?.shape.pop()?),
        3 => *inputs.get_mut(at)?.as_mut()?.shape.last_mut()? = Dim::Known(0),
        4 => *inputs.get_mut(at)?.as_mut()?.shape.first_mut()? = Dim::Known(usize::MAX / 2),
        5 => inputs.get_mut(at)?.as_mut()?.dtype = DType::Bool,
        _ => {
            let (name, _) = v.attrs.iter().nth(at)?;
            let numbers = [0, -1, 3, i64::MAX, i64::MIN];
            attrs.set(name, Attr::Int(numbers[kind % numbers.len()]));
        }
    }
    inputs.iter_mut().flatten().for_each(|fact| (fact.value, fact.ints) = (None, None));
    Some((attrs, inputs))
}

#[test]
fn nothing_panics() {
    let names: Vec<&str> = composites().map(|d| d.name).collect();
    let mut tried = 0;
    for v in vectors::load_all().unwrap().iter().filter(|v| names.contains(&v.op.as_str())) {
        let outputs: Vec<String> = (0..v.outputs.len()).map(|i| format!("out{i}")).collect();
        let outputs: Vec<&str> = outputs.iter().map(String::as_str).collect();
        for (kind, at) in (0..11).flat_map(|kind| (0..v.inputs.len().max(8)).map(move |at| (kind, at))) {
            let Some((attrs, inputs)) = changed(v, kind, at) else { continue };
            let done = catch_unwind(AssertUnwindSafe(|| add(&[], &v.op, &attrs, &inputs, &outputs).is_ok()));
            assert!(done.is_ok(), "{} {kind} {at}", v.path.display());
            tried += 1;
        }
    }
    assert!(tried > 3000, "only {tried}");
    assert!(Ops.composite("com.microsoft", "Attention", 1).is_some());
}
