//! Reference bodies over every element type.

use fastserve_ir::OpError;
use fastserve_tensor::{DType, bf16, f16};

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
}

macro_rules! ints {
    ($($t:ty)*) => {
        $(impl Int for $t {
            fn to_i128(self) -> i128 { self as i128 }
            fn wrap(v: i128) -> Self { v as $t }
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
            DType::Bool => Err(OpError::DType(dtype)),
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

pub(crate) use {for_float, for_width};
