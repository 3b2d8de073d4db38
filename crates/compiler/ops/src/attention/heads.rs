//! Heads, whether they are an axis of their own or packed into the last one.

use fastserve_ir::{Io, OpError};

use crate::numbers::numbers;

/// Elements by batch, head, step and place in a head.
#[derive(Clone, Debug)]
pub(crate) struct Heads {
    pub(crate) batch: usize,
    pub(crate) heads: usize,
    pub(crate) len: usize,
    pub(crate) size: usize,
    data: Vec<f64>,
}

impl Heads {
    /// An input `[B, H, S, D]`, or `[B, S, H·D]` with this number of heads.
    ///
    /// # Errors
    /// It is absent or of another form.
    pub(crate) fn read(io: &Io<'_>, i: usize, heads: Option<usize>) -> Result<Self, OpError> {
        let (shape, data) = (io.shape(i)?, numbers(io, i)?);
        match (shape.dims(), heads) {
            ([batch, heads, len, size], _) => Ok(Heads { batch: *batch, heads: *heads, len: *len, size: *size, data }),
            ([batch, len, hidden], Some(heads)) if heads > 0 && hidden.is_multiple_of(heads) => {
                let size = hidden / heads;
                let mut own = Heads::zeros(*batch, heads, *len, size);
                for row in 0..if data.is_empty() { 0 } else { batch * len * heads } {
                    let (b, s, h) = (row / heads / len, row / heads % len, row % heads);
                    own.row_mut(b, h, s).copy_from_slice(&data[row * size..(row + 1) * size]);
                }
                Ok(own)
            }
            _ => Err(OpError::Value(format!("input {i}: {shape} has no such heads"))),
        }
    }

    /// Zeros. The extents are those of tensors that exist.
    pub(crate) fn zeros(batch: usize, heads: usize, len: usize, size: usize) -> Self {
        let count = crate::elements::count(&[batch, heads, len, size]);
        Heads { batch, heads, len, size, data: vec![0.0; count] }
    }

    fn at(&self, b: usize, h: usize, s: usize) -> usize {
        ((b * self.heads + h) * self.len + s) * self.size
    }

    /// The elements of one head at one step.
    pub(crate) fn row(&self, b: usize, h: usize, s: usize) -> &[f64] {
        let at = self.at(b, h, s);
        self.data.get(at..at + self.size).unwrap_or_default()
    }

    /// The same, to change.
    pub(crate) fn row_mut(&mut self, b: usize, h: usize, s: usize) -> &mut [f64] {
        let (at, size) = (self.at(b, h, s), self.size);
        self.data.get_mut(at..at + size).unwrap_or_default()
    }

    /// All elements, `[B, H, S, D]`.
    pub(crate) fn elements(&self) -> &[f64] {
        &self.data
    }

    /// All elements as `[B, S, H·D]`.
    pub(crate) fn packed(&self) -> Vec<f64> {
        let rows = (0..self.batch).flat_map(|b| (0..self.len).flat_map(move |s| (0..self.heads).map(move |h| (b, h, s))));
        rows.flat_map(|(b, h, s)| self.row(b, h, s).iter().copied()).collect()
    }

    /// The steps of `past`, then these.
    ///
    /// # Errors
    /// Other extents than these.
    pub(crate) fn behind(self, past: Heads) -> Result<Self, OpError> {
        if [past.batch, past.heads, past.size] != [self.batch, self.heads, self.size] {
            return Err(OpError::Value("past keys or values have other heads".into()));
        }
        let mut all = Heads::zeros(self.batch, self.heads, past.len + self.len, self.size);
        for (b, h) in (0..self.batch).flat_map(|b| (0..self.heads).map(move |h| (b, h))) {
            (0..past.len).for_each(|s| all.row_mut(b, h, s).copy_from_slice(past.row(b, h, s)));
            (0..self.len).for_each(|s| all.row_mut(b, h, past.len + s).copy_from_slice(self.row(b, h, s)));
        }
        Ok(all)
    }
}
