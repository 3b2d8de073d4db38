//! ArgMax and ArgMin: where along an axis the extreme lies.

use std::sync::Arc;

use fastserve_ir::{AttrError, Attrs, Dim, Fact, Inputs, Io, Op, OpError, OpRef, ShapeError, normalize_axis};
use fastserve_tensor::{DType, Element};

use crate::def::OpDef;
use crate::elements::{Float, Int, NumericBody, require_number};

/// The index of the extreme along an axis; a NaN is never more than a number.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ArgExtreme {
    /// The largest, else the smallest.
    pub max: bool,
    /// The axis; negative ones count from the end.
    pub axis: i64,
    /// Whether the axis stays, with extent 1.
    pub keepdims: bool,
    /// The last of several, else the first.
    pub last: bool,
}

pub(crate) const DEFS: &[OpDef] = &[
    OpDef { name: "ArgMax", since: 1, build: |attrs, _| build(attrs, true) },
    OpDef { name: "ArgMin", since: 1, build: |attrs, _| build(attrs, false) },
];

fn build(attrs: &Attrs, max: bool) -> Result<OpRef, AttrError> {
    attrs.only(&["axis", "keepdims", "select_last_index"])?;
    let (axis, keepdims) = (attrs.int_or("axis", 0)?, attrs.flag("keepdims", true)?);
    Ok(Arc::new(ArgExtreme { max, axis, keepdims, last: attrs.flag("select_last_index", false)? }))
}

impl Op for ArgExtreme {
    fn name(&self) -> &'static str {
        if self.max { "ArgMax" } else { "ArgMin" }
    }

    fn attrs(&self) -> Attrs {
        let attrs = Attrs::new().with_int("axis", self.axis).with_int("keepdims", self.keepdims);
        if self.last { attrs.with_int("select_last_index", 1) } else { attrs }
    }

    fn infer(&self, inputs: &Inputs<'_>) -> Result<Vec<Fact>, ShapeError> {
        let x = require_number(inputs, 0)?;
        let axis = normalize_axis(self.axis, x.rank())?;
        let mut shape = x.shape.clone();
        if self.keepdims {
            shape[axis] = Dim::Known(1);
        } else {
            shape.remove(axis);
        }
        Ok(vec![Fact::new(DType::I64, shape)])
    }

    fn reference(&self, io: &mut Io<'_>) -> Result<(), OpError> {
        let dtype = io.dtype(0)?;
        Body { op: *self, io }.run(dtype)
    }
}

struct Body<'b, 'a> {
    op: ArgExtreme,
    io: &'b mut Io<'a>,
}

impl Body<'_, '_> {
    fn search<T: Element>(&mut self, less: impl Fn(T, T) -> bool) -> Result<(), OpError> {
        let (x, shape) = (self.io.slice::<T>(0)?, self.io.shape(0)?);
        let axis = normalize_axis(self.op.axis, shape.rank())?;
        let (len, inner) = (shape[axis], crate::elements::count(&shape[axis + 1..]));
        let y = self.io.out_slice::<i64>(0)?;
        if len == 0 || y.len().checked_mul(len) != Some(x.len()) {
            return Err(OpError::Value(format!("{shape} has no extremes for {} outputs", y.len())));
        }
        for (i, y) in y.iter_mut().enumerate() {
            let at = |k: usize| x[(i / inner * len + k) * inner + i % inner];
            let beats = |k: usize, best: usize| if self.op.max { less(at(best), at(k)) } else { less(at(k), at(best)) };
            let ties = |k: usize, best: usize| self.op.last && !less(at(k), at(best)) && !less(at(best), at(k));
            *y = (1..len).fold(0, |best, k| if beats(k, best) || ties(k, best) { k } else { best }) as i64;
        }
        Ok(())
    }
}

impl NumericBody for Body<'_, '_> {
    fn float<T: Float>(&mut self) -> Result<(), OpError> {
        self.search::<T>(|a, b| a.to_f64() < b.to_f64())
    }

    fn int<T: Int>(&mut self) -> Result<(), OpError> {
        self.search::<T>(|a, b| a.to_i128() < b.to_i128())
    }
}
