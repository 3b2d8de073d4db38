//! RoiAlign: boxes of an image, each sampled between elements to a grid of one size.

use std::sync::Arc;

use fastserve_ir::{AttrError, Attrs, Fact, Inputs, Io, Op, OpError, OpRef, ShapeError};
use fastserve_tensor::DType;

use crate::def::OpDef;
use crate::elements::{Float, count, for_float, require_float};
use crate::moves::ints;
use crate::numbers::choice;

/// Boxes `[R, 4]` (x1, y1, x2, y2) of the images `[N, C, H, W]` that `batch_indices[R]` names, to `[R, C, height, width]`.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct RoiAlign {
    /// Rows of the output.
    pub height: usize,
    /// Columns of the output.
    pub width: usize,
    /// Samples along either axis of an output's part of a box; 0 takes one about every element.
    pub samples: usize,
    /// What coordinates of boxes are multiplied by.
    pub scale: f32,
    /// Whether coordinates are those of edges of elements, so that 0.5 is subtracted; a box is at least 1 × 1 otherwise.
    pub half_pixel: bool,
    /// Whether the largest sample counts, else their mean.
    pub max: bool,
}

pub(crate) const DEFS: &[OpDef] = &[
    OpDef { name: "RoiAlign", since: 10, build: |attrs, _| build(attrs, &NAMES[..5], 1) },
    OpDef { name: "RoiAlign", since: 16, build: |attrs, _| build(attrs, &NAMES, 0) },
];

const NAMES: [&str; 6] = ["mode", "output_height", "output_width", "sampling_ratio", "spatial_scale", "coordinate_transformation_mode"];
const COORDINATES: [&str; 2] = ["half_pixel", "output_half_pixel"];
const MODES: [&str; 2] = ["avg", "max"];

/// The most samples along an axis of an output's part of a box: each output takes their square.
const MAX_SAMPLES: usize = 256;

fn build(attrs: &Attrs, known: &[&str], coordinates: usize) -> Result<OpRef, AttrError> {
    attrs.only(known)?;
    let size = |name: &'static str, default: i64| {
        let v = attrs.int_or(name, default)?;
        usize::try_from(v).map_err(|_| AttrError::value(name, format!("expected 0 or more, got {v}")))
    };
    let samples = size("sampling_ratio", 0)?;
    if samples > MAX_SAMPLES {
        return Err(AttrError::value("sampling_ratio", format!("{samples} is not supported: at most {MAX_SAMPLES}")));
    }
    Ok(Arc::new(RoiAlign {
        height: size("output_height", 1)?,
        width: size("output_width", 1)?,
        samples,
        scale: attrs.float_or("spatial_scale", 1.0)?,
        half_pixel: choice(attrs, NAMES[5], &COORDINATES, coordinates)? == 0,
        max: choice(attrs, "mode", &MODES, 0)? == 1,
    }))
}

impl Op for RoiAlign {
    fn name(&self) -> &'static str {
        "RoiAlign"
    }

    fn attrs(&self) -> Attrs {
        Attrs::new()
            .with_str("coordinate_transformation_mode", COORDINATES[usize::from(!self.half_pixel)])
            .with_str("mode", MODES[usize::from(self.max)])
            .with_int("output_height", self.height as i64)
            .with_int("output_width", self.width as i64)
            .with_int("sampling_ratio", self.samples as i64)
            .with_float("spatial_scale", self.scale)
    }

    fn infer(&self, inputs: &Inputs<'_>) -> Result<Vec<Fact>, ShapeError> {
        let dtype = require_float(inputs, 0)?.dtype;
        let (x, rois, batch) = (inputs.ranked(0, 4)?, inputs.ranked(1, 2)?, inputs.ranked(2, 1)?);
        inputs.same_dtype(1, dtype)?;
        inputs.same_dtype(2, DType::I64)?;
        if rois.shape[1].known().is_some_and(|n| n != 4) {
            return Err(ShapeError::shape("input 1: expected four coordinates a box"));
        }
        if rois.shape[0].differs(&batch.shape[0]) {
            return Err(ShapeError::shape(format!("{:?} boxes and {:?} indices of images", rois.shape[0], batch.shape[0])));
        }
        let shape = vec![rois.shape[0].clone(), x.shape[1].clone(), self.height.into(), self.width.into()];
        Ok(vec![Fact::new(dtype, shape)])
    }

    fn reference(&self, io: &mut Io<'_>) -> Result<(), OpError> {
        for_float!(io.dtype(0)?, T => self.body::<T>(io))
    }
}

impl RoiAlign {
    fn body<T: Float>(&self, io: &mut Io<'_>) -> Result<(), OpError> {
        let (sx, out, x, rois, batch) = (io.shape(0)?, io.out_shape(0)?, io.slice::<T>(0)?, io.slice::<T>(1)?, ints(io, 2)?);
        let &[n, channels, h, w] = sx.dims() else { return Err(OpError::Value(format!("expected images, got {sx}"))) };
        if out[..] != [batch.len(), channels, self.height, self.width] || rois.len() != count(&[batch.len(), 4]) {
            return Err(OpError::Value(format!("{} boxes of {sx} are not {out}", batch.len())));
        }
        if out.contains(&0) {
            return Ok(());
        }
        if h == 0 || w == 0 {
            return Err(OpError::Value("an image without elements has none to sample".into()));
        }
        let y = io.out_slice::<T>(0)?;
        let (space, pooled) = (count(&[h, w]), self.height * self.width);
        for ((roi, &image), y) in rois.chunks_exact(4).zip(&batch).zip(y.chunks_exact_mut(channels * pooled)) {
            let image = usize::try_from(image).ok().filter(|&i| i < n);
            let image = image.ok_or_else(|| OpError::Value("input 2: an image that is not there".into()))?;
            let (rows, columns) = (self.axis(roi[1], roi[3], self.height, h)?, self.axis(roi[0], roi[2], self.width, w)?);
            for (i, y) in y.iter_mut().enumerate() {
                let plane = &x[(image * channels + i / pooled) * space..][..space];
                let (row, column) = (&rows[i % pooled / self.width], &columns[i % self.width]);
                *y = T::from_f64(if self.max { largest(plane, w, row, column) } else { mean(plane, w, row, column) });
            }
        }
        Ok(())
    }

    /// The samples of each part of a box along an axis of `len` elements. Steps round as in the element type, as the number of samples
    /// hangs on them.
    fn axis<T: Float>(&self, start: T, end: T, parts: usize, len: usize) -> Result<Vec<Samples>, OpError> {
        let round = |v: f64| T::from_f64(v).to_f64();
        let offset = if self.half_pixel { 0.5 } else { 0.0 };
        let place = |v: T| round(round(v.to_f64() * f64::from(self.scale)) - offset);
        let (start, end) = (place(start), place(end));
        let size = round(end - start);
        let size = if self.half_pixel { size } else { size.max(1.0) };
        let part = round(size / parts as f64);
        if !start.is_finite() || !part.is_finite() {
            return Err(OpError::Value(format!("input 1: a box from {start} to {end}")));
        }
        let total = if self.samples > 0 { self.samples as f64 } else { part.ceil().max(0.0) };
        Ok((0..parts).map(|i| Samples::new(start + i as f64 * part, part / total, total, len)).collect())
    }
}

/// Samples along an axis: those within the image, and how many there are in all.
struct Samples {
    /// Of each sample the element below it, the one above, and the weight of the latter.
    inside: Vec<(usize, usize, f64)>,
    total: f64,
}

impl Samples {
    /// `total` samples in the middles of steps from `start`. A sample may lie up to one element outside. Only those that may be inside
    /// are looked at: a box far larger than the image has far more.
    fn new(start: f64, step: f64, total: f64, len: usize) -> Self {
        let edge = len as f64;
        let (first, last) = ((-1.0 - start) / step - 0.5, (edge - start) / step - 0.5);
        let (first, last) = if step < 0.0 { (last, first) } else { (first, last) };
        // A step is at least half an element, or there are few samples by attribute.
        let limit = len.saturating_mul(2).saturating_add(MAX_SAMPLES);
        let first = if first > 1.0 { first.floor() - 1.0 } else { 0.0 };
        let behind = if last.is_nan() { total } else { total.min(last.floor() + 3.0) };
        let samples = (0..limit).map(|k| first + k as f64).take_while(|&k| k < behind).map(|k| start + (k + 0.5) * step);
        let inside = samples.filter(|&at| at >= -1.0 && at <= edge).map(|at| neighbours(at, len)).collect();
        Samples { inside, total }
    }
}

fn neighbours(at: f64, len: usize) -> (usize, usize, f64) {
    let at = at.max(0.0);
    let (low, last) = (at as usize, len - 1);
    if low >= last { (last, last, 0.0) } else { (low, low + 1, at - low as f64) }
}

fn corners<'s, T: Float>(plane: &'s [T], w: usize, row: &'s Samples, column: &'s Samples) -> impl Iterator<Item = [f64; 4]> + 's {
    let at = move |y: usize, x: usize| plane[y * w + x].to_f64();
    row.inside.iter().flat_map(move |&(top, bottom, b)| {
        column.inside.iter().map(move |&(left, right, r)| {
            let weights = [(1.0 - b) * (1.0 - r), (1.0 - b) * r, b * (1.0 - r), b * r];
            [weights[0] * at(top, left), weights[1] * at(top, right), weights[2] * at(bottom, left), weights[3] * at(bottom, right)]
        })
    })
}

/// The mean of the samples; those outside the image are 0.
fn mean<T: Float>(plane: &[T], w: usize, row: &Samples, column: &Samples) -> f64 {
    let sum: f64 = corners(plane, w, row, column).map(|c| c.iter().sum::<f64>()).sum();
    sum / (row.total * column.total).max(1.0)
}

/// The largest weighted corner of the samples, as the standard's reference has it, rather than the largest sample.
fn largest<T: Float>(plane: &[T], w: usize, row: &Samples, column: &Samples) -> f64 {
    let within = (row.inside.len() as f64) * (column.inside.len() as f64);
    let outside = if within < row.total * column.total { 0.0 } else { f64::NEG_INFINITY };
    let max = corners(plane, w, row, column).flatten().fold(outside, f64::max);
    if max == f64::NEG_INFINITY { 0.0 } else { max }
}
