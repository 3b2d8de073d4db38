//! FusedMatMul of com.microsoft: a scaled product of transposed operands.

use fastserve_ir::{Attrs, Builder, ComposeError, ValueId};

use super::parts::{join, req, scaled, transpose};
use crate::def::CompositeDef;

pub(crate) const DEFS: &[CompositeDef] = &[CompositeDef { name: "com.microsoft.FusedMatMul", since: 1, compose }];

/// Attributes of either operand: whether its last two axes change places, and whether before that its first one goes behind those of the
/// batch.
const NAMES: [[&str; 2]; 2] = [["transA", "transBatchA"], ["transB", "transBatchB"]];

fn compose(b: &mut Builder<'_>, attrs: &Attrs, inputs: &[Option<ValueId>]) -> Result<Vec<ValueId>, ComposeError> {
    attrs.only(&[&["alpha"][..], &NAMES.concat()].concat())?;
    let mut operands = [req(inputs, 0)?, req(inputs, 1)?];
    for (x, [trans, batch]) in operands.iter_mut().zip(NAMES) {
        *x = ordered(b, *x, attrs.flag(trans, false)?, attrs.flag(batch, false)?)?;
    }
    let y = join(b, "MatMul", operands[0], operands[1])?;
    Ok(vec![scaled(b, y, attrs.float_or("alpha", 1.0)?)?])
}

/// An operand with its axes as the product needs them; a vector stays.
fn ordered(b: &mut Builder<'_>, x: ValueId, trans: bool, batch: bool) -> Result<ValueId, ComposeError> {
    let rank = b.fact(x).rank();
    let mut order: Vec<i64> = (0..rank as i64).collect();
    if rank < 2 || !trans && !batch {
        return Ok(x);
    }
    if batch {
        order[..rank - 1].rotate_left(1);
    }
    if trans {
        order.swap(rank - 2, rank - 1);
    }
    transpose(b, x, &order)
}
