//! What several passes ask of a graph.

use fastserve_ir::{Graph, Node, NodeId, ValueId};
use fastserve_ir::{Op, OpRef, downcast};

/// A node of operator type `T`, by its id.
pub(crate) fn node_as<T: Op>(g: &Graph, id: NodeId) -> Option<(&Node, &T)> {
    let node = g.node(id)?;
    Some((node, downcast::<T>(&node.op)?))
}

/// The node of type `T` that makes a value, if nothing else uses the value.
pub(crate) fn only_producer<T: Op>(g: &Graph, value: ValueId) -> Option<(NodeId, Node, &T)> {
    let (id, node) = g.producer(value)?;
    let op = downcast::<T>(&node.op)?;
    (g.uses(value) == 1).then(|| (id, node.clone(), op))
}

/// The only output of a node with one.
pub(crate) fn output(node: &Node) -> Option<ValueId> {
    match node.outputs[..] {
        [out] => Some(out),
        _ => None,
    }
}

/// The `i`-th input of a node.
pub(crate) fn input(node: &Node, i: usize) -> Option<ValueId> {
    node.inputs.get(i).copied().flatten()
}

/// A shared operator.
pub(crate) fn op(op: impl Op) -> OpRef {
    std::sync::Arc::new(op)
}

/// The elements of a constant f32 value.
pub(crate) fn f32s(g: &Graph, value: ValueId) -> Option<&[f32]> {
    g.constant(value)?.as_slice().ok()
}
