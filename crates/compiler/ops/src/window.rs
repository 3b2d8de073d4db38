//! The attributes that convolution and pooling share.

use fastserve_ir::attrs::ints_of;
use fastserve_ir::{AttrError, Attrs, Dim, DimOp, ShapeError, Window2d};

/// How padding is chosen.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum AutoPad {
    /// As the attribute `pads` says.
    #[default]
    NotSet,
    /// None.
    Valid,
    /// So that the output is ⌈input / stride⌉; the odd one goes to the end.
    SameUpper,
    /// So that the output is ⌈input / stride⌉; the odd one goes to the start.
    SameLower,
}

const AUTO_PADS: &[(&str, AutoPad)] =
    &[("NOTSET", AutoPad::NotSet), ("VALID", AutoPad::Valid), ("SAME_UPPER", AutoPad::SameUpper), ("SAME_LOWER", AutoPad::SameLower)];

/// A sliding window over any number of spatial axes. An empty list means the default of its attribute.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct WindowAttrs {
    /// Extents of the window; a convolution may leave it to its weights.
    pub kernel_shape: Option<Vec<usize>>,
    /// Steps; 1 by default.
    pub strides: Vec<usize>,
    /// Distances between taps; 1 by default.
    pub dilations: Vec<usize>,
    /// Padding: all starts, then all ends; 0 by default.
    pub pads: Vec<usize>,
    /// How padding is chosen.
    pub auto_pad: AutoPad,
    /// Whether a last, partial window counts.
    pub ceil_mode: bool,
}

/// A window along one axis, with everything known but the input's extent.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Axis {
    pub(crate) kernel: usize,
    pub(crate) stride: usize,
    pub(crate) dilation: usize,
    pub(crate) pads: (usize, usize),
}

impl WindowAttrs {
    /// Names of the attributes.
    pub(crate) const NAMES: [&'static str; 6] = ["kernel_shape", "strides", "dilations", "pads", "auto_pad", "ceil_mode"];

    pub(crate) fn read(attrs: &Attrs) -> Result<Self, AttrError> {
        let auto_pad = match attrs.str("auto_pad")? {
            None => AutoPad::NotSet,
            Some(name) => find_auto_pad(&name)?,
        };
        let window = Self {
            kernel_shape: attrs.sizes("kernel_shape")?,
            strides: attrs.sizes("strides")?.unwrap_or_default(),
            dilations: attrs.sizes("dilations")?.unwrap_or_default(),
            pads: attrs.sizes("pads")?.unwrap_or_default(),
            auto_pad,
            ceil_mode: attrs.flag("ceil_mode", false)?,
        };
        window.check()
    }

    fn check(self) -> Result<Self, AttrError> {
        let lists = [("strides", &self.strides), ("dilations", &self.dilations)];
        if let Some((name, _)) = lists.into_iter().find(|(_, list)| list.contains(&0)) {
            return Err(AttrError::value(name, "expected no 0"));
        }
        if self.kernel_shape.as_ref().is_some_and(|k| k.contains(&0)) {
            return Err(AttrError::value("kernel_shape", "expected no 0"));
        }
        Ok(self)
    }

    /// The attributes, without those that are at their defaults.
    pub(crate) fn write(&self, mut attrs: Attrs) -> Attrs {
        if let Some(kernel) = &self.kernel_shape {
            attrs = attrs.with_ints("kernel_shape", ints_of(kernel));
        }
        for (name, list, default) in [("strides", &self.strides, 1), ("dilations", &self.dilations, 1), ("pads", &self.pads, 0)] {
            if list.iter().any(|&v| v != default) {
                attrs = attrs.with_ints(name, ints_of(list));
            }
        }
        if let Some((name, _)) = AUTO_PADS.iter().find(|(_, a)| *a == self.auto_pad && *a != AutoPad::NotSet) {
            attrs = attrs.with_str("auto_pad", *name);
        }
        if self.ceil_mode { attrs.with_int("ceil_mode", 1) } else { attrs }
    }

    /// The window along each of `rank` spatial axes; `kernel` is its extent (from the attribute or the weights). Padding
    /// chosen by `auto_pad` is 0 here; [`WindowAttrs::resolve`] chooses it.
    fn axes(&self, kernel: &[usize]) -> Result<Vec<Axis>, ShapeError> {
        let rank = kernel.len();
        let lengths = [(&self.strides, rank, "strides"), (&self.dilations, rank, "dilations"), (&self.pads, 2 * rank, "pads")];
        if let Some((list, want, name)) = lengths.into_iter().find(|(list, want, _)| !list.is_empty() && list.len() != *want) {
            return Err(ShapeError::shape(format!("`{name}` has {} elements, expected {want}", list.len())));
        }
        let at = |list: &[usize], i: usize, default: usize| list.get(i).copied().unwrap_or(default);
        let pads = |i| if self.auto_pad == AutoPad::NotSet { (at(&self.pads, i, 0), at(&self.pads, rank + i, 0)) } else { (0, 0) };
        let axis = |(i, &kernel): (usize, &usize)| Axis {
            kernel,
            stride: at(&self.strides, i, 1),
            dilation: at(&self.dilations, i, 1),
            pads: pads(i),
        };
        Ok(kernel.iter().enumerate().map(axis).collect())
    }

    fn is_same(&self) -> bool {
        matches!(self.auto_pad, AutoPad::SameUpper | AutoPad::SameLower)
    }

    /// The output's extents for inputs that may be symbolic.
    pub(crate) fn infer(&self, input: &[Dim], kernel: &[usize]) -> Result<Vec<Dim>, ShapeError> {
        let axes = self.axes(kernel)?;
        input.iter().zip(axes).map(|(d, axis)| self.infer_axis(d, axis)).collect()
    }

    fn infer_axis(&self, input: &Dim, axis: Axis) -> Result<Dim, ShapeError> {
        if self.is_same() {
            return input.clone().combine(DimOp::CeilDiv, axis.stride.into()).ok_or(ShapeError::Overflow);
        }
        if let Some(n) = input.known() {
            axis.check_fits(n)?;
        }
        let (add, sub) = self.last_start(axis).ok_or(ShapeError::Overflow)?;
        if axis.stride == 1 && add.checked_add(1) == Some(sub) {
            // The output is as long as the input; so it has the same expression.
            return Ok(input.clone());
        }
        let last = input.clone().combine(DimOp::Add, add.into()).and_then(|d| d.combine(DimOp::Sub, sub.into()));
        last.and_then(|d| d.combine(DimOp::Div, axis.stride.into()))
            .and_then(|d| d.combine(DimOp::Add, 1.into()))
            .ok_or(ShapeError::Overflow)
    }

    /// `(add, sub)` such that the last window is number `(input + add − sub) / stride`, from 0.
    fn last_start(&self, axis: Axis) -> Option<(usize, usize)> {
        let (span, pads) = (axis.span()?, axis.pads.0.checked_add(axis.pads.1)?);
        if !self.ceil_mode {
            return Some((pads, span));
        }
        // A partial window counts, but not one that would start in the padding at the end.
        let may_start_in_padding = axis.pads.1.checked_add(axis.stride)? > span;
        if may_start_in_padding { Some((axis.pads.0, 1)) } else { Some((pads.checked_add(axis.stride - 1)?, span)) }
    }

    /// The window along each axis with its padding chosen for these input extents.
    pub(crate) fn resolve(&self, input: &[usize], kernel: &[usize]) -> Result<Vec<Axis>, ShapeError> {
        let mut axes = self.axes(kernel)?;
        for (axis, &n) in axes.iter_mut().zip(input) {
            if self.is_same() {
                axis.pads = self.same_pads(n, axis).ok_or(ShapeError::Overflow)?;
            }
            axis.check_fits(n)?;
        }
        Ok(axes)
    }

    fn same_pads(&self, input: usize, axis: &Axis) -> Option<(usize, usize)> {
        let last = (input.div_ceil(axis.stride)).saturating_sub(1).checked_mul(axis.stride)?;
        let total = last.checked_add(axis.span()?)?.saturating_sub(input);
        let (small, large) = (total / 2, total - total / 2);
        Some(if self.auto_pad == AutoPad::SameUpper { (small, large) } else { (large, small) })
    }

    /// As a window over two axes, if the spatial rank is 1 or 2 and everything is known; a single axis becomes the second.
    pub fn window2d(&self, input: &[Dim], kernel: &[usize]) -> Option<Window2d> {
        let known: Option<Vec<usize>> = input.iter().map(Dim::known).collect();
        let axes = match known {
            Some(n) => self.resolve(&n, kernel).ok()?,
            None if self.is_same() => return None,
            None => self.axes(kernel).ok()?,
        };
        const NONE: Axis = Axis { kernel: 1, stride: 1, dilation: 1, pads: (0, 0) };
        let (h, w) = match axes[..] {
            [w] => (NONE, w),
            [h, w] => (h, w),
            _ => return None,
        };
        Some(Window2d {
            kernel: [h.kernel, w.kernel],
            strides: [h.stride, w.stride],
            dilations: [h.dilation, w.dilation],
            pads: [h.pads.0, w.pads.0, h.pads.1, w.pads.1],
        })
    }
}

impl Axis {
    /// Extent of the window with its gaps.
    fn span(&self) -> Option<usize> {
        self.kernel.checked_sub(1)?.checked_mul(self.dilation)?.checked_add(1)
    }

    /// Number of whole windows in an input.
    ///
    /// # Errors
    /// Not one fits.
    pub(crate) fn windows(&self, input: usize) -> Result<usize, ShapeError> {
        self.check_fits(input)?;
        let rest = self.end(input).zip(self.span()).and_then(|(end, span)| end.checked_sub(span));
        rest.map(|rest| rest / self.stride + 1).ok_or(ShapeError::Overflow)
    }

    /// Refuses an input that is smaller, with its padding, than the window.
    fn check_fits(&self, input: usize) -> Result<(), ShapeError> {
        let span = self.span().ok_or(ShapeError::Overflow)?;
        if self.end(input).ok_or(ShapeError::Overflow)? >= span {
            return Ok(());
        }
        Err(ShapeError::shape(format!("a window of {span} does not fit into {input} with padding {:?}", self.pads)))
    }

    /// Extent of the input with its padding.
    fn end(&self, input: usize) -> Option<usize> {
        self.pads.0.checked_add(self.pads.1)?.checked_add(input)
    }

    /// Number of taps, from the first, of the window at output position `out` that lie before `end`, counted from the start of
    /// the padding.
    pub(crate) fn taps_before(&self, out: usize, end: usize) -> usize {
        let start = out.saturating_mul(self.stride);
        end.saturating_sub(start).div_ceil(self.dilation).min(self.kernel)
    }

    /// Like [`Axis::taps_before`] the end of the padding.
    pub(crate) fn taps_with_padding(&self, out: usize, input: usize) -> usize {
        self.taps_before(out, self.end(input).unwrap_or(usize::MAX))
    }
}

fn find_auto_pad(name: &str) -> Result<AutoPad, AttrError> {
    let row = AUTO_PADS.iter().find(|(n, _)| *n == name);
    row.map(|(_, a)| *a)
        .ok_or_else(|| AttrError::value("auto_pad", format!("expected NOTSET, VALID, SAME_UPPER or SAME_LOWER, got {name}")))
}

/// Calls `visit(tap, position)` for each tap of the window at output position `out` that falls into the input, not into the
/// padding; the position is flat.
pub(crate) fn taps(axes: &[Axis], out: &[usize], input: &[usize], mut visit: impl FnMut(&[usize], usize)) {
    let first: Vec<usize> = axes.iter().zip(out).map(|(a, &o)| a.taps_before(o, a.pads.0)).collect();
    let behind: Vec<usize> = axes.iter().zip(out).zip(input).map(|((a, &o), &n)| a.taps_before(o, a.pads.0.saturating_add(n))).collect();
    if first.iter().zip(&behind).any(|(f, b)| f >= b) {
        return;
    }
    let mut tap = first.clone();
    loop {
        visit(&tap, position(axes, out, &tap, input));
        let Some(axis) = (0..tap.len()).rev().find(|&i| tap[i] + 1 < behind[i]) else { return };
        tap[axis] += 1;
        tap[axis + 1..].copy_from_slice(&first[axis + 1..]);
    }
}

/// The flat position in the input of a tap that falls into it.
fn position(axes: &[Axis], out: &[usize], tap: &[usize], input: &[usize]) -> usize {
    let along = |i: usize| out[i] * axes[i].stride + tap[i] * axes[i].dilation - axes[i].pads.0;
    (0..axes.len()).fold(0, |flat, i| flat * input[i] + along(i))
}
