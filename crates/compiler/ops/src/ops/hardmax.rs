//! Hardmax: 1 at the first largest element of a row, 0 elsewhere.

use std::sync::Arc;

use fastserve_ir::{AttrError, Attrs, Fact, Inputs, Io, Op, OpError, OpRef, ShapeError, normalize_axis};

use crate::def::OpDef;
use crate::elements::{Float, count, for_float, require_float};

/// One-hot of the largest along an axis.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Hardmax {
    /// The axis; negative ones count from the end.
    pub axis: i64,
    /// Before opset 13: all axes from `axis` on are one row.
    pub flatten: bool,
}

pub(crate) const DEFS: &[OpDef] = &[
    OpDef { name: "Hardmax", since: 1, build: |attrs, _| build(attrs, 1, true) },
    OpDef { name: "Hardmax", since: 13, build: |attrs, _| build(attrs, -1, false) },
];

fn build(attrs: &Attrs, axis: i64, flatten: bool) -> Result<OpRef, AttrError> {
    attrs.only(&["axis", "fs.flatten"])?;
    let flatten = attrs.flag("fs.flatten", flatten)?;
    Ok(Arc::new(Hardmax { axis: attrs.int_or("axis", axis)?, flatten }))
}

impl Op for Hardmax {
    fn name(&self) -> &'static str {
        "Hardmax"
    }

    fn attrs(&self) -> Attrs {
        let attrs = Attrs::new().with_int("axis", self.axis);
        if self.flatten { attrs.with_int("fs.flatten", 1) } else { attrs }
    }

    fn infer(&self, inputs: &Inputs<'_>) -> Result<Vec<Fact>, ShapeError> {
        let x = require_float(inputs, 0)?;
        normalize_axis(self.axis, x.rank())?;
        Ok(vec![Fact::new(x.dtype, x.shape.clone())])
    }

    fn reference(&self, io: &mut Io<'_>) -> Result<(), OpError> {
        let dtype = io.dtype(0)?;
        for_float!(dtype, T => self.body::<T>(io))
    }
}

impl Hardmax {
    fn body<T: Float>(&self, io: &mut Io<'_>) -> Result<(), OpError> {
        let shape = io.shape(0)?;
        let axis = normalize_axis(self.axis, shape.rank())?;
        let (len, inner) = if self.flatten { (count(&shape[axis..]), 1) } else { (shape[axis], count(&shape[axis + 1..])) };
        let x = io.slice::<T>(0)?;
        let y = io.out_slice::<T>(0)?;
        if x.is_empty() || y.len() != x.len() {
            return Ok(());
        }
        y.fill(T::from_f64(0.0));
        for row in 0..x.len() / len {
            let start = row / inner * len * inner + row % inner;
            let value = |i: usize| x[start + i * inner].to_f64();
            let largest = (1..len).fold(0, |best, i| if value(i) > value(best) { i } else { best });
            y[start + largest * inner] = T::from_f64(1.0);
        }
        Ok(())
    }
}
