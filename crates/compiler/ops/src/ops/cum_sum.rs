//! CumSum and CumProd: sums and products of all elements up to each.

use std::sync::Arc;

use fastserve_ir::{AttrError, Attrs, Fact, Inputs, Io, Op, OpError, OpRef, ShapeError, normalize_axis};
use fastserve_tensor::Element;

use crate::def::OpDef;
use crate::elements::{Float, Int, NumericBody, count, require_number};
use crate::moves::ints;

/// Running sums or products along the axis that the second input names.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Cumulative {
    /// Whether elements are multiplied, else added.
    pub product: bool,
    /// Whether an element's own value is left out.
    pub exclusive: bool,
    /// Whether the sums run from the end.
    pub reverse: bool,
}

pub(crate) const DEFS: &[OpDef] = &[
    OpDef { name: "CumProd", since: 26, build: |attrs, _| build(attrs, true) },
    OpDef { name: "CumSum", since: 11, build: |attrs, _| build(attrs, false) },
];

fn build(attrs: &Attrs, product: bool) -> Result<OpRef, AttrError> {
    attrs.only(&["exclusive", "reverse"])?;
    Ok(Arc::new(Cumulative { product, exclusive: attrs.flag("exclusive", false)?, reverse: attrs.flag("reverse", false)? }))
}

impl Op for Cumulative {
    fn name(&self) -> &'static str {
        if self.product { "CumProd" } else { "CumSum" }
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
    op: Cumulative,
    io: &'b mut Io<'a>,
}

impl Body<'_, '_> {
    fn each<T: Element, A: Copy>(&mut self, start: A, join: impl Fn(A, T) -> A, end: impl Fn(A) -> T) -> Result<(), OpError> {
        let (x, shape) = (self.io.slice::<T>(0)?, self.io.shape(0)?);
        let axis = ints(self.io, 1)?.first().copied().ok_or_else(|| OpError::Value("input 1 is empty".into()))?;
        let axis = normalize_axis(axis, shape.rank())?;
        let (len, inner) = (shape[axis], count(&shape[axis + 1..]));
        let y = self.io.out_slice::<T>(0)?;
        if y.len() != x.len() {
            return Err(OpError::Value(format!("{shape} has no {} results", y.len())));
        }
        for line in 0..x.len().checked_div(len).unwrap_or(0) {
            let mut so_far = start;
            for k in 0..len {
                let k = if self.op.reverse { len - 1 - k } else { k };
                let at = (line / inner * len + k) * inner + line % inner;
                let with = join(so_far, x[at]);
                y[at] = end(if self.op.exclusive { so_far } else { with });
                so_far = with;
            }
        }
        Ok(())
    }
}

impl NumericBody for Body<'_, '_> {
    fn float<T: Float>(&mut self) -> Result<(), OpError> {
        match self.op.product {
            true => self.each::<T, f64>(1.0, |a, b| a * b.to_f64(), T::from_f64),
            false => self.each::<T, f64>(0.0, |a, b| a + b.to_f64(), T::from_f64),
        }
    }

    fn int<T: Int>(&mut self) -> Result<(), OpError> {
        match self.op.product {
            true => self.each::<T, i128>(1, |a, b| a.wrapping_mul(b.to_i128()), T::wrap),
            false => self.each::<T, i128>(0, |a, b| a.wrapping_add(b.to_i128()), T::wrap),
        }
    }
}
