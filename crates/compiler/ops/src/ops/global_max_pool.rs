//! GlobalMaxPool: the largest over all spatial axes.

use std::sync::Arc;

use fastserve_ir::{Attrs, Dim, Fact, Inputs, Io, LowerCx, Lowered, Op, OpError, PoolKind, PoolSpec, ShapeError};
use fastserve_kernels::reduce::ReduceOp;

use crate::def::OpDef;
use crate::elements::{Float, for_float, require_float};
use crate::ops::reduce::{global_reduce, global_window};

/// `[N, C, …]` to `[N, C, 1, …]`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct GlobalMaxPool;

pub(crate) const DEFS: &[OpDef] = &[OpDef {
    name: "GlobalMaxPool",
    since: 1,
    build: |attrs, _| {
        attrs.only(&[])?;
        Ok(Arc::new(GlobalMaxPool))
    },
}];

impl Op for GlobalMaxPool {
    fn name(&self) -> &'static str {
        "GlobalMaxPool"
    }

    fn attrs(&self) -> Attrs {
        Attrs::new()
    }

    fn infer(&self, inputs: &Inputs<'_>) -> Result<Vec<Fact>, ShapeError> {
        let x = require_float(inputs, 0)?;
        if x.rank() < 3 {
            return Err(ShapeError::shape(format!("expected rank 3 or more, got {}", x.rank())));
        }
        let extent = |(i, d): (usize, &Dim)| if i < 2 { d.clone() } else { Dim::Known(1) };
        Ok(vec![Fact::new(x.dtype, x.shape.iter().enumerate().map(extent).collect())])
    }

    fn reference(&self, io: &mut Io<'_>) -> Result<(), OpError> {
        let dtype = io.dtype(0)?;
        for_float!(dtype, T => body::<T>(io))
    }

    fn lower(&self, cx: &LowerCx<'_>) -> Lowered {
        let spec = cx.inputs.req(0).ok().and_then(|x| global_window(x.shape.get(2..)?));
        match spec {
            Some(spec) if cx.all_f32() => Lowered::Pool(PoolSpec { kind: PoolKind::Max, ..spec }),
            _ => global_reduce(ReduceOp::Max, cx.inputs.opt(0)),
        }
    }
}

fn body<T: Float>(io: &mut Io<'_>) -> Result<(), OpError> {
    let x = io.slice::<T>(0)?;
    let y = io.out_slice::<T>(0)?;
    let space = x.len().checked_div(y.len()).unwrap_or_default();
    let larger = |a: f64, b: f64| if a.is_nan() || a > b { a } else { b };
    for (i, y) in y.iter_mut().enumerate() {
        *y = T::from_f64(x[i * space..][..space].iter().map(|v| v.to_f64()).fold(f64::NEG_INFINITY, larger));
    }
    Ok(())
}
