//! What a reference body reads and writes.

use fastserve_tensor::{DType, Element, Shape, TensorView, TensorViewMut};

use crate::op::OpError;

/// The inputs and outputs of a reference body. Outputs have the inferred type and extents already.
pub struct Io<'a> {
    inputs: &'a [Option<TensorView<'a>>],
    outputs: &'a mut [TensorViewMut<'a>],
}

impl<'a> Io<'a> {
    /// Inputs (an optional one may be absent) and outputs.
    pub fn new(inputs: &'a [Option<TensorView<'a>>], outputs: &'a mut [TensorViewMut<'a>]) -> Self {
        Self { inputs, outputs }
    }

    /// Number of inputs, absent ones included.
    pub fn num_inputs(&self) -> usize {
        self.inputs.len()
    }

    /// An input that may be absent.
    pub fn opt(&self, i: usize) -> Option<TensorView<'a>> {
        self.inputs.get(i).copied().flatten()
    }

    /// An input.
    ///
    /// # Errors
    /// It is absent.
    pub fn input(&self, i: usize) -> Result<TensorView<'a>, OpError> {
        self.opt(i).ok_or(OpError::Missing { what: "input", index: i })
    }

    /// The elements of an input.
    ///
    /// # Errors
    /// It is absent, or of another type.
    pub fn slice<T: Element>(&self, i: usize) -> Result<&'a [T], OpError> {
        Ok(self.input(i)?.as_slice()?)
    }

    /// The extents of an input.
    ///
    /// # Errors
    /// It is absent.
    pub fn shape(&self, i: usize) -> Result<Shape, OpError> {
        Ok(*self.input(i)?.shape())
    }

    /// The element type of an input.
    ///
    /// # Errors
    /// It is absent.
    pub fn dtype(&self, i: usize) -> Result<DType, OpError> {
        Ok(self.input(i)?.dtype())
    }

    /// Number of outputs that are asked for.
    pub fn num_outputs(&self) -> usize {
        self.outputs.len()
    }

    /// An output.
    ///
    /// # Errors
    /// There is no such output.
    pub fn output(&mut self, i: usize) -> Result<&mut TensorViewMut<'a>, OpError> {
        self.outputs.get_mut(i).ok_or(OpError::Missing { what: "output", index: i })
    }

    /// The elements of an output.
    ///
    /// # Errors
    /// There is no such output, or it is of another type.
    pub fn out_slice<T: Element>(&mut self, i: usize) -> Result<&mut [T], OpError> {
        Ok(self.output(i)?.as_mut_slice()?)
    }

    /// The extents of an output.
    ///
    /// # Errors
    /// There is no such output.
    pub fn out_shape(&self, i: usize) -> Result<Shape, OpError> {
        self.outputs.get(i).map(|o| *o.shape()).ok_or(OpError::Missing { what: "output", index: i })
    }
}
