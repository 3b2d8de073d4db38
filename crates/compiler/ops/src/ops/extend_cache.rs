//! fs.ExtendCache: a cache of keys or values with new steps.

use std::sync::Arc;

use fastserve_ir::{Attrs, Dim, DimOp, Fact, Inputs, Io, Op, OpError, OpRef, ShapeError};
use fastserve_tensor::DType;

use crate::def::OpDef;
use crate::moves::ints;
use crate::numbers::expect_shape;

/// New steps `[B, H, S, D]` behind what each sample has. Inputs are the new steps, the place `[B]` of each sample's first one, how many
/// steps there are at least in the result (a scalar), optionally the past ones `[B, H, C, D]`, and optionally how many of the new ones
/// count. The result has the larger of C and that number of steps; those that nothing is known of are zeros.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ExtendCache;

pub(crate) const DEFS: &[OpDef] =
    &[OpDef { name: "fs.ExtendCache", since: 1, build: |attrs, _| attrs.only(&[]).map(|()| Arc::new(ExtendCache) as OpRef) }];

impl Op for ExtendCache {
    fn name(&self) -> &'static str {
        "fs.ExtendCache"
    }

    fn attrs(&self) -> Attrs {
        Attrs::new()
    }

    fn infer(&self, inputs: &Inputs<'_>) -> Result<Vec<Fact>, ShapeError> {
        let new = inputs.ranked(0, 4)?;
        for i in [1, 2, 4] {
            if i < 4 || inputs.opt(i).is_some() {
                inputs.same_dtype(i, DType::I64)?;
            }
        }
        let total = inputs.req(2)?.ints.as_deref().and_then(<[Dim]>::first).cloned().unwrap_or(Dim::New);
        let mut shape = new.shape.clone();
        shape[2] = match inputs.opt(3) {
            Some(_) => {
                let past = inputs.ranked(3, 4)?;
                inputs.same_dtype(3, new.dtype)?;
                total.combine(DimOp::Max, past.shape[2].clone()).ok_or(ShapeError::Overflow)?
            }
            None => total,
        };
        Ok(vec![Fact::new(new.dtype, shape)])
    }

    fn reference(&self, io: &mut Io<'_>) -> Result<(), OpError> {
        let (new, y) = (io.shape(0)?, io.out_shape(0)?);
        let wrong = || OpError::Value(format!("steps {new} do not fit a cache {y}"));
        let (&[batch, heads, steps, size], &[.., len, _]) = (&new[..], &y[..]) else { return Err(wrong()) };
        if !expect_shape(io, 0, &[batch, heads, len, size])? {
            return Ok(());
        }
        let past = io.opt(3);
        let before = past.as_ref().map_or(0, |p| p.shape().get(2).copied().unwrap_or(0));
        if past.as_ref().is_some_and(|p| p.shape()[..] != [batch, heads, before, size]) || before > len {
            return Err(wrong());
        }
        let (starts, counts) = (ints(io, 1)?, if io.opt(4).is_some() { ints(io, 4)? } else { vec![steps as i64; batch] });
        if starts.len() != batch || counts.len() != batch {
            return Err(OpError::Value(format!("expected a place and a number for each of {batch} samples")));
        }
        let (row, x) = (size * io.dtype(0)?.size_bytes(), io.input(0)?);
        let past = past.as_ref().map_or(&[][..], |p| p.bytes());
        let y = io.output(0)?.bytes_mut();
        for (at, y) in y.chunks_exact_mut(len * row).enumerate() {
            let place = |list: &[i64], most: usize| usize::try_from(list[at / heads]).ok().filter(|&n| n <= most).ok_or_else(wrong);
            let (start, count) = (place(&starts, len)?, place(&counts, steps)?);
            let x = x.bytes().get(at * steps * row..).and_then(|x| x.get(..count * row)).ok_or_else(wrong)?;
            let past = past.get(at * before * row..).and_then(|p| p.get(..start.min(before) * row)).ok_or_else(wrong)?;
            let end = start.checked_add(count).filter(|&end| end <= len).ok_or_else(wrong)?;
            y[..past.len()].copy_from_slice(past);
            y[past.len()..start * row].fill(0);
            y[start * row..end * row].copy_from_slice(x);
            y[end * row..].fill(0);
        }
        Ok(())
    }
}
