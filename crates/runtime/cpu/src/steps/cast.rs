//! Casts. A float becomes an integer by dropping its fraction, the nearest end beyond the type's range, and 0 for a NaN; an integer
//! keeps its low bits; anything but 0 is true.

use fastserve_ir::OpError;
use fastserve_kernels::elementwise::{Half, narrow, widen};
use fastserve_tensor::{Bool, DType, bf16, f16};

use crate::step_io::StepIo;
use crate::steps::kernel_error;
use crate::steps::map::one;
use crate::steps::movement::{words, words_mut};

macro_rules! casts {
    ($io:ident, $from:expr, $to:expr; $($s:ident $S:ty: $($d:ident |$v:ident| $f:expr),*;)*) => {
        match ($from, $to) {
            $($((DType::$s, DType::$d) => one(&mut $io, |$v: $S| $f),)*)*
            (from, _) => Err(OpError::DType(from)),
        }
    };
}

pub(crate) fn run(mut io: StepIo<'_>) -> Result<(), OpError> {
    let (from, to) = (io.in_fact(0)?.dtype, io.out_dtype(0)?);
    match (from, to) {
        (DType::F16, DType::F32) => return widened(&mut io, Half::F16),
        (DType::BF16, DType::F32) => return widened(&mut io, Half::Bf16),
        (DType::F32, DType::F16) => return narrowed(&mut io, Half::F16),
        (DType::F32, DType::BF16) => return narrowed(&mut io, Half::Bf16),
        _ => {}
    }
    casts! { io, from, to;
        Bool u8: U8 |v| u8::from(v != 0), I32 |v| i32::from(v != 0), I64 |v| i64::from(v != 0),
            F16 |v| f16::from_f32(f32::from(u8::from(v != 0))), BF16 |v| bf16::from_f32(f32::from(u8::from(v != 0))),
            F32 |v| f32::from(u8::from(v != 0));
        U8 u8: Bool |v| Bool(u8::from(v != 0)), I32 |v| i32::from(v), I64 |v| i64::from(v), F16 |v| f16::from_f32(f32::from(v)),
            BF16 |v| bf16::from_f32(f32::from(v)), F32 |v| f32::from(v);
        I32 i32: Bool |v| Bool(u8::from(v != 0)), U8 |v| v as u8, I64 |v| i64::from(v), F16 |v| f16::from_f64(f64::from(v)),
            BF16 |v| bf16::from_f64(f64::from(v)), F32 |v| v as f32;
        I64 i64: Bool |v| Bool(u8::from(v != 0)), U8 |v| v as u8, I32 |v| v as i32, F16 |v| f16::from_f64(v as f64),
            BF16 |v| bf16::from_f64(v as f64), F32 |v| v as f32;
        F16 f16: Bool |v| Bool(u8::from(f32::from(v) != 0.0)), U8 |v| f32::from(v) as u8, I32 |v| f32::from(v) as i32, I64 |v| f32::from(v) as i64,
            BF16 |v| bf16::from_f32(f32::from(v));
        BF16 bf16: Bool |v| Bool(u8::from(f32::from(v) != 0.0)), U8 |v| f32::from(v) as u8, I32 |v| f32::from(v) as i32,
            I64 |v| f32::from(v) as i64, F16 |v| f16::from_f32(f32::from(v));
        F32 f32: Bool |v| Bool(u8::from(v != 0.0)), U8 |v| v as u8, I32 |v| v as i32, I64 |v| v as i64;
    }
}

fn widened(io: &mut StepIo<'_>, half: Half) -> Result<(), OpError> {
    let (x, mut y) = (io.view(0)?, io.take_view(0)?);
    widen(io.model.cpu, half, words(&x)?, words_mut(&mut y)?, io.model.team).map_err(kernel_error)
}

fn narrowed(io: &mut StepIo<'_>, half: Half) -> Result<(), OpError> {
    let (x, mut y) = (io.view(0)?, io.take_view(0)?);
    narrow(io.model.cpu, half, words(&x)?, words_mut(&mut y)?, io.model.team).map_err(kernel_error)
}
