//! Integers that stand for numbers: reading them, and rounding to them.

use fastserve_ir::{Fact, Inputs, Io, OpError, ShapeError};
use fastserve_tensor::{DType, Element, TensorView};

/// An integer that stands for a number.
pub(crate) trait Code: Element {
    /// The lowest and the highest one.
    const BOUNDS: (i32, i32);

    fn wide(self) -> i32;

    /// A number within the bounds.
    fn narrow(v: i32) -> Self;
}

macro_rules! codes {
    ($($t:ty)*) => {
        $(impl Code for $t {
            const BOUNDS: (i32, i32) = (<$t>::MIN as i32, <$t>::MAX as i32);
            fn wide(self) -> i32 { self as i32 }
            fn narrow(v: i32) -> Self { v as $t }
        })*
    };
}

codes! { u8 i8 u16 i16 i32 }

/// Runs a generic function for an integer type of 8 or 16 bits.
macro_rules! for_code {
    ($dtype:expr, $T:ident => $body:expr) => {{
        use fastserve_tensor::DType;
        match $dtype {
            DType::U8 => {
                type $T = u8;
                $body
            }
            DType::I8 => {
                type $T = i8;
                $body
            }
            DType::U16 => {
                type $T = u16;
                $body
            }
            DType::I16 => {
                type $T = i16;
                $body
            }
            other => Err(fastserve_ir::OpError::DType(other)),
        }
    }};
}

pub(crate) use for_code;

/// Adding and taking away 1.5 · 2^23 rounds what is below 2^22 to a whole number, half to even.
const ROUND: f32 = 12_582_912.0;

/// `x / scale` rounded half to even, plus `zero`, within the type's bounds; of a NaN, `zero`. For types of 8 and 16 bits.
pub(crate) fn quantize<T: Code>(x: &[f32], scale: f32, zero: i32, y: &mut [T]) {
    let quotients = x.iter().map(|x| x / scale);
    quantize_within(T::BOUNDS, quotients, zero, T::narrow, y);
}

/// The same for quotients, with the bounds of a type of up to 16 bits and what makes an element of a number within them.
pub(crate) fn quantize_within<T>(
    bounds: (i32, i32),
    quotients: impl Iterator<Item = f32>,
    zero: i32,
    element: impl Fn(i32) -> T,
    y: &mut [T],
) {
    let zero = zero.clamp(bounds.0, bounds.1);
    let (low, high) = ((bounds.0 - zero) as f32, (bounds.1 - zero) as f32);
    for (y, v) in y.iter_mut().zip(quotients) {
        let whole = if v.is_nan() { 0.0 } else { (v.max(low).min(high) + ROUND) - ROUND };
        *y = element(whole as i32 + zero);
    }
}

/// An input of 8-bit integers.
///
/// # Errors
/// Missing, or of another type.
pub(crate) fn require_byte<'a>(inputs: &Inputs<'a>, i: usize) -> Result<&'a Fact, ShapeError> {
    let fact = inputs.req(i)?;
    if matches!(fact.dtype, DType::U8 | DType::I8) {
        return Ok(fact);
    }
    Err(ShapeError::DType { index: i, expected: "u8 or i8".into(), got: fact.dtype })
}

/// The elements of integers of 2 to 16 or 32 bits.
///
/// # Errors
/// Elements of another type.
pub(crate) fn wide(view: &TensorView<'_>) -> Result<Vec<i32>, OpError> {
    if view.dtype() == DType::I32 {
        return Ok(view.as_slice::<i32>()?.to_vec());
    }
    if let Some(narrow) = view.dtype().narrow().filter(|n| n.is_int()) {
        return Ok(view.bytes().iter().map(|&code| narrow.number(code) as i32).collect());
    }
    for_code!(view.dtype(), T => Ok(view.as_slice::<T>()?.iter().map(|v| v.wide()).collect()))
}

/// Zero points; a single 0 where they are left out.
///
/// # Errors
/// Elements that are no integers.
pub(crate) fn zeros(io: &Io<'_>, i: usize) -> Result<Vec<i32>, OpError> {
    io.opt(i).map_or(Ok(vec![0]), |view| wide(&view))
}

/// Calls `put(i, element − zero(i))` for each element of 8 bits.
///
/// # Errors
/// Elements of another type.
pub(crate) fn centred(view: &TensorView<'_>, zero: impl Fn(usize) -> i32, mut put: impl FnMut(usize, i16)) -> Result<(), OpError> {
    match view.dtype() {
        DType::U8 => view.as_slice::<u8>()?.iter().enumerate().for_each(|(i, v)| put(i, v.wide().wrapping_sub(zero(i)) as i16)),
        DType::I8 => view.as_slice::<i8>()?.iter().enumerate().for_each(|(i, v)| put(i, v.wide().wrapping_sub(zero(i)) as i16)),
        other => return Err(OpError::DType(other)),
    }
    Ok(())
}
