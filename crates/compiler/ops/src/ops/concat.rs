//! Concat: tensors one behind the other along an axis.

use std::sync::Arc;

use fastserve_ir::{
    AttrError, Attrs, Dim, DimOp, Fact, Inputs, Io, LowerCx, Lowered, Movement, Op, OpError, OpRef, ShapeError, normalize_axis,
};

use fastserve_tensor::{DType, MAX_RANK};

use crate::def::OpDef;
use crate::shape_ints;

/// Inputs that differ in the extent of `axis` only.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Concat {
    /// The axis; negative ones count from the end.
    pub axis: i64,
}

pub(crate) const DEFS: &[OpDef] = &[
    OpDef { name: "Concat", since: 1, build: |attrs, _| build(attrs, Some(1)) },
    OpDef { name: "Concat", since: 4, build: |attrs, _| build(attrs, None) },
];

fn build(attrs: &Attrs, default: Option<i64>) -> Result<OpRef, AttrError> {
    attrs.only(&["axis"])?;
    let axis = attrs.int("axis")?.or(default).ok_or(AttrError::Missing("axis"))?;
    Ok(Arc::new(Concat { axis }))
}

impl Op for Concat {
    fn name(&self) -> &'static str {
        "Concat"
    }

    fn attrs(&self) -> Attrs {
        Attrs::new().with_int("axis", self.axis)
    }

    fn infer(&self, inputs: &Inputs<'_>) -> Result<Vec<Fact>, ShapeError> {
        let first = inputs.req(0)?;
        let axis = normalize_axis(self.axis, first.rank())?;
        let mut shape = first.shape.clone();
        for i in 1..inputs.len() {
            let next = inputs.same_dtype(i, first.dtype)?;
            append(&mut shape, &next.shape, axis, i)?;
        }
        let ints = if shape.len() == 1 { joined(inputs) } else { None };
        Ok(vec![Fact::new(first.dtype, shape).with_ints(ints)])
    }

    fn reference(&self, io: &mut Io<'_>) -> Result<(), OpError> {
        let shape = io.out_shape(0)?;
        let axis = normalize_axis(self.axis, shape.rank())?;
        if shape.contains(&0) {
            return Ok(());
        }
        let rows: usize = shape[..axis].iter().product();
        let row_bytes = io.output(0)?.bytes_mut().len() / rows;
        let mut at = 0;
        for i in 0..io.num_inputs() {
            at = place(io, i, rows, row_bytes, at)?;
        }
        if at == row_bytes { Ok(()) } else { Err(OpError::Value(format!("the inputs fill {at} of {row_bytes} bytes"))) }
    }

    fn is_linear(&self) -> bool {
        true
    }

    fn lower(&self, cx: &LowerCx<'_>) -> Lowered {
        let axis = cx.inputs.req(0).and_then(|x| normalize_axis(self.axis, x.rank()));
        match axis {
            _ if cx.inputs.len() == 1 => Lowered::Alias,
            Ok(axis) => Lowered::Move(Movement::Concat(axis)),
            Err(_) => Lowered::Reference,
        }
    }
}

/// Elements of shape arithmetic, one behind the other; what only data tell among them where some are known.
fn joined(inputs: &Inputs<'_>) -> Option<Vec<Dim>> {
    let parts: Vec<Option<Vec<Dim>>> = (0..inputs.len()).map(|i| shape_ints::elements(inputs.opt(i)?)).collect();
    let whole = inputs.req(0).is_ok_and(|x| matches!(x.dtype, DType::I32 | DType::I64));
    if !whole || parts.iter().all(Option::is_none) {
        return None;
    }
    let unknown = |i: usize| shape_ints::len(inputs, i).ok().filter(|&n| n <= MAX_RANK).map(|n| vec![Dim::New; n]);
    let parts: Option<Vec<Vec<Dim>>> = parts.into_iter().enumerate().map(|(i, p)| p.or_else(|| unknown(i))).collect();
    parts.map(|p| p.concat())
}

/// Adds the extent along `axis`; the others must agree, and a known extent wins over a symbol.
fn append(shape: &mut [Dim], next: &[Dim], axis: usize, input: usize) -> Result<(), ShapeError> {
    if next.len() != shape.len() {
        return Err(ShapeError::shape(format!("input {input}: expected rank {}, got {}", shape.len(), next.len())));
    }
    for (i, (have, more)) in shape.iter_mut().zip(next).enumerate() {
        match (have.known(), more.known()) {
            _ if i == axis => *have = have.clone().combine(DimOp::Add, more.clone()).ok_or(ShapeError::Overflow)?,
            (Some(a), Some(b)) if a != b => return Err(ShapeError::shape(format!("input {input}: axis {i} is {b}, expected {a}"))),
            (None, Some(b)) => *have = Dim::Known(b),
            _ => {}
        }
    }
    Ok(())
}

/// Copies input `i` to offset `at` of each of `rows` rows, and returns where it ends.
fn place(io: &mut Io<'_>, i: usize, rows: usize, row_bytes: usize, at: usize) -> Result<usize, OpError> {
    let x = io.input(i)?.bytes();
    let chunk = x.len() / rows;
    if chunk == 0 {
        return Ok(at);
    }
    let end = at + chunk;
    if end > row_bytes || chunk * rows != x.len() {
        return Err(OpError::Value(format!("input {i} does not fit into the output")));
    }
    let y = io.output(0)?.bytes_mut();
    y.chunks_exact_mut(row_bytes).zip(x.chunks_exact(chunk)).for_each(|(y, x)| y[at..end].copy_from_slice(x));
    Ok(end)
}
