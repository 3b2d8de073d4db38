//! Channel-blocked values: which operators work on them as on row-major ones, and the way there and back.
//!
//! An operator knows row-major values. What it does position by position, channel by channel, it does on blocks of 16
//! channels as well: then its outputs are blocked too. The rule below says where that is so, from what the operator
//! lowers to; kernels run on the blocks.

use fastserve_tensor::{DType, Shape, Tensor, TensorError};

use crate::dim::Dim;
use crate::fact::Fact;
use crate::layout::{CHANNEL_BLOCK, Layout};
use crate::movement::Movement;
use crate::op::{Inputs, Op, ShapeError};
use crate::spec::{LowerCx, Lowered};

/// The facts of an operator's outputs, some of whose inputs may be channel-blocked.
///
/// # Errors
/// The operator does not take these inputs, or does not work on blocks.
pub fn infer(op: &dyn Op, inputs: &Inputs<'_>) -> Result<Vec<Fact>, ShapeError> {
    let blocked = inputs.0.iter().flatten().any(|f| f.layout == Layout::Channels16);
    if !blocked || op.knows_blocks() {
        return op.infer(inputs);
    }
    let plain: Vec<Option<Fact>> = inputs.0.iter().map(|f| f.map(row_major)).collect();
    let plain: Vec<Option<&Fact>> = plain.iter().map(Option::as_ref).collect();
    let mut outputs = op.infer(&Inputs(&plain))?;
    // Blocks are f32: outputs of another type, such as the places of a maximum, are made in rows only.
    outputs.truncate(outputs.iter().take_while(|f| f.dtype == DType::F32).count());
    let outs: Vec<&Fact> = outputs.iter().collect();
    let lowered = op.lower(&LowerCx { inputs: Inputs(&plain), outputs: &outs });
    if !follows(&lowered, inputs, &outputs) {
        return Err(ShapeError::shape("an input is blocked by channels, and the operator does not work on blocks"));
    }
    Ok(outputs.into_iter().map(|f| f.with_layout(Layout::Channels16)).collect())
}

fn row_major(fact: &Fact) -> Fact {
    match fact.layout {
        Layout::Channels16 => fact.clone().with_layout(Layout::RowMajor),
        _ => fact.clone(),
    }
}

/// Whether kernels do on blocks what `lowered` says of row-major values. The layouts of `inputs` are those that the node
/// would have.
pub fn follows(lowered: &Lowered, inputs: &Inputs<'_>, outputs: &[Fact]) -> bool {
    let Some(out) = outputs.first() else { return false };
    if outputs.iter().any(|out| out.dtype != DType::F32 || out.rank() < 3) {
        return false;
    }
    let first = inputs.opt(0).is_some_and(|f| f.layout == Layout::Channels16);
    match lowered {
        Lowered::Unary(_) | Lowered::Pool(_) => first,
        Lowered::Binary(_) => inputs.0.iter().flatten().all(|f| fits_beside(f, out)),
        Lowered::Move(movement) => moves_blocks(movement, inputs, outputs),
        _ => false,
    }
}

/// Whether a movement takes and makes whole blocks.
fn moves_blocks(movement: &Movement, inputs: &Inputs<'_>, outputs: &[Fact]) -> bool {
    let blocked = |f: &Option<&Fact>| f.is_some_and(|f| f.layout == Layout::Channels16);
    match movement {
        Movement::Concat(axis) => inputs.0.iter().all(blocked) && cuts_blocks(*axis, inputs.0.iter().copied().flatten()),
        Movement::Split(axis) => inputs.0.first().is_some_and(blocked) && cuts_blocks(*axis, outputs.iter()),
        Movement::Nearest { scales, .. } => {
            let (x, y) = (inputs.opt(0), outputs.first());
            let same = x.zip(y).is_some_and(|(x, y)| x.rank() == 4 && x.shape[..2] == y.shape[..2]);
            same && inputs.0.first().is_some_and(blocked) && scales.iter().take(2).all(|s| s.is_none_or(|s| s == 1.0))
        }
        _ => false,
    }
}

/// Whether parts of an axis are whole blocks: of the channels, all but the last part.
fn cuts_blocks<'a>(axis: usize, parts: impl Iterator<Item = &'a Fact>) -> bool {
    let mut whole = true;
    axis > 1
        || axis == 1
            && parts.into_iter().all(|part| {
                let fits = whole;
                whole = part.shape.get(1).and_then(Dim::known).is_some_and(|c| c.is_multiple_of(CHANNEL_BLOCK));
                fits
            })
}

/// Whether an operand is blocked as the result is, or one number.
fn fits_beside(operand: &Fact, out: &Fact) -> bool {
    if operand.layout == Layout::Channels16 {
        return operand.rank() == out.rank() && operand.shape[1] == out.shape[1];
    }
    is_one_number(operand)
}

/// Whether a value has one element.
pub fn is_one_number(fact: &Fact) -> bool {
    fact.layout == Layout::RowMajor && fact.shape.iter().all(|d| *d == Dim::Known(1))
}

/// For each element of a row-major value, its place there and among blocks.
fn places(shape: &Shape) -> Option<impl Iterator<Item = (usize, usize)>> {
    let [_, channels, space @ ..] = shape.dims() else { return None };
    // Extents beside an empty one say nothing of memory: only those of elements that are there can be multiplied.
    if shape.contains(&0) {
        return None;
    }
    let (channels, space) = (*channels, space.iter().product::<usize>());
    let blocks = channels.div_ceil(CHANNEL_BLOCK);
    Some((0..shape.checked_numel()?).map(move |i| {
        let (image, c, at) = (i / space / channels, i / space % channels, i % space);
        (i, ((image * blocks + c / CHANNEL_BLOCK) * space + at) * CHANNEL_BLOCK + c % CHANNEL_BLOCK)
    }))
}

/// Elements in rows to blocks; zeros in the lanes beyond the channels. Does nothing where a slice is too short.
pub fn to_blocks(shape: &Shape, x: &[f32], y: &mut [f32]) {
    y.fill(0.0);
    for (plain, blocked) in places(shape).into_iter().flatten() {
        if let (Some(x), Some(y)) = (x.get(plain), y.get_mut(blocked)) {
            *y = *x;
        }
    }
}

/// Elements in blocks to rows.
pub fn from_blocks(shape: &Shape, x: &[f32], y: &mut [f32]) {
    for (plain, blocked) in places(shape).into_iter().flatten() {
        if let (Some(x), Some(y)) = (x.get(blocked), y.get_mut(plain)) {
            *y = *x;
        }
    }
}

/// The row-major tensor of a blocked one, whose logical shape is `shape`.
///
/// # Errors
/// The tensor is not f32.
pub fn unblocked(shape: &Shape, x: &Tensor) -> Result<Tensor, TensorError> {
    let mut y = vec![0.0; shape.numel()];
    from_blocks(shape, x.as_slice()?, &mut y);
    Tensor::from_slice(shape, &y)
}
