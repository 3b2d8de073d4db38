//! Reshape: other extents for the same elements.

use std::sync::Arc;

use fastserve_ir::{Attrs, Dim, DimOp, Fact, Inputs, Io, LowerCx, Lowered, Op, OpError, ShapeError};

use crate::def::OpDef;
use crate::ops::identity::copy;

/// New extents from the second input; 0 copies an extent (unless `allowzero`), −1 is what remains.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Reshape {
    /// Whether 0 means an extent of 0.
    pub allowzero: bool,
}

pub(crate) const DEFS: &[OpDef] = &[OpDef {
    name: "Reshape",
    since: 5,
    build: |attrs, _| {
        attrs.only(&["allowzero"])?;
        Ok(Arc::new(Reshape { allowzero: attrs.flag("allowzero", false)? }))
    },
}];

/// One element of the shape input.
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
        let wants = self.wants(inputs, &x.shape)?;
        let known: Vec<Dim> = wants.iter().filter_map(|w| if let Want::Extent(d) = w { Some(d.clone()) } else { None }).collect();
        let shape = match wants.len() - known.len() {
            0 => known,
            1 => fill_rest(&wants, &x.shape, &known)?,
            n => return Err(ShapeError::shape(format!("input 1 has {n} elements of -1, at most one may be"))),
        };
        check_numel(&x.shape, &shape)?;
        Ok(vec![Fact::new(x.dtype, shape)])
    }

    fn reference(&self, io: &mut Io<'_>) -> Result<(), OpError> {
        copy(io)
    }

    fn lower(&self, _: &LowerCx<'_>) -> Lowered {
        Lowered::Alias
    }
}

impl Reshape {
    fn wants(&self, inputs: &Inputs<'_>, shape: &[Dim]) -> Result<Vec<Want>, ShapeError> {
        if let Ok(dims) = inputs.ints(1) {
            return dims.iter().enumerate().map(|(i, d)| self.extent(i, d.clone(), shape)).collect();
        }
        let list = inputs.constant_ints(1)?;
        let want = |(i, &v): (usize, &i64)| match v {
            -1 => Ok(Want::Rest),
            v => {
                let n = usize::try_from(v).map_err(|_| ShapeError::shape(format!("input 1: {v} is no extent")))?;
                self.extent(i, Dim::Known(n), shape)
            }
        };
        list.iter().enumerate().map(want).collect()
    }

    fn extent(&self, i: usize, dim: Dim, shape: &[Dim]) -> Result<Want, ShapeError> {
        if dim != Dim::Known(0) || self.allowzero {
            return Ok(Want::Extent(dim));
        }
        let copied = shape.get(i).cloned();
        copied.map(Want::Extent).ok_or_else(|| ShapeError::shape(format!("input 1: 0 at {i} copies an extent that is not there")))
    }
}

/// The extents with −1 replaced by what remains.
fn fill_rest(wants: &[Want], from: &[Dim], known: &[Dim]) -> Result<Vec<Dim>, ShapeError> {
    let rest = remainder(from, known)?;
    Ok(wants.iter().map(|w| if let Want::Extent(d) = w { d.clone() } else { rest.clone() }).collect())
}

/// The product of `from` over the product of `known`: equal extents cancel, and what is left below must be known.
fn remainder(from: &[Dim], known: &[Dim]) -> Result<Dim, ShapeError> {
    let mut above = from.to_vec();
    let mut below = Vec::new();
    for d in known {
        match above.iter().position(|a| a == d && a.known() != Some(0)) {
            Some(at) => drop(above.remove(at)),
            None => below.push(d.clone()),
        }
    }
    let (above, below) = (Dim::product(&above).ok_or(ShapeError::Overflow)?, Dim::product(&below).ok_or(ShapeError::Overflow)?);
    if let (Some(a), Some(b)) = (above.known(), below.known())
        && (b == 0 || a % b != 0)
    {
        return Err(ShapeError::shape(format!("{a} elements do not divide into {b}")));
    }
    above.combine(DimOp::Div, below).ok_or_else(|| ShapeError::shape("an extent of -1 depends on more than one symbol"))
}

fn check_numel(from: &[Dim], to: &[Dim]) -> Result<(), ShapeError> {
    let count = |dims: &[Dim]| Dim::product(dims).ok_or(ShapeError::Overflow);
    match (count(from)?.known(), count(to)?.known()) {
        (Some(a), Some(b)) if a != b => Err(ShapeError::shape(format!("{a} elements do not fill a shape of {b}"))),
        _ => Ok(()),
    }
}
