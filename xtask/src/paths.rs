//! Where things are: the repository's root and the cache outside it.

use std::env;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result};

/// The root of the repository.
pub(crate) fn root() -> &'static Path {
    let xtask = Path::new(env!("CARGO_MANIFEST_DIR"));
    xtask.parent().unwrap_or(xtask)
}

/// The folder that builds share: cargo's, wherever the user put it.
pub(crate) fn target() -> PathBuf {
    match env::var_os("CARGO_TARGET_DIR") {
        Some(dir) => root().join(dir),
        None => root().join("target"),
    }
}

/// The cache for what is fetched or made once: `$FASTSERVE_CACHE`, else
/// `$XDG_CACHE_HOME/fastserve`, else `~/.cache/fastserve`.
pub(crate) fn cache() -> Result<PathBuf> {
    let set = |name| env::var_os(name).filter(|v| !v.is_empty()).map(PathBuf::from);
    let dir = set("FASTSERVE_CACHE")
        .or_else(|| set("XDG_CACHE_HOME").map(|d| d.join("fastserve")))
        .or_else(|| env::home_dir().map(|d| d.join(".cache/fastserve")))
        .context("no place for a cache: set FASTSERVE_CACHE")?;
    std::path::absolute(&dir).with_context(|| format!("bad cache path {}", dir.display()))
}

/// A path as seen from the root, with forward slashes.
pub(crate) fn relative(path: &Path) -> String {
    let path = path.strip_prefix(root()).unwrap_or(path);
    path.to_string_lossy().replace('\\', "/")
}
