//! CastLike and BitCast: elements as the type of another tensor, and bits as elements of another type.

use std::sync::Arc;

use fastserve_ir::{AttrError, Attrs, Fact, Inputs, Io, LowerCx, Lowered, Op, OpError, OpRef, ShapeError};
use fastserve_tensor::DType;

use crate::def::OpDef;
use crate::ops::cast::{Cast, onnx_number, onnx_type};

/// The first input's elements as the second one's type.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct CastLike;

/// The same bytes as elements of another type of the same width.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct BitCast {
    /// The type.
    pub to: DType,
}

pub(crate) const DEFS: &[OpDef] =
    &[OpDef { name: "BitCast", since: 26, build: bit_cast }, OpDef { name: "CastLike", since: 15, build: cast_like }];

fn bit_cast(attrs: &Attrs, _: i64) -> Result<OpRef, AttrError> {
    attrs.only(&["to"])?;
    let number = attrs.int("to")?.ok_or(AttrError::Missing("to"))?;
    Ok(Arc::new(BitCast { to: onnx_type("to", number)? }))
}

fn cast_like(attrs: &Attrs, _: i64) -> Result<OpRef, AttrError> {
    // As in Cast, both are about 8-bit floats.
    attrs.only(&["saturate", "round_mode"])?;
    Ok(Arc::new(CastLike))
}

impl Op for CastLike {
    fn name(&self) -> &'static str {
        "CastLike"
    }

    fn attrs(&self) -> Attrs {
        Attrs::new()
    }

    fn infer(&self, inputs: &Inputs<'_>) -> Result<Vec<Fact>, ShapeError> {
        Cast { to: inputs.req(1)?.dtype }.infer(inputs)
    }

    fn reference(&self, io: &mut Io<'_>) -> Result<(), OpError> {
        Cast { to: io.output(0)?.dtype() }.reference(io)
    }

    fn is_linear(&self) -> bool {
        true
    }

    fn lower(&self, cx: &LowerCx<'_>) -> Lowered {
        match cx.inputs.req(1) {
            Ok(like) => Cast { to: like.dtype }.lower(cx),
            Err(_) => Lowered::Reference,
        }
    }
}

impl Op for BitCast {
    fn name(&self) -> &'static str {
        "BitCast"
    }

    fn attrs(&self) -> Attrs {
        Attrs::new().with_int("to", onnx_number(self.to))
    }

    fn infer(&self, inputs: &Inputs<'_>) -> Result<Vec<Fact>, ShapeError> {
        let x = inputs.req(0)?;
        if x.dtype.size_bytes() != self.to.size_bytes() || self.to == DType::Bool && x.dtype != DType::Bool {
            return Err(ShapeError::DType { index: 0, expected: format!("elements as wide as {}", self.to), got: x.dtype });
        }
        Ok(vec![Fact::new(self.to, x.shape.clone())])
    }

    fn reference(&self, io: &mut Io<'_>) -> Result<(), OpError> {
        let x = io.input(0)?;
        io.output(0)?.bytes_mut().iter_mut().zip(x.bytes()).for_each(|(y, x)| *y = *x);
        Ok(())
    }

    fn is_linear(&self) -> bool {
        true
    }
}
