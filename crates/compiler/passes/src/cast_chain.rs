//! Joins casts that follow each other.

use fastserve_ir::{EditError, Graph, GraphEdit, NodeId, ValueId};
use fastserve_ops::ops::cast::Cast;
use fastserve_tensor::DType;

use crate::util::{alike, input, node_as, op, output, producer_as};
use crate::{Pass, PassCx};

/// `Cast(Cast(x))` to `Cast(x)`, or to `x`, where the type between holds every value of x's.
pub struct CastChain;

impl Pass for CastChain {
    fn name(&self) -> &'static str {
        "cast_chain"
    }

    fn run(&self, g: &mut GraphEdit<'_>, _: &PassCx) -> Result<(), EditError> {
        for id in g.node_ids() {
            match find(g.graph(), id) {
                None => {}
                Some(Err(why)) => g.note(id, why),
                Some(Ok((cast, x, y))) if alike(g.graph(), x, y) && g.can_replace(y, x) && g.graph().constant(x).is_none() => {
                    let _ = cast;
                    g.replace_value(y, x)?;
                    g.remove_node(id);
                }
                Some(Ok((cast, x, _))) => g.replace_node(id, op(cast), vec![Some(x)])?,
            }
        }
        Ok(())
    }
}

fn find(g: &Graph, id: NodeId) -> Option<Result<(Cast, ValueId, ValueId), &'static str>> {
    let (node, last) = node_as::<Cast>(g, id)?;
    let (_, first, between) = producer_as::<Cast>(g, input(node, 0)?)?;
    let x = input(first, 0)?;
    let from = g.fact(x).dtype;
    // An integer that becomes a float and then a narrow integer stops at its ends; without the float it wraps around.
    let wraps = !from.is_float() && between.to.is_float() && !last.to.is_float() && last.to != from;
    if wraps || !holds(between.to, from) {
        return Some(Err("casts not joined: the type between does not hold every value"));
    }
    output(node).map(|y| Ok((*last, x, y)))
}

/// Whether every value of `narrow` is one of `wide`.
fn holds(wide: DType, narrow: DType) -> bool {
    // Powers of two have no 0.
    if wide == narrow || narrow == DType::Bool && wide != DType::F8E8M0 {
        return true;
    }
    let (Some((low, high)), Some((start, end))) = (whole_numbers(wide), whole_numbers(narrow)) else {
        return false;
    };
    let float = |d: DType| d.is_float();
    match (float(wide), float(narrow)) {
        (true, true) => matches!((narrow, wide), (DType::F16 | DType::BF16, DType::F32 | DType::F64) | (DType::F32, DType::F64)),
        (false, true) => false,
        _ => low <= start && end <= high,
    }
}

/// Powers of two between which a type holds every whole number: `(−2^a, 2^b)` as `(−a, b)`.
fn whole_numbers(dtype: DType) -> Option<(i32, i32)> {
    match dtype {
        DType::U8 => Some((0, 8)),
        DType::U16 => Some((0, 16)),
        DType::U32 => Some((0, 32)),
        DType::U64 => Some((0, 64)),
        DType::I8 => Some((-8, 7)),
        DType::I16 => Some((-16, 15)),
        DType::I32 => Some((-32, 31)),
        DType::I64 => Some((-64, 63)),
        DType::BF16 => Some((-8, 8)),
        DType::F16 => Some((-11, 11)),
        DType::F32 => Some((-24, 24)),
        DType::F64 => Some((-53, 53)),
        DType::I4 => Some((-4, 3)),
        DType::U4 => Some((0, 4)),
        DType::I2 => Some((-2, 1)),
        DType::U2 => Some((0, 2)),
        DType::Bool | DType::F8E4M3FN | DType::F8E4M3FNUZ | DType::F8E5M2 | DType::F8E5M2FNUZ | DType::F4E2M1 | DType::F8E8M0 => None,
    }
}
