//! Pad with a constant or with the input's own elements; negative padding crops.

use std::sync::Arc;

use fastserve_ir::{
    AttrError, Attrs, Dim, DimOp, Fact, Inputs, Io, LowerCx, Lowered, Movement, Op, OpError, OpRef, ShapeError, normalize_axis,
};
use fastserve_tensor::{DType, MAX_RANK, Shape, TensorView, bf16, f16};

use crate::def::OpDef;
use crate::elements::{for_width, words, words_mut};
use crate::shape_ints::{self, distinct_axes};

/// Elements before and after each axis.
#[derive(Clone, Debug, PartialEq)]
pub struct Pad {
    /// What the new elements are.
    pub mode: PadMode,
    /// Padding (all starts, then all ends) and value as attributes (before opset 11); else they are inputs.
    pub fixed: Option<(Vec<i64>, f32)>,
}

pub use fastserve_ir::PadMode;

const MODES: &[(&str, PadMode)] =
    &[("constant", PadMode::Constant), ("reflect", PadMode::Reflect), ("edge", PadMode::Edge), ("wrap", PadMode::Wrap)];

pub(crate) const DEFS: &[OpDef] = &[
    OpDef { name: "Pad", since: 1, build: |attrs, _| old(attrs, "paddings", "value") },
    OpDef { name: "Pad", since: 2, build: |attrs, _| old(attrs, "pads", "value") },
    OpDef { name: "Pad", since: 11, build },
];

fn build(attrs: &Attrs, _: i64) -> Result<OpRef, AttrError> {
    if attrs.get("fs.pads").is_some() {
        return old(attrs, "fs.pads", "fs.value");
    }
    attrs.only(&["mode"])?;
    Ok(Arc::new(Pad { mode: mode(attrs)?, fixed: None }))
}

fn old(attrs: &Attrs, pads: &'static str, value: &'static str) -> Result<OpRef, AttrError> {
    attrs.only(&["mode", pads, value])?;
    let mode = mode(attrs)?;
    let pads = attrs.ints(pads)?.ok_or(AttrError::Missing(pads))?;
    Ok(Arc::new(Pad { mode, fixed: Some((pads, attrs.float_or(value, 0.0)?)) }))
}

fn mode(attrs: &Attrs) -> Result<PadMode, AttrError> {
    let Some(word) = attrs.str("mode")? else { return Ok(PadMode::Constant) };
    let row = MODES.iter().find(|(n, _)| *n == word);
    row.map(|(_, m)| *m).ok_or_else(|| AttrError::value("mode", format!("{word} is not supported")))
}

impl Op for Pad {
    fn name(&self) -> &'static str {
        "Pad"
    }

    fn attrs(&self) -> Attrs {
        let row = MODES.iter().find(|(_, m)| *m == self.mode && *m != PadMode::Constant);
        let attrs = row.map_or_else(Attrs::new, |(name, _)| Attrs::new().with_str("mode", *name));
        match &self.fixed {
            None => attrs,
            Some((pads, value)) => attrs.with_ints("fs.pads", pads.clone()).with_float("fs.value", *value),
        }
    }

    fn infer(&self, inputs: &Inputs<'_>) -> Result<Vec<Fact>, ShapeError> {
        let x = inputs.req(0)?;
        if self.fixed.is_none() && self.mode == PadMode::Constant && inputs.opt(2).is_some() {
            inputs.same_dtype(2, x.dtype)?;
        }
        let pads = match self.pads(inputs, x.rank()) {
            Err(ShapeError::DataDependent(_)) => return Ok(vec![Fact::new(x.dtype, vec![Dim::New; x.rank()])]),
            pads => pads?,
        };
        let shape: Result<Vec<Dim>, _> = x.shape.iter().zip(pads).map(|(d, p)| padded(d, p)).collect();
        Ok(vec![Fact::new(x.dtype, shape?)])
    }

    fn reference(&self, io: &mut Io<'_>) -> Result<(), OpError> {
        let starts = self.starts(io)?;
        let fill = self.fill(io)?;
        for_width!(io.dtype(0)?, T => body::<T>(io, self.mode, &starts, &fill))
    }

    fn is_linear(&self) -> bool {
        true
    }

    fn lower(&self, cx: &LowerCx<'_>) -> Lowered {
        let pads = cx.inputs.req(0).and_then(|x| self.pads(&cx.inputs, x.rank()));
        match pads {
            Ok(pads) if pads.iter().all(|p| *p == (0, 0)) => Lowered::Alias,
            Ok(pads) => self.moved(cx, pads.into_iter().map(|(start, _)| start).collect()),
            _ => Lowered::Reference,
        }
    }
}

fn padded(dim: &Dim, (start, end): (i64, i64)) -> Result<Dim, ShapeError> {
    let total = start.checked_add(end).ok_or(ShapeError::Overflow)?;
    let amount = usize::try_from(total.unsigned_abs()).map_err(|_| ShapeError::Overflow)?;
    if total >= 0 {
        return dim.clone().combine(DimOp::Add, amount.into()).ok_or(ShapeError::Overflow);
    }
    match dim.known() {
        Some(n) if n < amount => Err(ShapeError::shape(format!("padding ({start}, {end}) crops more than an extent of {n}"))),
        _ => dim.clone().combine(DimOp::Sub, amount.into()).ok_or(ShapeError::Overflow),
    }
}

impl Pad {
    /// The lowering to a copy, where the constant can be made in this type.
    fn moved(&self, cx: &LowerCx<'_>, starts: Vec<i64>) -> Lowered {
        let (Ok(x), mut fill) = (cx.inputs.req(0), [0; 8]) else { return Lowered::Reference };
        let value = match &self.fixed {
            Some((_, value)) if put_float(&mut fill, x.dtype, *value).is_err() => return Lowered::Reference,
            Some(_) => Some(fill),
            None => None,
        };
        Lowered::Move(Movement::Pad { mode: self.mode, starts, value })
    }

    /// (start, end) of each axis.
    fn pads(&self, inputs: &Inputs<'_>, rank: usize) -> Result<Vec<(i64, i64)>, ShapeError> {
        let list = match &self.fixed {
            Some((pads, _)) => pads.clone(),
            None => shape_ints::known(inputs, 1)?,
        };
        let axes = match inputs.opt(3).filter(|_| self.fixed.is_none()) {
            Some(_) => distinct_axes(&shape_ints::known(inputs, 3)?, rank)?,
            None => (0..rank).collect(),
        };
        if list.len() != 2 * axes.len() {
            return Err(ShapeError::shape(format!("pads has {} elements, expected two for each of {} axes", list.len(), axes.len())));
        }
        let mut pads = vec![(0, 0); rank];
        axes.iter().enumerate().for_each(|(i, &axis)| pads[axis] = (list[i], list[axes.len() + i]));
        Ok(pads)
    }

    /// Padding before each axis, from the tensors themselves.
    fn starts(&self, io: &Io<'_>) -> Result<[i64; MAX_RANK], OpError> {
        let rank = io.shape(0)?.rank();
        let input = if self.fixed.is_none() { Some(io.input(1)?) } else { None };
        let axes = if self.fixed.is_none() { io.opt(3) } else { None };
        let mut starts = [0; MAX_RANK];
        for i in 0..axes.map_or(rank, |a| a.shape().numel()) {
            let axis = axes.map_or(Ok(i as i64), |a| int_at(&a, i))?;
            starts[normalize_axis(axis, rank)?] = match (&self.fixed, &input) {
                (Some((pads, _)), _) => pads.get(i).copied().unwrap_or_default(),
                (None, Some(pads)) => int_at(pads, i)?,
                (None, None) => 0,
            };
        }
        Ok(starts)
    }

    /// The bytes of the element to pad with, in front.
    fn fill(&self, io: &Io<'_>) -> Result<[u8; 8], OpError> {
        let mut fill = [0; 8];
        match (&self.fixed, io.opt(2)) {
            (Some((_, value)), _) => put_float(&mut fill, io.dtype(0)?, *value)?,
            (None, None) => {}
            (None, Some(value)) => {
                let one = value.bytes().get(..value.dtype().size_bytes());
                let one = one.ok_or_else(|| OpError::Value("input 2: expected one element, got none".into()))?;
                fill[..one.len()].copy_from_slice(one);
            }
        }
        Ok(fill)
    }
}

fn int_at(list: &TensorView<'_>, i: usize) -> Result<i64, OpError> {
    let got = match list.dtype() {
        DType::I32 => list.as_slice::<i32>()?.get(i).map(|&v| v.into()),
        _ => list.as_slice::<i64>()?.get(i).copied(),
    };
    got.ok_or_else(|| OpError::Value(format!("expected more than {i} elements of pads")))
}

fn put_float(fill: &mut [u8; 8], dtype: DType, value: f32) -> Result<(), OpError> {
    match dtype {
        DType::F16 => fill[..2].copy_from_slice(bytemuck::bytes_of(&f16::from_f32(value))),
        DType::BF16 => fill[..2].copy_from_slice(bytemuck::bytes_of(&bf16::from_f32(value))),
        DType::F32 => fill[..4].copy_from_slice(bytemuck::bytes_of(&value)),
        DType::F64 => fill.copy_from_slice(bytemuck::bytes_of(&f64::from(value))),
        other => return Err(OpError::DType(other)),
    }
    Ok(())
}

fn body<T: bytemuck::Pod>(io: &mut Io<'_>, mode: PadMode, starts: &[i64; MAX_RANK], fill: &[u8; 8]) -> Result<(), OpError> {
    let (from, to) = (io.shape(0)?, io.out_shape(0)?);
    if from.rank() != to.rank() {
        return Err(OpError::Value(format!("{from} cannot be padded to {to}")));
    }
    let fill: T = bytemuck::pod_read_unaligned(&fill[..size_of::<T>()]);
    let x = words::<T>(io, 0)?;
    let y = words_mut::<T>(io, 0)?;
    for (i, y) in y.iter_mut().enumerate() {
        *y = source(mode, i, &from, &to, starts).map_or(fill, |at| x[at]);
    }
    Ok(())
}

/// The flat position in the input of a flat position in the output; `None` in the padding.
fn source(mode: PadMode, mut flat: usize, from: &Shape, to: &Shape, starts: &[i64; MAX_RANK]) -> Option<usize> {
    let strides = from.strides();
    let mut at = 0;
    for axis in (0..to.rank()).rev() {
        let index = (flat % to[axis]) as i64;
        flat /= to[axis];
        let index = mode.inside(index.checked_sub(starts[axis])?, from[axis])?;
        at += index * strides[axis];
    }
    Some(at)
}
