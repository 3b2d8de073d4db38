//! Steps that run by the operator's reference body.

use fastserve_ir::{Io, OpError};
use smallvec::SmallVec;

use crate::step_io::StepIo;

/// Operators with up to this many inputs and outputs run without an allocation.
const INLINE: usize = 16;

pub(crate) fn run(mut io: StepIo<'_>) -> Result<(), OpError> {
    let inputs: SmallVec<[_; INLINE]> =
        (0..io.step.ins.len()).map(|i| if io.has_input(i) { io.view(i).map(Some) } else { Ok(None) }).collect::<Result<_, _>>()?;
    let mut outputs: SmallVec<[_; INLINE]> = (0..io.step.outs.len()).map(|i| io.take_view(i)).collect::<Result<_, _>>()?;
    io.step.op.reference(&mut Io::new(&inputs, &mut outputs))
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
