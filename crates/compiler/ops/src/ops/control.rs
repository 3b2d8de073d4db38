//! If, Loop and Scan: graphs that run within a node. What they read of the graph around them are inputs of the node, behind
//! its own; the attributes `fs.…` say which of them each graph takes.

use std::sync::Arc;

use fastserve_ir::{
    AttrError, Attrs, Body, ControlSpec, Dim, Fact, Graph, Inputs, Io, LowerCx, Lowered, Op, OpError, OpRef, ScanSpec, ShapeError,
};
use fastserve_tensor::DType;

use crate::def::OpDef;

pub(crate) const DEFS: &[OpDef] = &[
    OpDef { name: "If", since: 1, build: |attrs, _| control(if_of(attrs)?) },
    OpDef { name: "Loop", since: 1, build: |attrs, _| control(loop_of(attrs)?) },
    OpDef { name: "Scan", since: 8, build: |attrs, _| control(scan_of(attrs)?) },
];

/// A node that runs graphs.
#[derive(Clone, Debug)]
struct Control(ControlSpec);

fn control(spec: ControlSpec) -> Result<OpRef, AttrError> {
    Ok(Arc::new(Control(spec)))
}

fn body(attrs: &Attrs, graph: &'static str, captures: &'static str) -> Result<Body, AttrError> {
    let graph = attrs.graph(graph)?.ok_or(AttrError::Missing(graph))?;
    Ok(Body { graph, captures: attrs.sizes(captures)?.unwrap_or_default() })
}

fn if_of(attrs: &Attrs) -> Result<ControlSpec, AttrError> {
    attrs.only(&["then_branch", "else_branch", "fs.then_captures", "fs.else_captures"])?;
    let (then, other) = (body(attrs, "then_branch", "fs.then_captures")?, body(attrs, "else_branch", "fs.else_captures")?);
    if then.graph.outputs().len() != other.graph.outputs().len() {
        return Err(AttrError::value("else_branch", "the branches have another number of outputs"));
    }
    Ok(ControlSpec::If(then, other))
}

fn loop_of(attrs: &Attrs) -> Result<ControlSpec, AttrError> {
    attrs.only(&["body", "fs.captures", "fs.carried"])?;
    let body = body(attrs, "body", "fs.captures")?;
    let carried = size(attrs, "fs.carried")?;
    let (ins, outs) = (body.graph.inputs().len(), body.graph.outputs().len());
    let fits = carried.checked_add(1).is_some_and(|n| n <= outs) && ins.checked_sub(body.captures.len()).is_some_and(|n| n == carried + 2);
    if !fits {
        return Err(AttrError::value("body", format!("{ins} inputs and {outs} outputs do not carry {carried} values")));
    }
    Ok(ControlSpec::Loop(body, carried))
}

const SCAN: [&str; 8] = [
    "body",
    "num_scan_inputs",
    "scan_input_axes",
    "scan_input_directions",
    "scan_output_axes",
    "scan_output_directions",
    "fs.captures",
    "fs.states",
];

fn scan_of(attrs: &Attrs) -> Result<ControlSpec, AttrError> {
    attrs.only(&SCAN)?;
    let body = body(attrs, "body", "fs.captures")?;
    let (states, scans) = (size(attrs, "fs.states")?, size(attrs, "num_scan_inputs")?);
    let (ins, outs) = (body.graph.inputs().len(), body.graph.outputs().len());
    let takes = states.checked_add(scans).and_then(|n| n.checked_add(body.captures.len()));
    let stacked = outs.checked_sub(states);
    let (Some(stacked), true) = (stacked, takes == Some(ins) && scans > 0) else {
        let why = format!("{ins} inputs and {outs} outputs are not those of {states} states and {scans} scanned inputs");
        return Err(AttrError::value("body", why));
    };
    let inputs = walks(attrs, "scan_input_axes", "scan_input_directions", scans)?;
    let outputs = walks(attrs, "scan_output_axes", "scan_output_directions", stacked)?;
    Ok(ControlSpec::Scan(body, ScanSpec { states, inputs, outputs }))
}

fn size(attrs: &Attrs, name: &'static str) -> Result<usize, AttrError> {
    let v = attrs.int(name)?.ok_or(AttrError::Missing(name))?;
    usize::try_from(v).map_err(|_| AttrError::value(name, format!("expected 0 or more, got {v}")))
}

/// Axes and directions, forward along the first axis by default.
fn walks(attrs: &Attrs, axes: &'static str, directions: &'static str, count: usize) -> Result<Vec<(i64, bool)>, AttrError> {
    let list = |name| Ok(attrs.ints(name)?.unwrap_or_else(|| vec![0; count]));
    let (a, d): (Vec<i64>, Vec<i64>) = (list(axes)?, list(directions)?);
    if a.len() != count || d.len() != count || d.iter().any(|d| !(0..=1).contains(d)) {
        return Err(AttrError::value(axes, format!("expected {count} axes and directions of 0 or 1")));
    }
    Ok(a.into_iter().zip(d.into_iter().map(|d| d == 1)).collect())
}

impl Op for Control {
    fn name(&self) -> &'static str {
        match self.0 {
            ControlSpec::If(..) => "If",
            ControlSpec::Loop(..) => "Loop",
            ControlSpec::Scan(..) => "Scan",
        }
    }

    fn attrs(&self) -> Attrs {
        let captures = |body: &Body| fastserve_ir::ints_of(&body.captures);
        match &self.0 {
            ControlSpec::If(then, other) => Attrs::new()
                .with_graph("then_branch", then.graph.clone())
                .with_graph("else_branch", other.graph.clone())
                .with_ints("fs.then_captures", captures(then))
                .with_ints("fs.else_captures", captures(other)),
            ControlSpec::Loop(body, carried) => Attrs::new()
                .with_graph("body", body.graph.clone())
                .with_ints("fs.captures", captures(body))
                .with_int("fs.carried", *carried as i64),
            ControlSpec::Scan(body, spec) => scan_attrs(body, spec).with_ints("fs.captures", captures(body)),
        }
    }

    fn infer(&self, inputs: &Inputs<'_>) -> Result<Vec<Fact>, ShapeError> {
        match &self.0 {
            ControlSpec::If(then, other) => {
                inputs.same_dtype(0, DType::Bool)?;
                let pairs = then.graph.outputs().iter().zip(other.graph.outputs());
                pairs.map(|(&a, &b)| either(then.graph.fact(a), other.graph.fact(b))).collect()
            }
            ControlSpec::Loop(body, carried) => loop_facts(body, *carried),
            ControlSpec::Scan(body, spec) => scan_facts(body, spec, inputs),
        }
    }

    fn reference(&self, _: &mut Io<'_>) -> Result<(), OpError> {
        Err(OpError::Value(format!("{} runs in a session only", self.name())))
    }

    fn lower(&self, _: &LowerCx<'_>) -> Lowered {
        Lowered::Control(self.0.clone())
    }
}

fn scan_attrs(body: &Body, spec: &ScanSpec) -> Attrs {
    let axes = |walks: &[(i64, bool)]| walks.iter().map(|w| w.0).collect::<Vec<_>>();
    let directions = |walks: &[(i64, bool)]| walks.iter().map(|w| i64::from(w.1)).collect::<Vec<_>>();
    Attrs::new()
        .with_graph("body", body.graph.clone())
        .with_int("num_scan_inputs", spec.inputs.len() as i64)
        .with_ints("scan_input_axes", axes(&spec.inputs))
        .with_ints("scan_input_directions", directions(&spec.inputs))
        .with_ints("scan_output_axes", axes(&spec.outputs))
        .with_ints("scan_output_directions", directions(&spec.outputs))
        .with_int("fs.states", spec.states as i64)
}

/// An inner fact as the graph around it sees it: symbols are those of the inner graph, and mean nothing outside.
fn outside(fact: &Fact) -> Fact {
    Fact::new(fact.dtype, fact.shape.iter().map(|d| d.known().map_or(Dim::New, Dim::Known)).collect())
}

/// The fact of what one of two branches makes. Where the ranks differ (exporters write so what takes an axis away if it is 1) it
/// is that of the first; a run that takes the other one is an error.
fn either(a: &Fact, b: &Fact) -> Result<Fact, ShapeError> {
    if a.dtype != b.dtype {
        return Err(ShapeError::shape(format!("one branch makes {}, the other {}", a.dtype, b.dtype)));
    }
    if a.rank() != b.rank() {
        return Ok(outside(a));
    }
    let same = |(a, b): (&Dim, &Dim)| match (a.known(), b.known()) {
        (Some(a), Some(b)) if a == b => Dim::Known(a),
        _ => Dim::New,
    };
    Ok(Fact::new(a.dtype, a.shape.iter().zip(&b.shape).map(same).collect()))
}

/// What is carried may have been given and never made: the inner input's extents hold for both.
fn loop_facts(body: &Body, carried: usize) -> Result<Vec<Fact>, ShapeError> {
    let graph = &body.graph;
    let ins = graph.inputs().iter().skip(2).map(|&v| graph.fact(v));
    let outs = graph.outputs().iter().skip(1).map(|&v| graph.fact(v));
    let kept = ins.zip(outs.clone()).take(carried).map(|(a, b)| carry(graph, a, b));
    let stacked = outs.skip(carried).map(|f| stack(f, Dim::New, 0));
    kept.chain(stacked).collect()
}

fn carry(graph: &Graph, given: &Fact, made: &Fact) -> Result<Fact, ShapeError> {
    let fits = given.dtype == made.dtype && given.rank() == made.rank();
    let known = |(a, b): (&Dim, &Dim)| a.known().is_none_or(|a| b.known() == Some(a));
    if fits && given.shape.iter().zip(&made.shape).all(known) {
        return Ok(outside(given));
    }
    let text = |f| fastserve_ir::text::fact(graph, f);
    Err(ShapeError::Unsupported(format!("a value carried as {} comes out as {}", text(given), text(made))))
}

/// A fact with one axis more.
fn stack(fact: &Fact, count: Dim, axis: i64) -> Result<Fact, ShapeError> {
    let mut fact = outside(fact);
    let at = fastserve_ir::normalize_axis(axis, fact.rank() + 1)?;
    fact.shape.insert(at, count);
    Ok(fact)
}

fn scan_facts(body: &Body, spec: &ScanSpec, inputs: &Inputs<'_>) -> Result<Vec<Fact>, ShapeError> {
    let graph = &body.graph;
    let scanned = inputs.req(spec.states)?;
    let axis = fastserve_ir::normalize_axis(spec.inputs.first().map_or(0, |w| w.0), scanned.rank())?;
    let count = scanned.shape[axis].known().map_or(Dim::New, Dim::Known);
    let outs = graph.outputs().iter().map(|&v| graph.fact(v));
    let states = graph.inputs().iter().map(|&v| graph.fact(v)).zip(outs.clone()).take(spec.states).map(|(a, b)| carry(graph, a, b));
    let stacked = outs.skip(spec.states).zip(&spec.outputs).map(|(f, w)| stack(f, count.clone(), w.0));
    states.chain(stacked).collect()
}
