//! A cache that grows: padded to its new length, new steps scattered into it, and zeros where nothing is.

use fastserve_ir::{Attrs, Node};
use fastserve_tensor::{DType, Tensor};

use super::forms::{fact, finish, list, scalar, step};
use super::model::{Draft, Writer};

/// Writes `fs.ExtendCache`, whose inputs are the new steps, the place of each sample's first one, the length, the past and the numbers of
/// new steps.
///
/// # Errors
/// An input is missing.
pub(super) fn write(w: &mut Writer<'_>, node: &Node, draft: Draft) -> Result<(), String> {
    let dtype = fact(w, node, 0)?.dtype;
    let input = |i: usize| draft.inputs.get(i).filter(|name| !name.is_empty()).cloned();
    let (new, starts, total) = (input(0).ok_or("no steps")?, input(1).ok_or("no places")?, input(2).ok_or("no length")?);
    let one = list(w, &format!("{}.one", draft.node), &[1i64])?;
    let total = step(w, &draft, "Reshape", &[&total, &one], Attrs::new())?;
    let base = match input(3) {
        Some(past) => longer(w, &draft, &past, &total)?,
        None => zeros(w, &draft, &new, &total, dtype)?,
    };
    let scattered = step(w, &draft, "TensorScatter", &[&base, &new, &starts], Attrs::new().with_int("axis", 2))?;
    let count = match input(4) {
        Some(lengths) => lengths,
        None => extents(w, &draft, &new, 2, 3)?,
    };
    let ends = step(w, &draft, "Add", &[&starts, &count], Attrs::new())?;
    let column = list(w, &format!("{}.column", draft.node), &[-1i64, 1, 1, 1])?;
    let ends = step(w, &draft, "Reshape", &[&ends, &column], Attrs::new())?;
    let places = places(w, &draft, &scattered)?;
    let seen = step(w, &draft, "Less", &[&places, &ends], Attrs::new())?;
    let zero = scalar(w, &format!("{}.zero", draft.node), dtype, 0.0)?;
    finish(w, Draft { op: "Where".to_owned(), inputs: vec![seen, scattered, zero], attrs: Attrs::new(), ..draft })
}

fn extents(w: &mut Writer<'_>, draft: &Draft, of: &str, from: i64, to: i64) -> Result<String, String> {
    step(w, draft, "Shape", &[of], Attrs::new().with_int("start", from).with_int("end", to))
}

fn concat(w: &mut Writer<'_>, draft: &Draft, parts: &[&str]) -> Result<String, String> {
    step(w, draft, "Concat", parts, Attrs::new().with_int("axis", 0))
}

/// The past with zeros behind it, if the new length is larger.
fn longer(w: &mut Writer<'_>, draft: &Draft, past: &str, total: &str) -> Result<String, String> {
    let len = extents(w, draft, past, 2, 3)?;
    let more = step(w, draft, "Sub", &[total, &len], Attrs::new())?;
    let none = list(w, &format!("{}.none", draft.node), &[0i64])?;
    let more = step(w, draft, "Max", &[&more, &none], Attrs::new())?;
    let before = list(w, &format!("{}.before", draft.node), &[0i64; 6])?;
    let pads = concat(w, draft, &[&before, &more, &none])?;
    step(w, draft, "Pad", &[past, &pads], Attrs::new())
}

fn zeros(w: &mut Writer<'_>, draft: &Draft, new: &str, total: &str, dtype: DType) -> Result<String, String> {
    let (outer, inner) = (extents(w, draft, new, 0, 2)?, extents(w, draft, new, 3, 4)?);
    let shape = concat(w, draft, &[&outer, total, &inner])?;
    let zero = Tensor::zeros(dtype, fastserve_tensor::Shape::new(&[1]).map_err(|e| e.to_string())?).map_err(|e| e.to_string())?;
    step(w, draft, "ConstantOfShape", &[&shape], Attrs::new().with_tensor("value", zero))
}

/// The places of a cache's steps, as a column.
fn places(w: &mut Writer<'_>, draft: &Draft, cache: &str) -> Result<String, String> {
    let axis = list(w, &format!("{}.axis", draft.node), &[0i64])?;
    let len = extents(w, draft, cache, 2, 3)?;
    let len = step(w, draft, "Squeeze", &[&len, &axis], Attrs::new())?;
    let (start, one) =
        (scalar(w, &format!("{}.start", draft.node), DType::I64, 0.0)?, scalar(w, &format!("{}.step", draft.node), DType::I64, 1.0)?);
    let places = step(w, draft, "Range", &[&start, &len, &one], Attrs::new())?;
    let column = list(w, &format!("{}.rows", draft.node), &[-1i64, 1])?;
    step(w, draft, "Reshape", &[&places, &column], Attrs::new())
}
