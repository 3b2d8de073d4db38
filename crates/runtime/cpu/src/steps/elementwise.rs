//! Element by element.

use fastserve_ir::{CHANNEL_BLOCK, Layout, OpError};
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
    let out = dims(&io.out_shape(0)?, io.out_layout(0)?)?;
    let operand = |i| strides(&dims(&io.in_shape(i)?, io.in_fact(i)?.layout)?, &out);
    let (sa, sb) = (operand(0)?, operand(1)?);
    let a = Operand { data: io.slice::<f32>(0)?, strides: &sa[..out.rank()] };
    let b = Operand { data: io.slice::<f32>(1)?, strides: &sb[..out.rank()] };
    let y = io.take_f32(0)?;
    binary_f32(io.model.cpu, op, &out, a, b, y, io.model.team).map_err(kernel_error)
}

/// Extents of the elements as they lie: of a blocked value, those of its blocks, and 16.
fn dims(shape: &Shape, layout: Layout) -> Result<Shape, OpError> {
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
