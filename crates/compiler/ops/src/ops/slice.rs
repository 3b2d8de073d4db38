//! Slice: a part of each axis, with steps.

use std::sync::Arc;

use fastserve_ir::{
    AttrError, Attrs, Dim, DimOp, Fact, Inputs, Io, LowerCx, Lowered, Movement, Op, OpError, OpRef, ShapeError, normalize_axis,
};
use fastserve_tensor::{MAX_RANK, Shape};

use crate::def::OpDef;
use crate::moves::{self, remap};
use crate::shape_ints::{self, Int, distinct_axes};

/// Elements `start, start + step, …` before `end` of each axis.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Slice {
    /// Starts, ends and axes as attributes (before opset 10); else they are inputs, and steps too.
    pub fixed: Option<Fixed>,
}

/// What a slice takes, as attributes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Fixed {
    /// First elements.
    pub starts: Vec<i64>,
    /// Elements behind the last.
    pub ends: Vec<i64>,
    /// The axes; the first ones by default.
    pub axes: Option<Vec<i64>>,
}

const OLD: [&str; 3] = ["starts", "ends", "axes"];
const INTERNAL: [&str; 3] = ["fs.starts", "fs.ends", "fs.axes"];

pub(crate) const DEFS: &[OpDef] = &[
    OpDef { name: "Slice", since: 1, build: |attrs, _| old(attrs, OLD) },
    OpDef {
        name: "Slice",
        since: 10,
        build: |attrs, _| if attrs.is_empty() { Ok(Arc::new(Slice { fixed: None })) } else { old(attrs, INTERNAL) },
    },
];

fn old(attrs: &Attrs, names: [&'static str; 3]) -> Result<OpRef, AttrError> {
    attrs.only(&names)?;
    let starts = attrs.ints(names[0])?.ok_or(AttrError::Missing(names[0]))?;
    let ends = attrs.ints(names[1])?.ok_or(AttrError::Missing(names[1]))?;
    Ok(Arc::new(Slice { fixed: Some(Fixed { starts, ends, axes: attrs.ints(names[2])? }) }))
}

/// What is taken of one axis.
#[derive(Clone, Debug)]
struct Part {
    start: Int,
    end: Int,
    step: i64,
}

impl Op for Slice {
    fn name(&self) -> &'static str {
        "Slice"
    }

    fn attrs(&self) -> Attrs {
        let Some(fixed) = &self.fixed else { return Attrs::new() };
        let attrs = Attrs::new().with_ints(INTERNAL[0], fixed.starts.clone()).with_ints(INTERNAL[1], fixed.ends.clone());
        fixed.axes.iter().fold(attrs, |attrs, axes| attrs.with_ints(INTERNAL[2], axes.clone()))
    }

    fn infer(&self, inputs: &Inputs<'_>) -> Result<Vec<Fact>, ShapeError> {
        let x = inputs.req(0)?;
        let parts = match self.parts(inputs, x.rank()) {
            // Any axis may be cut.
            Err(ShapeError::DataDependent(_)) => return Ok(vec![Fact::new(x.dtype, shape_ints::unknown(x.rank())?)]),
            parts => parts?,
        };
        let shape: Vec<Dim> = x.shape.iter().zip(&parts).map(|(d, p)| extent(d, p.as_ref())).collect::<Result<_, _>>()?;
        let ints = parts.first().and_then(|p| picked(x, p.as_ref(), shape.first()?.known()?));
        Ok(vec![Fact::new(x.dtype, shape).with_ints(ints)])
    }

    fn reference(&self, io: &mut Io<'_>) -> Result<(), OpError> {
        let shape = io.shape(0)?;
        let cuts = self.cuts(io, &shape)?;
        let mut from = [0; MAX_RANK];
        remap(io, 0, 0, |index| {
            if index.len() != shape.rank() {
                return Err(OpError::Value(format!("{shape} has no part of rank {}", index.len())));
            }
            for (axis, &i) in index.iter().enumerate() {
                let at = (i as i64).checked_mul(cuts[axis].1).and_then(|o| cuts[axis].0.checked_add(o));
                from[axis] = at.and_then(|at| usize::try_from(at).ok()).unwrap_or(usize::MAX);
            }
            moves::flat(&shape, &from[..index.len()]).map(Some)
        })
    }

    fn is_linear(&self) -> bool {
        true
    }

    fn lower(&self, cx: &LowerCx<'_>) -> Lowered {
        let (Ok(x), Some(y)) = (cx.inputs.req(0), cx.outputs.first()) else { return Lowered::Reference };
        let Ok(parts) = self.parts(&cx.inputs, x.rank()) else { return Lowered::Reference };
        if parts.iter().flatten().all(|p| p.step > 0) && x.shape == y.shape {
            return Lowered::Alias;
        }
        let cut = |part: &Option<Part>| match part {
            None => Some((0, 1)),
            Some(Part { start: Int::Known(start), step, .. }) => Some((*start, *step)),
            Some(_) => None,
        };
        let cuts: Option<Vec<(i64, i64)>> = parts.iter().map(cut).collect();
        Lowered::Move(cuts.map_or(Movement::SliceAt, Movement::Slice))
    }
}

impl Slice {
    /// What is taken of each axis; all of it where there is nothing.
    fn parts(&self, inputs: &Inputs<'_>, rank: usize) -> Result<Vec<Option<Part>>, ShapeError> {
        let known = |list: &[i64]| list.iter().map(|&v| Int::Known(v)).collect::<Vec<_>>();
        let (starts, ends, axes, steps) = match &self.fixed {
            Some(f) => (known(&f.starts), known(&f.ends), f.axes.clone(), None),
            None => {
                let list = |i| inputs.opt(i).map(|_| shape_ints::known(inputs, i)).transpose();
                (shape_ints::signed(inputs, 1)?, shape_ints::signed(inputs, 2)?, list(3)?, list(4)?)
            }
        };
        let axes = axes.unwrap_or_else(|| (0..starts.len() as i64).collect());
        let steps = steps.unwrap_or_else(|| vec![1; starts.len()]);
        check_lengths([starts.len(), ends.len(), axes.len(), steps.len()])?;
        if steps.contains(&0) {
            return Err(ShapeError::shape("a step of 0"));
        }
        let mut parts = vec![None; rank];
        let list = starts.into_iter().zip(ends).zip(steps);
        for (axis, ((start, end), step)) in distinct_axes(&axes, rank)?.into_iter().zip(list) {
            parts[axis] = Some(Part { start, end, step });
        }
        Ok(parts)
    }

    /// First element and step of each axis, from the tensors themselves.
    fn cuts(&self, io: &Io<'_>, shape: &Shape) -> Result<[(i64, i64); MAX_RANK], OpError> {
        let (starts, axes, steps) = match &self.fixed {
            Some(f) => (f.starts.clone(), f.axes.clone(), None),
            None => {
                let list = |i| io.opt(i).map(|v| moves::ints_of(&v)).transpose();
                (moves::ints(io, 1)?, list(3)?, list(4)?)
            }
        };
        let mut cuts = [(0, 1); MAX_RANK];
        for (i, &start) in starts.iter().enumerate() {
            let axis = axes.as_ref().map_or(Some(i as i64), |a| a.get(i).copied());
            let step = steps.as_ref().map_or(Some(1), |s| s.get(i).copied());
            let (Some(axis), Some(step)) = (axis, step) else {
                return Err(OpError::Value("starts, axes and steps differ in length".into()));
            };
            let axis = normalize_axis(axis, shape.rank())?;
            cuts[axis] = (first(start, shape[axis], step), step);
        }
        Ok(cuts)
    }
}

fn check_lengths(lengths: [usize; 4]) -> Result<(), ShapeError> {
    if lengths.iter().all(|&n| n == lengths[0]) {
        return Ok(());
    }
    Err(ShapeError::shape(format!("starts, ends, axes and steps have {lengths:?} elements")))
}

/// The first element taken, clamped as ONNX says.
pub(crate) fn first(start: i64, len: usize, step: i64) -> i64 {
    let len = signed_len(len);
    let start = if start < 0 { start.saturating_add(len) } else { start };
    if step < 0 { start.clamp(-1, len - 1) } else { start.clamp(0, len) }
}

/// An extent beyond every i64 is no tensor's.
fn signed_len(len: usize) -> i64 {
    i64::try_from(len).unwrap_or(i64::MAX)
}

/// The number of elements between two that are known.
fn count(start: i64, end: i64, step: i64, len: usize) -> usize {
    let (start, n) = (first(start, len, step), signed_len(len));
    let end = if end < 0 { end.saturating_add(n) } else { end };
    let end = if step < 0 { end.clamp(-1, n - 1) } else { end.clamp(0, n) };
    let span = if step < 0 { start - end } else { end - start };
    if span <= 0 { 0 } else { (span as u64).div_ceil(step.unsigned_abs()) as usize }
}

/// From here on, an end means all: exporters write this, or the greatest i32 or i64.
const FAR: i64 = 1_000_000_000;

fn extent(len: &Dim, part: Option<&Part>) -> Result<Dim, ShapeError> {
    let Some(part) = part else { return Ok(len.clone()) };
    if let (Some(n), Int::Known(start), Int::Known(end)) = (len.known(), &part.start, &part.end) {
        return Ok(Dim::Known(count(*start, *end, part.step, n)));
    }
    if part.start == Int::Dim(Dim::New) || part.end == Int::Dim(Dim::New) {
        return Ok(Dim::New);
    }
    let span = if part.step > 0 { forward(len, part) } else { backward(len, part) };
    let step = usize::try_from(part.step.unsigned_abs()).map_err(|_| ShapeError::Overflow)?;
    let Some(span) = span else { return Ok(Dim::New) };
    span.combine(DimOp::CeilDiv, step.into()).ok_or(ShapeError::Overflow)
}

/// Where a bound lies on an axis of `len`: clamped to it, or that many elements before its end.
enum Place {
    At(Dim),
    BeforeEnd(usize),
}

fn place(bound: &Int, len: &Dim) -> Option<Place> {
    Some(match bound {
        Int::Known(v) if *v < 0 => Place::BeforeEnd(usize::try_from(v.unsigned_abs()).ok()?),
        Int::Known(v) if *v >= FAR => Place::BeforeEnd(0),
        Int::Known(v) => Place::At(Dim::Known(usize::try_from(*v).ok()?)),
        Int::Dim(d) if d == len => Place::BeforeEnd(0),
        Int::Dim(d) => Place::At(d.clone()),
    })
}

/// Elements between the bounds: `end − start`, both clamped, and 0 where that is negative.
fn forward(len: &Dim, part: &Part) -> Option<Dim> {
    let less = |d: &Dim, n: usize| d.clone().combine(DimOp::Sub, n.into());
    match (place(&part.start, len)?, place(&part.end, len)?) {
        (Place::At(s), Place::BeforeEnd(e)) => match s.known() {
            Some(s) => less(len, s.checked_add(e)?),
            None => len.clone().combine(DimOp::Sub, s)?.combine(DimOp::Sub, e.into()),
        },
        (Place::BeforeEnd(s), Place::BeforeEnd(e)) => less(len, e)?.combine(DimOp::Min, s.saturating_sub(e).into()),
        (Place::At(s), Place::At(e)) => match s.known() {
            Some(s) => less(&e.combine(DimOp::Min, len.clone())?, s),
            // Both bounds are the model's own arithmetic: a window within the axis.
            None => e.combine(DimOp::Sub, s)?.combine(DimOp::Min, len.clone()),
        },
        (Place::BeforeEnd(_), Place::At(_)) => None,
    }
}

/// From the last element (or one that is clamped to it) down to one near the start.
fn backward(len: &Dim, part: &Part) -> Option<Dim> {
    match (&part.start, &part.end) {
        (Int::Known(start), Int::Known(end)) if *start == -1 || *start >= FAR => match *end {
            end if end < -FAR => Some(len.clone()),
            end if end >= 0 => len.clone().combine(DimOp::Sub, usize::try_from(end).ok()?.checked_add(1)?.into()),
            _ => None,
        },
        _ => None,
    }
}

/// Elements of shape arithmetic.
fn picked(x: &Fact, part: Option<&Part>, len: usize) -> Option<Vec<Dim>> {
    let elements = shape_ints::handed_on(x, x.rank())?;
    let Some(part) = part else { return Some(elements) };
    let Int::Known(start) = part.start else { return None };
    let start = first(start, elements.len(), part.step);
    let at = |i: usize| elements.get(usize::try_from(start.checked_add((i as i64).checked_mul(part.step)?)?).ok()?).cloned();
    (0..len).map(at).collect()
}
