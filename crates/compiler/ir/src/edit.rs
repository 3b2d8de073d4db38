//! Changes to a graph: each is logged, and the whole is verified at the end.

use std::collections::HashSet;
use std::sync::Arc;

use fastserve_tensor::Tensor;
use thiserror::Error;

use crate::dim::Dim;
use crate::fact::Fact;
use crate::graph::{Graph, Node, Source};
use crate::ids::{NodeId, ValueId};
use crate::op::{OpRef, ShapeError};
use crate::verify::VerifyError;

/// Why a change could not be made.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum EditError {
    /// The new operator does not take its inputs.
    #[error("new node `{node}`: {source}")]
    Infer {
        /// The node.
        node: String,
        /// Why.
        source: ShapeError,
    },
    /// A value was to be replaced by one with another fact.
    #[error("`{old}` is {old_fact}, which `{new}`, {new_fact}, cannot replace")]
    Fact {
        /// The value to replace.
        old: String,
        /// Its fact as printed.
        old_fact: String,
        /// The value to put in its place.
        new: String,
        /// Its fact as printed.
        new_fact: String,
    },
    /// The nodes need each other in a circle.
    #[error("the nodes around `{0}` form a circle")]
    Cycle(String),
    /// The graph that came out is not one.
    #[error(transparent)]
    Verify(#[from] VerifyError),
}

/// What a pass did, one line a change, and what it did not do and why.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct EditLog {
    /// Changes made.
    pub edits: Vec<String>,
    /// `(node, why nothing was done)`.
    pub notes: Vec<(String, String)>,
    /// Patterns that were recognised: what, and the node that makes the result.
    pub found: Vec<(&'static str, String)>,
}

/// A graph under change. [`GraphEdit::finish`] brings the nodes into order and verifies the whole.
pub struct GraphEdit<'g> {
    graph: &'g mut Graph,
    log: EditLog,
    fresh: usize,
    /// Names in use, once the first fresh one is asked for.
    names: HashSet<Arc<str>>,
}

impl<'g> GraphEdit<'g> {
    /// Starts to change a graph.
    pub fn new(graph: &'g mut Graph) -> Self {
        let fresh = graph.values.len();
        Self { graph, log: EditLog::default(), fresh, names: HashSet::new() }
    }

    /// The graph as it stands.
    pub fn graph(&self) -> &Graph {
        self.graph
    }

    /// The ids of all nodes, in order, to walk while the graph changes.
    pub fn node_ids(&self) -> Vec<NodeId> {
        self.graph.order.clone()
    }

    /// Notes why nothing was done about a node.
    pub fn note(&mut self, node: NodeId, why: impl Into<String>) {
        if let Some(n) = self.graph.node(node) {
            self.log.notes.push((n.name.to_string(), why.into()));
        }
    }

    /// Notes that a pattern was recognised whose result `node` makes.
    pub fn found(&mut self, what: &'static str, node: NodeId) {
        if let Some(n) = self.graph.node(node) {
            self.log.found.push((what, n.name.to_string()));
        }
    }

    /// Adds a node with fresh outputs; returns them.
    ///
    /// # Errors
    /// The operator does not take these inputs.
    pub fn add_node(&mut self, name: &str, op: OpRef, inputs: &[Option<ValueId>]) -> Result<Vec<ValueId>, EditError> {
        let failed = |source| EditError::Infer { node: name.to_owned(), source };
        let count = self.graph.infer(&op, inputs).map_err(failed)?.len();
        self.add_node_of(name, op, inputs, count)
    }

    /// Adds a node with so many fresh outputs, which may be fewer than the operator has.
    ///
    /// # Errors
    /// As [`GraphEdit::add_node`].
    pub fn add_node_of(&mut self, name: &str, op: OpRef, inputs: &[Option<ValueId>], count: usize) -> Result<Vec<ValueId>, EditError> {
        let failed = |source| EditError::Infer { node: name.to_owned(), source };
        let names: Vec<Arc<str>> = (0..count).map(|_| self.fresh_name(name)).collect();
        let names: Vec<&str> = names.iter().map(|n| &**n).collect();
        self.log.edits.push(format!("add {} `{name}`", op.name()));
        let id = self.graph.add_node(name, op, inputs, &names).map_err(failed)?;
        Ok(self.graph.nodes[id.index()].as_ref().map(|n| n.outputs.clone()).unwrap_or_default())
    }

    fn fresh_name(&mut self, stem: &str) -> Arc<str> {
        if self.names.is_empty() {
            self.names = self.graph.values.iter().map(|v| v.name.clone()).collect();
        }
        loop {
            let name: Arc<str> = format!("{stem}#{}", self.fresh).into();
            self.fresh += 1;
            if self.names.insert(name.clone()) {
                return name;
            }
        }
    }

    /// Adds a constant under a fresh name.
    pub fn add_const(&mut self, stem: &str, value: Tensor) -> ValueId {
        let name = self.fresh_name(stem);
        self.graph.add_const(&name, value)
    }

    /// Replaces a node's operator and inputs; its outputs keep their names and get the inferred facts.
    ///
    /// # Errors
    /// The operator does not take these inputs, or makes something else than the outputs were.
    pub fn replace_node(&mut self, id: NodeId, op: OpRef, inputs: Vec<Option<ValueId>>) -> Result<(), EditError> {
        let Some(node) = self.graph.node(id).cloned() else { return Ok(()) };
        let facts = self.graph.infer(&op, &inputs).map_err(|source| EditError::Infer { node: node.name.to_string(), source })?;
        for (&out, fact) in node.outputs.iter().zip(&facts) {
            if !fact.agrees_with(self.graph.fact(out)) {
                return Err(self.fact_error(out, &node.name, fact));
            }
        }
        self.log.edits.push(format!("replace {} `{}` by {}", node.op.name(), node.name, op.name()));
        self.graph.remove_uses(id, &node.inputs);
        self.graph.add_uses(id, &inputs);
        self.graph.nodes[id.index()] = Some(Node { op, inputs, ..node });
        Ok(())
    }

    fn fact_error(&self, old: ValueId, new: &str, fact: &Fact) -> EditError {
        EditError::Fact {
            old: self.graph.value(old).name.to_string(),
            old_fact: crate::text::fact(self.graph, self.graph.fact(old)),
            new: new.to_owned(),
            new_fact: crate::text::fact(self.graph, fact),
        }
    }

    /// Lets every user of `old` use `new` instead; as outputs of the graph, the two swap names.
    ///
    /// # Errors
    /// The two differ in type, shape or layout.
    pub fn replace_value(&mut self, old: ValueId, new: ValueId) -> Result<(), EditError> {
        if !self.graph.fact(old).agrees_with(self.graph.fact(new)) {
            let name = self.graph.value(new).name.clone();
            return Err(self.fact_error(old, &name, self.graph.fact(new)));
        }
        if old != new {
            self.move_uses(old, new);
        }
        self.log.edits.push(format!("use `{}` for `{}`", self.graph.value(new).name, self.graph.value(old).name));
        Ok(())
    }

    fn move_uses(&mut self, old: ValueId, new: ValueId) {
        let by = |v: &mut ValueId| *v = if *v == old { new } else { *v };
        let moved = std::mem::take(&mut self.graph.uses[old.index()]);
        for &node in &moved.nodes {
            self.graph.nodes[node.index()].iter_mut().flat_map(|n| n.inputs.iter_mut().flatten()).for_each(by);
        }
        if moved.outputs > 0 {
            self.graph.outputs.iter_mut().for_each(by);
            self.swap_names(old, new);
        }
        let uses = &mut self.graph.uses[new.index()];
        uses.outputs += moved.outputs;
        // The shorter list is moved, so that a long one that grows is not moved again and again.
        let (mut long, short) = (std::mem::take(&mut uses.nodes), moved.nodes);
        if long.len() < short.len() {
            uses.nodes = short;
            uses.nodes.append(&mut long);
        } else {
            long.extend(short);
            uses.nodes = long;
        }
    }

    /// Whether [`GraphEdit::replace_value`] keeps the interface: an output of the graph cannot become another output or
    /// an input, whose names must stay.
    pub fn can_replace(&self, old: ValueId, new: ValueId) -> bool {
        let fixed = |v: ValueId| self.graph.is_output(v) || self.graph.value(v).source == Source::Input;
        !(self.graph.is_output(old) && fixed(new))
    }

    fn swap_names(&mut self, a: ValueId, b: ValueId) {
        let name = self.graph.values[a.index()].name.clone();
        self.graph.values[a.index()].name = std::mem::replace(&mut self.graph.values[b.index()].name, name);
    }

    /// Makes the output of a node a constant; the node is left without users.
    pub fn make_const(&mut self, id: ValueId, tensor: Tensor) {
        self.know_extents(id, &tensor);
        let value = &mut self.graph.values[id.index()];
        let fact = Fact { value: Some(tensor.clone()), ..value.fact.clone() };
        let ints = Fact::constant(tensor).ints;
        let name = value.name.clone();
        self.log.edits.push(format!("fold `{name}`"));
        if let Source::Node { node, output } = value.source {
            // The node keeps an output that nobody uses, so that its arity stays whole until it is removed.
            value.source = Source::Const;
            value.fact = Fact { ints, ..fact };
            self.detach_output(node, output);
        }
    }

    /// The extents of a row-major value that is computed are known, whatever symbols stood for them.
    fn know_extents(&mut self, id: ValueId, tensor: &Tensor) {
        let fact = self.graph.fact(id);
        if fact.layout != crate::Layout::RowMajor || fact.known_shape().is_some() || fact.rank() != tensor.shape().rank() {
            return;
        }
        let known: Vec<Dim> = tensor.shape().iter().map(|&n| Dim::Known(n)).collect();
        for (dim, known) in fact.shape.clone().into_iter().zip(&known) {
            if let Dim::Sym(symbol) = dim {
                self.graph.substitute(symbol, known);
            }
        }
        self.graph.values[id.index()].fact.shape = known;
    }

    fn detach_output(&mut self, node: NodeId, output: usize) {
        let Some(old) = self.graph.node(node).map(|n| n.outputs[output]) else { return };
        let fact = Fact { value: None, ..self.graph.fact(old).clone() };
        let name = self.fresh_name(&self.graph.value(old).name.clone());
        let dead = self.graph.push_value(name, fact, Source::Node { node, output });
        if let Some(n) = self.graph.nodes[node.index()].as_mut() {
            n.outputs[output] = dead;
        }
    }

    /// Removes a node, whose outputs nobody may use any more.
    pub fn remove_node(&mut self, id: NodeId) {
        if let Some(node) = self.graph.nodes[id.index()].take() {
            self.graph.remove_uses(id, &node.inputs);
            self.log.edits.push(format!("remove {} `{}`", node.op.name(), node.name));
        }
    }

    /// Brings the nodes into order, drops what is gone, and verifies the whole.
    ///
    /// # Errors
    /// A circle, or a graph that is none.
    pub fn finish(self) -> Result<EditLog, EditError> {
        if !self.log.edits.is_empty() {
            sort(self.graph)?;
            self.graph.refine();
            self.graph.verify()?;
        }
        Ok(self.log)
    }
}

/// Brings the nodes into an order in which they can run, keeping the order they have where it is one.
fn sort(graph: &mut Graph) -> Result<(), EditError> {
    const GONE: usize = usize::MAX;
    let order: Vec<NodeId> = graph.nodes().map(|(id, _)| id).collect();
    let mut rank = vec![GONE; graph.nodes.len()];
    order.iter().enumerate().for_each(|(i, id)| rank[id.index()] = i);
    let mut waiting: Vec<usize> = order.iter().map(|&id| made_inputs(graph, id)).collect();
    let mut ready: std::collections::BTreeSet<usize> = (0..order.len()).filter(|&i| waiting[i] == 0).collect();
    let mut sorted = Vec::with_capacity(order.len());
    while let Some(first) = ready.pop_first() {
        sorted.push(order[first]);
        let outputs = graph.node(order[first]).map(|n| &n.outputs[..]).unwrap_or_default();
        for user in outputs.iter().flat_map(|&v| graph.users(v)).map(|u| rank[u.index()]).filter(|&r| r != GONE) {
            waiting[user] -= 1;
            if waiting[user] == 0 {
                ready.insert(user);
            }
        }
    }
    if sorted.len() < order.len() {
        let stuck = (0..order.len()).find(|&i| waiting[i] > 0).and_then(|i| graph.node(order[i]));
        return Err(EditError::Cycle(stuck.map(|n| n.name.to_string()).unwrap_or_default()));
    }
    graph.order = sorted;
    Ok(())
}

/// How many inputs of a node are made by nodes.
fn made_inputs(graph: &Graph, id: NodeId) -> usize {
    let inputs = graph.node(id).map(|n| &n.inputs[..]).unwrap_or_default();
    inputs.iter().flatten().filter(|&&v| graph.producer(v).is_some()).count()
}
