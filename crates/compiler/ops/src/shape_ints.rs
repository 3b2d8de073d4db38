//! Shape arithmetic: integers that are known before the run, as constants or as expressions.

use fastserve_ir::{Dim, Fact, Inputs, ShapeError};
use fastserve_tensor::{DType, MAX_RANK, Tensor};

/// −1 among the elements of [`Fact::ints`], such as in `Concat(N, -1)` before a Reshape: all bits set, as in an i64. No extent is
/// that large. It is moved, but nothing is computed with it.
pub(crate) const MINUS_ONE: Dim = Dim::Known(usize::MAX);

/// The most integers that an operator takes as extents, axes or pads: each is about an axis, and a rank is at most 8.
const MAX_INTS: usize = 1024;

/// The elements of a fact of rank 0 or 1, −1 as [`MINUS_ONE`]; `None` where they are not known, are no whole numbers, or there are
/// other negative ones.
pub(crate) fn elements(fact: &Fact) -> Option<Vec<Dim>> {
    if let Some(ints) = &fact.ints {
        return Some(ints.to_vec());
    }
    if fact.rank() > 1 || fact.value.as_ref()?.numel() > 64 {
        return None;
    }
    let as_dim = |v: i64| if v == -1 { Some(MINUS_ONE) } else { usize::try_from(v).ok().map(Dim::Known) };
    constant(fact).or_else(|| whole(fact.value.as_ref()?))?.into_iter().map(as_dim).collect()
}

/// Floats that are small whole numbers: what a Cast of an extent makes.
fn whole(value: &Tensor) -> Option<Vec<i64>> {
    let exact = |v: &f32| (v.fract() == 0.0 && v.abs() <= 16_777_216.0).then_some(*v as i64);
    value.as_slice::<f32>().ok()?.iter().map(exact).collect()
}

/// An integer that is known, or an expression of symbols, which is not negative, or [`Dim::New`]: any number, that only data tell.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Int {
    /// Known.
    Known(i64),
    /// An extent.
    Dim(Dim),
}

/// The elements of an integer input, signs included, with expressions or [`Dim::New`] for those that are not known yet.
///
/// # Errors
/// Missing, not integers, or so many as only data tell.
pub(crate) fn signed(inputs: &Inputs<'_>, i: usize) -> Result<Vec<Int>, ShapeError> {
    match known(inputs, i) {
        Ok(list) => Ok(list.into_iter().map(Int::Known).collect()),
        Err(ShapeError::DataDependent(_)) => {
            let one = |d: &Dim| match d {
                d if *d == MINUS_ONE => Int::Known(-1),
                Dim::Known(n) => Int::Known(i64::try_from(*n).unwrap_or(i64::MAX)),
                other => Int::Dim(other.clone()),
            };
            let unknown = || len(inputs, i).map(|n| vec![Int::Dim(Dim::New); n]);
            inputs.ints(i).map_or_else(|_| unknown(), |ints| Ok(ints.iter().map(one).collect()))
        }
        Err(e) => Err(e),
    }
}

/// How many elements an integer input has.
///
/// # Errors
/// Missing, more than are taken, or what only data tell.
pub(crate) fn len(inputs: &Inputs<'_>, i: usize) -> Result<usize, ShapeError> {
    let fact = inputs.req(i)?;
    let count = Dim::product(&fact.shape).ok_or(ShapeError::Overflow)?.known().ok_or(ShapeError::DataDependent(i))?;
    if count <= MAX_INTS { Ok(count) } else { Err(ShapeError::shape(format!("input {i}: {count} integers, at most {MAX_INTS} are taken"))) }
}

/// The elements of an integer input where they are known now; `None` where only data tell them.
///
/// # Errors
/// Missing, or not integers.
pub(crate) fn now(inputs: &Inputs<'_>, i: usize) -> Result<Option<Vec<i64>>, ShapeError> {
    match known(inputs, i) {
        Ok(list) => Ok(Some(list)),
        Err(ShapeError::DataDependent(_)) => Ok(None),
        Err(e) => Err(e),
    }
}

/// Extents that only data tell, of an output of this rank.
///
/// # Errors
/// More than [`MAX_RANK`].
pub(crate) fn unknown(rank: usize) -> Result<Vec<Dim>, ShapeError> {
    check_rank(rank).map(|rank| vec![Dim::New; rank])
}

/// Extents from an integer input of rank 1; [`Dim::New`] where only data tell one.
///
/// # Errors
/// Missing, not integers, negative, more than a rank can have, or so many as only data tell.
pub(crate) fn extents(inputs: &Inputs<'_>, i: usize) -> Result<Vec<Dim>, ShapeError> {
    let one = |int| match int {
        Int::Known(n) => usize::try_from(n).map(Dim::Known).map_err(|_| ShapeError::shape(format!("input {i}: {n} is no extent"))),
        Int::Dim(d) => Ok(d),
    };
    ranked(signed(inputs, i)?.into_iter().map(one).collect::<Result<_, _>>()?)
}

/// The elements of an integer input, signs included.
///
/// # Errors
/// Missing, not integers, or not known before the run.
pub(crate) fn known(inputs: &Inputs<'_>, i: usize) -> Result<Vec<i64>, ShapeError> {
    let fact = inputs.req(i)?;
    if !matches!(fact.dtype, DType::I32 | DType::I64) {
        return Err(ShapeError::DType { index: i, expected: "i32 or i64".into(), got: fact.dtype });
    }
    if let Some(value) = fact.value.as_ref().filter(|v| v.numel() > MAX_INTS) {
        return Err(ShapeError::shape(format!("input {i}: {} integers, at most {MAX_INTS} are taken", value.numel())));
    }
    // `MINUS_ONE` becomes −1 again.
    let from_ints = || fact.ints.as_ref()?.iter().map(|d| d.known().map(|n| n as i64)).collect();
    let none = || fact.shape.contains(&Dim::Known(0)).then(Vec::new);
    constant(fact).or_else(from_ints).or_else(none).ok_or(ShapeError::DataDependent(i))
}

fn constant(fact: &Fact) -> Option<Vec<i64>> {
    let value = fact.value.as_ref().filter(|v| v.numel() <= MAX_INTS)?;
    match value.dtype() {
        DType::I32 => Some(value.as_slice::<i32>().ok()?.iter().map(|&v| v.into()).collect()),
        DType::I64 => Some(value.as_slice::<i64>().ok()?.to_vec()),
        _ => None,
    }
}

/// The integers of a fact, handed on by an operator that only moves elements into rank 0 or 1.
pub(crate) fn handed_on(from: &Fact, rank: usize) -> Option<Vec<Dim>> {
    if rank > 1 { None } else { elements(from) }
}

/// Extents of an output, if a tensor can have that many.
///
/// # Errors
/// More than [`MAX_RANK`].
pub(crate) fn ranked(shape: Vec<Dim>) -> Result<Vec<Dim>, ShapeError> {
    check_rank(shape.len()).map(|_| shape)
}

/// The rank of an output, if a tensor can have it.
///
/// # Errors
/// More than [`MAX_RANK`].
pub(crate) fn check_rank(rank: usize) -> Result<usize, ShapeError> {
    if rank <= MAX_RANK {
        return Ok(rank);
    }
    Err(ShapeError::shape(format!("the output's rank would be {rank}, the largest is {MAX_RANK}")))
}

/// Axes from the start, in the order given.
///
/// # Errors
/// One outside the rank, or one given twice.
pub(crate) fn distinct_axes(axes: &[i64], rank: usize) -> Result<Vec<usize>, ShapeError> {
    let mut seen = Vec::new();
    for &axis in axes {
        let axis = fastserve_ir::normalize_axis(axis, rank)?;
        if seen.contains(&axis) {
            return Err(ShapeError::shape(format!("axis {axis} is given twice")));
        }
        seen.push(axis);
    }
    Ok(seen)
}
