//! Elements of any type as numbers.

use fastserve::{Bool, DType, Element, Rounding, Shape, Tensor, TensorError, TensorView, bf16, f16};

/// An element as a number.
pub(crate) trait Number: Element {
    /// As f64; large integers round.
    fn to_f64(self) -> f64;

    /// From f64: floats round, integers are cut off and clamped.
    fn of_f64(v: f64) -> Self;

    /// `|self − other|`; exact for integers up to 2^53.
    fn distance(self, other: Self) -> f64 {
        (self.to_f64() - other.to_f64()).abs()
    }

    /// Representable values from one to the other; `None` for types that are no floats.
    fn ulps(self, _other: Self) -> Option<u64> {
        None
    }
}

macro_rules! integers {
    ($($t:ty)*) => {$(
        impl Number for $t {
            fn to_f64(self) -> f64 {
                self as f64
            }
            fn of_f64(v: f64) -> Self {
                v as $t
            }
            fn distance(self, other: Self) -> f64 {
                self.abs_diff(other) as f64
            }
        }
    )*};
}

macro_rules! floats {
    ($($t:ty, $bits:ty, $to:expr, $of:expr;)*) => {$(
        impl Number for $t {
            fn to_f64(self) -> f64 {
                $to(self)
            }
            fn of_f64(v: f64) -> Self {
                $of(v)
            }
            fn ulps(self, other: Self) -> Option<u64> {
                // Sign and magnitude to a number that rises with the value.
                let rank = |v: Self| {
                    let magnitude = i128::from(v.to_bits() & (<$bits>::MAX >> 1));
                    if v.to_bits() > <$bits>::MAX >> 1 { -magnitude } else { magnitude }
                };
                u64::try_from((rank(self) - rank(other)).unsigned_abs()).ok()
            }
        }
    )*};
}

integers! { u8 u16 u32 u64 i8 i16 i32 i64 }
floats! {
    f16, u16, f16::to_f64, f16::from_f64;
    bf16, u16, bf16::to_f64, bf16::from_f64;
    f32, u32, f64::from, |v| v as f32;
    f64, u64, |v| v, |v| v;
}

impl Number for Bool {
    fn to_f64(self) -> f64 {
        f64::from(u8::from(bool::from(self)))
    }

    fn of_f64(v: f64) -> Self {
        (v != 0.0).into()
    }
}

/// Runs an expression with the Rust type of a dtype that has one; codes give an error.
macro_rules! with_number {
    ($dtype:expr, $t:ident => $body:expr) => {
        $crate::io::elements::with_number!(@ $dtype, $t, $body,
            Bool=fastserve::Bool U8=u8 U16=u16 U32=u32 U64=u64 I8=i8 I16=i16 I32=i32 I64=i64
            F16=fastserve::f16 BF16=fastserve::bf16 F32=f32 F64=f64)
    };
    (@ $dtype:expr, $t:ident, $body:expr, $($variant:ident=$rust:ty)*) => {
        match $dtype {
            $(fastserve::DType::$variant => {
                type $t = $rust;
                $body
            })*
            other => Err(fastserve::TensorError::UnknownDType(other.name().to_owned()).into()),
        }
    };
}
pub(crate) use with_number;

/// All elements as f64.
pub(crate) fn to_f64(view: &TensorView<'_>) -> Result<Vec<f64>, TensorError> {
    if let Some(narrow) = view.dtype().narrow() {
        return Ok(view.bytes().iter().map(|&code| narrow.number(code)).collect());
    }
    with_number!(view.dtype(), T => Ok(view.as_slice::<T>()?.iter().map(|v| v.to_f64()).collect()))
}

/// A tensor with all elements from f64: floats round, integers are cut off and clamped.
pub(crate) fn of_f64(dtype: DType, shape: Shape, values: impl Iterator<Item = f64>) -> Result<Tensor, TensorError> {
    if let Some(narrow) = dtype.narrow() {
        let codes: Vec<u8> = values.take(shape.numel()).map(|v| narrow.code(v, Rounding::default())).collect();
        return Tensor::from_codes(dtype, shape, &codes);
    }
    let mut tensor = Tensor::zeros(dtype, shape)?;
    with_number!(dtype, T => {
        tensor.as_mut_slice::<T>()?.iter_mut().zip(values).for_each(|(to, v)| *to = T::of_f64(v));
        Ok(tensor)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ulps_count_values() {
        assert_eq!(1.0f32.ulps(1.0 + f32::EPSILON), Some(1));
        assert_eq!(0.0f32.ulps(-0.0), Some(0));
        assert_eq!(f32::from_bits(1).ulps(-f32::from_bits(1)), Some(2));
        assert_eq!(f64::MAX.ulps(f64::MIN), Some(2 * f64::MAX.to_bits()));
        assert_eq!(1u8.ulps(2), None);
    }

    #[test]
    fn integers_keep_their_distance() {
        assert_eq!(i64::MAX.distance(i64::MAX - 1), 1.0);
        assert_eq!(i64::MIN.distance(i64::MAX), u64::MAX as f64);
        assert_eq!(u8::of_f64(300.0), 255);
    }
}
