//! A model as values and nodes.

use std::sync::Arc;

use fastserve_tensor::Tensor;

use crate::dim::Dim;
use crate::fact::Fact;
use crate::ids::{NodeId, SymId, ValueId};
use crate::op::{Inputs, OpRef, ShapeError};

/// A model: nodes in an order in which they can run, and the values between them.
#[derive(Clone, Debug, Default)]
pub struct Graph {
    /// The model's name.
    pub name: String,
    pub(crate) symbols: Vec<Symbol>,
    pub(crate) values: Vec<Value>,
    pub(crate) nodes: Vec<Option<Node>>,
    pub(crate) order: Vec<NodeId>,
    pub(crate) inputs: Vec<ValueId>,
    pub(crate) outputs: Vec<ValueId>,
    /// For each value, the nodes that use it, once for each use, and how often it is an output of the graph.
    pub(crate) uses: Vec<Uses>,
}

/// Who uses a value.
#[derive(Clone, Debug, Default)]
pub(crate) struct Uses {
    pub(crate) nodes: Vec<NodeId>,
    pub(crate) outputs: usize,
}

/// An extent that is known at run time only.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Symbol {
    /// Its name, such as `N`.
    pub name: String,
}

/// Something computed, given or constant.
#[derive(Clone, Debug)]
pub struct Value {
    /// Its name, unique in the graph.
    pub name: Arc<str>,
    /// What is known of it.
    pub fact: Fact,
    /// Where it comes from.
    pub source: Source,
}

/// Where a value comes from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Source {
    /// Given by the caller.
    Input,
    /// Constant: the fact has the value.
    Const,
    /// The `output`-th output of `node`.
    Node {
        /// The node.
        node: NodeId,
        /// Which of its outputs.
        output: usize,
    },
}

/// One operator at work.
#[derive(Clone, Debug)]
pub struct Node {
    /// Its name in the model; messages use it.
    pub name: Arc<str>,
    /// The operator.
    pub op: OpRef,
    /// Its inputs; an optional one may be absent.
    pub inputs: Vec<Option<ValueId>>,
    /// Its outputs.
    pub outputs: Vec<ValueId>,
}

/// Two graphs are equal if their texts are.
impl PartialEq for Graph {
    fn eq(&self, other: &Self) -> bool {
        std::ptr::eq(self, other) || crate::text::print(self) == crate::text::print(other)
    }
}

impl Graph {
    /// An empty graph.
    pub fn new(name: impl Into<String>) -> Self {
        Self { name: name.into(), ..Self::default() }
    }

    /// The symbol of this name, made if it is new.
    pub fn symbol(&mut self, name: &str) -> Dim {
        let index = self.symbols.iter().position(|s| s.name == name).unwrap_or_else(|| {
            self.symbols.push(Symbol { name: name.to_owned() });
            self.symbols.len() - 1
        });
        Dim::Sym(SymId::new(index))
    }

    /// All symbols, by their ids.
    pub fn symbols(&self) -> &[Symbol] {
        &self.symbols
    }

    /// Adds an input.
    pub fn add_input(&mut self, name: &str, fact: Fact) -> ValueId {
        let id = self.push_value(name.into(), fact, Source::Input);
        self.inputs.push(id);
        id
    }

    /// Adds a constant.
    pub fn add_const(&mut self, name: &str, value: Tensor) -> ValueId {
        self.push_value(name.into(), Fact::constant(value), Source::Const)
    }

    /// Adds a node behind all others; its outputs get `outputs` as names and the inferred facts.
    ///
    /// # Errors
    /// The operator does not take these inputs.
    pub fn add_node(&mut self, name: &str, op: OpRef, inputs: &[Option<ValueId>], outputs: &[&str]) -> Result<NodeId, ShapeError> {
        let facts = self.infer(&op, inputs)?;
        if outputs.len() > facts.len() {
            return Err(ShapeError::shape(format!("{} outputs asked of an operator that has {}", outputs.len(), facts.len())));
        }
        let mut facts = outputs.iter().zip(facts).map(|(name, fact)| self.named_extents(name, fact)).collect::<Vec<_>>();
        self.know_small(&op, inputs, &mut facts);
        Ok(self.push_node(name, op, inputs, outputs.iter().copied().zip(facts)))
    }

    /// Adds a node whose outputs have these names and facts.
    pub(crate) fn push_node<'n>(
        &mut self,
        name: &str,
        op: OpRef,
        inputs: &[Option<ValueId>],
        outputs: impl IntoIterator<Item = (&'n str, Fact)>,
    ) -> NodeId {
        let node = NodeId::new(self.nodes.len());
        let outputs = outputs
            .into_iter()
            .enumerate()
            .map(|(output, (name, fact))| self.push_value(name.into(), fact, Source::Node { node, output }))
            .collect();
        self.nodes.push(Some(Node { name: name.into(), op, inputs: inputs.to_vec(), outputs }));
        self.order.push(node);
        self.add_uses(node, inputs);
        node
    }

    /// Gives each extent of an output that only data tell a symbol of its own.
    fn named_extents(&mut self, output: &str, mut fact: Fact) -> Fact {
        for (axis, dim) in fact.shape.iter_mut().enumerate().filter(|(_, d)| **d == Dim::New) {
            *dim = self.new_symbol(format!("{output}_{axis}"));
        }
        fact
    }

    /// A symbol that is not there yet; its name is `stem`, or begins with it.
    pub fn new_symbol(&mut self, stem: String) -> Dim {
        let mut name = stem;
        while self.symbols.iter().any(|s| s.name == name) {
            name.push('_');
        }
        self.symbols.push(Symbol { name });
        Dim::Sym(SymId::new(self.symbols.len() - 1))
    }

    /// Lets a value have another name.
    pub fn rename(&mut self, value: ValueId, name: &str) {
        self.values[value.index()].name = name.into();
    }

    /// The facts of an operator's outputs for these inputs.
    ///
    /// # Errors
    /// The operator does not take these inputs.
    pub fn infer(&self, op: &OpRef, inputs: &[Option<ValueId>]) -> Result<Vec<Fact>, ShapeError> {
        let facts: Vec<Option<&Fact>> = inputs.iter().map(|v| v.map(|v| self.fact(v))).collect();
        crate::blocks::infer(op.as_ref(), &Inputs(&facts))
    }

    /// Makes a value an output of the graph.
    pub fn add_output(&mut self, value: ValueId) {
        self.outputs.push(value);
        self.uses[value.index()].outputs += 1;
    }

    /// The values given by the caller.
    pub fn inputs(&self) -> &[ValueId] {
        &self.inputs
    }

    /// The values returned to the caller.
    pub fn outputs(&self) -> &[ValueId] {
        &self.outputs
    }

    /// A value.
    pub fn value(&self, id: ValueId) -> &Value {
        &self.values[id.index()]
    }

    /// What is known of a value.
    pub fn fact(&self, id: ValueId) -> &Fact {
        &self.value(id).fact
    }

    /// The constant that a value is, if it is one.
    pub fn constant(&self, id: ValueId) -> Option<&Tensor> {
        self.fact(id).value.as_ref()
    }

    /// Number of values ever made; ids are below it.
    pub fn num_values(&self) -> usize {
        self.values.len()
    }

    /// Replaces every constant by what `f` makes of it, which must be the same tensor elsewhere in memory.
    ///
    /// # Errors
    /// The first error of `f`, with the name of the constant.
    pub fn map_constants<E>(&mut self, f: impl Fn(&Tensor) -> Result<Tensor, E>) -> Result<(), (String, E)> {
        for value in &mut self.values {
            if let Some(t) = &value.fact.value {
                value.fact.value = Some(f(t).map_err(|e| (value.name.to_string(), e))?);
            }
        }
        Ok(())
    }

    /// Lets go of the constants that no node uses and that are no outputs: weights of which only a packed form is left.
    pub fn forget_unused_constants(&mut self) {
        let mut used = vec![false; self.values.len()];
        let by_nodes = self.nodes.iter().flatten().flat_map(|n| n.inputs.iter().flatten());
        by_nodes.chain(&self.outputs).for_each(|id| used[id.index()] = true);
        for (value, _) in self.values.iter_mut().zip(used).filter(|(_, used)| !used) {
            value.fact.value = None;
        }
    }

    /// All values with their ids, dead ones included.
    pub fn values(&self) -> impl Iterator<Item = (ValueId, &Value)> {
        self.values.iter().enumerate().map(|(i, v)| (ValueId::new(i), v))
    }

    /// The value of this name.
    pub fn find_value(&self, name: &str) -> Option<ValueId> {
        self.values().find(|(_, v)| &*v.name == name).map(|(id, _)| id)
    }

    /// A node; `None` if it was removed.
    pub fn node(&self, id: NodeId) -> Option<&Node> {
        self.nodes.get(id.index())?.as_ref()
    }

    /// All nodes in an order in which they can run.
    pub fn nodes(&self) -> impl DoubleEndedIterator<Item = (NodeId, &Node)> {
        self.order.iter().filter_map(|&id| Some((id, self.node(id)?)))
    }

    /// The node that makes a value.
    pub fn producer(&self, id: ValueId) -> Option<(NodeId, &Node)> {
        match self.value(id).source {
            Source::Node { node, .. } => Some((node, self.node(node)?)),
            _ => None,
        }
    }

    /// How often a value is used, by nodes and as an output of the graph.
    pub fn uses(&self, id: ValueId) -> usize {
        let uses = &self.uses[id.index()];
        uses.nodes.len() + uses.outputs
    }

    /// The nodes that use a value, in no order, once for each use.
    pub fn users(&self, id: ValueId) -> &[NodeId] {
        &self.uses[id.index()].nodes
    }

    /// Whether a value is an output of the graph.
    pub fn is_output(&self, id: ValueId) -> bool {
        self.uses[id.index()].outputs > 0
    }

    pub(crate) fn add_uses(&mut self, node: NodeId, inputs: &[Option<ValueId>]) {
        inputs.iter().flatten().for_each(|v| self.uses[v.index()].nodes.push(node));
    }

    pub(crate) fn remove_uses(&mut self, node: NodeId, inputs: &[Option<ValueId>]) {
        for v in inputs.iter().flatten() {
            let nodes = &mut self.uses[v.index()].nodes;
            if let Some(at) = nodes.iter().rposition(|&n| n == node) {
                nodes.swap_remove(at);
            }
        }
    }

    pub(crate) fn push_value(&mut self, name: Arc<str>, fact: Fact, source: Source) -> ValueId {
        let id = ValueId::new(self.values.len());
        self.values.push(Value { name, fact, source });
        self.uses.push(Uses::default());
        id
    }
}
