//! The reference body of Attention.

use fastserve_ir::{Io, OpError};
use fastserve_tensor::{DType, Shape};

use super::heads::Heads;
use crate::broadcast::{broadcast_strides, fits};
use crate::moves::ints;
use crate::numbers::{expect_shape, numbers, store, store_if_asked};
use crate::ops::attention::Attention;

/// What is added to the products: 0, a number, or −∞ where a query does not see a key.
struct Bias {
    mask: Option<Mask>,
    /// The place of each batch's first query among the keys.
    offsets: Vec<i128>,
    /// The number of keys of each batch that are no padding.
    lengths: Option<Vec<i64>>,
    causal: bool,
    window: [Option<usize>; 2],
}

struct Mask {
    data: Vec<f64>,
    strides: [usize; fastserve_tensor::MAX_RANK],
    /// Keys beyond are not seen.
    len: usize,
}

impl Mask {
    fn read(io: &Io<'_>, extents: [usize; 4]) -> Result<Self, OpError> {
        let (shape, mut data) = (io.shape(3)?, numbers(io, 3)?);
        let len = shape.last().copied().unwrap_or(0);
        let all = Shape::new(&[&extents[..3], &[len]].concat())?;
        if len > extents[3] || shape.rank() == 0 || !fits(&shape, &all) {
            return Err(OpError::Value(format!("a mask {shape} does not fit {extents:?}")));
        }
        if io.dtype(3)? == DType::Bool {
            data.iter_mut().for_each(|v| *v = if *v == 0.0 { f64::NEG_INFINITY } else { 0.0 });
        }
        let mut strides = broadcast_strides(&shape, &all);
        // One column stands for the first key only.
        strides[3] = 1;
        Ok(Mask { data, strides, len })
    }

    fn at(&self, index: [usize; 4]) -> f64 {
        if index[3] >= self.len {
            return f64::NEG_INFINITY;
        }
        let at = index.iter().zip(&self.strides).map(|(i, s)| i * s).sum::<usize>();
        self.data.get(at).copied().unwrap_or(f64::NEG_INFINITY)
    }
}

impl Bias {
    fn read(op: &Attention, io: &Io<'_>, extents: [usize; 4], past: usize) -> Result<Self, OpError> {
        let [batch, _, queries, _] = extents;
        let mask = if io.opt(3).is_some() { Some(Mask::read(io, extents)?) } else { None };
        let lengths = if io.opt(6).is_some() { Some(ints(io, 6)?) } else { None };
        if lengths.as_ref().is_some_and(|l| l.len() != batch) {
            return Err(OpError::Value(format!("expected {batch} numbers of keys")));
        }
        let offset = |b: usize| lengths.as_ref().map_or(past as i128, |l| i128::from(l[b]) - queries as i128);
        let offsets = (0..batch).map(offset).collect();
        Ok(Bias { mask, offsets, lengths, causal: op.is_causal, window: op.window })
    }

    fn at(&self, index: [usize; 4]) -> f64 {
        let [b, _, query, key] = index;
        let ahead = key as i128 - (query as i128 + self.offsets[b]);
        let [left, right] = self.window;
        let hidden = self.causal && ahead > 0
            || left.is_some_and(|l| -ahead > l as i128)
            || right.is_some_and(|r| ahead > r as i128)
            || self.lengths.as_ref().is_some_and(|l| key as i128 >= i128::from(l[b]));
        if hidden { f64::NEG_INFINITY } else { self.mask.as_ref().map_or(0.0, |m| m.at(index)) }
    }
}

/// Runs it in f64.
pub(crate) fn run(op: &Attention, io: &mut Io<'_>) -> Result<(), OpError> {
    let q = Heads::read(io, 0, op.q_num_heads)?;
    let (mut k, mut v) = (Heads::read(io, 1, op.kv_num_heads)?, Heads::read(io, 2, op.kv_num_heads)?);
    if io.shape(1)?.rank() != io.shape(0)?.rank() {
        return Err(OpError::Value("Q and K differ in rank".into()));
    }
    let past = if io.opt(4).is_some() { io.shape(4)?.get(2).copied().unwrap_or(0) } else { 0 };
    if io.opt(4).is_some() {
        k = k.behind(Heads::read(io, 4, None)?)?;
        v = v.behind(Heads::read(io, 5, None)?)?;
    }
    if [k.batch, v.batch] != [q.batch; 2] || k.size != q.size || v.heads != k.heads || v.len != k.len {
        return Err(OpError::Value("Q, K and V do not fit each other".into()));
    }
    if k.heads == 0 || !q.heads.is_multiple_of(k.heads) {
        return Err(OpError::Value(format!("{} heads of Q do not fit {} of K", q.heads, k.heads)));
    }
    let extents = [q.batch, q.heads, q.len, k.len];
    let y = [q.batch, q.heads, q.len, v.size];
    let packed = [q.batch, q.len, q.heads.saturating_mul(v.size)];
    let result = expect_shape(io, 0, if io.shape(0)?.rank() == 4 { &y } else { &packed })?;
    let cached = [k.batch, k.heads, k.len];
    expect_shape(io, 1, &[&cached[..], &[k.size]].concat())?;
    expect_shape(io, 2, &[&cached[..], &[v.size]].concat())?;
    let shown = expect_shape(io, 3, &extents)?;
    store_if_asked(io, 1, k.elements())?;
    store_if_asked(io, 2, v.elements())?;
    if !result && !shown {
        return Ok(());
    }
    let bias = Bias::read(op, io, extents, past)?;
    let (y, shown) = attend(op, &q, &k, &v, &bias, io.num_outputs() > 3)?;
    store(io, 0, &if io.shape(0)?.rank() == 4 { y.elements().to_vec() } else { y.packed() })?;
    store_if_asked(io, 3, &shown)
}

/// The result, and what the fourth output shows.
fn attend(op: &Attention, q: &Heads, k: &Heads, v: &Heads, bias: &Bias, show: bool) -> Result<(Heads, Vec<f64>), OpError> {
    let scale = op.scale.map_or_else(|| 1.0 / (q.size as f64).sqrt(), f64::from);
    let cap = f64::from(op.softcap);
    let mut y = Heads::zeros(q.batch, q.heads, q.len, v.size);
    let mut shown = Vec::new();
    let group = q.heads / k.heads;
    for row in 0..q.batch * q.heads * q.len {
        let (b, h, s) = (row / q.len / q.heads, row / q.len % q.heads, row % q.len);
        let head = h / group;
        let dot = |j: usize| scale * q.row(b, h, s).iter().zip(k.row(b, head, j)).map(|(a, b)| a * b).sum::<f64>();
        let raw: Vec<f64> = (0..k.len).map(dot).collect();
        let capped: Vec<f64> = raw.iter().map(|&x| if cap > 0.0 { cap * (x / cap).tanh() } else { x }).collect();
        let added: Vec<f64> = (0..k.len).map(|j| bias.at([b, h, s, j])).collect();
        // A key that is not seen counts for nothing, whatever stands there.
        let join = |(&x, &a): (&f64, &f64)| if a == f64::NEG_INFINITY { a } else { x + a };
        let biased: Vec<f64> = capped.iter().zip(&added).map(join).collect();
        let weights = softmax(&biased);
        let out = y.row_mut(b, h, s);
        for (j, &w) in weights.iter().enumerate().filter(|(_, w)| **w != 0.0) {
            out.iter_mut().zip(v.row(b, head, j)).for_each(|(y, v)| *y += w * v);
        }
        if show {
            shown.extend([raw, capped, biased, weights].into_iter().nth(op.qk_matmul_output_mode.into()).unwrap_or_default());
        }
    }
    Ok((y, shown))
}

/// Weights that sum to 1; zeros where there is nothing but −∞.
pub(crate) fn softmax(x: &[f64]) -> Vec<f64> {
    let max = x.iter().copied().fold(f64::NEG_INFINITY, |a, b| if b.is_nan() || b > a { b } else { a });
    if max == f64::NEG_INFINITY {
        return vec![0.0; x.len()];
    }
    let powers: Vec<f64> = x.iter().map(|v| (v - max).exp()).collect();
    let sum: f64 = powers.iter().sum();
    powers.into_iter().map(|p| p / sum).collect()
}
