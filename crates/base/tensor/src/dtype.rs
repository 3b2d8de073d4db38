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
    /// Signed, 4 bits. As all types below: one byte an element in memory, a code that [`crate::Narrow`] reads and makes.
    I4,
    /// Unsigned, 4 bits.
    U4,
    /// Signed, 2 bits.
    I2,
    /// Unsigned, 2 bits.
    U2,
    /// A float of 4 bits of exponent and 3 of mantissa: finite values and NaN.
    F8E4M3FN,
    /// The same with another bias, one NaN and one zero.
    F8E4M3FNUZ,
    /// The upper half of binary16.
    F8E5M2,
    /// A float of 5 bits of exponent and 2 of mantissa: finite values, one NaN and one zero.
    F8E5M2FNUZ,
    /// A float of 2 bits of exponent and 1 of mantissa: finite values only.
    F4E2M1,
    /// A power of two, or NaN.
    F8E8M0,
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
    (DType::I4, "i4", 1),
    (DType::U4, "u4", 1),
    (DType::I2, "i2", 1),
    (DType::U2, "u2", 1),
    (DType::F8E4M3FN, "f8e4m3fn", 1),
    (DType::F8E4M3FNUZ, "f8e4m3fnuz", 1),
    (DType::F8E5M2, "f8e5m2", 1),
    (DType::F8E5M2FNUZ, "f8e5m2fnuz", 1),
    (DType::F4E2M1, "f4e2m1", 1),
    (DType::F8E8M0, "f8e8m0", 1),
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

    /// Bytes of one element in memory.
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

    /// Whether operators compute with the type: numbers that are no codes.
    pub fn is_number(self) -> bool {
        self != DType::Bool && self.narrow().is_none()
    }

    /// Whether the type is a floating-point one that operators compute with.
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
