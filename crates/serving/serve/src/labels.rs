//! Names of classes.

use std::fmt::Write as _;

use fastserve::{DType, Tensor};

use crate::request::OutputData;

/// Names of a model's classes, in order; none where it has no list.
#[derive(Clone, Debug, Default)]
pub(crate) struct Labels(Vec<String>);

impl Labels {
    /// One label a line.
    pub(crate) fn parse(text: &str) -> Self {
        Self(text.lines().map(|l| l.trim_end().to_owned()).collect())
    }

    /// The likeliest classes of each row as `score:index:label`, the likeliest first. All of the tensor is one row unless it is a batch.
    pub(crate) fn classify(&self, tensor: &Tensor, classes: u32, is_batch: bool) -> OutputData {
        let rows = if is_batch { tensor.shape().dims().first().copied().unwrap_or(1) } else { 1 };
        let scores = scores(tensor);
        let each = scores.len() / rows.max(1);
        let count = (classes as usize).min(each);
        let mut texts = Vec::with_capacity(rows * count);
        for row in scores.chunks(each.max(1)).take(rows) {
            let mut order: Vec<usize> = (0..row.len()).collect();
            let score = |&at: &usize| row.get(at).copied().unwrap_or(f64::NAN);
            order.sort_by(|a, b| score(b).total_cmp(&score(a)));
            texts.extend(order.iter().take(count).map(|at| self.text(score(at), *at)));
        }
        let shape = if is_batch { vec![rows, count] } else { vec![count] };
        OutputData::Labels { shape, texts }
    }

    fn text(&self, score: f64, index: usize) -> String {
        let mut text = format!("{score:.6}:{index}");
        if let Some(label) = self.0.get(index) {
            // Writing into a String cannot fail.
            let _ = write!(text, ":{label}");
        }
        text
    }
}

/// The elements as numbers; none of a type that has no order.
fn scores(tensor: &Tensor) -> Vec<f64> {
    match tensor.dtype() {
        DType::F32 => tensor.as_slice::<f32>().unwrap_or_default().iter().map(|&v| f64::from(v)).collect(),
        DType::F64 => tensor.as_slice::<f64>().unwrap_or_default().to_vec(),
        DType::F16 => tensor.as_slice::<fastserve::f16>().unwrap_or_default().iter().map(|&v| f64::from(v)).collect(),
        DType::I64 => tensor.as_slice::<i64>().unwrap_or_default().iter().map(|&v| v as f64).collect(),
        DType::I32 => tensor.as_slice::<i32>().unwrap_or_default().iter().map(|&v| f64::from(v)).collect(),
        DType::U8 => tensor.as_slice::<u8>().unwrap_or_default().iter().map(|&v| f64::from(v)).collect(),
        _ => Vec::new(),
    }
}
