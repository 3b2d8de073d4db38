//! ScatterElements and ScatterND: the data with some elements or slices replaced.

use std::sync::Arc;

use fastserve_ir::{AttrError, Attrs, Fact, Inputs, Io, Op, OpError, OpRef, ShapeError, normalize_axis};
use fastserve_tensor::{DType, Element, MAX_RANK};

use crate::def::OpDef;
use crate::elements::{Float, Int, NumericBody, count, for_width, require_number, words, words_mut};
use crate::moves::{Index, flat, ints, wrap};
use crate::ops::identity::copy;

/// What an update does to what is there.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Reduction {
    /// Replaces it.
    None,
    /// Is added.
    Add,
    /// Is multiplied with it.
    Mul,
    /// The lesser stays.
    Min,
    /// The larger stays.
    Max,
}

const REDUCTIONS: &[(&str, Reduction)] =
    &[("none", Reduction::None), ("add", Reduction::Add), ("mul", Reduction::Mul), ("min", Reduction::Min), ("max", Reduction::Max)];

/// Element by element, at the place along `axis` that the second input says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ScatterElements {
    /// The axis; negative ones count from the end.
    pub axis: i64,
    /// What an update does.
    pub reduction: Reduction,
}

/// Slices, at the index that each row of the second input is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ScatterND {
    /// What an update does.
    pub reduction: Reduction,
}

pub(crate) const DEFS: &[OpDef] = &[
    OpDef { name: "Scatter", since: 9, build: scatter_elements },
    OpDef { name: "ScatterElements", since: 11, build: scatter_elements },
    OpDef {
        name: "ScatterND",
        since: 11,
        build: |attrs, _| {
            attrs.only(&["reduction"])?;
            Ok(Arc::new(ScatterND { reduction: reduction(attrs)? }))
        },
    },
];

fn scatter_elements(attrs: &Attrs, _: i64) -> Result<OpRef, AttrError> {
    attrs.only(&["axis", "reduction"])?;
    Ok(Arc::new(ScatterElements { axis: attrs.int_or("axis", 0)?, reduction: reduction(attrs)? }))
}

fn reduction(attrs: &Attrs) -> Result<Reduction, AttrError> {
    let Some(word) = attrs.str("reduction")? else { return Ok(Reduction::None) };
    let row = REDUCTIONS.iter().find(|(n, _)| *n == word);
    row.map(|(_, r)| *r).ok_or_else(|| AttrError::value("reduction", format!("{word} is not supported")))
}

fn with_reduction(attrs: Attrs, reduction: Reduction) -> Attrs {
    let row = REDUCTIONS.iter().find(|(_, r)| *r == reduction && *r != Reduction::None);
    row.map_or(attrs.clone(), |(name, _)| attrs.with_str("reduction", *name))
}

/// The data's fact, where indices and updates have the right types.
fn infer(inputs: &Inputs<'_>, reduction: Reduction) -> Result<Vec<Fact>, ShapeError> {
    let (x, indices) = (inputs.req(0)?, inputs.req(1)?);
    inputs.same_dtype(2, x.dtype)?;
    if !matches!(indices.dtype, DType::I32 | DType::I64) {
        return Err(ShapeError::DType { index: 1, expected: "i32 or i64".into(), got: indices.dtype });
    }
    if reduction != Reduction::None {
        require_number(inputs, 0)?;
    }
    Ok(vec![Fact::new(x.dtype, x.shape.clone())])
}

impl Op for ScatterElements {
    fn name(&self) -> &'static str {
        "ScatterElements"
    }

    fn attrs(&self) -> Attrs {
        with_reduction(Attrs::new().with_int("axis", self.axis), self.reduction)
    }

    fn infer(&self, inputs: &Inputs<'_>) -> Result<Vec<Fact>, ShapeError> {
        let rank = inputs.req(0)?.rank();
        normalize_axis(self.axis, rank)?;
        inputs.ranked(1, rank)?;
        inputs.ranked(2, rank)?;
        infer(inputs, self.reduction)
    }

    fn reference(&self, io: &mut Io<'_>) -> Result<(), OpError> {
        let (shape, table, picks) = (io.shape(0)?, io.shape(1)?, ints(io, 1)?);
        let axis = normalize_axis(self.axis, shape.rank())?;
        if table != io.shape(2)? || table.rank() != shape.rank() {
            return Err(OpError::Value(format!("indices {table} do not fit the updates, or {shape}")));
        }
        let (mut index, mut at) = (Index::new(&table), [0; MAX_RANK]);
        let mut places = Vec::with_capacity(picks.len());
        for &pick in &picks {
            at[..table.rank()].copy_from_slice(index.now());
            at[axis] = wrap(pick, shape[axis])?;
            places.push(flat(&shape, &at[..table.rank()])?);
            index.step();
        }
        scatter(io, self.reduction, &places)
    }

    fn is_linear(&self) -> bool {
        true
    }
}

impl Op for ScatterND {
    fn name(&self) -> &'static str {
        "ScatterND"
    }

    fn attrs(&self) -> Attrs {
        with_reduction(Attrs::new(), self.reduction)
    }

    fn infer(&self, inputs: &Inputs<'_>) -> Result<Vec<Fact>, ShapeError> {
        let (x, indices) = (inputs.req(0)?, inputs.req(1)?);
        let depth = indices.shape.last().and_then(|d| d.known()).ok_or(ShapeError::DataDependent(1))?;
        if depth > x.rank() {
            return Err(ShapeError::shape(format!("indices of {depth} for rank {}", x.rank())));
        }
        infer(inputs, self.reduction)
    }

    fn reference(&self, io: &mut Io<'_>) -> Result<(), OpError> {
        let (shape, table, picks) = (io.shape(0)?, io.shape(1)?, ints(io, 1)?);
        let depth = table.last().copied().unwrap_or(0);
        if depth == 0 || depth > shape.rank() {
            return Err(OpError::Value(format!("{table} does not index {shape}")));
        }
        let slice = count(&shape[depth..]);
        if (picks.len() / depth).saturating_mul(slice) != io.shape(2)?.numel() {
            return Err(OpError::Value(format!("updates {} do not fill what {table} indexes", io.shape(2)?)));
        }
        let mut places = Vec::new();
        for row in picks.chunks_exact(depth) {
            let at = row.iter().zip(shape.iter()).try_fold(0, |at, (&pick, &d)| Ok::<_, OpError>(at * d + wrap(pick, d)?))?;
            places.extend(at * slice..(at + 1) * slice);
        }
        scatter(io, self.reduction, &places)
    }

    fn is_linear(&self) -> bool {
        true
    }
}

/// Copies the data, then puts update `i` at place `i`.
fn scatter(io: &mut Io<'_>, reduction: Reduction, places: &[usize]) -> Result<(), OpError> {
    copy(io)?;
    if io.input(2)?.shape().checked_numel() != Some(places.len()) {
        return Err(OpError::Value(format!("expected {} updates, got {}", places.len(), io.shape(2)?)));
    }
    let dtype = io.dtype(0)?;
    if io.dtype(2)? != dtype {
        return Err(OpError::DType(io.dtype(2)?));
    }
    if reduction != Reduction::None {
        return Body { reduction, places, io }.run(dtype);
    }
    for_width!(dtype, T => replace::<T>(io, places))
}

fn replace<T: bytemuck::Pod>(io: &mut Io<'_>, places: &[usize]) -> Result<(), OpError> {
    let updates = words::<T>(io, 2)?;
    let y = words_mut::<T>(io, 0)?;
    for (&at, &update) in places.iter().zip(updates) {
        *y.get_mut(at).ok_or_else(|| OpError::Value("an update lies outside the output".into()))? = update;
    }
    Ok(())
}

struct Body<'b, 'a> {
    reduction: Reduction,
    places: &'b [usize],
    io: &'b mut Io<'a>,
}

impl Body<'_, '_> {
    fn each<T: Element>(&mut self, of: impl Fn(T, T) -> T) -> Result<(), OpError> {
        let updates = self.io.slice::<T>(2)?;
        let y = self.io.out_slice::<T>(0)?;
        for (&at, &update) in self.places.iter().zip(updates) {
            let y = y.get_mut(at).ok_or_else(|| OpError::Value("an update lies outside the output".into()))?;
            *y = of(*y, update);
        }
        Ok(())
    }
}

impl NumericBody for Body<'_, '_> {
    fn float<T: Float>(&mut self) -> Result<(), OpError> {
        let of: fn(f64, f64) -> f64 = match self.reduction {
            Reduction::Add => |a: f64, b: f64| a + b,
            Reduction::Mul => |a: f64, b: f64| a * b,
            Reduction::Min => |a: f64, b: f64| if b < a || b.is_nan() { b } else { a },
            Reduction::Max => |a: f64, b: f64| if b > a || b.is_nan() { b } else { a },
            Reduction::None => |_: f64, b: f64| b,
        };
        self.each::<T>(|a, b| T::from_f64(of(a.to_f64(), b.to_f64())))
    }

    fn int<T: Int>(&mut self) -> Result<(), OpError> {
        let of: fn(i128, i128) -> i128 = match self.reduction {
            Reduction::Add => i128::wrapping_add,
            Reduction::Mul => i128::wrapping_mul,
            Reduction::Min => |a: i128, b: i128| a.min(b),
            Reduction::Max => |a: i128, b: i128| a.max(b),
            Reduction::None => |_: i128, b: i128| b,
        };
        self.each::<T>(|a, b| T::wrap(of(a.to_i128(), b.to_i128())))
    }
}
