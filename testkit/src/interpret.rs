//! Whole graphs by reference bodies: the oracle of passes and backends.

use fastserve_ir::{Dim, Graph, Io, Layout, Node, OpError, SymId, ValueId, blocks, eval_shape};
use fastserve_tensor::{DType, Shape, Tensor, TensorView, TensorViewMut};

/// The outputs of a graph for these inputs and values of its symbols.
///
/// # Errors
/// An operator without a body for its inputs, by the name of its node.
pub fn interpret(graph: &Graph, inputs: &[Tensor], symbols: &[usize]) -> Result<Vec<Tensor>, OpError> {
    let all = interpret_all(graph, inputs, symbols)?;
    graph.outputs().iter().map(|&id| found(graph, &all, id)).collect()
}

/// Every value of a graph, by its id.
///
/// # Errors
/// As [`interpret`].
pub fn interpret_all(graph: &Graph, inputs: &[Tensor], symbols: &[usize]) -> Result<Vec<Option<Tensor>>, OpError> {
    let mut values: Vec<Option<Tensor>> = graph.values().map(|(_, v)| v.fact.value.clone()).collect();
    graph.inputs().iter().zip(inputs).for_each(|(id, t)| values[id.index()] = Some(t.clone()));
    for (_, node) in graph.nodes() {
        let mut ins = node.inputs.iter().map(|v| v.map(|v| found(graph, &values, v)).transpose()).collect::<Result<Vec<_>, _>>()?;
        let mut outs = blanks(graph, node, &ins, symbols)?;
        let reorders = node.op.knows_blocks() && node.inputs.len() == 1;
        let run = if reorders { run_node } else { run_in_rows };
        run(Run { graph, node, symbols }, &mut ins, &mut outs).map_err(|e| OpError::Value(format!("node `{}`: {e}", node.name)))?;
        node.outputs.iter().zip(outs).for_each(|(id, t)| values[id.index()] = Some(t));
    }
    Ok(values)
}

/// A node, and the extents it runs with.
#[derive(Clone, Copy)]
struct Run<'a> {
    graph: &'a Graph,
    node: &'a Node,
    symbols: &'a [usize],
}

impl Run<'_> {
    /// The logical extents of a value that is channel-blocked; `None` where it is not.
    fn blocked(&self, id: ValueId) -> Option<Shape> {
        let fact = self.graph.fact(id);
        if fact.layout == Layout::Channels16 { eval_shape(&fact.shape, self.symbols) } else { None }
    }
}

/// Bodies know rows only: blocks are brought into rows, and what comes out into blocks.
fn run_in_rows(run: Run<'_>, ins: &mut [Option<Tensor>], outs: &mut [Tensor]) -> Result<(), OpError> {
    for (id, tensor) in run.node.inputs.iter().zip(ins.iter_mut()) {
        if let (Some(shape), Some(t)) = (id.and_then(|id| run.blocked(id)), tensor.as_mut()) {
            *t = blocks::unblocked(&shape, t)?;
        }
    }
    let mut rows = outs.to_vec();
    for (&id, out) in run.node.outputs.iter().zip(&mut rows) {
        if let Some(shape) = run.blocked(id) {
            *out = Tensor::zeros(DType::F32, shape)?;
        }
    }
    run_node(run, ins, &mut rows)?;
    for ((&id, out), row) in run.node.outputs.iter().zip(outs).zip(rows) {
        match run.blocked(id) {
            Some(shape) => blocks::to_blocks(&shape, row.as_slice()?, out.view_mut()?.as_mut_slice()?),
            None => *out = row,
        }
    }
    Ok(())
}

fn run_node(run: Run<'_>, ins: &mut [Option<Tensor>], outs: &mut [Tensor]) -> Result<(), OpError> {
    let views = ins.iter().map(|t| t.as_ref().map(Tensor::view).transpose()).collect::<Result<Vec<Option<TensorView<'_>>>, _>>()?;
    let mut outs = outs.iter_mut().map(Tensor::view_mut).collect::<Result<Vec<TensorViewMut<'_>>, _>>()?;
    run.node.op.reference(&mut Io::new(&views, &mut outs))
}

fn found(graph: &Graph, values: &[Option<Tensor>], id: ValueId) -> Result<Tensor, OpError> {
    values[id.index()].clone().ok_or_else(|| OpError::Value(format!("`{}` was not computed", graph.value(id).name)))
}

/// Outputs to be written, of extents that symbols tell, or else the inputs' values.
fn blanks(graph: &Graph, node: &Node, ins: &[Option<Tensor>], symbols: &[usize]) -> Result<Vec<Tensor>, OpError> {
    let told = |d: &Dim| graph.symbols().iter().enumerate().all(|(s, _)| graph.is_given(SymId::new(s)) || !d.has(SymId::new(s)));
    if node.outputs.iter().all(|&id| graph.fact(id).shape.iter().all(told)) {
        return node.outputs.iter().map(|&id| blank(graph, id, symbols)).collect();
    }
    let facts = crate::reference::infer(&node.op, ins)?;
    facts.iter().take(node.outputs.len()).map(crate::reference::blank).collect()
}

fn blank(graph: &Graph, id: ValueId, symbols: &[usize]) -> Result<Tensor, OpError> {
    let fact = graph.fact(id);
    let shape = eval_shape(&fact.shape, symbols).and_then(|s| fact.layout.storage_shape(&s));
    let shape: Shape = shape.ok_or_else(|| OpError::Value(format!("the extents of `{}` overflow", graph.value(id).name)))?;
    Ok(Tensor::zeros(fact.dtype, shape)?)
}
