//! Graphs that are written and read again: the same bits.
#![allow(clippy::unwrap_used, clippy::panic)]

use fastserve_ir::text::parse;
use fastserve_ir::{Fact, Graph, Node, OpSet, ValueId};
use fastserve_onnx::write::{WriteError, WriteOptions, write_bytes, write_file};
use fastserve_onnx::{read_bytes, read_file};
use fastserve_ops::Ops;
use fastserve_tensor::Tensor;
use fastserve_testkit::graphs;
use fastserve_testkit::interpret::interpret;
use fastserve_testkit::random::Random;
use fastserve_testkit::vectors::{self, Vector};

/// Operators that kernels want, which are not written.
const KERNELS: &[&str] = &["fs.Conv", "fs.Gemm", "fs.PackConv", "fs.PackGemmB"];

/// A graph of one node. Small inputs are constants, as shapes must be.
fn graph_of(v: &Vector) -> Option<(Graph, Vec<Tensor>)> {
    let mut graph = Graph::new(v.path.file_stem().unwrap().to_string_lossy());
    let mut given = Vec::new();
    let inputs: Vec<Option<ValueId>> =
        v.inputs.iter().enumerate().map(|(i, t)| Some(add_input(&mut graph, i, t.as_ref()?, &mut given))).collect();
    let (domain, name) = v.op.rsplit_once('.').filter(|(domain, _)| *domain != "fs").unwrap_or(("", &v.op));
    let op = Ops.build(domain, name, v.opset, &v.attrs).ok()?;
    let outputs: Vec<String> = (0..v.outputs.len()).map(|i| format!("y{i}")).collect();
    let names: Vec<&str> = outputs.iter().map(String::as_str).collect();
    let node = graph.add_node("node", op, &inputs, &names).ok()?;
    let made = graph.node(node).unwrap().outputs.clone();
    made.into_iter().for_each(|id| graph.add_output(id));
    Some((graph, given))
}

fn add_input(graph: &mut Graph, i: usize, t: &Tensor, given: &mut Vec<Tensor>) -> ValueId {
    if i > 0 && t.numel() <= 64 {
        return graph.add_const(&format!("c{i}"), t.clone());
    }
    given.push(t.clone());
    graph.add_input(&format!("x{i}"), Fact::new(t.dtype(), t.shape().iter().map(|&d| d.into()).collect()))
}

fn same_bits(before: &Graph, after: &Graph, inputs: &[Tensor], symbols: &[usize]) -> Result<(), String> {
    let names = |g: &Graph| g.inputs().iter().chain(g.outputs()).map(|&id| g.value(id).name.to_string()).collect::<Vec<_>>();
    if names(before) != names(after) {
        return Err(format!("{:?} became {:?}", names(before), names(after)));
    }
    let again = vec![symbols.first().copied().unwrap_or(1); after.symbols().len()];
    let expected = interpret(before, inputs, symbols).map_err(|e| format!("before: {e}"))?;
    let got = interpret(after, inputs, &again).map_err(|e| format!("after: {e}"))?;
    match expected.iter().zip(&got).position(|(a, b)| a.shape() != b.shape() || a.dtype() != b.dtype() || a.bytes() != b.bytes()) {
        Some(i) => Err(format!("output {i} differs: {:?} {:?}", expected[i], got[i])),
        None => Ok(()),
    }
}

fn ops(graph: &Graph) -> Vec<String> {
    let show = |n: &Node| format!("{} {:?}", n.op.name(), n.op.attrs());
    graph.nodes().map(|(_, n)| show(n)).collect()
}

#[test]
fn every_form_of_every_operator() {
    let (mut failed, mut same) = (Vec::new(), 0);
    let all = vectors::load_all().unwrap();
    for v in &all {
        let Some((graph, inputs)) = graph_of(v) else { continue };
        // What has no standard form is an operator of the kernels.
        let bytes = match write_bytes(&graph, &Ops) {
            Ok(bytes) => bytes,
            Err(WriteError::Unsupported(_)) if v.op.starts_with("fs.") => continue,
            // Parameters for each position went with version 9.
            Err(WriteError::Unsupported(_)) if v.attrs.int("spatial") == Ok(Some(0)) => continue,
            Err(e) => {
                failed.push(format!("{}: {e}", v.path.display()));
                continue;
            }
        };
        let read = read_bytes(bytes.into(), None, &Ops).map_err(|e| e.to_string());
        same += usize::from(read.as_ref().is_ok_and(|r| ops(r) == ops(&graph)));
        let wrong = read.and_then(|read| same_bits(&graph, &read, &inputs, &[])).err();
        failed.extend(wrong.map(|e| format!("{}: {e}", v.path.display())));
    }
    println!("{same} of {} vectors have the same node again", all.len());
    assert!(failed.is_empty(), "{} of {}:\n{}", failed.len(), all.len(), failed.join("\n"));
}

#[test]
fn graphs_of_several_nodes() {
    let mut failed = Vec::new();
    for case in graphs::cases("").unwrap() {
        let graph = parse(&case.before, &Ops).unwrap();
        let symbols = vec![3; graph.symbols().len()];
        let inputs = Random::new(7).inputs(&graph, &symbols).unwrap();
        let written = write_bytes(&graph, &Ops);
        if graph.nodes().any(|(_, n)| KERNELS.contains(&n.op.name())) {
            assert!(matches!(written, Err(WriteError::Unsupported(_))), "{}", case.path.display());
            continue;
        }
        let written = written.map_err(|e| e.to_string());
        let read = written.and_then(|bytes| read_bytes(bytes.into(), None, &Ops).map_err(|e| e.to_string()));
        let wrong = read.and_then(|read| same_bits(&graph, &read, &inputs, &symbols)).err();
        failed.extend(wrong.map(|e| format!("{}: {e}", case.path.display())));
    }
    assert!(failed.is_empty(), "{}", failed.join("\n"));
}

#[test]
fn kernels_are_refused_by_name() {
    let text = "graph g(N) {\n  input %x: f32[N,16,4,4]\n  %b: f32[N,16,4,4]@c16 = fs.ToBlocks(%x) @blocks\n  \
                %y: f32[N,16,4,4] = fs.FromBlocks(%b) @rows\n  return %y\n}\n";
    let graph = parse(text, &Ops).unwrap_or_else(|e| panic!("{e}"));
    let Err(WriteError::Unsupported(parts)) = write_bytes(&graph, &Ops) else { panic!("it was written") };
    assert_eq!(parts.iter().map(|p| p.node.as_str()).collect::<Vec<_>>(), ["blocks", "rows"]);
    assert!(WriteError::Unsupported(parts).to_string().contains("`rows` (fs.FromBlocks)"));
}

#[test]
fn an_output_twice_and_names_that_are_taken() {
    let text = "graph g(N) {\n  input %y: f32[N,4]\n  const %r.min: f32[4] = {1, 2, 3, 4}\n  %z: f32[N,4] = fs.Clip{min=-1.0, max=1.0}(%y) @r\n  \
                %w: f32[N,4] = Add(%z, %r.min) @a\n  return %w, %w, %z\n}\n";
    let graph = parse(text, &Ops).unwrap_or_else(|e| panic!("{e}"));
    let read = read_bytes(write_bytes(&graph, &Ops).unwrap().into(), None, &Ops).unwrap();
    let x = Tensor::from_slice(&[1, 4], &[-3.0f32, 0.5, 2.0, f32::NAN]).unwrap();
    let (a, b) = (interpret(&graph, std::slice::from_ref(&x), &[1]).unwrap(), interpret(&read, &[x], &[1]).unwrap());
    assert_eq!(a.iter().map(Tensor::bytes).collect::<Vec<_>>(), b.iter().map(Tensor::bytes).collect::<Vec<_>>());
}

#[test]
fn weights_beside_the_model() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("m.onnx");
    let mut graph = Graph::new("g");
    let n = graph.symbol("N");
    let x = graph.add_input("x", Fact::new(fastserve_tensor::DType::F32, vec![n, 300.into()]));
    let small = graph.add_const("small", Tensor::scalar(2.0f32).unwrap());
    let large = graph.add_const("large", Tensor::from_slice(&[300], &[0.5f32; 300]).unwrap());
    let odd = graph.add_const("odd", Tensor::from_slice(&[3, 300], &[7.0f32; 900]).unwrap());
    let mut last = x;
    for (name, c) in [("a", small), ("b", large), ("c", odd)] {
        let op = Ops.build("", "Mul", 14, &fastserve_ir::Attrs::new()).unwrap();
        let node = graph.add_node(name, op, &[Some(last), Some(c)], &[name]).unwrap();
        last = graph.node(node).unwrap().outputs[0];
    }
    graph.add_output(last);
    for external_data in [true, false] {
        // Over itself the second time, while the first file is still mapped.
        write_file(&graph, &path, &Ops, &WriteOptions { external_data }).unwrap();
        graph = read_file(&path, &Ops).unwrap();
        let x = Tensor::from_slice(&[3, 300], &[1.5f32; 900]).unwrap();
        assert!(interpret(&graph, &[x], &[3]).unwrap()[0].as_slice::<f32>().unwrap().iter().all(|v| *v == 10.5));
    }
    assert!(folder.path().join("m.onnx.data").metadata().unwrap().len() >= 4800);
    assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 2);
    assert!(
        write_file(&graph, &folder.path().join("no/m.onnx"), &Ops, &WriteOptions::default()).unwrap_err().to_string().contains("m.onnx")
    );
}
