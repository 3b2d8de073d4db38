//! Extents that data tell: what a step infers from the values of its inputs.

use fastserve_backend::{RunCx, RunError};
use fastserve_ir::{ControlSpec, Dim, Fact, Inputs, Layout, OpError, ShapeError, ValueId, blocks};
use fastserve_tensor::{Shape, Tensor, TensorView};

use crate::control::{Call, Control, Failed};
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
    pub(crate) fn resolve(&self, segment: usize, step: &ModelStep, symbols: &mut [usize]) -> Result<bool, OpError> {
        let mut outputs = self.infer(step, SMALL_BYTES)?;
        if outputs.iter().flat_map(|f| &f.shape).any(|d| d.known().is_none()) {
            outputs = self.infer(step, usize::MAX)?;
        }
        let found: Option<Vec<Shape>> = outputs.iter().map(Fact::known_shape).collect();
        self.tell(segment, step, &found.ok_or(ShapeError::DataDependent(0))?, symbols)
    }

    /// Writes the symbols that the extents of a step's outputs tell; returns whether one changed.
    pub(crate) fn tell(&self, segment: usize, step: &ModelStep, found: &[Shape], symbols: &mut [usize]) -> Result<bool, OpError> {
        let mut changed = false;
        for (&out, found) in step.outs.iter().zip(found) {
            let dims = &self.model.graph.fact(out).shape;
            if dims.len() != found.rank() {
                let why = format!("an output has rank {}, and only rank {} is supported for this node", found.rank(), dims.len());
                return Err(ShapeError::Unsupported(why).into());
            }
            for (dim, &n) in dims.iter().zip(found.iter()) {
                let Dim::Sym(symbol) = dim else { continue };
                if self.model.segments.symbol_in.get(symbol.index()) != Some(&segment) {
                    continue;
                }
                let place = symbols.get_mut(symbol.index()).ok_or(ShapeError::Overflow)?;
                changed |= *place != n;
                *place = n;
            }
        }
        Ok(changed)
    }

    /// Runs the graphs of a step, after so many steps and beside so many bytes; returns the extents of what they made.
    pub(crate) fn run(
        &self,
        step: &ModelStep,
        spec: &ControlSpec,
        control: &mut Control,
        cx: &RunCx<'_>,
        (steps, held): (&mut u64, usize),
    ) -> Result<Vec<Shape>, RunError> {
        let failed = |source| step.error(source);
        let views = step.ins.iter().map(|v| v.map(|v| self.view(v)).transpose()).collect::<Result<Vec<_>, _>>().map_err(failed)?;
        let mut call = Call { inputs: &views, cx, steps: *steps, held };
        let ran = control.run(spec, &mut call);
        *steps = call.steps;
        match ran {
            Ok(()) => Ok(control.made.iter().map(|t| *t.shape()).collect()),
            Err(Failed::Run(e)) => Err(e),
            Err(Failed::Op(e)) => Err(step.error(e)),
        }
    }

    /// A value that is there.
    pub(crate) fn view(&self, id: ValueId) -> Result<TensorView<'_>, OpError> {
        let extent = self.extents[id.index()];
        Ok(TensorView::new(self.model.graph.fact(id).dtype, extent.shape, self.bytes(id, extent)?)?)
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
        Ok(Fact::constant(Tensor::copy_of(&self.view(id)?)?))
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
