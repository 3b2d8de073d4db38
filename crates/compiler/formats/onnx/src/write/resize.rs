//! Resize: scales of old versions, and their rule for the nearest neighbour.

use fastserve_ir::{Attrs, Node};

use super::forms::{finish, list, put, without};
use super::model::{Draft, Writer};

/// Writes a Resize.
///
/// # Errors
/// Why there is no standard form.
pub(super) fn write(w: &mut Writer<'_>, node: &Node, mut draft: Draft) -> Result<(), String> {
    let failed = |e: &dyn std::fmt::Display| e.to_string();
    let fixed = draft.attrs.floats("fs.scales").map_err(|e| failed(&e))?;
    let second = draft.attrs.get("fs.second").is_some();
    draft.attrs = without(&without(&draft.attrs, "fs.scales"), "fs.second");
    modern_coordinates(&mut draft.attrs)?;
    if second && let Some(scales) = draft.inputs.get(1).cloned() {
        draft.inputs.truncate(1);
        put(&mut draft.inputs, 2, scales);
    }
    if draft.attrs.str("nearest_mode").map_err(|e| failed(&e))?.as_deref() == Some("fs.simple") {
        let scales = match fixed {
            Some(scales) => scales,
            None => constant_scales(w, node, if second { 1 } else { 2 })?,
        };
        return simple(w, draft, &scales);
    }
    if let Some(scales) = fixed {
        let name = list(w, &format!("{}.scales", draft.node), &scales)?;
        put(&mut draft.inputs, 2, name);
    }
    finish(w, draft)
}

/// `tf_half_pixel_for_nn` is gone: rounding down the middle of a pixel is rounding what `half_pixel` says.
fn modern_coordinates(attrs: &mut Attrs) -> Result<(), String> {
    let word = |name: &str| attrs.str(name).ok().flatten().unwrap_or_default();
    if word("coordinate_transformation_mode") != "tf_half_pixel_for_nn" {
        return Ok(());
    }
    if word("mode") != "nearest" || word("nearest_mode") != "floor" {
        return Err("`tf_half_pixel_for_nn` has a standard form only where the lower neighbour is taken".to_owned());
    }
    let rest = attrs.clone().with_str("coordinate_transformation_mode", "half_pixel");
    *attrs = rest.with_str("nearest_mode", "round_prefer_ceil");
    Ok(())
}

fn constant_scales(w: &Writer<'_>, node: &Node, place: usize) -> Result<Vec<f32>, String> {
    let id = node.inputs.get(place).copied().flatten();
    let scales = id.and_then(|id| w.graph.constant(id)).and_then(|t| t.as_slice::<f32>().ok());
    scales
        .map(<[f32]>::to_vec)
        .ok_or_else(|| "the nearest neighbour of old versions has a standard form only for constant scales".to_owned())
}

/// Before version 11 an axis that grows takes the lower neighbour, and one that shrinks the upper one: two nodes where a tensor
/// has both.
fn simple(w: &mut Writer<'_>, draft: Draft, scales: &[f32]) -> Result<(), String> {
    let grows: Vec<f32> = scales.iter().map(|&s| s.max(1.0)).collect();
    let shrinks: Vec<f32> = scales.iter().map(|&s| s.min(1.0)).collect();
    let (up, down) = (grows.iter().any(|s| *s != 1.0), shrinks.iter().any(|s| *s != 1.0));
    let mut x = draft.inputs.first().cloned().unwrap_or_default();
    if up && down {
        let middle = w.fresh(&format!("{}.up", draft.node));
        let attrs = draft.attrs.clone();
        let first = Draft::plain(middle.clone(), draft.op.clone(), vec![x], vec![middle.clone()], attrs);
        scaled(w, first, &grows, "floor")?;
        x = middle;
    }
    let last = if down { (&shrinks, "ceil") } else { (&grows, "floor") };
    scaled(w, Draft { inputs: vec![x], ..draft }, last.0, last.1)
}

fn scaled(w: &mut Writer<'_>, mut draft: Draft, scales: &[f32], rounding: &str) -> Result<(), String> {
    let name = list(w, &format!("{}.scales", draft.node), scales)?;
    put(&mut draft.inputs, 2, name);
    draft.attrs = draft.attrs.with_str("nearest_mode", rounding);
    finish(w, draft)
}
