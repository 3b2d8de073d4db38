//! Tensors of any numeric type as lists of f64, for bodies in which speed does not count.

use fastserve_ir::{AttrError, Attrs, Inputs, Io, OpError, ShapeError};
use fastserve_tensor::{Bool, DType, TensorView};

use crate::elements::{Float, Int, NumericBody};

/// The elements of an input; integers beyond 2^53 are rounded.
///
/// # Errors
/// It is absent.
pub(crate) fn numbers(io: &Io<'_>, i: usize) -> Result<Vec<f64>, OpError> {
    numbers_of(&io.input(i)?)
}

/// The elements of an input that may be absent.
///
/// # Errors
/// Its elements cannot be read.
pub(crate) fn optional(io: &Io<'_>, i: usize) -> Result<Option<Vec<f64>>, OpError> {
    io.opt(i).as_ref().map(numbers_of).transpose()
}

/// The elements of a tensor; integers beyond 2^53 are rounded.
///
/// # Errors
/// They cannot be read.
pub(crate) fn numbers_of(view: &TensorView<'_>) -> Result<Vec<f64>, OpError> {
    if view.dtype() == DType::Bool {
        return Ok(view.as_slice::<Bool>()?.iter().map(|&b| f64::from(u8::from(bool::from(b)))).collect());
    }
    if let Some(narrow) = view.dtype().narrow() {
        return Ok(view.bytes().iter().map(|&code| narrow.number(code)).collect());
    }
    let mut read = Read { view, list: Vec::new() };
    read.run(view.dtype())?;
    Ok(read.list)
}

struct Read<'v, 'a> {
    view: &'v TensorView<'a>,
    list: Vec<f64>,
}

impl NumericBody for Read<'_, '_> {
    fn float<T: Float>(&mut self) -> Result<(), OpError> {
        self.list = self.view.as_slice::<T>()?.iter().map(|v| v.to_f64()).collect();
        Ok(())
    }

    fn int<T: Int>(&mut self) -> Result<(), OpError> {
        self.list = self.view.as_slice::<T>()?.iter().map(|v| v.to_i128() as f64).collect();
        Ok(())
    }
}

/// Fills an output with numbers: rounded to its type, towards zero for integers; anything but 0 is true.
///
/// # Errors
/// There is no such output, or it has another number of elements.
pub(crate) fn store(io: &mut Io<'_>, i: usize, values: &[f64]) -> Result<(), OpError> {
    let out = io.output(i)?;
    let numel = out.shape().numel();
    if numel != values.len() {
        return Err(OpError::Value(format!("output {i}: {} elements are made, {numel} are asked for", values.len())));
    }
    let dtype = out.dtype();
    if dtype == DType::Bool {
        io.out_slice::<Bool>(i)?.iter_mut().zip(values).for_each(|(y, &v)| *y = (v != 0.0).into());
        return Ok(());
    }
    Write { io, i, values }.run(dtype)
}

/// Refuses an output of other extents than those that are made; whether it has elements. An output that is not asked for has none.
///
/// Extents of a tensor without elements say nothing of memory: only an output that has elements bounds what a body may allocate.
///
/// # Errors
/// Other extents.
pub(crate) fn expect_shape(io: &Io<'_>, i: usize, made: &[usize]) -> Result<bool, OpError> {
    let Ok(out) = io.out_shape(i) else { return Ok(false) };
    if out[..] != *made {
        return Err(OpError::Value(format!("output {i}: {made:?} is made, {out} is asked for")));
    }
    Ok(out.numel() > 0)
}

/// Fills an output that may not be asked for.
///
/// # Errors
/// It has another number of elements.
pub(crate) fn store_if_asked(io: &mut Io<'_>, i: usize, values: &[f64]) -> Result<(), OpError> {
    if i < io.num_outputs() { store(io, i, values) } else { Ok(()) }
}

struct Write<'w, 'a> {
    io: &'w mut Io<'a>,
    i: usize,
    values: &'w [f64],
}

impl NumericBody for Write<'_, '_> {
    fn float<T: Float>(&mut self) -> Result<(), OpError> {
        self.io.out_slice::<T>(self.i)?.iter_mut().zip(self.values).for_each(|(y, &v)| *y = T::from_f64(v));
        Ok(())
    }

    fn int<T: Int>(&mut self) -> Result<(), OpError> {
        self.io.out_slice::<T>(self.i)?.iter_mut().zip(self.values).for_each(|(y, &v)| *y = T::wrap(v as i128));
        Ok(())
    }
}

/// The only element of an input.
///
/// # Errors
/// It is absent or empty.
pub(crate) fn scalar(io: &Io<'_>, i: usize) -> Result<f64, OpError> {
    numbers(io, i)?.first().copied().ok_or_else(|| OpError::Value(format!("input {i} is empty")))
}

/// The only element of a constant input; `None` where only the run tells it.
///
/// # Errors
/// It is absent, or has another number of elements than one.
pub(crate) fn known_scalar(inputs: &Inputs<'_>, i: usize) -> Result<Option<i64>, ShapeError> {
    let Some(list) = crate::shape_ints::now(inputs, i)? else { return Ok(None) };
    match list[..] {
        [one] => Ok(Some(one)),
        _ => Err(ShapeError::shape(format!("input {i}: expected one element, got {}", list.len()))),
    }
}

/// A string attribute that must be one of `words`: which.
///
/// # Errors
/// Another word, or an attribute of another kind.
pub(crate) fn choice(attrs: &Attrs, name: &'static str, words: &[&str], default: usize) -> Result<usize, AttrError> {
    let Some(word) = attrs.str(name)? else { return Ok(default) };
    let found = words.iter().position(|w| *w == word);
    found.ok_or_else(|| AttrError::value(name, format!("expected one of {words:?}, got {word}")))
}
