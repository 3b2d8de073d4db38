//! AffineGrid: the positions of an image after an affine map, as GridSample takes them.

use std::sync::Arc;

use fastserve_ir::{AttrError, Attrs, Dim, Fact, Inputs, Io, Op, OpError, OpRef, ShapeError};

use crate::def::OpDef;
use crate::elements::require_float;
use crate::moves::{Index, ints};
use crate::numbers::{expect_shape, numbers, store};
use crate::shape_ints;

/// Maps `theta[N, r, r + 1]` of the positions of an image of `r` axes (2 or 3), −1 to 1, the last axis first: `[N, …, r]`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct AffineGrid {
    /// Whether −1 and 1 are the middles of the outer elements, else their outer edges.
    pub align_corners: bool,
}

pub(crate) const DEFS: &[OpDef] = &[OpDef { name: "AffineGrid", since: 20, build }];

fn build(attrs: &Attrs, _: i64) -> Result<OpRef, AttrError> {
    attrs.only(&["align_corners"])?;
    Ok(Arc::new(AffineGrid { align_corners: attrs.flag("align_corners", false)? }))
}

impl Op for AffineGrid {
    fn name(&self) -> &'static str {
        "AffineGrid"
    }

    fn attrs(&self) -> Attrs {
        if self.align_corners { Attrs::new().with_int("align_corners", 1) } else { Attrs::new() }
    }

    fn infer(&self, inputs: &Inputs<'_>) -> Result<Vec<Fact>, ShapeError> {
        require_float(inputs, 0)?;
        let (theta, size) = (inputs.ranked(0, 3)?, shape_ints::extents(inputs, 1)?);
        let [n, _, image @ ..] = &size[..] else { return Err(ShapeError::shape("input 1: expected four or five extents")) };
        let axes = image.len();
        let fits = |d: &Dim, want: usize| d.known().is_none_or(|d| d == want);
        if !(2..=3).contains(&axes) || !fits(&theta.shape[1], axes) || !fits(&theta.shape[2], axes + 1) {
            return Err(ShapeError::shape(format!("maps {:?} do not fit an image of {axes} axes", theta.shape)));
        }
        if theta.shape[0].differs(n) {
            return Err(ShapeError::shape(format!("{:?} maps for {n:?} images", theta.shape[0])));
        }
        let shape = [&theta.shape[..1], image, &[axes.into()]].concat();
        Ok(vec![Fact::new(theta.dtype, shape)])
    }

    fn reference(&self, io: &mut Io<'_>) -> Result<(), OpError> {
        let (shape, size) = (io.shape(0)?, ints(io, 1)?);
        let image: Vec<usize> = size.iter().skip(2).map(|&n| usize::try_from(n).unwrap_or(0)).collect();
        let axes = image.len();
        let &[n, rows, columns] = shape.dims() else { return Err(OpError::Value(format!("expected maps, got {shape}"))) };
        if rows != axes || columns != axes + 1 {
            return Err(OpError::Value(format!("maps {shape} do not fit an image of {axes} axes")));
        }
        if !expect_shape(io, 0, &[&[n], &image[..], &[axes]].concat())? {
            return Ok(());
        }
        let theta = numbers(io, 0)?;
        let mut values = Vec::with_capacity(io.out_shape(0)?.numel());
        for map in theta.chunks_exact(rows * columns) {
            let space = fastserve_tensor::Shape::new(&image)?;
            let mut index = Index::new(&space);
            for _ in 0..space.numel() {
                let place: Vec<f64> = index.now().iter().zip(&image).rev().map(|(&i, &len)| self.place(i, len)).collect();
                let mapped = |row: &[f64]| row.iter().zip(&place).map(|(a, x)| a * x).sum::<f64>() + row[axes];
                values.extend(map.chunks_exact(columns).map(mapped));
                index.step();
            }
        }
        store(io, 0, &values)
    }
}

impl AffineGrid {
    /// Where an element lies between −1 and 1; the only one of a corner-aligned axis is at −1.
    fn place(&self, i: usize, len: usize) -> f64 {
        let (i, len) = (i as f64, len as f64);
        match self.align_corners {
            true if len > 1.0 => -1.0 + i * (2.0 / (len - 1.0)),
            true => -1.0,
            false => -1.0 + 1.0 / len + i * (2.0 / len),
        }
    }
}
