//! Gather: slices of one axis, picked by indices.

use std::sync::Arc;

use fastserve_ir::{AttrError, Attrs, Dim, Fact, Inputs, Io, LowerCx, Lowered, Movement, Op, OpError, OpRef, ShapeError, normalize_axis};
use fastserve_tensor::{DType, TensorView};

use crate::def::OpDef;
use crate::elements::count;
use crate::shape_ints;

/// `data[…, indices, …]` at `axis`; negative indices count from the end.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Gather {
    /// The axis; negative ones count from the end.
    pub axis: i64,
}

pub(crate) const DEFS: &[OpDef] = &[OpDef { name: "Gather", since: 1, build }];

fn build(attrs: &Attrs, _: i64) -> Result<OpRef, AttrError> {
    attrs.only(&["axis"])?;
    Ok(Arc::new(Gather { axis: attrs.int_or("axis", 0)? }))
}

impl Op for Gather {
    fn name(&self) -> &'static str {
        "Gather"
    }

    fn attrs(&self) -> Attrs {
        Attrs::new().with_int("axis", self.axis)
    }

    fn infer(&self, inputs: &Inputs<'_>) -> Result<Vec<Fact>, ShapeError> {
        let (x, indices) = (inputs.req(0)?, inputs.req(1)?);
        if !matches!(indices.dtype, DType::I32 | DType::I64) {
            return Err(ShapeError::DType { index: 1, expected: "i32 or i64".into(), got: indices.dtype });
        }
        let axis = normalize_axis(self.axis, x.rank())?;
        let shape = shape_ints::ranked([&x.shape[..axis], &indices.shape, &x.shape[axis + 1..]].concat())?;
        let ints = picked(inputs, x, shape.len());
        Ok(vec![Fact::new(x.dtype, shape).with_ints(ints)])
    }

    fn reference(&self, io: &mut Io<'_>) -> Result<(), OpError> {
        let shape = io.shape(0)?;
        let axis = normalize_axis(self.axis, shape.rank())?;
        let (x, indices) = (io.input(0)?, io.input(1)?);
        let len = shape[axis];
        let slice_bytes = count(&shape[axis + 1..]).saturating_mul(x.dtype().size_bytes());
        let y = io.output(0)?.bytes_mut();
        if y.is_empty() {
            return Ok(());
        }
        let picks = count(indices.shape());
        if picks == 0 || slice_bytes == 0 {
            return Err(OpError::Value(format!("nothing is picked from {shape}, but elements are asked for")));
        }
        for (i, y) in y.chunks_exact_mut(slice_bytes).enumerate() {
            let at = position(&indices, i % picks, len)?;
            let from = (i / picks * len + at).checked_mul(slice_bytes).and_then(|start| x.bytes().get(start..)?.get(..slice_bytes));
            y.copy_from_slice(from.ok_or_else(|| OpError::Value(format!("{shape} has no such elements as are asked for")))?);
        }
        Ok(())
    }

    fn lower(&self, cx: &LowerCx<'_>) -> Lowered {
        let axis = cx.inputs.req(0).and_then(|x| normalize_axis(self.axis, x.rank()));
        axis.map_or(Lowered::Reference, |axis| Lowered::Move(Movement::Gather(axis)))
    }
}

/// Elements of shape arithmetic, picked by known indices.
fn picked(inputs: &Inputs<'_>, x: &Fact, rank: usize) -> Option<Vec<Dim>> {
    let elements = shape_ints::handed_on(x, rank.max(x.rank()))?;
    let at = |v: i64| elements.get(normalize_axis(v, elements.len()).ok()?).cloned();
    shape_ints::known(inputs, 1).ok()?.into_iter().map(at).collect()
}

/// The `i`-th index, from the start of an axis of `len`.
fn position(indices: &TensorView<'_>, i: usize, len: usize) -> Result<usize, OpError> {
    let index = match indices.dtype() {
        DType::I32 => indices.as_slice::<i32>()?[i].into(),
        _ => indices.as_slice::<i64>()?[i],
    };
    normalize_axis(index, len).map_err(|_| OpError::Value(format!("input 1: index {index} is outside an axis of {len}")))
}
