//! One operator on tensors: inference, then the reference body.

use fastserve_ir::{Fact, Inputs, Io, OpError, OpRef, ShapeError};
use fastserve_tensor::{Tensor, TensorView, TensorViewMut};

/// The facts of the outputs where every input is a constant.
///
/// # Errors
/// Inputs that the operator does not take.
pub fn infer(op: &OpRef, inputs: &[Option<Tensor>]) -> Result<Vec<Fact>, ShapeError> {
    let facts: Vec<Option<Fact>> = inputs.iter().map(|t| t.clone().map(Fact::constant)).collect();
    let refs: Vec<Option<&Fact>> = facts.iter().map(Option::as_ref).collect();
    op.infer(&Inputs(&refs))
}

/// The outputs of the reference body.
///
/// # Errors
/// Inputs that the operator does not take, or outputs whose extents are not known.
pub fn run(op: &OpRef, inputs: &[Option<Tensor>]) -> Result<Vec<Tensor>, OpError> {
    let facts = infer(op, inputs)?;
    run_as(op, inputs, &facts)
}

/// The outputs of the reference body for inputs of which the facts of the outputs are known already.
///
/// # Errors
/// Contents that the operator does not take, or outputs whose extents are not known.
pub fn run_as(op: &OpRef, inputs: &[Option<Tensor>], outputs: &[Fact]) -> Result<Vec<Tensor>, OpError> {
    let mut tensors: Vec<Tensor> = outputs.iter().map(blank).collect::<Result<_, _>>()?;
    let views: Result<Vec<Option<TensorView<'_>>>, _> = inputs.iter().map(|t| t.as_ref().map(Tensor::view).transpose()).collect();
    let out: Result<Vec<TensorViewMut<'_>>, _> = tensors.iter_mut().map(Tensor::view_mut).collect();
    op.reference(&mut Io::new(&views?, &mut out?))?;
    Ok(tensors)
}

pub(crate) fn blank(fact: &Fact) -> Result<Tensor, OpError> {
    let shape = fact.known_shape().and_then(|s| fact.layout.storage_shape(&s));
    let shape = shape.ok_or_else(|| OpError::Value("an output's extents are not known".into()))?;
    Ok(Tensor::zeros(fact.dtype, shape)?)
}
