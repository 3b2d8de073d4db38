//! How operators are found by name.

use fastserve_ir::{AttrError, Attrs, BuildError, Compose, LATEST_OPSET, OpRef, OpSet};

use crate::composites::COMPOSITES;
use crate::list::LISTS;

/// One operator from one version on.
pub struct OpDef {
    /// The ONNX name, with the domain and a dot before it where that is not ONNX's own, or `fs.…` for an internal operator.
    pub name: &'static str,
    /// The first opset with this form.
    pub since: i64,
    /// Makes the operator from attributes; the second argument is the opset asked for.
    pub build: fn(&Attrs, i64) -> Result<OpRef, AttrError>,
}

/// All operators of this crate.
#[derive(Clone, Copy, Debug, Default)]
pub struct Ops;

/// Every definition there is.
pub fn definitions() -> impl Iterator<Item = &'static OpDef> {
    LISTS.iter().copied().flatten()
}

/// An operator that is made of others, from one version on.
pub struct CompositeDef {
    /// The ONNX name, with the domain and a dot before it where it is not the default one.
    pub name: &'static str,
    /// The first opset with this form.
    pub since: i64,
    /// Adds the parts.
    pub compose: Compose,
}

/// Every operator that is made of others.
pub fn composites() -> impl Iterator<Item = &'static CompositeDef> {
    COMPOSITES.iter().copied().flatten()
}

impl OpSet for Ops {
    fn build(&self, domain: &str, name: &str, opset: i64, attrs: &Attrs) -> Result<OpRef, BuildError> {
        let def = definitions()
            .filter(|d| d.since <= opset && is_named(d.name, domain, name))
            // Internal operators are for passes and for this project's own text form, not for models.
            .filter(|d| !d.name.starts_with("fs.") || opset == LATEST_OPSET)
            .max_by_key(|d| d.since)
            .ok_or_else(|| BuildError::Unsupported { domain: domain.to_owned(), name: name.to_owned(), opset })?;
        let kept = without_hints(attrs, opset);
        (def.build)(kept.as_ref().unwrap_or(attrs), opset).map_err(|source| BuildError::Attr { name: name.to_owned(), source })
    }

    fn composite(&self, domain: &str, name: &str, opset: i64) -> Option<Compose> {
        let fits = composites().filter(|d| d.since <= opset && is_named(d.name, domain, name));
        fits.max_by_key(|d| d.since).map(|d| d.compose)
    }
}

fn is_named(full: &str, domain: &str, name: &str) -> bool {
    match domain {
        "" | "ai.onnx" => full == name,
        _ => full.strip_prefix(domain).and_then(|rest| rest.strip_prefix('.')) == Some(name),
    }
}

/// The attributes without the hint `consumed_inputs`, if there is one: before opset 6 it said which inputs may be overwritten, nothing
/// about what is computed.
fn without_hints(attrs: &Attrs, opset: i64) -> Option<Attrs> {
    if opset >= 6 || attrs.get(HINT).is_none() {
        return None;
    }
    let mut kept = Attrs::new();
    attrs.iter().filter(|(name, _)| *name != HINT).for_each(|(name, value)| kept.set(name, value.clone()));
    Some(kept)
}

const HINT: &str = "consumed_inputs";
