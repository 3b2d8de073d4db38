//! Outputs in a folder: one `.npy` file a tensor, and a list of them.

use std::collections::{BTreeMap, HashSet};
use std::path::Path;

use anyhow::{Context, Result};
use fastserve::TensorView;
use serde::{Deserialize, Serialize};

use crate::io::npy;

/// The list's file.
pub(crate) const MANIFEST: &str = "manifest.json";
/// The longest file name, in characters and without `.npy`.
const NAME_LIMIT: usize = 200;

/// What is in a folder of tensors.
#[derive(Debug, Default, Serialize, Deserialize)]
pub(crate) struct Manifest {
    /// Files by the tensors' names.
    pub(crate) tensors: BTreeMap<String, String>,
    /// Values that are no tensors.
    #[serde(default)]
    pub(crate) skipped: Vec<String>,
}

/// Writes tensors into a folder, which is made if need be.
pub(crate) fn write<'t>(folder: &Path, tensors: impl IntoIterator<Item = (&'t str, TensorView<'t>)>) -> Result<Manifest> {
    std::fs::create_dir_all(folder).with_context(|| format!("cannot make the folder {}", folder.display()))?;
    let (mut manifest, mut taken) = (Manifest::default(), HashSet::new());
    for (name, view) in tensors {
        let file = file_name(name, &mut taken);
        npy::write(&folder.join(&file), &view)?;
        manifest.tensors.insert(name.to_owned(), file);
    }
    let path = folder.join(MANIFEST);
    let text = serde_json::to_string_pretty(&manifest)? + "\n";
    std::fs::write(&path, text).with_context(|| format!("cannot write {}", path.display()))?;
    Ok(manifest)
}

/// A name as a file name: `/` and what file systems refuse become `_`; a number keeps equal ones apart.
pub(crate) fn file_name(name: &str, taken: &mut HashSet<String>) -> String {
    let safe = |c: char| if r#"/\:*?"<>|"#.contains(c) || c.is_control() { '_' } else { c };
    let all: String = name.chars().map(safe).collect();
    let base: String = all.trim_start_matches('.').chars().take(NAME_LIMIT).collect();
    let base = if base.is_empty() { "_" } else { &base };
    let numbered = (2..).map(|n| format!("{base}.{n}.npy"));
    let mut candidates = std::iter::once(format!("{base}.npy")).chain(numbered);
    candidates.find(|c| taken.insert(c.to_lowercase())).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_stay_in_the_folder() {
        let mut taken = HashSet::new();
        let mut name = |n: &str| file_name(n, &mut taken);
        assert_eq!(name("a/b:0"), "a_b_0.npy");
        assert_eq!(name("A_b_0"), "A_b_0.2.npy");
        assert_eq!(name("../../x"), "_.._x.npy");
        assert_eq!(name(""), "_.npy");
        assert_eq!(name("..\0"), "_.2.npy");
    }
}
