//! Rust types that are elements of tensors.

use bytemuck::Pod;
use half::{bf16, f16};

use crate::dtype::DType;
pub use crate::storage::Bool;

/// A Rust type that is the element of a tensor.
pub trait Element: Pod + PartialEq + Send + Sync + std::fmt::Debug {
    /// The type's row among the dtypes.
    const DTYPE: DType;
}

macro_rules! elements {
    ($($rust:ty => $dtype:ident),* $(,)?) => {
        $(impl Element for $rust { const DTYPE: DType = DType::$dtype; })*
    };
}

elements! {
    Bool => Bool,
    u8 => U8, u16 => U16, u32 => U32, u64 => U64,
    i8 => I8, i16 => I16, i32 => I32, i64 => I64,
    f16 => F16, bf16 => BF16, f32 => F32, f64 => F64,
}

impl From<bool> for Bool {
    fn from(b: bool) -> Self {
        Bool(b as u8)
    }
}

impl From<Bool> for bool {
    fn from(b: Bool) -> bool {
        b.0 != 0
    }
}
