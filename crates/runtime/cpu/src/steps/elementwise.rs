//! Element by element.

use fastserve_ir::OpError;
use fastserve_kernels::elementwise::{BinaryOp, Operand, UnaryOp, binary_f32, unary_f32};
use fastserve_tensor::{MAX_RANK, Shape};

use crate::step_io::StepIo;
use crate::steps::kernel_error;

pub(crate) fn unary(mut io: StepIo<'_>, op: UnaryOp) -> Result<(), OpError> {
    let x = io.slice::<f32>(0)?;
    let y = io.take_f32(0)?;
    unary_f32(io.model.cpu, op, x, y, io.model.team).map_err(kernel_error)
}

pub(crate) fn binary(mut io: StepIo<'_>, op: BinaryOp) -> Result<(), OpError> {
    let out = io.out_places(0)?;
    let operand = |i| strides(&io.in_places(i)?, &out);
    let (sa, sb) = (operand(0)?, operand(1)?);
    let a = Operand { data: io.slice::<f32>(0)?, strides: &sa[..out.rank()] };
    let b = Operand { data: io.slice::<f32>(1)?, strides: &sb[..out.rank()] };
    let y = io.take_f32(0)?;
    binary_f32(io.model.cpu, op, &out, a, b, y, io.model.team).map_err(kernel_error)
}

/// Strides of an operand along the axes of the result; 0 where it is repeated.
pub(crate) fn strides(operand: &Shape, out: &Shape) -> Result<[usize; MAX_RANK], OpError> {
    let fits = operand.rank() <= out.rank() && operand.iter().rev().zip(out.iter().rev()).all(|(&d, &o)| d == o || d == 1);
    if !fits {
        return Err(OpError::Value(format!("cannot broadcast {operand} to {out}")));
    }
    let (own, skip) = (operand.strides(), out.rank() - operand.rank());
    let mut strides = [0; MAX_RANK];
    for (i, &d) in operand.iter().enumerate() {
        strides[skip + i] = if d == 1 { 0 } else { own[i] };
    }
    Ok(strides)
}
