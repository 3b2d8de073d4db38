//! MeanVarianceNormalization: over given axes.

use std::sync::Arc;

use fastserve_ir::{AttrError, Attrs, Fact, Inputs, Io, Op, OpError, OpRef, ShapeError};
use fastserve_tensor::{MAX_RANK, Shape};

use crate::broadcast::walk;
use crate::def::OpDef;
use crate::elements::{Float, for_float, require_float};
use crate::ops::layer_normalization::moments;
use crate::shape_ints::distinct_axes;

/// `(x − mean) / (√var + 1e-9)` over the axes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MeanVarianceNormalization {
    /// The axes that share a mean and a variance.
    pub axes: Vec<i64>,
}

/// Added to the standard deviation.
const EPSILON: f64 = 1e-9;

pub(crate) const DEFS: &[OpDef] = &[OpDef { name: "MeanVarianceNormalization", since: 9, build }];

fn build(attrs: &Attrs, _: i64) -> Result<OpRef, AttrError> {
    attrs.only(&["axes"])?;
    Ok(Arc::new(MeanVarianceNormalization { axes: attrs.ints("axes")?.unwrap_or_else(|| vec![0, 2, 3]) }))
}

impl Op for MeanVarianceNormalization {
    fn name(&self) -> &'static str {
        "MeanVarianceNormalization"
    }

    fn attrs(&self) -> Attrs {
        Attrs::new().with_ints("axes", self.axes.clone())
    }

    fn infer(&self, inputs: &Inputs<'_>) -> Result<Vec<Fact>, ShapeError> {
        let x = require_float(inputs, 0)?;
        distinct_axes(&self.axes, x.rank())?;
        Ok(vec![Fact::new(x.dtype, x.shape.clone())])
    }

    fn reference(&self, io: &mut Io<'_>) -> Result<(), OpError> {
        let dtype = io.dtype(0)?;
        for_float!(dtype, T => self.body::<T>(io))
    }
}

impl MeanVarianceNormalization {
    fn body<T: Float>(&self, io: &mut Io<'_>) -> Result<(), OpError> {
        let shape = io.shape(0)?;
        let reduced = distinct_axes(&self.axes, shape.rank())?;
        let kept = part(&shape, |i| !reduced.contains(&i))?;
        let gone = part(&shape, |i| reduced.contains(&i))?;
        let x = io.slice::<T>(0)?;
        let y = io.out_slice::<T>(0)?;
        if x.is_empty() || y.len() != x.len() {
            return Ok(());
        }
        let mut places = Vec::with_capacity(gone.0.numel());
        walk(&gone.0, &[gone.1], |_, [at]| places.push(at));
        walk(&kept.0, &[kept.1], |_, [start]| {
            let (mean, variance) = moments(places.iter().map(|at| x[start + at].to_f64()), places.len(), true);
            let factor = 1.0 / (variance.sqrt() + EPSILON);
            places.iter().for_each(|at| y[start + at] = T::from_f64((x[start + at].to_f64() - mean) * factor));
        });
        Ok(())
    }
}

/// The extents of the axes that are wanted, and their strides.
pub(crate) fn part(shape: &Shape, wanted: impl Fn(usize) -> bool) -> Result<(Shape, [usize; MAX_RANK]), OpError> {
    let own = shape.strides();
    let mut strides = [0; MAX_RANK];
    (0..shape.rank()).filter(|&i| wanted(i)).enumerate().for_each(|(to, i)| strides[to] = own[i]);
    Ok((Shape::collect((0..shape.rank()).filter(|&i| wanted(i)).map(|i| shape[i]))?, strides))
}
