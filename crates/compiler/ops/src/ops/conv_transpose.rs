//! ConvTranspose.

use std::sync::Arc;

use fastserve_ir::attrs::ints_of;
use fastserve_ir::{AttrError, Attrs, Dim, DimOp, Fact, Inputs, Io, Op, OpError, OpRef, ShapeError};

use crate::def::OpDef;
use crate::elements::{Float, count, for_float, require_float};
use crate::ops::conv::unflatten;
use crate::window::{AutoPad, WindowAttrs};

/// The transpose of a convolution: `[N, C, …]` with weights `[C, O/group, …]` and an optional bias `[O]`.
#[derive(Clone, Debug, PartialEq)]
pub struct ConvTranspose {
    /// The window: steps and distances are those of the output.
    pub window: WindowAttrs,
    /// Number of groups.
    pub group: usize,
    /// Added to the output's end; 0 by default.
    pub output_padding: Vec<usize>,
    /// The output's spatial extents, from which the padding follows.
    pub output_shape: Option<Vec<usize>>,
}

pub(crate) const DEFS: &[OpDef] = &[OpDef { name: "ConvTranspose", since: 1, build }];

fn build(attrs: &Attrs, _: i64) -> Result<OpRef, AttrError> {
    Ok(Arc::new(read(attrs)?))
}

pub(crate) fn read(attrs: &Attrs) -> Result<ConvTranspose, AttrError> {
    attrs.only(&[&WindowAttrs::NAMES[..5], &["group", "output_padding", "output_shape"]].concat())?;
    let group = usize::try_from(attrs.int_or("group", 1)?).ok().filter(|&g| g > 0);
    let group = group.ok_or_else(|| AttrError::value("group", "expected at least 1"))?;
    let output_padding = attrs.sizes("output_padding")?.unwrap_or_default();
    let output_shape = attrs.sizes("output_shape")?.filter(|s| !s.is_empty());
    Ok(ConvTranspose { window: WindowAttrs::read(attrs)?, group, output_padding, output_shape })
}

/// The window along one axis.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TransposedAxis {
    /// Extent of the window.
    pub kernel: usize,
    /// Step in the output.
    pub stride: usize,
    /// Distance between taps in the output.
    pub dilation: usize,
    /// What is cut off the start of the output.
    pub pad: usize,
}

impl Op for ConvTranspose {
    fn name(&self) -> &'static str {
        "ConvTranspose"
    }

    fn attrs(&self) -> Attrs {
        let mut attrs = self.window.write(Attrs::new());
        if self.group != 1 {
            attrs = attrs.with_int("group", self.group as i64);
        }
        if self.output_padding.iter().any(|&p| p != 0) {
            attrs = attrs.with_ints("output_padding", ints_of(&self.output_padding));
        }
        self.output_shape.iter().fold(attrs, |attrs, shape| attrs.with_ints("output_shape", ints_of(shape)))
    }

    fn infer(&self, inputs: &Inputs<'_>) -> Result<Vec<Fact>, ShapeError> {
        let x = require_float(inputs, 0)?;
        let w = inputs.same_dtype(1, x.dtype)?;
        if x.rank() < 3 || w.rank() != x.rank() {
            return Err(ShapeError::shape(format!("expected input and weights of one rank, 3 or more, got {} and {}", x.rank(), w.rank())));
        }
        self.check_channels(x, w)?;
        let channels = w.shape[1].clone().combine(DimOp::Mul, self.group.into()).ok_or(ShapeError::Overflow)?;
        if inputs.opt(2).is_some() {
            self.check_bias(inputs.same_dtype(2, x.dtype)?, &channels)?;
        }
        let kernel = self.kernel(&w.shape)?;
        let mut shape = vec![x.shape[0].clone(), channels];
        for (i, d) in x.shape[2..].iter().enumerate() {
            shape.push(self.extent(i, d, &kernel)?);
        }
        Ok(vec![Fact::new(x.dtype, shape)])
    }

    fn reference(&self, io: &mut Io<'_>) -> Result<(), OpError> {
        let dtype = io.dtype(0)?;
        for_float!(dtype, T => self.body::<T>(io))
    }
}

impl ConvTranspose {
    fn check_channels(&self, x: &Fact, w: &Fact) -> Result<(), ShapeError> {
        let (Some(c), Some(rows)) = (x.shape[1].known(), w.shape[0].known()) else { return Ok(()) };
        if c != rows || c % self.group != 0 {
            return Err(ShapeError::shape(format!("{c} channels and weights of {rows} do not divide into {} groups", self.group)));
        }
        Ok(())
    }

    pub(crate) fn check_bias(&self, b: &Fact, channels: &Dim) -> Result<(), ShapeError> {
        let differ = matches!((b.shape.first().and_then(Dim::known), channels.known()), (Some(a), Some(b)) if a != b);
        if b.rank() != 1 || differ {
            return Err(ShapeError::shape("input 2: expected one element an output channel"));
        }
        Ok(())
    }

    /// The window's extents, which are the weights'.
    ///
    /// # Errors
    /// Weights of unknown extents, or an attribute that differs from them or among themselves in length.
    pub fn kernel(&self, weights: &[Dim]) -> Result<Vec<usize>, ShapeError> {
        let known: Option<Vec<usize>> = weights.get(2..).unwrap_or_default().iter().map(Dim::known).collect();
        let kernel = known.filter(|k| !k.contains(&0)).ok_or_else(|| ShapeError::shape("the window's extents must be known and not 0"))?;
        self.check_kernel(&kernel)?;
        Ok(kernel)
    }

    pub(crate) fn check_kernel(&self, kernel: &[usize]) -> Result<(), ShapeError> {
        let rank = kernel.len();
        let (w, shape) = (&self.window, self.output_shape.as_deref().unwrap_or_default());
        if let Some(attr) = w.kernel_shape.as_ref().filter(|attr| *attr != kernel) {
            return Err(ShapeError::shape(format!("kernel_shape is {attr:?}, but the weights are {kernel:?}")));
        }
        let lists = [&w.strides[..], &w.dilations, &self.output_padding, shape];
        if lists.iter().any(|l| !l.is_empty() && l.len() != rank) || !(w.pads.is_empty() || w.pads.len() == 2 * rank) {
            return Err(ShapeError::shape(format!("an attribute has not the length of {rank} spatial axes")));
        }
        Ok(())
    }

    /// Step, distance between taps, extent of the window with its gaps, and padding of the output along an axis.
    fn along(&self, i: usize, kernel: &[usize]) -> Option<(usize, usize, usize, usize)> {
        let at = |list: &[usize], default: usize| list.get(i).copied().unwrap_or(default);
        let (stride, dilation) = (at(&self.window.strides, 1), at(&self.window.dilations, 1));
        let span = kernel.get(i)?.checked_sub(1)?.checked_mul(dilation)?.checked_add(1)?;
        Some((stride, dilation, span, at(&self.output_padding, 0)))
    }

    fn is_same(&self) -> bool {
        matches!(self.window.auto_pad, AutoPad::SameUpper | AutoPad::SameLower)
    }

    /// The given padding along an axis.
    fn pads(&self, i: usize, rank: usize) -> (usize, usize) {
        let at = |i: usize| self.window.pads.get(i).copied().unwrap_or(0);
        if self.window.auto_pad == AutoPad::NotSet { (at(i), at(rank + i)) } else { (0, 0) }
    }

    /// The output's extent along an axis.
    pub(crate) fn extent(&self, i: usize, input: &Dim, kernel: &[usize]) -> Result<Dim, ShapeError> {
        if let Some(shape) = &self.output_shape {
            return Ok(shape.get(i).copied().unwrap_or_default().into());
        }
        self.full_extent(i, input, kernel).ok_or(ShapeError::Overflow)
    }

    fn full_extent(&self, i: usize, input: &Dim, kernel: &[usize]) -> Option<Dim> {
        let (stride, _, span, extra) = self.along(i, kernel)?;
        let steps = input.clone().combine(DimOp::Mul, stride.into())?;
        if self.is_same() {
            return Some(steps);
        }
        let pads = self.pads(i, kernel.len());
        let add = span.checked_add(extra)?;
        let sub = pads.0.checked_add(pads.1)?.checked_add(stride)?;
        steps.combine(DimOp::Add, add.into())?.combine(DimOp::Sub, sub.into())
    }

    /// The window along each axis for these extents.
    ///
    /// # Errors
    /// Attributes that do not fit these extents.
    pub fn resolve(&self, input: &[usize], kernel: &[usize], output: &[usize]) -> Result<Vec<TransposedAxis>, ShapeError> {
        self.check_kernel(kernel)?;
        if input.len() != kernel.len() || output.len() != kernel.len() || kernel.contains(&0) {
            return Err(ShapeError::shape(format!("expected {} spatial axes, none of the window 0", input.len())));
        }
        let axis = |i: usize| self.resolve_axis(i, input[i], kernel, output[i]);
        (0..kernel.len()).map(axis).collect::<Option<_>>().ok_or(ShapeError::Overflow)
    }

    /// The window along an axis, where it does not depend on an extent that is not known.
    pub(crate) fn known_axis(&self, i: usize, input: &Dim, kernel: &[usize]) -> Option<TransposedAxis> {
        if let Some(n) = input.known() {
            let output = self.extent(i, input, kernel).ok()?.known()?;
            return self.resolve_axis(i, n, kernel, output);
        }
        if self.output_shape.is_some() {
            return None;
        }
        // What is cut off does not depend on the input's extent; any one will do.
        let one = Dim::Known(1);
        let output = self.extent(i, &one, kernel).ok()?.known()?;
        self.resolve_axis(i, 1, kernel, output)
    }

    fn resolve_axis(&self, i: usize, input: usize, kernel: &[usize], output: usize) -> Option<TransposedAxis> {
        let (stride, dilation, span, extra) = self.along(i, kernel)?;
        let full = input.saturating_sub(1).checked_mul(stride)?.checked_add(span)?.checked_add(extra)?;
        // Positions of the output and of its padding are added below: neither sum may overflow.
        full.checked_add(output)?;
        let pad = if self.output_shape.is_some() || self.is_same() {
            let total = full.saturating_sub(output);
            if self.window.auto_pad == AutoPad::SameUpper { total / 2 } else { total - total / 2 }
        } else {
            self.pads(i, kernel.len()).0
        };
        output.checked_add(pad)?;
        Some(TransposedAxis { kernel: kernel[i], stride, dilation, pad })
    }

    fn body<T: Float>(&self, io: &mut Io<'_>) -> Result<(), OpError> {
        let (sx, sw, so) = (io.shape(0)?, io.shape(1)?, io.out_shape(0)?);
        let fits = sx.rank() >= 3 && sw.rank() == sx.rank() && so.rank() == sx.rank() && sw[0] == sx[1] && sx[1].is_multiple_of(self.group);
        if !fits || so[0] != sx[0] || sw[1].checked_mul(self.group) != Some(so[1]) {
            return Err(OpError::Value(format!("expected {so} of {sx} with weights {sw}")));
        }
        if so.contains(&0) {
            return Ok(());
        }
        let axes = self.resolve(&sx[2..], &sw[2..], &so[2..])?;
        let (x, w) = (io.slice::<T>(0)?, io.slice::<T>(1)?);
        let bias = io.opt(2).map(|b| b.as_slice::<T>()).transpose()?;
        if bias.is_some_and(|b| b.len() != so[1]) {
            return Err(OpError::Value(format!("expected {} elements of the bias", so[1])));
        }
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

struct Job<'a, T> {
    axes: Vec<TransposedAxis>,
    group: usize,
    sx: &'a [usize],
    sw: &'a [usize],
    x: &'a [T],
    w: &'a [T],
}

impl<T: Float> Job<'_, T> {
    /// One output element, without the bias: for each tap, the input position that it comes from, if there is one.
    fn at(&self, n: usize, o: usize, out: &[usize]) -> f64 {
        let (group, column) = (o / self.sw[1], o % self.sw[1]);
        let per_group = self.sx[1] / self.group;
        let (space, taps) = (count(&self.sx[2..]), count(&self.sw[2..]));
        let mut sum = 0.0;
        for tap in 0..taps {
            let Some(position) = source(&self.axes, &self.sx[2..], out, &unflatten(tap, &self.sw[2..])) else { continue };
            for c in group * per_group..(group + 1) * per_group {
                let x = self.x[(n * self.sx[1] + c) * space + position].to_f64();
                sum += x * self.w[(c * self.sw[1] + column) * taps + tap].to_f64();
            }
        }
        sum
    }
}

/// The flat position of the input whose tap falls on an output position, if there is one.
pub(crate) fn source(axes: &[TransposedAxis], input: &[usize], out: &[usize], tap: &[usize]) -> Option<usize> {
    let mut flat = 0;
    for (i, axis) in axes.iter().enumerate() {
        let steps = (out[i] + axis.pad).checked_sub(tap[i] * axis.dilation)?;
        if steps % axis.stride != 0 || steps / axis.stride >= input[i] {
            return None;
        }
        flat = flat * input[i] + steps / axis.stride;
    }
    Some(flat)
}
