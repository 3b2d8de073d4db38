//! OneHot: indices as rows with one element on.

use std::sync::Arc;

use fastserve_ir::{AttrError, Attrs, Dim, Fact, Inputs, Io, Op, OpError, OpRef, ShapeError, normalize_axis};
use fastserve_tensor::{DType, TensorView};

use crate::def::OpDef;
use crate::elements::{count, for_width, words, words_mut};
use crate::moves::ints_of;
use crate::numbers::numbers_of;
use crate::shape_ints::{Int, ranked, signed};

/// A new axis of the extent that the second input says; the third input is the value off and the value on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct OneHot {
    /// Where the new axis stands; negative ones count from the end.
    pub axis: i64,
}

pub(crate) const DEFS: &[OpDef] = &[OpDef { name: "OneHot", since: 9, build }];

fn build(attrs: &Attrs, _: i64) -> Result<OpRef, AttrError> {
    attrs.only(&["axis"])?;
    Ok(Arc::new(OneHot { axis: attrs.int_or("axis", -1)? }))
}

impl Op for OneHot {
    fn name(&self) -> &'static str {
        "OneHot"
    }

    fn attrs(&self) -> Attrs {
        Attrs::new().with_int("axis", self.axis)
    }

    fn infer(&self, inputs: &Inputs<'_>) -> Result<Vec<Fact>, ShapeError> {
        let (indices, values) = (crate::elements::require_number(inputs, 0)?, inputs.req(2)?);
        let depth = match depth(inputs)? {
            Int::Known(n) => Dim::Known(usize::try_from(n).map_err(|_| ShapeError::shape(format!("a depth of {n}")))?),
            Int::Dim(d) => d,
        };
        let mut shape = indices.shape.clone();
        shape.insert(normalize_axis(self.axis, shape.len() + 1)?, depth);
        Ok(vec![Fact::new(values.dtype, ranked(shape)?)])
    }

    fn reference(&self, io: &mut Io<'_>) -> Result<(), OpError> {
        let shape = io.out_shape(0)?;
        let axis = normalize_axis(self.axis, shape.rank())?;
        let (depth, inner) = (shape[axis], count(&shape[axis + 1..]));
        let picks = places(&io.input(0)?, depth)?;
        for_width!(io.dtype(2)?, T => body::<T>(io, &picks, depth, inner))
    }

    fn is_linear(&self) -> bool {
        true
    }
}

/// The depth, which may be a float.
fn depth(inputs: &Inputs<'_>) -> Result<Int, ShapeError> {
    let fact = inputs.req(1)?;
    let known = fact.value.as_ref().filter(|v| v.numel() == 1).and_then(|v| numbers_of(&v.view().ok()?).ok()?.first().copied());
    match known {
        Some(v) => Ok(Int::Known(v as i64)),
        None if !matches!(fact.dtype, DType::I32 | DType::I64) => Ok(Int::Dim(Dim::New)),
        None => signed(inputs, 1)?.into_iter().next().ok_or_else(|| ShapeError::shape("input 1 is empty")),
    }
}

/// For each index, the place that is on; none where it is outside.
fn places(view: &TensorView<'_>, depth: usize) -> Result<Vec<Option<usize>>, OpError> {
    let list = match view.dtype() {
        DType::I32 | DType::I64 => ints_of(view)?,
        _ => numbers_of(view)?.into_iter().map(|v| v as i64).collect(),
    };
    let place = |v: i64| if v < 0 { v.checked_add(depth as i64) } else { Some(v) };
    let inside = |v: i64| usize::try_from(place(v)?).ok().filter(|&p| p < depth);
    Ok(list.into_iter().map(inside).collect())
}

fn body<T: bytemuck::Pod>(io: &mut Io<'_>, picks: &[Option<usize>], depth: usize, inner: usize) -> Result<(), OpError> {
    let [off, on] = *words::<T>(io, 2)? else { return Err(OpError::Value("input 2: expected two values".into())) };
    let y = words_mut::<T>(io, 0)?;
    if picks.len().checked_mul(depth) != Some(y.len()) {
        return Err(OpError::Value(format!("{} indices do not fill {} outputs", picks.len(), y.len())));
    }
    for (i, y) in y.iter_mut().enumerate() {
        let (outer, place, inside) = (i / inner / depth, i / inner % depth, i % inner);
        *y = if picks[outer * inner + inside] == Some(place) { on } else { off };
    }
    Ok(())
}
