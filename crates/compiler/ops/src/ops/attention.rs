//! Attention: values weighted by how well their keys fit a query.

use std::sync::Arc;

use fastserve_ir::{AttrError, Attrs, Dim, DimOp, Fact, Inputs, Io, Op, OpError, OpRef, ShapeError};
use fastserve_tensor::DType;

use crate::attention::body;
use crate::def::OpDef;
use crate::elements::require_float;
use crate::ops::cast::{onnx_number, onnx_type};

/// Attention of queries `[B, Hq, S, D]` to keys and values of `Hkv` heads, which divides `Hq`; or of `[B, S, H·D]` with the numbers of
/// heads as attributes. Inputs are Q, K, V, and optionally a mask, past keys and values, and the number of keys that are no padding.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Attention {
    /// Whether a query sees no key behind its own place.
    pub is_causal: bool,
    /// Heads of K and V, for rank 3.
    pub kv_num_heads: Option<usize>,
    /// Heads of Q, for rank 3.
    pub q_num_heads: Option<usize>,
    /// What the fourth output holds: products, after the cap, after the mask, or probabilities.
    pub qk_matmul_output_mode: u8,
    /// Factor of the products; one over the root of a head's size by default.
    pub scale: Option<f32>,
    /// Products are bent to ± this where it is not 0.
    pub softcap: f32,
    /// The type in which the softmax is taken. Reference bodies use f64.
    pub softmax_precision: Option<DType>,
    /// How many keys before and behind its own place a query sees; all where there is none.
    pub window: [Option<usize>; 2],
}

const NAMES: [&str; 9] = [
    "is_causal",
    "kv_num_heads",
    "left_window_size",
    "q_num_heads",
    "qk_matmul_output_mode",
    "right_window_size",
    "scale",
    "softcap",
    "softmax_precision",
];

pub(crate) const DEFS: &[OpDef] = &[OpDef { name: "Attention", since: 23, build }];

/// A number of heads.
pub(crate) fn heads(attrs: &Attrs, name: &'static str) -> Result<Option<usize>, AttrError> {
    let positive = |n: i64| usize::try_from(n).ok().filter(|&n| n > 0);
    attrs.int(name)?.map(|n| positive(n).ok_or_else(|| AttrError::value(name, format!("expected a positive number, got {n}")))).transpose()
}

fn window(attrs: &Attrs, name: &'static str) -> Result<Option<usize>, AttrError> {
    match attrs.int_or(name, -1)? {
        -1 => Ok(None),
        n => usize::try_from(n).map(Some).map_err(|_| AttrError::value(name, format!("expected -1 or more, got {n}"))),
    }
}

fn build(attrs: &Attrs, _: i64) -> Result<OpRef, AttrError> {
    attrs.only(&NAMES)?;
    let mode = attrs.int_or("qk_matmul_output_mode", 0)?;
    let mode = u8::try_from(mode).ok().filter(|&m| m <= 3);
    let precision = attrs.int("softmax_precision")?.map(|n| onnx_type("softmax_precision", n)).transpose()?;
    let (q_num_heads, kv_num_heads) = (heads(attrs, "q_num_heads")?, heads(attrs, "kv_num_heads")?);
    if let (Some(q), Some(kv)) = (q_num_heads, kv_num_heads)
        && !q.is_multiple_of(kv)
    {
        return Err(AttrError::value("q_num_heads", format!("{q} is no multiple of {kv}")));
    }
    Ok(Arc::new(Attention {
        is_causal: attrs.flag("is_causal", false)?,
        kv_num_heads,
        q_num_heads,
        qk_matmul_output_mode: mode.ok_or_else(|| AttrError::value("qk_matmul_output_mode", "expected 0 to 3"))?,
        scale: attrs.float("scale")?,
        softcap: attrs.float_or("softcap", 0.0)?,
        softmax_precision: precision,
        window: [window(attrs, "left_window_size")?, window(attrs, "right_window_size")?],
    }))
}

impl Op for Attention {
    fn name(&self) -> &'static str {
        "Attention"
    }

    fn attrs(&self) -> Attrs {
        let ints = [
            ("is_causal", self.is_causal.then_some(1)),
            ("kv_num_heads", self.kv_num_heads.map(|n| n as i64)),
            ("left_window_size", self.window[0].map(|n| n as i64)),
            ("q_num_heads", self.q_num_heads.map(|n| n as i64)),
            ("qk_matmul_output_mode", Some(self.qk_matmul_output_mode.into()).filter(|&m: &i64| m != 0)),
            ("right_window_size", self.window[1].map(|n| n as i64)),
            ("softmax_precision", self.softmax_precision.map(onnx_number)),
        ];
        let attrs = ints.into_iter().filter_map(|(n, v)| Some((n, v?))).fold(Attrs::new(), |a, (n, v)| a.with_int(n, v));
        let floats = [("scale", self.scale), ("softcap", Some(self.softcap).filter(|&c| c != 0.0))];
        floats.into_iter().filter_map(|(n, v)| Some((n, v?))).fold(attrs, |a, (n, v)| a.with_float(n, v))
    }

    fn infer(&self, inputs: &Inputs<'_>) -> Result<Vec<Fact>, ShapeError> {
        let (q, k, v) = (require_float(inputs, 0)?, require_float(inputs, 1)?, require_float(inputs, 2)?);
        if inputs.opt(4).is_some() != inputs.opt(5).is_some() || inputs.opt(6).is_some() && inputs.opt(4).is_some() {
            return Err(ShapeError::shape("past keys go with past values, and not with numbers of keys"));
        }
        let q4 = headed(q, self.q_num_heads, "q_num_heads")?;
        let k4 = headed(k, self.kv_num_heads, "kv_num_heads")?;
        let v4 = headed(v, self.kv_num_heads, "kv_num_heads")?;
        if k.rank() != q.rank() || v.rank() != q.rank() {
            return Err(ShapeError::shape("Q, K and V differ in rank"));
        }
        let past = inputs.opt(4).map(|_| inputs.ranked(4, 4)).transpose()?;
        let past = past.map_or(Dim::Known(0), |p| p.shape[2].clone());
        let total = past.combine(DimOp::Add, k4[2].clone()).ok_or(ShapeError::Overflow)?;
        let [batch, q_heads, len, _] = q4;
        let y = match q.rank() {
            4 => vec![batch.clone(), q_heads.clone(), len.clone(), v4[3].clone()],
            _ => vec![batch.clone(), len.clone(), q_heads.clone().combine(DimOp::Mul, v4[3].clone()).ok_or(ShapeError::Overflow)?],
        };
        let cache = |f: &[Dim; 4]| vec![batch.clone(), f[1].clone(), total.clone(), f[3].clone()];
        Ok(vec![
            Fact::new(q.dtype, y),
            Fact::new(k.dtype, cache(&k4)),
            Fact::new(v.dtype, cache(&v4)),
            Fact::new(q.dtype, vec![batch.clone(), q_heads, len, total]),
        ])
    }

    fn reference(&self, io: &mut Io<'_>) -> Result<(), OpError> {
        body::run(self, io)
    }
}

/// The extents as batch, heads, length and size of a head.
fn headed(fact: &Fact, heads: Option<usize>, name: &str) -> Result<[Dim; 4], ShapeError> {
    match &fact.shape[..] {
        [b, h, s, d] => Ok([b.clone(), h.clone(), s.clone(), d.clone()]),
        [b, s, hidden] => {
            let heads = heads.ok_or_else(|| ShapeError::shape(format!("rank 3 needs the attribute `{name}`")))?;
            if hidden.known().is_some_and(|n| !n.is_multiple_of(heads)) {
                return Err(ShapeError::shape(format!("{heads} heads do not divide {hidden:?}")));
            }
            let size = hidden.clone().combine(DimOp::Div, heads.into()).ok_or(ShapeError::Overflow)?;
            Ok([b.clone(), heads.into(), s.clone(), size])
        }
        _ => Err(ShapeError::shape(format!("expected rank 3 or 4, got {}", fact.rank()))),
    }
}
