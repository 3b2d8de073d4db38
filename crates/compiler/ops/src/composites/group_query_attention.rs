//! GroupQueryAttention of com.microsoft: causal attention in which several heads of queries share keys and values, with a cache
//! (Ainslie et al. 2023).

use fastserve_ir::{AttrError, Attrs, Builder, ComposeError, ValueId};
use fastserve_tensor::DType;

use super::attending::{Softmax, all_of, attend, bias_of, count, head_size, heads, packed, ranked, scale, width};
use super::parts::{
    cast, column, concat, extent, extents, integer, join, number, opt, places, refuse_inputs, refuse_output, req, reshape, scaled, split,
    unsqueeze, wrong,
};
use super::rotary_embedding::{angle, rotate};
use crate::def::CompositeDef;

pub(crate) const DEFS: &[CompositeDef] = &[CompositeDef { name: "com.microsoft.GroupQueryAttention", since: 1, compose }];

const NAMES: [&str; 9] =
    ["num_heads", "kv_num_heads", "scale", "softcap", "do_rotary", "rotary_interleaved", "local_window_size", "smooth_softmax", "causal"];

/// What only the defaults of are supported.
const REFUSED: [&str; 7] =
    ["qk_output", "sliding_window_cache", "kv_cache_bit_width", "k_quant_type", "v_quant_type", "qk_norm_epsilon", "q_norm_epsilon"];

/// Inputs are queries `[B, S, H·D]` (or queries, keys and values in one), keys and values `[B, S, K·D]`, past ones `[B, K, C, D]`, the place
/// of each sample's last key, the largest number of keys, cosines and sines, places, what is added to the products, what stands beside
/// them in the softmax, and the number of queries that are no padding.
fn compose(b: &mut Builder<'_>, attrs: &Attrs, inputs: &[Option<ValueId>]) -> Result<Vec<ValueId>, ComposeError> {
    let gqa = Gqa::read(attrs)?;
    let refused = [(12, "k_scale"), (13, "v_scale"), (14, "q_norm_weight"), (15, "k_norm_weight")];
    refuse_inputs(inputs, &refused)?;
    refuse_output(b, 3, "output_qk")?;
    let (q, k, v, size) = gqa.projections(b, inputs)?;
    let q = scaled(b, q, scale(attrs, size)?)?;
    let (mut q, mut k, v) = (heads(b, q, gqa.heads)?, heads(b, k, gqa.kv_heads)?, heads(b, v, gqa.kv_heads)?);
    let steps = Steps::of(b, q, inputs)?;
    if gqa.rotary {
        let at = steps.angles(b, q, inputs)?;
        let angles = [angle(b, req(inputs, 7)?, at, true)?, angle(b, req(inputs, 8)?, at, true)?];
        (q, k) = (rotate(b, q, angles, gqa.interleaved)?, rotate(b, k, angles, gqa.interleaved)?);
    }
    let present_k = steps.extend(b, opt(inputs, 3), k, inputs)?;
    let present_v = steps.extend(b, opt(inputs, 4), v, inputs)?;
    let (k, v) = (steps.used(b, present_k, opt(inputs, 10))?, steps.used(b, present_v, opt(inputs, 10))?);
    let y = gqa.attend(b, [q, k, v], &steps, inputs)?;
    Ok(vec![packed(b, y)?, present_k, present_v])
}

struct Gqa {
    heads: usize,
    kv_heads: usize,
    softcap: f32,
    rotary: bool,
    interleaved: bool,
    window: Option<i64>,
    smooth: bool,
    causal: bool,
}

impl Gqa {
    fn read(attrs: &Attrs) -> Result<Self, ComposeError> {
        attrs.only(&[&NAMES[..], &REFUSED, &["k_norm_epsilon"]].concat())?;
        for name in ["qk_output", "sliding_window_cache", "kv_cache_bit_width"] {
            if attrs.int_or(name, 0)? != 0 {
                return Err(AttrError::value(name, "only 0 is supported").into());
            }
        }
        for name in ["k_quant_type", "v_quant_type"] {
            if attrs.str(name)?.is_some_and(|kind| kind != "NONE") {
                return Err(AttrError::value(name, "only NONE is supported").into());
            }
        }
        let (heads, kv_heads) = (count(attrs, "num_heads")?, count(attrs, "kv_num_heads")?);
        if !heads.is_multiple_of(kv_heads) {
            return Err(AttrError::value("num_heads", format!("{heads} is no multiple of {kv_heads}")).into());
        }
        let window = Some(attrs.int_or("local_window_size", -1)?).filter(|&n| n > 0);
        let causal = attrs.flag("causal", true)?;
        if window.is_some() && !causal {
            return Err(AttrError::value("local_window_size", "goes with `causal`").into());
        }
        Ok(Gqa {
            heads,
            kv_heads,
            softcap: attrs.float_or("softcap", 0.0)?,
            rotary: attrs.flag("do_rotary", false)?,
            interleaved: attrs.flag("rotary_interleaved", false)?,
            window,
            smooth: attrs.flag("smooth_softmax", false)?,
            causal,
        })
    }

    /// Queries, keys, values, and the size of a head.
    fn projections(&self, b: &mut Builder<'_>, inputs: &[Option<ValueId>]) -> Result<(ValueId, ValueId, ValueId, usize), ComposeError> {
        let q = req(inputs, 0)?;
        ranked(b, q, 3, "a query")?;
        let all = width(b, q, "the extent of a query")?;
        match (opt(inputs, 1), opt(inputs, 2)) {
            (Some(k), Some(v)) => {
                ranked(b, k, 3, "a key")?;
                ranked(b, v, 3, "a value")?;
                Ok((q, k, v, head_size(all, self.heads)?))
            }
            (None, None) => {
                let size = head_size(all, self.heads.saturating_add(self.kv_heads.saturating_mul(2)))?;
                let lengths = [self.heads * size, self.kv_heads * size, self.kv_heads * size];
                let parts = split(b, q, -1, &lengths)?;
                let [q, k, v] = parts[..] else { return Err(wrong("Split makes three parts")) };
                Ok((q, k, v, size))
            }
            _ => Err(wrong("keys go with values")),
        }
    }

    /// Heads that share keys become an axis of their own, along which these are repeated.
    fn attend(
        &self,
        b: &mut Builder<'_>,
        [q, k, v]: [ValueId; 3],
        steps: &Steps,
        inputs: &[Option<ValueId>],
    ) -> Result<ValueId, ComposeError> {
        let group = self.heads / self.kv_heads;
        let mask = self.mask(b, k, steps)?;
        let sink = self.sink(b, q, inputs)?;
        if group == 1 {
            let mask = unsqueeze(b, mask, &[1])?;
            let mask = all_of(b, &[Some(mask), opt(inputs, 10)])?;
            return attend(b, [q, k, v], Softmax { softcap: self.softcap, mask, sink });
        }
        let apart = reshape(b, q, &[0, self.kv_heads as i64, group as i64, -1, b.fact(q).shape[3].known().unwrap_or(0) as i64])?;
        let (k, v) = (unsqueeze(b, k, &[2])?, unsqueeze(b, v, &[2])?);
        let mask = unsqueeze(b, mask, &[1, 2])?;
        let bias = opt(inputs, 10).map(|bias| self.grouped(b, bias, group)).transpose()?;
        let mask = all_of(b, &[Some(mask), bias])?;
        let sink = sink.map(|sink| self.grouped(b, sink, group)).transpose()?;
        let y = attend(b, [apart, k, v], Softmax { softcap: self.softcap, mask, sink })?;
        let rows = extents(b, q, 0, 3)?;
        let rest = b.ints(&[-1])?;
        let shape = concat(b, &[rows, rest], 0)?;
        join(b, "Reshape", y, shape)
    }

    /// `[B, H, …]` as `[B, K, H / K, …]`, or `[B, 1, …]` as `[B, 1, 1, …]`.
    fn grouped(&self, b: &mut Builder<'_>, x: ValueId, group: usize) -> Result<ValueId, ComposeError> {
        ranked(b, x, 4, "what is added to the products")?;
        match b.fact(x).shape[1].known() {
            Some(1) => unsqueeze(b, x, &[1]),
            Some(heads) if heads == self.heads => {
                let ends = (extents(b, x, 0, 1)?, extents(b, x, 2, 4)?);
                let heads = b.ints(&[self.kv_heads as i64, group as i64])?;
                let shape = concat(b, &[ends.0, heads, ends.1], 0)?;
                join(b, "Reshape", x, shape)
            }
            _ => Err(wrong(format!("what is added to the products must have 1 or {} heads", self.heads))),
        }
    }

    /// −∞ where a query does not see a key, `[B, S, T]`.
    fn mask(&self, b: &mut Builder<'_>, k: ValueId, steps: &Steps) -> Result<ValueId, ComposeError> {
        let keys = places(b, k, 2)?;
        let dtype = b.fact(k).dtype;
        let own = unsqueeze(b, steps.at, &[2])?;
        let mut seen = if self.causal {
            join(b, "LessOrEqual", keys, own)?
        } else {
            let ends = column(b, steps.ends, 2)?;
            join(b, "Less", keys, ends)?
        };
        if let Some(window) = self.window {
            let window = integer(b, window)?;
            let last = join(b, "Sub", own, window)?;
            let near = join(b, "Greater", keys, last)?;
            seen = join(b, "And", seen, near)?;
        }
        bias_of(b, seen, f32::NEG_INFINITY, dtype)
    }

    /// What stands beside the products, `[1, H, 1, 1]` or `[1, 1, 1, 1]`.
    fn sink(&self, b: &mut Builder<'_>, q: ValueId, inputs: &[Option<ValueId>]) -> Result<Option<ValueId>, ComposeError> {
        let dtype = b.fact(q).dtype;
        let sink = match opt(inputs, 11) {
            Some(sink) => reshape(b, sink, &[1, self.heads as i64, 1, 1])?,
            None if self.smooth => {
                let zero = number(b, 0.0, dtype)?;
                reshape(b, zero, &[1, 1, 1, 1])?
            }
            None => return Ok(None),
        };
        Ok(Some(sink))
    }
}

/// Where queries stand. All are integers of 64 bits.
struct Steps {
    /// The place of each query, `[B, S]`.
    at: ValueId,
    /// The place of each sample's first query, `[B]`.
    starts: ValueId,
    /// The number of each sample's keys, `[B]`.
    ends: ValueId,
    /// The largest number of keys, a scalar.
    total: ValueId,
    /// The number of queries, a scalar.
    queries: ValueId,
}

impl Steps {
    fn of(b: &mut Builder<'_>, q: ValueId, inputs: &[Option<ValueId>]) -> Result<Self, ComposeError> {
        let last = cast(b, req(inputs, 5)?, DType::I64)?;
        let last = reshape(b, last, &[-1])?;
        let one = integer(b, 1)?;
        let ends = join(b, "Add", last, one)?;
        let total = cast(b, req(inputs, 6)?, DType::I64)?;
        let total = reshape(b, total, &[])?;
        let queries = extent(b, q, 2)?;
        let own = match opt(inputs, 16) {
            Some(own) => cast(b, own, DType::I64)?,
            None => join(b, "Min", queries, ends)?,
        };
        let starts = join(b, "Sub", ends, own)?;
        let (from, steps) = (column(b, starts, 1)?, places(b, q, 2)?);
        let at = join(b, "Add", from, steps)?;
        Ok(Steps { at, starts, ends, total, queries })
    }

    /// The places for the rotation. Of those given, the first prompt uses the first one only.
    fn angles(&self, b: &mut Builder<'_>, q: ValueId, inputs: &[Option<ValueId>]) -> Result<ValueId, ComposeError> {
        let Some(given) = opt(inputs, 9) else { return Ok(self.at) };
        if opt(inputs, 16).is_some() {
            return Ok(given);
        }
        ranked(b, given, 2, "places")?;
        let (start, end, axes) = (b.ints(&[0, 0])?, b.ints(&[1, 1])?, b.ints(&[0, 1])?);
        let first = b.part("Slice", Attrs::new(), &[given, start, end, axes])?;
        let steps = places(b, q, 2)?;
        let counted = join(b, "Add", first, steps)?;
        let prompt = join(b, "Equal", self.total, self.queries)?;
        b.part("Where", Attrs::new(), &[prompt, counted, given])
    }

    /// A cache with the new steps.
    fn extend(
        &self,
        b: &mut Builder<'_>,
        past: Option<ValueId>,
        new: ValueId,
        inputs: &[Option<ValueId>],
    ) -> Result<ValueId, ComposeError> {
        let lengths = opt(inputs, 16).map(|own| cast(b, own, DType::I64)).transpose()?;
        super::parts::first(b.parts("fs.ExtendCache", Attrs::new(), &[Some(new), Some(self.starts), Some(self.total), past, lengths], 1)?)
    }

    /// The steps of a cache that count: a buffer may be longer. Where only the run tells how many, what is added to the products has as many.
    fn used(&self, b: &mut Builder<'_>, cache: ValueId, bias: Option<ValueId>) -> Result<ValueId, ComposeError> {
        let total = b.fact(self.total).ints.as_ref().and_then(|ints| ints.first().cloned());
        if total.as_ref().is_some_and(|total| *total == b.fact(cache).shape[2]) {
            return Ok(cache);
        }
        let end = match (total, bias) {
            (None, Some(bias)) if b.fact(bias).rank() == 4 => extents(b, bias, 3, 4)?,
            _ => reshape(b, self.total, &[1])?,
        };
        let (start, axis) = (b.ints(&[0])?, b.ints(&[2])?);
        b.part("Slice", Attrs::new(), &[cache, start, end, axis])
    }
}
