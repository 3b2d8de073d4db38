//! Transpose: the axes in another order.

use std::sync::Arc;

use fastserve_ir::{AttrError, Attrs, Dim, Fact, Inputs, Io, LowerCx, Lowered, Movement, Op, OpError, OpRef, ShapeError, attrs::ints_of};
use fastserve_tensor::{MAX_RANK, Shape};

use crate::broadcast::walk;
use crate::def::OpDef;
use crate::elements::{for_width, words, words_mut};
use crate::shape_ints;

/// Axis `i` of the output is axis `perm[i]` of the input; without `perm` the order is reversed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Transpose {
    /// The order, if it is given.
    pub perm: Option<Vec<usize>>,
}

pub(crate) const DEFS: &[OpDef] = &[OpDef { name: "Transpose", since: 1, build }];

fn build(attrs: &Attrs, _: i64) -> Result<OpRef, AttrError> {
    attrs.only(&["perm"])?;
    let perm = attrs.sizes("perm")?;
    if perm.as_ref().is_some_and(|p| p.len() > MAX_RANK || (0..p.len()).any(|axis| !p.contains(&axis))) {
        return Err(AttrError::value("perm", format!("expected each of at most {MAX_RANK} axes once")));
    }
    Ok(Arc::new(Transpose { perm }))
}

impl Op for Transpose {
    fn name(&self) -> &'static str {
        "Transpose"
    }

    fn attrs(&self) -> Attrs {
        self.perm.as_ref().map_or_else(Attrs::new, |p| Attrs::new().with_ints("perm", ints_of(p)))
    }

    fn infer(&self, inputs: &Inputs<'_>) -> Result<Vec<Fact>, ShapeError> {
        let x = inputs.req(0)?;
        self.check_rank(x.rank())?;
        let shape: Vec<Dim> = (0..x.rank()).map(|i| x.shape[self.axis(i, x.rank())].clone()).collect();
        let ints = shape_ints::handed_on(x, shape.len());
        Ok(vec![Fact::new(x.dtype, shape).with_ints(ints)])
    }

    fn reference(&self, io: &mut Io<'_>) -> Result<(), OpError> {
        let shape = io.shape(0)?;
        self.check_rank(shape.rank())?;
        for_width!(io.dtype(0)?, T => self.body::<T>(io, &shape))
    }

    fn is_linear(&self) -> bool {
        true
    }

    fn lower(&self, cx: &LowerCx<'_>) -> Lowered {
        match cx.inputs.req(0) {
            Ok(x) if self.keeps_order(&x.shape) => Lowered::Alias,
            Ok(x) => Lowered::Move(Movement::Transpose((0..x.rank()).map(|i| self.axis(i, x.rank())).collect())),
            Err(_) => Lowered::Reference,
        }
    }
}

impl Transpose {
    /// The input's axis that becomes axis `i` of the output.
    pub fn axis(&self, i: usize, rank: usize) -> usize {
        self.perm.as_ref().map_or(rank - 1 - i, |p| p[i])
    }

    fn check_rank(&self, rank: usize) -> Result<(), ShapeError> {
        match &self.perm {
            Some(p) if p.len() != rank => Err(ShapeError::shape(format!("perm has {} axes, but the input has {rank}", p.len()))),
            _ => Ok(()),
        }
    }

    /// Whether only axes of extent 1 move, so that the bytes stay.
    fn keeps_order(&self, shape: &[Dim]) -> bool {
        let axes = (0..shape.len()).map(|i| self.axis(i, shape.len()));
        axes.filter(|&a| shape[a].known() != Some(1)).is_sorted()
    }

    fn body<T: bytemuck::Pod>(&self, io: &mut Io<'_>, shape: &Shape) -> Result<(), OpError> {
        let own = shape.strides();
        let mut strides = [0; MAX_RANK];
        (0..shape.rank()).for_each(|i| strides[i] = own[self.axis(i, shape.rank())]);
        let x = words::<T>(io, 0)?;
        let out = io.out_shape(0)?;
        let y = words_mut::<T>(io, 0)?;
        if out.rank() != shape.rank() || (0..out.rank()).any(|i| out[i] != shape[self.axis(i, shape.rank())]) {
            return Err(OpError::Value(format!("{shape} does not transpose to {out}")));
        }
        walk(&out, &[strides], |i, [from]| y[i] = x[from]);
        Ok(())
    }
}
