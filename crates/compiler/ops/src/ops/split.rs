//! Split: one axis in parts.

use std::sync::Arc;

use fastserve_ir::{
    AttrError, Attrs, Dim, DimOp, Fact, Inputs, Io, LowerCx, Lowered, Movement, Op, OpError, OpRef, ShapeError, normalize_axis,
};

use crate::def::OpDef;
use crate::moves::{flat, remap};
use crate::shape_ints::{self, Int};

/// The most parts: a claim of more than this is refused.
const MAX_PARTS: usize = 1024;

/// Parts of an axis, one an output.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Split {
    /// The axis; negative ones count from the end.
    pub axis: i64,
    /// How the parts are told, where not by the second input.
    pub parts: Parts,
}

/// How many parts there are, and how long.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Parts {
    /// Lengths are the second input.
    Input,
    /// Lengths as an attribute (before opset 13).
    Lengths(Vec<usize>),
    /// So many equal parts; the last one may be smaller.
    Equal(usize),
}

pub(crate) const DEFS: &[OpDef] = &[
    OpDef { name: "Split", since: 1, build: |attrs, _| build(attrs, "split") },
    OpDef { name: "Split", since: 13, build: |attrs, _| build(attrs, "fs.split") },
];

fn build(attrs: &Attrs, lengths: &'static str) -> Result<OpRef, AttrError> {
    attrs.only(&["axis", lengths, "num_outputs"])?;
    let axis = attrs.int_or("axis", 0)?;
    let parts = match (attrs.sizes(lengths)?, attrs.int("num_outputs")?) {
        (Some(list), _) => Parts::Lengths(list),
        (None, Some(n)) => Parts::Equal(in_range(n)?),
        (None, None) => Parts::Input,
    };
    Ok(Arc::new(Split { axis, parts }))
}

fn in_range(n: i64) -> Result<usize, AttrError> {
    let n = usize::try_from(n).ok().filter(|n| (1..=MAX_PARTS).contains(n));
    n.ok_or_else(|| AttrError::value("num_outputs", format!("expected 1 to {MAX_PARTS}")))
}

impl Op for Split {
    fn name(&self) -> &'static str {
        "Split"
    }

    fn attrs(&self) -> Attrs {
        let attrs = Attrs::new().with_int("axis", self.axis);
        match &self.parts {
            Parts::Input => attrs,
            Parts::Lengths(list) => attrs.with_ints("fs.split", fastserve_ir::attrs::ints_of(list)),
            Parts::Equal(n) => attrs.with_int("num_outputs", *n as i64),
        }
    }

    fn infer(&self, inputs: &Inputs<'_>) -> Result<Vec<Fact>, ShapeError> {
        let x = inputs.req(0)?;
        let axis = normalize_axis(self.axis, x.rank())?;
        let lengths = self.lengths(inputs, &x.shape[axis])?;
        let total = Dim::sum(&lengths).ok_or(ShapeError::Overflow)?;
        if let (Some(have), Some(want)) = (x.shape[axis].known(), total.known())
            && have != want
        {
            return Err(ShapeError::shape(format!("parts of {want} together do not fill an axis of {have}")));
        }
        let part = |len: Dim| {
            let mut shape = x.shape.clone();
            shape[axis] = len;
            Fact::new(x.dtype, shape)
        };
        Ok(lengths.into_iter().map(part).collect())
    }

    fn reference(&self, io: &mut Io<'_>) -> Result<(), OpError> {
        let shape = io.shape(0)?;
        let axis = normalize_axis(self.axis, shape.rank())?;
        let mut start = 0usize;
        for output in 0..io.num_outputs() {
            let mut from = [0; fastserve_tensor::MAX_RANK];
            remap(io, 0, output, |index| {
                from[..index.len()].copy_from_slice(index);
                from[axis] = from[axis].saturating_add(start);
                flat(&shape, &from[..index.len()]).map(Some)
            })?;
            start = start.saturating_add(io.out_shape(output)?.get(axis).copied().unwrap_or(0));
        }
        Ok(())
    }

    fn lower(&self, cx: &LowerCx<'_>) -> Lowered {
        if cx.outputs.len() == 1 && cx.inputs.req(0).is_ok_and(|x| x.shape == cx.outputs[0].shape) {
            return Lowered::Alias;
        }
        match cx.inputs.req(0).and_then(|x| normalize_axis(self.axis, x.rank())) {
            Ok(axis) => Lowered::Move(Movement::Split(axis)),
            Err(_) => Lowered::Reference,
        }
    }
}

impl Split {
    fn lengths(&self, inputs: &Inputs<'_>, len: &Dim) -> Result<Vec<Dim>, ShapeError> {
        match (&self.parts, inputs.opt(1)) {
            (Parts::Lengths(list), _) => Ok(list.iter().map(|&n| Dim::Known(n)).collect()),
            (Parts::Equal(n), _) => equal(len, *n),
            (Parts::Input, Some(_)) => shape_ints::signed(inputs, 1)?.into_iter().map(length).collect(),
            (Parts::Input, None) => Err(ShapeError::shape("the number of parts is not told")),
        }
    }
}

fn length(int: Int) -> Result<Dim, ShapeError> {
    match int {
        Int::Known(n) => usize::try_from(n).map(Dim::Known).map_err(|_| ShapeError::shape(format!("a part of {n} elements"))),
        Int::Dim(d) => Ok(d),
    }
}

/// Equal parts of ⌈len / n⌉; the last one is what remains.
fn equal(len: &Dim, n: usize) -> Result<Vec<Dim>, ShapeError> {
    if let Some(each) = len.exact_div(n) {
        return Ok(vec![each; n]);
    }
    let each = len.clone().combine(DimOp::CeilDiv, n.into()).ok_or(ShapeError::Overflow)?;
    // What remains of a symbol could fall when the symbol rises.
    let Some((len, each)) = len.known().zip(each.known()) else {
        return Ok(std::iter::once(each).chain(std::iter::repeat_n(Dim::New, n.saturating_sub(1))).collect());
    };
    let part = |i: usize| Dim::Known(len.saturating_sub(i.saturating_mul(each)).min(each));
    Ok((0..n).map(part).collect())
}
