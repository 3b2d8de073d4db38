//! MaxRoiPool: boxes of an image, the largest element of each part.

use std::sync::Arc;

use fastserve_ir::{AttrError, Attrs, Fact, Inputs, Io, Op, OpError, OpRef, ShapeError, ints_of};

use crate::def::OpDef;
use crate::elements::{Float, count, for_float, require_float};

/// Boxes `[R, 5]` (image, x1, y1, x2, y2; both ends belong to them) of `[N, C, H, W]`, to `[R, C, height, width]`.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct MaxRoiPool {
    /// Rows and columns of the output.
    pub pooled: [usize; 2],
    /// What coordinates of boxes are multiplied by.
    pub scale: f32,
}

pub(crate) const DEFS: &[OpDef] = &[OpDef { name: "MaxRoiPool", since: 1, build }];

fn build(attrs: &Attrs, _: i64) -> Result<OpRef, AttrError> {
    attrs.only(&["pooled_shape", "spatial_scale"])?;
    let shape = attrs.sizes("pooled_shape")?.ok_or(AttrError::Missing("pooled_shape"))?;
    let pooled = <[usize; 2]>::try_from(shape).map_err(|s| AttrError::value("pooled_shape", format!("expected two extents, got {s:?}")))?;
    Ok(Arc::new(MaxRoiPool { pooled, scale: attrs.float_or("spatial_scale", 1.0)? }))
}

impl Op for MaxRoiPool {
    fn name(&self) -> &'static str {
        "MaxRoiPool"
    }

    fn attrs(&self) -> Attrs {
        Attrs::new().with_ints("pooled_shape", ints_of(&self.pooled)).with_float("spatial_scale", self.scale)
    }

    fn infer(&self, inputs: &Inputs<'_>) -> Result<Vec<Fact>, ShapeError> {
        let dtype = require_float(inputs, 0)?.dtype;
        let (x, rois) = (inputs.ranked(0, 4)?, inputs.ranked(1, 2)?);
        inputs.same_dtype(1, dtype)?;
        if rois.shape[1].known().is_some_and(|n| n != 5) {
            return Err(ShapeError::shape("input 1: expected an image and four coordinates a box"));
        }
        let shape = vec![rois.shape[0].clone(), x.shape[1].clone(), self.pooled[0].into(), self.pooled[1].into()];
        Ok(vec![Fact::new(dtype, shape)])
    }

    fn reference(&self, io: &mut Io<'_>) -> Result<(), OpError> {
        for_float!(io.dtype(0)?, T => self.body::<T>(io))
    }
}

impl MaxRoiPool {
    fn body<T: Float>(&self, io: &mut Io<'_>) -> Result<(), OpError> {
        let (sx, sr, out, x, rois) = (io.shape(0)?, io.shape(1)?, io.out_shape(0)?, io.slice::<T>(0)?, io.slice::<T>(1)?);
        let (&[n, channels, h, w], &[boxes, 5]) = (sx.dims(), sr.dims()) else {
            return Err(OpError::Value(format!("expected images and boxes, got {sx} and {sr}")));
        };
        let [rows, columns] = self.pooled;
        if out[..] != [boxes, channels, rows, columns] {
            return Err(OpError::Value(format!("{boxes} boxes of {sx} are not {out}")));
        }
        if out.contains(&0) {
            return Ok(());
        }
        let (space, pooled) = (count(&[h, w]), rows * columns);
        for (roi, y) in rois.chunks_exact(5).zip(io.out_slice::<T>(0)?.chunks_exact_mut(channels * pooled)) {
            let image = roi[0].to_f64();
            if !(image >= 0.0 && image < n as f64 && roi[1..].iter().all(|v| v.to_f64().is_finite())) {
                return Err(OpError::Value(format!("input 1: a box of image {image} of {n}, or one without ends")));
            }
            let image = image as usize * channels;
            for (i, y) in y.iter_mut().enumerate() {
                let (top, bottom) = self.part(roi[2], roi[4], i % pooled / columns, rows, h);
                let (left, right) = self.part(roi[1], roi[3], i % columns, columns, w);
                let plane = &x[(image + i / pooled) * space..][..space];
                let elements = (top..bottom).flat_map(|row| plane[row * w + left.min(right)..row * w + right].iter());
                let max = elements.map(|v| v.to_f64()).reduce(f64::max);
                *y = T::from_f64(max.unwrap_or(0.0));
            }
        }
        Ok(())
    }

    /// The elements from and to which a part of a box reaches along an axis of `len`. Steps round as in the element type, as whole
    /// edges hang on them.
    fn part<T: Float>(&self, start: T, end: T, i: usize, parts: usize, len: usize) -> (usize, usize) {
        let round = |v: f64| T::from_f64(v).to_f64();
        let place = |v: T| round(v.to_f64() * f64::from(self.scale)).round();
        let (start, end) = (place(start), place(end));
        let size = round((end - start + 1.0).max(1.0) / parts as f64);
        let at = |edge: f64| (edge + start).clamp(0.0, len as f64) as usize;
        (at(round(i as f64 * size).floor()), at(round((i + 1) as f64 * size).ceil()))
    }
}
