//! Softmax.

use std::sync::Arc;

use fastserve_ir::{AttrError, Attrs, Fact, Inputs, Io, LowerCx, Lowered, Op, OpError, OpRef, ShapeError, SoftmaxSpec, normalize_axis};

use crate::def::OpDef;
use crate::elements::{Float, for_float};

/// `exp(x) / Σ exp(x)` along an axis.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Softmax {
    /// The axis; negative ones count from the end.
    pub axis: i64,
    /// Before opset 13: all axes from `axis` on sum to 1 together.
    pub flatten: bool,
}

pub(crate) const DEFS: &[OpDef] = &[
    OpDef { name: "Softmax", since: 1, build: |attrs, _| build(attrs, 1, true) },
    OpDef { name: "Softmax", since: 13, build: |attrs, _| build(attrs, -1, false) },
];

fn build(attrs: &Attrs, axis: i64, flatten: bool) -> Result<OpRef, AttrError> {
    attrs.only(&["axis", "fs.flatten"])?;
    let flatten = attrs.flag("fs.flatten", flatten)?;
    Ok(Arc::new(Softmax { axis: attrs.int_or("axis", axis)?, flatten }))
}

impl Op for Softmax {
    fn name(&self) -> &'static str {
        "Softmax"
    }

    fn attrs(&self) -> Attrs {
        let attrs = Attrs::new().with_int("axis", self.axis);
        if self.flatten { attrs.with_int("fs.flatten", 1) } else { attrs }
    }

    fn infer(&self, inputs: &Inputs<'_>) -> Result<Vec<Fact>, ShapeError> {
        let x = inputs.req(0)?;
        if !x.dtype.is_float() {
            return Err(ShapeError::DType { index: 0, expected: "a float".into(), got: x.dtype });
        }
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
            Ok(axis) if cx.all_f32() => Lowered::Softmax(SoftmaxSpec { axis, flatten: self.flatten }),
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
        let axis = self.axis_of(shape.rank())?;
        let (outer, rest) = shape.split_at(axis);
        let (len, inner) = match rest {
            [] => (1, 1),
            _ if self.flatten => (rest.iter().product(), 1),
            [len, inner @ ..] => (*len, inner.iter().product()),
        };
        let outer: usize = outer.iter().product();
        let x = io.slice::<T>(0)?;
        let y = io.out_slice::<T>(0)?;
        for row in 0..outer * inner {
            let start = row / inner * len * inner + row % inner;
            softmax_row(x, y, |i| start + i * inner, len);
        }
        Ok(())
    }
}

fn softmax_row<T: Float>(x: &[T], y: &mut [T], at: impl Fn(usize) -> usize, len: usize) {
    let max = (0..len).map(|i| x[at(i)].to_f64()).fold(f64::NEG_INFINITY, f64::max);
    let sum: f64 = (0..len).map(|i| (x[at(i)].to_f64() - max).exp()).sum();
    (0..len).for_each(|i| y[at(i)] = T::from_f64((x[at(i)].to_f64() - max).exp() / sum));
}
