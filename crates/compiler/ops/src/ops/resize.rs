//! Resize and Upsample: another extent of axes, with values in between.

use std::sync::Arc;

use fastserve_ir::{
    AttrError, Attrs, Coordinates, Dim, DimOp, Fact, Inputs, Interpolation, Io, LowerCx, Lowered, Movement, NearestMode, Op, OpError,
    OpRef, ResizeSpec, ShapeError,
};
use fastserve_tensor::{DType, MAX_RANK, Shape, TensorView};

use crate::def::OpDef;
use crate::elements::{Float, Int, NumericBody, require_number};
use crate::moves::{Index, ints};
use crate::numbers::numbers;
use crate::sampling::{Taps, cubic_curve, cubic_weights, weighted};
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
    /// What becomes of sizes that would change the proportions.
    pub aspect: Aspect,
    /// Whether elements beyond the ends weigh nothing, where more than two make a value.
    pub exclude_outside: bool,
    /// Whether a value is made of all the elements that it stands for, where the extent shrinks.
    pub antialias: bool,
    /// What stands beyond the input, where only the part of each axis counts that the second input says.
    pub crop: Option<f32>,
}

/// What becomes of sizes that would change the proportions.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Aspect {
    /// They do.
    #[default]
    Stretch,
    /// One scale for all axes, so that no extent is above its size.
    NotLarger,
    /// One scale for all axes, so that no extent is below its size.
    NotSmaller,
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
    OpDef { name: "Upsample", since: 1, build: |attrs, _| oldest(attrs) },
    OpDef { name: "Upsample", since: 7, build: |attrs, _| fixed(attrs) },
    OpDef { name: "Upsample", since: 9, build: |attrs, _| second(attrs) },
    OpDef { name: "Resize", since: 10, build: |attrs, _| second(attrs) },
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

const ASPECTS: &[(&str, Aspect)] = &[("stretch", Aspect::Stretch), ("not_larger", Aspect::NotLarger), ("not_smaller", Aspect::NotSmaller)];

/// The coordinates of a part of the input; where it is all of the input, corners are aligned.
const CROP: &str = "tf_crop_and_resize";

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

/// Scales of the last two axes of images.
fn oldest(attrs: &Attrs) -> Result<OpRef, AttrError> {
    attrs.only(&["height_scale", "mode", "width_scale"])?;
    let scale = |name| attrs.float(name)?.ok_or(AttrError::Missing(name));
    old(attrs, Scales::Fixed(vec![1.0, 1.0, scale("height_scale")?, scale("width_scale")?]))
}

fn fixed(attrs: &Attrs) -> Result<OpRef, AttrError> {
    attrs.only(&["mode", "scales"])?;
    old(attrs, Scales::Fixed(attrs.floats("scales")?.ok_or(AttrError::Missing("scales"))?))
}

fn second(attrs: &Attrs) -> Result<OpRef, AttrError> {
    attrs.only(&["mode"])?;
    old(attrs, Scales::Second)
}

/// Before opset 11: `x / scale`, and no choice of neighbours.
fn old(attrs: &Attrs, scales: Scales) -> Result<OpRef, AttrError> {
    let interpolation = match attrs.str("mode")?.as_deref() {
        None | Some("nearest") => Interpolation::Nearest(NearestMode::Simple),
        Some("linear" | "bilinear") => Interpolation::Linear,
        Some(other) => return Err(AttrError::value("mode", format!("expected nearest or linear, got {other}"))),
    };
    let spec = ResizeSpec { coordinates: Coordinates::Asymmetric, interpolation };
    Ok(Arc::new(Resize { spec, axes: None, scales, aspect: Aspect::Stretch, exclude_outside: false, antialias: false, crop: None }))
}

fn build(attrs: &Attrs) -> Result<OpRef, AttrError> {
    attrs.only(&NAMES)?;
    let nearest = find(NEAREST, attrs, "nearest_mode", NearestMode::default())?;
    let interpolation = match attrs.str("mode")?.as_deref() {
        None | Some("nearest") => Interpolation::Nearest(nearest),
        Some("linear") => Interpolation::Linear,
        Some("cubic") => Interpolation::Cubic { a: attrs.float_or("cubic_coeff_a", -0.75)? },
        Some(other) => return Err(AttrError::value("mode", format!("expected nearest, linear or cubic, got {other}"))),
    };
    let antialias = attrs.flag("antialias", false)?;
    if antialias && matches!(interpolation, Interpolation::Nearest(_)) {
        return Err(AttrError::value("antialias", "1 goes with the modes linear and cubic"));
    }
    let outside = attrs.float_or("extrapolation_value", 0.0)?;
    let crop = (attrs.str("coordinate_transformation_mode")?.as_deref() == Some(CROP)).then_some(outside);
    let coordinates = match crop {
        Some(_) => Coordinates::AlignCorners,
        None => find(COORDINATES, attrs, "coordinate_transformation_mode", Coordinates::default())?,
    };
    let scales = match attrs.floats("fs.scales")? {
        Some(list) => Scales::Fixed(list),
        None if attrs.flag("fs.second", false)? => Scales::Second,
        None => Scales::Inputs,
    };
    Ok(Arc::new(Resize {
        spec: ResizeSpec { coordinates, interpolation },
        axes: attrs.ints("axes")?,
        scales,
        aspect: find(ASPECTS, attrs, "keep_aspect_ratio_policy", Aspect::default())?,
        exclude_outside: attrs.flag("exclude_outside", false)?,
        antialias,
        crop,
    }))
}

impl Op for Resize {
    fn name(&self) -> &'static str {
        "Resize"
    }

    fn attrs(&self) -> Attrs {
        let coordinates = if self.crop.is_some() { CROP } else { name_of(COORDINATES, &self.spec.coordinates) };
        let mut attrs = Attrs::new().with_str("coordinate_transformation_mode", coordinates);
        attrs = match self.spec.interpolation {
            Interpolation::Nearest(mode) => attrs.with_str("mode", "nearest").with_str("nearest_mode", name_of(NEAREST, &mode)),
            Interpolation::Linear => attrs.with_str("mode", "linear"),
            Interpolation::Cubic { a } => attrs.with_str("mode", "cubic").with_float("cubic_coeff_a", a),
        };
        for (name, set) in [("antialias", self.antialias), ("exclude_outside", self.exclude_outside)] {
            attrs = if set { attrs.with_int(name, 1) } else { attrs };
        }
        if self.aspect != Aspect::Stretch {
            attrs = attrs.with_str("keep_aspect_ratio_policy", name_of(ASPECTS, &self.aspect));
        }
        if let Some(value) = self.crop {
            attrs = attrs.with_float("extrapolation_value", value);
        }
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
        let (scales, parts) = (self.actual_scales(io, &from, &to)?, self.parts(io, from.rank())?);
        let axis = |i: usize| Axis { from: from[i], to: to[i], scale: scales[i], part: parts.as_ref().map(|p| p[i]) };
        let taps = (0..to.rank()).map(|i| axis(i).taps(self)).collect::<Result<_, _>>()?;
        let dtype = io.dtype(0)?;
        Body { from, to, taps, outside: self.crop.map_or(0.0, f64::from), io }.run(dtype)
    }

    fn lower(&self, cx: &LowerCx<'_>) -> Lowered {
        let coordinates = self.spec.coordinates;
        if self.crop.is_some() || self.antialias {
            return Lowered::Reference;
        }
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
            let sizes = self.proportioned(&axes.iter().map(|&axis| x.shape[axis].clone()).collect::<Vec<_>>(), sizes)?;
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

    /// The extents of axes that are asked to have `sizes`; where proportions count, only known ones tell.
    fn proportioned(&self, from: &[Dim], sizes: Vec<Dim>) -> Result<Vec<Dim>, ShapeError> {
        if self.aspect == Aspect::Stretch {
            return Ok(sizes);
        }
        let known = |dims: &[Dim]| dims.iter().map(Dim::known).collect::<Option<Vec<usize>>>();
        let (Some(from), Some(sizes)) = (known(from), known(&sizes)) else { return Ok(vec![Dim::New; sizes.len()]) };
        let Some(scale) = self.common(&from, &sizes)? else { return Ok(Vec::new()) };
        // Halves round up.
        let extent = |&n: &usize| (scale * n as f64 + 0.5).floor();
        let fits = |len: f64| if len < 1e15 { Ok(Dim::Known(len as usize)) } else { Err(ShapeError::Overflow) };
        from.iter().map(extent).map(fits).collect()
    }

    /// The scale that all of these axes have together; none where there are none.
    fn common(&self, from: &[usize], sizes: &[usize]) -> Result<Option<f64>, ShapeError> {
        if from.contains(&0) {
            return Err(ShapeError::shape("an extent of 0 has no scale"));
        }
        let scales = from.iter().zip(sizes).map(|(&from, &size)| size as f64 / from as f64);
        Ok(if self.aspect == Aspect::NotLarger { scales.reduce(f64::min) } else { scales.reduce(f64::max) })
    }

    /// The part of each axis that counts, from 0 to 1, where not all of it does.
    fn parts(&self, io: &Io<'_>, rank: usize) -> Result<Option<[(f32, f32); MAX_RANK]>, OpError> {
        if self.crop.is_none() {
            return Ok(None);
        }
        let (axes, list) = (self.axes(rank)?, numbers(io, 1)?);
        if list.len() != 2 * axes.len() {
            return Err(OpError::Value(format!("input 1: expected two numbers for each of {} axes, got {}", axes.len(), list.len())));
        }
        let mut parts = [(0.0, 1.0); MAX_RANK];
        axes.iter().enumerate().for_each(|(i, &axis)| parts[axis] = (list[i] as f32, list[axes.len() + i] as f32));
        Ok(Some(parts))
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
            return (self.aspect == Aspect::Stretch).then_some(scales);
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
            let sizes: Vec<usize> = ints(io, 3)?.iter().map(|&n| usize::try_from(n).unwrap_or(0)).collect();
            let common = match self.aspect {
                Aspect::Stretch => None,
                _ => self.common(&axes.iter().map(|&axis| from[axis]).collect::<Vec<_>>(), &sizes)?,
            };
            axes.iter().for_each(|&axis| scales[axis] = common.map_or(to[axis] as f32 / from[axis] as f32, |s| s as f32));
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

/// An axis that is resized.
struct Axis {
    from: usize,
    to: usize,
    scale: f32,
    /// The part of it that counts, from 0 to 1.
    part: Option<(f32, f32)>,
}

impl Axis {
    /// The elements that each position is made of; none for those beyond the input.
    fn taps(&self, op: &Resize) -> Result<Vec<Taps>, OpError> {
        let last = self.from.saturating_sub(1);
        let at = |x: f32| if x > 0.0 { (x as usize).min(last) } else { 0 };
        let outside = |x: f32| self.part.is_some() && !(x >= 0.0 && x <= last as f32);
        let filter = op.antialias.then(|| self.filter(op)).transpose()?;
        let taps = |i: usize| {
            let x = self.place(op, i);
            match (op.spec.interpolation, &filter) {
                _ if outside(x) => Taps::new(),
                (_, Some(filter)) => filter.taps(x, last, op.exclude_outside),
                (Interpolation::Nearest(mode), _) => vec![(at(mode.nearest(x, self.scale)), 1.0)],
                (Interpolation::Linear, _) => linear(x.clamp(0.0, last as f32), last),
                (Interpolation::Cubic { a }, _) => cubic(x, last, f64::from(a), op.exclude_outside),
            }
        };
        Ok((0..self.to).map(taps).collect())
    }

    /// The position in the input of a position in the output.
    fn place(&self, op: &Resize, i: usize) -> f32 {
        let same = self.scale == 1.0 && self.from == self.to;
        let Some((start, end)) = self.part.filter(|p| !(same && *p == (0.0, 1.0))) else {
            return if same { i as f32 } else { op.spec.coordinates.source(i, self.from, self.to, self.scale) };
        };
        let (last, resized) = (self.from as f32 - 1.0, Coordinates::resized(self.from, self.to, self.scale));
        if resized > 1.0 { start * last + i as f32 * (end - start) * last / (resized - 1.0) } else { 0.5 * (start + end) * last }
    }

    /// # Errors
    /// A scale that does not make the output of the input.
    fn filter(&self, op: &Resize) -> Result<Filter, OpError> {
        let made = f64::from(self.scale) * self.from as f64;
        // Half an element is lost at most where proportions count.
        if !(made * 1.001 + 0.5 >= self.to as f64 && made.is_finite()) {
            return Err(OpError::Value(format!("a scale of {} does not make {} of {}", self.scale, self.to, self.from)));
        }
        let a = if let Interpolation::Cubic { a } = op.spec.interpolation { Some(f64::from(a)) } else { None };
        Ok(Filter { scale: f64::from(self.scale).min(1.0), a })
    }
}

/// A filter that is as wide as what a position of the output stands for.
struct Filter {
    /// Elements of the output for one of the input, 1 at most.
    scale: f64,
    /// The parameter of the cubic curve; straight lines without.
    a: Option<f64>,
}

impl Filter {
    fn weight(&self, distance: f64) -> f64 {
        let d = distance * self.scale;
        self.a.map_or_else(|| (1.0 - d.abs()).max(0.0), |a| cubic_curve(d, a))
    }

    fn taps(&self, x: f32, last: usize, exclude_outside: bool) -> Taps {
        let x = f64::from(x);
        let reach = if self.a.is_some() { 2.0 } else { 1.0 } / self.scale;
        // As many elements on either side as are certainly reached; between two elements the lower one is near.
        let (near, first) = (x.ceil() - 1.0, (-reach).floor() + 1.0);
        let all = (0..(2.0 - 2.0 * first) as usize).map(|i| near + first + i as f64);
        let weights: Vec<(f64, f64)> = all.map(|at| (at, self.weight(at - x))).collect();
        let inside = |at: f64| at >= 0.0 && at <= last as f64;
        let kept = weights.into_iter().filter(|(at, _)| !exclude_outside || inside(*at));
        normalized(kept.map(|(at, weight)| (at.clamp(0.0, last as f64) as usize, weight)).collect())
    }
}

/// Weights of which the sum is 1, unless all are 0.
fn normalized(mut taps: Taps) -> Taps {
    let total: f64 = taps.iter().map(|(_, w)| w).sum();
    if total != 0.0 {
        taps.iter_mut().for_each(|(_, w)| *w /= total);
    }
    taps
}

fn linear(x: f32, last: usize) -> Taps {
    let low = (x as usize).min(last);
    let high = (low + 1).min(last);
    let part = f64::from(x - low as f32);
    vec![(low, 1.0 - part), (high, part)]
}

fn cubic(x: f32, last: usize, a: f64, exclude_outside: bool) -> Taps {
    let base = x.floor();
    let weights = cubic_weights(f64::from(x - base), a);
    let at = |i: usize| (base as i64).saturating_add(i as i64 - 1);
    let inside = |i: usize| (0..=last as i64).contains(&at(i));
    let taps = (0..4).filter(|&i| !exclude_outside || inside(i)).map(|i| (at(i).clamp(0, last as i64) as usize, weights[i]));
    if exclude_outside { normalized(taps.collect()) } else { taps.collect() }
}

struct Body<'b, 'a> {
    from: Shape,
    to: Shape,
    taps: Vec<Vec<Taps>>,
    /// What stands beyond the input.
    outside: f64,
    io: &'b mut Io<'a>,
}

impl Body<'_, '_> {
    /// Calls `put` with each element of the output in order: the weighted sum of those that it is made of.
    fn each(&self, x: &impl Fn(usize) -> f64, mut put: impl FnMut(usize, f64)) {
        let mut index = Index::new(&self.to);
        for i in 0..self.to.numel() {
            let taps: Vec<&Taps> = index.now().iter().zip(&self.taps).map(|(&i, axis)| &axis[i]).collect();
            let beyond = taps.iter().any(|axis| axis.is_empty());
            put(i, if beyond { self.outside } else { weighted(&self.from, &taps, x) });
            index.step();
        }
    }
}

impl NumericBody for Body<'_, '_> {
    fn float<T: Float>(&mut self) -> Result<(), OpError> {
        let x = self.io.slice::<T>(0)?;
        let mut made = vec![T::from_f64(0.0); self.to.numel()];
        self.each(&|at| x[at].to_f64(), |i, value| made[i] = T::from_f64(value));
        self.io.out_slice::<T>(0)?.copy_from_slice(&made);
        Ok(())
    }

    fn int<T: Int>(&mut self) -> Result<(), OpError> {
        let x = self.io.slice::<T>(0)?;
        let mut made = vec![T::wrap(0); self.to.numel()];
        self.each(&|at| x[at].to_i128() as f64, |i, value| made[i] = T::nearest(value));
        self.io.out_slice::<T>(0)?.copy_from_slice(&made);
        Ok(())
    }
}
