//! Where fetched packages and made models lie: the cache of `cargo xtask fixtures`.

use std::path::PathBuf;

/// The cache: `$FASTSERVE_CACHE`, else `$XDG_CACHE_HOME/fastserve`, else `~/.cache/fastserve`.
pub fn cache() -> PathBuf {
    let var = |name| std::env::var_os(name).filter(|v| !v.is_empty()).map(PathBuf::from);
    var("FASTSERVE_CACHE")
        .or_else(|| var("XDG_CACHE_HOME").map(|d| d.join("fastserve")))
        .or_else(|| var("HOME").map(|d| d.join(".cache/fastserve")))
        .unwrap_or_default()
}

/// A path in the cache.
///
/// # Panics
/// It is not there: the message says how to get it.
pub fn path(relative: &str) -> PathBuf {
    let path = cache().join(relative);
    assert!(path.exists(), "{} is not there: run `cargo xtask test --only fixtures` and `--only models` first", path.display());
    path
}

/// A Python with onnxruntime, if `cargo xtask` made one and names it.
pub fn oracle_python() -> Option<PathBuf> {
    std::env::var_os("FASTSERVE_ORACLE_PYTHON").filter(|v| !v.is_empty()).map(PathBuf::from)
}
