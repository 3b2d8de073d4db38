//! What goes in and out of a run.

use fastserve_tensor::{TensorView, TensorViewMut};

/// Inputs by reference and where outputs go, both in the order of the signature.
pub struct Bindings<'b, 't> {
    /// The inputs.
    pub inputs: &'b [TensorView<'t>],
    /// Where the outputs go. May be shorter than the signature: outputs beyond it are lent.
    pub outputs: &'b mut [OutputBinding<'t>],
}

impl<'b, 't> Bindings<'b, 't> {
    /// Inputs, with all outputs lent by the session.
    pub fn lent(inputs: &'b [TensorView<'t>]) -> Self {
        Self { inputs, outputs: &mut [] }
    }
}

/// Where one output goes.
#[derive(Debug)]
pub enum OutputBinding<'t> {
    /// Into the session's memory, valid until its next run.
    Lent,
    /// Into the caller's buffer, whose type and extents must be the output's.
    Caller(TensorViewMut<'t>),
}
