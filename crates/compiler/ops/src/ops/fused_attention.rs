//! fs.Attention: attention whose operands and result lie as they are made and used, with the masks that exporters add.

use std::sync::Arc;

use fastserve_ir::attrs::ints_of;
use fastserve_ir::{AttentionSpec, AttrError, Attrs, Dim, Fact, Inputs, Io, LowerCx, Lowered, Op, OpError, OpRef, ShapeError};
use fastserve_tensor::{DType, MAX_RANK, Shape};

use crate::broadcast::{broadcast, broadcast_strides, fits, walk};
use crate::def::OpDef;
use crate::numbers::{expect_shape, numbers, optional, store};

/// `Softmax(scale · Q · Kᵀ, chosen, then added to) · V`. Inputs are Q, K, V, a condition (bool), and up to two addends; those three are
/// broadcast to the scores `[…, queries, keys]`.
#[derive(Clone, Debug, PartialEq)]
pub struct FusedAttention(pub AttentionSpec);

pub(crate) const DEFS: &[OpDef] = &[OpDef { name: "fs.Attention", since: 1, build }];

const ORDERS: [&str; 4] = ["q_order", "k_order", "v_order", "y_order"];
const PLACES: [&str; 3] = ["q_place", "k_place", "v_place"];

fn build(attrs: &Attrs, _: i64) -> Result<OpRef, AttrError> {
    attrs.only(&[&ORDERS[..], &PLACES[..], &["fill", "scale", "stays"]].concat())?;
    let mut spec = AttentionSpec {
        scale: attrs.float_or("scale", 1.0)?,
        orders: Default::default(),
        places: [0; 3],
        stays: attrs.flag("stays", true)?,
        fill: attrs.float_or("fill", f32::NEG_INFINITY)?,
    };
    for (order, name) in spec.orders.iter_mut().zip(ORDERS) {
        *order = attrs.sizes(name)?.ok_or(AttrError::Missing(name))?;
    }
    for (place, name) in spec.places.iter_mut().zip(PLACES) {
        let n = attrs.int_or(name, 0)?;
        *place = usize::try_from(n).map_err(|_| AttrError::value(name, format!("expected 0 or more, got {n}")))?;
    }
    let rank = spec.orders[0].len();
    let distinct = |order: &[usize]| (0..order.len()).all(|i| !order[..i].contains(&order[i]));
    let misfit = ORDERS.iter().zip(&spec.orders).position(|(name, order)| {
        let most = rank + usize::from(*name != "y_order");
        order.len() != rank || !distinct(order) || order.iter().any(|&axis| axis >= most)
    });
    match misfit {
        _ if !(2..MAX_RANK).contains(&rank) => Err(AttrError::value(ORDERS[0], format!("expected 2 to {} axes, got {rank}", MAX_RANK - 1))),
        Some(i) => Err(AttrError::value(ORDERS[i], format!("expected {rank} different axes"))),
        None => Ok(Arc::new(FusedAttention(spec))),
    }
}

impl FusedAttention {
    /// The extents of an operand as heads, rows and columns, which are those of the tensor in another order, one left out or none.
    fn logical<D: Clone>(&self, i: usize, dims: &[D]) -> Result<Vec<D>, ShapeError> {
        let (order, rank) = (&self.0.orders[i], dims.len());
        if !(order.len()..=order.len() + 1).contains(&rank) {
            return Err(ShapeError::shape(format!("input {i}: expected {} axes, got {rank}", order.len())));
        }
        let picked = order.iter().map(|&axis| dims.get(axis).cloned()).collect::<Option<Vec<D>>>();
        picked.ok_or_else(|| ShapeError::shape(format!("input {i}: expected an axis more than its {rank}")))
    }

    /// Q, K or V: its extents as heads, rows and columns, and its elements in that order.
    fn operand(&self, io: &Io<'_>, i: usize) -> Result<(Shape, Vec<f64>), OpError> {
        let (shape, x) = (io.shape(i)?, numbers(io, i)?);
        let logical = Shape::new(&self.logical(i, shape.dims())?)?;
        let (start, strides) = self.0.strides(i, &shape).ok_or_else(|| OpError::Value(format!("input {i}: {shape} has no such place")))?;
        let mut moved = vec![0.0; if x.is_empty() { 0 } else { logical.numel() }];
        if !moved.is_empty() {
            walk(&logical, &[strides], |at, [from]| moved[at] = x[start + from]);
        }
        Ok((logical, moved))
    }

    /// What is done to the scores: for each, whether it stays, and what is added.
    fn masks(&self, io: &Io<'_>, scores: &Shape) -> Result<Vec<Mask>, OpError> {
        let mut masks = Vec::new();
        for i in 3..6 {
            let Some(data) = optional(io, i)? else { continue };
            let shape = io.shape(i)?;
            if !fits(&shape, scores) {
                return Err(OpError::Value(format!("input {i}: {shape} does not fit the scores {scores}")));
            }
            masks.push(Mask { chooses: i == 3, data, strides: broadcast_strides(&shape, scores) });
        }
        Ok(masks)
    }

    fn score(&self, masks: &[Mask], offsets: &[usize], key: usize, dot: f64, rank: usize) -> f64 {
        masks.iter().zip(offsets).fold(dot * f64::from(self.0.scale), |score, (mask, at)| {
            let value = mask.data[at + key * mask.strides[rank - 1]];
            match mask.chooses {
                true if (value != 0.0) == self.0.stays => score,
                true => self.0.fill.into(),
                false => score + value,
            }
        })
    }
}

struct Mask {
    chooses: bool,
    data: Vec<f64>,
    strides: [usize; MAX_RANK],
}

impl Op for FusedAttention {
    fn name(&self) -> &'static str {
        "fs.Attention"
    }

    fn attrs(&self) -> Attrs {
        let spec = &self.0;
        let attrs = ORDERS.iter().zip(&spec.orders).fold(Attrs::new(), |attrs, (name, order)| attrs.with_ints(name, ints_of(order)));
        let places = PLACES.iter().zip(spec.places).filter(|(_, place)| *place != 0);
        let attrs = places.fold(attrs, |attrs, (name, place)| attrs.with_int(name, place as i64)).with_float("scale", spec.scale);
        let attrs = if spec.fill == f32::NEG_INFINITY { attrs } else { attrs.with_float("fill", spec.fill) };
        if spec.stays { attrs } else { attrs.with_int("stays", 0) }
    }

    fn infer(&self, inputs: &Inputs<'_>) -> Result<Vec<Fact>, ShapeError> {
        let mut operands = Vec::new();
        for i in 0..3 {
            let x = inputs.same_dtype(i, DType::F32)?;
            operands.push(self.logical(i, &x.shape)?);
        }
        let [q, k, v] = &operands[..] else { return Err(ShapeError::Overflow) };
        let heads = q.len() - 2;
        if q[heads + 1].differs(&k[heads + 1]) || k[heads].differs(&v[heads]) {
            return Err(ShapeError::shape("the extents of Q, K and V do not fit"));
        }
        if inputs.opt(3).is_some() {
            inputs.same_dtype(3, DType::Bool)?;
        }
        for i in (4..6).filter(|&i| inputs.opt(i).is_some()) {
            inputs.same_dtype(i, DType::F32)?;
        }
        if (3..6).filter_map(|i| inputs.opt(i)).any(|mask| mask.rank() > q.len()) {
            return Err(ShapeError::shape("a mask has more axes than the scores"));
        }
        let mut y = broadcast(&broadcast(&q[..heads], &k[..heads])?, &v[..heads])?;
        y.extend([q[heads].clone(), v[heads + 1].clone()]);
        Ok(vec![Fact::new(DType::F32, self.0.orders[3].iter().map(|&axis| y[axis].clone()).collect())])
    }

    /// A score is computed for each row of the result and each row of V; where the result is empty, none.
    fn reference(&self, io: &mut Io<'_>) -> Result<(), OpError> {
        let ((qs, q), (ks, k), (vs, v)) = (self.operand(io, 0)?, self.operand(io, 1)?, self.operand(io, 2)?);
        let rank = qs.rank();
        let [queries, inner, keys, outer] = [qs[rank - 2], qs[rank - 1], ks[rank - 2], vs[rank - 1]];
        if ks[rank - 1] != inner || vs[rank - 2] != keys {
            return Err(OpError::Value(format!("Q {qs}, K {ks} and V {vs} do not fit")));
        }
        let known = |s: &Shape| s.dims()[..rank - 2].iter().map(|&d| Dim::Known(d)).collect::<Vec<_>>();
        let heads = broadcast(&broadcast(&known(&qs), &known(&ks))?, &known(&vs))?;
        let heads = fastserve_ir::known_shape(&heads).ok_or(ShapeError::Overflow)?;
        let logical = Shape::new(&[heads.dims(), &[queries, outer]].concat())?;
        let order = &self.0.orders[3];
        if !expect_shape(io, 0, &Shape::collect(order.iter().map(|&axis| logical[axis]))?)? || logical.numel() == 0 {
            return Ok(());
        }
        let scores = Shape::new(&[heads.dims(), &[queries, keys]].concat())?;
        let masks = self.masks(io, &scores)?;
        let rows = Shape::new(&[heads.dims(), &[queries]].concat())?;
        let matrices = |s: &Shape| broadcast_strides(&Shape::new(&s.dims()[..rank - 2]).unwrap_or(*s), &heads);
        let mut strides = [matrices(&qs), matrices(&ks), matrices(&vs), [0; MAX_RANK], [0; MAX_RANK], [0; MAX_RANK]];
        masks.iter().enumerate().for_each(|(i, mask)| strides[3 + i][..rank - 1].copy_from_slice(&mask.strides[..rank - 1]));
        let mut y = Vec::with_capacity(logical.numel());
        walk(&rows, &strides, |at, [iq, ik, iv, masked @ ..]| {
            let query = &q[(iq * queries + at % queries) * inner..][..inner];
            let key = |j: usize| &k[(ik * keys + j) * inner..][..inner];
            let dot = |j: usize| query.iter().zip(key(j)).map(|(a, b)| a * b).sum::<f64>();
            let row: Vec<f64> = (0..keys).map(|j| self.score(&masks, &masked, j, dot(j), rank)).collect();
            let max = row.iter().copied().fold(f64::NEG_INFINITY, |a, b| if b.is_nan() || b > a { b } else { a });
            let powers: Vec<f64> = row.iter().map(|s| (s - max).exp()).collect();
            let sum: f64 = if keys == 0 { 1.0 } else { powers.iter().sum() };
            let column = |c: usize| powers.iter().enumerate().map(|(j, p)| p * v[(iv * keys + j) * outer + c]).sum::<f64>() / sum;
            y.extend((0..outer).map(column));
        });
        store(io, 0, &in_order(&logical, order, &y)?)
    }

    fn lower(&self, cx: &LowerCx<'_>) -> Lowered {
        let dense = self.0.orders[3].last() == Some(&(self.0.orders[3].len() - 1));
        let f32s = (0..3).chain(4..6).filter_map(|i| cx.inputs.opt(i)).all(|f| f.dtype == DType::F32);
        if dense && f32s { Lowered::Attention(self.0.clone()) } else { Lowered::Reference }
    }
}

/// The elements of a result whose axis `i` is axis `order[i]` of what was computed.
fn in_order(computed: &Shape, order: &[usize], y: &[f64]) -> Result<Vec<f64>, OpError> {
    let (own, mut strides) = (computed.strides(), [0; MAX_RANK]);
    order.iter().enumerate().for_each(|(at, &axis)| strides[at] = own[axis]);
    let mut moved = vec![0.0; y.len()];
    walk(&Shape::collect(order.iter().map(|&axis| computed[axis]))?, &[strides], |at, [from]| moved[at] = y[from]);
    Ok(moved)
}
