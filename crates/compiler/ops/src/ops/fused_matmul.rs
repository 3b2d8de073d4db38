//! FusedMatMul of the domain com.microsoft: a scaled product of transposed operands.

use std::sync::Arc;

use fastserve_ir::{AttrError, Attrs, Dim, Fact, Inputs, Io, Op, OpError, OpRef, ShapeError};
use fastserve_tensor::{MAX_RANK, Shape};

use crate::broadcast::{broadcast_strides, fits, walk};
use crate::def::OpDef;
use crate::elements::{count, require_float};
use crate::numbers::{expect_shape, numbers, store};
use crate::ops::matmul::matmul_shape;

/// `alpha · A' · B'`, where A' and B' may be transposed.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct FusedMatMul {
    /// Factor of the product.
    pub alpha: f32,
    /// Whether the last two axes of A and of B change places.
    pub trans: [bool; 2],
    /// Whether the first axis of A and of B, before that, goes behind those of the batch.
    pub trans_batch: [bool; 2],
}

const TRANS: [&str; 2] = ["transA", "transB"];
const TRANS_BATCH: [&str; 2] = ["transBatchA", "transBatchB"];

pub(crate) const DEFS: &[OpDef] = &[OpDef { name: "com.microsoft.FusedMatMul", since: 1, build }];

fn build(attrs: &Attrs, _: i64) -> Result<OpRef, AttrError> {
    attrs.only(&["alpha", TRANS[0], TRANS[1], TRANS_BATCH[0], TRANS_BATCH[1]])?;
    let flags = |names: [&'static str; 2]| Ok::<_, AttrError>([attrs.flag(names[0], false)?, attrs.flag(names[1], false)?]);
    Ok(Arc::new(FusedMatMul { alpha: attrs.float_or("alpha", 1.0)?, trans: flags(TRANS)?, trans_batch: flags(TRANS_BATCH)? }))
}

impl FusedMatMul {
    /// Which axis of operand `i` stands where; a vector stays.
    fn order(&self, i: usize, rank: usize) -> Vec<usize> {
        let mut order: Vec<usize> = (0..rank).collect();
        if rank < 2 {
            return order;
        }
        if self.trans_batch[i] {
            order[..rank - 1].rotate_left(1);
        }
        if self.trans[i] {
            order.swap(rank - 2, rank - 1);
        }
        order
    }

    fn dims(&self, i: usize, fact: &Fact) -> Vec<Dim> {
        self.order(i, fact.rank()).into_iter().map(|axis| fact.shape[axis].clone()).collect()
    }

    /// An operand in its new order: extents and elements.
    fn operand(&self, io: &Io<'_>, i: usize) -> Result<(Vec<usize>, Vec<f64>), OpError> {
        let (shape, x) = (io.shape(i)?, numbers(io, i)?);
        let (order, own) = (self.order(i, shape.rank()), shape.strides());
        let to = Shape::collect(order.iter().map(|&axis| shape[axis]))?;
        let mut strides = [0; MAX_RANK];
        order.iter().enumerate().for_each(|(at, &axis)| strides[at] = own[axis]);
        let mut moved = vec![0.0; x.len()];
        if !x.is_empty() {
            walk(&to, &[strides], |at, [from]| moved[at] = x[from]);
        }
        Ok((to.to_vec(), moved))
    }
}

impl Op for FusedMatMul {
    fn name(&self) -> &'static str {
        "com.microsoft.FusedMatMul"
    }

    fn attrs(&self) -> Attrs {
        let flags = TRANS.iter().zip(self.trans).chain(TRANS_BATCH.iter().zip(self.trans_batch));
        let attrs = flags.filter(|(_, on)| *on).fold(Attrs::new(), |attrs, (name, _)| attrs.with_int(name, 1));
        attrs.with_float("alpha", self.alpha)
    }

    fn infer(&self, inputs: &Inputs<'_>) -> Result<Vec<Fact>, ShapeError> {
        let a = require_float(inputs, 0)?;
        let b = inputs.same_dtype(1, a.dtype)?;
        Ok(vec![Fact::new(a.dtype, matmul_shape(&self.dims(0, a), &self.dims(1, b))?)])
    }

    fn reference(&self, io: &mut Io<'_>) -> Result<(), OpError> {
        let ((mut sa, a), (mut sb, b)) = (self.operand(io, 0)?, self.operand(io, 1)?);
        let known = |s: &[usize]| s.iter().map(|&d| Dim::Known(d)).collect::<Vec<_>>();
        let made = matmul_shape(&known(&sa), &known(&sb))?;
        let made = fastserve_ir::known_shape(&made).ok_or(ShapeError::Overflow)?;
        if !expect_shape(io, 0, &made)? {
            return Ok(());
        }
        let kept = made.rank() - usize::from(sa.len() > 1) - usize::from(sb.len() > 1);
        let batch = Shape::new(&made[..kept])?;
        if sa.len() == 1 {
            sa.insert(0, 1);
        }
        if sb.len() == 1 {
            sb.push(1);
        }
        let (m, k, n) = (sa[sa.len() - 2], sa[sa.len() - 1], sb[sb.len() - 1]);
        let (ba, bb) = (Shape::new(&sa[..sa.len() - 2])?, Shape::new(&sb[..sb.len() - 2])?);
        if !fits(&ba, &batch) || !fits(&bb, &batch) {
            return Err(OpError::Value(format!("cannot broadcast {ba} and {bb} to {batch}")));
        }
        let mut y = Vec::with_capacity(count(&made));
        walk(&batch, &[broadcast_strides(&ba, &batch), broadcast_strides(&bb, &batch)], |_, [ia, ib]| {
            let (a, b) = (&a[ia * m * k..], &b[ib * k * n..]);
            let dot = |row: usize, col: usize| (0..k).map(|kk| a[row * k + kk] * b[kk * n + col]).sum::<f64>();
            y.extend((0..m * n).map(|i| f64::from(self.alpha) * dot(i / n, i % n)));
        });
        store(io, 0, &y)
    }
}
