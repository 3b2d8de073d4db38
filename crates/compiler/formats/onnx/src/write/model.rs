//! A graph to a `ModelProto`.

use std::collections::{BTreeMap, HashMap, HashSet};

use fastserve_ir::{Attrs, Graph, Layout, Node, OpSet, Source, ValueId};
use fastserve_tensor::{DType, Tensor};

use super::error::{Unwritable, WriteError};
use super::{OPSET, attributes, bodies, forms, later, values};
use crate::limits::OPSETS;
use crate::proto::{GraphProto, ModelProto, NodeProto, OperatorSetIdProto, TensorProto, ValueInfoProto};

/// Versions of the format by the lowest version of the standard operators that needs them.
const IR_VERSIONS: &[(i64, i64)] = &[(28, 14), (25, 13), (24, 12), (23, 11), (0, 10)];

/// The version that operators of other domains are written in.
const OTHER_VERSION: i64 = 1;

/// Characters of a name that others are made of.
const STEM_CHARS: usize = 512;

/// A node to be written.
#[derive(Clone)]
pub(super) struct Draft {
    /// Name of the node of the graph that it is of.
    pub(super) node: String,
    /// The operator, with its domain and a dot before it if that is not the standard one.
    pub(super) op: String,
    pub(super) inputs: Vec<String>,
    pub(super) outputs: Vec<String>,
    pub(super) attrs: Attrs,
    /// Graphs that the node runs, by the names of their attributes.
    pub(super) graphs: Vec<(&'static str, GraphProto)>,
}

impl Draft {
    /// A node that runs no graphs.
    pub(super) fn plain(node: String, op: String, inputs: Vec<String>, outputs: Vec<String>, attrs: Attrs) -> Self {
        Self { node, op, inputs, outputs, attrs, graphs: Vec::new() }
    }

    /// Domain and name of the operator.
    fn parts(&self) -> (&str, &str) {
        self.op.rsplit_once('.').unwrap_or(("", &self.op))
    }

    fn proto(self) -> NodeProto {
        let (domain, op) = self.parts();
        let (domain, op) = (domain.to_owned(), op.to_owned());
        NodeProto {
            op_type: op,
            domain,
            attribute: attributes::write(&self.attrs, self.graphs),
            name: self.node,
            input: self.inputs,
            output: self.outputs,
            ..Default::default()
        }
    }
}

/// A graph under construction: the model's, or one within a node.
pub(super) struct Writer<'g> {
    pub(super) graph: &'g Graph,
    ops: &'g dyn OpSet,
    /// Names of values that are called otherwise in the file.
    called: HashMap<ValueId, String>,
    drafts: Vec<Draft>,
    constants: Vec<TensorProto>,
    whole: Whole,
}

/// What all graphs of a model share.
#[derive(Default)]
struct Whole {
    names: HashSet<String>,
    /// Names that were not free when they were asked for: a number for the next one.
    taken: usize,
    refused: Vec<Unwritable>,
    /// Nodes of the graphs within nodes.
    within: Vec<Draft>,
    /// The lowest version that takes all types, attributes and inputs.
    least: i64,
}

impl<'g> Writer<'g> {
    pub(super) fn new(graph: &'g Graph, ops: &'g dyn OpSet) -> Self {
        let names = graph.values().map(|(_, v)| v.name.to_string()).collect();
        let whole = Whole { names, least: OPSET, ..Whole::default() };
        Self { graph, ops, called: HashMap::new(), drafts: Vec::new(), constants: Vec::new(), whole }
    }

    /// A graph within a node, of which the last inputs are values of this one; names are new ones of the whole model.
    pub(super) fn inner(&mut self, graph: &Graph, captured: &[String]) -> GraphProto {
        let whole = std::mem::take(&mut self.whole);
        let mut inner = Writer { graph, ops: self.ops, called: HashMap::new(), drafts: Vec::new(), constants: Vec::new(), whole };
        let formals = graph.inputs().len().saturating_sub(captured.len());
        inner.called.extend(graph.inputs().iter().skip(formals).copied().zip(captured.iter().cloned()));
        for (id, value) in graph.values() {
            if !inner.called.contains_key(&id) {
                let name = inner.fresh(&value.name);
                inner.called.insert(id, name);
            }
        }
        inner.constants();
        graph.nodes().for_each(|(_, node)| inner.node(node));
        let input = graph.inputs().iter().take(formals).map(|&id| inner.loose(id)).collect();
        let output = inner.made_within();
        inner.whole.within.extend(inner.drafts.iter().map(|d| Draft { graphs: Vec::new(), ..d.clone() }));
        let node = inner.drafts.into_iter().map(Draft::proto).collect();
        self.whole = inner.whole;
        GraphProto { name: bodies::name(graph), node, initializer: inner.constants, input, output, ..Default::default() }
    }

    /// A value of a graph within a node, whose symbols mean nothing around it.
    fn loose(&self, id: ValueId) -> ValueInfoProto {
        values::loose(&self.name(id), self.graph.fact(id))
    }

    /// The outputs of a graph within a node: each is made by a node of its own graph.
    fn made_within(&mut self) -> Vec<ValueInfoProto> {
        let mut seen = HashSet::new();
        let mut infos = Vec::new();
        for &id in self.graph.outputs() {
            let fact = self.graph.fact(id);
            let made = matches!(self.graph.value(id).source, Source::Node { .. });
            let name = if made && seen.insert(id) { self.name(id) } else { self.again(id) };
            infos.push(values::loose(&name, fact));
        }
        infos
    }

    /// The name of a copy.
    fn again(&mut self, id: ValueId) -> String {
        let name = self.name(id);
        let again = self.fresh(&name);
        self.push(Draft::plain(again.clone(), "Identity".to_owned(), vec![name], vec![again.clone()], Attrs::new()));
        again
    }

    /// The whole model.
    ///
    /// # Errors
    /// What has no form, all of it.
    pub(super) fn write(mut self) -> Result<ModelProto, WriteError> {
        self.constants();
        for (_, node) in self.graph.nodes() {
            self.node(node);
        }
        let (inputs, outputs) = (self.inputs(), self.outputs());
        let opset = self.opset();
        if !self.whole.refused.is_empty() {
            return Err(WriteError::Unsupported(self.whole.refused));
        }
        let imports = self.imports(opset);
        let name = bodies::name(self.graph);
        let graph = GraphProto {
            name: name.to_owned(),
            node: self.drafts.into_iter().map(Draft::proto).collect(),
            initializer: self.constants,
            input: inputs,
            output: outputs,
            ..Default::default()
        };
        Ok(ModelProto {
            ir_version: IR_VERSIONS.iter().find(|(from, _)| *from <= opset).map_or(0, |(_, v)| *v),
            producer_name: "fastserve".to_owned(),
            producer_version: env!("CARGO_PKG_VERSION").to_owned(),
            graph: Some(graph),
            opset_import: imports,
            ..Default::default()
        })
    }

    /// A name that nothing has yet.
    pub(super) fn fresh(&mut self, stem: &str) -> String {
        // A name that a file may just have would be too long with more behind it.
        let stem: String = stem.chars().take(STEM_CHARS).collect();
        let mut name = stem.clone();
        while !self.whole.names.insert(name.clone()) {
            self.whole.taken += 1;
            name = format!("{stem}.{}", self.whole.taken);
        }
        name
    }

    /// Adds a constant; its name.
    pub(super) fn constant(&mut self, stem: &str, tensor: &Tensor) -> String {
        let name = self.fresh(stem);
        self.constants.push(values::tensor(&name, tensor));
        name
    }

    /// Adds a node behind all others.
    pub(super) fn push(&mut self, draft: Draft) {
        self.drafts.push(draft);
    }

    /// The constants that nodes or outputs use.
    fn constants(&mut self) {
        let mut used: Vec<ValueId> = self.graph.nodes().flat_map(|(_, n)| n.inputs.iter().flatten().copied()).collect();
        used.extend(self.graph.outputs());
        used.sort_unstable_by_key(|id| id.index());
        used.dedup();
        for id in used.into_iter().filter(|&id| self.graph.value(id).source == Source::Const) {
            let (value, name) = (self.graph.value(id), self.name(id));
            match &value.fact.value {
                Some(t) if value.fact.layout == Layout::RowMajor => self.constants.push(values::tensor(&name, t)),
                Some(_) => self.refuse(&name, "value", "it is packed for a kernel"),
                None => self.refuse(&name, "value", "its elements are gone"),
            }
        }
    }

    fn refuse(&mut self, node: &str, op: &str, why: impl Into<String>) {
        self.whole.refused.push(Unwritable { node: node.to_owned(), op: op.to_owned(), why: why.into() });
    }

    /// What a value is called in the file.
    fn name(&self, id: ValueId) -> String {
        self.called.get(&id).cloned().unwrap_or_else(|| self.graph.value(id).name.to_string())
    }

    fn node(&mut self, node: &Node) {
        let inputs = node.inputs.iter().map(|id| id.map_or_else(String::new, |id| self.name(id))).collect();
        let outputs = node.outputs.iter().map(|&id| self.name(id)).collect();
        let draft = Draft::plain(node.name.to_string(), node.op.name().to_owned(), inputs, outputs, node.op.attrs());
        let values = node.inputs.iter().flatten().chain(&node.outputs);
        let types: Vec<DType> = values.map(|&id| self.graph.fact(id).dtype).collect();
        self.whole.least = self.whole.least.max(later::version(&draft, &types));
        if let Err(why) = forms::write(self, node, draft) {
            self.refuse(&node.name, node.op.name(), why);
        }
    }

    fn inputs(&mut self) -> Vec<ValueInfoProto> {
        self.graph.inputs().iter().map(|&id| values::info(self.graph, &self.graph.value(id).name, self.graph.fact(id))).collect()
    }

    /// The outputs; one that is there twice gets a node of its own, because names of outputs differ.
    fn outputs(&mut self) -> Vec<ValueInfoProto> {
        let mut seen = HashSet::new();
        let mut infos = Vec::new();
        for &id in self.graph.outputs() {
            let fact = self.graph.fact(id);
            let mut name = self.name(id);
            if fact.layout != Layout::RowMajor {
                self.refuse(&name, "value", "it is laid out for a kernel");
            }
            if !seen.insert(id) {
                name = self.again(id);
            }
            infos.push(values::info(self.graph, &name, fact));
        }
        infos
    }

    /// The nodes of all graphs.
    fn all(&self) -> impl Iterator<Item = &Draft> {
        self.drafts.iter().chain(&self.whole.within)
    }

    /// The lowest version from [`OPSET`] on in which every node means what it does here.
    fn opset(&mut self) -> i64 {
        let versions = self.whole.least..=*OPSETS.end();
        if let Some(opset) = versions.clone().find(|&v| self.all().all(|d| self.means(d, v))) {
            return opset;
        }
        let never = |d: &&Draft| !versions.clone().any(|v| self.means(d, v));
        let mut refused: Vec<Unwritable> = self.all().filter(never).map(unknown).collect();
        if refused.is_empty() && self.whole.refused.is_empty() {
            refused.extend(self.all().filter(|d| !self.means(d, *OPSETS.end())).map(unknown));
        }
        self.whole.refused.extend(refused);
        OPSET
    }

    /// Whether a node, read in this version of the standard operators, is the operator that was written.
    fn means(&self, draft: &Draft, opset: i64) -> bool {
        let (domain, op) = draft.parts();
        if bodies::is_control(draft) {
            return true;
        }
        let version = if domain.is_empty() { opset } else { OTHER_VERSION };
        let Ok(meant) = self.ops.build(domain, op, fastserve_ir::LATEST_OPSET, &draft.attrs) else { return false };
        self.ops.build(domain, op, version, &draft.attrs).is_ok_and(|read| read.name() == meant.name() && read.attrs() == meant.attrs())
    }

    fn imports(&self, opset: i64) -> Vec<OperatorSetIdProto> {
        let mut versions = BTreeMap::from([(String::new(), opset)]);
        for draft in self.all() {
            versions.entry(draft.parts().0.to_owned()).or_insert(OTHER_VERSION);
        }
        versions.into_iter().map(|(domain, version)| OperatorSetIdProto { domain, version }).collect()
    }
}

fn unknown(draft: &Draft) -> Unwritable {
    let why = format!("no version of the operators up to {} has this form", OPSETS.end());
    Unwritable { node: draft.node.clone(), op: draft.op.clone(), why }
}
