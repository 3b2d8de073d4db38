//! RotaryEmbedding: pairs of elements turned by an angle that their place says.

use std::sync::Arc;

use fastserve_ir::{AttrError, Attrs, Fact, Inputs, Io, Op, OpError, OpRef, ShapeError};
use fastserve_tensor::DType;

use crate::attention::heads::Heads;
use crate::def::OpDef;
use crate::elements::require_float;
use crate::moves::{ints, wrap};
use crate::numbers::{expect_shape, numbers, store};
use crate::ops::attention::heads;

/// Turns the heads of `[B, H, S, D]`, or of `[B, S, H·D]`. Inputs are X, the cosines, the sines, and optionally the place of each step.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct RotaryEmbedding {
    /// Whether a pair is two neighbours, else an element of either half.
    pub interleaved: bool,
    /// Heads, for rank 3.
    pub num_heads: Option<usize>,
    /// How many elements of a head are turned; 0 stands for all.
    pub rotary_embedding_dim: usize,
}

pub(crate) const DEFS: &[OpDef] = &[OpDef { name: "RotaryEmbedding", since: 23, build }];

fn build(attrs: &Attrs, _: i64) -> Result<OpRef, AttrError> {
    attrs.only(&["interleaved", "num_heads", "rotary_embedding_dim"])?;
    let num_heads = if attrs.int("num_heads")? == Some(0) { None } else { heads(attrs, "num_heads")? };
    let dim = attrs.int_or("rotary_embedding_dim", 0)?;
    let dim = usize::try_from(dim).ok().filter(|d| d.is_multiple_of(2));
    Ok(Arc::new(RotaryEmbedding {
        interleaved: attrs.flag("interleaved", false)?,
        num_heads,
        rotary_embedding_dim: dim.ok_or_else(|| AttrError::value("rotary_embedding_dim", "expected an even number"))?,
    }))
}

impl Op for RotaryEmbedding {
    fn name(&self) -> &'static str {
        "RotaryEmbedding"
    }

    fn attrs(&self) -> Attrs {
        let ints = [
            ("interleaved", usize::from(self.interleaved)),
            ("num_heads", self.num_heads.unwrap_or(0)),
            ("rotary_embedding_dim", self.rotary_embedding_dim),
        ];
        ints.into_iter().filter(|(_, n)| *n != 0).fold(Attrs::new(), |attrs, (name, n)| attrs.with_int(name, n as i64))
    }

    fn infer(&self, inputs: &Inputs<'_>) -> Result<Vec<Fact>, ShapeError> {
        let x = require_float(inputs, 0)?;
        inputs.same_dtype(1, x.dtype)?;
        inputs.same_dtype(2, x.dtype)?;
        match (x.rank(), self.num_heads, inputs.opt(3)) {
            (4, ..) | (3, Some(_), _) => Ok(vec![Fact::new(x.dtype, x.shape.clone())]),
            (3, ..) => Err(ShapeError::shape("rank 3 needs the attribute `num_heads`")),
            _ => Err(ShapeError::shape(format!("expected rank 3 or 4, got {}", x.rank()))),
        }
    }

    fn reference(&self, io: &mut Io<'_>) -> Result<(), OpError> {
        let shape = io.shape(0)?;
        if !expect_shape(io, 0, &shape)? {
            return Ok(());
        }
        let mut x = Heads::read(io, 0, self.num_heads)?;
        let dim = if self.rotary_embedding_dim == 0 { x.size } else { self.rotary_embedding_dim };
        if dim > x.size || !dim.is_multiple_of(2) {
            return Err(OpError::Value(format!("{dim} elements of a head of {} cannot be turned", x.size)));
        }
        let tables = [Table::read(io, 1, dim / 2)?, Table::read(io, 2, dim / 2)?];
        let places = self.places(io, &x, tables[0].rows.min(tables[1].rows))?;
        for row in 0..x.batch * x.heads * x.len {
            let (b, h, s) = (row / x.len / x.heads, row / x.len % x.heads, row % x.len);
            let place = places[b * x.len + s];
            let (cos, sin) = (tables[0].row(place), tables[1].row(place));
            let head = x.row_mut(b, h, s);
            for (i, (c, s)) in cos.iter().zip(sin).enumerate() {
                let (l, r) = if self.interleaved { (2 * i, 2 * i + 1) } else { (i, dim / 2 + i) };
                let (a, b) = (head[l], head[r]);
                head[l] = c * a - s * b;
                head[r] = s * a + c * b;
            }
        }
        store(io, 0, &if io.shape(0)?.rank() == 4 { x.elements().to_vec() } else { x.packed() })
    }
}

/// Rows of cosines or sines.
struct Table {
    rows: usize,
    len: usize,
    data: Vec<f64>,
}

impl Table {
    fn read(io: &Io<'_>, i: usize, len: usize) -> Result<Self, OpError> {
        let (shape, data) = (io.shape(i)?, numbers(io, i)?);
        if shape.last() != Some(&len) {
            return Err(OpError::Value(format!("input {i}: expected rows of {len}, got {shape}")));
        }
        Ok(Table { rows: data.len().checked_div(len).unwrap_or(usize::MAX), len, data })
    }

    fn row(&self, at: usize) -> &[f64] {
        self.data.get(at * self.len..(at + 1) * self.len).unwrap_or_default()
    }
}

impl RotaryEmbedding {
    /// The row of the tables for each step of each sample.
    fn places(&self, io: &Io<'_>, x: &Heads, rows: usize) -> Result<Vec<usize>, OpError> {
        let steps = x.batch.checked_mul(x.len).ok_or(ShapeError::Overflow)?;
        let Some(given) = io.opt(3) else {
            // The tables are of each sample and step already.
            return if rows >= steps { Ok((0..steps).collect()) } else { Err(OpError::Value(format!("{rows} rows for {steps} steps"))) };
        };
        if !matches!(given.dtype(), DType::I64 | DType::I32) || given.shape().numel() != steps {
            return Err(OpError::Value(format!("input 3: expected {steps} places, got {}", given.shape())));
        }
        ints(io, 3)?.into_iter().map(|p| wrap(p, rows)).collect()
    }
}
