//! Identity: the output is the input.

use std::sync::Arc;

use fastserve_ir::{Attrs, Fact, Inputs, Io, LowerCx, Lowered, Op, OpError, ShapeError};

use crate::def::OpDef;

/// The output is the input.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Identity;

pub(crate) const DEFS: &[OpDef] = &[OpDef {
    name: "Identity",
    since: 1,
    build: |attrs, _| {
        attrs.only(&[])?;
        Ok(Arc::new(Identity))
    },
}];

impl Op for Identity {
    fn name(&self) -> &'static str {
        "Identity"
    }

    fn attrs(&self) -> Attrs {
        Attrs::new()
    }

    fn infer(&self, inputs: &Inputs<'_>) -> Result<Vec<Fact>, ShapeError> {
        let x = inputs.req(0)?;
        let fact = Fact { value: None, ..x.clone() };
        Ok(vec![fact])
    }

    fn reference(&self, io: &mut Io<'_>) -> Result<(), OpError> {
        copy(io)
    }

    fn lower(&self, _: &LowerCx<'_>) -> Lowered {
        Lowered::Alias
    }
}

/// Copies the bytes of the first input to the first output: the body of every operator that only renames extents.
pub(crate) fn copy(io: &mut Io<'_>) -> Result<(), OpError> {
    let x = io.input(0)?.bytes();
    let y = io.output(0)?.bytes_mut();
    if x.len() != y.len() {
        return Err(OpError::Value(format!("expected {} bytes, got {}", y.len(), x.len())));
    }
    y.copy_from_slice(x);
    Ok(())
}
