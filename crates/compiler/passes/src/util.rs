//! What several passes ask of a graph.

use fastserve_ir::{Attrs, Graph, GraphEdit, LATEST_OPSET, Node, NodeId, Op, OpRef, OpSet, ValueId, downcast};
use fastserve_kernels::elementwise::UnaryOp;
use fastserve_kernels::epilogue::Activation;
use fastserve_ops::Ops;
use fastserve_ops::ops::unary::Unary;

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

/// The node of type `T` that makes a value, whoever uses it.
pub(crate) fn producer_as<T: Op>(g: &Graph, value: ValueId) -> Option<(NodeId, &Node, &T)> {
    let (id, node) = g.producer(value)?;
    Some((id, node, downcast::<T>(&node.op)?))
}

/// The only output of a node, if something uses it.
pub(crate) fn used_output(g: &Graph, id: NodeId) -> Option<ValueId> {
    output(g.node(id)?).filter(|&v| g.uses(v) > 0)
}

/// Whether one value can stand for the other: type, extents and layout.
pub(crate) fn alike(g: &Graph, a: ValueId, b: ValueId) -> bool {
    g.fact(a).agrees_with(g.fact(b))
}

/// The operator of this name, if there is one that takes these attributes.
pub(crate) fn named(name: &str, attrs: &Attrs) -> Option<OpRef> {
    Ops.build("", name, LATEST_OPSET, attrs).ok()
}

/// Counts the nodes that are such a function already.
pub(crate) fn count_written(g: &mut GraphEdit<'_>, what: impl Fn(&Node) -> Option<&'static str>) {
    for id in g.node_ids() {
        if let Some(what) = g.graph().node(id).and_then(&what) {
            g.found(what, id);
        }
    }
}

/// The function of one element that a node is.
pub(crate) fn activation(node: &Node) -> Option<Activation> {
    match downcast::<Unary>(&node.op)? {
        Unary(UnaryOp::Activation(activation)) => Some(*activation),
        Unary(_) => None,
    }
}

/// The name of a node, for the names of what is made of it.
pub(crate) fn node_name(g: &Graph, id: NodeId) -> String {
    g.node(id).map(|n| n.name.to_string()).unwrap_or_default()
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
