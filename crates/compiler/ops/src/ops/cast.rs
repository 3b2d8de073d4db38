//! Cast: another element type.

use std::sync::Arc;

use fastserve_ir::{AttrError, Attrs, Fact, Inputs, Io, LowerCx, Lowered, MapOp, Op, OpError, OpRef, ShapeError};
use fastserve_tensor::{Bool, DType, Element, Narrow, Rounding, ScaleRounding, bf16, f16};

use crate::def::OpDef;
use crate::elements::for_any;
use crate::numbers::choice;
use crate::ops::identity::copy;
use crate::shape_ints;

/// Elements as another type.
///
/// A float becomes an integer by dropping its fraction; beyond the type's range it becomes the nearest end, and a NaN 0 (ONNX
/// leaves both open). An integer that does not fit an integer type keeps its low bits. Anything but 0 is true, NaN too. What becomes
/// a code of 8 bits or less, integers of 4 and 2 bits too, does so as [`Narrow::code`] says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Cast {
    /// The type.
    pub to: DType,
    /// How numbers become floats of 8 bits and powers of two; the default for all other types.
    pub rounding: Rounding,
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
    (17, DType::F8E4M3FN),
    (18, DType::F8E4M3FNUZ),
    (19, DType::F8E5M2),
    (20, DType::F8E5M2FNUZ),
    (21, DType::U4),
    (22, DType::I4),
    (23, DType::F4E2M1),
    (24, DType::F8E8M0),
    (25, DType::U2),
    (26, DType::I2),
];

/// The values of `round_mode`.
const ROUND_MODES: [&str; 3] = ["up", "down", "nearest"];
const SCALE_ROUNDINGS: [ScaleRounding; 3] = [ScaleRounding::Up, ScaleRounding::Down, ScaleRounding::Nearest];

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
    Ok(Arc::new(Cast::new(to)))
}

fn build(attrs: &Attrs, _: i64) -> Result<OpRef, AttrError> {
    attrs.only(&["to", "saturate", "round_mode"])?;
    let number = attrs.int("to")?.ok_or(AttrError::Missing("to"))?;
    Ok(Arc::new(Cast::new(onnx_type("to", number)?).rounded(rounding(attrs)?)))
}

/// `saturate` and `round_mode`.
///
/// # Errors
/// Attributes of another kind or value.
pub(crate) fn rounding(attrs: &Attrs) -> Result<Rounding, AttrError> {
    let mode = choice(attrs, "round_mode", &ROUND_MODES, 0)?;
    Ok(Rounding { saturate: attrs.flag("saturate", true)?, scale: SCALE_ROUNDINGS[mode] })
}

/// The attributes of a rounding that are not at their defaults.
pub(crate) fn with_rounding(attrs: Attrs, rounding: Rounding) -> Attrs {
    let mode = SCALE_ROUNDINGS.iter().zip(ROUND_MODES).find(|(r, _)| **r == rounding.scale && rounding.scale != ScaleRounding::Up);
    let attrs = mode.map_or(attrs.clone(), |(_, mode)| attrs.with_str("round_mode", mode));
    if rounding.saturate { attrs } else { attrs.with_int("saturate", 0) }
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

impl Cast {
    /// To a type, by the default rounding.
    pub fn new(to: DType) -> Self {
        Self { to, rounding: Rounding::default() }
    }

    /// The same with what of a rounding concerns the type.
    pub fn rounded(self, rounding: Rounding) -> Self {
        let default = Rounding::default();
        let rounding = match self.to {
            DType::F8E8M0 => rounding,
            DType::F8E4M3FN | DType::F8E4M3FNUZ | DType::F8E5M2 | DType::F8E5M2FNUZ => Rounding { saturate: rounding.saturate, ..default },
            _ => default,
        };
        Self { rounding, ..self }
    }
}

impl Op for Cast {
    fn name(&self) -> &'static str {
        "Cast"
    }

    fn attrs(&self) -> Attrs {
        with_rounding(Attrs::new().with_int("to", onnx_number(self.to)), self.rounding)
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
        match (from.narrow(), self.to.narrow()) {
            (None, None) => for_any!(from, S => for_any!(self.to, D => body::<S, D>(io))),
            (None, Some(to)) => for_any!(from, S => to_codes::<S>(io, to, self.rounding)),
            (Some(from), None) => for_any!(self.to, D => from_codes::<D>(io, from)),
            (Some(from), Some(to)) => between_codes(io, from, to, self.rounding),
        }
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

fn to_codes<S: Convert>(io: &mut Io<'_>, to: Narrow, rounding: Rounding) -> Result<(), OpError> {
    let x = io.slice::<S>(0)?;
    io.output(0)?.bytes_mut().iter_mut().zip(x).for_each(|(y, x)| *y = x.number().code(to, rounding));
    Ok(())
}

fn from_codes<D: Convert>(io: &mut Io<'_>, from: Narrow) -> Result<(), OpError> {
    let table: [D; 256] = std::array::from_fn(|code| D::from_number(Number::of_code(code as u8, from)));
    let x = io.input(0)?;
    io.out_slice::<D>(0)?.iter_mut().zip(x.bytes()).for_each(|(y, &code)| *y = table[usize::from(code)]);
    Ok(())
}

fn between_codes(io: &mut Io<'_>, from: Narrow, to: Narrow, rounding: Rounding) -> Result<(), OpError> {
    let table: [u8; 256] = std::array::from_fn(|code| Number::of_code(code as u8, from).code(to, rounding));
    let x = io.input(0)?;
    io.output(0)?.bytes_mut().iter_mut().zip(x.bytes()).for_each(|(y, &code)| *y = table[usize::from(code)]);
    Ok(())
}

/// An element on its way from one type to another, with nothing lost.
#[derive(Clone, Copy)]
enum Number {
    Int(i128),
    Float(f64),
}

impl Number {
    fn of_code(code: u8, from: Narrow) -> Self {
        let number = from.number(code);
        if from.is_int() { Number::Int(number as i128) } else { Number::Float(number) }
    }

    fn code(self, to: Narrow, rounding: Rounding) -> u8 {
        match self {
            Number::Int(v) => to.code_of_int(v, rounding),
            Number::Float(v) => to.code(v, rounding),
        }
    }
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
