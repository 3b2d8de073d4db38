//! Reshape: other extents for the same elements.

use std::sync::Arc;

use fastserve_ir::{AttrError, Attrs, Dim, DimOp, Fact, Inputs, Io, LowerCx, Lowered, Op, OpError, OpRef, ShapeError};
use fastserve_tensor::{DType, MAX_RANK};

use crate::def::OpDef;
use crate::ops::identity::copy;
use crate::shape_ints;

/// New extents from the second input; 0 copies an extent (unless `allowzero`), −1 is what remains.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Reshape {
    /// Whether 0 means an extent of 0.
    pub allowzero: bool,
}

/// New extents from an attribute (before opset 5).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FixedReshape {
    /// The extents: 0 copies one, −1 is what remains.
    pub shape: Vec<i64>,
}

pub(crate) const DEFS: &[OpDef] =
    &[OpDef { name: "Reshape", since: 1, build: |attrs, _| fixed(attrs, "shape") }, OpDef { name: "Reshape", since: 5, build }];

fn build(attrs: &Attrs, _: i64) -> Result<OpRef, AttrError> {
    if attrs.get(FIXED).is_some() {
        return fixed(attrs, FIXED);
    }
    attrs.only(&["allowzero"])?;
    Ok(Arc::new(Reshape { allowzero: attrs.flag("allowzero", false)? }))
}

const FIXED: &str = "fs.shape";

fn fixed(attrs: &Attrs, name: &'static str) -> Result<OpRef, AttrError> {
    attrs.only(&[name])?;
    let shape = attrs.ints(name)?.unwrap_or_default();
    if shape.len() > MAX_RANK || shape.iter().any(|&n| n < -1) {
        return Err(AttrError::value(name, format!("{shape:?} are no extents")));
    }
    Ok(Arc::new(FixedReshape { shape }))
}

/// One element of the shape input; an extent may be what only data tell, −1 and 0 included.
#[derive(Clone)]
enum Want {
    Extent(Dim),
    Rest,
}

impl Op for Reshape {
    fn name(&self) -> &'static str {
        "Reshape"
    }

    fn attrs(&self) -> Attrs {
        if self.allowzero { Attrs::new().with_int("allowzero", 1) } else { Attrs::new() }
    }

    fn infer(&self, inputs: &Inputs<'_>) -> Result<Vec<Fact>, ShapeError> {
        let x = inputs.req(0)?;
        reshaped(x, &self.wants(inputs, &x.shape)?)
    }

    fn reference(&self, io: &mut Io<'_>) -> Result<(), OpError> {
        copy(io)
    }

    fn lower(&self, _: &LowerCx<'_>) -> Lowered {
        Lowered::Alias
    }
}

impl Op for FixedReshape {
    fn name(&self) -> &'static str {
        "Reshape"
    }

    fn attrs(&self) -> Attrs {
        Attrs::new().with_ints(FIXED, self.shape.clone())
    }

    fn infer(&self, inputs: &Inputs<'_>) -> Result<Vec<Fact>, ShapeError> {
        let x = inputs.req(0)?;
        // Only −1 is no extent.
        let want = |(i, &n): (usize, &i64)| match usize::try_from(n) {
            Ok(n) => Reshape { allowzero: false }.extent(i, Dim::Known(n), &x.shape),
            Err(_) => Ok(Want::Rest),
        };
        reshaped(x, &self.shape.iter().enumerate().map(want).collect::<Result<Vec<_>, _>>()?)
    }

    fn reference(&self, io: &mut Io<'_>) -> Result<(), OpError> {
        copy(io)
    }

    fn lower(&self, _: &LowerCx<'_>) -> Lowered {
        Lowered::Alias
    }
}

/// The fact of `x` with other extents.
fn reshaped(x: &Fact, wants: &[Want]) -> Result<Vec<Fact>, ShapeError> {
    let known: Vec<Dim> = wants.iter().filter_map(|w| if let Want::Extent(d) = w { Some(d.clone()) } else { None }).collect();
    let shape = match wants.len() - known.len() {
        0 => told(known, &x.shape),
        1 => fill_rest(wants, &x.shape, &known)?,
        n => return Err(ShapeError::shape(format!("input 1 has {n} elements of -1, at most one may be"))),
    };
    check_numel(&x.shape, &shape)?;
    let ints = shape_ints::handed_on(x, shape.len());
    Ok(vec![Fact::new(x.dtype, shape_ints::ranked(shape)?).with_ints(ints)])
}

impl Reshape {
    fn wants(&self, inputs: &Inputs<'_>, shape: &[Dim]) -> Result<Vec<Want>, ShapeError> {
        let want = inputs.req(1)?;
        if !matches!(want.dtype, DType::I32 | DType::I64) || want.rank() > 1 {
            return Err(ShapeError::shape(format!("input 1: expected a vector of i64, got {} of rank {}", want.dtype, want.rank())));
        }
        match (shape_ints::elements(want), &want.value) {
            (Some(dims), _) => dims.into_iter().enumerate().map(|(i, d)| self.extent(i, d, shape)).collect(),
            (None, Some(_)) => Err(ShapeError::shape(format!("input 1: {:?} are no extents", shape_ints::known(inputs, 1)?))),
            (None, None) => Ok(vec![Want::Extent(Dim::New); shape_ints::len(inputs, 1)?]),
        }
    }

    fn extent(&self, i: usize, dim: Dim, shape: &[Dim]) -> Result<Want, ShapeError> {
        if dim == shape_ints::MINUS_ONE {
            return Ok(Want::Rest);
        }
        if dim != Dim::Known(0) || self.allowzero {
            return Ok(Want::Extent(dim));
        }
        let copied = shape.get(i).cloned();
        copied.map(Want::Extent).ok_or_else(|| ShapeError::shape(format!("input 1: 0 at {i} copies an extent that is not there")))
    }
}

/// Extents of which only data tell one: what the elements and the others leave of it, where these are numbers.
fn told(mut extents: Vec<Dim>, from: &[Dim]) -> Vec<Dim> {
    let unknown: Vec<usize> = (0..extents.len()).filter(|&i| extents[i] == Dim::New).collect();
    if let [at] = unknown[..] {
        let others: Vec<Dim> = extents.iter().filter(|d| **d != Dim::New).cloned().collect();
        let numbers = others.iter().all(|d| d.known().is_some_and(|n| n > 0));
        extents[at] = if numbers { remainder(from, &others).unwrap_or(Dim::New) } else { Dim::New };
    }
    extents
}

/// The extents with −1 replaced by what remains.
fn fill_rest(wants: &[Want], from: &[Dim], known: &[Dim]) -> Result<Vec<Dim>, ShapeError> {
    let rest = if known.contains(&Dim::New) { Dim::New } else { remainder(from, known)? };
    Ok(wants.iter().map(|w| if let Want::Extent(d) = w { d.clone() } else { rest.clone() }).collect())
}

/// The product of `from` over the product of `known`: equal factors cancel; what only the run tells where more than a number is left below.
fn remainder(from: &[Dim], known: &[Dim]) -> Result<Dim, ShapeError> {
    let (mut above, total) = factors(from)?;
    let (below, divisor) = factors(known)?;
    for factor in below {
        let at = above.iter().position(|a| *a == factor);
        // Which number of one symbol is left over by another, only the run tells.
        let Some(at) = at else { return Ok(Dim::New) };
        // In order, so that equal products have equal forms.
        above.remove(at);
    }
    if divisor == 0 || (above.is_empty() && total % divisor != 0) {
        return Err(ShapeError::shape(format!("{total} elements do not divide into {divisor}")));
    }
    above.push(Dim::Known(total));
    let product = Dim::product(&above).ok_or(ShapeError::Overflow)?;
    product.combine(DimOp::Div, Dim::Known(divisor)).ok_or(ShapeError::Overflow)
}

/// The factors of a product that are not known, and the product of those that are.
fn factors(dims: &[Dim]) -> Result<(Vec<Dim>, usize), ShapeError> {
    let (mut unknown, mut known) = (Vec::new(), 1usize);
    let mut rest: Vec<&Dim> = dims.iter().rev().collect();
    while let Some(dim) = rest.pop() {
        match dim {
            Dim::Known(n) => known = known.checked_mul(*n).ok_or(ShapeError::Overflow)?,
            Dim::Expr(e) if e.op == DimOp::Mul => rest.extend([&e.b, &e.a]),
            other => unknown.push(other.clone()),
        }
    }
    Ok((unknown, known))
}

fn check_numel(from: &[Dim], to: &[Dim]) -> Result<(), ShapeError> {
    let count = |dims: &[Dim]| Dim::product(dims).ok_or(ShapeError::Overflow);
    match (count(from)?.known(), count(to)?.known()) {
        (Some(a), Some(b)) if a != b => Err(ShapeError::shape(format!("{a} elements do not fill a shape of {b}"))),
        _ => Ok(()),
    }
}
