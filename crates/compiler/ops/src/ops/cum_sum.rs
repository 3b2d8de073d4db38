//! CumSum: sums of all elements up to each.

use std::sync::Arc;

use fastserve_ir::{AttrError, Attrs, Fact, Inputs, Io, Op, OpError, OpRef, ShapeError, normalize_axis};
use fastserve_tensor::Element;

use crate::def::OpDef;
use crate::elements::{Float, Int, NumericBody, count, require_number};
use crate::moves::ints;

/// Running sums along the axis that the second input names.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct CumSum {
    /// Whether an element's own value is left out.
    pub exclusive: bool,
    /// Whether the sums run from the end.
    pub reverse: bool,
}

pub(crate) const DEFS: &[OpDef] = &[OpDef { name: "CumSum", since: 11, build }];

fn build(attrs: &Attrs, _: i64) -> Result<OpRef, AttrError> {
    attrs.only(&["exclusive", "reverse"])?;
    Ok(Arc::new(CumSum { exclusive: attrs.flag("exclusive", false)?, reverse: attrs.flag("reverse", false)? }))
}

impl Op for CumSum {
    fn name(&self) -> &'static str {
        "CumSum"
    }

    fn attrs(&self) -> Attrs {
        let flags = [("exclusive", self.exclusive), ("reverse", self.reverse)];
        flags.into_iter().filter(|(_, on)| *on).fold(Attrs::new(), |attrs, (name, _)| attrs.with_int(name, 1))
    }

    fn infer(&self, inputs: &Inputs<'_>) -> Result<Vec<Fact>, ShapeError> {
        let x = require_number(inputs, 0)?;
        inputs.req(1)?;
        Ok(vec![Fact::new(x.dtype, x.shape.clone())])
    }

    fn reference(&self, io: &mut Io<'_>) -> Result<(), OpError> {
        let dtype = io.dtype(0)?;
        Body { op: *self, io }.run(dtype)
    }
}

struct Body<'b, 'a> {
    op: CumSum,
    io: &'b mut Io<'a>,
}

impl Body<'_, '_> {
    fn sums<T: Element, A: Copy>(&mut self, zero: A, add: impl Fn(A, T) -> A, end: impl Fn(A) -> T) -> Result<(), OpError> {
        let (x, shape) = (self.io.slice::<T>(0)?, self.io.shape(0)?);
        let axis = ints(self.io, 1)?.first().copied().ok_or_else(|| OpError::Value("input 1 is empty".into()))?;
        let axis = normalize_axis(axis, shape.rank())?;
        let (len, inner) = (shape[axis], count(&shape[axis + 1..]));
        let y = self.io.out_slice::<T>(0)?;
        if y.len() != x.len() {
            return Err(OpError::Value(format!("{shape} has no {} sums", y.len())));
        }
        for line in 0..x.len().checked_div(len).unwrap_or(0) {
            let mut sum = zero;
            for k in 0..len {
                let k = if self.op.reverse { len - 1 - k } else { k };
                let at = (line / inner * len + k) * inner + line % inner;
                let with = add(sum, x[at]);
                y[at] = end(if self.op.exclusive { sum } else { with });
                sum = with;
            }
        }
        Ok(())
    }
}

impl NumericBody for Body<'_, '_> {
    fn float<T: Float>(&mut self) -> Result<(), OpError> {
        self.sums::<T, f64>(0.0, |a, b| a + b.to_f64(), T::from_f64)
    }

    fn int<T: Int>(&mut self) -> Result<(), OpError> {
        self.sums::<T, i128>(0, |a, b| a.wrapping_add(b.to_i128()), T::wrap)
    }
}
