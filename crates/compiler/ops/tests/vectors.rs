//! Every vector of every operator: build, infer, reference body, compare.
#![allow(clippy::unwrap_used)]

use std::collections::BTreeSet;

use fastserve_ir::{Dim, DimOp, Fact, Inputs, LowerCx, Lowered, OpRef, OpSet};
use fastserve_ops::{Ops, definitions};
use fastserve_tensor::{DType, Tensor};
use fastserve_testkit::vectors::{self, Vector};
use fastserve_testkit::{Tolerance, compare, reference};

fn all() -> Vec<Vector> {
    vectors::load_all().unwrap()
}

fn build(v: &Vector) -> Result<OpRef, String> {
    Ops.build("", &v.op, v.opset, &v.attrs).map_err(|e| e.to_string())
}

/// The operator of a vector; `None` if it is made of others.
fn plain(v: &Vector) -> Option<Result<OpRef, String>> {
    if Ops.composite("", &v.op, v.opset).is_some() { None } else { Some(build(v)) }
}

/// The parts of an operator, by their reference bodies.
fn composite(v: &Vector) -> Result<(), String> {
    let graph = fastserve_testkit::conformance::one_node(v, true).map_err(|e| e.to_string())?;
    let outputs = fastserve_testkit::interpret::interpret(&graph, &[], &[]).map_err(|e| e.to_string())?;
    let tolerance = |t: &Tensor| Tolerance::of_vectors(&v.op, t.dtype());
    outputs.iter().zip(&v.outputs).try_for_each(|(got, e)| compare(got, e, tolerance(e)).map_err(|e| e.to_string()))
}

/// Runs `check` on every vector and reports all that fail.
fn each(check: impl Fn(&Vector) -> Result<(), String>) {
    let vectors = all();
    let name = |v: &Vector| format!("{}/{}", v.op, v.path.file_name().unwrap_or_default().to_string_lossy());
    let failed: Vec<String> = vectors.iter().filter_map(|v| check(v).err().map(|e| format!("{}: {e}", name(v)))).collect();
    assert!(!vectors.is_empty() && failed.is_empty(), "{} of {} vectors failed:\n{}", failed.len(), vectors.len(), failed.join("\n"));
}

#[test]
fn reference_bodies_give_what_the_vectors_expect() {
    each(|v| {
        let Some(op) = plain(v) else { return composite(v) };
        let op = op?;
        let facts = reference::infer(&op, &v.inputs).map_err(|e| format!("infer: {e}"))?;
        for (fact, expected) in facts.iter().zip(&v.outputs) {
            if fact.dtype != expected.dtype() || fact.known_shape() != Some(*expected.shape()) {
                return Err(format!("inferred {}{:?}, expected {expected:?}", fact.dtype, fact.shape));
            }
        }
        let outputs = reference::run_as(&op, &v.inputs, &facts).map_err(|e| format!("reference: {e}"))?;
        if outputs.len() < v.outputs.len() {
            return Err(format!("{} outputs, expected {}", outputs.len(), v.outputs.len()));
        }
        let tolerance = |t: &Tensor| Tolerance::of_vectors(&v.op, t.dtype());
        outputs.iter().zip(&v.outputs).try_for_each(|(got, e)| compare(got, e, tolerance(e)).map_err(|e| e.to_string()))
    });
}

#[test]
fn an_alias_has_the_bytes_of_the_first_input() {
    each(|v| {
        let Some(op) = plain(v) else { return Ok(()) };
        let op = op?;
        let facts: Vec<Option<Fact>> = v.inputs.iter().map(|t| t.clone().map(Fact::constant)).collect();
        let refs: Vec<Option<&Fact>> = facts.iter().map(Option::as_ref).collect();
        let outputs = op.infer(&Inputs(&refs)).map_err(|e| e.to_string())?;
        let lowered = op.lower(&LowerCx { inputs: Inputs(&refs), outputs: &outputs.iter().collect::<Vec<_>>() });
        let first = v.inputs.first().and_then(Option::as_ref).map(Tensor::bytes);
        match lowered {
            Lowered::Alias if first != Some(v.outputs[0].bytes()) => Err("lowers to an alias, but the bytes differ".into()),
            _ => Ok(()),
        }
    });
}

#[test]
fn every_operator_has_vectors_and_every_folder_an_operator() {
    // Graphs do not fit into a vector: these are tested by whole graphs.
    let exempt = |name: &&str| !name.starts_with("fs.") && !["If", "Loop", "Scan"].contains(name);
    let names = definitions().map(|d| d.name).chain(fastserve_ops::composites().map(|d| d.name));
    let listed: BTreeSet<String> = names.filter(exempt).map(str::to_lowercase).collect();
    let folders: BTreeSet<String> = vectors::folders(&vectors::root()).unwrap().into_iter().collect();
    assert_eq!(listed.difference(&folders).collect::<Vec<_>>(), Vec::<&String>::new(), "operators without vectors");
    assert_eq!(folders.difference(&listed).collect::<Vec<_>>(), Vec::<&String>::new(), "folders without an operator");
    let misplaced = all().into_iter().find(|v| v.path.parent().and_then(|p| p.file_name()).is_none_or(|f| *f != *v.op.to_lowercase()));
    assert!(misplaced.is_none(), "{misplaced:?} is in another operator's folder");
}

/// Extents as symbols: equal extents are one symbol, and 1 stays known, as a symbol is not 1 in broadcasting.
fn symbolic(t: &Tensor, values: &mut Vec<usize>) -> Fact {
    let dims = t.shape().iter().map(|&d| if d == 1 { Dim::Known(1) } else { symbol_of(d, values) });
    Fact::new(t.dtype(), dims.collect())
}

fn symbol_of(extent: usize, values: &mut Vec<usize>) -> Dim {
    let at = values.iter().position(|&v| v == extent).unwrap_or(values.len());
    if at == values.len() {
        values.push(extent);
    }
    Dim::Sym(fastserve_ir::SymId::new(at))
}

/// Inputs that say where or how far, rather than what: they stay constant.
fn is_parameter(i: usize, t: &Tensor) -> bool {
    i > 0 && t.dtype() == DType::I64 && t.shape().rank() <= 1
}

#[test]
fn symbolic_extents_agree_with_known_ones() {
    let compared = std::cell::Cell::new(0);
    each(|v| {
        let mut values = Vec::new();
        let fact = |(i, t): (usize, &Option<Tensor>)| {
            let t = t.as_ref()?;
            Some(if is_parameter(i, t) || v.op == "Conv" && i > 0 { Fact::constant(t.clone()) } else { symbolic(t, &mut values) })
        };
        let facts: Vec<Option<Fact>> = v.inputs.iter().enumerate().map(fact).collect();
        let refs: Vec<Option<&Fact>> = facts.iter().map(Option::as_ref).collect();
        let Some(op) = plain(v) else { return Ok(()) };
        let Ok(inferred) = op?.infer(&Inputs(&refs)) else { return Ok(()) };
        for (fact, expected) in inferred.iter().zip(&v.outputs).filter(|(fact, _)| !fact.shape.contains(&Dim::New)) {
            if fastserve_ir::eval_shape(&fact.shape, &values) != Some(*expected.shape()) {
                return Err(format!("{:?} at {values:?}, expected {expected:?}", fact.shape));
            }
        }
        compared.set(compared.get() + 1);
        Ok(())
    });
    assert!(compared.get() > 300, "only {} vectors infer with symbols", compared.get());
}

/// `x.view(x.size(0) * 2, -1)` and the like: Shape → Gather → (Mul) → Unsqueeze → Concat → Reshape.
#[test]
fn shape_arithmetic_stays_symbolic() {
    let op = |name: &str, opset, attrs| Ops.build("", name, opset, &attrs).unwrap();
    let none = fastserve_ir::Attrs::new;
    let infer = |op: OpRef, inputs: &[&Fact]| {
        let inputs: Vec<Option<&Fact>> = inputs.iter().copied().map(Some).collect();
        op.infer(&Inputs(&inputs)).unwrap().remove(0)
    };
    let ints = |v: &[i64]| Fact::constant(Tensor::from_slice(&[v.len()], v).unwrap());
    let n = Dim::Sym(fastserve_ir::SymId::new(0));
    let x = Fact::new(DType::F32, vec![n.clone(), 8.into(), 6.into()]);

    let shape = infer(op("Shape", 13, none()), &[&x]);
    let zero = Fact::constant(Tensor::scalar(0i64).unwrap());
    let batch = infer(op("Gather", 13, none()), &[&shape, &zero]);
    let twice = infer(op("Mul", 13, none()), &[&batch, &Fact::constant(Tensor::scalar(2i64).unwrap())]);
    let vector = infer(op("Unsqueeze", 13, none()), &[&twice, &ints(&[0])]);
    let target = infer(op("Concat", 13, none().with_int("axis", 0)), &[&vector, &ints(&[-1])]);
    let y = infer(op("Reshape", 13, none()), &[&x, &target]);
    assert_eq!(y.shape, [n.clone().combine(DimOp::Mul, 2.into()).unwrap(), 24.into()]);

    let cast = infer(op("Cast", 13, none().with_int("to", 6)), &[&batch]);
    let column = infer(op("Reshape", 13, none()), &[&cast, &ints(&[-1])]);
    let target =
        infer(op("Concat", 13, none().with_int("axis", 0)), &[&column, &Fact::constant(Tensor::from_slice(&[1], &[48i32]).unwrap())]);
    assert_eq!(infer(op("Reshape", 13, none()), &[&x, &target]).shape, [n, 48.into()]);
}
