//! LpNormalization: a vector along one axis over its norm.

use std::sync::Arc;

use fastserve_ir::{AttrError, Attrs, Fact, Inputs, Io, Op, OpError, OpRef, ShapeError, normalize_axis};

use crate::def::OpDef;
use crate::elements::{Float, count, for_float, require_float};

/// `x / ‖x‖` along an axis; 0 where the norm is 0.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct LpNormalization {
    /// The axis; negative ones count from the end.
    pub axis: i64,
    /// Whether the norm is the root of the squares' sum, or the sum of absolute values.
    pub euclidean: bool,
}

pub(crate) const DEFS: &[OpDef] = &[OpDef { name: "LpNormalization", since: 1, build }];

fn build(attrs: &Attrs, _: i64) -> Result<OpRef, AttrError> {
    attrs.only(&["axis", "p"])?;
    let euclidean = match attrs.int_or("p", 2)? {
        1 => false,
        2 => true,
        other => return Err(AttrError::value("p", format!("expected 1 or 2, got {other}"))),
    };
    Ok(Arc::new(LpNormalization { axis: attrs.int_or("axis", -1)?, euclidean }))
}

impl Op for LpNormalization {
    fn name(&self) -> &'static str {
        "LpNormalization"
    }

    fn attrs(&self) -> Attrs {
        Attrs::new().with_int("axis", self.axis).with_int("p", if self.euclidean { 2 } else { 1 })
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

impl LpNormalization {
    fn body<T: Float>(&self, io: &mut Io<'_>) -> Result<(), OpError> {
        let shape = io.shape(0)?;
        let axis = normalize_axis(self.axis, shape.rank())?;
        let (len, inner) = (shape[axis], count(&shape[axis + 1..]));
        let x = io.slice::<T>(0)?;
        let y = io.out_slice::<T>(0)?;
        if x.is_empty() || y.len() != x.len() {
            return Ok(());
        }
        for row in 0..x.len() / len {
            let start = row / inner * len * inner + row % inner;
            let at = |i: usize| start + i * inner;
            let term = |v: f64| if self.euclidean { v * v } else { v.abs() };
            let sum: f64 = (0..len).map(|i| term(x[at(i)].to_f64())).sum();
            let norm = if self.euclidean { sum.sqrt() } else { sum };
            (0..len).for_each(|i| y[at(i)] = T::from_f64(if norm == 0.0 { 0.0 } else { x[at(i)].to_f64() / norm }));
        }
        Ok(())
    }
}
