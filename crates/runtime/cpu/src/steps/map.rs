//! Functions of one element of each input, of any types.

use bytemuck::Pod;
use fastserve_ir::{CompareOp, LogicOp, MapOp, OpError};
use fastserve_kernels::elementwise::{BinaryOp, Source, map1, map2, map3, update, update1};
use fastserve_tensor::{DType, MAX_RANK};

use crate::step_io::StepIo;
use crate::steps::elementwise::strides;
use crate::steps::kernel_error;
use crate::steps::movement::{words, words_mut};

pub(crate) fn run(mut io: StepIo<'_>, op: MapOp) -> Result<(), OpError> {
    let dtype = io.in_fact(0)?.dtype;
    match (op, dtype) {
        (MapOp::Compare(_), DType::Bool) => pairs(&mut io, |a: u8, b: u8| u8::from((a != 0) == (b != 0))),
        (MapOp::Compare(op), DType::U8) => compare::<u8>(&mut io, op),
        (MapOp::Compare(op), DType::I32) => compare::<i32>(&mut io, op),
        (MapOp::Compare(op), DType::I64) => compare::<i64>(&mut io, op),
        (MapOp::Compare(op), DType::F32) => compare::<f32>(&mut io, op),
        (MapOp::Logic(op), DType::Bool) => logic(&mut io, op),
        (MapOp::Not, DType::Bool) => one(&mut io, |a: u8| u8::from(a == 0)),
        (MapOp::Where, DType::Bool) => match io.in_fact(1)?.dtype.size_bytes() {
            1 => choose::<u8>(&mut io),
            2 => choose::<u16>(&mut io),
            4 => choose::<u32>(&mut io),
            _ => choose::<u64>(&mut io),
        },
        (MapOp::Cast, _) => super::cast::run(io),
        (MapOp::Integer(op), DType::I32) => integer::<i32>(&mut io, op),
        (MapOp::Integer(op), DType::I64) => integer::<i64>(&mut io, op),
        (MapOp::Power, DType::F32) => pairs(&mut io, |a: f32, b: f32| f64::from(a).powf(f64::from(b)) as f32),
        (MapOp::Slope, DType::F32) => pairs(&mut io, |x: f32, slope: f32| if x < 0.0 { x * slope } else { x }),
        (MapOp::Join { op, mean }, DType::F32) => join_floats(io, op, mean),
        (MapOp::Join { op, .. }, DType::I32) => join_integers::<i32>(&mut io, op),
        (MapOp::Join { op, .. }, DType::I64) => join_integers::<i64>(&mut io, op),
        (_, other) => Err(OpError::DType(other)),
    }
}

/// Strides of an input along the axes of the result.
fn places(io: &StepIo<'_>, i: usize) -> Result<[usize; MAX_RANK], OpError> {
    strides(&io.in_shape(i)?, &io.out_shape(0)?)
}

/// One input; the result has as many elements.
pub(super) fn one<A: Pod + Sync, Y: Pod + Send>(io: &mut StepIo<'_>, f: impl Fn(A) -> Y + Sync) -> Result<(), OpError> {
    let (x, mut y) = (io.view(0)?, io.take_view(0)?);
    map1(words(&x)?, words_mut(&mut y)?, io.model.team, f).map_err(kernel_error)
}

/// Two inputs, broadcast.
fn pairs<A: Pod + Sync, B: Pod + Sync, Y: Pod + Send>(io: &mut StepIo<'_>, f: impl Fn(A, B) -> Y + Sync) -> Result<(), OpError> {
    let (out, sa, sb) = (io.out_shape(0)?, places(io, 0)?, places(io, 1)?);
    let (a, b, mut y) = (io.view(0)?, io.view(1)?, io.take_view(0)?);
    let a = Source { data: words(&a)?, strides: &sa[..out.rank()] };
    let b = Source { data: words(&b)?, strides: &sb[..out.rank()] };
    map2(&out, a, b, words_mut(&mut y)?, io.model.team, f).map_err(kernel_error)
}

fn compare<T: Pod + Sync + PartialOrd>(io: &mut StepIo<'_>, op: CompareOp) -> Result<(), OpError> {
    match op {
        CompareOp::Equal => pairs(io, |a: T, b: T| u8::from(a == b)),
        CompareOp::Greater => pairs(io, |a: T, b: T| u8::from(a > b)),
        CompareOp::GreaterOrEqual => pairs(io, |a: T, b: T| u8::from(a >= b)),
        CompareOp::Less => pairs(io, |a: T, b: T| u8::from(a < b)),
        CompareOp::LessOrEqual => pairs(io, |a: T, b: T| u8::from(a <= b)),
    }
}

fn logic(io: &mut StepIo<'_>, op: LogicOp) -> Result<(), OpError> {
    match op {
        LogicOp::And => pairs(io, |a: u8, b: u8| u8::from((a != 0) & (b != 0))),
        LogicOp::Or => pairs(io, |a: u8, b: u8| u8::from((a != 0) | (b != 0))),
        LogicOp::Xor => pairs(io, |a: u8, b: u8| u8::from((a != 0) != (b != 0))),
    }
}

/// The second input's element where the first's is true, else the third's.
fn choose<T: Pod + Send + Sync>(io: &mut StepIo<'_>) -> Result<(), OpError> {
    let (out, sc, sa, sb) = (io.out_shape(0)?, places(io, 0)?, places(io, 1)?, places(io, 2)?);
    let (c, a, b, mut y) = (io.view(0)?, io.view(1)?, io.view(2)?, io.take_view(0)?);
    let c = Source { data: c.bytes(), strides: &sc[..out.rank()] };
    let a = Source::<T> { data: words(&a)?, strides: &sa[..out.rank()] };
    let b = Source::<T> { data: words(&b)?, strides: &sb[..out.rank()] };
    map3(&out, c, [a, b], words_mut(&mut y)?, io.model.team, |c, a, b| if c != 0 { a } else { b }).map_err(kernel_error)
}

/// Integers that wrap around.
trait Wrapping: Pod + Send + Sync + Ord {
    fn add(self, other: Self) -> Self;
    fn sub(self, other: Self) -> Self;
    fn mul(self, other: Self) -> Self;
    /// 0 for a division by 0, which is refused before.
    fn div(self, other: Self) -> Self;
    const ZERO: Self;
}

macro_rules! wrapping {
    ($($t:ty)*) => {$(impl Wrapping for $t {
        fn add(self, other: Self) -> Self { self.wrapping_add(other) }
        fn sub(self, other: Self) -> Self { self.wrapping_sub(other) }
        fn mul(self, other: Self) -> Self { self.wrapping_mul(other) }
        fn div(self, other: Self) -> Self { if other == 0 { 0 } else { self.wrapping_div(other) } }
        const ZERO: Self = 0;
    })*};
}

wrapping! { i32 i64 }

fn integer<T: Wrapping>(io: &mut StepIo<'_>, op: BinaryOp) -> Result<(), OpError> {
    match op {
        BinaryOp::Add => pairs(io, T::add),
        BinaryOp::Sub => pairs(io, T::sub),
        BinaryOp::Mul => pairs(io, T::mul),
        BinaryOp::Div => {
            let empty = io.out_shape(0)?.contains(&0);
            if !empty && words::<T>(&io.view(1)?)?.contains(&T::ZERO) {
                return Err(OpError::Value("integer division by zero".into()));
            }
            pairs(io, T::div)
        }
        BinaryOp::Min => pairs(io, T::min),
        BinaryOp::Max => pairs(io, T::max),
    }
}

/// The first input, repeated, then each further one joined to it.
fn join<T: Pod + Send + Sync>(io: &mut StepIo<'_>, y: &mut [T], f: impl Fn(T, T) -> T + Sync) -> Result<(), OpError> {
    let out = io.out_shape(0)?;
    for i in 0..io.step.ins.len() {
        let (own, x) = (places(io, i)?, io.view(i)?);
        let x = Source { data: words(&x)?, strides: &own[..out.rank()] };
        let joined = match i {
            0 => update(&out, x, y, io.model.team, |_, x| x),
            _ => update(&out, x, y, io.model.team, &f),
        };
        joined.map_err(kernel_error)?;
    }
    Ok(())
}

fn join_floats(mut io: StepIo<'_>, op: BinaryOp, mean: bool) -> Result<(), OpError> {
    let y = io.take_f32(0)?;
    match op {
        BinaryOp::Add => join(&mut io, y, |a: f32, b| a + b)?,
        BinaryOp::Max => join(&mut io, y, |a: f32, b| if a > b || a.is_nan() { a } else { b })?,
        BinaryOp::Min => join(&mut io, y, |a: f32, b| if a < b || a.is_nan() { a } else { b })?,
        other => return Err(OpError::Value(format!("{other:?} of many inputs"))),
    }
    if mean {
        let count = io.step.ins.len() as f32;
        update1(y, io.model.team, |y| y / count);
    }
    Ok(())
}

fn join_integers<T: Wrapping>(io: &mut StepIo<'_>, op: BinaryOp) -> Result<(), OpError> {
    let mut y = io.take_view(0)?;
    let y = words_mut::<T>(&mut y)?;
    match op {
        BinaryOp::Add => join(io, y, T::add),
        BinaryOp::Max => join(io, y, T::max),
        BinaryOp::Min => join(io, y, T::min),
        other => Err(OpError::Value(format!("{other:?} of many inputs"))),
    }
}
