//! Cases in a folder.

use std::path::{Path, PathBuf};

use anyhow::{Context, Result, ensure};

/// The file that makes a folder a case.
pub(super) const MODEL: &str = "model.onnx";

/// What the name of a folder with data starts with.
const DATA_SET: &str = "test_data_set_";

/// A folder with a model.
pub(super) struct Case {
    /// Its path beneath the folder that was searched, `/` between the parts.
    pub(super) name: String,
    pub(super) path: PathBuf,
}

/// Every case beneath a folder, or the folder itself, by name. Links to folders are not followed.
pub(super) fn cases(root: &Path) -> Result<Vec<Case>> {
    ensure!(root.is_dir(), "{} is no folder", root.display());
    let (mut found, mut left) = (Vec::new(), vec![root.to_owned()]);
    while let Some(folder) = left.pop() {
        if folder.join(MODEL).is_file() {
            found.push(Case { name: name(root, &folder), path: folder.clone() });
        }
        left.extend(folders(&folder, "")?);
    }
    found.sort_by(|a, b| a.name.cmp(&b.name));
    Ok(found)
}

/// The data sets of a case, by name.
pub(super) fn data_sets(case: &Path) -> Result<Vec<PathBuf>> {
    let mut sets = folders(case, DATA_SET)?;
    sets.sort();
    Ok(sets)
}

/// The folders in a folder whose names start so.
fn folders(folder: &Path, start: &str) -> Result<Vec<PathBuf>> {
    let place = || format!("cannot read {}", folder.display());
    let mut found = Vec::new();
    for entry in std::fs::read_dir(folder).with_context(place)? {
        let entry = entry.with_context(place)?;
        if entry.file_type().with_context(place)?.is_dir() && entry.file_name().to_string_lossy().starts_with(start) {
            found.push(entry.path());
        }
    }
    Ok(found)
}

fn name(root: &Path, folder: &Path) -> String {
    let parts = folder.strip_prefix(root).unwrap_or(folder).iter();
    let beneath = parts.map(|p| p.to_string_lossy().into_owned()).collect::<Vec<_>>().join("/");
    let own = || root.file_name().map_or_else(|| ".".to_owned(), |n| n.to_string_lossy().into_owned());
    if beneath.is_empty() { own() } else { beneath }
}
