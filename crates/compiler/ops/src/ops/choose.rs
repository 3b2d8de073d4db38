//! Where: one of two values, by a condition.

use std::sync::Arc;

use fastserve_ir::{Attrs, Dim, Fact, Inputs, Io, LowerCx, Lowered, MapOp, Op, OpError, OpRef, ShapeError};
use fastserve_tensor::{Bool, DType};

use crate::broadcast::{broadcast, broadcast_strides, fits, walk};
use crate::def::OpDef;
use crate::elements::{for_width, words, words_mut};
use crate::shape_ints::elements;

/// `X` where the condition holds, `Y` elsewhere, all three broadcast.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Where;

pub(crate) const DEFS: &[OpDef] =
    &[OpDef { name: "Where", since: 9, build: |attrs, _| attrs.only(&[]).map(|()| Arc::new(Where) as OpRef) }];

impl Op for Where {
    fn name(&self) -> &'static str {
        "Where"
    }

    fn attrs(&self) -> Attrs {
        Attrs::new()
    }

    fn infer(&self, inputs: &Inputs<'_>) -> Result<Vec<Fact>, ShapeError> {
        let condition = inputs.same_dtype(0, DType::Bool)?;
        let x = inputs.req(1)?;
        let y = inputs.same_dtype(2, x.dtype)?;
        let shape = broadcast(&broadcast(&condition.shape, &x.shape)?, &y.shape)?;
        Ok(vec![Fact::new(x.dtype, shape).with_ints(chosen(condition, x, y))])
    }

    fn reference(&self, io: &mut Io<'_>) -> Result<(), OpError> {
        for_width!(io.dtype(1)?, T => body::<T>(io))
    }

    fn is_linear(&self) -> bool {
        true
    }

    fn lower(&self, _: &LowerCx<'_>) -> Lowered {
        Lowered::Map(MapOp::Where)
    }
}

/// Shape arithmetic, where the condition is constant.
fn chosen(condition: &Fact, x: &Fact, y: &Fact) -> Option<Vec<Dim>> {
    let holds = condition.value.as_ref()?.as_slice::<Bool>().ok()?;
    let (x, y) = (elements(x)?, elements(y)?);
    let len = holds.len().max(x.len()).max(y.len());
    let at = |list: &[Dim], i: usize| list.get(if list.len() == 1 { 0 } else { i }).cloned();
    (0..len).map(|i| if bool::from(*holds.get(if holds.len() == 1 { 0 } else { i })?) { at(&x, i) } else { at(&y, i) }).collect()
}

fn body<T: bytemuck::Pod>(io: &mut Io<'_>) -> Result<(), OpError> {
    let out = io.out_shape(0)?;
    let shapes = [io.shape(0)?, io.shape(1)?, io.shape(2)?];
    if let Some(bad) = shapes.iter().find(|s| !fits(s, &out)) {
        return Err(OpError::Value(format!("cannot broadcast {bad} to {out}")));
    }
    let condition = io.slice::<Bool>(0)?;
    let (a, b) = (words::<T>(io, 1)?, words::<T>(io, 2)?);
    let y = words_mut::<T>(io, 0)?;
    let strides = shapes.map(|s| broadcast_strides(&s, &out));
    walk(&out, &strides, |i, [c, x, z]| y[i] = if condition[c].into() { a[x] } else { b[z] });
    Ok(())
}
