//! DepthToSpace and SpaceToDepth: blocks of channels to blocks of pixels, and back.

use std::sync::Arc;

use fastserve_ir::{AttrError, Attrs, Dim, DimOp, Fact, Inputs, Io, Op, OpError, OpRef, ShapeError};

use crate::def::OpDef;
use crate::moves::{flat, remap};
use crate::numbers::choice;

/// Channels to pixels.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct DepthToSpace {
    /// Pixels along each axis of a block.
    pub blocksize: usize,
    /// Whether a channel's blocks lie together (CRD), else the blocks' channels (DCR).
    pub crd: bool,
}

/// Pixels to channels.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SpaceToDepth {
    /// Pixels along each axis of a block.
    pub blocksize: usize,
    /// Whether a channel's blocks lie together (CRD), else the blocks' channels (DCR).
    pub crd: bool,
}

pub(crate) const DEFS: &[OpDef] =
    &[OpDef { name: "DepthToSpace", since: 1, build: depth_to_space }, OpDef { name: "SpaceToDepth", since: 1, build: space_to_depth }];

const MODES: [&str; 2] = ["DCR", "CRD"];

fn blocksize(attrs: &Attrs) -> Result<usize, AttrError> {
    let size = attrs.int("blocksize")?.ok_or(AttrError::Missing("blocksize"))?;
    let size = usize::try_from(size).ok().filter(|n| (1..=1 << 16).contains(n));
    size.ok_or_else(|| AttrError::value("blocksize", "expected 1 to 65536"))
}

fn depth_to_space(attrs: &Attrs, _: i64) -> Result<OpRef, AttrError> {
    attrs.only(&["blocksize", "mode"])?;
    Ok(Arc::new(DepthToSpace { blocksize: blocksize(attrs)?, crd: choice(attrs, "mode", &MODES, 0)? == 1 }))
}

fn space_to_depth(attrs: &Attrs, _: i64) -> Result<OpRef, AttrError> {
    attrs.only(&["blocksize", "mode"])?;
    Ok(Arc::new(SpaceToDepth { blocksize: blocksize(attrs)?, crd: choice(attrs, "mode", &MODES, 0)? == 1 }))
}

fn times(dim: &Dim, n: usize) -> Result<Dim, ShapeError> {
    dim.clone().combine(DimOp::Mul, n.into()).ok_or(ShapeError::Overflow)
}

fn over(dim: &Dim, n: usize) -> Result<Dim, ShapeError> {
    match dim.known() {
        Some(d) if !d.is_multiple_of(n) => Err(ShapeError::shape(format!("{d} does not divide into blocks of {n}"))),
        _ => dim.clone().combine(DimOp::Div, n.into()).ok_or(ShapeError::Overflow),
    }
}

impl Op for DepthToSpace {
    fn name(&self) -> &'static str {
        "DepthToSpace"
    }

    fn attrs(&self) -> Attrs {
        Attrs::new().with_int("blocksize", self.blocksize as i64).with_str("mode", MODES[usize::from(self.crd)])
    }

    fn infer(&self, inputs: &Inputs<'_>) -> Result<Vec<Fact>, ShapeError> {
        let (x, b) = (inputs.ranked(0, 4)?, self.blocksize);
        let shape = vec![x.shape[0].clone(), over(&x.shape[1], b * b)?, times(&x.shape[2], b)?, times(&x.shape[3], b)?];
        Ok(vec![Fact::new(x.dtype, shape)])
    }

    fn reference(&self, io: &mut Io<'_>) -> Result<(), OpError> {
        let (from, to, b) = (io.shape(0)?, io.out_shape(0)?, self.blocksize);
        remap(io, 0, 0, |index| {
            let &[n, c, h, w] = index else { return Err(OpError::Value(format!("expected images, got {to}"))) };
            let block = h % b * b + w % b;
            let channel = if self.crd { c * b * b + block } else { block * to[1] + c };
            flat(&from, &[n, channel, h / b, w / b]).map(Some)
        })
    }
}

impl Op for SpaceToDepth {
    fn name(&self) -> &'static str {
        "SpaceToDepth"
    }

    fn attrs(&self) -> Attrs {
        let attrs = Attrs::new().with_int("blocksize", self.blocksize as i64);
        if self.crd { attrs.with_str("mode", MODES[1]) } else { attrs }
    }

    fn infer(&self, inputs: &Inputs<'_>) -> Result<Vec<Fact>, ShapeError> {
        let (x, b) = (inputs.ranked(0, 4)?, self.blocksize);
        let shape = vec![x.shape[0].clone(), times(&x.shape[1], b * b)?, over(&x.shape[2], b)?, over(&x.shape[3], b)?];
        Ok(vec![Fact::new(x.dtype, shape)])
    }

    fn reference(&self, io: &mut Io<'_>) -> Result<(), OpError> {
        let (from, b) = (io.shape(0)?, self.blocksize);
        remap(io, 0, 0, |index| {
            let (&[n, c, h, w], [_, channels, ..]) = (index, from.dims()) else {
                return Err(OpError::Value(format!("expected images, got {from}")));
            };
            let (block, channel) = if self.crd { (c % (b * b), c / (b * b)) } else { (c / channels.max(&1), c % channels.max(&1)) };
            flat(&from, &[n, channel, h * b + block / b, w * b + block % b]).map(Some)
        })
    }
}
