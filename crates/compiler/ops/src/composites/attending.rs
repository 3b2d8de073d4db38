//! What attentions are made of: heads, masks, products and a softmax.

use fastserve_ir::{Attrs, Builder, ComposeError, Dim, DimOp, ValueId};
use fastserve_tensor::DType;

use super::parts::{
    column, concat, extent, extents, halves, join, known, lack, number, places, plus, reshape, split, transpose, turned, unsqueeze, wrong,
};

/// `[B, S, H·D]` as `[B, H, S, D]`.
pub(crate) fn heads(b: &mut Builder<'_>, x: ValueId, heads: usize) -> Result<ValueId, ComposeError> {
    let apart = reshape(b, x, &[0, 0, heads as i64, -1])?;
    transpose(b, apart, &[0, 2, 1, 3])
}

/// `[B, H, S, D]` as `[B, S, H·D]`.
pub(crate) fn packed(b: &mut Builder<'_>, x: ValueId) -> Result<ValueId, ComposeError> {
    let apart = transpose(b, x, &[0, 2, 1, 3])?;
    reshape(b, apart, &[0, 0, -1])
}

/// A number of heads.
///
/// # Errors
/// Missing, or not positive.
pub(crate) fn count(attrs: &Attrs, name: &'static str) -> Result<usize, ComposeError> {
    crate::ops::attention::heads(attrs, name)?.ok_or_else(|| fastserve_ir::AttrError::Missing(name).into())
}

/// Size of a head of an axis of `hidden` elements.
///
/// # Errors
/// The heads do not divide it.
pub(crate) fn head_size(hidden: usize, heads: usize) -> Result<usize, ComposeError> {
    if hidden.is_multiple_of(heads) { Ok(hidden / heads) } else { Err(wrong(format!("{heads} heads do not divide {hidden}"))) }
}

/// The factor of the products: the attribute `scale`, or one over the root of a head's size.
///
/// # Errors
/// The attribute is of another kind.
pub(crate) fn scale(attrs: &Attrs, size: usize) -> Result<f32, ComposeError> {
    let given = attrs.float_or("scale", 0.0)?;
    Ok(if given == 0.0 { (1.0 / (size as f64).sqrt()) as f32 } else { given })
}

/// How the products become weights.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Softmax {
    /// Products are bent to ± this where it is not 0.
    pub(crate) softcap: f32,
    /// Added to the products.
    pub(crate) mask: Option<ValueId>,
    /// What stands beside the products of each row, and counts in the sum only.
    pub(crate) sink: Option<ValueId>,
}

/// Values `[…, T, Dv]` weighted by how well keys `[…, T, D]` fit queries `[…, S, D]`, which are scaled already.
pub(crate) fn attend(b: &mut Builder<'_>, [q, k, v]: [ValueId; 3], softmax: Softmax) -> Result<ValueId, ComposeError> {
    let k = turned(b, k)?;
    let products = join(b, "MatMul", q, k)?;
    let bent = bend(b, products, softmax.softcap)?;
    let masked = plus(b, bent, softmax.mask)?;
    let weights = weigh(b, masked, softmax.sink)?;
    join(b, "MatMul", weights, v)
}

fn bend(b: &mut Builder<'_>, x: ValueId, cap: f32) -> Result<ValueId, ComposeError> {
    if cap <= 0.0 {
        return Ok(x);
    }
    let dtype = b.fact(x).dtype;
    let cap = number(b, cap, dtype)?;
    let small = join(b, "Div", x, cap)?;
    let bent = b.part("Tanh", Attrs::new(), &[small])?;
    join(b, "Mul", bent, cap)
}

fn weigh(b: &mut Builder<'_>, x: ValueId, sink: Option<ValueId>) -> Result<ValueId, ComposeError> {
    let last = Attrs::new().with_int("axis", -1);
    let Some(sink) = sink else { return b.part("Softmax", last, &[x]) };
    let rows = extents(b, x, 0, b.fact(x).rank().saturating_sub(1))?;
    let one = b.ints(&[1])?;
    let to = concat(b, &[rows, one], 0)?;
    let sink = join(b, "Expand", sink, to)?;
    let beside = concat(b, &[x, sink], -1)?;
    let weights = b.part("Softmax", last, &[beside])?;
    let (start, end, axis) = (b.ints(&[0])?, b.ints(&[-1])?, b.ints(&[-1])?);
    b.part("Slice", Attrs::new(), &[weights, start, end, axis])
}

/// 0 where a condition holds, else `otherwise`.
pub(crate) fn bias_of(b: &mut Builder<'_>, seen: ValueId, otherwise: f32, dtype: DType) -> Result<ValueId, ComposeError> {
    let (zero, otherwise) = (number(b, 0.0, dtype)?, number(b, otherwise, dtype)?);
    b.part("Where", Attrs::new(), &[seen, zero, otherwise])
}

/// −∞ where a key stands behind a query's place, `[S, T]`: queries `[B, H, S, D]` have the places behind the past ones.
pub(crate) fn causal(b: &mut Builder<'_>, q: ValueId, k: ValueId, past: Option<ValueId>) -> Result<ValueId, ComposeError> {
    let dtype = b.fact(q).dtype;
    if past.is_none() && matches!((b.fact(q).shape[2].known(), b.fact(k).shape[2].known()), (Some(s), Some(t)) if s != t) {
        return Err(lack("`unidirectional` is supported for as many keys as queries"));
    }
    let mut own = places(b, q, 2)?;
    if let Some(past) = past {
        let before = extent(b, past, 2)?;
        own = join(b, "Add", own, before)?;
    }
    let (own, keys) = (column(b, own, 1)?, places(b, k, 2)?);
    let seen = join(b, "LessOrEqual", keys, own)?;
    bias_of(b, seen, f32::NEG_INFINITY, dtype)
}

/// What a mask of com.microsoft adds to the products: `[B]` numbers of keys, `[2B]` ends and starts, or `[B, T]` or `[B, S, T]` where more
/// than 0 is seen. Nothing where it is one number a sample. Keys are `[B, H, T, D]`.
pub(crate) fn masked(b: &mut Builder<'_>, mask: ValueId, k: ValueId, filter: f32) -> Result<Option<ValueId>, ComposeError> {
    let (dtype, shape) = (b.fact(k).dtype, b.fact(mask).shape.clone());
    let seen = match &shape[..] {
        [len] => within(b, mask, len, k)?,
        // The same for all keys of a sample changes no weight.
        [_, Dim::Known(1)] => return Ok(None),
        [_, _] | [_, _, _] => {
            let zero = b.constant(fastserve_tensor::Tensor::scalar(0i32)?);
            join(b, "Greater", mask, zero)?
        }
        _ => return Err(lack(format!("a mask of rank {} is not supported, but of 1, 2 and 3", shape.len()))),
    };
    let bias = bias_of(b, seen, filter, dtype)?;
    unsqueeze(b, bias, if shape.len() == 3 { &[1] } else { &[1, 2] }).map(Some)
}

/// Whether a key stands between the start and the end of its sample, `[B, T]`.
fn within(b: &mut Builder<'_>, mask: ValueId, len: &Dim, k: ValueId) -> Result<ValueId, ComposeError> {
    let batch = b.fact(k).shape[0].clone();
    let twice = batch.clone().combine(DimOp::Mul, Dim::Known(2)).is_some_and(|two| two == *len && two != batch);
    if !twice && matches!((batch.known(), len.known()), (Some(b), Some(n)) if b != n) {
        return Err(lack(format!("a mask of rank 1 has an element or two a sample, this one has {len:?}")));
    }
    let keys = places(b, k, 2)?;
    let bounds = super::parts::cast(b, mask, DType::I64)?;
    if !twice {
        let ends = column(b, bounds, 1)?;
        return join(b, "Less", keys, ends);
    }
    let (ends, starts) = halves(b, bounds, 0)?;
    let (ends, starts) = (column(b, ends, 1)?, column(b, starts, 1)?);
    let (before, behind) = (join(b, "Less", keys, ends)?, join(b, "GreaterOrEqual", keys, starts)?);
    join(b, "And", before, behind)
}

/// What is added to the products, from all that adds to them.
pub(crate) fn all_of(b: &mut Builder<'_>, biases: &[Option<ValueId>]) -> Result<Option<ValueId>, ComposeError> {
    let mut sum = None;
    for &bias in biases.iter().flatten() {
        sum = Some(plus(b, bias, sum)?);
    }
    Ok(sum)
}

/// Q, K and V's parts of a vector or of the columns of a matrix.
pub(crate) fn thirds(b: &mut Builder<'_>, x: ValueId, axis: i64, sizes: [usize; 3]) -> Result<[ValueId; 3], ComposeError> {
    let parts = split(b, x, axis, &sizes)?;
    <[ValueId; 3]>::try_from(parts).map_err(|_| wrong("Split makes three parts"))
}

/// The last axis of a value, which must be known.
pub(crate) fn width(b: &Builder<'_>, x: ValueId, what: &str) -> Result<usize, ComposeError> {
    known(b, x, b.fact(x).rank().saturating_sub(1), what)
}

/// Refuses a value of another rank.
///
/// # Errors
/// It is of another rank.
pub(crate) fn ranked(b: &Builder<'_>, x: ValueId, rank: usize, what: &str) -> Result<(), ComposeError> {
    let own = b.fact(x).rank();
    if own == rank { Ok(()) } else { Err(lack(format!("{what} of rank {own} is not supported, but of rank {rank}"))) }
}
