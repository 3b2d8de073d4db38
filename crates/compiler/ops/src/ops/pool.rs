//! Pooling: MaxPool and AveragePool.

use std::sync::Arc;

use fastserve_ir::{AttrError, Attrs, Fact, Inputs, Io, LowerCx, Lowered, Op, OpError, OpRef, PoolKind, PoolSpec, ShapeError};

use fastserve_tensor::{DType, Element};

use crate::def::OpDef;
use crate::elements::{Float, count, for_float, require_float};
use crate::ops::conv::unflatten;
use crate::window::{Axis, WindowAttrs, taps};

/// A pooling window over the spatial axes of `[N, C, …]`.
#[derive(Clone, Debug, PartialEq)]
pub struct Pool {
    /// What is computed.
    pub kind: PoolKind,
    /// The window.
    pub window: WindowAttrs,
    /// Whether the output Indices counts the first spatial axis as the fastest one.
    pub column_major: bool,
}

pub(crate) const DEFS: &[OpDef] =
    &[OpDef { name: "AveragePool", since: 1, build: build_average }, OpDef { name: "MaxPool", since: 1, build: build_max }];

fn build_max(attrs: &Attrs, _: i64) -> Result<OpRef, AttrError> {
    attrs.only(&[&WindowAttrs::NAMES[..], &["storage_order"]].concat())?;
    build(PoolKind::Max, attrs, attrs.flag("storage_order", false)?)
}

fn build_average(attrs: &Attrs, _: i64) -> Result<OpRef, AttrError> {
    attrs.only(&[&WindowAttrs::NAMES[..], &["count_include_pad"]].concat())?;
    build(PoolKind::Average { count_include_pad: attrs.flag("count_include_pad", false)? }, attrs, false)
}

fn build(kind: PoolKind, attrs: &Attrs, column_major: bool) -> Result<OpRef, AttrError> {
    let window = WindowAttrs::read(attrs)?;
    if window.kernel_shape.is_none() {
        return Err(AttrError::Missing("kernel_shape"));
    }
    Ok(Arc::new(Pool { kind, window, column_major }))
}

impl Op for Pool {
    fn name(&self) -> &'static str {
        match self.kind {
            PoolKind::Max => "MaxPool",
            PoolKind::Average { .. } => "AveragePool",
        }
    }

    fn attrs(&self) -> Attrs {
        let attrs = self.window.write(Attrs::new());
        match self.kind {
            PoolKind::Average { count_include_pad: true } => attrs.with_int("count_include_pad", 1),
            _ if self.column_major => attrs.with_int("storage_order", 1),
            _ => attrs,
        }
    }

    fn infer(&self, inputs: &Inputs<'_>) -> Result<Vec<Fact>, ShapeError> {
        let x = self.check_dtype(inputs)?;
        let kernel = self.kernel();
        if x.rank() != kernel.len() + 2 {
            return Err(ShapeError::shape(format!("expected rank {}, got {}", kernel.len() + 2, x.rank())));
        }
        let mut shape = x.shape[..2].to_vec();
        shape.extend(self.window.infer(&x.shape[2..], kernel)?);
        let y = Fact::new(x.dtype, shape.clone());
        Ok(if self.kind == PoolKind::Max { vec![y, Fact::new(DType::I64, shape)] } else { vec![y] })
    }

    fn reference(&self, io: &mut Io<'_>) -> Result<(), OpError> {
        match io.dtype(0)? {
            DType::U8 => self.max_body(io, 0u8, |v, max| v > max),
            DType::I8 => self.max_body(io, 0i8, |v, max| v > max),
            dtype => for_float!(dtype, T => self.float_body::<T>(io)),
        }
    }

    fn lower(&self, cx: &LowerCx<'_>) -> Lowered {
        let window = cx.inputs.req(0).ok().and_then(|x| self.window.window2d(&x.shape[2..], self.kernel()));
        match window {
            Some(window) if cx.all_f32() && cx.outputs.len() == 1 => Lowered::Pool(PoolSpec { kind: self.kind, window }),
            _ => Lowered::Reference,
        }
    }
}

impl Pool {
    fn kernel(&self) -> &[usize] {
        self.window.kernel_shape.as_deref().unwrap_or_default()
    }

    /// A maximum of small integers is one too; a mean is not.
    fn check_dtype<'a>(&self, inputs: &Inputs<'a>) -> Result<&'a Fact, ShapeError> {
        match inputs.req(0)?.dtype {
            DType::U8 | DType::I8 if self.kind == PoolKind::Max => inputs.req(0),
            _ => require_float(inputs, 0),
        }
    }

    fn float_body<T: Float>(&self, io: &mut Io<'_>) -> Result<(), OpError> {
        match self.kind {
            PoolKind::Max => self.max_body(io, T::from_f64(f64::NEG_INFINITY), |v: T, max: T| {
                let v = v.to_f64();
                v.is_nan() || v > max.to_f64()
            }),
            PoolKind::Average { count_include_pad } => {
                self.body(io, 0, |plane: &[T], axes, out, input| T::from_f64(mean_at(plane, axes, out, input, count_include_pad)))
            }
        }
    }

    /// The maximum of each window (`none` of one that lies in the padding), and where it stands if that is asked for.
    fn max_body<T: Element>(&self, io: &mut Io<'_>, none: T, above: impl Fn(T, T) -> bool + Copy) -> Result<(), OpError> {
        self.body(io, 0, |plane: &[T], axes, out, input| max_at(plane, axes, out, input, above).map_or(none, |at| plane[at]))?;
        if io.num_outputs() < 2 {
            return Ok(());
        }
        let (sx, so) = (io.shape(0)?, io.out_shape(1)?);
        let (space, planes) = (count(&sx[2..]), count(&so[2..]));
        self.body(io, 1, |plane: &[T], axes, out, input| {
            let order = |at: usize| if self.column_major { column_major(at, input) } else { at };
            max_at(plane, axes, out, input, above).map_or(-1, |at| order(at) as i64)
        })?;
        for (i, y) in io.out_slice::<i64>(1)?.iter_mut().enumerate().filter(|(_, y)| **y >= 0) {
            *y += (i / planes * space) as i64;
        }
        Ok(())
    }

    fn body<T: Element, Y: Element>(
        &self,
        io: &mut Io<'_>,
        output: usize,
        at: impl Fn(&[T], &[Axis], &[usize], &[usize]) -> Y,
    ) -> Result<(), OpError> {
        each_window(&self.window, io, output, at)
    }
}

/// Calls `at` for each element of an output with its plane of the input, the window, and where it is. The window has a kernel.
///
/// # Errors
/// Extents that the window does not make of each other.
pub(crate) fn each_window<T: Element, Y: Element>(
    window: &WindowAttrs,
    io: &mut Io<'_>,
    output: usize,
    at: impl Fn(&[T], &[Axis], &[usize], &[usize]) -> Y,
) -> Result<(), OpError> {
    let kernel = window.kernel_shape.as_deref().unwrap_or_default();
    let (sx, so) = (io.shape(0)?, io.out_shape(output)?);
    if sx.rank() != so.rank() || sx.rank() != kernel.len() + 2 || sx[..2] != so[..2] {
        return Err(OpError::Value(format!("expected {so} of {sx} by a window of {kernel:?}")));
    }
    let axes = window.resolve(&sx[2..], kernel)?;
    if so.contains(&0) {
        return Ok(());
    }
    let (space, out_space) = (count(&sx[2..]), count(&so[2..]));
    let x = io.slice::<T>(0)?;
    for (i, y) in io.out_slice::<Y>(output)?.iter_mut().enumerate() {
        let plane = &x[i / out_space * space..][..space];
        let out = unflatten(i % out_space, &so[2..]);
        *y = at(plane, &axes, &out, &sx[2..]);
    }
    Ok(())
}

/// Where the largest element of a window stands in its plane: the first of equal ones, the last NaN; none in the padding.
fn max_at<T: Element>(plane: &[T], axes: &[Axis], out: &[usize], input: &[usize], above: impl Fn(T, T) -> bool) -> Option<usize> {
    let mut best: Option<usize> = None;
    taps(axes, out, input, |_, position| {
        if best.is_none_or(|b| above(plane[position], plane[b])) {
            best = Some(position);
        }
    });
    best
}

/// A flat position counted with the first axis as the fastest one.
fn column_major(at: usize, shape: &[usize]) -> usize {
    unflatten(at, shape).iter().zip(shape).rev().fold(0, |flat, (i, d)| flat * d + i)
}

/// The mean; padding counts if `include_pad`, but never what a last, partial window reaches beyond it.
fn mean_at<T: Float>(plane: &[T], axes: &[Axis], out: &[usize], input: &[usize], include_pad: bool) -> f64 {
    let (mut sum, mut count) = (0.0, 0.0);
    taps(axes, out, input, |_, position| {
        sum += plane[position].to_f64();
        count += 1.0;
    });
    if include_pad {
        let taps = |((axis, &o), &n): ((&Axis, &usize), &usize)| axis.taps_with_padding(o, n) as f64;
        count = axes.iter().zip(out).zip(input).map(taps).product();
    }
    sum / count
}
