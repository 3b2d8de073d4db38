//! fs.Col2Im: taps added into an image, the second half of a transposed convolution.

use std::sync::Arc;

use fastserve_ir::{AttrError, Attrs, Col2ImSpec, Dim, DimOp, Fact, Inputs, Io, LowerCx, Lowered, Op, OpError, OpRef, ShapeError};

use crate::def::OpDef;
use crate::elements::{Float, count, for_float, require_float};
use crate::ops::conv::unflatten;
use crate::ops::conv_transpose::{self, ConvTranspose};

/// `[N, O · taps, …]` to `[N, O, …]`, with an optional bias `[O]`. The attributes are those of the transposed convolution, whose
/// window must be given, without groups.
#[derive(Clone, Debug, PartialEq)]
pub struct Col2Im(pub ConvTranspose);

pub(crate) const DEFS: &[OpDef] = &[OpDef { name: "fs.Col2Im", since: 1, build }];

fn build(attrs: &Attrs, _: i64) -> Result<OpRef, AttrError> {
    let op = conv_transpose::read(attrs)?;
    if op.window.kernel_shape.is_none() {
        return Err(AttrError::Missing("kernel_shape"));
    }
    Ok(Arc::new(Col2Im(ConvTranspose { group: 1, ..op })))
}

impl Op for Col2Im {
    fn name(&self) -> &'static str {
        "fs.Col2Im"
    }

    fn attrs(&self) -> Attrs {
        self.0.attrs()
    }

    fn infer(&self, inputs: &Inputs<'_>) -> Result<Vec<Fact>, ShapeError> {
        let x = require_float(inputs, 0)?;
        let kernel = self.kernel();
        self.0.check_kernel(kernel)?;
        if x.rank() != kernel.len() + 2 {
            return Err(ShapeError::shape(format!("expected rank {}, got {}", kernel.len() + 2, x.rank())));
        }
        let taps = kernel.iter().try_fold(1usize, |n, &k| n.checked_mul(k)).ok_or(ShapeError::Overflow)?;
        if x.shape[1].known().is_some_and(|c| c % taps != 0) {
            return Err(ShapeError::shape(format!("{:?} planes are no multiple of {taps} taps", x.shape[1])));
        }
        let channels = x.shape[1].clone().combine(DimOp::Div, taps.into()).ok_or(ShapeError::Overflow)?;
        if inputs.opt(1).is_some() {
            self.0.check_bias(inputs.same_dtype(1, x.dtype)?, &channels)?;
        }
        let mut shape = vec![x.shape[0].clone(), channels];
        for (i, d) in x.shape[2..].iter().enumerate() {
            shape.push(self.0.extent(i, d, kernel)?);
        }
        Ok(vec![Fact::new(x.dtype, shape)])
    }

    fn reference(&self, io: &mut Io<'_>) -> Result<(), OpError> {
        let dtype = io.dtype(0)?;
        for_float!(dtype, T => self.body::<T>(io))
    }

    fn lower(&self, cx: &LowerCx<'_>) -> Lowered {
        let spec = cx.inputs.req(0).ok().and_then(|x| self.spec(&x.shape));
        match spec {
            Some(spec) if cx.all_f32() => Lowered::Col2Im(spec),
            _ => Lowered::Reference,
        }
    }
}

impl Col2Im {
    fn kernel(&self) -> &[usize] {
        self.0.window.kernel_shape.as_deref().unwrap_or_default()
    }

    /// A single spatial axis is a width.
    fn spec(&self, x: &[Dim]) -> Option<Col2ImSpec> {
        let kernel = self.kernel();
        let axis = |i: usize| self.0.known_axis(i, x.get(2 + i)?, kernel);
        let none = conv_transpose::TransposedAxis { kernel: 1, stride: 1, dilation: 1, pad: 0 };
        let [h, w] = match kernel.len() {
            1 => [none, axis(0)?],
            2 => [axis(0)?, axis(1)?],
            _ => return None,
        };
        Some(Col2ImSpec {
            kernel: [h.kernel, w.kernel],
            strides: [h.stride, w.stride],
            dilations: [h.dilation, w.dilation],
            pads: [h.pad, w.pad],
        })
    }

    fn body<T: Float>(&self, io: &mut Io<'_>) -> Result<(), OpError> {
        let (sx, so) = (io.shape(0)?, io.out_shape(0)?);
        let kernel = self.kernel();
        let taps = count(kernel);
        if sx.rank() != kernel.len() + 2 || so.rank() != sx.rank() || so[0] != sx[0] || so[1].checked_mul(taps) != Some(sx[1]) {
            return Err(OpError::Value(format!("expected {so} of {sx}")));
        }
        let axes = self.0.resolve(&sx[2..], kernel, &so[2..])?;
        if so.contains(&0) {
            return Ok(());
        }
        let x = io.slice::<T>(0)?;
        let bias = io.opt(1).map(|b| b.as_slice::<T>()).transpose()?;
        if bias.is_some_and(|b| b.len() != so[1]) {
            return Err(OpError::Value(format!("expected {} elements of the bias", so[1])));
        }
        let (space, planes) = (count(&sx[2..]), count(&so[2..]));
        for (i, y) in io.out_slice::<T>(0)?.iter_mut().enumerate() {
            let out = unflatten(i % planes, &so[2..]);
            let source = |tap: usize| conv_transpose::source(&axes, &sx[2..], &out, &unflatten(tap, kernel)).map(|at| (tap, at));
            let term = |(tap, at): (usize, usize)| x[(i / planes * taps + tap) * space + at].to_f64();
            let sum: f64 = (0..taps).filter_map(source).map(term).sum();
            *y = T::from_f64(sum + bias.map_or(0.0, |b| b[i / planes % so[1]].to_f64()));
        }
        Ok(())
    }
}
