//! Resize and Upsample: another extent of axes, with values in between.

use std::sync::Arc;

use fastserve_ir::{
    AttrError, Attrs, Coordinates, Dim, DimOp, Fact, Inputs, Interpolation, Io, LowerCx, Lowered, Movement, NearestMode, Op, OpError,
    OpRef, ResizeSpec, ShapeError,
};
use fastserve_tensor::{DType, MAX_RANK, Shape, TensorView};

use crate::def::OpDef;
use crate::elements::{Float, Int, NumericBody, require_number};
use crate::moves::{Index, flat, ints};
use crate::shape_ints::{self, distinct_axes};

/// Another extent of axes.
#[derive(Clone, Debug, PartialEq)]
pub struct Resize {
    /// Positions and values.
    pub spec: ResizeSpec,
    /// The axes that scales and sizes speak of; all by default.
    pub axes: Option<Vec<i64>>,
    /// Where scales come from.
    pub scales: Scales,
}

/// Where scales come from.
#[derive(Clone, Debug, PartialEq)]
pub enum Scales {
    /// The third input, or from sizes, the fourth.
    Inputs,
    /// The second input (before opset 11).
    Second,
    /// An attribute (Upsample before opset 9).
    Fixed(Vec<f32>),
}

pub(crate) const DEFS: &[OpDef] = &[
    OpDef { name: "Upsample", since: 7, build: |attrs, _| old(attrs, Some("scales")) },
    OpDef { name: "Upsample", since: 9, build: |attrs, _| old(attrs, None) },
    OpDef { name: "Resize", since: 10, build: |attrs, _| old(attrs, None) },
    OpDef { name: "Resize", since: 11, build: |attrs, _| build(attrs) },
];

const COORDINATES: &[(&str, Coordinates)] = &[
    ("half_pixel", Coordinates::HalfPixel),
    ("half_pixel_symmetric", Coordinates::HalfPixelSymmetric),
    ("pytorch_half_pixel", Coordinates::PytorchHalfPixel),
    ("tf_half_pixel_for_nn", Coordinates::TfHalfPixelForNn),
    ("align_corners", Coordinates::AlignCorners),
    ("asymmetric", Coordinates::Asymmetric),
];

const NEAREST: &[(&str, NearestMode)] = &[
    ("round_prefer_floor", NearestMode::RoundPreferFloor),
    ("round_prefer_ceil", NearestMode::RoundPreferCeil),
    ("floor", NearestMode::Floor),
    ("ceil", NearestMode::Ceil),
    ("fs.simple", NearestMode::Simple),
];

const NAMES: [&str; 11] = [
    "antialias",
    "axes",
    "coordinate_transformation_mode",
    "cubic_coeff_a",
    "exclude_outside",
    "extrapolation_value",
    "fs.scales",
    "fs.second",
    "keep_aspect_ratio_policy",
    "mode",
    "nearest_mode",
];

fn find<T: Copy>(table: &[(&str, T)], attrs: &Attrs, name: &'static str, default: T) -> Result<T, AttrError> {
    let Some(word) = attrs.str(name)? else { return Ok(default) };
    let row = table.iter().find(|(n, _)| *n == word);
    row.map(|(_, v)| *v).ok_or_else(|| AttrError::value(name, format!("{word} is not supported")))
}

fn name_of<T: PartialEq>(table: &[(&'static str, T)], value: &T) -> &'static str {
    table.iter().find(|(_, v)| v == value).map_or("", |(n, _)| n)
}

/// Before opset 11: `x / scale`, and no choice of neighbours.
fn old(attrs: &Attrs, scales: Option<&'static str>) -> Result<OpRef, AttrError> {
    attrs.only(&["mode", "scales"][..1 + usize::from(scales.is_some())])?;
    let interpolation = match attrs.str("mode")?.as_deref() {
        None | Some("nearest") => Interpolation::Nearest(NearestMode::Simple),
        Some("linear" | "bilinear") => Interpolation::Linear,
        Some(other) => return Err(AttrError::value("mode", format!("expected nearest or linear, got {other}"))),
    };
    let scales = match scales {
        Some(name) => Scales::Fixed(attrs.floats(name)?.ok_or(AttrError::Missing(name))?),
        None => Scales::Second,
    };
    let spec = ResizeSpec { coordinates: Coordinates::Asymmetric, interpolation };
    Ok(Arc::new(Resize { spec, axes: None, scales }))
}

fn build(attrs: &Attrs) -> Result<OpRef, AttrError> {
    attrs.only(&NAMES)?;
    if attrs.flag("antialias", false)? {
        return Err(AttrError::value("antialias", "1 is not supported"));
    }
    if let Some(other) = attrs.str("keep_aspect_ratio_policy")?.filter(|p| p != "stretch") {
        return Err(AttrError::value("keep_aspect_ratio_policy", format!("{other} is not supported")));
    }
    attrs.float("extrapolation_value")?;
    let nearest = find(NEAREST, attrs, "nearest_mode", NearestMode::default())?;
    let (a, exclude_outside) = (attrs.float_or("cubic_coeff_a", -0.75)?, attrs.flag("exclude_outside", false)?);
    let interpolation = match attrs.str("mode")?.as_deref() {
        None | Some("nearest") => Interpolation::Nearest(nearest),
        Some("linear") => Interpolation::Linear,
        Some("cubic") => Interpolation::Cubic { a, exclude_outside },
        Some(other) => return Err(AttrError::value("mode", format!("expected nearest, linear or cubic, got {other}"))),
    };
    let coordinates = find(COORDINATES, attrs, "coordinate_transformation_mode", Coordinates::default())?;
    let scales = match attrs.floats("fs.scales")? {
        Some(list) => Scales::Fixed(list),
        None if attrs.flag("fs.second", false)? => Scales::Second,
        None => Scales::Inputs,
    };
    Ok(Arc::new(Resize { spec: ResizeSpec { coordinates, interpolation }, axes: attrs.ints("axes")?, scales }))
}

impl Op for Resize {
    fn name(&self) -> &'static str {
        "Resize"
    }

    fn attrs(&self) -> Attrs {
        let mut attrs = Attrs::new().with_str("coordinate_transformation_mode", name_of(COORDINATES, &self.spec.coordinates));
        attrs = match self.spec.interpolation {
            Interpolation::Nearest(mode) => attrs.with_str("mode", "nearest").with_str("nearest_mode", name_of(NEAREST, &mode)),
            Interpolation::Linear => attrs.with_str("mode", "linear"),
            Interpolation::Cubic { a, exclude_outside } => {
                attrs.with_str("mode", "cubic").with_float("cubic_coeff_a", a).with_int("exclude_outside", exclude_outside)
            }
        };
        if let Some(axes) = &self.axes {
            attrs = attrs.with_ints("axes", axes.clone());
        }
        match &self.scales {
            Scales::Inputs => attrs,
            Scales::Second => attrs.with_int("fs.second", 1),
            Scales::Fixed(list) => attrs.with_floats("fs.scales", list.clone()),
        }
    }

    fn infer(&self, inputs: &Inputs<'_>) -> Result<Vec<Fact>, ShapeError> {
        let x = require_number(inputs, 0)?;
        match self.shape(inputs, x) {
            Err(ShapeError::DataDependent(_)) => Ok(vec![Fact::new(x.dtype, self.open(x)?)]),
            shape => Ok(vec![Fact::new(x.dtype, shape?)]),
        }
    }

    fn reference(&self, io: &mut Io<'_>) -> Result<(), OpError> {
        let (from, to) = (io.shape(0)?, io.out_shape(0)?);
        if from.rank() != to.rank() || (from.contains(&0) && !to.contains(&0)) {
            return Err(OpError::Value(format!("{from} cannot be resized to {to}")));
        }
        // An extent beside an empty one says nothing of memory.
        if to.contains(&0) {
            return Ok(());
        }
        let scales = self.actual_scales(io, &from, &to)?;
        let taps = (0..to.rank()).map(|axis| self.spec.axis_taps(from[axis], to[axis], scales[axis])).collect();
        let dtype = io.dtype(0)?;
        Body { from, to, taps, io }.run(dtype)
    }

    fn lower(&self, cx: &LowerCx<'_>) -> Lowered {
        let coordinates = self.spec.coordinates;
        match (self.spec.interpolation, self.lowered_scales(cx)) {
            (Interpolation::Nearest(mode), Some(scales)) => Lowered::Move(Movement::Nearest { coordinates, mode, scales }),
            (Interpolation::Linear, Some(scales)) => planar(cx, &scales).map_or(Lowered::Reference, |s| Lowered::Linear(coordinates, s)),
            _ => Lowered::Reference,
        }
    }
}

impl Resize {
    /// The extents where only data tell those of the axes that are resized.
    fn open(&self, x: &Fact) -> Result<Vec<Dim>, ShapeError> {
        let mut shape = x.shape.clone();
        self.axes(x.rank())?.iter().for_each(|&axis| shape[axis] = Dim::New);
        Ok(shape)
    }

    fn shape(&self, inputs: &Inputs<'_>, x: &Fact) -> Result<Vec<Dim>, ShapeError> {
        let axes = self.axes(x.rank())?;
        let mut shape = x.shape.clone();
        if self.has_sizes(|i| inputs.opt(i).is_some_and(|f| f.known_shape().is_none_or(|s| s.numel() > 0))) {
            let sizes = shape_ints::extents(inputs, 3)?;
            check_len(sizes.len(), axes.len())?;
            axes.iter().zip(sizes).for_each(|(&axis, size)| shape[axis] = size);
        } else {
            let scales = self.known_scales(inputs)?;
            check_len(scales.len(), axes.len())?;
            for (&axis, &scale) in axes.iter().zip(&scales) {
                shape[axis] = scaled(&x.shape[axis], scale)?;
            }
        }
        Ok(shape)
    }
}

/// The scales of the last two axes, where f32 elements have them and all other axes stay.
fn planar(cx: &LowerCx<'_>, scales: &[Option<f32>]) -> Option<[Option<f32>; 2]> {
    let (x, y) = (cx.inputs.opt(0)?, cx.outputs.first()?);
    let (outer, inner) = scales.split_last_chunk::<2>()?;
    let stay = x.shape.iter().zip(&y.shape).zip(outer).all(|((from, to), s)| from == to && s.is_none_or(|s| s == 1.0));
    (stay && x.dtype == DType::F32).then_some(*inner)
}

fn check_len(have: usize, axes: usize) -> Result<(), ShapeError> {
    if have == axes { Ok(()) } else { Err(ShapeError::shape(format!("{have} scales or sizes for {axes} axes"))) }
}

/// ⌊dim · scale⌋. For a symbol the scale must be a fraction of small numbers.
fn scaled(dim: &Dim, scale: f32) -> Result<Dim, ShapeError> {
    if !(scale > 0.0 && scale.is_finite()) {
        return Err(ShapeError::shape(format!("a scale of {scale}")));
    }
    if let Some(n) = dim.known() {
        let len = (n as f32 * scale).floor();
        return if len < 1e15 { Ok(Dim::Known(len as usize)) } else { Err(ShapeError::Overflow) };
    }
    let near = |below: &u16| ((scale * f32::from(*below)).round() / f32::from(*below) - scale).abs() <= scale * f32::EPSILON;
    let below = (1..=64u16).find(near).ok_or_else(|| ShapeError::shape(format!("a scale of {scale} of an extent that is not known")))?;
    let above = (scale * f32::from(below)).round();
    let above = if above < 1e9 { above as usize } else { return Err(ShapeError::Overflow) };
    let product = dim.clone().combine(DimOp::Mul, above.into());
    product.and_then(|p| p.combine(DimOp::Div, usize::from(below).into())).ok_or(ShapeError::Overflow)
}

impl Resize {
    fn axes(&self, rank: usize) -> Result<Vec<usize>, ShapeError> {
        match &self.axes {
            Some(axes) => distinct_axes(axes, rank),
            None => Ok((0..rank).collect()),
        }
    }

    fn has_sizes(&self, given: impl Fn(usize) -> bool) -> bool {
        self.scales == Scales::Inputs && !given(2) && given(3)
    }

    fn scales_input(&self) -> usize {
        if self.scales == Scales::Second { 1 } else { 2 }
    }

    fn known_scales(&self, inputs: &Inputs<'_>) -> Result<Vec<f32>, ShapeError> {
        if let Scales::Fixed(list) = &self.scales {
            return Ok(list.clone());
        }
        let i = self.scales_input();
        let value = inputs.same_dtype(i, DType::F32)?.value.as_ref().ok_or(ShapeError::DataDependent(i))?;
        if value.numel() > MAX_RANK {
            return Err(ShapeError::shape(format!("{} scales", value.numel())));
        }
        Ok(value.as_slice::<f32>().map_err(|_| ShapeError::DataDependent(i))?.to_vec())
    }

    /// The scale of each axis where the model gives it.
    fn lowered_scales(&self, cx: &LowerCx<'_>) -> Option<Vec<Option<f32>>> {
        let rank = cx.inputs.req(0).ok()?.rank();
        let axes = self.axes(rank).ok()?;
        let mut scales = vec![None; rank];
        if self.has_sizes(|i| cx.inputs.opt(i).is_some_and(|f| f.known_shape().is_none_or(|s| s.numel() > 0))) {
            return Some(scales);
        }
        let list = self.known_scales(&cx.inputs).ok().filter(|l| l.len() == axes.len())?;
        axes.iter().zip(list).for_each(|(&axis, scale)| scales[axis] = Some(scale));
        Some(scales)
    }

    /// The scale of each axis: as given, or what the sizes make of it.
    fn actual_scales(&self, io: &Io<'_>, from: &Shape, to: &Shape) -> Result<[f32; MAX_RANK], OpError> {
        let mut scales = [1.0; MAX_RANK];
        let axes = self.axes(from.rank())?;
        let given = |i: usize| io.opt(i).is_some_and(|v: TensorView<'_>| v.shape().numel() > 0);
        if self.has_sizes(given) {
            ints(io, 3)?;
            axes.iter().for_each(|&axis| scales[axis] = to[axis] as f32 / from[axis] as f32);
            return Ok(scales);
        }
        let list = match &self.scales {
            Scales::Fixed(list) => &list[..],
            _ => io.slice::<f32>(self.scales_input())?,
        };
        check_len(list.len(), axes.len())?;
        axes.iter().zip(list).for_each(|(&axis, &scale)| scales[axis] = scale);
        Ok(scales)
    }
}

/// The elements that a position is made of, each with its weight.
type Taps = Vec<(usize, f64)>;

trait AxisTaps {
    fn axis_taps(&self, from: usize, to: usize, scale: f32) -> Vec<Taps>;
}

impl AxisTaps for ResizeSpec {
    fn axis_taps(&self, from: usize, to: usize, scale: f32) -> Vec<Taps> {
        let place = |x: usize| if scale == 1.0 && from == to { x as f32 } else { self.coordinates.source(x, from, to, scale) };
        let last = from.saturating_sub(1);
        let at = |x: f32| if x > 0.0 { (x as usize).min(last) } else { 0 };
        let taps = |x: usize| match self.interpolation {
            Interpolation::Nearest(mode) => vec![(at(mode.nearest(place(x), scale)), 1.0)],
            Interpolation::Linear => linear(place(x).clamp(0.0, last as f32), last),
            Interpolation::Cubic { a, exclude_outside } => cubic(place(x), last, f64::from(a), exclude_outside),
        };
        (0..to).map(taps).collect()
    }
}

fn linear(x: f32, last: usize) -> Taps {
    let low = (x as usize).min(last);
    let high = (low + 1).min(last);
    let part = f64::from(x - low as f32);
    vec![(low, 1.0 - part), (high, part)]
}

fn cubic(x: f32, last: usize, a: f64, exclude_outside: bool) -> Taps {
    let base = x.floor();
    let s = f64::from(x - base);
    let far = |d: f64| ((a * d - 5.0 * a) * d + 8.0 * a) * d - 4.0 * a;
    let near = |d: f64| ((a + 2.0) * d - (a + 3.0)) * d * d + 1.0;
    let weights = [far(s + 1.0), near(s), near(1.0 - s), far(2.0 - s)];
    let at = |i: usize| base as i64 - 1 + i as i64;
    let inside = |i: usize| (0..=last as i64).contains(&at(i));
    let kept = |i: usize| if exclude_outside && !inside(i) { 0.0 } else { weights[i] };
    let total: f64 = if exclude_outside { (0..4).map(kept).sum() } else { 1.0 };
    (0..4).map(|i| (at(i).clamp(0, last as i64) as usize, kept(i) / total)).collect()
}

struct Body<'b, 'a> {
    from: Shape,
    to: Shape,
    taps: Vec<Vec<Taps>>,
    io: &'b mut Io<'a>,
}

impl Body<'_, '_> {
    /// The weighted sum of the elements that one output is made of.
    fn sum(&self, index: &[usize], x: &dyn Fn(usize) -> f64) -> Result<f64, OpError> {
        let taps: Vec<&Taps> = index.iter().zip(&self.taps).map(|(&i, axis)| &axis[i]).collect();
        let counts = Shape::collect(taps.iter().map(|t| t.len()))?;
        let mut choice = Index::new(&counts);
        let (mut sum, mut at) = (0.0, [0; MAX_RANK]);
        for _ in 0..counts.numel() {
            let picks = choice.now().iter().zip(&taps).map(|(&i, axis)| axis[i]);
            let mut weight = 1.0;
            for (axis, (place, w)) in picks.enumerate() {
                at[axis] = place;
                weight *= w;
            }
            if weight != 0.0 {
                sum += weight * x(flat(&self.from, &at[..index.len()])?);
            }
            choice.step();
        }
        Ok(sum)
    }
}

impl NumericBody for Body<'_, '_> {
    fn float<T: Float>(&mut self) -> Result<(), OpError> {
        let x = self.io.slice::<T>(0)?;
        let mut index = Index::new(&self.to);
        for i in 0..self.to.numel() {
            let value = T::from_f64(self.sum(index.now(), &|at| x[at].to_f64())?);
            self.io.out_slice::<T>(0)?[i] = value;
            index.step();
        }
        Ok(())
    }

    fn int<T: Int>(&mut self) -> Result<(), OpError> {
        let x = self.io.slice::<T>(0)?;
        let mut index = Index::new(&self.to);
        for i in 0..self.to.numel() {
            let value = self.sum(index.now(), &|at| x[at].to_i128() as f64)?;
            self.io.out_slice::<T>(0)?[i] = T::wrap(value as i128);
            index.step();
        }
        Ok(())
    }
}
