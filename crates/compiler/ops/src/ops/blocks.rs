//! fs.ToBlocks and fs.FromBlocks: a value's channels in blocks of 16, and back in rows.

use std::sync::Arc;

use fastserve_ir::blocks::{from_blocks, to_blocks};
use fastserve_ir::{Attrs, Fact, Inputs, Io, Layout, LowerCx, Lowered, Op, OpError, ShapeError};
use fastserve_tensor::DType;

use crate::def::OpDef;

/// A row-major value `[N, C, …]` as [`Layout::Channels16`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ToBlocks;

/// A value of [`Layout::Channels16`] in rows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct FromBlocks;

pub(crate) const DEFS: &[OpDef] = &[
    OpDef { name: "fs.ToBlocks", since: 1, build: |attrs, _| attrs.only(&[]).map(|()| Arc::new(ToBlocks) as _) },
    OpDef { name: "fs.FromBlocks", since: 1, build: |attrs, _| attrs.only(&[]).map(|()| Arc::new(FromBlocks) as _) },
];

fn infer(inputs: &Inputs<'_>, from: Layout, to: Layout) -> Result<Vec<Fact>, ShapeError> {
    let x = inputs.same_dtype(0, DType::F32)?;
    if x.layout != from || x.rank() < 3 {
        return Err(ShapeError::shape("input 0 does not lie as the operator reads it, or has no spatial axes"));
    }
    Ok(vec![Fact::new(DType::F32, x.shape.clone()).with_layout(to)])
}

impl Op for ToBlocks {
    fn name(&self) -> &'static str {
        "fs.ToBlocks"
    }

    fn attrs(&self) -> Attrs {
        Attrs::new()
    }

    fn infer(&self, inputs: &Inputs<'_>) -> Result<Vec<Fact>, ShapeError> {
        infer(inputs, Layout::RowMajor, Layout::Channels16)
    }

    fn reference(&self, io: &mut Io<'_>) -> Result<(), OpError> {
        let (shape, x) = (io.shape(0)?, io.slice::<f32>(0)?);
        let y = io.out_slice::<f32>(0)?;
        if Layout::Channels16.storage_numel(&shape) != Some(y.len()) {
            return Err(OpError::Value(format!("{shape} does not fill {} elements of blocks", y.len())));
        }
        to_blocks(&shape, x, y);
        Ok(())
    }

    fn knows_blocks(&self) -> bool {
        true
    }

    fn lower(&self, _: &LowerCx<'_>) -> Lowered {
        Lowered::ToBlocks
    }
}

impl Op for FromBlocks {
    fn name(&self) -> &'static str {
        "fs.FromBlocks"
    }

    fn attrs(&self) -> Attrs {
        Attrs::new()
    }

    fn infer(&self, inputs: &Inputs<'_>) -> Result<Vec<Fact>, ShapeError> {
        infer(inputs, Layout::Channels16, Layout::RowMajor)
    }

    fn reference(&self, io: &mut Io<'_>) -> Result<(), OpError> {
        let (shape, x) = (io.out_shape(0)?, io.slice::<f32>(0)?);
        if Layout::Channels16.storage_numel(&shape) != Some(x.len()) {
            return Err(OpError::Value(format!("{} elements of blocks do not fill {shape}", x.len())));
        }
        from_blocks(&shape, x, io.out_slice::<f32>(0)?);
        Ok(())
    }

    fn knows_blocks(&self) -> bool {
        true
    }

    fn lower(&self, _: &LowerCx<'_>) -> Lowered {
        Lowered::FromBlocks
    }
}
