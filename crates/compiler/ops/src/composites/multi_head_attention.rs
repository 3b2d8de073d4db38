//! MultiHeadAttention of com.microsoft: attention of queries to keys and values that are projected already.

use fastserve_ir::{Attrs, Builder, ComposeError, ValueId};

use super::attending::{Softmax, all_of, attend, causal, count, head_size, heads, masked, packed, ranked, scale, thirds, width};
use super::parts::{concat, join, lack, opt, plus, refuse_inputs, refuse_output, req, scaled, split, wrong};
use crate::def::CompositeDef;

pub(crate) const DEFS: &[CompositeDef] = &[CompositeDef { name: "com.microsoft.MultiHeadAttention", since: 1, compose }];

const NAMES: [&str; 4] = ["num_heads", "unidirectional", "scale", "mask_filter_value"];

/// Inputs are queries `[B, S, D]`, keys and values `[B, L, D]` or `[B, H, L, D/H]`, a bias of all three, a mask of keys, what is added to the
/// products, and past keys and values.
fn compose(b: &mut Builder<'_>, attrs: &Attrs, inputs: &[Option<ValueId>]) -> Result<Vec<ValueId>, ComposeError> {
    attrs.only(&NAMES)?;
    refuse_inputs(inputs, &[(8, "past_sequence_length"), (9, "cache_indirection")])?;
    refuse_output(b, 3, "qk")?;
    let n = count(attrs, "num_heads")?;
    ranked(b, req(inputs, 0)?, 3, "a query")?;
    let size = head_size(width(b, req(inputs, 0)?, "the extent of a query")?, n)?;
    let [q, k, v] = biased(b, inputs)?;
    let q = scaled(b, q, scale(attrs, size)?)?;
    let (q, mut k, mut v) = (heads(b, q, n)?, apart(b, k, n)?, apart(b, v, n)?);
    let past = opt(inputs, 6).zip(opt(inputs, 7));
    if opt(inputs, 6).is_some() != opt(inputs, 7).is_some() {
        return Err(wrong("past keys go with past values"));
    }
    if let Some((past_k, past_v)) = past {
        (k, v) = (concat(b, &[past_k, k], 2)?, concat(b, &[past_v, v], 2)?);
    }
    let filter = attrs.float_or("mask_filter_value", -10000.0)?;
    let padding = opt(inputs, 4).map(|mask| masked(b, mask, k, filter)).transpose()?.flatten();
    let order = if attrs.flag("unidirectional", false)? { Some(causal(b, q, k, past.map(|p| p.0))?) } else { None };
    let mask = all_of(b, &[padding, order, opt(inputs, 5)])?;
    let y = attend(b, [q, k, v], Softmax { mask, ..Softmax::default() })?;
    Ok(vec![packed(b, y)?, k, v])
}

/// Q, K and V with their parts of the bias. Keys that have heads already come from before: only the queries' part counts.
fn biased(b: &mut Builder<'_>, inputs: &[Option<ValueId>]) -> Result<[ValueId; 3], ComposeError> {
    let (q, k, v) = (req(inputs, 0)?, req(inputs, 1)?, req(inputs, 2)?);
    let ranks = (b.fact(k).rank(), b.fact(v).rank());
    if !matches!(ranks, (3, 3) | (4, 4)) {
        return Err(lack(format!("keys and values of ranks {} and {} are not supported, but of rank 3 or 4", ranks.0, ranks.1)));
    }
    let Some(bias) = opt(inputs, 3) else { return Ok([q, k, v]) };
    let own = width(b, q, "the extent of a query")?;
    if ranks.0 == 4 {
        let rest = width(b, bias, "the extent of the bias")?.checked_sub(own).ok_or_else(|| wrong("a bias has a part a projection"))?;
        let parts = split(b, bias, 0, &[own, rest])?;
        return Ok([plus(b, q, parts.first().copied())?, k, v]);
    }
    let sizes = [own, width(b, k, "the extent of a key")?, width(b, v, "the extent of a value")?];
    let [bias_q, bias_k, bias_v] = thirds(b, bias, 0, sizes)?;
    Ok([join(b, "Add", q, bias_q)?, join(b, "Add", k, bias_k)?, join(b, "Add", v, bias_v)?])
}

/// Keys or values by head.
fn apart(b: &mut Builder<'_>, x: ValueId, n: usize) -> Result<ValueId, ComposeError> {
    if b.fact(x).rank() == 4 { Ok(x) } else { heads(b, x, n) }
}
