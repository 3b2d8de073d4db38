//! Flatten: two dimensions out of any number.

use std::sync::Arc;

use fastserve_ir::{Attrs, Dim, Fact, Inputs, Io, LowerCx, Lowered, Op, OpError, ShapeError, normalize_axis};

use crate::def::OpDef;
use crate::ops::identity::copy;

/// Extents before `axis` become the first of two, the others the second.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Flatten {
    /// First axis of the second dimension; negative ones count from the end.
    pub axis: i64,
}

pub(crate) const DEFS: &[OpDef] = &[OpDef {
    name: "Flatten",
    since: 1,
    build: |attrs, _| {
        attrs.only(&["axis"])?;
        Ok(Arc::new(Flatten { axis: attrs.int_or("axis", 1)? }))
    },
}];

impl Op for Flatten {
    fn name(&self) -> &'static str {
        "Flatten"
    }

    fn attrs(&self) -> Attrs {
        Attrs::new().with_int("axis", self.axis)
    }

    fn infer(&self, inputs: &Inputs<'_>) -> Result<Vec<Fact>, ShapeError> {
        let x = inputs.req(0)?;
        let rank = x.rank();
        let axis = if self.axis == rank as i64 { rank } else { normalize_axis(self.axis, rank)? };
        let product = |dims: &[Dim]| Dim::product(dims).ok_or(ShapeError::Overflow);
        Ok(vec![Fact::new(x.dtype, vec![product(&x.shape[..axis])?, product(&x.shape[axis..])?])])
    }

    fn reference(&self, io: &mut Io<'_>) -> Result<(), OpError> {
        copy(io)
    }

    fn lower(&self, _: &LowerCx<'_>) -> Lowered {
        Lowered::Alias
    }
}
