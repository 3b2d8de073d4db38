//! Compress: the slices of an axis for which a condition holds.

use std::sync::Arc;

use fastserve_ir::{AttrError, Attrs, Dim, Fact, Inputs, Io, Op, OpError, OpRef, ShapeError, normalize_axis};
use fastserve_tensor::{Bool, DType};

use crate::def::OpDef;
use crate::elements::count;

/// Slices of an axis, or single elements in order; those behind the end of the condition go too.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Compress {
    /// The axis; negative ones count from the end. Without one, single elements are picked.
    pub axis: Option<i64>,
}

pub(crate) const DEFS: &[OpDef] = &[OpDef { name: "Compress", since: 9, build }];

fn build(attrs: &Attrs, _: i64) -> Result<OpRef, AttrError> {
    attrs.only(&["axis"])?;
    Ok(Arc::new(Compress { axis: attrs.int("axis")? }))
}

impl Op for Compress {
    fn name(&self) -> &'static str {
        "Compress"
    }

    fn attrs(&self) -> Attrs {
        self.axis.map_or_else(Attrs::new, |axis| Attrs::new().with_int("axis", axis))
    }

    fn infer(&self, inputs: &Inputs<'_>) -> Result<Vec<Fact>, ShapeError> {
        let x = inputs.req(0)?;
        let condition = inputs.same_dtype(1, DType::Bool)?;
        inputs.ranked(1, 1)?;
        let axis = self.axis.map(|axis| normalize_axis(axis, x.rank())).transpose()?;
        let len = match axis {
            Some(axis) => x.shape[axis].clone(),
            None => Dim::product(&x.shape).ok_or(ShapeError::Overflow)?,
        };
        let holds = condition.value.as_ref().map(|v| v.as_slice::<Bool>()).transpose().map_err(|e| ShapeError::shape(e.to_string()))?;
        let kept = match (holds, len.known()) {
            (Some(holds), Some(len)) => Dim::Known(picked(holds, len).count()),
            _ => Dim::New,
        };
        let mut shape = if axis.is_some() { x.shape.clone() } else { vec![Dim::New] };
        shape[axis.unwrap_or(0)] = kept;
        Ok(vec![Fact::new(x.dtype, shape)])
    }

    fn reference(&self, io: &mut Io<'_>) -> Result<(), OpError> {
        let (x, shape, out) = (io.input(0)?, io.shape(0)?, io.out_shape(0)?);
        let axis = self.axis.map(|axis| normalize_axis(axis, shape.rank())).transpose()?;
        let (len, inner) = axis.map_or((shape.numel(), 1), |axis| (shape[axis], count(&shape[axis + 1..])));
        let holds = io.slice::<Bool>(1)?;
        let mut expected = shape.dims().to_vec();
        let kept = picked(holds, len).count();
        match axis {
            Some(axis) => expected[axis] = kept,
            None => expected = vec![kept],
        }
        if out[..] != expected[..] {
            return Err(OpError::Value(format!("output 0: {expected:?} is made, {out} is asked for")));
        }
        let y = io.output(0)?.bytes_mut();
        if y.is_empty() {
            return Ok(());
        }
        let slice = inner * x.dtype().size_bytes();
        let picks = x.bytes().chunks_exact(slice * len).flat_map(|row| picked(holds, len).map(move |i| &row[i * slice..][..slice]));
        y.chunks_exact_mut(slice).zip(picks).for_each(|(y, x)| y.copy_from_slice(x));
        Ok(())
    }
}

/// The places below `len` at which the condition holds.
fn picked(holds: &[Bool], len: usize) -> impl Iterator<Item = usize> {
    holds.iter().take(len).enumerate().filter(|(_, b)| bool::from(**b)).map(|(i, _)| i)
}
