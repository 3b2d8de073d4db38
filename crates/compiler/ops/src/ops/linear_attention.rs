//! LinearAttention: a state that keys and values are written to, and queries read.

use std::sync::Arc;

use fastserve_ir::{AttrError, Attrs, Dim, DimOp, Fact, Inputs, Io, Op, OpError, OpRef, ShapeError};

use crate::attention::heads::Heads;
use crate::def::OpDef;
use crate::elements::{count, require_float};
use crate::numbers::{choice, expect_shape, store, store_if_asked};
use crate::ops::attention::heads;

/// How a state is written to.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum UpdateRule {
    /// A key's value is added.
    Linear,
    /// The state decays first.
    Gated,
    /// What the state holds for the key goes towards the value.
    Delta,
    /// Both.
    GatedDelta,
}

const RULES: [&str; 4] = ["linear", "gated", "delta", "gated_delta"];

/// Inputs are queries, keys and values `[B, T, H·D]`, and optionally a state `[B, H, Dk, Dv]`, logarithms of decays, and rates.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct LinearAttention {
    /// Heads of keys and values, which divides that of queries.
    pub kv_num_heads: usize,
    /// Heads of queries.
    pub q_num_heads: usize,
    /// Factor of what is read; 0 stands for one over the root of a key's size.
    pub scale: f32,
    /// How the state is written to.
    pub update_rule: UpdateRule,
}

/// The most elements of a state that is no output, which nobody has granted.
const MAX_HIDDEN_STATE: usize = 1 << 26;

pub(crate) const DEFS: &[OpDef] = &[OpDef { name: "LinearAttention", since: 27, build }];

fn build(attrs: &Attrs, _: i64) -> Result<OpRef, AttrError> {
    // `chunk_size` is about speed only.
    attrs.only(&["chunk_size", "kv_num_heads", "q_num_heads", "scale", "update_rule"])?;
    let count = |name: &'static str| heads(attrs, name)?.ok_or(AttrError::Missing(name));
    let (kv_num_heads, q_num_heads) = (count("kv_num_heads")?, count("q_num_heads")?);
    if !q_num_heads.is_multiple_of(kv_num_heads) {
        return Err(AttrError::value("q_num_heads", format!("{q_num_heads} is no multiple of {kv_num_heads}")));
    }
    let rules = [UpdateRule::Linear, UpdateRule::Gated, UpdateRule::Delta, UpdateRule::GatedDelta];
    let update_rule = rules[choice(attrs, "update_rule", &RULES, 3)?];
    Ok(Arc::new(LinearAttention { kv_num_heads, q_num_heads, scale: attrs.float_or("scale", 0.0)?, update_rule }))
}

impl Op for LinearAttention {
    fn name(&self) -> &'static str {
        "LinearAttention"
    }

    fn attrs(&self) -> Attrs {
        let attrs = Attrs::new().with_int("kv_num_heads", self.kv_num_heads as i64).with_int("q_num_heads", self.q_num_heads as i64);
        attrs.with_float("scale", self.scale).with_str("update_rule", RULES[self.update_rule as usize])
    }

    fn infer(&self, inputs: &Inputs<'_>) -> Result<Vec<Fact>, ShapeError> {
        let q = require_float(inputs, 0)?;
        inputs.ranked(0, 3)?;
        let (k, v) = (inputs.ranked(1, 3)?, inputs.ranked(2, 3)?);
        for i in [1, 2, 4, 5].into_iter().filter(|&i| i < 3 || inputs.opt(i).is_some()) {
            inputs.same_dtype(i, q.dtype)?;
            inputs.ranked(i, 3)?;
        }
        let gated = matches!(self.update_rule, UpdateRule::Gated | UpdateRule::GatedDelta);
        let delta = matches!(self.update_rule, UpdateRule::Delta | UpdateRule::GatedDelta);
        if inputs.opt(4).is_some() != gated || inputs.opt(5).is_some() != delta {
            return Err(ShapeError::shape(format!("decay or beta do not fit the rule {}", RULES[self.update_rule as usize])));
        }
        let state = inputs.opt(3).map(|_| inputs.ranked(3, 4)).transpose()?;
        let part = |d: &Dim, heads: usize| d.clone().combine(DimOp::Div, heads.into()).ok_or(ShapeError::Overflow);
        let (dk, dv) = (part(&k.shape[2], self.kv_num_heads)?, part(&v.shape[2], self.kv_num_heads)?);
        let width = dv.clone().combine(DimOp::Mul, self.q_num_heads.into()).ok_or(ShapeError::Overflow)?;
        let y = vec![q.shape[0].clone(), q.shape[1].clone(), width];
        let kept = vec![q.shape[0].clone(), self.kv_num_heads.into(), dk, dv];
        Ok(vec![Fact::new(q.dtype, y), Fact::new(state.map_or(q.dtype, |s| s.dtype), kept)])
    }

    fn reference(&self, io: &mut Io<'_>) -> Result<(), OpError> {
        let q = Heads::read(io, 0, Some(self.q_num_heads))?;
        let (k, v) = (Heads::read(io, 1, Some(self.kv_num_heads))?, Heads::read(io, 2, Some(self.kv_num_heads))?);
        if [k.batch, k.len, v.batch, v.len] != [q.batch, q.len, q.batch, q.len] || k.size != q.size {
            return Err(OpError::Value("queries, keys and values do not fit each other".into()));
        }
        let kept = [q.batch, k.heads, k.size, v.size];
        let asked = expect_shape(io, 0, &[q.batch, q.len, q.heads * v.size])?;
        if !expect_shape(io, 1, &kept)? && !asked {
            return Ok(());
        }
        if io.num_outputs() < 2 && count(&kept) > MAX_HIDDEN_STATE {
            return Err(OpError::Value(format!("a state of {kept:?} that is not asked for")));
        }
        let mut state = match io.opt(3) {
            Some(_) => Heads::read(io, 3, None)?,
            None => Heads::zeros(q.batch, k.heads, k.size, v.size),
        };
        if [state.batch, state.heads, state.len, state.size] != kept {
            return Err(OpError::Value("the state does not fit keys and values".into()));
        }
        let decay = self.gate(io, 4, &k, &[k.heads, k.heads * k.size])?;
        let beta = self.gate(io, 5, &k, &[k.heads, 1])?;
        let mut y = Heads::zeros(q.batch, q.heads, q.len, v.size);
        let scale = if self.scale == 0.0 { 1.0 / (q.size as f64).sqrt() } else { self.scale.into() };
        for (b, h) in (0..q.batch).flat_map(|b| (0..k.heads).map(move |h| (b, h))) {
            for t in 0..q.len {
                write(&mut state, (b, h, t), &k, &v, decay.as_ref(), beta.as_ref());
                for head in (0..q.heads / k.heads).map(|g| h * (q.heads / k.heads) + g) {
                    let read = read(&state, (b, h), q.row(b, head, t));
                    y.row_mut(b, head, t).iter_mut().zip(read).for_each(|(y, v)| *y = scale * v);
                }
            }
        }
        store(io, 0, &y.packed())?;
        store_if_asked(io, 1, state.elements())
    }
}

impl LinearAttention {
    /// An optional input of one number a head, or of so many as one of `widths` says.
    fn gate(&self, io: &Io<'_>, i: usize, k: &Heads, widths: &[usize]) -> Result<Option<Heads>, OpError> {
        if io.opt(i).is_none() {
            return Ok(None);
        }
        let shape = io.shape(i)?;
        let width = shape.last().copied().filter(|w| widths.contains(w) && shape[..shape.rank() - 1] == [k.batch, k.len]);
        let width = width.ok_or_else(|| OpError::Value(format!("input {i}: {shape} does not fit the keys")))?;
        Heads::read(io, i, Some(if width == 1 { 1 } else { k.heads })).map(Some)
    }
}

/// What the state holds for a key or query.
fn read(state: &Heads, (b, h): (usize, usize), key: &[f64]) -> Vec<f64> {
    let mut sum = vec![0.0; state.size];
    for (d, &w) in key.iter().enumerate() {
        sum.iter_mut().zip(state.row(b, h, d)).for_each(|(sum, s)| *sum += w * s);
    }
    sum
}

/// One step: decay, then the key's value.
fn write(state: &mut Heads, (b, h, t): (usize, usize, usize), k: &Heads, v: &Heads, decay: Option<&Heads>, beta: Option<&Heads>) {
    let per_head = |gate: &Heads, d: usize| {
        let row = gate.row(b, if gate.heads == 1 { 0 } else { h }, t);
        row.get(if row.len() == 1 { 0 } else { d }).copied().unwrap_or(0.0)
    };
    if let Some(decay) = decay {
        for d in 0..state.len {
            let factor = per_head(decay, d).exp();
            state.row_mut(b, h, d).iter_mut().for_each(|s| *s *= factor);
        }
    }
    let key = k.row(b, h, t);
    let mut value = v.row(b, h, t).to_vec();
    if let Some(beta) = beta {
        let (rate, held) = (per_head(beta, 0), read(state, (b, h), key));
        value.iter_mut().zip(held).for_each(|(v, held)| *v = rate * (*v - held));
    }
    for (d, &w) in key.iter().enumerate() {
        state.row_mut(b, h, d).iter_mut().zip(&value).for_each(|(s, v)| *s += w * v);
    }
}
