//! Graph to text.

use std::fmt::Write;

use fastserve_tensor::{DType, Element, Tensor, bf16, f16};

use crate::attrs::{Attr, Attrs};
use crate::dim::{DIM_OPS, Dim, DimOp};
use crate::fact::Fact;
use crate::graph::{Graph, Node, Source};
use crate::ids::ValueId;
use crate::layout::{Layout, pack_format_name};
use crate::text::INLINE_ELEMENTS;

/// The graph as text; [`crate::text::parse`] reads it back.
pub fn print(graph: &Graph) -> String {
    let mut out = String::new();
    let symbols: Vec<String> = graph.symbols().iter().map(|s| name(&s.name)).collect();
    let _ = writeln!(out, "graph {}({}) {{", name(&graph.name), symbols.join(", "));
    for &id in graph.inputs() {
        let _ = writeln!(out, "  input {}", declared(graph, id));
    }
    for (id, value) in graph.values().filter(|(id, v)| v.source == Source::Const && graph.uses(*id) > 0) {
        let _ = writeln!(out, "  const {} = {}", declared(graph, id), value.fact.value.as_ref().map(tensor).unwrap_or_default());
    }
    for (_, node) in graph.nodes() {
        let _ = writeln!(out, "  {}", node_line(graph, node));
    }
    let outputs: Vec<String> = graph.outputs().iter().map(|&id| value_name(graph, id)).collect();
    let _ = writeln!(out, "  return {}\n}}", outputs.join(", "));
    out
}

fn node_line(graph: &Graph, node: &Node) -> String {
    let outputs: Vec<String> = node.outputs.iter().map(|&id| declared(graph, id)).collect();
    let inputs: Vec<String> = node.inputs.iter().map(|v| v.map_or_else(|| "_".into(), |v| value_name(graph, v))).collect();
    format!("{} = {}{}({}) @{}", outputs.join(", "), node.op.name(), attrs(&node.op.attrs()), inputs.join(", "), name(&node.name))
}

fn declared(graph: &Graph, id: ValueId) -> String {
    format!("{}: {}", value_name(graph, id), fact(graph, graph.fact(id)))
}

fn value_name(graph: &Graph, id: ValueId) -> String {
    format!("%{}", name(&graph.value(id).name))
}

/// A name, in quotes where it needs them.
fn name(raw: &str) -> String {
    if !raw.is_empty() && raw.chars().all(super::lexer::is_name_char) { raw.to_owned() } else { format!("{raw:?}") }
}

/// Element type, extents and layout as text, such as `f32[N,8,26,26]`.
pub fn fact(graph: &Graph, fact: &Fact) -> String {
    let dims: Vec<String> = fact.shape.iter().map(|d| dim(graph, d)).collect();
    format!("{}[{}]{}", fact.dtype, dims.join(","), layout(&fact.layout))
}

fn layout(layout: &Layout) -> String {
    match layout {
        Layout::RowMajor => String::new(),
        Layout::GemmB(format) => format!("@{}", pack_format_name(*format)),
        Layout::Channels16 => "@c16".into(),
        Layout::ConvBlocks => "@conv_c16".into(),
        Layout::ConvWeights { mr, group } => format!("@conv_m{mr}g{group}"),
    }
}

fn dim(graph: &Graph, d: &Dim) -> String {
    match d {
        Dim::Known(n) => n.to_string(),
        Dim::New => "?".into(),
        Dim::Sym(s) => graph.symbols().get(s.index()).map_or_else(|| "?".into(), |s| name(&s.name)),
        Dim::Expr(e) => {
            let sign = DIM_OPS.iter().find(|(op, _)| *op == e.op).map_or("?", |(_, s)| s);
            let (a, b) = (dim(graph, &e.a), dim(graph, &e.b));
            if matches!(e.op, DimOp::Max | DimOp::Min) { format!("{sign}({a},{b})") } else { format!("({a}{sign}{b})") }
        }
    }
}

fn attrs(attrs: &Attrs) -> String {
    if attrs.is_empty() {
        return String::new();
    }
    let list: Vec<String> = attrs.iter().map(|(k, v)| format!("{k}={}", attr(v))).collect();
    format!("{{{}}}", list.join(", "))
}

fn attr(value: &Attr) -> String {
    match value {
        Attr::Int(v) => v.to_string(),
        Attr::Float(v) => float(*v),
        Attr::Str(v) => format!("{v:?}"),
        Attr::Ints(v) => format!("[{}]", join(v.iter().map(i64::to_string))),
        Attr::Floats(v) => format!("f[{}]", join(v.iter().map(|v| float(*v)))),
        Attr::Strs(v) => format!("s[{}]", join(v.iter().map(|v| format!("{v:?}")))),
        Attr::Graph(g) => print(g).trim_end().to_owned(),
        Attr::Tensor(t) => format!("{}{} {}", t.dtype(), t.shape(), tensor(t)),
    }
}

fn join(items: impl Iterator<Item = String>) -> String {
    items.collect::<Vec<_>>().join(",")
}

/// The shortest text that reads back to the same bits; always with a point, exponent, `inf` or `NaN`.
fn float(v: f32) -> String {
    format!("{v:?}")
}

fn tensor(t: &Tensor) -> String {
    if t.numel() > INLINE_ELEMENTS {
        return format!("<{:016x}>", t.content_hash());
    }
    if let Some(narrow) = t.dtype().narrow() {
        return format!("{{{}}}", elements(t.bytes(), |code: u8| narrow.written(code).to_string()));
    }
    let items = match t.dtype() {
        DType::Bool | DType::U8 => elements(t.bytes(), |v: u8| v.to_string()),
        DType::U16 => of(t, |v: u16| v.to_string()),
        DType::U32 => of(t, |v: u32| v.to_string()),
        DType::U64 => of(t, |v: u64| v.to_string()),
        DType::I8 => of(t, |v: i8| v.to_string()),
        DType::I16 => of(t, |v: i16| v.to_string()),
        DType::I32 => of(t, |v: i32| v.to_string()),
        DType::I64 => of(t, |v: i64| v.to_string()),
        DType::F16 => of(t, |v: f16| float(v.to_f32())),
        DType::BF16 => of(t, |v: bf16| float(v.to_f32())),
        DType::F32 => of(t, float),
        DType::F64 => of(t, |v: f64| format!("{v:?}")),
        _ => String::new(),
    };
    format!("{{{items}}}")
}

fn of<T: Element>(t: &Tensor, show: impl Fn(T) -> String) -> String {
    t.as_slice::<T>().map(|s| elements(s, show)).unwrap_or_default()
}

fn elements<T: Copy>(items: &[T], show: impl Fn(T) -> String) -> String {
    items.iter().map(|&v| show(v)).collect::<Vec<_>>().join(", ")
}
