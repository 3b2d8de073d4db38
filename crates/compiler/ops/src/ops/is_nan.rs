//! IsNaN and IsInf: which floats are no numbers.

use std::sync::Arc;

use fastserve_ir::{AttrError, Attrs, Fact, Inputs, Io, Op, OpError, OpRef, ShapeError};
use fastserve_tensor::{Bool, DType};

use crate::def::OpDef;
use crate::elements::{Float, for_float, require_float};

/// Whether an element is NaN.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct IsNaN;

/// Whether an element is infinite.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct IsInf {
    /// Whether −∞ counts.
    pub detect_negative: bool,
    /// Whether +∞ counts.
    pub detect_positive: bool,
}

pub(crate) const DEFS: &[OpDef] = &[
    OpDef { name: "IsInf", since: 10, build: is_inf },
    OpDef { name: "IsNaN", since: 9, build: |attrs, _| attrs.only(&[]).map(|()| Arc::new(IsNaN) as OpRef) },
];

const SIDES: [&str; 2] = ["detect_negative", "detect_positive"];

fn is_inf(attrs: &Attrs, _: i64) -> Result<OpRef, AttrError> {
    attrs.only(&SIDES)?;
    Ok(Arc::new(IsInf { detect_negative: attrs.flag(SIDES[0], true)?, detect_positive: attrs.flag(SIDES[1], true)? }))
}

fn truth_values(inputs: &Inputs<'_>) -> Result<Vec<Fact>, ShapeError> {
    Ok(vec![Fact::new(DType::Bool, require_float(inputs, 0)?.shape.clone())])
}

fn body<T: Float>(io: &mut Io<'_>, of: impl Fn(f64) -> bool) -> Result<(), OpError> {
    let x = io.slice::<T>(0)?;
    io.out_slice::<Bool>(0)?.iter_mut().zip(x).for_each(|(y, x)| *y = of(x.to_f64()).into());
    Ok(())
}

impl Op for IsNaN {
    fn name(&self) -> &'static str {
        "IsNaN"
    }

    fn attrs(&self) -> Attrs {
        Attrs::new()
    }

    fn infer(&self, inputs: &Inputs<'_>) -> Result<Vec<Fact>, ShapeError> {
        truth_values(inputs)
    }

    fn reference(&self, io: &mut Io<'_>) -> Result<(), OpError> {
        for_float!(io.dtype(0)?, T => body::<T>(io, f64::is_nan))
    }

    fn is_linear(&self) -> bool {
        true
    }
}

impl Op for IsInf {
    fn name(&self) -> &'static str {
        "IsInf"
    }

    fn attrs(&self) -> Attrs {
        let sides = [(SIDES[0], self.detect_negative), (SIDES[1], self.detect_positive)];
        sides.into_iter().filter(|(_, on)| !on).fold(Attrs::new(), |attrs, (name, _)| attrs.with_int(name, 0))
    }

    fn infer(&self, inputs: &Inputs<'_>) -> Result<Vec<Fact>, ShapeError> {
        truth_values(inputs)
    }

    fn reference(&self, io: &mut Io<'_>) -> Result<(), OpError> {
        let (negative, positive) = (self.detect_negative, self.detect_positive);
        let of = |v: f64| v.is_infinite() && if v < 0.0 { negative } else { positive };
        for_float!(io.dtype(0)?, T => body::<T>(io, of))
    }

    fn is_linear(&self) -> bool {
        true
    }
}
