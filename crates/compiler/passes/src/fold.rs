//! Computes at load what depends on constants only.

use fastserve_ir::{EditError, Fact, Graph, GraphEdit, Inputs, Io, LowerCx, Lowered, Node, NodeId, OpError};
use fastserve_tensor::{Shape, Tensor, TensorView, TensorViewMut};

use crate::{Pass, PassCx};

/// A node is not folded if its outputs take more than this and more than twice its inputs.
pub const FOLD_LIMIT_BYTES: usize = 64 << 20;

/// All that folding makes of a graph takes at most this, or `FOLD_TOTAL_FACTOR` times the constants it was loaded with: a few bytes
/// of nodes must not become all memory.
pub const FOLD_TOTAL_BYTES: usize = 2 << 30;

const FOLD_TOTAL_FACTOR: usize = 3;

/// Elements that the bodies of one pass may touch, or `FOLD_WORK_FACTOR` times the graph's constants: a body cannot be stopped, and
/// products of large constants take longer than anybody waits for a model.
pub const FOLD_WORK: u64 = 1 << 29;

const FOLD_WORK_FACTOR: u64 = 8;

/// Constant folding by the operators' reference bodies.
pub struct Fold;

/// What a pass may still make and do.
struct Budget {
    bytes: usize,
    work: u64,
}

impl Budget {
    fn of(graph: &Graph, loaded_bytes: usize) -> Self {
        let total = FOLD_TOTAL_BYTES.max(loaded_bytes.saturating_mul(FOLD_TOTAL_FACTOR)).saturating_add(loaded_bytes);
        let held = graph.values().filter_map(|(_, v)| v.fact.value.as_ref()).map(|t| t.shape().numel() as u64).sum::<u64>();
        Self { bytes: total.saturating_sub(held_bytes(graph)), work: FOLD_WORK.max(held.saturating_mul(FOLD_WORK_FACTOR)) }
    }

    fn take(&mut self, bytes: usize, work: u64) -> Result<(), OpError> {
        let left = self.bytes.checked_sub(bytes).ok_or_else(|| OpError::Value("folding has made as much as it may".into()))?;
        self.work = self.work.checked_sub(work).ok_or_else(|| OpError::Value("it takes too long".into()))?;
        self.bytes = left;
        Ok(())
    }
}

/// Bytes of all constants of a graph, used or not.
pub(crate) fn held_bytes(graph: &Graph) -> usize {
    graph.values().filter_map(|(_, v)| v.fact.value.as_ref()).map(|t| t.bytes().len()).sum()
}

impl Pass for Fold {
    fn name(&self) -> &'static str {
        "fold"
    }

    fn run(&self, g: &mut GraphEdit<'_>, cx: &PassCx) -> Result<(), EditError> {
        let mut budget = Budget::of(g.graph(), cx.loaded_bytes);
        for id in g.node_ids() {
            let Some(node) = g.graph().node(id).cloned() else { continue };
            match evaluate(g, &node, &mut budget) {
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
fn evaluate(g: &GraphEdit<'_>, node: &Node, budget: &mut Budget) -> Option<Result<Vec<Tensor>, OpError>> {
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
        return Some(run_reference(g.graph(), node, &inputs, &facts, budget));
    }
    // Constant inputs may tell extents that were not known when the node was added.
    let again = g.graph().infer(&node.op, &node.inputs);
    Some(again.map_err(OpError::from).and_then(|facts| {
        let facts: Vec<&Fact> = facts.iter().take(node.outputs.len()).collect();
        run_reference(g.graph(), node, &inputs, &facts, budget)
    }))
}

fn run_reference(
    graph: &Graph,
    node: &Node,
    inputs: &[Option<&Tensor>],
    facts: &[&Fact],
    budget: &mut Budget,
) -> Result<Vec<Tensor>, OpError> {
    let given: usize = inputs.iter().flatten().map(|t| t.bytes().len()).sum();
    let sizes = facts.iter().map(|f| size(f, given)).collect::<Result<Vec<_>, _>>()?;
    budget.take(sizes.iter().fold(0, |sum, n| sum.saturating_add(*n)), work(graph, node, inputs, facts))?;
    let mut outputs = facts.iter().map(|f| zeros(f)).collect::<Result<Vec<_>, _>>()?;
    let views = inputs.iter().map(|t| t.map(Tensor::view).transpose()).collect::<Result<Vec<Option<TensorView<'_>>>, _>>()?;
    run_into(node, &views, &mut outputs)?;
    Ok(outputs)
}

/// Elements that a body touches, at most. Bodies that go through their inputs and outputs once touch those; of others it is only known
/// that no output element needs more than all inputs.
fn work(graph: &Graph, node: &Node, inputs: &[Option<&Tensor>], outputs: &[&Fact]) -> u64 {
    let read: u64 = inputs.iter().flatten().map(|t| t.shape().numel() as u64).sum();
    let numel = |f: &&Fact| f.known_shape().and_then(|s| f.layout.storage_shape(&s)).map_or(0, |s| s.numel() as u64);
    let written: u64 = outputs.iter().map(numel).sum();
    if node.op.is_linear() || lowers_to_one_walk(graph, node) {
        return read.saturating_add(written);
    }
    read.max(1).saturating_mul(written.max(1))
}

/// Whether what a backend would run goes through its elements once.
fn lowers_to_one_walk(graph: &Graph, node: &Node) -> bool {
    let inputs: Vec<_> = node.inputs.iter().map(|v| v.map(|v| graph.fact(v))).collect();
    let outputs: Vec<_> = node.outputs.iter().map(|&v| graph.fact(v)).collect();
    let lowered = node.op.lower(&LowerCx { inputs: Inputs(&inputs), outputs: &outputs });
    matches!(
        lowered,
        Lowered::Unary(_)
            | Lowered::Binary(_)
            | Lowered::Map(_)
            | Lowered::Move(_)
            | Lowered::Reduce(_)
            | Lowered::Softmax(_)
            | Lowered::Normalize(_)
            | Lowered::PackGemmB(_)
            | Lowered::PackConv(_)
            | Lowered::ToBlocks
            | Lowered::FromBlocks
            | Lowered::Alias
    )
}

fn run_into(node: &Node, views: &[Option<TensorView<'_>>], outputs: &mut [Tensor]) -> Result<(), OpError> {
    let mut outs = outputs.iter_mut().map(Tensor::view_mut).collect::<Result<Vec<TensorViewMut<'_>>, _>>()?;
    node.op.reference(&mut Io::new(views, &mut outs))
}

/// Bytes of an output.
fn size(fact: &Fact, given_bytes: usize) -> Result<usize, OpError> {
    let size = fact.dtype.storage_bytes(&storage(fact)?)?;
    if size > FOLD_LIMIT_BYTES.max(given_bytes.saturating_mul(2)) {
        return Err(OpError::Value(format!("the output takes {size} bytes")));
    }
    Ok(size)
}

fn storage(fact: &Fact) -> Result<Shape, OpError> {
    let shape = fact.known_shape().and_then(|s| fact.layout.storage_shape(&s));
    shape.ok_or_else(|| OpError::Value("the output's extents are not known".into()))
}

fn zeros(fact: &Fact) -> Result<Tensor, OpError> {
    Ok(Tensor::zeros(fact.dtype, storage(fact)?)?)
}
