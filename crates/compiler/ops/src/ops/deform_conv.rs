//! DeformConv: a convolution each tap of which is read at a place of its own, between elements (Dai et al., 2017), and weighted by
//! a mask (Zhu et al., 2019).

use std::sync::Arc;

use fastserve_ir::{AttrError, Attrs, Dim, Fact, Inputs, Io, Op, OpError, OpRef, ShapeError};
use fastserve_tensor::Shape;

use crate::def::OpDef;
use crate::elements::{Float, count, for_float, require_float};
use crate::ops::conv::{Conv, unflatten};
use crate::sampling::{Taps, weighted};
use crate::window::{Axis, WindowAttrs};

/// The inputs are `X[N, C, …]`, weights, offsets `[N, groups · taps · r, …]`, and optionally a bias and a mask `[N, groups · taps, …]`.
#[derive(Clone, Debug, PartialEq)]
pub struct DeformConv {
    /// The convolution without offsets.
    pub conv: Conv,
    /// Groups of channels, each with offsets of its own.
    pub offset_group: usize,
}

pub(crate) const DEFS: &[OpDef] = &[OpDef { name: "DeformConv", since: 19, build }];

fn build(attrs: &Attrs, _: i64) -> Result<OpRef, AttrError> {
    attrs.only(&["dilations", "group", "kernel_shape", "offset_group", "pads", "strides"])?;
    let groups = |name| {
        let n = attrs.int_or(name, 1)?;
        usize::try_from(n).ok().filter(|&g| g > 0).ok_or_else(|| AttrError::value(name, "expected at least 1"))
    };
    let conv = Conv { window: WindowAttrs::read(attrs)?, group: groups("group")? };
    Ok(Arc::new(DeformConv { conv, offset_group: groups("offset_group")? }))
}

impl Op for DeformConv {
    fn name(&self) -> &'static str {
        "DeformConv"
    }

    fn attrs(&self) -> Attrs {
        let attrs = self.conv.attrs();
        if self.offset_group == 1 { attrs } else { attrs.with_int("offset_group", self.offset_group as i64) }
    }

    fn infer(&self, inputs: &Inputs<'_>) -> Result<Vec<Fact>, ShapeError> {
        let x = require_float(inputs, 0)?;
        let w = inputs.same_dtype(1, x.dtype)?;
        let shape = self.conv.shape(x, w)?;
        if x.shape[1].known().is_some_and(|c| c % self.offset_group != 0) {
            return Err(ShapeError::shape(format!("{:?} channels do not divide into {} groups", x.shape[1], self.offset_group)));
        }
        let kernel = self.conv.kernel(&w.shape)?;
        self.check_taps(inputs, 2, kernel.len(), &kernel, &shape, x)?;
        if inputs.opt(3).is_some() {
            let b = inputs.ranked(3, 1)?;
            inputs.same_dtype(3, x.dtype)?;
            check(3, &b.shape[0], &w.shape[0])?;
        }
        if inputs.opt(4).is_some() {
            self.check_taps(inputs, 4, 1, &kernel, &shape, x)?;
        }
        Ok(vec![Fact::new(x.dtype, shape)])
    }

    fn reference(&self, io: &mut Io<'_>) -> Result<(), OpError> {
        for_float!(io.dtype(0)?, T => self.body::<T>(io))
    }
}

fn check(i: usize, have: &Dim, want: &Dim) -> Result<(), ShapeError> {
    if have.differs(want) { Err(ShapeError::shape(format!("input {i}: expected an extent of {want:?}, got {have:?}"))) } else { Ok(()) }
}

impl DeformConv {
    /// Refuses an input that has not `each` numbers for each tap at each position of the output.
    fn check_taps(&self, inputs: &Inputs<'_>, i: usize, each: usize, kernel: &[usize], out: &[Dim], x: &Fact) -> Result<(), ShapeError> {
        let fact = inputs.ranked(i, out.len())?;
        inputs.same_dtype(i, x.dtype)?;
        let planes = kernel.iter().chain([&self.offset_group, &each]).try_fold(1usize, |n, &d| n.checked_mul(d));
        check(i, &fact.shape[0], &out[0])?;
        check(i, &fact.shape[1], &planes.ok_or(ShapeError::Overflow)?.into())?;
        fact.shape[2..].iter().zip(&out[2..]).try_for_each(|(have, want)| check(i, have, want))
    }

    fn body<T: Float>(&self, io: &mut Io<'_>) -> Result<(), OpError> {
        let (sx, sw, so) = (io.shape(0)?, io.shape(1)?, io.out_shape(0)?);
        let axes = self.conv.check_extents(&sx, &sw, &so)?;
        if so.contains(&0) {
            return Ok(());
        }
        let (taps, space) = (count(&sw[2..]), count(&so[2..]));
        let (offsets, mask) = (io.slice::<T>(2)?, io.opt(4).map(|m| m.as_slice::<T>()).transpose()?);
        let bias = io.opt(3).map(|b| b.as_slice::<T>()).transpose()?;
        let places = count(&[so[0], self.offset_group, taps, space]);
        let fits = sx[1].is_multiple_of(self.offset_group) && bias.is_none_or(|b| b.len() == so[1]);
        if !fits || offsets.len() != count(&[places, axes.len()]) || mask.is_some_and(|m| m.len() != places) {
            return Err(OpError::Value(format!("offsets, mask or bias do not fit {so} of {sx} in {} groups", self.offset_group)));
        }
        let job = Job { axes, groups: self.offset_group, sx, sw, so, x: io.slice::<T>(0)?, offsets, mask };
        let (w, y) = (io.slice::<T>(1)?, io.out_slice::<T>(0)?);
        for (n, position) in (0..so[0]).flat_map(|n| (0..space).map(move |p| (n, p))) {
            let column = job.column(n, position);
            for o in 0..so[1] {
                let (row, first) = (sw[1] * taps, o / (so[1] / self.conv.group) * sw[1] * taps);
                let sum: f64 = w[o * row..][..row].iter().zip(&column[first..]).map(|(w, x)| w.to_f64() * x).sum();
                y[(n * so[1] + o) * space + position] = T::from_f64(sum + bias.map_or(0.0, |b| b[o].to_f64()));
            }
        }
        Ok(())
    }
}

/// What is read: all extents fit each other.
struct Job<'a, T> {
    axes: Vec<Axis>,
    groups: usize,
    sx: Shape,
    sw: Shape,
    so: Shape,
    x: &'a [T],
    offsets: &'a [T],
    mask: Option<&'a [T]>,
}

impl<T: Float> Job<'_, T> {
    /// The elements under the window at a position, `[C, taps]`.
    fn column(&self, n: usize, position: usize) -> Vec<f64> {
        let (channels, input) = (self.sx[1], &self.sx[2..]);
        let (taps, space, plane) = (count(&self.sw[2..]), count(&self.so[2..]), count(input));
        let mut column = vec![0.0; channels * taps];
        let each = channels / self.groups;
        for (group, tap) in (0..self.groups).flat_map(|g| (0..taps).map(move |t| (g, t))) {
            let at = (n * self.groups + group) * taps + tap;
            let places = self.places(at, tap, position);
            let weight = self.mask.map_or(1.0, |m| m[at * space + position].to_f64());
            for c in group * each..(group + 1) * each {
                let first = (n * channels + c) * plane;
                column[c * taps + tap] = weight * weighted(input, &places, &|i| self.x[first + i].to_f64());
            }
        }
        column
    }

    /// The elements that a tap reads along each axis: two neighbours, none of the padding.
    fn places(&self, at: usize, tap: usize, position: usize) -> Vec<Taps> {
        let (tap, out, space) = (unflatten(tap, &self.sw[2..]), unflatten(position, &self.so[2..]), count(&self.so[2..]));
        let along = |(i, axis): (usize, &Axis)| {
            let offset = self.offsets[(at * self.axes.len() + i) * space + position].to_f64();
            let start = out[i] as f64 * axis.stride as f64 + tap[i] as f64 * axis.dilation as f64 - axis.pads.0 as f64;
            neighbours(start + offset, self.sx[2 + i])
        };
        self.axes.iter().enumerate().map(along).collect()
    }
}

/// The elements below and above a place, nearer ones with more weight. What is no number lies nowhere.
fn neighbours(at: f64, len: usize) -> Taps {
    let (low, part) = (at.floor(), at - at.floor());
    let one = |at: f64, weight: f64| (at >= 0.0 && at < len as f64).then_some((at as usize, weight));
    [one(low, 1.0 - part), one(low + 1.0, part)].into_iter().flatten().collect()
}
