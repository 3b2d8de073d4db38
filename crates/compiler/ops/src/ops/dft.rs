//! DFT: discrete Fourier transforms along an axis.

use std::sync::Arc;

use fastserve_ir::{AttrError, Attrs, Dim, DimOp, Fact, Inputs, Io, Op, OpError, OpRef, ShapeError, normalize_axis};
use fastserve_tensor::Shape;

use crate::def::OpDef;
use crate::elements::{count, require_float};
use crate::numbers::{known_scalar, numbers, scalar, store};
use crate::spectrum::{Complex, Transform};

/// A transform of `[…, N, …, 1 or 2]`, real or complex numbers in the last axis. Inputs are the signal, its length, and the axis.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Dft {
    /// The axis, where no input says it; negative ones count from the end.
    pub axis: i64,
    /// Whether spectra become signals.
    pub inverse: bool,
    /// Whether a spectrum is its first half, the signal real.
    pub onesided: bool,
}

pub(crate) const DEFS: &[OpDef] = &[
    OpDef { name: "DFT", since: 17, build: |attrs, _| build(attrs, "axis", 1) },
    OpDef { name: "DFT", since: 20, build: |attrs, _| build(attrs, "fs.axis", -2) },
];

fn build(attrs: &Attrs, axis: &str, default: i64) -> Result<OpRef, AttrError> {
    attrs.only(&[axis, "inverse", "onesided"])?;
    let axis = attrs.int_or(axis, default)?;
    Ok(Arc::new(Dft { axis, inverse: attrs.flag("inverse", false)?, onesided: attrs.flag("onesided", false)? }))
}

impl Op for Dft {
    fn name(&self) -> &'static str {
        "DFT"
    }

    fn attrs(&self) -> Attrs {
        let attrs = if self.axis == -2 { Attrs::new() } else { Attrs::new().with_int("fs.axis", self.axis) };
        let flags = [("inverse", self.inverse), ("onesided", self.onesided)];
        flags.into_iter().filter(|(_, on)| *on).fold(attrs, |attrs, (name, _)| attrs.with_int(name, 1))
    }

    fn infer(&self, inputs: &Inputs<'_>) -> Result<Vec<Fact>, ShapeError> {
        let x = require_float(inputs, 0)?;
        let parts = x.shape.last().and_then(Dim::known).unwrap_or(2);
        if x.rank() < 2 || !(1..=2).contains(&parts) {
            return Err(ShapeError::shape("expected 1 or 2 numbers in the last axis"));
        }
        let mut shape = x.shape.clone();
        shape[x.rank() - 1] = Dim::Known(if self.inverse && self.onesided { 1 } else { 2 });
        if !self.onesided && inputs.opt(1).is_none() {
            return Ok(vec![Fact::new(x.dtype, shape)]);
        }
        let axis = match inputs.opt(2) {
            Some(_) => known_scalar(inputs, 2)?,
            None => Some(self.axis),
        };
        let Some(axis) = axis else {
            // Any axis may get another length, but for the last one.
            let last = shape.pop();
            let shape = shape.into_iter().map(|_| Dim::New).chain(last).collect();
            return Ok(vec![Fact::new(x.dtype, shape)]);
        };
        let axis = axis_of(axis, x.rank())?;
        let length = match inputs.opt(1) {
            Some(_) => known_scalar(inputs, 1)?.map_or(Ok(Dim::New), |n| length_of(n).map(Dim::Known))?,
            None => self.default_length(&x.shape[axis])?,
        };
        shape[axis] = match self.onesided && !self.inverse {
            true => length.combine(DimOp::Div, 2.into()).and_then(|d| d.combine(DimOp::Add, 1.into())).ok_or(ShapeError::Overflow)?,
            false => length,
        };
        Ok(vec![Fact::new(x.dtype, shape)])
    }

    fn reference(&self, io: &mut Io<'_>) -> Result<(), OpError> {
        let (shape, out) = (io.shape(0)?, io.out_shape(0)?);
        let axis = if io.opt(2).is_some() { scalar(io, 2)? as i64 } else { self.axis };
        let axis = axis_of(axis, shape.rank())?;
        let length = match io.opt(1) {
            Some(_) => length_of(scalar(io, 1)? as i64)?,
            None => self.default_length(&shape[axis].into())?.known().unwrap_or(0),
        };
        let y = self.transform(&numbers(io, 0)?, &shape, axis, length, &out)?;
        store(io, 0, &y)
    }
}

/// The axis of a signal, which is not that of its parts.
fn axis_of(axis: i64, rank: usize) -> Result<usize, ShapeError> {
    let axis = normalize_axis(axis, rank)?;
    if axis + 1 < rank { Ok(axis) } else { Err(ShapeError::shape("the last axis holds the parts of numbers")) }
}

fn length_of(length: i64) -> Result<usize, ShapeError> {
    usize::try_from(length).map_err(|_| ShapeError::shape(format!("{length} is no length of a signal")))
}

impl Dft {
    /// The length of the signal where none is given: that of the axis, or twice the half of a spectrum.
    fn default_length(&self, extent: &Dim) -> Result<Dim, ShapeError> {
        if !(self.inverse && self.onesided) {
            return Ok(extent.clone());
        }
        let less = extent.clone().combine(DimOp::Sub, 1.into()).ok_or(ShapeError::Overflow)?;
        less.combine(DimOp::Mul, 2.into()).ok_or(ShapeError::Overflow)
    }

    fn transform(&self, x: &[f64], shape: &Shape, axis: usize, length: usize, out: &Shape) -> Result<Vec<f64>, OpError> {
        let (parts, parts_out) = (shape[shape.rank() - 1], out.last().copied().unwrap_or(0));
        let inner = count(&shape[axis + 1..shape.rank() - 1]);
        let (from, to) = (shape[axis], out.get(axis).copied().unwrap_or(0));
        let mut expected = *shape;
        expected.dims_mut()[axis] = if self.onesided && !self.inverse { length / 2 + 1 } else { length };
        expected.dims_mut()[shape.rank() - 1] = if self.onesided && self.inverse { 1 } else { 2 };
        if expected != *out || !(1..=2).contains(&parts) {
            return Err(OpError::Value(format!("a transform of {length} points of {shape} is not {out}")));
        }
        let mut y = vec![0.0; out.numel()];
        if y.is_empty() {
            return Ok(y);
        }
        let transform = Transform::new(length);
        for line in 0..count(&shape[..axis]) * inner {
            let at = |k: usize, len: usize| (line / inner * len + k) * inner + line % inner;
            let point = |k: usize| {
                let at = at(k, from) * parts;
                Complex::new(x[at], if parts == 2 { x[at + 1] } else { 0.0 })
            };
            let made = transform.line(self, from, length, point);
            for (k, v) in made.iter().take(to).enumerate() {
                let at = at(k, to) * parts_out;
                y[at] = v.re;
                if parts_out == 2 {
                    y[at + 1] = v.im;
                }
            }
        }
        Ok(y)
    }
}

impl Transform {
    /// One line of `from` points, cut or filled with zeros to the length.
    fn line(&self, op: &Dft, from: usize, length: usize, point: impl Fn(usize) -> Complex) -> Vec<Complex> {
        let mut signal: Vec<Complex> = (0..length).map(|k| if k < from { point(k) } else { Complex::default() }).collect();
        if op.inverse && op.onesided {
            // The second half of a real signal's spectrum mirrors the first; the ends of the halves are real.
            for k in length / 2 + 1..length {
                let v = signal[length - k];
                signal[k] = Complex::new(v.re, -v.im);
            }
            let ends = [Some(0), length.is_multiple_of(2).then_some(length / 2)];
            ends.into_iter().flatten().for_each(|k| signal.get_mut(k).into_iter().for_each(|v| v.im = 0.0));
        }
        if op.inverse { self.inverse(&signal) } else { self.forward(&signal) }
    }
}
