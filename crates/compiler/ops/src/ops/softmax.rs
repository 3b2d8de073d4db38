//! Softmax and LogSoftmax.

use std::sync::Arc;

use fastserve_ir::{AttrError, Attrs, Fact, Inputs, Io, LowerCx, Lowered, Op, OpError, OpRef, ShapeError, SoftmaxSpec, normalize_axis};

use crate::def::OpDef;
use crate::elements::{Float, count, for_float, require_float};

/// `exp(x) / Σ exp(x)` along an axis, or its logarithm.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Softmax {
    /// The axis; negative ones count from the end.
    pub axis: i64,
    /// Before opset 13: all axes from `axis` on sum to 1 together.
    pub flatten: bool,
    /// Whether the logarithm is taken: LogSoftmax.
    pub log: bool,
}

pub(crate) const DEFS: &[OpDef] = &[
    OpDef { name: "LogSoftmax", since: 1, build: |attrs, _| build(attrs, 1, true, true) },
    OpDef { name: "LogSoftmax", since: 13, build: |attrs, _| build(attrs, -1, false, true) },
    OpDef { name: "Softmax", since: 1, build: |attrs, _| build(attrs, 1, true, false) },
    OpDef { name: "Softmax", since: 13, build: |attrs, _| build(attrs, -1, false, false) },
];

fn build(attrs: &Attrs, axis: i64, flatten: bool, log: bool) -> Result<OpRef, AttrError> {
    attrs.only(&["axis", "fs.flatten"])?;
    let flatten = attrs.flag("fs.flatten", flatten)?;
    Ok(Arc::new(Softmax { axis: attrs.int_or("axis", axis)?, flatten, log }))
}

impl Op for Softmax {
    fn name(&self) -> &'static str {
        if self.log { "LogSoftmax" } else { "Softmax" }
    }

    fn attrs(&self) -> Attrs {
        let attrs = Attrs::new().with_int("axis", self.axis);
        if self.flatten { attrs.with_int("fs.flatten", 1) } else { attrs }
    }

    fn infer(&self, inputs: &Inputs<'_>) -> Result<Vec<Fact>, ShapeError> {
        let x = require_float(inputs, 0)?;
        self.axis_of(x.rank())?;
        Ok(vec![Fact::new(x.dtype, x.shape.clone())])
    }

    fn reference(&self, io: &mut Io<'_>) -> Result<(), OpError> {
        let dtype = io.dtype(0)?;
        for_float!(dtype, T => self.body::<T>(io))
    }

    fn lower(&self, cx: &LowerCx<'_>) -> Lowered {
        let axis = cx.inputs.req(0).and_then(|x| self.axis_of(x.rank()));
        match axis {
            Ok(axis) if cx.all_f32() => Lowered::Softmax(SoftmaxSpec { axis, flatten: self.flatten, log: self.log }),
            _ => Lowered::Reference,
        }
    }
}

impl Softmax {
    fn axis_of(&self, rank: usize) -> Result<usize, ShapeError> {
        // A scalar is a row of one element.
        if rank == 0 { Ok(0) } else { normalize_axis(self.axis, rank) }
    }

    fn body<T: Float>(&self, io: &mut Io<'_>) -> Result<(), OpError> {
        let shape = io.shape(0)?;
        let x = io.slice::<T>(0)?;
        let y = io.out_slice::<T>(0)?;
        if x.is_empty() || y.len() != x.len() {
            return if y.is_empty() { Ok(()) } else { Err(OpError::Value(format!("expected {} elements, got {}", y.len(), x.len()))) };
        }
        let (outer, rest) = shape.split_at(self.axis_of(shape.rank())?);
        let (len, inner) = match rest {
            [] => (1, 1),
            _ if self.flatten => (count(rest), 1),
            [len, inner @ ..] => (*len, count(inner)),
        };
        for row in 0..count(outer) * inner {
            let start = row / inner * len * inner + row % inner;
            softmax_row(x, y, |i| start + i * inner, len, self.log);
        }
        Ok(())
    }
}

fn softmax_row<T: Float>(x: &[T], y: &mut [T], at: impl Fn(usize) -> usize, len: usize, log: bool) {
    let max = (0..len).map(|i| x[at(i)].to_f64()).fold(f64::NEG_INFINITY, f64::max);
    let sum: f64 = (0..len).map(|i| (x[at(i)].to_f64() - max).exp()).sum();
    for i in (0..len).map(at) {
        let shifted = x[i].to_f64() - max;
        y[i] = T::from_f64(if log { shifted - sum.ln() } else { shifted.exp() / sum });
    }
}
