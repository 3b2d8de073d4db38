//! Dropout at inference: the output is the input.

use std::sync::Arc;

use fastserve_ir::{AttrError, Attrs, Fact, Inputs, Io, LowerCx, Lowered, Op, OpError, OpRef, ShapeError};

use crate::def::OpDef;
use crate::ops::identity::copy;

/// Dropout. Its ratio is of no use at inference; `training_mode` must be false and constant.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Dropout;

pub(crate) const DEFS: &[OpDef] = &[OpDef { name: "Dropout", since: 7, build }];

fn build(attrs: &Attrs, _: i64) -> Result<OpRef, AttrError> {
    attrs.only(&["ratio", "seed"])?;
    Ok(Arc::new(Dropout))
}

impl Op for Dropout {
    fn name(&self) -> &'static str {
        "Dropout"
    }

    fn attrs(&self) -> Attrs {
        Attrs::new()
    }

    fn infer(&self, inputs: &Inputs<'_>) -> Result<Vec<Fact>, ShapeError> {
        let x = inputs.req(0)?;
        if let Some(training) = inputs.opt(2) {
            let off = training.value.as_ref().is_some_and(|t| t.bytes().iter().all(|&b| b == 0));
            if !off {
                return Err(ShapeError::Unsupported("training_mode is not supported: export the model for inference".into()));
            }
        }
        Ok(vec![Fact { value: None, ..x.clone() }])
    }

    fn reference(&self, io: &mut Io<'_>) -> Result<(), OpError> {
        copy(io)
    }

    fn lower(&self, _: &LowerCx<'_>) -> Lowered {
        Lowered::Alias
    }
}
