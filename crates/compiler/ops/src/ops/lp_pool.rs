//! LpPool and GlobalLpPool: the Lp norm of windows, and of whole planes.

use std::sync::Arc;

use fastserve_ir::{AttrError, Attrs, Fact, Inputs, Io, Op, OpError, OpRef, ShapeError};

use crate::def::OpDef;
use crate::elements::{Float, count, for_float, require_float};
use crate::ops::pool::each_window;
use crate::window::{WindowAttrs, taps};

/// `(Σ |x|^p)^(1/p)` of the elements in a window over the spatial axes of `[N, C, …]`.
#[derive(Clone, Debug, PartialEq)]
pub struct LpPool {
    /// The exponent, more than 0.
    pub p: f32,
    /// The window.
    pub window: WindowAttrs,
}

/// The same of all elements of a plane.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct GlobalLpPool {
    /// The exponent, more than 0.
    pub p: f32,
}

pub(crate) const DEFS: &[OpDef] = &[
    OpDef { name: "GlobalLpPool", since: 1, build: |attrs, _| global(attrs, false) },
    OpDef { name: "GlobalLpPool", since: 2, build: |attrs, _| global(attrs, true) },
    OpDef { name: "LpPool", since: 1, build: |attrs, _| windows(attrs, false) },
    OpDef { name: "LpPool", since: 2, build: |attrs, _| windows(attrs, true) },
];

/// The exponent: an integer from opset 2 on, and a float before; what this project writes has a float where it is not whole.
fn exponent(attrs: &Attrs, whole: bool) -> Result<f32, AttrError> {
    let p = match attrs.float("fs.p")? {
        Some(p) => p,
        None if whole => attrs.int_or("p", 2)? as f32,
        None => attrs.float_or("p", 2.0)?,
    };
    if p > 0.0 && p.is_finite() { Ok(p) } else { Err(AttrError::value("p", format!("expected more than 0, got {p}"))) }
}

fn write_exponent(attrs: Attrs, p: f32) -> Attrs {
    // An f32 holds each whole number up to 2^24.
    if p.fract() == 0.0 && p < 16_777_216.0 { attrs.with_int("p", p as i64) } else { attrs.with_float("fs.p", p) }
}

fn global(attrs: &Attrs, whole: bool) -> Result<OpRef, AttrError> {
    attrs.only(&["p", "fs.p"])?;
    Ok(Arc::new(GlobalLpPool { p: exponent(attrs, whole)? }))
}

fn windows(attrs: &Attrs, whole: bool) -> Result<OpRef, AttrError> {
    attrs.only(&[&WindowAttrs::NAMES[..], &["p", "fs.p"]].concat())?;
    let window = WindowAttrs::read(attrs)?;
    if window.kernel_shape.is_none() {
        return Err(AttrError::Missing("kernel_shape"));
    }
    Ok(Arc::new(LpPool { p: exponent(attrs, whole)?, window }))
}

/// The norm of elements.
fn norm(p: f32, elements: impl Iterator<Item = f64>) -> f64 {
    let p = f64::from(p);
    elements.map(|x| x.abs().powf(p)).sum::<f64>().powf(1.0 / p)
}

impl Op for LpPool {
    fn name(&self) -> &'static str {
        "LpPool"
    }

    fn attrs(&self) -> Attrs {
        write_exponent(self.window.write(Attrs::new()), self.p)
    }

    fn infer(&self, inputs: &Inputs<'_>) -> Result<Vec<Fact>, ShapeError> {
        let (x, kernel) = (require_float(inputs, 0)?, self.window.kernel_shape.as_deref().unwrap_or_default());
        if x.rank() != kernel.len() + 2 {
            return Err(ShapeError::shape(format!("expected rank {}, got {}", kernel.len() + 2, x.rank())));
        }
        let mut shape = x.shape[..2].to_vec();
        shape.extend(self.window.infer(&x.shape[2..], kernel)?);
        Ok(vec![Fact::new(x.dtype, shape)])
    }

    fn reference(&self, io: &mut Io<'_>) -> Result<(), OpError> {
        for_float!(io.dtype(0)?, T => self.body::<T>(io))
    }
}

impl LpPool {
    fn body<T: Float>(&self, io: &mut Io<'_>) -> Result<(), OpError> {
        each_window(&self.window, io, 0, |plane: &[T], axes, out, input| {
            let mut seen = Vec::new();
            taps(axes, out, input, |_, position| seen.push(plane[position].to_f64()));
            T::from_f64(norm(self.p, seen.into_iter()))
        })
    }
}

impl Op for GlobalLpPool {
    fn name(&self) -> &'static str {
        "GlobalLpPool"
    }

    fn attrs(&self) -> Attrs {
        write_exponent(Attrs::new(), self.p)
    }

    fn infer(&self, inputs: &Inputs<'_>) -> Result<Vec<Fact>, ShapeError> {
        let x = require_float(inputs, 0)?;
        if x.rank() < 2 {
            return Err(ShapeError::shape(format!("expected rank 2 or more, got {}", x.rank())));
        }
        let shape = x.shape.iter().enumerate().map(|(i, d)| if i < 2 { d.clone() } else { 1.into() });
        Ok(vec![Fact::new(x.dtype, shape.collect())])
    }

    fn reference(&self, io: &mut Io<'_>) -> Result<(), OpError> {
        for_float!(io.dtype(0)?, T => self.body::<T>(io))
    }
}

impl GlobalLpPool {
    fn body<T: Float>(&self, io: &mut Io<'_>) -> Result<(), OpError> {
        let space = count(io.shape(0)?.get(2..).unwrap_or_default());
        let x = io.slice::<T>(0)?;
        for (i, y) in io.out_slice::<T>(0)?.iter_mut().enumerate() {
            let plane = i.checked_mul(space).and_then(|at| x.get(at..at.checked_add(space)?));
            let plane = plane.ok_or_else(|| OpError::Value(format!("plane {i} of {} elements is asked for", x.len())))?;
            *y = T::from_f64(norm(self.p, plane.iter().map(|v| v.to_f64())));
        }
        Ok(())
    }
}
