//! Reference bodies over every element type.

use fastserve_ir::{Fact, Inputs, Io, OpError, ShapeError};
use fastserve_tensor::{DType, TensorError, bf16, f16};

/// Number of elements of these extents: 0 if one of them is 0, and `usize::MAX` if it overflows, as no tensor can.
pub(crate) fn count(dims: &[usize]) -> usize {
    if dims.contains(&0) { 0 } else { dims.iter().fold(1, |n, &d| n.saturating_mul(d)) }
}

/// The elements of an input as plain words of their width.
pub(crate) fn words<'a, T: bytemuck::Pod>(io: &Io<'a>, i: usize) -> Result<&'a [T], OpError> {
    let x = io.input(i)?;
    Ok(bytemuck::try_cast_slice(x.bytes()).map_err(|_| TensorError::Misaligned(x.dtype()))?)
}

/// The elements of an output as plain words of their width.
pub(crate) fn words_mut<'b, T: bytemuck::Pod>(io: &'b mut Io<'_>, i: usize) -> Result<&'b mut [T], OpError> {
    let y = io.output(i)?;
    let dtype = y.dtype();
    Ok(bytemuck::try_cast_slice_mut(y.bytes_mut()).map_err(|_| TensorError::Misaligned(dtype))?)
}

/// An input that must be there and hold floats.
///
/// # Errors
/// Missing, or of another type.
pub(crate) fn require_float<'a>(inputs: &Inputs<'a>, i: usize) -> Result<&'a Fact, ShapeError> {
    let fact = inputs.req(i)?;
    if fact.dtype.is_float() { Ok(fact) } else { Err(ShapeError::DType { index: i, expected: "a float".into(), got: fact.dtype }) }
}

/// An input that must be there and hold numbers to compute with.
///
/// # Errors
/// Missing, or booleans or codes.
pub(crate) fn require_number<'a>(inputs: &Inputs<'a>, i: usize) -> Result<&'a Fact, ShapeError> {
    let fact = inputs.req(i)?;
    if fact.dtype.is_number() { Ok(fact) } else { Err(ShapeError::DType { index: i, expected: NUMBER.into(), got: fact.dtype }) }
}

/// What is expected where codes and booleans are refused.
pub(crate) const NUMBER: &str = "a number to compute with";

/// An element as a float in the reference bodies: computed in f64, rounded once.
pub(crate) trait Float: fastserve_tensor::Element {
    fn to_f64(self) -> f64;
    fn from_f64(v: f64) -> Self;
}

macro_rules! floats {
    ($($t:ty: $to:expr, $from:expr;)*) => {
        $(impl Float for $t {
            fn to_f64(self) -> f64 { ($to)(self) }
            fn from_f64(v: f64) -> Self { ($from)(v) }
        })*
    };
}

floats! {
    f32: f64::from, |v| v as f32;
    f64: |v| v, |v| v;
    f16: f16::to_f64, f16::from_f64;
    bf16: bf16::to_f64, bf16::from_f64;
}

/// An element as an integer: arithmetic wraps around, as the hardware's does.
pub(crate) trait Int: fastserve_tensor::Element {
    fn to_i128(self) -> i128;
    fn wrap(v: i128) -> Self;
    /// The nearest value, the even one of two, or the last one of the type.
    fn nearest(v: f64) -> Self;
}

macro_rules! ints {
    ($($t:ty)*) => {
        $(impl Int for $t {
            fn to_i128(self) -> i128 { self as i128 }
            fn wrap(v: i128) -> Self { v as $t }
            fn nearest(v: f64) -> Self { v.round_ties_even() as $t }
        })*
    };
}

ints! { u8 u16 u32 u64 i8 i16 i32 i64 }

/// A body that is written once for all floats and once for all integers.
pub(crate) trait NumericBody {
    fn float<T: Float>(&mut self) -> Result<(), OpError>;
    fn int<T: Int>(&mut self) -> Result<(), OpError>;

    fn run(&mut self, dtype: DType) -> Result<(), OpError>
    where
        Self: Sized,
    {
        match dtype {
            DType::F16 => self.float::<f16>(),
            DType::BF16 => self.float::<bf16>(),
            DType::F32 => self.float::<f32>(),
            DType::F64 => self.float::<f64>(),
            DType::U8 => self.int::<u8>(),
            DType::U16 => self.int::<u16>(),
            DType::U32 => self.int::<u32>(),
            DType::U64 => self.int::<u64>(),
            DType::I8 => self.int::<i8>(),
            DType::I16 => self.int::<i16>(),
            DType::I32 => self.int::<i32>(),
            DType::I64 => self.int::<i64>(),
            _ => Err(OpError::DType(dtype)),
        }
    }
}

/// Runs a generic function for a float type: `floats!(dtype, body::<T>(io))`.
macro_rules! for_float {
    ($dtype:expr, $T:ident => $body:expr) => {{
        use fastserve_tensor::{DType, bf16, f16};
        match $dtype {
            DType::F16 => {
                type $T = f16;
                $body
            }
            DType::BF16 => {
                type $T = bf16;
                $body
            }
            DType::F32 => {
                type $T = f32;
                $body
            }
            DType::F64 => {
                type $T = f64;
                $body
            }
            other => Err(fastserve_ir::OpError::DType(other)),
        }
    }};
}

/// Runs a generic function for a type of this width: moving elements needs no arithmetic.
macro_rules! for_width {
    ($dtype:expr, $T:ident => $body:expr) => {{
        match $dtype.size_bytes() {
            1 => {
                type $T = u8;
                $body
            }
            2 => {
                type $T = u16;
                $body
            }
            4 => {
                type $T = u32;
                $body
            }
            _ => {
                type $T = u64;
                $body
            }
        }
    }};
}

/// Runs a generic function for any type that Rust has.
macro_rules! for_any {
    ($dtype:expr, $T:ident => $body:expr) => {
        match $dtype {
            DType::Bool => {
                type $T = fastserve_tensor::Bool;
                $body
            }
            DType::U8 => {
                type $T = u8;
                $body
            }
            DType::U16 => {
                type $T = u16;
                $body
            }
            DType::U32 => {
                type $T = u32;
                $body
            }
            DType::U64 => {
                type $T = u64;
                $body
            }
            DType::I8 => {
                type $T = i8;
                $body
            }
            DType::I16 => {
                type $T = i16;
                $body
            }
            DType::I32 => {
                type $T = i32;
                $body
            }
            DType::I64 => {
                type $T = i64;
                $body
            }
            DType::F16 => {
                type $T = fastserve_tensor::f16;
                $body
            }
            DType::BF16 => {
                type $T = fastserve_tensor::bf16;
                $body
            }
            DType::F32 => {
                type $T = f32;
                $body
            }
            DType::F64 => {
                type $T = f64;
                $body
            }
            other => Err(fastserve_ir::OpError::DType(other)),
        }
    };
}

pub(crate) use {for_any, for_float, for_width};
