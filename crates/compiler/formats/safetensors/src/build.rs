//! Nodes one after another, with names of their own.

use fastserve_ir::{Attrs, Graph, OpSet, ValueId};
use fastserve_tensor::{Element, Tensor};

use crate::error::SafetensorsError;

/// The version of the operators that graphs are built from.
const OPSET: i64 = 17;

/// A graph that grows.
pub(crate) struct Builder<'o> {
    ops: &'o dyn OpSet,
    pub(crate) graph: Graph,
    count: usize,
}

impl<'o> Builder<'o> {
    pub(crate) fn new(graph: Graph, ops: &'o dyn OpSet) -> Self {
        Self { ops, graph, count: 0 }
    }

    /// One node with one output.
    pub(crate) fn op(&mut self, op: &'static str, attrs: Attrs, inputs: &[ValueId]) -> Result<ValueId, SafetensorsError> {
        self.count += 1;
        let name = format!("{}_{}", op.to_ascii_lowercase(), self.count);
        self.named(op, attrs, inputs, &name)
    }

    /// One node whose output has a name given.
    pub(crate) fn named(&mut self, op: &'static str, attrs: Attrs, inputs: &[ValueId], name: &str) -> Result<ValueId, SafetensorsError> {
        let built = self.ops.build("", op, OPSET, &attrs)?;
        let inputs: Vec<Option<ValueId>> = inputs.iter().copied().map(Some).collect();
        let infer = |source| SafetensorsError::Infer { op, source };
        let node = self.graph.add_node(name, built, &inputs, &[name]).map_err(infer)?;
        let output = self.graph.node(node).and_then(|n| n.outputs.first().copied());
        output.ok_or_else(|| infer(fastserve_ir::ShapeError::shape("no output")))
    }

    /// A node without attributes.
    pub(crate) fn plain(&mut self, op: &'static str, inputs: &[ValueId]) -> Result<ValueId, SafetensorsError> {
        self.op(op, Attrs::new(), inputs)
    }

    /// A constant of few numbers.
    pub(crate) fn numbers<T: Element>(&mut self, dims: &[usize], data: &[T]) -> Result<ValueId, SafetensorsError> {
        self.count += 1;
        let name = format!("const_{}", self.count);
        let made = Tensor::from_slice(dims, data);
        let tensor = made.map_err(|source| SafetensorsError::Memory { name: name.clone(), source })?;
        Ok(self.graph.add_const(&name, tensor))
    }

    /// A constant number.
    pub(crate) fn scalar<T: Element>(&mut self, value: T) -> Result<ValueId, SafetensorsError> {
        self.numbers(&[], &[value])
    }
}
