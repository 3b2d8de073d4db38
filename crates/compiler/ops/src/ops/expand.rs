//! Expand and Tile: elements repeated.

use std::sync::Arc;

use fastserve_ir::{AttrError, Attrs, Dim, DimOp, Fact, Inputs, Io, LowerCx, Lowered, Movement, Op, OpError, OpRef, ShapeError};

use crate::broadcast::{broadcast, broadcast_strides, fits};
use crate::def::OpDef;
use crate::moves::{flat, remap};
use crate::numbers::numbers_of;
use crate::shape_ints::{self, Int};

/// Broadcasts to the extents of the second input; an extent of 1 there keeps the input's.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Expand;

/// Each axis repeated as often as the second input says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Tile {
    /// Whether only the axis is repeated that the third input says (before opset 6).
    pub one_axis: bool,
}

pub(crate) const DEFS: &[OpDef] = &[
    OpDef { name: "Expand", since: 8, build: |attrs, _| plain(attrs, Arc::new(Expand)) },
    OpDef { name: "Tile", since: 1, build: |attrs, _| tile(attrs, true) },
    OpDef { name: "Tile", since: 6, build: |attrs, _| tile(attrs, false) },
];

fn tile(attrs: &Attrs, one_axis: bool) -> Result<OpRef, AttrError> {
    attrs.only(&["fs.one_axis"])?;
    Ok(Arc::new(Tile { one_axis: attrs.flag("fs.one_axis", one_axis)? }))
}

fn plain(attrs: &Attrs, op: OpRef) -> Result<OpRef, AttrError> {
    attrs.only(&[]).map(|()| op)
}

impl Op for Expand {
    fn name(&self) -> &'static str {
        "Expand"
    }

    fn attrs(&self) -> Attrs {
        Attrs::new()
    }

    fn infer(&self, inputs: &Inputs<'_>) -> Result<Vec<Fact>, ShapeError> {
        let x = inputs.req(0)?;
        let wanted = shape_ints::extents(inputs, 1).or_else(|why| {
            let rank = inputs.ranked(1, 1)?.shape[0].known().filter(|_| matches!(why, ShapeError::DataDependent(_)));
            Ok(vec![Dim::New; shape_ints::check_rank(rank.ok_or(why)?)?])
        });
        let shape = broadcast(&x.shape, &wanted?)?;
        let ints = if x.shape == shape { shape_ints::handed_on(x, shape.len()) } else { repeated(x, &shape) };
        Ok(vec![Fact::new(x.dtype, shape_ints::ranked(shape)?).with_ints(ints)])
    }

    fn reference(&self, io: &mut Io<'_>) -> Result<(), OpError> {
        let (from, to) = (io.shape(0)?, io.out_shape(0)?);
        if !fits(&from, &to) {
            return Err(OpError::Value(format!("cannot broadcast {from} to {to}")));
        }
        let strides = broadcast_strides(&from, &to);
        remap(io, 0, 0, |index| Ok(Some(index.iter().zip(strides).map(|(i, s)| i * s).sum())))
    }

    fn lower(&self, cx: &LowerCx<'_>) -> Lowered {
        if same_extents(cx) { Lowered::Alias } else { Lowered::Move(Movement::Expand) }
    }
}

/// Whether the output has the input's elements: its extents, but for ones in front.
fn same_extents(cx: &LowerCx<'_>) -> bool {
    let stripped = |shape: &[Dim]| shape.iter().skip_while(|d| d.known() == Some(1)).cloned().collect::<Vec<_>>();
    cx.inputs.req(0).is_ok_and(|x| cx.outputs.first().is_some_and(|y| stripped(&x.shape) == stripped(&y.shape)))
}

/// One element of shape arithmetic, repeated.
fn repeated(x: &Fact, shape: &[Dim]) -> Option<Vec<Dim>> {
    let [len] = shape else { return None };
    let [one] = &shape_ints::handed_on(x, x.rank())?[..] else { return None };
    let len = len.known().filter(|&n| n <= fastserve_tensor::MAX_RANK)?;
    Some(vec![one.clone(); len])
}

impl Op for Tile {
    fn name(&self) -> &'static str {
        "Tile"
    }

    fn attrs(&self) -> Attrs {
        if self.one_axis { Attrs::new().with_int("fs.one_axis", 1) } else { Attrs::new() }
    }

    fn infer(&self, inputs: &Inputs<'_>) -> Result<Vec<Fact>, ShapeError> {
        let x = inputs.req(0)?;
        if self.one_axis {
            return Ok(vec![Fact::new(x.dtype, along(inputs, x)?)]);
        }
        let times = match shape_ints::signed(inputs, 1) {
            Err(ShapeError::DataDependent(_)) => vec![Int::Dim(Dim::New); x.rank()],
            times => times?,
        };
        if times.len() != x.rank() {
            return Err(ShapeError::shape(format!("{} repeats for {} axes", times.len(), x.rank())));
        }
        let shape: Result<Vec<Dim>, ShapeError> = x.shape.iter().zip(times).map(|(d, t)| tiled(d, t)).collect();
        Ok(vec![Fact::new(x.dtype, shape?)])
    }

    fn reference(&self, io: &mut Io<'_>) -> Result<(), OpError> {
        let from = io.shape(0)?;
        let mut at = [0; fastserve_tensor::MAX_RANK];
        remap(io, 0, 0, |index| {
            if index.len() != from.rank() || from.contains(&0) {
                return Err(OpError::Value(format!("{from} cannot be tiled to rank {}", index.len())));
            }
            index.iter().enumerate().for_each(|(axis, i)| at[axis] = i % from[axis]);
            flat(&from, &at[..index.len()]).map(Some)
        })
    }

    fn lower(&self, cx: &LowerCx<'_>) -> Lowered {
        if same_extents(cx) { Lowered::Alias } else { Lowered::Move(Movement::Tile) }
    }
}

/// The extents where floats say how often which axis is repeated.
fn along(inputs: &Inputs<'_>, x: &Fact) -> Result<Vec<Dim>, ShapeError> {
    let number = |i| -> Result<Option<i64>, ShapeError> {
        let Some(value) = &inputs.req(i)?.value else { return Ok(None) };
        let list = value.view().ok().filter(|v| v.shape().numel() == 1).and_then(|v| numbers_of(&v).ok());
        let one = list.and_then(|l| l.first().copied()).filter(|n| n.fract() == 0.0 && n.abs() < 1e15);
        one.map(|n| Some(n as i64)).ok_or_else(|| ShapeError::shape(format!("input {i}: expected one whole number")))
    };
    let (Some(times), Some(axis)) = (number(1)?, number(2)?) else { return Ok(vec![Dim::New; x.rank()]) };
    let (mut shape, axis) = (x.shape.clone(), fastserve_ir::normalize_axis(axis, x.rank())?);
    shape[axis] = tiled(&shape[axis], Int::Known(times))?;
    Ok(shape)
}

fn tiled(dim: &Dim, times: Int) -> Result<Dim, ShapeError> {
    let times = match times {
        Int::Known(n) => Dim::Known(usize::try_from(n).map_err(|_| ShapeError::shape(format!("{n} repeats")))?),
        Int::Dim(d) => d,
    };
    dim.clone().combine(DimOp::Mul, times).ok_or(ShapeError::Overflow)
}
