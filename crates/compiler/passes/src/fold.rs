//! Computes at load what depends on constants only.

use fastserve_ir::{EditError, Fact, GraphEdit, Io, Node, NodeId, OpError};
use fastserve_tensor::{Tensor, TensorView, TensorViewMut};

use crate::{Pass, PassCx};

/// A node is not folded if its outputs take more than this and more than twice its inputs.
pub const FOLD_LIMIT_BYTES: usize = 64 << 20;

/// Constant folding by the operators' reference bodies.
pub struct Fold;

impl Pass for Fold {
    fn name(&self) -> &'static str {
        "fold"
    }

    fn run(&self, g: &mut GraphEdit<'_>, _: &PassCx) -> Result<(), EditError> {
        for id in g.node_ids() {
            let Some(node) = g.graph().node(id).cloned() else { continue };
            match evaluate(g, &node) {
                None => {}
                Some(Ok(values)) => replace(g, id, &node, values),
                Some(Err(why)) => g.note(id, format!("not folded: {why}")),
            }
        }
        Ok(())
    }
}

fn replace(g: &mut GraphEdit<'_>, id: NodeId, node: &Node, values: Vec<Tensor>) {
    for (&out, value) in node.outputs.iter().zip(values) {
        g.make_const(out, value);
    }
    g.remove_node(id);
}

/// The outputs of a node of constants; `None` if it is not one.
fn evaluate(g: &GraphEdit<'_>, node: &Node) -> Option<Result<Vec<Tensor>, OpError>> {
    if !node.op.repeatable() {
        return None;
    }
    let facts: Vec<&Fact> = node.outputs.iter().map(|&o| g.graph().fact(o)).collect();
    if let Some(values) = facts.iter().map(|f| f.value.clone().or_else(|| f.known_ints())).collect::<Option<Vec<_>>>() {
        return Some(Ok(values));
    }
    let inputs: Vec<Option<&Tensor>> =
        node.inputs.iter().map(|i| i.map_or(Some(None), |v| g.graph().constant(v).map(Some))).collect::<Option<_>>()?;
    if facts.iter().all(|f| f.known_shape().is_some()) {
        return Some(run_reference(node, &inputs, &facts));
    }
    // Constant inputs may tell extents that were not known when the node was added.
    let again = g.graph().infer(&node.op, &node.inputs);
    Some(
        again
            .map_err(OpError::from)
            .and_then(|facts| run_reference(node, &inputs, &facts.iter().take(node.outputs.len()).collect::<Vec<_>>())),
    )
}

fn run_reference(node: &Node, inputs: &[Option<&Tensor>], facts: &[&Fact]) -> Result<Vec<Tensor>, OpError> {
    let given: usize = inputs.iter().flatten().map(|t| t.bytes().len()).sum();
    let mut outputs = facts.iter().map(|f| zeros(f, given)).collect::<Result<Vec<_>, _>>()?;
    let views = inputs.iter().map(|t| t.map(Tensor::view).transpose()).collect::<Result<Vec<Option<TensorView<'_>>>, _>>()?;
    run_into(node, &views, &mut outputs)?;
    Ok(outputs)
}

fn run_into(node: &Node, views: &[Option<TensorView<'_>>], outputs: &mut [Tensor]) -> Result<(), OpError> {
    let mut outs = outputs.iter_mut().map(Tensor::view_mut).collect::<Result<Vec<TensorViewMut<'_>>, _>>()?;
    node.op.reference(&mut Io::new(views, &mut outs))
}

fn zeros(fact: &Fact, given_bytes: usize) -> Result<Tensor, OpError> {
    let shape = fact.known_shape().and_then(|s| fact.layout.storage_shape(&s));
    let shape = shape.ok_or_else(|| OpError::Value("the output's extents are not known".into()))?;
    let size = fact.dtype.storage_bytes(&shape)?;
    if size > FOLD_LIMIT_BYTES.max(given_bytes.saturating_mul(2)) {
        return Err(OpError::Value(format!("the output takes {size} bytes")));
    }
    Ok(Tensor::zeros(fact.dtype, shape)?)
}
