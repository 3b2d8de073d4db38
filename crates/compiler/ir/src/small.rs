//! Small values that are known when a node is added: shape arithmetic by operators that know nothing of it.

use std::borrow::Cow;

use fastserve_tensor::{DType, Tensor, TensorView, TensorViewMut};

use crate::fact::Fact;
use crate::graph::Graph;
use crate::ids::NodeId;
use crate::io::Io;
use crate::layout::Layout;
use crate::op::{OpError, OpRef};

/// Inputs together, and outputs together, take no more than this.
const SMALL_BYTES: usize = 1024;

impl Graph {
    /// Computes the outputs of a node whose inputs are all small and known, and notes them as what is known of the outputs.
    pub fn compute_small(&mut self, id: NodeId) {
        let Some(node) = self.node(id).cloned() else { return };
        if !node.op.repeatable() || node.inputs.is_empty() {
            return;
        }
        let inputs: Option<Vec<Option<Cow<'_, Tensor>>>> =
            node.inputs.iter().map(|v| v.map_or(Some(None), |v| small(self.fact(v)).map(Some))).collect();
        let Some(inputs) = inputs else { return };
        let facts: Vec<&Fact> = node.outputs.iter().map(|&v| self.fact(v)).collect();
        if inputs.iter().flatten().map(|t| t.bytes().len()).sum::<usize>() > SMALL_BYTES {
            return;
        }
        let Ok(Some(made)) = compute(&node.op, &inputs, &facts) else { return };
        for (v, tensor) in node.outputs.iter().zip(made) {
            self.values[v.index()].fact = Fact::constant(tensor);
        }
    }
}

/// The value of a fact, where it is known and small.
fn small(fact: &Fact) -> Option<Cow<'_, Tensor>> {
    if let Some(value) = &fact.value {
        return (fact.layout == Layout::RowMajor && value.bytes().len() <= SMALL_BYTES).then_some(Cow::Borrowed(value));
    }
    // All bits set stand for −1.
    let ints: Vec<i64> = fact.ints.as_deref()?.iter().map(|d| d.known().map(|n| n as i64)).collect::<Option<_>>()?;
    let shape = fact.known_shape()?;
    let tensor = match fact.dtype {
        DType::I64 => Tensor::from_slice(&shape, &ints),
        DType::I32 => Tensor::from_slice(&shape, &ints.iter().map(|&v| i32::try_from(v).ok()).collect::<Option<Vec<_>>>()?),
        _ => return None,
    };
    tensor.ok().map(Cow::Owned)
}

fn compute(op: &OpRef, inputs: &[Option<Cow<'_, Tensor>>], outputs: &[&Fact]) -> Result<Option<Vec<Tensor>>, OpError> {
    let mut made = Vec::with_capacity(outputs.len());
    let mut left = SMALL_BYTES;
    for fact in outputs {
        let Some(shape) = fact.known_shape().filter(|_| fact.layout == Layout::RowMajor) else { return Ok(None) };
        let Some(rest) = left.checked_sub(fact.dtype.storage_bytes(&shape)?) else { return Ok(None) };
        left = rest;
        made.push(Tensor::zeros(fact.dtype, shape)?);
    }
    let views = inputs.iter().map(|t| t.as_ref().map(|t| t.view()).transpose()).collect::<Result<Vec<Option<TensorView<'_>>>, _>>()?;
    let mut outs = made.iter_mut().map(Tensor::view_mut).collect::<Result<Vec<TensorViewMut<'_>>, _>>()?;
    op.reference(&mut Io::new(&views, &mut outs))?;
    Ok(Some(made))
}
