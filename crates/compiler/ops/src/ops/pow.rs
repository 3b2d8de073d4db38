//! Pow and Mod: a power, and the remainder of a division.

use std::sync::Arc;

use fastserve_ir::{AttrError, Attrs, Fact, Inputs, Io, LowerCx, Lowered, MapOp, Op, OpError, OpRef, ShapeError};
use fastserve_kernels::elementwise::{Param, UnaryOp};
use fastserve_tensor::{DType, Element, MAX_RANK, Shape, TensorView};

use crate::broadcast::{broadcast, broadcast_strides, fits, walk};
use crate::def::OpDef;
use crate::elements::{Float, Int, NumericBody, require_number};

/// `X ^ Y`, broadcast; the result has the type of `X`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Pow;

/// What remains of `A / B`, broadcast.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Mod {
    /// The sign of `A`, as C has it; else that of `B`.
    pub fmod: bool,
}

pub(crate) const DEFS: &[OpDef] = &[
    OpDef { name: "Mod", since: 10, build: modulo },
    OpDef { name: "Pow", since: 7, build: |attrs, _| attrs.only(&[]).map(|()| Arc::new(Pow) as OpRef) },
];

fn modulo(attrs: &Attrs, _: i64) -> Result<OpRef, AttrError> {
    attrs.only(&["fmod"])?;
    Ok(Arc::new(Mod { fmod: attrs.flag("fmod", false)? }))
}

impl Op for Pow {
    fn name(&self) -> &'static str {
        "Pow"
    }

    fn attrs(&self) -> Attrs {
        Attrs::new()
    }

    fn infer(&self, inputs: &Inputs<'_>) -> Result<Vec<Fact>, ShapeError> {
        let x = require_number(inputs, 0)?;
        let y = require_number(inputs, 1)?;
        Ok(vec![Fact::new(x.dtype, broadcast(&x.shape, &y.shape)?)])
    }

    fn reference(&self, io: &mut Io<'_>) -> Result<(), OpError> {
        let dtype = io.dtype(0)?;
        PowBody(io).run(dtype)
    }

    fn is_linear(&self) -> bool {
        true
    }

    fn lower(&self, cx: &LowerCx<'_>) -> Lowered {
        let (Ok(x), Ok(y)) = (cx.inputs.req(0), cx.inputs.req(1)) else { return Lowered::Reference };
        if x.dtype != DType::F32 {
            return Lowered::Reference;
        }
        let one = y.value.as_ref().filter(|v| v.numel() == 1).and_then(|v| v.view().ok()).and_then(|v| exponent(&v, 0).ok());
        match one {
            Some(e) if f64::from(e as f32) == e => Lowered::Unary(UnaryOp::Power { exponent: Param(e as f32) }),
            _ if y.dtype == DType::F32 => Lowered::Map(MapOp::Power),
            _ => Lowered::Reference,
        }
    }
}

/// An exponent as f64.
fn exponent(view: &TensorView<'_>, i: usize) -> Result<f64, OpError> {
    struct Read<'v, 'a>(&'v TensorView<'a>, usize, f64);
    impl NumericBody for Read<'_, '_> {
        fn float<T: Float>(&mut self) -> Result<(), OpError> {
            self.2 = self.0.as_slice::<T>()?.get(self.1).map_or(f64::NAN, |v| v.to_f64());
            Ok(())
        }
        fn int<T: Int>(&mut self) -> Result<(), OpError> {
            self.2 = self.0.as_slice::<T>()?.get(self.1).map_or(f64::NAN, |v| v.to_i128() as f64);
            Ok(())
        }
    }
    let mut read = Read(view, i, f64::NAN);
    read.run(view.dtype())?;
    Ok(read.2)
}

/// The result's extents, and the strides with which each operand is walked along them.
fn places(io: &Io<'_>) -> Result<(Shape, [[usize; MAX_RANK]; 2]), OpError> {
    let (out, a, b) = (io.out_shape(0)?, io.shape(0)?, io.shape(1)?);
    if !fits(&a, &out) || !fits(&b, &out) {
        return Err(OpError::Value(format!("cannot broadcast {a} and {b} to {out}")));
    }
    Ok((out, [broadcast_strides(&a, &out), broadcast_strides(&b, &out)]))
}

struct PowBody<'b, 'a>(&'b mut Io<'a>);

impl PowBody<'_, '_> {
    fn store<T: Element>(&mut self, of: impl Fn(T, f64) -> T) -> Result<(), OpError> {
        let (x, exponents) = (self.0.slice::<T>(0)?, self.0.input(1)?);
        let places = places(self.0)?;
        let y = self.0.out_slice::<T>(0)?;
        let mut failed = None;
        walk(&places.0, &places.1, |i, [a, b]| match exponent(&exponents, b) {
            Ok(e) => y[i] = of(x[a], e),
            Err(e) => failed = Some(e),
        });
        failed.map_or(Ok(()), Err)
    }
}

impl NumericBody for PowBody<'_, '_> {
    fn float<T: Float>(&mut self) -> Result<(), OpError> {
        self.store::<T>(|x, e| T::from_f64(x.to_f64().powf(e)))
    }

    fn int<T: Int>(&mut self) -> Result<(), OpError> {
        self.store::<T>(|x, e| T::wrap(int_pow(x.to_i128(), e)))
    }
}

/// An integer's power: exact, and around the ends as multiplication goes; a negative or broken exponent through floats.
fn int_pow(x: i128, e: f64) -> i128 {
    if e < 0.0 || e.fract() != 0.0 || e > f64::from(u32::MAX) {
        return (x as f64).powf(e) as i128;
    }
    x.wrapping_pow(e as u32)
}

impl Op for Mod {
    fn name(&self) -> &'static str {
        "Mod"
    }

    fn attrs(&self) -> Attrs {
        if self.fmod { Attrs::new().with_int("fmod", 1) } else { Attrs::new() }
    }

    fn infer(&self, inputs: &Inputs<'_>) -> Result<Vec<Fact>, ShapeError> {
        let a = require_number(inputs, 0)?;
        let b = inputs.same_dtype(1, a.dtype)?;
        Ok(vec![Fact::new(a.dtype, broadcast(&a.shape, &b.shape)?)])
    }

    fn reference(&self, io: &mut Io<'_>) -> Result<(), OpError> {
        let dtype: DType = io.dtype(0)?;
        ModBody { fmod: self.fmod, io }.run(dtype)
    }

    fn is_linear(&self) -> bool {
        true
    }
}

/// What remains of a division that rounds down, from what remains of one that rounds towards zero: it has the sign of the divisor.
fn floored(rest: f64, b: f64) -> f64 {
    match rest {
        0.0 => 0.0f64.copysign(b),
        _ if (rest < 0.0) != (b < 0.0) => rest + b,
        _ => rest,
    }
}

struct ModBody<'b, 'a> {
    fmod: bool,
    io: &'b mut Io<'a>,
}

impl ModBody<'_, '_> {
    fn store<T: Element>(&mut self, of: impl Fn(T, T) -> Option<T>) -> Result<(), OpError> {
        let (x, y) = (self.io.slice::<T>(0)?, self.io.slice::<T>(1)?);
        let places = places(self.io)?;
        let made = self.io.out_slice::<T>(0)?;
        let mut failed = false;
        walk(&places.0, &places.1, |i, [a, b]| match of(x[a], y[b]) {
            Some(v) => made[i] = v,
            None => failed = true,
        });
        if failed { Err(OpError::Value("integer division by zero".into())) } else { Ok(()) }
    }
}

impl NumericBody for ModBody<'_, '_> {
    fn float<T: Float>(&mut self) -> Result<(), OpError> {
        let fmod = self.fmod;
        self.store::<T>(|a, b| {
            let (a, b) = (a.to_f64(), b.to_f64());
            let rest = a % b;
            Some(T::from_f64(if fmod { rest } else { floored(rest, b) }))
        })
    }

    fn int<T: Int>(&mut self) -> Result<(), OpError> {
        let fmod = self.fmod;
        self.store::<T>(|a, b| {
            let (a, b) = (a.to_i128(), b.to_i128());
            let rest = a.checked_rem(b)?;
            let other_sign = !fmod && rest != 0 && (rest < 0) != (b < 0);
            Some(T::wrap(if other_sign { rest + b } else { rest }))
        })
    }
}
