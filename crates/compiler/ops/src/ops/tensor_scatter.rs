//! TensorScatter: new steps written into a cache.

use std::sync::Arc;

use fastserve_ir::{AttrError, Attrs, Fact, Inputs, Io, Op, OpError, OpRef, ShapeError, normalize_axis};
use fastserve_tensor::DType;

use crate::def::OpDef;
use crate::elements::count;
use crate::moves::ints;
use crate::numbers::{choice, expect_shape};
use crate::ops::identity::copy;

/// The cache, with the update's steps along `axis` from each sample's write index on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TensorScatter {
    /// The axis of steps; negative ones count from the end. It is not the batch's.
    pub axis: i64,
    /// Whether what goes beyond the end goes on at the start.
    pub circular: bool,
}

const MODES: [&str; 2] = ["linear", "circular"];

pub(crate) const DEFS: &[OpDef] = &[OpDef { name: "TensorScatter", since: 24, build }];

fn build(attrs: &Attrs, _: i64) -> Result<OpRef, AttrError> {
    attrs.only(&["axis", "mode"])?;
    Ok(Arc::new(TensorScatter { axis: attrs.int_or("axis", -2)?, circular: choice(attrs, "mode", &MODES, 0)? == 1 }))
}

impl TensorScatter {
    fn axis_of(&self, rank: usize) -> Result<usize, ShapeError> {
        match normalize_axis(self.axis, rank)? {
            0 => Err(ShapeError::shape("axis 0 is the batch")),
            axis => Ok(axis),
        }
    }
}

impl Op for TensorScatter {
    fn name(&self) -> &'static str {
        "TensorScatter"
    }

    fn attrs(&self) -> Attrs {
        let attrs = Attrs::new().with_int("axis", self.axis);
        if self.circular { attrs.with_str("mode", MODES[1]) } else { attrs }
    }

    fn infer(&self, inputs: &Inputs<'_>) -> Result<Vec<Fact>, ShapeError> {
        let x = inputs.req(0)?;
        self.axis_of(x.rank())?;
        inputs.same_dtype(1, x.dtype)?;
        inputs.ranked(1, x.rank())?;
        if inputs.opt(2).is_some() {
            inputs.same_dtype(2, DType::I64)?;
        }
        Ok(vec![Fact::new(x.dtype, x.shape.clone())])
    }

    fn reference(&self, io: &mut Io<'_>) -> Result<(), OpError> {
        let (cache, update) = (io.shape(0)?, io.shape(1)?);
        let axis = self.axis_of(cache.rank())?;
        let (batch, len) = (cache[0], cache[axis]);
        let wrong = || OpError::Value(format!("an update {update} does not fit a cache {cache}"));
        let differs = |i: usize| i != axis && update.get(i) != cache.get(i);
        if update.rank() != cache.rank() || (0..cache.rank()).any(differs) || update[axis] > len || io.dtype(1)? != io.dtype(0)? {
            return Err(wrong());
        }
        if !expect_shape(io, 0, &cache)? {
            return Ok(());
        }
        let starts = if io.opt(2).is_some() { ints(io, 2)? } else { vec![0; batch] };
        if starts.len() != batch {
            return Err(OpError::Value(format!("expected {batch} write indices, got {}", starts.len())));
        }
        copy(io)?;
        let (from, size) = (io.input(1)?, io.dtype(0)?.size_bytes());
        let (rows, inner) = (count(&cache[1..axis]), count(&cache[axis + 1..]) * size);
        let y = io.output(0)?.bytes_mut();
        let steps = update[axis];
        for step in 0..if from.bytes().is_empty() { 0 } else { batch * rows * steps } {
            let (row, step) = (step / steps, step % steps);
            let place = self.place(starts[row / rows], step, len)?;
            let to = y.get_mut((row * len + place) * inner..).and_then(|y| y.get_mut(..inner)).ok_or_else(wrong)?;
            to.copy_from_slice(from.bytes().get((row * steps + step) * inner..).and_then(|x| x.get(..inner)).ok_or_else(wrong)?);
        }
        Ok(())
    }
}

impl TensorScatter {
    fn place(&self, start: i64, step: usize, len: usize) -> Result<usize, OpError> {
        let place = i128::from(start) + step as i128;
        let place = if self.circular && len > 0 { place.rem_euclid(len as i128) } else { place };
        let inside = usize::try_from(place).ok().filter(|&p| p < len);
        inside.ok_or_else(|| OpError::Value(format!("step {place} is outside a cache of {len}")))
    }
}
