//! TopK: the largest or smallest elements along an axis, and where they are.

use std::sync::Arc;

use fastserve_ir::{AttrError, Attrs, Dim, Fact, Inputs, Io, Op, OpError, OpRef, ShapeError, normalize_axis};
use fastserve_tensor::{DType, Shape, TensorView};

use crate::def::OpDef;
use crate::elements::{count, for_width, require_number, words, words_mut};
use crate::order::keys;
use crate::shape_ints::{Int, signed};

/// The extreme elements of an axis, the most extreme first, and of equal ones the first. A NaN counts as larger than all else.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TopK {
    /// The axis; negative ones count from the end.
    pub axis: i64,
    /// How many, where the second input does not say it (before opset 10).
    pub k: Option<usize>,
    /// Whether the largest, else the smallest.
    pub largest: bool,
    /// Whether they must come in order. They do always.
    pub sorted: bool,
}

pub(crate) const DEFS: &[OpDef] = &[
    OpDef { name: "TopK", since: 1, build: |attrs, _| build(attrs, &["axis", "k"]) },
    OpDef { name: "TopK", since: 10, build: |attrs, _| build(attrs, &["axis"]) },
    OpDef { name: "TopK", since: 11, build: |attrs, _| build(attrs, &["axis", "fs.k", "largest", "sorted"]) },
];

fn build(attrs: &Attrs, names: &[&str]) -> Result<OpRef, AttrError> {
    attrs.only(names)?;
    let old = names.contains(&"k");
    let given = if old { attrs.int("k")?.map(|k| vec![k]) } else { attrs.ints("fs.k")? };
    let one = |list: Vec<i64>| match list[..] {
        [k] => usize::try_from(k).map_err(|_| AttrError::value("k", format!("{k} elements"))),
        _ => Err(AttrError::value("fs.k", "expected one number")),
    };
    let k = given.map(one).transpose()?;
    if old && k.is_none() {
        return Err(AttrError::Missing("k"));
    }
    let (largest, sorted) = (attrs.flag("largest", true)?, attrs.flag("sorted", true)?);
    Ok(Arc::new(TopK { axis: attrs.int_or("axis", -1)?, k, largest, sorted }))
}

impl Op for TopK {
    fn name(&self) -> &'static str {
        "TopK"
    }

    fn attrs(&self) -> Attrs {
        let mut attrs = Attrs::new().with_int("axis", self.axis);
        if let Some(k) = self.k {
            attrs = attrs.with_ints("fs.k", vec![k as i64]);
        }
        let flags = [("largest", self.largest), ("sorted", self.sorted)];
        flags.into_iter().filter(|(_, on)| !on).fold(attrs, |attrs, (name, _)| attrs.with_int(name, 0))
    }

    fn infer(&self, inputs: &Inputs<'_>) -> Result<Vec<Fact>, ShapeError> {
        let x = require_number(inputs, 0)?;
        let axis = normalize_axis(self.axis, x.rank())?;
        let k = self.count(inputs)?;
        if let (Some(k), Some(len)) = (k.known(), x.shape[axis].known())
            && k > len
        {
            return Err(ShapeError::shape(format!("{k} elements of an axis of {len}")));
        }
        let mut shape = x.shape.clone();
        shape[axis] = k;
        Ok(vec![Fact::new(x.dtype, shape.clone()), Fact::new(DType::I64, shape)])
    }

    fn reference(&self, io: &mut Io<'_>) -> Result<(), OpError> {
        let (x, shape, out) = (io.input(0)?, io.shape(0)?, io.out_shape(0)?);
        let axis = normalize_axis(self.axis, shape.rank())?;
        let (len, k) = (shape[axis], out.get(axis).copied().unwrap_or(0));
        let mut expected = shape;
        expected.dims_mut()[axis] = k;
        if k > len || (0..io.num_outputs()).any(|i| io.out_shape(i) != Ok(expected)) {
            return Err(OpError::Value(format!("{shape} has no {out} of extremes along axis {axis}")));
        }
        if out.numel() == 0 {
            return Ok(());
        }
        let picks = self.picks(&x, &shape, axis, k)?;
        let inner = count(&shape[axis + 1..]);
        for_width!(x.dtype(), T => {
            let x = words::<T>(io, 0)?;
            let y = words_mut::<T>(io, 0)?;
            y.iter_mut().zip(&picks).enumerate().for_each(|(i, (y, &pick))| *y = x[(i / inner / k * len + pick) * inner + i % inner]);
            Ok::<(), OpError>(())
        })?;
        if io.num_outputs() > 1 {
            io.out_slice::<i64>(1)?.iter_mut().zip(&picks).for_each(|(y, &pick)| *y = pick as i64);
        }
        Ok(())
    }
}

impl TopK {
    fn count(&self, inputs: &Inputs<'_>) -> Result<Dim, ShapeError> {
        if let Some(k) = self.k {
            return Ok(Dim::Known(k));
        }
        match &signed(inputs, 1)?[..] {
            [Int::Known(k)] => usize::try_from(*k).map(Dim::Known).map_err(|_| ShapeError::shape(format!("{k} elements are asked for"))),
            [Int::Dim(d)] => Ok(d.clone()),
            list => Err(ShapeError::shape(format!("input 1: expected one element, got {}", list.len()))),
        }
    }

    /// For each element of the output, its place along the axis.
    fn picks(&self, x: &TensorView<'_>, shape: &Shape, axis: usize, k: usize) -> Result<Vec<usize>, OpError> {
        let mut keys = keys(x)?;
        if self.largest {
            keys.iter_mut().for_each(|key| *key = !*key);
        }
        let (len, inner) = (shape[axis], count(&shape[axis + 1..]));
        let mut picks = vec![0; keys.len() / len * k];
        let mut line: Vec<(u64, usize)> = Vec::with_capacity(len);
        for l in 0..keys.len() / len {
            let (outer, inside) = (l / inner, l % inner);
            line.clear();
            line.extend((0..len).map(|i| (keys[(outer * len + i) * inner + inside], i)));
            if k < len {
                line.select_nth_unstable(k);
            }
            line[..k].sort_unstable();
            line[..k].iter().enumerate().for_each(|(j, &(_, i))| picks[(outer * k + j) * inner + inside] = i);
        }
        Ok(picks)
    }
}
