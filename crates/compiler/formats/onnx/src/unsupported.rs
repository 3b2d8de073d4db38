//! What a model asks for that this version cannot do, all of it.

use std::collections::BTreeMap;
use std::fmt::Write;

/// Nodes named for each reason in a message; the rest is counted.
const NAMED: usize = 16;

/// One thing that is not supported.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Unsupported {
    /// Name of the node, input or initializer.
    pub node: String,
    /// Its operator; `input` or `initializer` where it is none.
    pub op: String,
    /// The operator's domain; empty for the standard operators.
    pub domain: String,
    /// The version of the domain that the model is written in; 0 where there is none.
    pub opset: i64,
    /// What exactly is not supported.
    pub why: String,
}

impl Unsupported {
    /// Something else than an operator.
    pub(crate) fn part(node: &str, what: &str, why: String) -> Self {
        Self { node: crate::error::shown(node), op: what.into(), domain: String::new(), opset: 0, why }
    }

    /// The operator as a message shows it: `LSTM (opset 17)`.
    pub fn label(&self) -> String {
        let dot = if self.domain.is_empty() { "" } else { "." };
        let version = if self.opset == 0 { String::new() } else { format!(" (opset {})", self.opset) };
        format!("{}{dot}{}{version}", self.domain, self.op)
    }
}

/// One line a thing, grouped by operator with counts.
pub(crate) fn list(all: &[Unsupported]) -> String {
    let mut groups: BTreeMap<String, Vec<&Unsupported>> = BTreeMap::new();
    for row in all {
        groups.entry(row.label()).or_default().push(row);
    }
    let mut out = format!(
        "not supported: {} in {}",
        count(groups.len(), "kind of operator", "kinds of operators"),
        count(all.len(), "place", "places")
    );
    for (label, rows) in groups {
        let _ = write!(out, "\n  {label} x {}", rows.len());
        for row in rows.iter().take(NAMED) {
            let _ = write!(out, "\n    `{}`: {}", row.node, row.why);
        }
        if rows.len() > NAMED {
            let _ = write!(out, "\n    and {} more", rows.len() - NAMED);
        }
    }
    out
}

fn count(n: usize, one: &str, many: &str) -> String {
    format!("{n} {}", if n == 1 { one } else { many })
}
