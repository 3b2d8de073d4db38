//! Tangents, inverse and hyperbolic functions: rare in networks, by reference body only.

use std::sync::Arc;

use fastserve_ir::{AttrError, Attrs, Fact, Inputs, Io, Op, OpError, OpRef, ShapeError};

use crate::def::OpDef;
use crate::elements::{Float, for_float, require_float};

/// An operator of the table.
#[derive(Clone, Copy, Debug)]
pub struct Trigonometric {
    name: &'static str,
    function: fn(f64) -> f64,
}

macro_rules! table {
    ($($name:literal $since:literal $function:path;)*) => {
        pub(crate) const DEFS: &[OpDef] = &[$(OpDef { name: $name, since: $since, build: |a, _| make(a, $name, $function) }),*];
    };
}

table! {
    "Acos" 7 f64::acos;
    "Acosh" 9 f64::acosh;
    "Asin" 7 f64::asin;
    "Asinh" 9 f64::asinh;
    "Atan" 7 f64::atan;
    "Atanh" 9 f64::atanh;
    "Cosh" 9 f64::cosh;
    "Sinh" 9 f64::sinh;
    "Tan" 7 f64::tan;
}

fn make(attrs: &Attrs, name: &'static str, function: fn(f64) -> f64) -> Result<OpRef, AttrError> {
    attrs.only(&[])?;
    Ok(Arc::new(Trigonometric { name, function }))
}

impl Op for Trigonometric {
    fn name(&self) -> &'static str {
        self.name
    }

    fn attrs(&self) -> Attrs {
        Attrs::new()
    }

    fn infer(&self, inputs: &Inputs<'_>) -> Result<Vec<Fact>, ShapeError> {
        let x = require_float(inputs, 0)?;
        Ok(vec![Fact::new(x.dtype, x.shape.clone())])
    }

    fn reference(&self, io: &mut Io<'_>) -> Result<(), OpError> {
        let dtype = io.dtype(0)?;
        for_float!(dtype, T => map::<T>(io, self.function))
    }

    fn is_linear(&self) -> bool {
        true
    }
}

fn map<T: Float>(io: &mut Io<'_>, function: fn(f64) -> f64) -> Result<(), OpError> {
    let x = io.slice::<T>(0)?;
    for (y, x) in io.out_slice::<T>(0)?.iter_mut().zip(x) {
        *y = T::from_f64(function(x.to_f64()));
    }
    Ok(())
}
