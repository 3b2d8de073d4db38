//! Size: the number of elements.

use std::sync::Arc;

use fastserve_ir::{Attrs, Dim, Fact, Inputs, Io, Op, OpError, OpRef, ShapeError};
use fastserve_tensor::DType;

use crate::def::OpDef;

/// The number of elements, as a scalar.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Size;

pub(crate) const DEFS: &[OpDef] = &[OpDef { name: "Size", since: 1, build: |attrs, _| attrs.only(&[]).map(|()| Arc::new(Size) as OpRef) }];

impl Op for Size {
    fn name(&self) -> &'static str {
        "Size"
    }

    fn attrs(&self) -> Attrs {
        Attrs::new()
    }

    fn infer(&self, inputs: &Inputs<'_>) -> Result<Vec<Fact>, ShapeError> {
        let count = Dim::product(&inputs.req(0)?.shape);
        Ok(vec![Fact::new(DType::I64, Vec::new()).with_ints(count.map(|c| vec![c]))])
    }

    fn reference(&self, io: &mut Io<'_>) -> Result<(), OpError> {
        let count = io.shape(0)?.checked_numel().and_then(|n| i64::try_from(n).ok());
        io.out_slice::<i64>(0)?.fill(count.ok_or(ShapeError::Overflow)?);
        Ok(())
    }

    fn is_linear(&self) -> bool {
        true
    }
}
