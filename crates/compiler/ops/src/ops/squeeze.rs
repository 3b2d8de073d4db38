//! Squeeze and Unsqueeze: axes of extent 1 go or come.

use std::sync::Arc;

use fastserve_ir::{AttrError, Attrs, Dim, Fact, Inputs, Io, LowerCx, Lowered, Op, OpError, OpRef, ShapeError};

use crate::def::OpDef;
use crate::ops::identity::copy;
use crate::shape_ints::{self, distinct_axes};

/// Removes axes of extent 1: those named, or all.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Squeeze {
    /// The axes as an attribute (before opset 13); else they are the second input, and all axes without one.
    pub axes: Option<Vec<i64>>,
}

/// Adds axes of extent 1, at these places of the output.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Unsqueeze {
    /// The axes as an attribute (before opset 13); else they are the second input.
    pub axes: Option<Vec<i64>>,
}

/// The attribute's name before opset 13, and in the text form.
const OLD: &str = "axes";
const INTERNAL: &str = "fs.axes";

pub(crate) const DEFS: &[OpDef] = &[
    OpDef { name: "Squeeze", since: 1, build: |attrs, _| Ok(squeeze(read(attrs, OLD)?)) },
    OpDef { name: "Squeeze", since: 13, build: |attrs, _| Ok(squeeze(read(attrs, INTERNAL)?)) },
    OpDef { name: "Unsqueeze", since: 1, build: |attrs, _| read(attrs, OLD)?.ok_or(AttrError::Missing(OLD)).map(|a| unsqueeze(Some(a))) },
    OpDef { name: "Unsqueeze", since: 13, build: |attrs, _| Ok(unsqueeze(read(attrs, INTERNAL)?)) },
];

fn read(attrs: &Attrs, name: &'static str) -> Result<Option<Vec<i64>>, AttrError> {
    attrs.only(&[name])?;
    attrs.ints(name)
}

fn write(axes: Option<&Vec<i64>>) -> Attrs {
    axes.map_or_else(Attrs::new, |a| Attrs::new().with_ints(INTERNAL, a.clone()))
}

fn squeeze(axes: Option<Vec<i64>>) -> OpRef {
    Arc::new(Squeeze { axes })
}

fn unsqueeze(axes: Option<Vec<i64>>) -> OpRef {
    Arc::new(Unsqueeze { axes })
}

impl Op for Squeeze {
    fn name(&self) -> &'static str {
        "Squeeze"
    }

    fn attrs(&self) -> Attrs {
        write(self.axes.as_ref())
    }

    fn infer(&self, inputs: &Inputs<'_>) -> Result<Vec<Fact>, ShapeError> {
        let x = inputs.req(0)?;
        let shape = match (&self.axes, inputs.opt(1)) {
            (Some(axes), _) => without(&x.shape, axes)?,
            (None, Some(_)) => match shape_ints::now(inputs, 1)? {
                Some(axes) => without(&x.shape, &axes)?,
                None => shape_ints::unknown(x.rank().saturating_sub(shape_ints::len(inputs, 1)?))?,
            },
            // The output's rank must be known now: a symbol counts as an extent other than 1.
            (None, None) => x.shape.iter().filter(|d| d.known() != Some(1)).cloned().collect(),
        };
        let ints = shape_ints::handed_on(x, shape.len());
        Ok(vec![Fact::new(x.dtype, shape).with_ints(ints)])
    }

    fn reference(&self, io: &mut Io<'_>) -> Result<(), OpError> {
        copy(io)
    }

    fn lower(&self, _: &LowerCx<'_>) -> Lowered {
        Lowered::Alias
    }
}

fn without(shape: &[Dim], axes: &[i64]) -> Result<Vec<Dim>, ShapeError> {
    let axes = distinct_axes(axes, shape.len())?;
    // A symbolic extent is taken to be 1; the session checks that the bytes agree.
    if let Some(axis) = axes.iter().find(|&&a| shape[a].known().is_some_and(|n| n != 1)) {
        return Err(ShapeError::shape(format!("axis {axis} is not 1, but {:?}", shape[*axis])));
    }
    Ok((0..shape.len()).filter(|i| !axes.contains(i)).map(|i| shape[i].clone()).collect())
}

impl Op for Unsqueeze {
    fn name(&self) -> &'static str {
        "Unsqueeze"
    }

    fn attrs(&self) -> Attrs {
        write(self.axes.as_ref())
    }

    fn infer(&self, inputs: &Inputs<'_>) -> Result<Vec<Fact>, ShapeError> {
        let x = inputs.req(0)?;
        let axes = match &self.axes {
            Some(axes) => axes.clone(),
            None => match shape_ints::now(inputs, 1)? {
                Some(axes) => axes,
                None => {
                    let shape = shape_ints::unknown(x.rank().saturating_add(shape_ints::len(inputs, 1)?))?;
                    return Ok(vec![Fact::new(x.dtype, shape)]);
                }
            },
        };
        let rank = shape_ints::check_rank(x.rank().saturating_add(axes.len()))?;
        let new = distinct_axes(&axes, rank)?;
        let mut old = x.shape.iter().cloned();
        let extent = |i| if new.contains(&i) { Some(Dim::Known(1)) } else { old.next() };
        let shape = (0..rank).filter_map(extent).collect();
        let ints = shape_ints::handed_on(x, rank);
        Ok(vec![Fact::new(x.dtype, shape).with_ints(ints)])
    }

    fn reference(&self, io: &mut Io<'_>) -> Result<(), OpError> {
        copy(io)
    }

    fn lower(&self, _: &LowerCx<'_>) -> Lowered {
        Lowered::Alias
    }
}
