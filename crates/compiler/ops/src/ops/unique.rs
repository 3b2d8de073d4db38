//! Unique: elements or slices without their repetitions.

use std::sync::Arc;

use fastserve_ir::{AttrError, Attrs, Dim, Fact, Inputs, Io, Op, OpError, OpRef, ShapeError, normalize_axis};
use fastserve_tensor::{DType, Shape, TensorView};

use crate::def::OpDef;
use crate::elements::{count, require_number};
use crate::order::keys;

/// Each element once, or each slice of an axis; and where it is first, which of them each element is, and how often it is there.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Unique {
    /// The axis; negative ones count from the end. Without one, elements count.
    pub axis: Option<i64>,
    /// Whether they come in ascending order, else in that of the input.
    pub sorted: bool,
}

pub(crate) const DEFS: &[OpDef] = &[OpDef { name: "Unique", since: 11, build }];

fn build(attrs: &Attrs, _: i64) -> Result<OpRef, AttrError> {
    attrs.only(&["axis", "sorted"])?;
    Ok(Arc::new(Unique { axis: attrs.int("axis")?, sorted: attrs.flag("sorted", true)? }))
}

impl Op for Unique {
    fn name(&self) -> &'static str {
        "Unique"
    }

    fn attrs(&self) -> Attrs {
        let attrs = self.axis.map_or_else(Attrs::new, |axis| Attrs::new().with_int("axis", axis));
        if self.sorted { attrs } else { attrs.with_int("sorted", 0) }
    }

    fn infer(&self, inputs: &Inputs<'_>) -> Result<Vec<Fact>, ShapeError> {
        let x = inputs.req(0)?;
        if x.dtype != DType::Bool {
            require_number(inputs, 0)?;
        }
        let axis = self.axis.map(|axis| normalize_axis(axis, x.rank())).transpose()?;
        let len = axis.map_or_else(|| Dim::product(&x.shape).ok_or(ShapeError::Overflow), |axis| Ok(x.shape[axis].clone()))?;
        let found = match &x.value {
            Some(value) => {
                let groups = value.view().map_err(OpError::from).and_then(|v| self.groups(&v));
                Dim::Known(groups.map_err(|e| ShapeError::shape(e.to_string()))?.first.len())
            }
            None => Dim::New,
        };
        let mut shape = if axis.is_some() { x.shape.clone() } else { vec![Dim::New] };
        shape[axis.unwrap_or(0)] = found.clone();
        let list = |len: &Dim| Fact::new(DType::I64, vec![len.clone()]);
        Ok(vec![Fact::new(x.dtype, shape), list(&found), list(&len), list(&found)])
    }

    fn reference(&self, io: &mut Io<'_>) -> Result<(), OpError> {
        let (x, shape) = (io.input(0)?, io.shape(0)?);
        let groups = self.groups(&x)?;
        let (axis, len, inner) = self.lines(&shape)?;
        let mut made = shape;
        match axis {
            Some(axis) => made.dims_mut()[axis] = groups.first.len(),
            None => made = Shape::new(&[groups.first.len()])?,
        }
        let lists = [groups.first.len(), len, groups.first.len()].map(|n| Shape::new(&[n]));
        for (i, expected) in std::iter::once(Ok(made)).chain(lists).enumerate().take(io.num_outputs()) {
            let (expected, out) = (expected?, io.out_shape(i)?);
            if expected != out {
                return Err(OpError::Value(format!("output {i}: {expected} is made, {out} is asked for")));
            }
        }
        let slice = inner.saturating_mul(x.dtype().size_bytes());
        let y = io.output(0)?.bytes_mut();
        if !y.is_empty() {
            let rows = x.bytes().chunks_exact(slice * len);
            let picks = rows.flat_map(|row| groups.first.iter().map(move |&i| &row[i * slice..][..slice]));
            y.chunks_exact_mut(slice).zip(picks).for_each(|(y, x)| y.copy_from_slice(x));
        }
        for (i, list) in [&groups.first, &groups.of, &groups.counts].into_iter().enumerate().take(io.num_outputs().saturating_sub(1)) {
            let y = io.out_slice::<i64>(i + 1)?;
            y.fill(0);
            y.iter_mut().zip(list).for_each(|(y, &v)| *y = v as i64);
        }
        Ok(())
    }
}

/// Equal elements or slices together.
struct Groups {
    /// The first of each.
    first: Vec<usize>,
    /// The group of each element or slice; all are in the first where this is empty.
    of: Vec<usize>,
    /// How many there are of each.
    counts: Vec<usize>,
}

impl Unique {
    /// The axis, its extent and what lies within; without an axis, that of all elements in a row.
    fn lines(&self, shape: &Shape) -> Result<(Option<usize>, usize, usize), ShapeError> {
        let axis = self.axis.map(|axis| normalize_axis(axis, shape.rank())).transpose()?;
        Ok(axis.map_or((None, shape.numel(), 1), |a| (axis, shape[a], count(&shape[a + 1..]))))
    }

    fn groups(&self, x: &TensorView<'_>) -> Result<Groups, OpError> {
        let (_, len, inner) = self.lines(x.shape())?;
        let keys = keys(x)?;
        if keys.is_empty() {
            // Slices without elements are equal, and their number says nothing of memory.
            let some = usize::from(len > 0);
            return Ok(Groups { first: vec![0; some], of: Vec::new(), counts: vec![len; some] });
        }
        let slice = |i: usize| (0..keys.len() / len / inner).flat_map(move |o| (o * len + i) * inner..(o * len + i + 1) * inner);
        let compare = |a: usize, b: usize| slice(a).map(|i| keys[i]).cmp(slice(b).map(|i| keys[i]));
        let mut order: Vec<usize> = (0..len).collect();
        order.sort_by(|&a, &b| compare(a, b));
        let mut groups: Vec<&[usize]> = order.chunk_by(|&a, &b| compare(a, b).is_eq()).collect();
        if !self.sorted {
            groups.sort_unstable_by_key(|members| members[0]);
        }
        let mut of = vec![0; len];
        groups.iter().enumerate().for_each(|(g, members)| members.iter().for_each(|&i| of[i] = g));
        let first = groups.iter().map(|members| members[0]).collect();
        Ok(Groups { first, of, counts: groups.iter().map(|members| members.len()).collect() })
    }
}
