//! Constant: a tensor as an attribute.

use std::sync::Arc;

use fastserve_ir::{AttrError, Attrs, Fact, Inputs, Io, Op, OpError, OpRef, ShapeError};
use fastserve_tensor::{Tensor, TensorError};

use crate::def::OpDef;

/// A constant.
#[derive(Clone, Debug, PartialEq)]
pub struct Constant(pub Tensor);

pub(crate) const DEFS: &[OpDef] = &[OpDef { name: "Constant", since: 1, build }];

fn build(attrs: &Attrs, _: i64) -> Result<OpRef, AttrError> {
    attrs.only(&["value", "value_float", "value_floats", "value_int", "value_ints"])?;
    let failed = |e: TensorError| AttrError::value("value", e.to_string());
    let value = if let Some(t) = attrs.tensor("value")? {
        t
    } else if let Some(v) = attrs.float("value_float")? {
        Tensor::scalar(v).map_err(failed)?
    } else if let Some(v) = attrs.floats("value_floats")? {
        Tensor::from_slice(&[v.len()], &v).map_err(failed)?
    } else if let Some(v) = attrs.int("value_int")? {
        Tensor::scalar(v).map_err(failed)?
    } else if let Some(v) = attrs.ints("value_ints")? {
        Tensor::from_slice(&[v.len()], &v).map_err(failed)?
    } else {
        return Err(AttrError::Missing("value"));
    };
    Ok(Arc::new(Constant(value)))
}

impl Op for Constant {
    fn name(&self) -> &'static str {
        "Constant"
    }

    fn attrs(&self) -> Attrs {
        Attrs::new().with_tensor("value", self.0.clone())
    }

    fn infer(&self, _: &Inputs<'_>) -> Result<Vec<Fact>, ShapeError> {
        Ok(vec![Fact::constant(self.0.clone())])
    }

    fn reference(&self, io: &mut Io<'_>) -> Result<(), OpError> {
        let y = io.output(0)?.bytes_mut();
        if y.len() != self.0.bytes().len() {
            return Err(OpError::Value(format!("expected {} bytes, got {}", y.len(), self.0.bytes().len())));
        }
        y.copy_from_slice(self.0.bytes());
        Ok(())
    }

    fn is_linear(&self) -> bool {
        true
    }
}
