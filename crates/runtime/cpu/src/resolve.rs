//! Extents that data tell: what a step infers from the values of its inputs.

use fastserve_ir::{Dim, Fact, Inputs, Layout, OpError, ShapeError, ValueId, blocks};
use fastserve_tensor::{Tensor, TensorView};

use crate::model::{Inner, ModelStep};
use crate::plan::Extent;
use crate::step_io::Earlier;

/// An input of up to this many bytes is looked at; a larger one only where extents need it.
const SMALL_BYTES: usize = 4096;

/// What is there before a segment runs.
pub(crate) struct Before<'a> {
    pub(crate) model: &'a Inner,
    pub(crate) extents: &'a [Extent],
    pub(crate) inputs: &'a [TensorView<'a>],
    pub(crate) earlier: Earlier<'a>,
}

impl Before<'_> {
    /// Writes the symbols that the outputs of a step tell; returns whether one changed.
    pub(crate) fn resolve(&self, step: &ModelStep, symbols: &mut [usize]) -> Result<bool, OpError> {
        let mut outputs = self.infer(step, SMALL_BYTES)?;
        if outputs.iter().flat_map(|f| &f.shape).any(|d| d.known().is_none()) {
            outputs = self.infer(step, usize::MAX)?;
        }
        let mut changed = false;
        for (&out, found) in step.outs.iter().zip(&outputs) {
            for (dim, found) in self.model.graph.fact(out).shape.iter().zip(&found.shape) {
                let Dim::Sym(symbol) = dim else { continue };
                let n = found.known().ok_or(ShapeError::DataDependent(0))?;
                let place = symbols.get_mut(symbol.index()).ok_or(ShapeError::Overflow)?;
                changed |= *place != n;
                *place = n;
            }
        }
        Ok(changed)
    }

    fn infer(&self, step: &ModelStep, look: usize) -> Result<Vec<Fact>, OpError> {
        let facts = step.ins.iter().map(|v| v.map(|v| self.fact(v, look)).transpose()).collect::<Result<Vec<_>, _>>()?;
        let facts: Vec<Option<&Fact>> = facts.iter().map(Option::as_ref).collect();
        Ok(blocks::infer(step.op.as_ref(), &Inputs(&facts))?)
    }

    /// What is known of a value now; its elements too where they take no more than `look` bytes.
    fn fact(&self, id: ValueId, look: usize) -> Result<Fact, OpError> {
        let fact = self.model.graph.fact(id);
        let extent = self.extents[id.index()];
        let plain = Fact::new(fact.dtype, extent.shape.iter().map(|&n| Dim::Known(n)).collect()).with_layout(fact.layout);
        if extent.bytes > look || fact.layout != Layout::RowMajor {
            return Ok(plain);
        }
        let view = TensorView::new(fact.dtype, extent.shape, self.bytes(id, extent)?)?;
        Ok(Fact::constant(Tensor::copy_of(&view)?))
    }

    fn bytes(&self, id: ValueId, extent: Extent) -> Result<&[u8], OpError> {
        let root = self.model.root(id);
        let graph = &self.model.graph;
        let bytes = if let Some(constant) = graph.constant(root) {
            Some(constant.bytes())
        } else if let Some(at) = graph.inputs().iter().position(|&v| v == root) {
            self.inputs.get(at).map(TensorView::bytes)
        } else {
            self.earlier.bytes(self.model, id)
        };
        let bytes = bytes.and_then(|b| b.get(..extent.bytes));
        bytes.ok_or_else(|| OpError::Value(format!("`{}` is not there yet", graph.value(id).name)))
    }
}
