//! `docs/operators.md` is what the operators themselves say: versions from their definitions, types from what inference and
//! reference bodies take, kernels from what the vectors' nodes become on the CPU.
//!
//! `BLESS=1` writes the file anew; notes are in `docs/operators.toml`.
#![allow(clippy::unwrap_used, clippy::panic)]

mod common;

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write;

use fastserve::ir::{Attrs, Fact, Graph, Inputs, LowerCx, Node, OpError, OpRef, OpSet, ValueId};
use fastserve::{CompileOptions, Cpu, DType, Format, Model, Ops, Tensor};
use fastserve_ops::{composites, definitions};
use fastserve_simd::{Cpu as Isa, IsaId};
use fastserve_testkit::reference;
use fastserve_testkit::vectors::{self, Vector};

const HEAD: &str = "# Operators

Written by `BLESS=1 cargo test -p fastserve --test operators` (or `cargo xtask gen`) from the operators themselves; a test holds it to them. Notes are in
`operators.toml`.

*Since* has the versions in which the form changed; a model of any version from the first one on is read. *Types* are those that the operator's
reference body computes with, of the operand that gives the result its type. *Kernels* are what its nodes become on the CPU, and for which types;
everything else runs by the reference body, which is correct and slow, and `fastserve inspect --optimized` says so. *Alias* means that no
bytes move. *Floats* are f16, bf16, f32 and f64; *integers* u8 to u64 and i8 to i64; *numbers* both;
*codes* i4, u4, i2, u2, f8e4m3fn, f8e4m3fnuz, f8e5m2, f8e5m2fnuz, f4e2m1 and f8e8m0; *all* every element type.

## ONNX operators

| operator | since | types | kernels | notes |
|---|---|---|---|---|
";

const INTERNAL: &str = "
## Internal operators

Passes make them; no file names them.

| operator | does |
|---|---|
";

const TAIL: &str = "
## Not supported

Everything else. A model that needs one is refused when it is loaded, with all such operators, types and attributes at once.
";

/// ONNX's numbers of the element types that Cast takes.
const NUMBERS: &[(DType, i64)] = &[
    (DType::F32, 1),
    (DType::U8, 2),
    (DType::I8, 3),
    (DType::U16, 4),
    (DType::I16, 5),
    (DType::I32, 6),
    (DType::I64, 7),
    (DType::Bool, 9),
    (DType::F16, 10),
    (DType::F64, 11),
    (DType::U32, 12),
    (DType::U64, 13),
    (DType::BF16, 16),
    (DType::F8E4M3FN, 17),
    (DType::F8E4M3FNUZ, 18),
    (DType::F8E5M2, 19),
    (DType::F8E5M2FNUZ, 20),
    (DType::U4, 21),
    (DType::I4, 22),
    (DType::F4E2M1, 23),
    (DType::F8E8M0, 24),
    (DType::U2, 25),
    (DType::I2, 26),
];

#[derive(serde::Deserialize)]
struct Notes {
    notes: BTreeMap<String, String>,
    internal: BTreeMap<String, String>,
}

fn cast(t: &Tensor, to: DType) -> Option<Tensor> {
    let number = NUMBERS.iter().find(|(d, _)| *d == to)?.1;
    let op = Ops.build("", "Cast", 13, &Attrs::new().with_int("to", number)).ok()?;
    reference::run(&op, &[Some(t.clone())]).ok()?.into_iter().next()
}

/// The type that a vector's operands of the result's type have; else that of its first operand.
fn main_type(v: &Vector) -> Option<DType> {
    let given = || v.inputs.iter().flatten().map(Tensor::dtype);
    let result = v.outputs.first().map(Tensor::dtype).filter(|d| given().any(|g| g == *d));
    result.or_else(|| given().next())
}

/// The vector's inputs with its main type changed.
fn inputs_as(v: &Vector, to: DType) -> Option<Vec<Option<Tensor>>> {
    let main = main_type(v)?;
    let change = |t: &Tensor| if t.dtype() == main && to != main { cast(t, to) } else { Some(t.clone()) };
    v.inputs.iter().map(|t| t.as_ref().map_or(Some(None), |t| change(t).map(Some))).collect()
}

fn build(v: &Vector) -> Option<OpRef> {
    let (domain, name) = v.op.rsplit_once('.').filter(|(d, _)| *d != "fs").unwrap_or(("", &v.op));
    Ops.build(domain, name, v.opset, &v.attrs).ok()
}

/// Whether the reference body computes with these inputs; contents that it does not take are no matter of type.
fn computes(op: &OpRef, inputs: &[Option<Tensor>]) -> bool {
    match reference::run(op, inputs) {
        Ok(_) | Err(OpError::Value(_)) => true,
        Err(_) => false,
    }
}

/// What the node of a vector becomes: names of lowered forms.
fn kernels(op: &OpRef, inputs: &[Option<Tensor>], outputs: usize) -> Option<BTreeSet<String>> {
    let mut graph = Graph::new("node");
    let mut add = |(i, t): (usize, &Option<Tensor>)| {
        let t = t.as_ref()?;
        if i > 0 && t.numel() <= 4096 {
            return Some(graph.add_const(&format!("c{i}"), t.clone()));
        }
        Some(graph.add_input(&format!("x{i}"), Fact::new(t.dtype(), t.shape().iter().map(|&d| d.into()).collect())))
    };
    let ids: Vec<Option<ValueId>> = inputs.iter().enumerate().map(&mut add).collect();
    let names: Vec<String> = (0..outputs).map(|i| format!("y{i}")).collect();
    let node = graph.add_node("node", op.clone(), &ids, &names.iter().map(String::as_str).collect::<Vec<_>>()).ok()?;
    let made = graph.node(node)?.outputs.clone();
    made.into_iter().for_each(|id| graph.add_output(id));
    let model = Model::from_graph(graph, Format::Onnx).ok()?;
    let cpu = Cpu::with_cpu(Isa::with(IsaId::Portable).unwrap());
    let compiled = model.compile(&cpu, &CompileOptions { threads: 1, optimize: true }).ok()?;
    let graph = compiled.graph()?;
    Some(graph.nodes().map(|(_, node)| lowered(graph, node)).collect())
}

/// The name of what a node lowers to.
fn lowered(graph: &Graph, node: &Node) -> String {
    let facts: Vec<Option<&Fact>> = node.inputs.iter().map(|id| id.map(|id| graph.fact(id))).collect();
    let outputs: Vec<&Fact> = node.outputs.iter().map(|&id| graph.fact(id)).collect();
    let lowered = node.op.lower(&LowerCx { inputs: Inputs(&facts), outputs: &outputs });
    format!("{lowered:?}").chars().take_while(|c| c.is_alphanumeric()).collect()
}

/// What an operator is found to do.
#[derive(Default)]
struct Row {
    since: BTreeSet<i64>,
    types: Vec<DType>,
    /// Kernels with the types that they are for.
    kernels: BTreeMap<&'static str, Vec<DType>>,
    reference: bool,
}

/// The word of a lowered form; none for what only prepares another one.
fn word(lowered: &str) -> Option<&'static str> {
    Some(match lowered {
        "Alias" => "alias",
        "Binary" => "binary",
        "Col2Im" => "col2im",
        "Conv" => "convolution",
        "Gemm" => "matrix product",
        "Linear" => "linear",
        "Lrn" => "lrn",
        "Map" => "map",
        "Move" => "move",
        "Normalize" => "normalize",
        "Pool" => "pool",
        "Recurrent" => "recurrent",
        "Reduce" => "reduce",
        "Softmax" => "softmax",
        "Unary" => "unary",
        "FromBlocks" | "PackConv" | "PackGemmB" | "Reference" | "ToBlocks" => return None,
        other => Box::leak(other.to_lowercase().into_boxed_str()),
    })
}

impl Row {
    fn look(&mut self, vectors: &[&Vector]) {
        for dtype in DType::all() {
            let usable = |v: &&&Vector| build(v).is_some_and(|op| inputs_as(v, dtype).is_some_and(|i| computes(&op, &i)));
            let usable: Vec<&&Vector> = vectors.iter().filter(usable).collect();
            if usable.is_empty() {
                continue;
            }
            self.types.push(dtype);
            let found = usable.iter().filter_map(|v| kernels(&build(v)?, &inputs_as(v, dtype)?, v.outputs.len()));
            for lowered in found.flatten().collect::<BTreeSet<String>>() {
                self.reference |= lowered == "Reference";
                if let Some(word) = word(&lowered) {
                    self.kernels.entry(word).or_default().push(dtype);
                }
            }
        }
    }

    fn types(&self) -> String {
        if self.types.is_empty() { "as its attributes say".to_owned() } else { class(&self.types) }
    }

    fn kernels(&self) -> String {
        let of = |(word, types): (&&str, &Vec<DType>)| {
            if *types == self.types { (*word).to_owned() } else { format!("{word}: {}", class(types)) }
        };
        let mut parts: Vec<String> = self.kernels.iter().map(of).collect();
        if self.reference {
            parts.push(if parts.is_empty() { "reference" } else { "else reference" }.to_owned());
        }
        if parts.is_empty() { "folded".to_owned() } else { parts.join("; ") }
    }
}

fn class(types: &[DType]) -> String {
    let floats: Vec<DType> = DType::all().filter(|d| d.is_float()).collect();
    let all: Vec<DType> = DType::all().collect();
    let numbers: Vec<DType> = DType::all().filter(|d| d.is_number()).collect();
    let codes: Vec<DType> = DType::all().filter(|d| d.narrow().is_some()).collect();
    let integers: Vec<DType> = numbers.iter().copied().filter(|d| !d.is_float()).collect();
    match types {
        _ if types == integers => "integers".to_owned(),
        _ if types == all => "all".to_owned(),
        _ if types == numbers => "numbers".to_owned(),
        _ if types == floats => "floats".to_owned(),
        [DType::Bool, rest @ ..] if rest == numbers => "bool, numbers".to_owned(),
        _ if types == codes => "codes".to_owned(),
        _ if !types.is_empty() && types.ends_with(&codes) => format!("{}, codes", class(&types[..types.len() - codes.len()])),
        _ => types.iter().map(DType::to_string).collect::<Vec<_>>().join(", "),
    }
}

fn rows() -> BTreeMap<&'static str, Row> {
    let vectors = vectors::load_all().unwrap();
    let mut rows: BTreeMap<&str, Row> = BTreeMap::new();
    for def in definitions() {
        rows.entry(def.name).or_default().since.insert(def.since);
    }
    for (name, row) in rows.iter_mut().filter(|(name, _)| !name.starts_with("fs.")) {
        row.look(&vectors.iter().filter(|v| v.op == **name).collect::<Vec<_>>());
    }
    rows
}

fn text(notes: &Notes) -> String {
    let rows = rows();
    let mut out = HEAD.to_owned();
    for (name, row) in rows.iter().filter(|(name, _)| !name.starts_with("fs.")) {
        let since = row.since.iter().map(i64::to_string).collect::<Vec<_>>().join(", ");
        let note = notes.notes.get(*name).map_or("", String::as_str);
        writeln!(out, "| {name} | {since} | {} | {} | {note} |", row.types(), row.kernels()).unwrap();
    }
    out += INTERNAL;
    for name in rows.keys().filter(|name| name.starts_with("fs.")) {
        let note = notes.internal.get(*name).map_or("", String::as_str);
        writeln!(out, "| `{name}` | {note} |").unwrap();
    }
    out.push_str(PARTS);
    let mut parts: BTreeMap<&str, BTreeSet<i64>> = BTreeMap::new();
    composites().for_each(|def| {
        parts.entry(def.name).or_default().insert(def.since);
    });
    for (name, since) in parts {
        let since: Vec<String> = since.iter().map(i64::to_string).collect();
        let note = notes.notes.get(name).map_or("", String::as_str);
        out.push_str(&format!("| {name} | {} | {note} |\n", since.join(", ")));
    }
    out.push_str(SEQUENCES);
    for (name, since) in fastserve::onnx::sequence_operators() {
        let note = notes.notes.get(name).map_or("", String::as_str);
        out.push_str(&format!("| {name} | {since} | {note} |\n"));
    }
    out + TAIL
}

/// Heads the operators that are made of others.
const PARTS: &str = "\n## Made of others\n\nThe reader writes these as the operators that they are made of.\n\n| operator | since | notes |\n|---|---|---|\n";

/// Heads the operators of sequences and optional values.
const SEQUENCES: &str = "
## Sequences and optional values

They exist in ONNX files only. A sequence is a list of tensors of one element type whose length is known when the model is loaded; its
elements may differ in extents and in rank. The reader writes these operators as tensors and as what makes them. An input or output that is a
sequence is one port an element, `name[0]`, `name[1]` and so on; how many an input has is told when the model is loaded (`--sequence NAME=3`,
`Model::open_with`). Identity takes both kinds of value. An If whose condition is a constant yields any; one whose condition only the run
tells yields sequences where both branches make as many elements. A Loop that carries a sequence is unrolled: its number of trips and its condition
must be known then, and so must be all that tells a length.

| operator | since | notes |
|---|---|---|
";

#[test]
fn the_list_is_current() {
    let notes: Notes = toml::from_str(&std::fs::read_to_string(common::file("docs/operators.toml")).unwrap()).unwrap();
    let known = definitions().map(|d| d.name).chain(composites().map(|d| d.name));
    let known: BTreeSet<&str> = known.chain(fastserve::onnx::sequence_operators().map(|row| row.0)).collect();
    let unknown: Vec<&String> = notes.notes.keys().chain(notes.internal.keys()).filter(|n| !known.contains(n.as_str())).collect();
    assert!(unknown.is_empty(), "docs/operators.toml has notes of operators that are not there: {unknown:?}");
    let (path, text) = (common::file("docs/operators.md"), text(&notes));
    if std::env::var_os("BLESS").is_some() {
        std::fs::write(path, text).unwrap();
    } else if std::fs::read_to_string(path).unwrap() != text {
        panic!("docs/operators.md is not current: run `BLESS=1 cargo test -p fastserve --test operators`");
    }
}
