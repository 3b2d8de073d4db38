//! Col2Im: sliding blocks added into the image that they were cut from.

use std::ops::AddAssign;
use std::sync::Arc;

use fastserve_ir::{AttrError, Attrs, Dim, DimOp, Fact, Inputs, Io, Op, OpError, OpRef, ShapeError};

use crate::def::OpDef;
use crate::elements::{Float, Int, NumericBody, count, require_number};
use crate::moves::ints;
use crate::numbers::expect_shape;
use crate::ops::conv::unflatten;
use crate::shape_ints::{self, ranked};
use crate::window::{Axis, WindowAttrs, taps};

/// `[N, C · taps, blocks]` to `[N, C, image…]`; the extents of the image and of a block are inputs.
#[derive(Clone, Debug, PartialEq)]
pub struct BlocksToImage {
    /// Steps, distances and padding.
    pub window: WindowAttrs,
}

pub(crate) const DEFS: &[OpDef] = &[OpDef { name: "Col2Im", since: 18, build }];

fn build(attrs: &Attrs, _: i64) -> Result<OpRef, AttrError> {
    attrs.only(&["dilations", "pads", "strides"])?;
    Ok(Arc::new(BlocksToImage { window: WindowAttrs::read(attrs)? }))
}

/// The extents of a block, and how many elements it has.
fn block(list: &[i64]) -> Result<(Vec<usize>, usize), ShapeError> {
    let extents: Option<Vec<usize>> = list.iter().map(|&n| usize::try_from(n).ok().filter(|&n| n > 0)).collect();
    let extents = extents.ok_or_else(|| ShapeError::shape(format!("input 2: {list:?} are no extents of a block")))?;
    let taps = extents.iter().try_fold(1usize, |n, &d| n.checked_mul(d)).ok_or(ShapeError::Overflow)?;
    Ok((extents, taps))
}

impl Op for BlocksToImage {
    fn name(&self) -> &'static str {
        "Col2Im"
    }

    fn attrs(&self) -> Attrs {
        self.window.write(Attrs::new())
    }

    fn infer(&self, inputs: &Inputs<'_>) -> Result<Vec<Fact>, ShapeError> {
        require_number(inputs, 0)?;
        let (x, image) = (inputs.ranked(0, 3)?, shape_ints::extents(inputs, 1)?);
        let axes = shape_ints::len(inputs, 2)?;
        if axes != image.len() || axes == 0 {
            return Err(ShapeError::shape(format!("an image of {} axes and blocks of {axes}", image.len())));
        }
        let channels = match shape_ints::now(inputs, 2)? {
            Some(list) => self.channels(&x.shape[1], &list)?,
            None => Dim::New,
        };
        Ok(vec![Fact::new(x.dtype, ranked([&[x.shape[0].clone(), channels], &image[..]].concat())?)])
    }

    fn reference(&self, io: &mut Io<'_>) -> Result<(), OpError> {
        let (shape, out, (block, taps)) = (io.shape(0)?, io.out_shape(0)?, block(&ints(io, 2)?)?);
        let (&[n, planes, blocks], image) = (shape.dims(), out.get(2..).unwrap_or_default()) else {
            return Err(OpError::Value(format!("expected blocks, got {shape}")));
        };
        let asked: Vec<usize> = ints(io, 1)?.iter().map(|&d| usize::try_from(d).unwrap_or(usize::MAX)).collect();
        if image.len() != block.len() || planes % taps != 0 {
            return Err(OpError::Value(format!("{shape} are no blocks of {block:?} in {out}")));
        }
        if !expect_shape(io, 0, &[&[n, planes / taps], &asked[..]].concat())? {
            return Ok(());
        }
        let axes = self.window.resolve(image, &block)?;
        let columns: Vec<usize> = axes.iter().zip(image).map(|(a, &d)| a.windows(d)).collect::<Result<_, _>>()?;
        if columns.iter().try_fold(1usize, |n, &d| n.checked_mul(d)) != Some(blocks) {
            return Err(OpError::Value(format!("{image:?} has {columns:?} blocks, got {blocks}")));
        }
        let (image, dtype) = (image.to_vec(), io.dtype(0)?);
        Body { sum: Sum { axes, block, columns, image, blocks }, io }.run(dtype)
    }
}

impl BlocksToImage {
    fn channels(&self, planes: &Dim, list: &[i64]) -> Result<Dim, ShapeError> {
        let (_, taps) = block(list)?;
        match planes.known() {
            Some(n) if n % taps != 0 => Err(ShapeError::shape(format!("{n} planes are no multiple of {taps} elements of a block"))),
            _ => planes.clone().combine(DimOp::Div, taps.into()).ok_or(ShapeError::Overflow),
        }
    }
}

/// Where blocks lie: all extents fit each other.
struct Sum {
    axes: Vec<Axis>,
    block: Vec<usize>,
    /// Number of blocks along each axis.
    columns: Vec<usize>,
    image: Vec<usize>,
    blocks: usize,
}

impl Sum {
    /// The images, of blocks whose elements `x` gives by position.
    fn images<V: Copy + Default + AddAssign>(&self, numel: usize, x: impl Fn(usize) -> V) -> Vec<V> {
        let mut images = vec![V::default(); numel];
        let elements = count(&self.block);
        for (plane, image) in images.chunks_exact_mut(count(&self.image).max(1)).enumerate() {
            for column in 0..self.blocks {
                taps(&self.axes, &unflatten(column, &self.columns), &self.image, |tap, position| {
                    let element = tap.iter().zip(&self.block).fold(0, |at, (i, d)| at * d + i);
                    image[position] += x((plane * elements + element) * self.blocks + column);
                });
            }
        }
        images
    }
}

struct Body<'b, 'a> {
    sum: Sum,
    io: &'b mut Io<'a>,
}

impl NumericBody for Body<'_, '_> {
    fn float<T: Float>(&mut self) -> Result<(), OpError> {
        let x = self.io.slice::<T>(0)?;
        let y = self.io.out_slice::<T>(0)?;
        let sums = self.sum.images(y.len(), |i| x[i].to_f64());
        y.iter_mut().zip(sums).for_each(|(y, v)| *y = T::from_f64(v));
        Ok(())
    }

    fn int<T: Int>(&mut self) -> Result<(), OpError> {
        let x = self.io.slice::<T>(0)?;
        let y = self.io.out_slice::<T>(0)?;
        let sums = self.sum.images(y.len(), |i| x[i].to_i128());
        y.iter_mut().zip(sums).for_each(|(y, v)| *y = T::wrap(v));
        Ok(())
    }
}
