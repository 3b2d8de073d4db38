//! MaxUnpool: maxima back to the places they were found at, with zeros around them.

use std::sync::Arc;

use fastserve_ir::{AttrError, Attrs, Dim, DimOp, Fact, Inputs, Io, Op, OpError, OpRef, ShapeError};
use fastserve_tensor::{DType, Shape};

use crate::def::OpDef;
use crate::elements::{for_width, require_float, words, words_mut};
use crate::moves::{flat, ints};
use crate::ops::conv::unflatten;
use crate::shape_ints;
use crate::window::WindowAttrs;

/// `X` at the places `I`, which count the elements of the whole tensor that was pooled: its extents follow from the window.
///
/// An output that is asked to be larger has that tensor in its corner.
#[derive(Clone, Debug, PartialEq)]
pub struct MaxUnpool {
    /// The window of the pooling: kernel, strides, pads.
    pub window: WindowAttrs,
}

pub(crate) const DEFS: &[OpDef] = &[OpDef { name: "MaxUnpool", since: 9, build }];

fn build(attrs: &Attrs, _: i64) -> Result<OpRef, AttrError> {
    attrs.only(&["kernel_shape", "pads", "strides"])?;
    let window = WindowAttrs::read(attrs)?;
    let Some(rank) = window.kernel_shape.as_ref().map(Vec::len) else { return Err(AttrError::Missing("kernel_shape")) };
    for (name, have, want) in [("strides", window.strides.len(), rank), ("pads", window.pads.len(), 2 * rank)] {
        if have != 0 && have != want {
            return Err(AttrError::value(name, format!("expected {want} elements, got {have}")));
        }
    }
    Ok(Arc::new(MaxUnpool { window }))
}

impl Op for MaxUnpool {
    fn name(&self) -> &'static str {
        "MaxUnpool"
    }

    fn attrs(&self) -> Attrs {
        self.window.write(Attrs::new())
    }

    fn infer(&self, inputs: &Inputs<'_>) -> Result<Vec<Fact>, ShapeError> {
        let (x, places) = (require_float(inputs, 0)?, inputs.same_dtype(1, DType::I64)?);
        if x.rank() != self.kernel().len() + 2 || places.rank() != x.rank() {
            return Err(ShapeError::shape(format!("expected rank {}, got {} and {}", self.kernel().len() + 2, x.rank(), places.rank())));
        }
        let shape = if inputs.opt(2).is_some() { shape_ints::extents(inputs, 2)? } else { self.pooled(&x.shape)? };
        if shape.len() != x.rank() {
            return Err(ShapeError::shape(format!("input 2: expected {} extents, got {}", x.rank(), shape.len())));
        }
        Ok(vec![Fact::new(x.dtype, shape)])
    }

    fn reference(&self, io: &mut Io<'_>) -> Result<(), OpError> {
        let (shape, out) = (io.shape(0)?, io.out_shape(0)?);
        if shape.rank() != self.kernel().len() + 2 || io.shape(1)? != shape || out.rank() != shape.rank() {
            return Err(OpError::Value(format!("{shape} at {} is not {out}", io.shape(1)?)));
        }
        let dims: Vec<Dim> = shape.iter().map(|&d| d.into()).collect();
        let pooled = self.pooled(&dims)?.iter().map(Dim::known).collect::<Option<Vec<usize>>>().ok_or(ShapeError::Overflow)?;
        let places = ints(io, 1)?;
        for_width!(io.dtype(0)?, T => body::<T>(io, &places, &Shape::new(&pooled)?, &out))
    }
}

fn body<T: bytemuck::Pod>(io: &mut Io<'_>, places: &[i64], pooled: &Shape, out: &Shape) -> Result<(), OpError> {
    let x = words::<T>(io, 0)?;
    let y = words_mut::<T>(io, 0)?;
    y.fill(T::zeroed());
    let numel = pooled.checked_numel().unwrap_or(0);
    for (x, &place) in x.iter().zip(places) {
        let at = usize::try_from(place).ok().filter(|&at| at < numel);
        let at = at.ok_or_else(|| OpError::Value(format!("place {place} is outside {pooled}")))?;
        y[flat(out, &unflatten(at, pooled))?] = *x;
    }
    Ok(())
}

impl MaxUnpool {
    fn kernel(&self) -> &[usize] {
        self.window.kernel_shape.as_deref().unwrap_or_default()
    }

    /// The extents of what was pooled.
    fn pooled(&self, x: &[Dim]) -> Result<Vec<Dim>, ShapeError> {
        let rank = self.kernel().len();
        let mut shape = x.iter().take(2).cloned().collect::<Vec<_>>();
        for (i, (d, &kernel)) in x.iter().skip(2).zip(self.kernel()).enumerate() {
            let at = |list: &[usize], i: usize, default| list.get(i).copied().unwrap_or(default);
            let (stride, pads) = (at(&self.window.strides, i, 1), &self.window.pads);
            let pads = at(pads, i, 0).checked_add(at(pads, rank + i, 0)).ok_or(ShapeError::Overflow)?;
            // (d − 1) · stride + kernel − pads
            let whole = d.clone().combine(DimOp::Mul, stride.into()).and_then(|d| d.combine(DimOp::Add, kernel.into()));
            let less = pads.checked_add(stride).ok_or(ShapeError::Overflow)?;
            let whole = whole.ok_or(ShapeError::Overflow)?;
            if whole.known().is_some_and(|n| n < less) {
                return Err(ShapeError::shape(format!("{d:?} windows of {kernel} with padding of {pads} cover nothing")));
            }
            shape.push(whole.combine(DimOp::Sub, less.into()).ok_or(ShapeError::Overflow)?);
        }
        Ok(shape)
    }
}
