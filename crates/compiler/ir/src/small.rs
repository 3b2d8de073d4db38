//! Small values that are known while a graph is built: shapes, pads and axes that models compute from constants.

use fastserve_tensor::{Tensor, TensorView, TensorViewMut};

use crate::fact::Fact;
use crate::graph::Graph;
use crate::ids::ValueId;
use crate::io::Io;
use crate::layout::Layout;
use crate::op::OpRef;

/// Bytes of all inputs, and of all outputs, up to which a node of constants is computed as it is added.
const LIMIT_BYTES: usize = 256;

impl Graph {
    /// Gives `facts`, those of a node's outputs, the values that follow from constant inputs, where all are small.
    pub(crate) fn know_small(&self, op: &OpRef, inputs: &[Option<ValueId>], facts: &mut [Fact]) {
        for fact in facts.iter_mut().filter(|f| f.value.is_none()) {
            fact.value = fact.known_ints().filter(|t| t.bytes().len() <= LIMIT_BYTES);
        }
        if facts.iter().any(|f| f.value.is_none()) && op.repeatable() {
            let values = self.small_inputs(inputs).and_then(|inputs| run(op, &inputs, facts));
            for (fact, value) in facts.iter_mut().zip(values.into_iter().flatten()) {
                let ints = Fact::constant(value.clone()).ints;
                fact.ints = fact.ints.take().or(ints);
                fact.value = Some(value);
            }
        }
    }

    fn small_inputs(&self, inputs: &[Option<ValueId>]) -> Option<Vec<Option<&Tensor>>> {
        let constants: Vec<Option<&Tensor>> =
            inputs.iter().map(|v| v.map_or(Some(None), |v| self.constant(v).map(Some))).collect::<Option<_>>()?;
        let bytes = constants.iter().flatten().map(|t| t.bytes().len()).sum::<usize>();
        (bytes <= LIMIT_BYTES && constants.iter().any(Option::is_some)).then_some(constants)
    }
}

/// The outputs of the reference body; `None` where they are not small, or there is no such body.
fn run(op: &OpRef, inputs: &[Option<&Tensor>], facts: &[Fact]) -> Option<Vec<Tensor>> {
    let mut left = LIMIT_BYTES;
    let mut outputs = Vec::with_capacity(facts.len());
    for fact in facts {
        let shape = fact.known_shape().filter(|_| fact.layout == Layout::RowMajor)?;
        left = left.checked_sub(fact.dtype.storage_bytes(&shape).ok()?)?;
        outputs.push(Tensor::zeros(fact.dtype, shape).ok()?);
    }
    let views = inputs.iter().map(|t| t.map(Tensor::view).transpose()).collect::<Result<Vec<Option<TensorView<'_>>>, _>>().ok()?;
    {
        let mut outs = outputs.iter_mut().map(Tensor::view_mut).collect::<Result<Vec<TensorViewMut<'_>>, _>>().ok()?;
        op.reference(&mut Io::new(&views, &mut outs)).ok()?;
    }
    Some(outputs)
}
