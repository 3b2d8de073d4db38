//! The types an element of a tensor can have.

use std::fmt;
use std::str::FromStr;

use crate::error::TensorError;
use crate::shape::Shape;

/// The type of one element.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum DType {
    /// One byte, 0 or 1.
    Bool,
    /// Unsigned, 8 bits.
    U8,
    /// Unsigned, 16 bits.
    U16,
    /// Unsigned, 32 bits.
    U32,
    /// Unsigned, 64 bits.
    U64,
    /// Signed, 8 bits.
    I8,
    /// Signed, 16 bits.
    I16,
    /// Signed, 32 bits.
    I32,
    /// Signed, 64 bits.
    I64,
    /// IEEE binary16.
    F16,
    /// The upper half of binary32.
    BF16,
    /// IEEE binary32.
    F32,
    /// IEEE binary64.
    F64,
}

/// Every type with its name in the text form and its size in bytes.
const TABLE: &[(DType, &str, usize)] = &[
    (DType::Bool, "bool", 1),
    (DType::U8, "u8", 1),
    (DType::U16, "u16", 2),
    (DType::U32, "u32", 4),
    (DType::U64, "u64", 8),
    (DType::I8, "i8", 1),
    (DType::I16, "i16", 2),
    (DType::I32, "i32", 4),
    (DType::I64, "i64", 8),
    (DType::F16, "f16", 2),
    (DType::BF16, "bf16", 2),
    (DType::F32, "f32", 4),
    (DType::F64, "f64", 8),
];

impl DType {
    /// Every type there is.
    pub fn all() -> impl Iterator<Item = DType> {
        TABLE.iter().map(|row| row.0)
    }

    fn row(self) -> &'static (DType, &'static str, usize) {
        // The table has one row a variant, in the order of the variants.
        &TABLE[self as usize]
    }

    /// The name in the text form: `f32`, `i64`, `bool`.
    pub fn name(self) -> &'static str {
        self.row().1
    }

    /// Bytes of one element.
    pub fn size_bytes(self) -> usize {
        self.row().2
    }

    /// Bytes of a row-major tensor of this type.
    ///
    /// # Errors
    /// [`TensorError::TooLarge`] if the product does not fit in `usize`.
    pub fn storage_bytes(self, shape: &Shape) -> Result<usize, TensorError> {
        shape.checked_numel().and_then(|n| n.checked_mul(self.size_bytes())).ok_or(TensorError::TooLarge { dtype: self, shape: *shape })
    }

    /// Whether the type is a floating-point one.
    pub fn is_float(self) -> bool {
        matches!(self, DType::F16 | DType::BF16 | DType::F32 | DType::F64)
    }
}

impl fmt::Display for DType {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

impl FromStr for DType {
    type Err = TensorError;

    fn from_str(s: &str) -> Result<Self, Self::Err> {
        TABLE.iter().find(|row| row.1 == s).map(|row| row.0).ok_or_else(|| TensorError::UnknownDType(s.chars().take(32).collect()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rows_follow_the_variants() {
        for (i, dtype) in DType::all().enumerate() {
            assert_eq!(dtype as usize, i);
            assert_eq!(dtype.name().parse::<DType>().unwrap(), dtype);
        }
    }

    #[test]
    fn storage_of_an_impossible_shape_is_refused() {
        let shape = Shape::new(&[1 << 40, 1 << 40]).unwrap();
        assert!(DType::F32.storage_bytes(&shape).is_err());
    }
}
