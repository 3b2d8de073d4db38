//! Attention of com.microsoft: the projections of Q, K and V, then attention to all steps or to those before.

use fastserve_ir::{AttrError, Attrs, Builder, ComposeError, ValueId};

use super::attending::{Softmax, all_of, attend, causal, count, head_size, heads, masked, packed, ranked, scale, thirds, width};
use super::parts::{concat, halves, join, lack, opt, plus, refuse_inputs, req, scaled, squeeze, unsqueeze, wrong};
use crate::def::CompositeDef;

pub(crate) const DEFS: &[CompositeDef] = &[CompositeDef { name: "com.microsoft.Attention", since: 1, compose }];

/// Inputs are X `[B, S, I]`, weights `[I, D + D + Dv]`, bias, mask, past keys and values `[2, B, H, P, D/H]`, and what is added to the
/// products.
fn compose(b: &mut Builder<'_>, attrs: &Attrs, inputs: &[Option<ValueId>]) -> Result<Vec<ValueId>, ComposeError> {
    check(attrs)?;
    refuse_inputs(inputs, &[(6, "past_sequence_length")])?;
    let (x, weights) = (req(inputs, 0)?, req(inputs, 1)?);
    ranked(b, x, 3, "an input")?;
    ranked(b, weights, 2, "a weight")?;
    let n = count(attrs, "num_heads")?;
    let sizes = sizes(attrs, width(b, weights, "the extents of the weights")?)?;
    let size = head_size(sizes[0], n)?;
    if sizes[0] != sizes[1] || !sizes[2].is_multiple_of(n) || (sizes[2] != sizes[0] && (b.asks(1) || opt(inputs, 4).is_some())) {
        return Err(wrong(format!("{sizes:?} are no sizes of Q, K and V")));
    }
    let [q, k, v] = projected(b, x, weights, opt(inputs, 2), sizes)?;
    let q = scaled(b, q, scale(attrs, size)?)?;
    let (q, mut k, mut v) = (heads(b, q, n)?, heads(b, k, n)?, heads(b, v, n)?);
    let past = opt(inputs, 4).map(|past| both(b, past)).transpose()?;
    if let Some((past_k, past_v)) = past {
        (k, v) = (concat(b, &[past_k, k], 2)?, concat(b, &[past_v, v], 2)?);
    }
    let filter = attrs.float_or("mask_filter_value", -10000.0)?;
    let padding = opt(inputs, 3).map(|mask| masked(b, mask, k, filter)).transpose()?.flatten();
    let order = if attrs.flag("unidirectional", false)? { Some(causal(b, q, k, past.map(|p| p.0))?) } else { None };
    let mask = all_of(b, &[padding, order, opt(inputs, 5)])?;
    let y = attend(b, [q, k, v], Softmax { mask, ..Softmax::default() })?;
    let y = packed(b, y)?;
    if !b.asks(1) {
        return Ok(vec![y]);
    }
    let (k, v) = (unsqueeze(b, k, &[0])?, unsqueeze(b, v, &[0])?);
    Ok(vec![y, concat(b, &[k, v], 0)?])
}

fn check(attrs: &Attrs) -> Result<(), ComposeError> {
    let names = ["num_heads", "unidirectional", "qkv_hidden_sizes", "scale", "mask_filter_value"];
    attrs.only(&[&names[..], &["do_rotary", "rotary_embedding_dim", "past_present_share_buffer"]].concat())?;
    for name in ["do_rotary", "past_present_share_buffer"] {
        if attrs.flag(name, false)? {
            return Err(AttrError::value(name, "only 0 is supported").into());
        }
    }
    Ok(())
}

/// Columns of Q, K and V.
fn sizes(attrs: &Attrs, all: usize) -> Result<[usize; 3], ComposeError> {
    let sizes = match attrs.sizes("qkv_hidden_sizes")? {
        Some(list) => <[usize; 3]>::try_from(list).map_err(|_| AttrError::value("qkv_hidden_sizes", "expected three numbers"))?,
        None => [all / 3; 3],
    };
    let sum = sizes.iter().try_fold(0usize, |sum, n| sum.checked_add(*n));
    if sum == Some(all) { Ok(sizes) } else { Err(wrong(format!("{sizes:?} columns of Q, K and V do not fill weights of {all}"))) }
}

/// A product each, so that nothing needs to be cut out of their results.
fn projected(
    b: &mut Builder<'_>,
    x: ValueId,
    weights: ValueId,
    bias: Option<ValueId>,
    sizes: [usize; 3],
) -> Result<[ValueId; 3], ComposeError> {
    let mut made = thirds(b, weights, 1, sizes)?;
    let biases = bias.map(|bias| thirds(b, bias, 0, sizes)).transpose()?;
    for (i, value) in made.iter_mut().enumerate() {
        let product = join(b, "MatMul", x, *value)?;
        *value = plus(b, product, biases.map(|biases| biases[i]))?;
    }
    Ok(made)
}

/// Keys and values of a past state.
fn both(b: &mut Builder<'_>, past: ValueId) -> Result<(ValueId, ValueId), ComposeError> {
    if b.fact(past).rank() != 5 {
        return Err(lack("past keys and values must be of rank 5"));
    }
    let (k, v) = halves(b, past, 0)?;
    Ok((squeeze(b, k, 0)?, squeeze(b, v, 0)?))
}
