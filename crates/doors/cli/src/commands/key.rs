//! `fastserve key`: a key for `fastserve serve --api-key-file`.

use anyhow::{Context, Result};
use fastserve_listen::{Scope, new_key};
use serde_json::json;

use crate::app::Cx;
use crate::fail::{Outcome, usage};
use crate::show::json;

const EXAMPLES: &str = "\
Examples:
  fastserve key alice                        may ask models
  fastserve key watcher --scope metrics      may read metrics
  fastserve key deploy --scope infer,admin   may load and unload too";

/// Options of `key`.
#[derive(clap::Args)]
#[command(after_help = EXAMPLES)]
pub(crate) struct Args {
    /// A name for the key, for rates
    name: String,
    /// What it is for: infer, admin, metrics
    #[arg(long, value_name = "SCOPE", value_delimiter = ',', default_value = "infer", value_parser = scope)]
    scope: Vec<Scope>,
}

fn scope(text: &str) -> Result<Scope, String> {
    Scope::parse(text).ok_or_else(|| "expected infer, admin or metrics".to_owned())
}

/// Makes a key, and the line that lets it in.
pub(crate) fn run(args: &Args, cx: &mut Cx<'_>) -> Result<Outcome> {
    if args.name.is_empty() || args.name.contains([':', '=']) || args.name.starts_with('#') {
        return Err(usage("the name of a key has no `:`, `=`, or `#` in front"));
    }
    let (key, line) = new_key(&args.name, &args.scope).context("the system gives no random numbers")?;
    if cx.json {
        json::line(cx.out, &json!({ "key": key, "line": line }))?;
    } else {
        writeln!(cx.out, "key, for whoever asks: {key}\nline, for the file of keys: {line}\n\nThe key cannot be had from the line again.")?;
    }
    Ok(Outcome::Fine)
}
