//! Steps that run by the operator's reference body.

use fastserve_ir::{Io, OpError};
use fastserve_tensor::TensorViewMut;
use smallvec::SmallVec;

use crate::step_io::StepIo;

/// Operators with up to this many inputs and outputs run without an allocation.
const INLINE: usize = 16;

pub(crate) fn run(mut io: StepIo<'_>) -> Result<(), OpError> {
    let inputs: SmallVec<[_; INLINE]> =
        (0..io.step.ins.len()).map(|i| if io.has_input(i) { io.view(i).map(Some) } else { Ok(None) }).collect::<Result<_, _>>()?;
    let count = io.step.outs.len();
    if count > INLINE {
        let mut outputs = (0..count).map(|i| io.take_view(i)).collect::<Result<Vec<_>, _>>()?;
        return io.step.op.reference(&mut Io::new(&inputs, &mut outputs));
    }
    // An array, because the borrow checker does not let a `SmallVec` lend its elements for their own lifetime.
    let mut outputs: [TensorViewMut<'_>; INLINE] = std::array::from_fn(|_| TensorViewMut::empty());
    for (i, out) in outputs[..count].iter_mut().enumerate() {
        *out = io.take_view(i)?;
    }
    io.step.op.reference(&mut Io::new(&inputs, &mut outputs[..count]))
}

/// An alias that could not be made one copies bytes.
pub(crate) fn copy(mut io: StepIo<'_>) -> Result<(), OpError> {
    let x = io.view(0)?;
    let mut y = io.take_view(0)?;
    if x.bytes().len() != y.bytes_mut().len() {
        return Err(OpError::Value(format!("expected {} bytes, got {}", y.bytes_mut().len(), x.bytes().len())));
    }
    y.bytes_mut().copy_from_slice(x.bytes());
    Ok(())
}

/// Copies what the graphs of a step made to its outputs.
pub(crate) fn made(mut io: StepIo<'_>) -> Result<(), OpError> {
    let made = io.made.unwrap_or_default();
    for i in 0..io.step.outs.len() {
        let from = made.get(i).ok_or(OpError::Missing { what: "output", index: i })?;
        let mut to = io.take_view(i)?;
        if from.dtype() != to.dtype() || from.shape() != to.shape() {
            let why = format!("output {i} is {}{}, not {}{}", from.dtype(), from.shape(), to.dtype(), to.shape());
            return Err(OpError::Value(why));
        }
        to.bytes_mut().copy_from_slice(from.bytes());
    }
    Ok(())
}
