//! NonMaxSuppression: of boxes that overlap, those with the best scores.

use std::sync::Arc;

use fastserve_ir::{AttrError, Attrs, Dim, Fact, Inputs, Io, Op, OpError, OpRef, ShapeError};
use fastserve_tensor::{DType, Tensor, TensorView};

use crate::def::OpDef;
use crate::moves::ints_of;

/// Rows of batch, class and box. Inputs are boxes `[batch, boxes, 4]`, scores `[batch, classes, boxes]`, the most boxes a class, the
/// overlap from which on a box goes, and the score that a box must be above.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct NonMaxSuppression {
    /// Whether a box is its centre and its extents, else two corners.
    pub center_point_box: bool,
}

pub(crate) const DEFS: &[OpDef] = &[OpDef { name: "NonMaxSuppression", since: 10, build }];

fn build(attrs: &Attrs, _: i64) -> Result<OpRef, AttrError> {
    attrs.only(&["center_point_box"])?;
    Ok(Arc::new(NonMaxSuppression { center_point_box: attrs.flag("center_point_box", false)? }))
}

impl Op for NonMaxSuppression {
    fn name(&self) -> &'static str {
        "NonMaxSuppression"
    }

    fn attrs(&self) -> Attrs {
        if self.center_point_box { Attrs::new().with_int("center_point_box", 1) } else { Attrs::new() }
    }

    fn infer(&self, inputs: &Inputs<'_>) -> Result<Vec<Fact>, ShapeError> {
        inputs.ranked(0, 3)?;
        inputs.ranked(1, 3)?;
        for (i, dtype) in [DType::F32, DType::F32, DType::I64, DType::F32, DType::F32].into_iter().enumerate() {
            if i < 2 || inputs.opt(i).is_some() {
                inputs.same_dtype(i, dtype)?;
            }
        }
        let told = (0..inputs.len().min(5)).all(|i| inputs.opt(i).is_none_or(|f| f.value.is_some()));
        let found = if told {
            let view = |i: usize| inputs.opt(i).and_then(|f| f.value.as_ref()).map(Tensor::view).transpose().map_err(OpError::from);
            let picks = Given::new(view).and_then(|given| self.select(&given));
            Dim::Known(picks.map_err(|e| ShapeError::shape(e.to_string()))?.len())
        } else {
            Dim::New
        };
        Ok(vec![Fact::new(DType::I64, vec![found, 3.into()])])
    }

    fn reference(&self, io: &mut Io<'_>) -> Result<(), OpError> {
        let picks = self.select(&Given::new(|i| Ok(io.opt(i)))?)?;
        let out = io.out_shape(0)?;
        if out[..] != [picks.len(), 3] {
            return Err(OpError::Value(format!("output 0: {} boxes are selected, {out} is asked for", picks.len())));
        }
        io.out_slice::<i64>(0)?.chunks_exact_mut(3).zip(&picks).for_each(|(y, pick)| y.copy_from_slice(pick));
        Ok(())
    }
}

/// The inputs as they lie.
struct Given<'a> {
    boxes: &'a [f32],
    scores: &'a [f32],
    /// Batch, classes, boxes.
    extents: [usize; 3],
    most: usize,
    overlap: f32,
    above: Option<f32>,
}

impl<'a> Given<'a> {
    fn new(view: impl Fn(usize) -> Result<Option<TensorView<'a>>, OpError>) -> Result<Self, OpError> {
        let required = |i: usize| view(i)?.ok_or(OpError::Missing { what: "input", index: i });
        let (boxes, scores) = (required(0)?, required(1)?);
        let ([b, n, 4], [batch, classes, each]) = (boxes.shape().dims(), scores.shape().dims()) else {
            return Err(OpError::Value(format!("expected boxes and scores, got {} and {}", boxes.shape(), scores.shape())));
        };
        if b != batch || n != each {
            return Err(OpError::Value(format!("scores of {} are not those of boxes of {}", scores.shape(), boxes.shape())));
        }
        let number = |i: usize| view(i)?.map(|v| Ok::<_, OpError>(v.as_slice::<f32>()?.first().copied())).transpose();
        let most = view(2)?.map(|v| ints_of(&v)).transpose()?.and_then(|v| v.first().copied()).unwrap_or(0);
        let overlap = number(3)?.flatten().unwrap_or(0.0);
        if !(0.0..=1.0).contains(&overlap) {
            return Err(OpError::Value(format!("an overlap of {overlap}: expected 0 to 1")));
        }
        Ok(Self {
            boxes: boxes.as_slice()?,
            scores: scores.as_slice()?,
            extents: [*batch, *classes, *n],
            most: usize::try_from(most).unwrap_or(0).min(*n),
            overlap,
            above: number(4)?.flatten(),
        })
    }
}

/// Corners: low and high along one axis, then along the other.
struct Area([f32; 4]);

impl NonMaxSuppression {
    fn select(&self, given: &Given<'_>) -> Result<Vec<[i64; 3]>, OpError> {
        let [_, classes, n] = given.extents;
        let mut picks = Vec::new();
        if given.scores.is_empty() || given.most == 0 {
            return Ok(picks);
        }
        for (row, scores) in given.scores.chunks_exact(n).enumerate() {
            let (batch, class) = (row / classes, row % classes);
            let boxes = given.boxes.get(batch * n * 4..).and_then(|b| b.get(..n * 4));
            let boxes = boxes.ok_or_else(|| OpError::Value(format!("batch {batch} has no boxes")))?;
            let kept = self.class(boxes, scores, given);
            picks.extend(kept.into_iter().map(|at| [batch as i64, class as i64, at as i64]));
        }
        Ok(picks)
    }

    /// The boxes of a class that stay, best first.
    fn class(&self, boxes: &[f32], scores: &[f32], given: &Given<'_>) -> Vec<usize> {
        let mut order: Vec<usize> = (0..scores.len()).filter(|&i| given.above.is_none_or(|above| scores[i] > above)).collect();
        order.sort_by(|&a, &b| scores[b].partial_cmp(&scores[a]).unwrap_or_else(|| scores[a].is_nan().cmp(&scores[b].is_nan())));
        let mut kept: Vec<(usize, Area)> = Vec::new();
        for at in order {
            if kept.len() == given.most {
                break;
            }
            let area = self.area(&boxes[at * 4..][..4]);
            if kept.iter().all(|(_, other)| !area.covers(other, given.overlap)) {
                kept.push((at, area));
            }
        }
        kept.into_iter().map(|(at, _)| at).collect()
    }

    fn area(&self, b: &[f32]) -> Area {
        if self.center_point_box {
            let half = [b[2] / 2.0, b[3] / 2.0];
            return Area([b[0] - half[0], b[0] + half[0], b[1] - half[1], b[1] + half[1]]);
        }
        Area([b[1].min(b[3]), b[1].max(b[3]), b[0].min(b[2]), b[0].max(b[2])])
    }
}

impl Area {
    fn size(&self) -> f32 {
        (self.0[1] - self.0[0]) * (self.0[3] - self.0[2])
    }

    /// Whether the intersection is more than a part of the union.
    fn covers(&self, other: &Area, part: f32) -> bool {
        let low = [0, 2].map(|i| self.0[i].max(other.0[i]));
        let high = [1, 3].map(|i| self.0[i].min(other.0[i]));
        if high[0] <= low[0] || high[1] <= low[1] {
            return false;
        }
        let both = (high[0] - low[0]) * (high[1] - low[1]);
        let union = self.size() + other.size() - both;
        both > 0.0 && self.size() > 0.0 && other.size() > 0.0 && union > 0.0 && both / union > part
    }
}
