//! Operators that are made of others.

use fastserve_tensor::Tensor;
use thiserror::Error;

use crate::attrs::{AttrError, Attrs};
use crate::fact::Fact;
use crate::graph::{Graph, Source};
use crate::ids::ValueId;
use crate::op::{BuildError, LATEST_OPSET, OpSet, ShapeError};

/// Adds the nodes that an operator is made of; returns its outputs, absent ones included only behind the last that is asked for.
pub type Compose = fn(&mut Builder<'_>, &Attrs, &[Option<ValueId>]) -> Result<Vec<ValueId>, ComposeError>;

/// Why an operator could not be made of others.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum ComposeError {
    /// The operator, or a part of it, could not be made.
    #[error(transparent)]
    Build(#[from] BuildError),
    /// An attribute does not fit.
    #[error(transparent)]
    Attr(#[from] AttrError),
    /// The operator, or a part of it, does not take its inputs.
    #[error(transparent)]
    Shape(#[from] ShapeError),
}

impl From<fastserve_tensor::TensorError> for ComposeError {
    fn from(e: fastserve_tensor::TensorError) -> Self {
        ComposeError::Shape(ShapeError::shape(e.to_string()))
    }
}

/// Adds parts of an operator to a graph. Parts are written in the newest form of this project.
pub struct Builder<'g> {
    graph: &'g mut Graph,
    ops: &'g dyn OpSet,
    node: &'g str,
    stem: &'g str,
    outputs: &'g [&'g str],
    opset: i64,
    made: usize,
}

impl Builder<'_> {
    /// Outputs that are asked for, up to the last one that has a name.
    pub fn outputs_asked(&self) -> usize {
        self.outputs.len()
    }

    /// Whether an output is asked for.
    pub fn asks(&self, output: usize) -> bool {
        self.outputs.get(output).is_some_and(|name| !name.is_empty())
    }

    /// The version of the domain that the operator is written in.
    pub fn opset(&self) -> i64 {
        self.opset
    }

    /// What is known of a value.
    pub fn fact(&self, value: ValueId) -> &Fact {
        self.graph.fact(value)
    }

    /// A constant.
    pub fn constant(&mut self, tensor: Tensor) -> ValueId {
        let name = self.fresh("const");
        self.graph.add_const(&name, tensor)
    }

    /// A constant vector of integers.
    ///
    /// # Errors
    /// Out of memory.
    pub fn ints(&mut self, values: &[i64]) -> Result<ValueId, ComposeError> {
        Ok(self.constant(Tensor::from_slice(&[values.len()], values)?))
    }

    /// Adds a part with `outputs` outputs.
    ///
    /// # Errors
    /// No such operator, attributes or inputs that it does not take.
    pub fn parts(&mut self, op: &str, attrs: Attrs, inputs: &[Option<ValueId>], outputs: usize) -> Result<Vec<ValueId>, ComposeError> {
        let op = self.ops.build("", op, LATEST_OPSET, &attrs)?;
        let names: Vec<String> = (0..outputs).map(|_| self.fresh(op.name())).collect();
        let names: Vec<&str> = names.iter().map(String::as_str).collect();
        let node = format!("{}/{}", self.node, names.first().map_or("", |n| n.rsplit('@').next().unwrap_or_default()));
        let id = self.graph.add_node(&node, op, inputs, &names)?;
        Ok(self.graph.node(id).map(|n| n.outputs.clone()).unwrap_or_default())
    }

    /// Adds a part with one output.
    ///
    /// # Errors
    /// As [`Builder::parts`].
    pub fn part(&mut self, op: &str, attrs: Attrs, inputs: &[ValueId]) -> Result<ValueId, ComposeError> {
        let inputs: Vec<Option<ValueId>> = inputs.iter().copied().map(Some).collect();
        let made = self.parts(op, attrs, &inputs, 1)?;
        made.first().copied().ok_or_else(|| ShapeError::shape(format!("{op} makes no output")).into())
    }

    fn fresh(&mut self, what: &str) -> String {
        self.made += 1;
        format!("{}@{}{what}", self.stem, self.made)
    }
}

/// An operator by its place in a model: domain, name, version, attributes.
#[derive(Clone, Copy, Debug)]
pub struct Named<'a> {
    /// Domain; empty for the default one.
    pub domain: &'a str,
    /// Name.
    pub op: &'a str,
    /// Version of the domain.
    pub opset: i64,
    /// Attributes.
    pub attrs: &'a Attrs,
}

impl Graph {
    /// Adds an operator by name, one node or what it is made of; its outputs get the names `outputs`, of which an empty one is
    /// not asked for.
    ///
    /// # Errors
    /// No such operator, attributes or inputs that it does not take.
    pub fn add_operator(
        &mut self,
        ops: &dyn OpSet,
        named: Named<'_>,
        node: &str,
        inputs: &[Option<ValueId>],
        outputs: &[&str],
    ) -> Result<Vec<ValueId>, ComposeError> {
        if let Some(compose) = ops.composite(named.domain, named.op, named.opset) {
            return self.compose(ops, compose, named, node, inputs, outputs);
        }
        let op = ops.build(named.domain, named.op, named.opset, named.attrs)?;
        let id = self.add_node(node, op, inputs, outputs)?;
        Ok(self.node(id).map(|n| n.outputs.clone()).unwrap_or_default())
    }

    /// Adds what an operator is made of.
    ///
    /// # Errors
    /// As [`Graph::add_operator`].
    pub fn compose(
        &mut self,
        ops: &dyn OpSet,
        compose: Compose,
        named: Named<'_>,
        node: &str,
        inputs: &[Option<ValueId>],
        outputs: &[&str],
    ) -> Result<Vec<ValueId>, ComposeError> {
        let stem = outputs.iter().find(|n| !n.is_empty()).copied().unwrap_or(node);
        let first = self.num_values();
        let mut builder = Builder { graph: self, ops, node, stem, outputs, opset: named.opset, made: 0 };
        let made = compose(&mut builder, named.attrs, inputs)?;
        if made.len() < outputs.len() {
            return Err(ShapeError::shape(format!("{} outputs asked of an operator that has {}", outputs.len(), made.len())).into());
        }
        let mut named_values = Vec::with_capacity(outputs.len());
        for (&name, value) in outputs.iter().zip(made) {
            named_values.push(self.named_output(ops, name, node, first, value, &named_values)?);
        }
        Ok(named_values)
    }

    /// The value under the name of an output; a copy where it has a name already.
    fn named_output(
        &mut self,
        ops: &dyn OpSet,
        name: &str,
        node: &str,
        first: usize,
        value: ValueId,
        taken: &[ValueId],
    ) -> Result<ValueId, ComposeError> {
        let own = value.index() >= first && matches!(self.value(value).source, Source::Node { .. }) && !taken.contains(&value);
        if name.is_empty() {
            return Ok(value);
        }
        if own {
            self.rename(value, name);
            return Ok(value);
        }
        let id =
            self.add_node(&format!("{node}/{name}"), ops.build("", "Identity", LATEST_OPSET, &Attrs::new())?, &[Some(value)], &[name])?;
        Ok(self.node(id).and_then(|n| n.outputs.first().copied()).unwrap_or(value))
    }
}
