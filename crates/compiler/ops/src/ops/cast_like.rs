//! CastLike and BitCast: elements as the type of another tensor, and bits as elements of another type.

use std::sync::Arc;

use fastserve_ir::{AttrError, Attrs, Fact, Inputs, Io, LowerCx, Lowered, Op, OpError, OpRef, ShapeError};
use fastserve_tensor::{DType, Rounding};

use crate::def::OpDef;
use crate::ops::cast::{Cast, onnx_number, onnx_type, rounding, with_rounding};

/// The first input's elements as the second one's type.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct CastLike {
    /// How numbers become floats of 8 bits and powers of two.
    pub rounding: Rounding,
}

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
    attrs.only(&["saturate", "round_mode"])?;
    Ok(Arc::new(CastLike { rounding: rounding(attrs)? }))
}

impl CastLike {
    fn cast(&self, to: DType) -> Cast {
        Cast::new(to).rounded(self.rounding)
    }
}

impl Op for CastLike {
    fn name(&self) -> &'static str {
        "CastLike"
    }

    fn attrs(&self) -> Attrs {
        with_rounding(Attrs::new(), self.rounding)
    }

    fn infer(&self, inputs: &Inputs<'_>) -> Result<Vec<Fact>, ShapeError> {
        self.cast(inputs.req(1)?.dtype).infer(inputs)
    }

    fn reference(&self, io: &mut Io<'_>) -> Result<(), OpError> {
        let to = io.output(0)?.dtype();
        self.cast(to).reference(io)
    }

    fn is_linear(&self) -> bool {
        true
    }

    fn lower(&self, cx: &LowerCx<'_>) -> Lowered {
        match cx.inputs.req(1) {
            Ok(like) => self.cast(like.dtype).lower(cx),
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
        if x.dtype.bits() != self.to.bits() || self.to == DType::Bool && x.dtype != DType::Bool {
            return Err(ShapeError::DType { index: 0, expected: format!("elements as wide as {}", self.to), got: x.dtype });
        }
        Ok(vec![Fact::new(self.to, x.shape.clone())])
    }

    fn reference(&self, io: &mut Io<'_>) -> Result<(), OpError> {
        let x = io.input(0)?;
        let y = io.output(0)?;
        let narrow = y.dtype().narrow();
        let as_kept = |code: u8| narrow.map_or(code, |n| n.canonical(code));
        y.bytes_mut().iter_mut().zip(x.bytes()).for_each(|(y, x)| *y = as_kept(*x));
        Ok(())
    }

    fn is_linear(&self) -> bool {
        true
    }
}
