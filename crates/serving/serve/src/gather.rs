//! Rows of several requests as one batch, and the batch's outputs as each one's rows.

use fastserve::{DType, Element, Shape, Tensor, TensorError, TensorView};

/// Memory in which batches are put together. It grows to the largest one and stays.
#[derive(Debug, Default)]
pub(crate) struct Scratch(Vec<Option<Tensor>>);

impl Scratch {
    /// Makes room for as many inputs.
    pub(crate) fn for_inputs(count: usize) -> Self {
        Self((0..count).map(|_| None).collect())
    }

    /// Lays each request's tensors one after the other along axis 0. `members` has at least one request, and all can share.
    ///
    /// # Errors
    /// No memory, or extents whose product is too large.
    pub(crate) fn gather(&mut self, members: &[&[Tensor]]) -> Result<Vec<TensorView<'_>>, TensorError> {
        let inputs = self.0.iter_mut().enumerate();
        inputs.map(|(at, place)| lay_out(place, members.iter().filter_map(|m| m.get(at)))).collect()
    }
}

fn lay_out<'s, 't>(place: &'s mut Option<Tensor>, parts: impl Iterator<Item = &'t Tensor> + Clone) -> Result<TensorView<'s>, TensorError> {
    let mut dtype = DType::U8;
    let mut shape = Shape::new(&[0])?;
    let mut rows = 0usize;
    for part in parts.clone() {
        (dtype, shape) = (part.dtype(), *part.shape());
        rows = rows.saturating_add(part.shape().dims().first().copied().unwrap_or(0));
    }
    if let Some(first) = shape.dims_mut().first_mut() {
        *first = rows;
    }
    let len = dtype.storage_bytes(&shape)?;
    let buffer = sized(place, len)?;
    let mut at = 0usize;
    for part in parts {
        let end = at + part.bytes().len();
        if let Some(room) = buffer.get_mut(at..end) {
            room.copy_from_slice(part.bytes());
        }
        at = end;
    }
    TensorView::new(dtype, shape, buffer)
}

/// The place's memory, at least as long as needed, cut to it.
fn sized(place: &mut Option<Tensor>, len: usize) -> Result<&mut [u8], TensorError> {
    let is_enough = place.as_ref().is_some_and(|t| t.bytes().len() >= len);
    if !is_enough {
        *place = Some(Tensor::zeros(<u8 as Element>::DTYPE, Shape::new(&[len.next_power_of_two()])?)?);
    }
    let buffer: &mut [u8] = match place {
        Some(tensor) => tensor.as_mut_slice::<u8>()?,
        None => &mut [],
    };
    Ok(buffer.get_mut(..len).unwrap_or_default())
}

/// The rows `from..from + count` of `of` rows of an output. The output's first extent is a multiple of `of`.
///
/// # Errors
/// No memory.
pub(crate) fn part(output: &TensorView<'_>, from: usize, count: usize, of: usize) -> Result<Tensor, TensorError> {
    if count == of {
        return Tensor::copy_of(output);
    }
    let mut shape = *output.shape();
    let each = shape.dims().first().copied().unwrap_or(0) / of.max(1);
    if let Some(first) = shape.dims_mut().first_mut() {
        *first = each * count;
    }
    let row_bytes = output.bytes().len() / of.max(1);
    let bytes = output.bytes().get(from * row_bytes..(from + count) * row_bytes).unwrap_or_default();
    Tensor::copy_of(&TensorView::new(output.dtype(), shape, bytes)?)
}
