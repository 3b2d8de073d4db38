//! Reference bodies that move elements: where each element of the output comes from.

use fastserve_ir::{Io, OpError};
use fastserve_tensor::{DType, MAX_RANK, Shape, TensorView};

use crate::elements::{for_width, words, words_mut};

/// Which element of the input, if any, stands at an index of the output.
type Source<'f> = dyn FnMut(&[usize]) -> Result<Option<usize>, OpError> + 'f;

/// Fills an output: `from` is asked, for each index in order, which element of the input (flat) goes there; none is zero.
pub(crate) fn remap(
    io: &mut Io<'_>,
    input: usize,
    output: usize,
    mut from: impl FnMut(&[usize]) -> Result<Option<usize>, OpError>,
) -> Result<(), OpError> {
    let shape = io.out_shape(output)?;
    for_width!(io.dtype(input)?, T => remap_words::<T>(io, input, output, &shape, &mut from))
}

fn remap_words<T: bytemuck::Pod>(
    io: &mut Io<'_>,
    input: usize,
    output: usize,
    shape: &Shape,
    from: &mut Source<'_>,
) -> Result<(), OpError> {
    let x = words::<T>(io, input)?;
    let y = words_mut::<T>(io, output)?;
    let mut index = Index::new(shape);
    for y in y {
        *y = match from(index.now())? {
            Some(at) => *x.get(at).ok_or_else(|| OpError::Value(format!("element {at} of {} is asked for", x.len())))?,
            None => T::zeroed(),
        };
        index.step();
    }
    Ok(())
}

/// Indices of a shape, in order.
pub(crate) struct Index {
    shape: Shape,
    at: [usize; MAX_RANK],
}

impl Index {
    pub(crate) fn new(shape: &Shape) -> Self {
        Self { shape: *shape, at: [0; MAX_RANK] }
    }

    /// The present index.
    pub(crate) fn now(&self) -> &[usize] {
        &self.at[..self.shape.rank()]
    }

    /// To the next one; behind the last comes the first.
    pub(crate) fn step(&mut self) {
        for axis in (0..self.shape.rank()).rev() {
            self.at[axis] += 1;
            if self.at[axis] < self.shape[axis] {
                return;
            }
            self.at[axis] = 0;
        }
    }
}

/// The flat position of an index.
///
/// # Errors
/// An index outside the shape, or of another rank.
pub(crate) fn flat(shape: &Shape, index: &[usize]) -> Result<usize, OpError> {
    if index.len() != shape.rank() || index.iter().zip(shape.iter()).any(|(i, d)| i >= d) {
        return Err(OpError::Value(format!("{index:?} is outside {shape}")));
    }
    Ok(index.iter().zip(shape.iter()).fold(0, |at, (i, d)| at * d + i))
}

/// The elements of an integer input.
///
/// # Errors
/// Missing, or of another type than i32 and i64.
pub(crate) fn ints(io: &Io<'_>, i: usize) -> Result<Vec<i64>, OpError> {
    ints_of(&io.input(i)?)
}

/// The elements of integers.
///
/// # Errors
/// Another type than i32 and i64.
pub(crate) fn ints_of(view: &TensorView<'_>) -> Result<Vec<i64>, OpError> {
    match view.dtype() {
        DType::I32 => Ok(view.as_slice::<i32>()?.iter().map(|&v| v.into()).collect()),
        DType::I64 => Ok(view.as_slice::<i64>()?.to_vec()),
        other => Err(OpError::DType(other)),
    }
}

/// An index that may count from the end, within an extent.
///
/// # Errors
/// It is outside.
pub(crate) fn wrap(index: i64, len: usize) -> Result<usize, OpError> {
    let wrapped = if index < 0 { index.checked_add(len as i64) } else { Some(index) };
    let inside = wrapped.and_then(|i| usize::try_from(i).ok()).filter(|&i| i < len);
    inside.ok_or_else(|| OpError::Value(format!("index {index} is outside an extent of {len}")))
}
