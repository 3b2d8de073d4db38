//! Conv.

use std::sync::Arc;

use fastserve_ir::{AttrError, Attrs, Dim, Fact, Inputs, Io, Op, OpError, OpRef, ShapeError};
use fastserve_tensor::Shape;

use crate::def::OpDef;
use crate::elements::{Float, count, for_float, require_float};
use crate::window::{Axis, WindowAttrs, taps};

/// A convolution of `[N, C, …]` with weights `[O, C/group, …]` and an optional bias `[O]`.
#[derive(Clone, Debug, PartialEq)]
pub struct Conv {
    /// The window.
    pub window: WindowAttrs,
    /// Number of groups.
    pub group: usize,
}

pub(crate) const DEFS: &[OpDef] = &[OpDef { name: "Conv", since: 1, build }];

fn build(attrs: &Attrs, _: i64) -> Result<OpRef, AttrError> {
    Ok(Arc::new(Conv::read(attrs)?))
}

impl Op for Conv {
    fn name(&self) -> &'static str {
        "Conv"
    }

    fn attrs(&self) -> Attrs {
        let attrs = self.window.write(Attrs::new());
        if self.group == 1 { attrs } else { attrs.with_int("group", self.group as i64) }
    }

    fn infer(&self, inputs: &Inputs<'_>) -> Result<Vec<Fact>, ShapeError> {
        let x = require_float(inputs, 0)?;
        let w = inputs.same_dtype(1, x.dtype)?;
        let shape = self.shape(x, w)?;
        if let Some(b) = inputs.opt(2) {
            inputs.same_dtype(2, x.dtype)?;
            if b.rank() != 1 || b.shape[0].differs(&w.shape[0]) {
                return Err(ShapeError::shape("input 2: expected one element an output channel"));
            }
        }
        Ok(vec![Fact::new(x.dtype, shape)])
    }

    fn reference(&self, io: &mut Io<'_>) -> Result<(), OpError> {
        let dtype = io.dtype(0)?;
        for_float!(dtype, T => self.body::<T>(io))
    }
}

impl Conv {
    pub(crate) fn read(attrs: &Attrs) -> Result<Self, AttrError> {
        attrs.only(&[&WindowAttrs::NAMES[..5], &["group"]].concat())?;
        let group = usize::try_from(attrs.int_or("group", 1)?).ok().filter(|&g| g > 0);
        let group = group.ok_or_else(|| AttrError::value("group", "expected at least 1"))?;
        Ok(Conv { window: WindowAttrs::read(attrs)?, group })
    }

    /// The output's extents.
    pub(crate) fn shape(&self, x: &Fact, w: &Fact) -> Result<Vec<Dim>, ShapeError> {
        if x.rank() < 3 || w.rank() != x.rank() {
            return Err(ShapeError::shape(format!("expected input and weights of one rank, 3 or more, got {} and {}", x.rank(), w.rank())));
        }
        self.check_channels(x, w)?;
        let kernel = self.kernel(&w.shape)?;
        let mut shape = vec![x.shape[0].clone(), w.shape[0].clone()];
        shape.extend(self.window.infer(&x.shape[2..], &kernel)?);
        Ok(shape)
    }

    /// The window along each axis, where the extents belong together.
    pub(crate) fn check_extents(&self, sx: &Shape, sw: &Shape, so: &Shape) -> Result<Vec<Axis>, OpError> {
        if sx.rank() < 3 || sw.rank() != sx.rank() || so.rank() != sx.rank() || so[..2] != [sx[0], sw[0]] {
            return Err(OpError::Value(format!("expected {so} of {sx} with weights {sw}")));
        }
        let axes = self.window.resolve(&sx[2..], &sw[2..])?;
        if !so.contains(&0) && (sw[1].checked_mul(self.group) != Some(sx[1]) || !sw[0].is_multiple_of(self.group)) {
            let why = format!("{} channels and {} outputs do not divide into {} groups of {}", sx[1], sw[0], self.group, sw[1]);
            return Err(OpError::Value(why));
        }
        Ok(axes)
    }

    fn check_channels(&self, x: &Fact, w: &Fact) -> Result<(), ShapeError> {
        let (Some(c), Some(cg), Some(o)) = (x.shape[1].known(), w.shape[1].known(), w.shape[0].known()) else {
            return Ok(());
        };
        if cg.checked_mul(self.group) != Some(c) || o % self.group != 0 {
            return Err(ShapeError::shape(format!("{c} channels and {o} outputs do not divide into {} groups of {cg}", self.group)));
        }
        Ok(())
    }

    /// The window's extents, which are the weights'.
    ///
    /// # Errors
    /// Weights of unknown extents, or an attribute that differs from them.
    pub fn kernel(&self, weights: &[Dim]) -> Result<Vec<usize>, ShapeError> {
        let known: Option<Vec<usize>> = weights[2..].iter().map(Dim::known).collect();
        let kernel = known.filter(|k| !k.contains(&0)).ok_or_else(|| ShapeError::shape("the window's extents must be known and not 0"))?;
        match &self.window.kernel_shape {
            Some(attr) if *attr != kernel => Err(ShapeError::shape(format!("kernel_shape is {attr:?}, but the weights are {kernel:?}"))),
            _ => Ok(kernel),
        }
    }

    fn body<T: Float>(&self, io: &mut Io<'_>) -> Result<(), OpError> {
        let (sx, sw, so) = (io.shape(0)?, io.shape(1)?, io.out_shape(0)?);
        let axes = self.check_extents(&sx, &sw, &so)?;
        if so.contains(&0) {
            return Ok(());
        }
        let (x, w) = (io.slice::<T>(0)?, io.slice::<T>(1)?);
        let bias = io.opt(2).map(|b| b.as_slice::<T>()).transpose()?;
        let job = Job { axes, group: self.group, sx: &sx, sw: &sw, x, w };
        let space = count(&so[2..]);
        for (i, y) in io.out_slice::<T>(0)?.iter_mut().enumerate() {
            let (n, o) = (i / space / so[1], i / space % so[1]);
            let sum = job.at(n, o, &unflatten(i % space, &so[2..]));
            *y = T::from_f64(sum + bias.map_or(0.0, |b| b[o].to_f64()));
        }
        Ok(())
    }
}

/// Index along each axis of a flat position.
pub(crate) fn unflatten(mut flat: usize, shape: &[usize]) -> Vec<usize> {
    let mut index = vec![0; shape.len()];
    for (i, &d) in index.iter_mut().zip(shape).rev() {
        *i = flat % d;
        flat /= d;
    }
    index
}

struct Job<'a, T> {
    axes: Vec<Axis>,
    group: usize,
    sx: &'a [usize],
    sw: &'a [usize],
    x: &'a [T],
    w: &'a [T],
}

impl<T: Float> Job<'_, T> {
    /// One output element, without the bias.
    fn at(&self, n: usize, o: usize, out: &[usize]) -> f64 {
        let (channels, per_group) = (self.sx[1], self.sw[1]);
        let first = o / (self.sw[0] / self.group) * per_group;
        let (space, window) = (count(&self.sx[2..]), count(&self.sw[2..]));
        let mut sum = 0.0;
        taps(&self.axes, out, &self.sx[2..], |tap, position| {
            let tap = tap.iter().zip(&self.sw[2..]).fold(0, |flat, (t, d)| flat * d + t);
            let term = |c: usize| {
                let x = self.x[(n * channels + first + c) * space + position].to_f64();
                x * self.w[(o * per_group + c) * window + tap].to_f64()
            };
            sum += (0..per_group).map(term).sum::<f64>();
        });
        sum
    }
}
