//! Cast: another element type.

use std::sync::Arc;

use fastserve_ir::{AttrError, Attrs, Fact, Inputs, Io, LowerCx, Lowered, MapOp, Op, OpError, OpRef, ShapeError};
use fastserve_tensor::{Bool, DType, Element, bf16, f16};

use crate::def::OpDef;
use crate::elements::for_any;
use crate::ops::identity::copy;
use crate::shape_ints;

/// Elements as another type.
///
/// A float becomes an integer by dropping its fraction; beyond the type's range it becomes the nearest end, and a NaN 0 (ONNX
/// leaves both open). An integer that does not fit an integer type keeps its low bits. Anything but 0 is true, NaN too.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Cast {
    /// The type.
    pub to: DType,
}

/// ONNX's numbers of the types (`TensorProto.DataType`).
const ONNX_TYPES: &[(i64, DType)] = &[
    (1, DType::F32),
    (2, DType::U8),
    (3, DType::I8),
    (4, DType::U16),
    (5, DType::I16),
    (6, DType::I32),
    (7, DType::I64),
    (9, DType::Bool),
    (10, DType::F16),
    (11, DType::F64),
    (12, DType::U32),
    (13, DType::U64),
    (16, DType::BF16),
];

/// Types between which there are kernels.
const KERNEL_TYPES: &[DType] = &[DType::Bool, DType::U8, DType::I32, DType::I64, DType::F16, DType::BF16, DType::F32];

/// The words by which opset 1 names them.
const WORDS: &[(&str, DType)] = &[
    ("FLOAT", DType::F32),
    ("UINT8", DType::U8),
    ("INT8", DType::I8),
    ("UINT16", DType::U16),
    ("INT16", DType::I16),
    ("INT32", DType::I32),
    ("INT64", DType::I64),
    ("BOOL", DType::Bool),
    ("FLOAT16", DType::F16),
    ("DOUBLE", DType::F64),
    ("UINT32", DType::U32),
    ("UINT64", DType::U64),
];

pub(crate) const DEFS: &[OpDef] = &[OpDef { name: "Cast", since: 1, build: by_word }, OpDef { name: "Cast", since: 6, build }];

fn by_word(attrs: &Attrs, _: i64) -> Result<OpRef, AttrError> {
    attrs.only(&["to"])?;
    let word = attrs.str("to")?.ok_or(AttrError::Missing("to"))?;
    let row = WORDS.iter().find(|(w, _)| *w == word);
    let to = row.map(|(_, d)| *d).ok_or_else(|| AttrError::value("to", format!("elements of type {word} are not supported")))?;
    Ok(Arc::new(Cast { to }))
}

fn build(attrs: &Attrs, _: i64) -> Result<OpRef, AttrError> {
    // `saturate` and `round_mode` concern 8-bit floats only.
    attrs.only(&["to", "saturate", "round_mode"])?;
    let number = attrs.int("to")?.ok_or(AttrError::Missing("to"))?;
    Ok(Arc::new(Cast { to: onnx_type("to", number)? }))
}

/// The element type of this ONNX number.
///
/// # Errors
/// One that this project does not have.
pub(crate) fn onnx_type(name: &'static str, number: i64) -> Result<DType, AttrError> {
    let row = ONNX_TYPES.iter().find(|(n, _)| *n == number);
    row.map(|(_, d)| *d).ok_or_else(|| AttrError::value(name, format!("elements of ONNX type {number} are not supported")))
}

/// ONNX's number of an element type.
pub(crate) fn onnx_number(dtype: DType) -> i64 {
    ONNX_TYPES.iter().find(|(_, d)| *d == dtype).map_or(0, |(n, _)| *n)
}

impl Op for Cast {
    fn name(&self) -> &'static str {
        "Cast"
    }

    fn attrs(&self) -> Attrs {
        Attrs::new().with_int("to", onnx_number(self.to))
    }

    fn infer(&self, inputs: &Inputs<'_>) -> Result<Vec<Fact>, ShapeError> {
        let x = inputs.req(0)?;
        // An extent that passes through a float stays whole.
        let both_wide = [x.dtype, self.to].iter().all(|d| matches!(d, DType::I32 | DType::I64 | DType::F32 | DType::F64));
        let ints = shape_ints::elements(x).filter(|_| both_wide);
        Ok(vec![Fact::new(self.to, x.shape.clone()).with_ints(ints)])
    }

    fn reference(&self, io: &mut Io<'_>) -> Result<(), OpError> {
        let from = io.dtype(0)?;
        if from == self.to {
            return copy(io);
        }
        for_any!(from, S => for_any!(self.to, D => body::<S, D>(io)))
    }

    fn is_linear(&self) -> bool {
        true
    }

    fn lower(&self, cx: &LowerCx<'_>) -> Lowered {
        match cx.inputs.req(0) {
            Ok(x) if x.dtype == self.to => Lowered::Alias,
            Ok(x) if [x.dtype, self.to].iter().all(|d| KERNEL_TYPES.contains(d)) => Lowered::Map(MapOp::Cast),
            _ => Lowered::Reference,
        }
    }
}

fn body<S: Convert, D: Convert>(io: &mut Io<'_>) -> Result<(), OpError> {
    let x = io.slice::<S>(0)?;
    io.out_slice::<D>(0)?.iter_mut().zip(x).for_each(|(y, x)| *y = D::from_number(x.number()));
    Ok(())
}

/// An element on its way from one type to another, with nothing lost.
#[derive(Clone, Copy)]
enum Number {
    Int(i128),
    Float(f64),
}

trait Convert: Element {
    fn number(self) -> Number;
    fn from_number(v: Number) -> Self;
}

macro_rules! convert {
    ($($t:ty: $number:expr, $from_int:expr, $from_float:expr;)*) => {
        $(impl Convert for $t {
            fn number(self) -> Number { ($number)(self) }
            fn from_number(v: Number) -> Self {
                match v {
                    Number::Int(v) => ($from_int)(v),
                    Number::Float(v) => ($from_float)(v),
                }
            }
        })*
    };
}

macro_rules! convert_ints {
    ($($t:ty)*) => { convert! { $($t: |v| Number::Int(v as i128), |v| v as $t, |v| v as $t;)* } };
}

convert_ints! { u8 u16 u32 u64 i8 i16 i32 i64 }

convert! {
    Bool: |v| Number::Int(bool::from(v).into()), |v| Bool::from(v != 0), |v: f64| Bool::from(v != 0.0);
    f16: |v| Number::Float(f16::to_f64(v)), |v| f16::from_f64(v as f64), f16::from_f64;
    bf16: |v| Number::Float(bf16::to_f64(v)), |v| bf16::from_f64(v as f64), bf16::from_f64;
    f32: |v| Number::Float(f64::from(v)), |v| v as f32, |v| v as f32;
    f64: Number::Float, |v| v as f64, |v| v;
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_that_do_not_fit() {
        let float = |v| Number::Float(v);
        assert_eq!(u8::from_number(float(300.5)), 255);
        assert_eq!(u8::from_number(float(-1.0)), 0);
        assert_eq!(i32::from_number(float(f64::NEG_INFINITY)), i32::MIN);
        assert_eq!(i64::from_number(float(f64::NAN)), 0);
        assert_eq!(i8::from_number(Number::Int(200)), -56);
        assert_eq!(f32::from_number(Number::Int(9_007_199_791_611_905)), 9_007_200_328_482_816.0);
        assert!(f16::from_number(Number::Int(70_000)).is_infinite());
    }
}
