//! Comparisons and logic: two tables of operators whose result is a truth value.

use std::sync::Arc;

use fastserve_ir::{AttrError, Attrs, Fact, Inputs, Io, LowerCx, Lowered, MapOp, Op, OpError, OpRef, ShapeError};
use fastserve_tensor::{Bool, DType, Element};

use crate::broadcast::{broadcast, broadcast_strides, fits, walk};
use crate::def::OpDef;
use crate::elements::for_any;

pub use fastserve_ir::{CompareOp, LogicOp};

/// A comparison.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Compare(pub CompareOp);

/// Two truth values joined.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Logic(pub LogicOp);

/// The other truth value.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Not;

macro_rules! table {
    ($($name:literal $since:literal $op:expr;)*) => {
        pub(crate) const DEFS: &[OpDef] =
            &[$(OpDef { name: $name, since: $since, build: |attrs, _| plain(attrs, Arc::new($op)) }),*];
    };
}

table! {
    "And" 7 Logic(LogicOp::And);
    "Equal" 7 Compare(CompareOp::Equal);
    "Greater" 7 Compare(CompareOp::Greater);
    "GreaterOrEqual" 12 Compare(CompareOp::GreaterOrEqual);
    "Less" 7 Compare(CompareOp::Less);
    "LessOrEqual" 12 Compare(CompareOp::LessOrEqual);
    "Not" 1 Not;
    "Or" 7 Logic(LogicOp::Or);
    "Xor" 7 Logic(LogicOp::Xor);
}

fn plain(attrs: &Attrs, op: OpRef) -> Result<OpRef, AttrError> {
    attrs.only(&[]).map(|()| op)
}

impl Op for Compare {
    fn name(&self) -> &'static str {
        match self.0 {
            CompareOp::Equal => "Equal",
            CompareOp::Greater => "Greater",
            CompareOp::GreaterOrEqual => "GreaterOrEqual",
            CompareOp::Less => "Less",
            CompareOp::LessOrEqual => "LessOrEqual",
        }
    }

    fn attrs(&self) -> Attrs {
        Attrs::new()
    }

    fn infer(&self, inputs: &Inputs<'_>) -> Result<Vec<Fact>, ShapeError> {
        let truth = self.0 == CompareOp::Equal && inputs.req(0)?.dtype == DType::Bool;
        let a = if truth { inputs.req(0)? } else { crate::elements::require_number(inputs, 0)? };
        let b = inputs.same_dtype(1, a.dtype)?;
        Ok(vec![Fact::new(DType::Bool, broadcast(&a.shape, &b.shape)?)])
    }

    fn reference(&self, io: &mut Io<'_>) -> Result<(), OpError> {
        let op = self.0;
        if io.dtype(0)? == DType::Bool {
            return pairs::<Bool>(io, |a, b| bool::from(a) == bool::from(b));
        }
        for_any!(io.dtype(0)?, T => pairs::<T>(io, |a, b| holds(op, &a, &b)))
    }

    fn is_linear(&self) -> bool {
        true
    }

    fn lower(&self, cx: &LowerCx<'_>) -> Lowered {
        match cx.inputs.req(0).map(|x| x.dtype) {
            Ok(DType::F32 | DType::I32 | DType::I64 | DType::U8) => Lowered::Map(MapOp::Compare(self.0)),
            Ok(DType::Bool) if self.0 == CompareOp::Equal => Lowered::Map(MapOp::Compare(self.0)),
            _ => Lowered::Reference,
        }
    }
}

/// Whether a comparison holds.
fn holds<T: PartialEq + Order>(op: CompareOp, a: &T, b: &T) -> bool {
    match op {
        CompareOp::Equal => a == b,
        CompareOp::Greater => b.less(a),
        CompareOp::GreaterOrEqual => b.less(a) || a == b,
        CompareOp::Less => a.less(b),
        CompareOp::LessOrEqual => a.less(b) || a == b,
    }
}

/// Elements that can be told smaller; truth values never are.
trait Order {
    fn less(&self, other: &Self) -> bool;
}

macro_rules! order {
    ($($t:ty)*) => {$(impl Order for $t {
        fn less(&self, other: &Self) -> bool { self < other }
    })*};
}

order! { u8 u16 u32 u64 i8 i16 i32 i64 f32 f64 fastserve_tensor::f16 fastserve_tensor::bf16 }

impl Order for Bool {
    fn less(&self, _: &Self) -> bool {
        false
    }
}

/// A truth value for each pair of elements, broadcast.
fn pairs<T: Element>(io: &mut Io<'_>, of: impl Fn(T, T) -> bool) -> Result<(), OpError> {
    let out = io.out_shape(0)?;
    let shapes = [io.shape(0)?, io.shape(1)?];
    if let Some(bad) = shapes.iter().find(|s| !fits(s, &out)) {
        return Err(OpError::Value(format!("cannot broadcast {bad} to {out}")));
    }
    let (a, b) = (io.slice::<T>(0)?, io.slice::<T>(1)?);
    let y = io.out_slice::<Bool>(0)?;
    let strides = shapes.map(|s| broadcast_strides(&s, &out));
    walk(&out, &strides, |i, [l, r]| y[i] = of(a[l], b[r]).into());
    Ok(())
}

impl Op for Logic {
    fn name(&self) -> &'static str {
        match self.0 {
            LogicOp::And => "And",
            LogicOp::Or => "Or",
            LogicOp::Xor => "Xor",
        }
    }

    fn attrs(&self) -> Attrs {
        Attrs::new()
    }

    fn infer(&self, inputs: &Inputs<'_>) -> Result<Vec<Fact>, ShapeError> {
        let a = inputs.same_dtype(0, DType::Bool)?;
        let b = inputs.same_dtype(1, DType::Bool)?;
        Ok(vec![Fact::new(DType::Bool, broadcast(&a.shape, &b.shape)?)])
    }

    fn reference(&self, io: &mut Io<'_>) -> Result<(), OpError> {
        let op = self.0;
        pairs::<Bool>(io, |a, b| {
            let (a, b) = (bool::from(a), bool::from(b));
            match op {
                LogicOp::And => a && b,
                LogicOp::Or => a || b,
                LogicOp::Xor => a != b,
            }
        })
    }

    fn is_linear(&self) -> bool {
        true
    }

    fn lower(&self, _: &LowerCx<'_>) -> Lowered {
        Lowered::Map(MapOp::Logic(self.0))
    }
}

impl Op for Not {
    fn name(&self) -> &'static str {
        "Not"
    }

    fn attrs(&self) -> Attrs {
        Attrs::new()
    }

    fn infer(&self, inputs: &Inputs<'_>) -> Result<Vec<Fact>, ShapeError> {
        Ok(vec![Fact::new(DType::Bool, inputs.same_dtype(0, DType::Bool)?.shape.clone())])
    }

    fn reference(&self, io: &mut Io<'_>) -> Result<(), OpError> {
        let x = io.slice::<Bool>(0)?;
        io.out_slice::<Bool>(0)?.iter_mut().zip(x).for_each(|(y, &x)| *y = (!bool::from(x)).into());
        Ok(())
    }

    fn is_linear(&self) -> bool {
        true
    }

    fn lower(&self, _: &LowerCx<'_>) -> Lowered {
        Lowered::Map(MapOp::Not)
    }
}
