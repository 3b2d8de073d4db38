//! ReverseSequence: the first elements of each sequence of a batch, back to front.

use std::sync::Arc;

use fastserve_ir::{AttrError, Attrs, Fact, Inputs, Io, Op, OpError, OpRef, ShapeError};
use fastserve_tensor::{DType, MAX_RANK};

use crate::def::OpDef;
use crate::moves::{flat, ints, remap};

/// Steps before a sequence's length are reversed; those behind stay.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ReverseSequence {
    /// Whether the time is axis 1 and the batch axis 0, else the other way.
    pub batch_first: bool,
}

pub(crate) const DEFS: &[OpDef] = &[OpDef { name: "ReverseSequence", since: 10, build }];

fn build(attrs: &Attrs, _: i64) -> Result<OpRef, AttrError> {
    attrs.only(&["batch_axis", "time_axis"])?;
    let (batch, time) = (attrs.int_or("batch_axis", 1)?, attrs.int_or("time_axis", 0)?);
    match (batch, time) {
        (0, 1) | (1, 0) => Ok(Arc::new(ReverseSequence { batch_first: batch == 0 })),
        _ => Err(AttrError::value("batch_axis", format!("expected the axes 0 and 1, got {batch} and {time}"))),
    }
}

impl Op for ReverseSequence {
    fn name(&self) -> &'static str {
        "ReverseSequence"
    }

    fn attrs(&self) -> Attrs {
        let (batch, time) = if self.batch_first { (0, 1) } else { (1, 0) };
        Attrs::new().with_int("batch_axis", batch).with_int("time_axis", time)
    }

    fn infer(&self, inputs: &Inputs<'_>) -> Result<Vec<Fact>, ShapeError> {
        let x = inputs.req(0)?;
        if x.rank() < 2 {
            return Err(ShapeError::shape(format!("expected time and batch, got rank {}", x.rank())));
        }
        inputs.same_dtype(1, DType::I64)?;
        inputs.ranked(1, 1)?;
        Ok(vec![Fact::new(x.dtype, x.shape.clone())])
    }

    fn reference(&self, io: &mut Io<'_>) -> Result<(), OpError> {
        let (shape, lengths) = (io.shape(0)?, ints(io, 1)?);
        let [first, second, ..] = shape.dims() else { return Err(OpError::Value(format!("expected time and batch, got {shape}"))) };
        let (batch_axis, time_axis) = if self.batch_first { (0, 1) } else { (1, 0) };
        let (batch, time) = if self.batch_first { (*first, *second) } else { (*second, *first) };
        let inside = |n: &i64| usize::try_from(*n).ok().filter(|&n| n <= time);
        let lengths: Option<Vec<usize>> = lengths.iter().map(inside).collect();
        let lengths = lengths.filter(|l| l.len() == batch);
        let lengths = lengths.ok_or_else(|| OpError::Value(format!("expected {batch} lengths of 0 to {time}")))?;
        let mut at = [0; MAX_RANK];
        remap(io, 0, 0, |index| {
            let [_, _, ..] = index else { return Err(OpError::Value("an output of another rank".into())) };
            let at = &mut at[..index.len()];
            at.copy_from_slice(index);
            let length = lengths.get(index[batch_axis]).copied().unwrap_or(0);
            if index[time_axis] < length {
                at[time_axis] = length - 1 - index[time_axis];
            }
            flat(&shape, at).map(Some)
        })
    }
}
