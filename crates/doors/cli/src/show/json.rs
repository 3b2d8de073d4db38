//! Results as JSON.

use std::io::Write;

use anyhow::Result;
use serde::Serialize;

/// One value on one line, out at once: other programs wait for it.
pub(crate) fn line(out: &mut dyn Write, value: &impl Serialize) -> Result<()> {
    writeln!(out, "{}", serde_json::to_string(value)?)?;
    Ok(out.flush()?)
}
