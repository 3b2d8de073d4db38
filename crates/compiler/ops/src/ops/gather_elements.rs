//! GatherElements and GatherND: elements or slices, picked by indices of their own.

use std::sync::Arc;

use fastserve_ir::{AttrError, Attrs, Fact, Inputs, Io, Op, OpError, OpRef, ShapeError, normalize_axis};
use fastserve_tensor::{DType, MAX_RANK};

use crate::def::OpDef;
use crate::moves::{flat, ints, remap, wrap};
use crate::shape_ints::ranked;

/// For each index of the second input, the element of the data whose place along `axis` is what stands there.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct GatherElements {
    /// The axis; negative ones count from the end.
    pub axis: i64,
}

/// For each row of the second input, the slice of the data at the index that the row is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct GatherND {
    /// Leading axes that both inputs share.
    pub batch_dims: usize,
}

pub(crate) const DEFS: &[OpDef] =
    &[OpDef { name: "GatherElements", since: 11, build: gather_elements }, OpDef { name: "GatherND", since: 11, build: gather_nd }];

fn gather_elements(attrs: &Attrs, _: i64) -> Result<OpRef, AttrError> {
    attrs.only(&["axis"])?;
    Ok(Arc::new(GatherElements { axis: attrs.int_or("axis", 0)? }))
}

fn gather_nd(attrs: &Attrs, _: i64) -> Result<OpRef, AttrError> {
    attrs.only(&["batch_dims"])?;
    let batch_dims = usize::try_from(attrs.int_or("batch_dims", 0)?).ok().filter(|&n| n <= MAX_RANK);
    Ok(Arc::new(GatherND { batch_dims: batch_dims.ok_or_else(|| AttrError::value("batch_dims", "outside any rank"))? }))
}

fn require_indices<'a>(inputs: &Inputs<'a>) -> Result<&'a Fact, ShapeError> {
    let indices = inputs.req(1)?;
    match indices.dtype {
        DType::I32 | DType::I64 => Ok(indices),
        got => Err(ShapeError::DType { index: 1, expected: "i32 or i64".into(), got }),
    }
}

impl Op for GatherElements {
    fn name(&self) -> &'static str {
        "GatherElements"
    }

    fn attrs(&self) -> Attrs {
        Attrs::new().with_int("axis", self.axis)
    }

    fn infer(&self, inputs: &Inputs<'_>) -> Result<Vec<Fact>, ShapeError> {
        let (x, indices) = (inputs.req(0)?, require_indices(inputs)?);
        normalize_axis(self.axis, x.rank())?;
        inputs.ranked(1, x.rank())?;
        Ok(vec![Fact::new(x.dtype, indices.shape.clone())])
    }

    fn reference(&self, io: &mut Io<'_>) -> Result<(), OpError> {
        let (shape, picks) = (io.shape(0)?, ints(io, 1)?);
        let axis = normalize_axis(self.axis, shape.rank())?;
        let (mut i, mut at) = (0, [0; MAX_RANK]);
        remap(io, 0, 0, |index| {
            let pick = *picks.get(i).ok_or_else(|| OpError::Value("input 1 is too short".into()))?;
            at[..index.len()].copy_from_slice(index);
            at[axis] = wrap(pick, shape[axis])?;
            i += 1;
            flat(&shape, &at[..index.len()]).map(Some)
        })
    }

    fn is_linear(&self) -> bool {
        true
    }
}

impl Op for GatherND {
    fn name(&self) -> &'static str {
        "GatherND"
    }

    fn attrs(&self) -> Attrs {
        Attrs::new().with_int("batch_dims", self.batch_dims as i64)
    }

    fn infer(&self, inputs: &Inputs<'_>) -> Result<Vec<Fact>, ShapeError> {
        let (x, indices) = (inputs.req(0)?, require_indices(inputs)?);
        let Some((last, rows)) = indices.shape.split_last() else { return Err(ShapeError::shape("input 1: expected rows")) };
        let depth = last.known().ok_or(ShapeError::DataDependent(1))?;
        let tail = depth.checked_add(self.batch_dims).and_then(|used| x.shape.get(used..));
        match tail {
            Some(tail) if depth > 0 && rows.len() >= self.batch_dims => Ok(vec![Fact::new(x.dtype, ranked([rows, tail].concat())?)]),
            _ => Err(ShapeError::shape(format!("indices of {depth} for rank {} behind {} axes", x.rank(), self.batch_dims))),
        }
    }

    fn reference(&self, io: &mut Io<'_>) -> Result<(), OpError> {
        let (shape, table, picks) = (io.shape(0)?, io.shape(1)?, ints(io, 1)?);
        let Some((&depth, rows)) = table.split_last() else { return Err(OpError::Value("input 1: expected rows".into())) };
        let (rows, batch) = (rows.len(), self.batch_dims);
        let mut at = [0; MAX_RANK];
        remap(io, 0, 0, |index| {
            let wrong = || OpError::Value(format!("{table} does not index {shape}"));
            let (lead, tail) = index.split_at_checked(rows).ok_or_else(wrong)?;
            if batch + depth + tail.len() != shape.rank() || lead.iter().zip(table.iter()).any(|(i, d)| i >= d) || batch > rows {
                return Err(wrong());
            }
            let row = lead.iter().zip(table.iter()).fold(0, |at, (i, d)| at * d + i) * depth;
            at[..batch].copy_from_slice(&lead[..batch]);
            for (k, &pick) in picks.get(row..row + depth).ok_or_else(wrong)?.iter().enumerate() {
                at[batch + k] = wrap(pick, shape[batch + k])?;
            }
            at[batch + depth..shape.rank()].copy_from_slice(tail);
            flat(&shape, &at[..shape.rank()]).map(Some)
        })
    }

    fn is_linear(&self) -> bool {
        true
    }
}
