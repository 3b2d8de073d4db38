//! TfIdfVectorizer: how often n-grams of a pool occur in rows of integers.

use std::collections::HashMap;
use std::sync::Arc;

use fastserve_ir::{AttrError, Attrs, Fact, Inputs, Io, Op, OpError, OpRef, ShapeError};
use fastserve_tensor::DType;

use crate::def::OpDef;
use crate::moves::ints;
use crate::numbers::{choice, store};

/// What is written for an n-gram.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum TfIdfMode {
    /// How often it occurs.
    Tf,
    /// Its weight, if it occurs.
    Idf,
    /// Its weight times how often it occurs.
    TfIdf,
}

const MODES: [&str; 3] = ["TF", "IDF", "TFIDF"];

/// Counts n-grams of integers. Those of strings are refused.
#[derive(Clone, Debug, PartialEq)]
pub struct TfIdfVectorizer {
    /// What is written.
    pub mode: TfIdfMode,
    /// Least and greatest length of the n-grams that count.
    pub lengths: [i64; 2],
    /// Most elements that are left out between two of an n-gram.
    pub max_skip_count: i64,
    /// Where the n-grams of each length start in the pool.
    pub counts: Vec<i64>,
    /// The column of each n-gram.
    pub columns: Vec<i64>,
    /// The n-grams, one behind the other.
    pub pool: Vec<i64>,
    /// A weight for each; 1 where there are none.
    pub weights: Vec<f32>,
}

const NAMES: [&str; 8] =
    ["max_gram_length", "max_skip_count", "min_gram_length", "mode", "ngram_counts", "ngram_indexes", "pool_int64s", "weights"];

pub(crate) const DEFS: &[OpDef] = &[OpDef { name: "TfIdfVectorizer", since: 9, build }];

fn build(attrs: &Attrs, _: i64) -> Result<OpRef, AttrError> {
    if attrs.get("pool_strings").is_some() {
        return Err(AttrError::value("pool_strings", "strings are not supported"));
    }
    attrs.only(&NAMES)?;
    let int = |name: &'static str| attrs.int(name)?.ok_or(AttrError::Missing(name));
    let list = |name: &'static str| attrs.ints(name)?.ok_or(AttrError::Missing(name));
    let op = TfIdfVectorizer {
        mode: [TfIdfMode::Tf, TfIdfMode::Idf, TfIdfMode::TfIdf][choice(attrs, "mode", &MODES, 0)?],
        lengths: [int("min_gram_length")?, int("max_gram_length")?],
        max_skip_count: int("max_skip_count")?,
        counts: list("ngram_counts")?,
        columns: list("ngram_indexes")?,
        pool: list("pool_int64s")?,
        weights: attrs.floats("weights")?.unwrap_or_default(),
    };
    op.check()?;
    Ok(Arc::new(op))
}

impl TfIdfVectorizer {
    fn check(&self) -> Result<(), AttrError> {
        let [min, max] = self.lengths;
        if min < 1 || max < min || self.max_skip_count < 0 {
            return Err(AttrError::value("max_gram_length", format!("n-grams of {min} to {max}")));
        }
        if !self.weights.is_empty() && self.weights.len() != self.columns.len() {
            return Err(AttrError::value("weights", format!("expected {}, got {}", self.columns.len(), self.weights.len())));
        }
        if self.columns.iter().any(|&c| c < 0) {
            return Err(AttrError::value("ngram_indexes", "expected no negative column"));
        }
        let grams = self.grams()?;
        if grams.len() != self.columns.len() {
            return Err(AttrError::value("ngram_indexes", format!("expected {} columns, got {}", grams.len(), self.columns.len())));
        }
        Ok(())
    }

    /// The n-grams of the pool in order.
    fn grams(&self) -> Result<Vec<&[i64]>, AttrError> {
        let wrong = || AttrError::value("ngram_counts", "the starts do not fit the pool");
        let starts: Option<Vec<usize>> = self.counts.iter().map(|&c| usize::try_from(c).ok()).collect();
        let starts = starts.filter(|s| s.first().is_none_or(|&f| f == 0)).ok_or_else(wrong)?;
        let mut grams = Vec::new();
        for (n, &start) in starts.iter().enumerate() {
            let end = starts.get(n + 1).copied().unwrap_or(self.pool.len());
            let part = self.pool.get(start..end).filter(|p| p.len().is_multiple_of(n + 1)).ok_or_else(wrong)?;
            grams.extend(part.chunks_exact(n + 1));
        }
        Ok(grams)
    }

    fn width(&self) -> Result<usize, ShapeError> {
        let most = self.columns.iter().copied().max().map_or(0, |c| c.saturating_add(1));
        usize::try_from(most).map_err(|_| ShapeError::Overflow)
    }

    /// Counts the n-grams of one row.
    fn count(&self, row: &[i64], places: &HashMap<&[i64], usize>, counts: &mut [f64]) {
        let longest = places.keys().map(|g| g.len()).max().unwrap_or(0).min(row.len());
        let mut gram = Vec::new();
        for len in 1..=longest {
            if !(self.lengths[0]..=self.lengths[1]).contains(&(len as i64)) {
                continue;
            }
            // One element has nothing to skip.
            let skips = if len == 1 { 0 } else { usize::try_from(self.max_skip_count).unwrap_or(0).min(row.len()) };
            for step in 1..=skips + 1 {
                let span = (len - 1).saturating_mul(step);
                for start in 0..row.len().saturating_sub(span) {
                    gram.clear();
                    gram.extend((0..len).map(|k| row[start + k * step]));
                    places.get(&gram[..]).and_then(|&at| counts.get_mut(at)).into_iter().for_each(|c| *c += 1.0);
                }
            }
        }
    }
}

impl Op for TfIdfVectorizer {
    fn name(&self) -> &'static str {
        "TfIdfVectorizer"
    }

    fn attrs(&self) -> Attrs {
        let mode = MODES[self.mode as usize];
        let attrs = Attrs::new().with_str("mode", mode).with_int("min_gram_length", self.lengths[0]);
        let attrs = attrs.with_int("max_gram_length", self.lengths[1]).with_int("max_skip_count", self.max_skip_count);
        let attrs = attrs.with_ints("ngram_counts", self.counts.clone()).with_ints("ngram_indexes", self.columns.clone());
        let attrs = attrs.with_ints("pool_int64s", self.pool.clone());
        if self.weights.is_empty() { attrs } else { attrs.with_floats("weights", self.weights.clone()) }
    }

    fn infer(&self, inputs: &Inputs<'_>) -> Result<Vec<Fact>, ShapeError> {
        let x = inputs.req(0)?;
        if !matches!(x.dtype, DType::I32 | DType::I64) {
            return Err(ShapeError::DType { index: 0, expected: "i32 or i64".into(), got: x.dtype });
        }
        let width = self.width()?.into();
        match &x.shape[..] {
            [_] => Ok(vec![Fact::new(DType::F32, vec![width])]),
            [rows, _] => Ok(vec![Fact::new(DType::F32, vec![rows.clone(), width])]),
            _ => Err(ShapeError::shape(format!("expected rank 1 or 2, got {}", x.rank()))),
        }
    }

    fn reference(&self, io: &mut Io<'_>) -> Result<(), OpError> {
        let (shape, x) = (io.shape(0)?, ints(io, 0)?);
        let (rows, len) = match shape.dims() {
            [len] => (1, *len),
            [rows, len] => (*rows, *len),
            _ => return Err(OpError::Value(format!("expected rank 1 or 2, got {shape}"))),
        };
        let (width, total) = (self.width()?, io.out_shape(0)?.numel());
        if rows.checked_mul(width) != Some(total) {
            return Err(OpError::Value(format!("{rows} rows of {width} are made, {total} elements are asked for")));
        }
        let grams = self.grams().map_err(|e| OpError::Value(e.to_string()))?;
        // Of equal n-grams the last one counts.
        let places: HashMap<&[i64], usize> = grams.into_iter().enumerate().map(|(i, g)| (g, i)).collect();
        let mut y = vec![0.0; total];
        for row in 0..if width == 0 { 0 } else { rows } {
            let mut counts = vec![0.0; self.columns.len()];
            self.count(&x[row * len..(row + 1) * len], &places, &mut counts);
            for (i, &n) in counts.iter().enumerate().filter(|(_, n)| **n > 0.0) {
                let weight = self.weights.get(i).map_or(1.0, |&w| f64::from(w));
                let column = usize::try_from(self.columns[i]).unwrap_or(0);
                y[row * width + column] = match self.mode {
                    TfIdfMode::Tf => n,
                    TfIdfMode::Idf => weight,
                    TfIdfMode::TfIdf => n * weight,
                };
            }
        }
        store(io, 0, &y)
    }
}
