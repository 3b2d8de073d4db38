//! Changes to a graph: each is logged, and the whole is verified at the end.

use std::collections::HashMap;
use std::sync::Arc;

use fastserve_tensor::Tensor;
use thiserror::Error;

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
}

/// A graph under change. [`GraphEdit::finish`] brings the nodes into order and verifies the whole.
pub struct GraphEdit<'g> {
    graph: &'g mut Graph,
    log: EditLog,
    fresh: usize,
}

impl<'g> GraphEdit<'g> {
    /// Starts to change a graph.
    pub fn new(graph: &'g mut Graph) -> Self {
        let fresh = graph.values.len();
        Self { graph, log: EditLog::default(), fresh }
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

    /// Adds a node with fresh outputs; returns them.
    ///
    /// # Errors
    /// The operator does not take these inputs.
    pub fn add_node(&mut self, name: &str, op: OpRef, inputs: &[Option<ValueId>]) -> Result<Vec<ValueId>, EditError> {
        let failed = |source| EditError::Infer { node: name.to_owned(), source };
        let count = self.graph.infer(&op, inputs).map_err(failed)?.len();
        let names: Vec<String> = (0..count).map(|_| self.fresh_name(name)).collect();
        let names: Vec<&str> = names.iter().map(String::as_str).collect();
        self.log.edits.push(format!("add {} `{name}`", op.name()));
        let id = self.graph.add_node(name, op, inputs, &names).map_err(failed)?;
        Ok(self.graph.nodes[id.index()].as_ref().map(|n| n.outputs.clone()).unwrap_or_default())
    }

    fn fresh_name(&mut self, stem: &str) -> String {
        loop {
            let name = format!("{stem}#{}", self.fresh);
            self.fresh += 1;
            if self.graph.find_value(&name).is_none() {
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
        let by = |v: &mut ValueId| *v = if *v == old { new } else { *v };
        self.graph.nodes.iter_mut().flatten().flat_map(|n| n.inputs.iter_mut().flatten()).for_each(by);
        if self.graph.outputs.contains(&old) {
            self.graph.outputs.iter_mut().for_each(by);
            self.swap_names(old, new);
        }
        self.log.edits.push(format!("use `{}` for `{}`", self.graph.value(new).name, self.graph.value(old).name));
        Ok(())
    }

    /// Whether [`GraphEdit::replace_value`] keeps the interface: an output of the graph cannot become another output or
    /// an input, whose names must stay.
    pub fn can_replace(&self, old: ValueId, new: ValueId) -> bool {
        let fixed = |v: ValueId| self.graph.outputs.contains(&v) || self.graph.inputs.contains(&v);
        !(self.graph.outputs.contains(&old) && fixed(new))
    }

    fn swap_names(&mut self, a: ValueId, b: ValueId) {
        let name = self.graph.values[a.index()].name.clone();
        self.graph.values[a.index()].name = std::mem::replace(&mut self.graph.values[b.index()].name, name);
    }

    /// Makes the output of a node a constant; the node is left without users.
    pub fn make_const(&mut self, id: ValueId, tensor: Tensor) {
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

    fn detach_output(&mut self, node: NodeId, output: usize) {
        let Some(old) = self.graph.node(node).map(|n| n.outputs[output]) else { return };
        let fact = Fact { value: None, ..self.graph.fact(old).clone() };
        let name = self.fresh_name(&self.graph.value(old).name.clone());
        let dead = self.graph.push_value(Arc::from(name), fact, Source::Node { node, output });
        if let Some(n) = self.graph.nodes[node.index()].as_mut() {
            n.outputs[output] = dead;
        }
    }

    /// Removes a node, whose outputs nobody may use any more.
    pub fn remove_node(&mut self, id: NodeId) {
        if let Some(node) = self.graph.nodes[id.index()].take() {
            self.log.edits.push(format!("remove {} `{}`", node.op.name(), node.name));
        }
    }

    /// Brings the nodes into order, drops what is gone, and verifies the whole.
    ///
    /// # Errors
    /// A circle, or a graph that is none.
    pub fn finish(self) -> Result<EditLog, EditError> {
        sort(self.graph)?;
        self.graph.verify()?;
        Ok(self.log)
    }
}

/// Brings the nodes into an order in which they can run, keeping the order they have where it is one.
fn sort(graph: &mut Graph) -> Result<(), EditError> {
    let mut waiting: HashMap<NodeId, usize> = HashMap::new();
    let mut users: HashMap<NodeId, Vec<NodeId>> = HashMap::new();
    for (id, node) in graph.nodes() {
        let sources = node.inputs.iter().flatten().filter_map(|&v| graph.producer(v)).map(|(p, _)| p);
        let mut count = 0;
        for p in sources {
            users.entry(p).or_default().push(id);
            count += 1;
        }
        waiting.insert(id, count);
    }
    let mut ready: std::collections::BTreeSet<(usize, NodeId)> = Default::default();
    let rank: HashMap<NodeId, usize> = graph.order.iter().enumerate().map(|(i, &n)| (n, i)).collect();
    ready.extend(waiting.iter().filter(|(_, c)| **c == 0).map(|(&id, _)| (rank[&id], id)));
    let mut order = Vec::with_capacity(waiting.len());
    while let Some((_, id)) = ready.pop_first() {
        order.push(id);
        for user in users.remove(&id).unwrap_or_default() {
            let left = waiting.entry(user).or_default();
            *left -= 1;
            if *left == 0 {
                ready.insert((rank[&user], user));
            }
        }
    }
    if order.len() < waiting.len() {
        let stuck = waiting.into_iter().find(|(_, c)| *c > 0).and_then(|(id, _)| graph.node(id));
        return Err(EditError::Cycle(stuck.map(|n| n.name.to_string()).unwrap_or_default()));
    }
    graph.order = order;
    Ok(())
}
