//! Shape: the extents as a tensor.

use std::sync::Arc;

use fastserve_ir::{AttrError, Attrs, Fact, Inputs, Io, Op, OpError, OpRef, ShapeError};
use fastserve_tensor::DType;

use crate::def::OpDef;

/// Extents of the axes `start .. end`; both may be negative (from the end of the rank) or outside.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Shape {
    /// First axis.
    pub start: i64,
    /// Axis behind the last; all to the end by default.
    pub end: Option<i64>,
}

pub(crate) const DEFS: &[OpDef] = &[OpDef { name: "Shape", since: 1, build }];

fn build(attrs: &Attrs, _: i64) -> Result<OpRef, AttrError> {
    attrs.only(&["start", "end"])?;
    Ok(Arc::new(Shape { start: attrs.int_or("start", 0)?, end: attrs.int("end")? }))
}

impl Op for Shape {
    fn name(&self) -> &'static str {
        "Shape"
    }

    fn attrs(&self) -> Attrs {
        let attrs = if self.start == 0 { Attrs::new() } else { Attrs::new().with_int("start", self.start) };
        self.end.map_or(attrs.clone(), |end| attrs.with_int("end", end))
    }

    fn infer(&self, inputs: &Inputs<'_>) -> Result<Vec<Fact>, ShapeError> {
        let x = inputs.req(0)?;
        let dims = self.part(&x.shape).to_vec();
        Ok(vec![Fact::new(DType::I64, vec![dims.len().into()]).with_ints(Some(dims))])
    }

    fn reference(&self, io: &mut Io<'_>) -> Result<(), OpError> {
        let shape = io.shape(0)?;
        let y = io.out_slice::<i64>(0)?;
        y.iter_mut().zip(self.part(&shape)).for_each(|(y, &d)| *y = d as i64);
        Ok(())
    }
}

impl Shape {
    fn part<'a, T>(&self, dims: &'a [T]) -> &'a [T] {
        let rank = dims.len() as i64;
        let at = |axis: i64| (if axis < 0 { axis.saturating_add(rank) } else { axis }).clamp(0, rank) as usize;
        let (start, end) = (at(self.start), self.end.map_or(dims.len(), at));
        &dims[start..end.max(start)]
    }
}
