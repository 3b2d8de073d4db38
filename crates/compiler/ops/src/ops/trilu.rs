//! Trilu: the upper or lower triangle of matrices.

use std::sync::Arc;

use fastserve_ir::{AttrError, Attrs, Fact, Inputs, Io, Op, OpError, OpRef, ShapeError};

use crate::def::OpDef;
use crate::moves::{flat, ints, remap};

/// Zeros beyond a diagonal, which the second input may move.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Trilu {
    /// Whether the upper triangle stays, else the lower one.
    pub upper: bool,
}

pub(crate) const DEFS: &[OpDef] = &[OpDef { name: "Trilu", since: 14, build }];

fn build(attrs: &Attrs, _: i64) -> Result<OpRef, AttrError> {
    attrs.only(&["upper"])?;
    Ok(Arc::new(Trilu { upper: attrs.flag("upper", true)? }))
}

impl Op for Trilu {
    fn name(&self) -> &'static str {
        "Trilu"
    }

    fn attrs(&self) -> Attrs {
        Attrs::new().with_int("upper", self.upper)
    }

    fn infer(&self, inputs: &Inputs<'_>) -> Result<Vec<Fact>, ShapeError> {
        let x = inputs.req(0)?;
        if x.rank() < 2 {
            return Err(ShapeError::shape(format!("expected matrices, got rank {}", x.rank())));
        }
        Ok(vec![Fact::new(x.dtype, x.shape.clone())])
    }

    fn reference(&self, io: &mut Io<'_>) -> Result<(), OpError> {
        let k = if io.opt(1).is_some() { ints(io, 1)?.first().copied().unwrap_or(0) } else { 0 };
        let (shape, upper) = (io.shape(0)?, self.upper);
        remap(io, 0, 0, |index| {
            let [.., row, col] = index else { return Err(OpError::Value(format!("expected matrices, got {shape}"))) };
            let distance = *col as i128 - *row as i128;
            let stays = if upper { distance >= k.into() } else { distance <= k.into() };
            Ok(if stays { Some(flat(&shape, index)?) } else { None })
        })
    }

    fn is_linear(&self) -> bool {
        true
    }
}
