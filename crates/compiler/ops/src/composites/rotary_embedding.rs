//! RotaryEmbedding of com.microsoft, and what turns heads for others: pairs of elements turned by an angle that their place says
//! (Su et al. 2021, section 3.2).

use fastserve_ir::{AttrError, Attrs, Builder, ComposeError, ValueId};

use super::attending::width;
use super::parts::{concat, halves, join, known, places, req, reshape, split, squeeze, unsqueeze, wrong};
use crate::def::CompositeDef;

pub(crate) const DEFS: &[CompositeDef] = &[CompositeDef { name: "com.microsoft.RotaryEmbedding", since: 1, compose }];

const NAMES: [&str; 5] = ["interleaved", "num_heads", "rotary_embedding_dim", "is_packed_batching", "scale"];

/// Inputs are X `[B, S, H·D]` or `[B, H, S, D]`, places `[B, S]` or that of the first step, cosines and sines `[places, turned / 2]`.
/// The attribute `scale` changes nothing on onnxruntime's CPU provider, nor does `is_packed_batching`.
fn compose(b: &mut Builder<'_>, attrs: &Attrs, inputs: &[Option<ValueId>]) -> Result<Vec<ValueId>, ComposeError> {
    attrs.only(&NAMES)?;
    let (x, at, cos, sin) = (req(inputs, 0)?, req(inputs, 1)?, req(inputs, 2)?, req(inputs, 3)?);
    let interleaved = attrs.flag("interleaved", false)?;
    let half = width(b, cos, "the extent of the cosines")?;
    let whole = attrs.int_or("rotary_embedding_dim", 0)?;
    if whole != 0 && usize::try_from(whole).ok() != half.checked_mul(2) {
        return Err(AttrError::value("rotary_embedding_dim", format!("does not fit cosines of {half}")).into());
    }
    let by_head = match b.fact(x).rank() {
        4 => true,
        3 => false,
        rank => return Err(wrong(format!("expected rank 3 or 4, got {rank}"))),
    };
    let at = steps(b, x, at, if by_head { 2 } else { 1 })?;
    let angles = [angle(b, cos, at, by_head)?, angle(b, sin, at, by_head)?];
    if by_head {
        return Ok(vec![rotate(b, x, angles, interleaved)?]);
    }
    let heads = match attrs.int_or("num_heads", 0)? {
        0 => known(b, x, 2, "the extent of the input")? / half.saturating_mul(2).max(1),
        _ => super::attending::count(attrs, "num_heads")?,
    };
    let apart = reshape(b, x, &[0, 0, heads.max(1) as i64, -1])?;
    let turned = rotate(b, apart, angles, interleaved)?;
    Ok(vec![reshape(b, turned, &[0, 0, -1])?])
}

/// The places of all steps, where the first one's may be given.
fn steps(b: &mut Builder<'_>, x: ValueId, at: ValueId, axis: usize) -> Result<ValueId, ComposeError> {
    match b.fact(at).rank() {
        2 => Ok(at),
        1 => {
            let own = places(b, x, axis)?;
            join(b, "Add", own, at)
        }
        rank => Err(wrong(format!("expected places of rank 1 or 2, got {rank}"))),
    }
}

/// Rows of a table, to be broadcast over `[B, H, S, D]`, or over `[B, S, H, D]`.
pub(crate) fn angle(b: &mut Builder<'_>, table: ValueId, at: ValueId, by_head: bool) -> Result<ValueId, ComposeError> {
    let rows = b.part("Gather", Attrs::new().with_int("axis", 0), &[table, at])?;
    match (by_head, b.fact(at).rank()) {
        (true, 1) => Ok(rows),
        (true, _) => unsqueeze(b, rows, &[1]),
        (false, rank) => unsqueeze(b, rows, &[rank as i64]),
    }
}

/// Turns as many elements of each head as there are cosines and sines, which are halves; the rest stays.
pub(crate) fn rotate(b: &mut Builder<'_>, x: ValueId, [cos, sin]: [ValueId; 2], interleaved: bool) -> Result<ValueId, ComposeError> {
    let whole = width(b, cos, "the extent of the cosines")?.saturating_mul(2);
    let size = width(b, x, "the size of a head")?;
    let rest = size.checked_sub(whole).ok_or_else(|| wrong(format!("{whole} elements of a head of {size} cannot be turned")))?;
    let parts = if rest == 0 { vec![x] } else { split(b, x, -1, &[whole, rest])? };
    let turning = parts.first().copied().unwrap_or(x);
    let (left, right) = pairs(b, turning, interleaved)?;
    let products = [join(b, "Mul", left, cos)?, join(b, "Mul", right, sin)?, join(b, "Mul", left, sin)?, join(b, "Mul", right, cos)?];
    let (new_left, new_right) = (join(b, "Sub", products[0], products[1])?, join(b, "Add", products[2], products[3])?);
    let turned = together(b, new_left, new_right, interleaved)?;
    parts.get(1).map_or(Ok(turned), |&staying| concat(b, &[turned, staying], -1))
}

/// Left and right elements of the pairs.
fn pairs(b: &mut Builder<'_>, x: ValueId, interleaved: bool) -> Result<(ValueId, ValueId), ComposeError> {
    if !interleaved {
        return halves(b, x, -1);
    }
    let apart = reshape(b, x, &[0, 0, 0, -1, 2])?;
    let (left, right) = halves(b, apart, -1)?;
    Ok((squeeze(b, left, -1)?, squeeze(b, right, -1)?))
}

fn together(b: &mut Builder<'_>, left: ValueId, right: ValueId, interleaved: bool) -> Result<ValueId, ComposeError> {
    if !interleaved {
        return concat(b, &[left, right], -1);
    }
    let (left, right) = (unsqueeze(b, left, &[-1])?, unsqueeze(b, right, &[-1])?);
    let pairs = concat(b, &[left, right], -1)?;
    reshape(b, pairs, &[0, 0, 0, -1])
}
