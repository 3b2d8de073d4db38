//! How operators are found by name.

use std::borrow::Cow;

use fastserve_ir::{AttrError, Attrs, BuildError, Compose, LATEST_OPSET, OpRef, OpSet};

use crate::composites::COMPOSITES;
use crate::list::LISTS;

/// One operator from one version on.
pub struct OpDef {
    /// The ONNX name, or `fs.…` for an internal operator.
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

/// A name as definitions have it: `Relu`, `com.microsoft.QuickGelu`.
fn full_name<'a>(domain: &str, name: &'a str) -> Cow<'a, str> {
    match domain {
        "" | "ai.onnx" => name.into(),
        _ => format!("{domain}.{name}").into(),
    }
}

impl OpSet for Ops {
    fn build(&self, domain: &str, name: &str, opset: i64, attrs: &Attrs) -> Result<OpRef, BuildError> {
        let full = full_name(domain, name);
        let def = definitions()
            .filter(|d| d.name == full && d.since <= opset)
            // Internal operators are for passes and for this project's own text form, not for models.
            .filter(|d| !d.name.starts_with("fs.") || opset == LATEST_OPSET)
            .max_by_key(|d| d.since)
            .ok_or_else(|| BuildError::Unsupported { domain: domain.to_owned(), name: name.to_owned(), opset })?;
        (def.build)(attrs, opset).map_err(|source| BuildError::Attr { name: name.to_owned(), source })
    }

    fn composite(&self, domain: &str, name: &str, opset: i64) -> Option<Compose> {
        let full = full_name(domain, name);
        let fits = composites().filter(|d| d.name == full && d.since <= opset);
        fits.max_by_key(|d| d.since).map(|d| d.compose)
    }
}
