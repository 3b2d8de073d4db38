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
}

pub(crate) const DEFS: &[OpDef] =
    &[OpDef { name: "AveragePool", since: 1, build: build_average }, OpDef { name: "MaxPool", since: 1, build: build_max }];

fn build_max(attrs: &Attrs, _: i64) -> Result<OpRef, AttrError> {
    attrs.only(&[&WindowAttrs::NAMES[..], &["storage_order"]].concat())?;
    if attrs.flag("storage_order", false)? {
        return Err(AttrError::value("storage_order", "indices in column-major order are not supported"));
    }
    build(PoolKind::Max, attrs)
}

fn build_average(attrs: &Attrs, _: i64) -> Result<OpRef, AttrError> {
    attrs.only(&[&WindowAttrs::NAMES[..], &["count_include_pad"]].concat())?;
    build(PoolKind::Average { count_include_pad: attrs.flag("count_include_pad", false)? }, attrs)
}

fn build(kind: PoolKind, attrs: &Attrs) -> Result<OpRef, AttrError> {
    let window = WindowAttrs::read(attrs)?;
    if window.kernel_shape.is_none() {
        return Err(AttrError::Missing("kernel_shape"));
    }
    Ok(Arc::new(Pool { kind, window }))
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
        Ok(vec![Fact::new(x.dtype, shape)])
    }

    fn reference(&self, io: &mut Io<'_>) -> Result<(), OpError> {
        match io.dtype(0)? {
            DType::U8 => self.body(io, |plane: &[u8], axes, out, input| max_int(plane, axes, out, input)),
            DType::I8 => self.body(io, |plane: &[i8], axes, out, input| max_int(plane, axes, out, input)),
            dtype => for_float!(dtype, T => self.float_body::<T>(io)),
        }
    }

    fn lower(&self, cx: &LowerCx<'_>) -> Lowered {
        let window = cx.inputs.req(0).ok().and_then(|x| self.window.window2d(&x.shape[2..], self.kernel()));
        match window {
            Some(window) if cx.all_f32() => Lowered::Pool(PoolSpec { kind: self.kind, window }),
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
        self.body(io, |plane: &[T], axes, out, input| {
            T::from_f64(match self.kind {
                PoolKind::Max => max_at(plane, axes, out, input),
                PoolKind::Average { count_include_pad } => mean_at(plane, axes, out, input, count_include_pad),
            })
        })
    }

    /// Calls `at` for each output with its plane of the input, the window, and where it is.
    fn body<T: Element>(&self, io: &mut Io<'_>, at: impl Fn(&[T], &[Axis], &[usize], &[usize]) -> T) -> Result<(), OpError> {
        let (sx, so) = (io.shape(0)?, io.out_shape(0)?);
        if sx.rank() != so.rank() || sx.rank() != self.kernel().len() + 2 || sx[..2] != so[..2] {
            return Err(OpError::Value(format!("expected {so} of {sx} by a window of {:?}", self.kernel())));
        }
        let axes = self.window.resolve(&sx[2..], self.kernel())?;
        if so.contains(&0) {
            return Ok(());
        }
        let (space, out_space) = (count(&sx[2..]), count(&so[2..]));
        let x = io.slice::<T>(0)?;
        for (i, y) in io.out_slice::<T>(0)?.iter_mut().enumerate() {
            let plane = &x[i / out_space * space..][..space];
            let out = unflatten(i % out_space, &so[2..]);
            *y = at(plane, &axes, &out, &sx[2..]);
        }
        Ok(())
    }
}

fn max_int<T: Element + Ord + Default>(plane: &[T], axes: &[Axis], out: &[usize], input: &[usize]) -> T {
    let mut max = None;
    taps(axes, out, input, |_, position| max = max.max(Some(plane[position])));
    max.unwrap_or_default()
}

fn max_at<T: Float>(plane: &[T], axes: &[Axis], out: &[usize], input: &[usize]) -> f64 {
    let mut max = f64::NEG_INFINITY;
    taps(axes, out, input, |_, position| {
        let v = plane[position].to_f64();
        max = if v.is_nan() || v > max { v } else { max };
    });
    max
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
