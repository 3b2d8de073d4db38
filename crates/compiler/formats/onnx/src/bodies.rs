//! If, Loop and Scan: graphs in attributes. What they use of the graphs around them becomes inputs of their nodes.

use std::collections::{HashMap, HashSet};
use std::sync::Arc;

use fastserve_ir::{Attrs, Dim, Fact, Graph, LATEST_OPSET, OpRef, ValueId, ints_of};
use fastserve_tensor::DType;

use crate::attributes;
use crate::error::{OnnxError, Refusal, shown};
use crate::header::{Header, domain};
use crate::limits::MAX_BODY_NODES;
use crate::load::Loader;
use crate::nodes::{row, trimmed};
use crate::sequences::{Form, Held, Names};
use crate::sort::{self, label, place};
use crate::view::{self, Attribute, Node, ValueInfo};
use crate::wire::Span;

/// How often the extents of what is carried are taken as more open, before the body is refused.
const WIDENINGS: usize = 10;

/// Whether a node runs graphs.
pub(crate) fn is_control(node: &Node<'_>) -> bool {
    domain(node.domain).is_empty() && matches!(node.op, "If" | "Loop" | "Scan")
}

/// An operator, and the inputs of its node.
type Wired = (OpRef, Vec<Option<ValueId>>);

/// The attributes of a node that runs graphs, what these capture, and what they yield.
type Bound = (Attrs, Vec<ValueId>, Vec<Form>);

/// A node that runs graphs, where it stands.
#[derive(Clone, Copy)]
struct Site<'s, 'f> {
    node: &'s Node<'f>,
    i: usize,
    given: &'s [Option<ValueId>],
    header: &'s Header<'f>,
}

impl Site<'_, '_> {
    fn place(&self) -> String {
        place(self.node, self.i)
    }

    fn name(&self) -> String {
        label(self.node, self.i)
    }
}

/// A graph that was read, and what it uses of the graph around it.
struct Read {
    graph: Arc<Graph>,
    captures: Vec<ValueId>,
    forms: Vec<Form>,
}

/// Which inputs of a body come back as which of its outputs.
#[derive(Clone, Copy)]
struct Carried {
    first_in: usize,
    first_out: usize,
    count: usize,
}

/// An input of an inner graph that its node gives: what is known of it, and which axes may change from one run to the next.
struct Formal {
    fact: Fact,
    open: Vec<bool>,
}

impl Formal {
    fn of(fact: &Fact) -> Self {
        Self { open: vec![false; fact.rank()], fact: Fact::new(fact.dtype, fact.shape.clone()) }
    }
}

impl<'f> Loader<'f, '_> {
    /// The operator and inputs of a node that runs graphs; `None` where something is not supported, which is listed.
    pub(crate) fn control(&mut self, node: &Node<'f>, i: usize, header: &Header<'f>) -> Result<Option<(Wired, Vec<Form>)>, OnnxError> {
        let mut given: Vec<Option<ValueId>> = trimmed(&node.inputs).iter().map(|n| self.tensor(n)).collect();
        // Captured values stand behind the inputs that a loop always has, though both may be left out.
        if node.op == "Loop" {
            given.resize(given.len().max(2), None);
        }
        let site = Site { node, i, given: &given, header };
        let before = self.unsupported.len();
        let made = match node.op {
            "If" => self.if_node(&site),
            "Loop" => self.loop_node(&site),
            _ if header.opsets.version(node.domain).is_some_and(|v| v < 9) => self.batched_scan(&site),
            _ => self.scan_node(&site),
        };
        let (attrs, captures, forms) = match made {
            Ok(made) => made,
            Err(Refusal::Unsupported(why)) => {
                self.unsupported.push(row(node, i, header, why));
                return Ok(None);
            }
            Err(Refusal::Wrong(_)) if self.unsupported.len() > before => return Ok(None),
            Err(Refusal::Wrong(e)) => return Err(e),
        };
        let opset = header.opsets.version(node.domain).unwrap_or_default();
        if node.op == "Scan" && opset < 9 {
            // The lengths of sequences, which are not taken.
            given.remove(0);
        }
        let inputs = given.into_iter().chain(captures.into_iter().map(Some)).collect();
        match self.ops.build("", node.op, opset, &attrs) {
            Ok(op) => Ok(Some(((op, inputs), forms))),
            Err(e) => {
                self.unsupported.push(row(node, i, header, shown(&e.to_string())));
                Ok(None)
            }
        }
    }

    fn if_node(&mut self, site: &Site<'_, 'f>) -> Result<Bound, Refusal> {
        let Site { node, given, header, .. } = *site;
        let (place, name) = (site.place(), site.name());
        let spans = (graph_of(node, "then_branch", &place)?, graph_of(node, "else_branch", &place)?);
        let then = self.body(spans.0, &format!("{name}/then"), &[], header)?;
        let other = self.body(spans.1, &format!("{name}/else"), &[], header)?;
        if then.forms != other.forms {
            let why = "branches that yield sequences of different lengths, and a condition that depends on the contents of input 0";
            return Err(Refusal::Unsupported(why.into()));
        }
        let first = given.len();
        let places = |from: usize, n: usize| ints_of(&(from..from + n).collect::<Vec<_>>());
        let attrs = Attrs::new()
            .with_ints("fs.then_captures", places(first, then.captures.len()))
            .with_ints("fs.else_captures", places(first + then.captures.len(), other.captures.len()))
            .with_graph("then_branch", then.graph)
            .with_graph("else_branch", other.graph);
        Ok((attrs, then.captures.into_iter().chain(other.captures).collect(), then.forms))
    }

    fn loop_node(&mut self, site: &Site<'_, 'f>) -> Result<Bound, Refusal> {
        let Site { node, given, header, .. } = *site;
        let (place, name) = (site.place(), site.name());
        let span = graph_of(node, "body", &place)?;
        let carried = self.given_facts(given.get(2..).unwrap_or_default(), &place)?;
        let inputs = view::Graph::read(span)?.inputs;
        let scalar = |at: usize, dtype: DType| -> Result<Formal, OnnxError> {
            let info = inputs.get(at).map(|&s| ValueInfo::read(s)).transpose()?;
            let rank = if let Some(view::Type::Tensor(_, Some(extents))) = info.map(|i| i.kind) { extents.len().min(1) } else { 0 };
            Ok(Formal::of(&Fact::new(dtype, vec![Dim::Known(1); rank])))
        };
        let mut formals = vec![scalar(0, DType::I64)?, scalar(1, DType::Bool)?];
        let count = carried.len();
        formals.extend(carried);
        let read = self.steady(span, &name, &mut formals, Carried { first_in: 2, first_out: 1, count }, header)?;
        let attrs = Attrs::new().with_int("fs.carried", count as i64);
        self.with_body(attrs, read, given.len())
    }

    fn scan_node(&mut self, site: &Site<'_, 'f>) -> Result<Bound, Refusal> {
        let Site { node, given, header, .. } = *site;
        let (place, name) = (site.place(), site.name());
        let span = graph_of(node, "body", &place)?;
        let attrs = self.plain_attrs(node, &place)?;
        let wrong = |why: &str| Refusal::from(OnnxError::invalid(place.as_str(), why));
        let scans = attrs.int("num_scan_inputs").ok().flatten().and_then(|n| usize::try_from(n).ok());
        let scans = scans.filter(|&n| n <= given.len()).ok_or_else(|| wrong("expected num_scan_inputs of no more than the inputs"))?;
        let states = given.len() - scans;
        let mut formals = self.given_facts(given, &place)?;
        let axes = attrs.ints("scan_input_axes").ok().flatten().unwrap_or_else(|| vec![0; scans]);
        for (formal, axis) in formals[states..].iter_mut().zip(axes) {
            let at = fastserve_ir::normalize_axis(axis, formal.fact.rank()).map_err(|e| wrong(&e.to_string()))?;
            formal.fact.shape.remove(at);
            formal.open.remove(at);
        }
        let read = self.steady(span, &name, &mut formals, Carried { first_in: 0, first_out: 0, count: states }, header)?;
        self.with_body(attrs.with_int("fs.states", states as i64), read, given.len())
    }

    /// The form before opset 9, which walks sequences in batches: a walk over the batch, and within it one over a sequence.
    fn batched_scan(&mut self, site: &Site<'_, 'f>) -> Result<Bound, Refusal> {
        let Site { node, given, header, .. } = *site;
        let (place, name) = (site.place(), site.name());
        let Some((None, given)) = given.split_first() else {
            return Err(Refusal::Unsupported("lengths of sequences (before opset 9)".into()));
        };
        let span = graph_of(node, "body", &place)?;
        let attrs = self.plain_attrs(node, &place)?;
        let wrong = |why: &str| Refusal::from(OnnxError::invalid(place.as_str(), why));
        let scans = attrs.int("num_scan_inputs").ok().flatten().and_then(|n| usize::try_from(n).ok()).filter(|&n| n <= given.len());
        let scans = scans.ok_or_else(|| wrong("expected num_scan_inputs of no more than the inputs"))?;
        let directions = attrs.ints("directions").ok().flatten().unwrap_or_else(|| vec![0; scans]);
        let states = given.len() - scans;
        let mut formals = self.given_facts(given, &place)?;
        first_axes_off(&mut formals).ok_or_else(|| wrong("an input has no axis of batches"))?;
        let sequences: Vec<Fact> = formals.iter().map(|f| f.fact.clone()).collect();
        first_axes_off(&mut formals[states..]).ok_or_else(|| wrong("a scanned input has no axis of sequences"))?;
        let read = self.steady(span, &name, &mut formals, Carried { first_in: 0, first_out: 0, count: states }, header)?;
        let stacked = read.graph.outputs().len();
        let attrs = Attrs::new().with_int("num_scan_inputs", scans as i64).with_ints("scan_input_directions", directions);
        let (attrs, captures, forms) = self.with_body(attrs.with_int("fs.states", states as i64), read, given.len())?;
        let graph = self.walk(&name, &sequences, &captures, attrs, stacked).map_err(Refusal::Unsupported)?;
        let attrs = Attrs::new().with_int("num_scan_inputs", given.len() as i64).with_int("fs.states", 0);
        self.with_body(attrs, Read { graph: Arc::new(graph), captures, forms }, given.len())
    }

    /// The graph of one Scan, of facts of the graph at hand; or why there is none.
    fn walk(&mut self, name: &str, sequences: &[Fact], captures: &[ValueId], attrs: Attrs, outputs: usize) -> Result<Graph, String> {
        let scan = self.ops.build("", "Scan", LATEST_OPSET, &attrs).map_err(|e| e.to_string())?;
        let outer = std::mem::replace(&mut self.graph, Graph::new(format!("{name}/batch")));
        let mut dims = HashMap::new();
        let facts = sequences.iter().chain(captures.iter().map(|&v| outer.fact(v)));
        let inputs: Vec<Option<ValueId>> = facts
            .enumerate()
            .map(|(i, fact)| {
                let label = format!("in{i}");
                let fact = self.inner_fact(fact, &label, &mut dims);
                Some(self.graph.add_input(&label, fact))
            })
            .collect();
        let mut graph = std::mem::replace(&mut self.graph, outer);
        let names: Vec<String> = (0..outputs).map(|i| format!("out{i}")).collect();
        let names: Vec<&str> = names.iter().map(String::as_str).collect();
        let id = graph.add_node("scan", scan, &inputs, &names).map_err(|e| e.to_string())?;
        let made = graph.node(id).map(|n| n.outputs.clone()).unwrap_or_default();
        made.into_iter().for_each(|v| graph.add_output(v));
        Ok(graph)
    }

    /// The attributes of a node that are no graphs.
    fn plain_attrs(&mut self, node: &Node<'f>, place: &str) -> Result<Attrs, Refusal> {
        let plain: Vec<Span<'f>> = node.attributes.iter().copied().filter(|&s| Attribute::read(s).is_ok_and(|a| a.g.is_none())).collect();
        attributes::read(&plain, &mut self.data, &self.given_attrs, place)
    }

    /// What a body that runs again and again makes of its node: it yields tensors.
    fn with_body(&self, attrs: Attrs, read: Read, first: usize) -> Result<Bound, Refusal> {
        if read.forms.iter().any(|form| *form != Form::Tensor) {
            return Err(Refusal::Unsupported("a body that yields a sequence which its node does not carry".into()));
        }
        let captures = (first..first + read.captures.len()).collect::<Vec<_>>();
        Ok((attrs.with_ints("fs.captures", ints_of(&captures)).with_graph("body", read.graph), read.captures, read.forms))
    }

    fn given_facts(&self, given: &[Option<ValueId>], place: &str) -> Result<Vec<Formal>, OnnxError> {
        let fact = |v: &Option<ValueId>| v.map(|v| Formal::of(self.graph.fact(v)));
        given.iter().map(fact).collect::<Option<_>>().ok_or_else(|| OnnxError::invalid(place, "an input that is carried is missing"))
    }

    /// Reads a body: extents of what is carried that do not come back as they went in are open.
    fn steady(
        &mut self,
        span: Span<'f>,
        name: &str,
        formals: &mut [Formal],
        carried: Carried,
        header: &Header<'f>,
    ) -> Result<Read, Refusal> {
        for _ in 0..WIDENINGS {
            let read = self.body(span, name, formals, header)?;
            if !widen(&read.graph, formals, carried) {
                return Ok(read);
            }
        }
        Err(Refusal::Unsupported("extents of what is carried change without end".into()))
    }

    /// Reads a graph, whose first inputs are `formals`.
    fn body(&mut self, span: Span<'f>, name: &str, formals: &[Formal], header: &Header<'f>) -> Result<Read, Refusal> {
        let view = view::Graph::read(span)?;
        // A body is read again where what it carries changes, and so are those within it.
        self.body_nodes = self.body_nodes.saturating_add(view.nodes.len().max(1));
        if self.body_nodes > MAX_BODY_NODES {
            return Err(OnnxError::invalid(name, format!("bodies take more than {MAX_BODY_NODES} nodes to read")).into());
        }
        let free = free_names(&view)?;
        let outer = std::mem::replace(&mut self.graph, Graph::new(name));
        let names = std::mem::take(&mut self.names);
        let filled = self.fill(view, formals, &free, (&outer, &names), header);
        let graph = std::mem::replace(&mut self.graph, outer);
        self.names = names;
        let (captures, forms) = filled.map_err(|e| e.within(name))?;
        Ok(Read { captures, forms, graph: Arc::new(graph) })
    }

    fn fill(
        &mut self,
        view: view::Graph<'f>,
        formals: &[Formal],
        free: &[&'f str],
        outer: (&Graph, &Names<'f>),
        header: &Header<'f>,
    ) -> Result<(Vec<ValueId>, Vec<Form>), OnnxError> {
        let mut dims = HashMap::new();
        self.formals(&view.inputs, formals, &mut dims)?;
        let mut captures = Vec::new();
        for &name in free {
            match outer.1.get(name) {
                None => {}
                Some(None) => drop(self.names.insert(name, None)),
                Some(Some(held)) => {
                    if let Held::Sequence(s) = held {
                        self.count_inlined(s.elements.len(), name)?;
                    }
                    let mut inner = |this: &mut Self, name: &str, id| this.captured(name, id, outer.0, &mut captures, &mut dims);
                    let held = match held {
                        Held::Tensor(id) => Held::Tensor(inner(self, name, *id)),
                        Held::Nothing => Held::Nothing,
                        Held::Sequence(s) => {
                            let named = s.elements.iter().enumerate().map(|(at, &id)| inner(self, &format!("{name}@{at}"), id));
                            let elements = named.collect();
                            self.sequence(s.dtype, elements, name)?
                        }
                    };
                    self.names.insert(name, Some(held));
                }
            }
        }
        self.constants(&view.initializers)?;
        self.sparse_constants(&view.sparse_initializers)?;
        let order = sort::order(&view.nodes, &|name| self.given(name))?;
        let outputs = view.outputs.clone();
        let header = header.with_graph(view);
        let ops = self.operators(&header)?;
        self.add_nodes(&header, &order, ops)?;
        let forms = if outputs.is_empty() { Vec::new() } else { self.outputs(&outputs)? };
        Ok((captures, forms))
    }

    /// A value of the graph around: the same constant, or an input.
    fn captured(&mut self, name: &str, id: ValueId, outer: &Graph, captures: &mut Vec<ValueId>, dims: &mut HashMap<Dim, Dim>) -> ValueId {
        if let Some(value) = outer.constant(id) {
            return self.graph.add_const(name, value.clone());
        }
        captures.push(id);
        let fact = self.inner_fact(outer.fact(id), name, dims);
        self.graph.add_input(name, fact)
    }

    fn formals(&mut self, spans: &[Span<'f>], formals: &[Formal], dims: &mut HashMap<Dim, Dim>) -> Result<(), OnnxError> {
        if spans.len() != formals.len() {
            let why = format!("expected {} inputs of a body, got {}", formals.len(), spans.len());
            return Err(OnnxError::invalid("graph.input", why));
        }
        for (&span, formal) in spans.iter().zip(formals) {
            let info = ValueInfo::read(span)?;
            self.check_new(info.name, "graph.input")?;
            let mut fact = self.inner_fact(&formal.fact, info.name, dims);
            for (axis, dim) in fact.shape.iter_mut().enumerate().filter(|(axis, _)| formal.open.get(*axis) == Some(&true)) {
                *dim = self.graph.new_symbol(format!("{}_{axis}", info.name));
            }
            let id = self.graph.add_input(info.name, fact);
            self.names.insert(info.name, Some(Held::Tensor(id)));
        }
        Ok(())
    }

    /// A fact of the graph around, in symbols of the inner one: equal extents stay equal.
    fn inner_fact(&mut self, fact: &Fact, name: &str, dims: &mut HashMap<Dim, Dim>) -> Fact {
        let mut shape = Vec::with_capacity(fact.rank());
        for (axis, dim) in fact.shape.iter().enumerate() {
            shape.push(match dim {
                Dim::Known(n) => Dim::Known(*n),
                other => dims.entry(other.clone()).or_insert_with(|| self.graph.new_symbol(format!("{name}_{axis}"))).clone(),
            });
        }
        let ints = fact.ints.as_ref().and_then(|ints| ints.iter().map(|d| d.known().map(Dim::Known)).collect::<Option<Vec<_>>>());
        Fact::new(fact.dtype, shape).with_ints(ints)
    }
}

/// Takes the first axis off each; none where there is one without.
fn first_axes_off(formals: &mut [Formal]) -> Option<()> {
    formals.iter_mut().try_for_each(|formal| {
        if formal.fact.shape.is_empty() {
            return None;
        }
        formal.fact.shape.remove(0);
        formal.open.remove(0);
        Some(())
    })
}

pub(crate) fn graph_of<'f>(node: &Node<'f>, name: &str, place: &str) -> Result<Span<'f>, OnnxError> {
    for &span in &node.attributes {
        let attribute = Attribute::read(span)?;
        if attribute.name == name {
            return attribute.g.ok_or_else(|| OnnxError::invalid(place, format!("attribute `{name}`: expected a graph, got none")));
        }
    }
    Err(OnnxError::invalid(place, format!("attribute `{name}` is missing")))
}

/// Opens the extents that come back otherwise than they went in; whether there was one.
fn widen(graph: &Graph, formals: &mut [Formal], carried: Carried) -> bool {
    let ins = graph.inputs().iter().skip(carried.first_in);
    let outs = graph.outputs().iter().skip(carried.first_out);
    let mut widened = false;
    for ((&a, &b), formal) in ins.zip(outs).zip(formals.iter_mut().skip(carried.first_in)).take(carried.count) {
        for ((a, b), open) in graph.fact(a).shape.iter().zip(&graph.fact(b).shape).zip(&mut formal.open) {
            widened |= a != b && !*open;
            *open |= a != b;
        }
    }
    widened
}

/// The names that graphs within a node use of those around them.
pub(crate) fn used_within<'f>(node: &Node<'f>) -> Result<Vec<&'f str>, OnnxError> {
    let mut names = Vec::new();
    for &span in &node.attributes {
        if let Some(inner) = Attribute::read(span)?.g {
            names.extend(free_names(&view::Graph::read(inner)?)?);
        }
    }
    Ok(names)
}

/// The names that a graph uses, and graphs within it, but does not make.
pub(crate) fn free_names<'f>(graph: &view::Graph<'f>) -> Result<Vec<&'f str>, OnnxError> {
    let mut own: HashSet<&str> = HashSet::new();
    for &span in &graph.inputs {
        own.insert(ValueInfo::read(span)?.name);
    }
    for &span in &graph.initializers {
        own.insert(view::Tensor::read(span)?.name);
    }
    for &span in &graph.sparse_initializers {
        own.insert(view::sparse_name(span)?);
    }
    let mut used: Vec<&'f str> = Vec::new();
    for &span in &graph.nodes {
        let node = Node::read(span)?;
        used.extend(used_within(&node)?);
        own.extend(node.outputs);
        used.extend(node.inputs);
    }
    for &span in &graph.outputs {
        used.push(ValueInfo::read(span)?.name);
    }
    let mut seen = HashSet::new();
    Ok(used.into_iter().filter(|name| !name.is_empty() && !own.contains(name) && seen.insert(*name)).collect())
}
