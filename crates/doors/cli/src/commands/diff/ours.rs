//! What this program computes.

use std::collections::HashMap;

use anyhow::{Context, Result};
use fastserve::ir::{Graph, ValueId};
use fastserve::{Backend, Bindings, CompileOptions, Cpu, Model, RunCx, Tensor};

use crate::io::inputs::views;

/// A tensor and the node that makes it.
pub(super) struct Value {
    pub(super) name: String,
    /// Name and operator.
    pub(super) node: Option<(String, String)>,
    pub(super) is_output: bool,
    pub(super) tensor: Tensor,
}

/// The model's outputs, as they are computed in earnest.
pub(super) fn outputs(model: &Model, inputs: &[Tensor], threads: usize) -> Result<Vec<Value>> {
    let graph = model.graph();
    let tensors = run(graph, &CompileOptions { threads, optimize: true }, inputs)?;
    Ok(graph.outputs().iter().zip(tensors).map(|(&id, tensor)| value(graph, id, tensor, true)).collect())
}

/// Every value that a node makes, in the order of the graph, without any pass.
pub(super) fn all_values(model: &Model, inputs: &[Tensor], threads: usize) -> Result<Vec<Value>> {
    let mut graph = model.graph().clone();
    let made: Vec<ValueId> = graph.nodes().flat_map(|(_, node)| node.outputs.clone()).collect();
    let new: Vec<ValueId> = made.iter().copied().filter(|id| !graph.outputs().contains(id)).collect();
    new.into_iter().for_each(|id| graph.add_output(id));
    let tensors = run(&graph, &CompileOptions { threads, optimize: false }, inputs)?;
    let mut by_id: HashMap<ValueId, Tensor> = graph.outputs().iter().copied().zip(tensors).collect();
    let given = model.graph().outputs();
    let passed = given.iter().filter(|id| !made.contains(id));
    let order: Vec<ValueId> = made.iter().chain(passed).copied().collect();
    Ok(order.into_iter().filter_map(|id| Some(value(&graph, id, by_id.remove(&id)?, given.contains(&id)))).collect())
}

fn value(graph: &Graph, id: ValueId, tensor: Tensor, is_output: bool) -> Value {
    let node = graph.producer(id).map(|(_, n)| (n.name.to_string(), n.op.name().to_owned()));
    Value { name: graph.value(id).name.to_string(), node, is_output, tensor }
}

/// The graph's outputs, in its order.
fn run(graph: &Graph, options: &CompileOptions, inputs: &[Tensor]) -> Result<Vec<Tensor>> {
    let compiled = Cpu::new()?.compile(graph, options)?;
    let mut session = compiled.session()?;
    let inputs = views(inputs)?;
    session.run(&mut Bindings::lent(&inputs), &mut RunCx::default()).context("cannot run the model")?;
    (0..graph.outputs().len()).map(|i| Ok(Tensor::copy_of(&session.output(i)?)?)).collect()
}
