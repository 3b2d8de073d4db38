//! What a step reads and writes.

use std::sync::Arc;

use fastserve_backend::RunError;
use fastserve_ir::{CHANNEL_BLOCK, Fact, Layout, OpError, Source, ValueId};
use fastserve_tensor::{Access, Arena, DType, Element, MAX_RANK, Shape, Tensor, TensorView, TensorViewMut};

use crate::model::{Inner, ModelStep};
use crate::plan::{Extent, Plan};

/// The inputs, outputs and scratch of one step.
pub(crate) struct StepIo<'a> {
    pub(crate) model: &'a Inner,
    pub(crate) step: &'a ModelStep,
    pub(crate) extents: &'a [Extent],
    pub(crate) inputs: &'a [TensorView<'a>],
    pub(crate) earlier: Earlier<'a>,
    pub(crate) access: Access<'a>,
    /// What the graphs of the step made.
    pub(crate) made: Option<&'a [Tensor]>,
}

/// What segments before the one at hand have made.
#[derive(Clone, Copy)]
pub(crate) struct Earlier<'a> {
    pub(crate) arenas: &'a [Arena],
    pub(crate) plans: &'a [Option<Arc<Plan>>],
}

impl<'a> Earlier<'a> {
    /// The region of a value that one of them made.
    pub(crate) fn bytes(&self, model: &Inner, id: ValueId) -> Option<&'a [u8]> {
        let at = model.made_in(id);
        let plan = self.plans.get(at)?.as_ref()?;
        self.arenas.get(at)?.bytes(*plan.regions.get(id.index())?).ok()
    }
}

impl<'a> StepIo<'a> {
    fn input_id(&self, i: usize) -> Result<ValueId, OpError> {
        self.step.ins.get(i).copied().flatten().ok_or(OpError::Missing { what: "input", index: i })
    }

    fn output_id(&self, i: usize) -> Result<ValueId, OpError> {
        self.step.outs.get(i).copied().ok_or(OpError::Missing { what: "output", index: i })
    }

    /// What is known of an input.
    pub(crate) fn in_fact(&self, i: usize) -> Result<&'a Fact, OpError> {
        Ok(self.model.graph.fact(self.input_id(i)?))
    }

    /// The logical extents of an input in this run.
    pub(crate) fn in_shape(&self, i: usize) -> Result<Shape, OpError> {
        Ok(self.extents[self.input_id(i)?.index()].shape)
    }

    /// The extents of an input's elements as they lie: of a blocked value, those of its blocks, and 16.
    pub(crate) fn in_places(&self, i: usize) -> Result<Shape, OpError> {
        places(&self.in_shape(i)?, self.in_fact(i)?.layout)
    }

    /// The same of an output.
    pub(crate) fn out_places(&self, i: usize) -> Result<Shape, OpError> {
        places(&self.out_shape(i)?, self.out_layout(i)?)
    }

    /// How an output lies.
    pub(crate) fn out_layout(&self, i: usize) -> Result<Layout, OpError> {
        Ok(self.model.graph.fact(self.output_id(i)?).layout)
    }

    /// The element type of an output.
    pub(crate) fn out_dtype(&self, i: usize) -> Result<DType, OpError> {
        Ok(self.model.graph.fact(self.output_id(i)?).dtype)
    }

    /// The logical extents of an output in this run.
    pub(crate) fn out_shape(&self, i: usize) -> Result<Shape, OpError> {
        Ok(self.extents[self.output_id(i)?.index()].shape)
    }

    /// Whether an optional input is there.
    pub(crate) fn has_input(&self, i: usize) -> bool {
        self.input_id(i).is_ok()
    }

    fn bytes(&self, i: usize) -> Result<&'a [u8], OpError> {
        let id = self.input_id(i)?;
        let missing = OpError::Missing { what: "input", index: i };
        let root = self.model.root(id);
        if let Some(constant) = self.model.graph.constant(root) {
            return Ok(constant.bytes());
        }
        if self.model.graph.value(root).source == Source::Input {
            let at = self.model.graph.inputs().iter().position(|&v| v == root);
            return at.and_then(|at| self.inputs.get(at)).map(TensorView::bytes).ok_or(missing);
        }
        let made_here = self.model.made_in(root) == self.earlier.arenas.len();
        let region = if made_here { self.access.read(i) } else { self.earlier.bytes(self.model, id) };
        let region = region.ok_or(missing)?;
        region.get(..self.extents[id.index()].bytes).ok_or_else(|| OpError::Value("the plan is too small".into()))
    }

    /// An input as a tensor; a packed one is its physical row of elements.
    pub(crate) fn view(&self, i: usize) -> Result<TensorView<'a>, OpError> {
        let fact = self.in_fact(i)?;
        let shape = fact.layout.storage_shape(&self.in_shape(i)?).ok_or_else(overflow)?;
        Ok(TensorView::new(fact.dtype, shape, self.bytes(i)?)?)
    }

    /// The elements of an input, packed or not.
    pub(crate) fn slice<T: Element>(&self, i: usize) -> Result<&'a [T], OpError> {
        self.view(i)?.as_slice().map_err(OpError::from)
    }

    /// An output as a tensor to write; each can be taken once.
    pub(crate) fn take_view(&mut self, i: usize) -> Result<TensorViewMut<'a>, OpError> {
        let id = self.output_id(i)?;
        let extent = self.extents[id.index()];
        let fact = self.model.graph.fact(id);
        let shape = fact.layout.storage_shape(&extent.shape).ok_or_else(overflow)?;
        let region = self.access.write(i).ok_or(OpError::Missing { what: "output", index: i })?;
        let bytes = region.get_mut(..extent.bytes).ok_or_else(|| OpError::Value("the plan is too small".into()))?;
        Ok(TensorViewMut::new(fact.dtype, shape, bytes)?)
    }

    /// The elements of an f32 output; each can be taken once.
    pub(crate) fn take_f32(&mut self, i: usize) -> Result<&'a mut [f32], OpError> {
        let id = self.output_id(i)?;
        let fact = self.model.graph.fact(id);
        if fact.dtype != DType::F32 {
            return Err(OpError::DType(fact.dtype));
        }
        let len = self.extents[id.index()].bytes / 4;
        let region = self.access.write_as::<f32>(i).ok_or(OpError::Missing { what: "output", index: i })?;
        region.get_mut(..len).ok_or_else(|| OpError::Value("the plan is too small".into()))
    }

    /// The step's scratch; it can be taken once.
    pub(crate) fn take_scratch(&mut self) -> Result<&'a mut [f32], OpError> {
        let at = self.step.outs.len();
        self.access.write_as::<f32>(at).ok_or(OpError::Missing { what: "scratch", index: at })
    }
}

fn places(shape: &Shape, layout: Layout) -> Result<Shape, OpError> {
    match (layout, shape.dims()) {
        (Layout::Channels16, [n, c, space @ ..]) => {
            let mut dims = [1; MAX_RANK];
            let rank = space.len() + 3;
            let too_deep = || OpError::Value(format!("{shape} has too many axes for blocks"));
            let dims = dims.get_mut(..rank).ok_or_else(too_deep)?;
            (dims[0], dims[1], dims[rank - 1]) = (*n, c.div_ceil(CHANNEL_BLOCK), CHANNEL_BLOCK);
            dims[2..rank - 1].copy_from_slice(space);
            Ok(Shape::new(dims)?)
        }
        _ => Ok(*shape),
    }
}

fn overflow() -> OpError {
    OpError::Value("a size overflows".into())
}

impl ModelStep {
    /// An error of this step.
    pub(crate) fn error(&self, source: OpError) -> RunError {
        RunError::Node { node: self.node.to_string(), op: self.op.name().to_owned(), source }
    }
}
