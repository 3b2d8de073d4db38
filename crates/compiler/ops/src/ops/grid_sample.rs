//! GridSample: values of an image at positions that a grid gives.

use std::sync::Arc;

use fastserve_ir::{AttrError, Attrs, Fact, Inputs, Io, Op, OpError, OpRef, ShapeError};
use fastserve_tensor::DType;

use crate::def::OpDef;
use crate::elements::{Float, Int, NumericBody, count, require_float, require_number};
use crate::numbers::{choice, numbers};
use crate::sampling::{Taps, cubic_weights, weighted};

/// How a value between elements is made.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum GridMode {
    /// The nearest element; the even one in the middle.
    Nearest,
    /// Straight lines.
    Linear,
    /// Cubic convolution with a = −0.75.
    Cubic,
}

/// What lies beyond the image.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum GridPadding {
    /// Zeros.
    Zeros,
    /// Its last elements.
    Border,
    /// The image mirrored at its borders.
    Reflection,
}

/// `X[N, C, …]` at the positions `grid[N, …, r]` of its `r` spatial axes, the last axis first; −1 and 1 are its ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct GridSample {
    /// Values.
    pub mode: GridMode,
    /// What lies beyond.
    pub padding: GridPadding,
    /// Whether −1 and 1 are the middles of the outer elements, else their outer edges.
    pub align_corners: bool,
}

pub(crate) const DEFS: &[OpDef] = &[OpDef { name: "GridSample", since: 16, build }];

/// The names of opset 20, and after them those of 16.
const MODES: [&str; 6] = ["linear", "nearest", "cubic", "bilinear", "nearest", "bicubic"];
const PADDINGS: [&str; 3] = ["zeros", "border", "reflection"];

/// Keys' parameter.
const A: f64 = -0.75;

fn build(attrs: &Attrs, _: i64) -> Result<OpRef, AttrError> {
    attrs.only(&["align_corners", "mode", "padding_mode"])?;
    let mode = [GridMode::Linear, GridMode::Nearest, GridMode::Cubic][choice(attrs, "mode", &MODES, 0)? % 3];
    let padding = [GridPadding::Zeros, GridPadding::Border, GridPadding::Reflection][choice(attrs, "padding_mode", &PADDINGS, 0)?];
    Ok(Arc::new(GridSample { mode, padding, align_corners: attrs.flag("align_corners", false)? }))
}

impl Op for GridSample {
    fn name(&self) -> &'static str {
        "GridSample"
    }

    fn attrs(&self) -> Attrs {
        let mode = match self.mode {
            GridMode::Linear => MODES[0],
            GridMode::Nearest => MODES[1],
            GridMode::Cubic => MODES[2],
        };
        let padding = match self.padding {
            GridPadding::Zeros => PADDINGS[0],
            GridPadding::Border => PADDINGS[1],
            GridPadding::Reflection => PADDINGS[2],
        };
        Attrs::new().with_str("mode", mode).with_str("padding_mode", padding).with_int("align_corners", self.align_corners)
    }

    fn infer(&self, inputs: &Inputs<'_>) -> Result<Vec<Fact>, ShapeError> {
        let (x, grid) = (require_number(inputs, 0)?, require_float(inputs, 1)?);
        let (Some(axes), true) = (x.rank().checked_sub(2).filter(|&r| r > 0), grid.rank() == x.rank()) else {
            return Err(ShapeError::shape(format!("expected an image and a grid of one rank, got {} and {}", x.rank(), grid.rank())));
        };
        let coordinates = &grid.shape[axes + 1];
        if coordinates.known().is_some_and(|n| n != axes) {
            return Err(ShapeError::shape(format!("input 1: expected {axes} coordinates a position, got {coordinates:?}")));
        }
        if x.shape[0].differs(&grid.shape[0]) {
            return Err(ShapeError::shape(format!("{:?} images and {:?} grids", x.shape[0], grid.shape[0])));
        }
        let shape = [&x.shape[..2], &grid.shape[1..=axes]].concat();
        Ok(vec![Fact::new(x.dtype, shape)])
    }

    fn reference(&self, io: &mut Io<'_>) -> Result<(), OpError> {
        let (sx, sg, out) = (io.shape(0)?, io.shape(1)?, io.out_shape(0)?);
        let axes = sx.rank().saturating_sub(2);
        let fits = axes > 0 && sg.rank() == sx.rank() && sg[0] == sx[0] && sg[axes + 1] == axes;
        if !fits || out.rank() != sx.rank() || out[..2] != sx[..2] || out[2..] != sg[1..=axes] {
            return Err(OpError::Value(format!("{sx} sampled by {sg} is not {out}")));
        }
        if out.contains(&0) {
            return Ok(());
        }
        let single = io.dtype(1)? != DType::F64;
        let dtype = io.dtype(0)?;
        Body { op: *self, extents: sx[2..].to_vec(), grid: numbers(io, 1)?, single, io }.run(dtype)
    }
}

impl GridSample {
    /// The position along an axis of `len` elements of a coordinate. Ties between neighbours are as in f32 where the grid is not
    /// wider (`single`).
    fn position(&self, v: f64, len: usize, single: bool) -> f64 {
        let round = |v: f64| if single { f64::from(v as f32) } else { v };
        let (n, moved) = (len as f64, round(v + 1.0));
        if self.align_corners { round(moved / 2.0 * (n - 1.0)) } else { round((round(moved * n) - 1.0) / 2.0) }
    }

    /// The ends of an axis, at which an image is mirrored.
    fn borders(&self, len: usize) -> (f64, f64) {
        if self.align_corners { (0.0, len as f64 - 1.0) } else { (-0.5, len as f64 - 0.5) }
    }

    /// The elements that a coordinate is made of; those of padding by zeros are left out.
    ///
    /// # Errors
    /// An axis without elements.
    fn taps(&self, v: f64, len: usize, single: bool) -> Result<Taps, OpError> {
        if len == 0 && self.padding != GridPadding::Zeros {
            return Err(OpError::Value("an image without elements has none to sample".into()));
        }
        let (low, high) = self.borders(len);
        let mut x = self.position(v, len, single);
        if self.mode == GridMode::Nearest {
            x = x.round_ties_even();
        }
        if x < low || x > high {
            x = match self.padding {
                GridPadding::Zeros => x,
                GridPadding::Border => x.clamp(0.0, len as f64 - 1.0),
                GridPadding::Reflection => mirrored(x, low, high),
            };
        }
        let (base, part) = (x.floor(), x - x.floor());
        let parts: &[(f64, f64)] = match self.mode {
            // What is no number lies nowhere, and gives none.
            _ if part.is_nan() => &[(0.0, f64::NAN)],
            GridMode::Nearest => &[(0.0, 1.0)],
            GridMode::Linear => &[(0.0, 1.0 - part), (1.0, part)],
            GridMode::Cubic => {
                let [a, b, c, d] = cubic_weights(part, A);
                &[(-1.0, a), (0.0, b), (1.0, c), (2.0, d)]
            }
        };
        let base = if base.is_finite() { base } else { 0.0 };
        Ok(parts.iter().filter_map(|&(step, weight)| Some((self.element(base + step, len)?, weight))).collect())
    }

    /// The element at a whole position; none in the padding by zeros.
    fn element(&self, at: f64, len: usize) -> Option<usize> {
        let last = len as f64 - 1.0;
        let (low, high) = self.borders(len);
        match self.padding {
            GridPadding::Zeros if at < 0.0 || at > last => None,
            GridPadding::Reflection if at < low || at > high => Some(mirrored(at, low, high).clamp(0.0, last) as usize),
            _ => Some(at.clamp(0.0, last) as usize),
        }
    }
}

/// A position beyond the ends, mirrored at them until it lies between them.
fn mirrored(x: f64, low: f64, high: f64) -> f64 {
    let range = high - low;
    if range <= 0.0 {
        return low;
    }
    let beyond = if x < low { low - x } else { x - high };
    let times = (beyond / range).trunc();
    let rest = beyond - times * range;
    // An even number of times ends where it began.
    if (x < low) == (times % 2.0 == 0.0) { low + rest } else { high - rest }
}

struct Body<'b, 'a> {
    op: GridSample,
    extents: Vec<usize>,
    grid: Vec<f64>,
    single: bool,
    io: &'b mut Io<'a>,
}

impl Body<'_, '_> {
    /// Calls `put(output, value)` for each element; `x` gives the input's by position.
    fn each(&self, x: &impl Fn(usize) -> f64, mut put: impl FnMut(usize, f64)) -> Result<(), OpError> {
        let (axes, shape) = (self.extents.len(), self.io.shape(0)?);
        let channels = shape[1];
        let (space, out_space) = (count(&self.extents), self.grid.len() / axes / shape[0].max(1));
        for (at, coordinates) in self.grid.chunks_exact(axes).enumerate() {
            let (n, position) = (at / out_space, at % out_space);
            let taps = |(&len, &v): (&usize, &f64)| self.op.taps(v, len, self.single);
            let taps: Vec<Taps> = self.extents.iter().zip(coordinates.iter().rev()).map(taps).collect::<Result<_, _>>()?;
            for plane in n * channels..(n + 1) * channels {
                let value = weighted(&self.extents, &taps, &|i| x(plane * space + i));
                put(plane * out_space + position, value);
            }
        }
        Ok(())
    }
}

impl NumericBody for Body<'_, '_> {
    fn float<T: Float>(&mut self) -> Result<(), OpError> {
        let x = self.io.slice::<T>(0)?;
        let mut values = vec![T::from_f64(0.0); self.io.out_shape(0)?.numel()];
        self.each(&|i| x[i].to_f64(), |i, v| values[i] = T::from_f64(v))?;
        self.io.out_slice::<T>(0)?.copy_from_slice(&values);
        Ok(())
    }

    fn int<T: Int>(&mut self) -> Result<(), OpError> {
        let x = self.io.slice::<T>(0)?;
        let mut values = vec![T::wrap(0); self.io.out_shape(0)?.numel()];
        self.each(&|i| x[i].to_i128() as f64, |i, v| values[i] = T::nearest(v))?;
        self.io.out_slice::<T>(0)?.copy_from_slice(&values);
        Ok(())
    }
}
