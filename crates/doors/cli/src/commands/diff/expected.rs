//! Tensors to compare with, in a folder.

use std::collections::{BTreeMap, HashSet};
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, ensure};
use fastserve::Tensor;

use crate::io::npy;
use crate::io::outputs::{MANIFEST, Manifest, file_name};

/// A folder of `.npy` files.
pub(super) struct Folder {
    path: PathBuf,
    /// Files by the tensors' names; without a manifest, files are found by their own names.
    files: Option<BTreeMap<String, String>>,
}

impl Folder {
    /// Opens a folder, with or without a manifest.
    pub(super) fn open(path: &Path) -> Result<Self> {
        ensure!(path.is_dir(), "{} is no folder; `fastserve run --output-dir DIR` writes one", path.display());
        let manifest = path.join(MANIFEST);
        let files = if manifest.exists() { Some(read_manifest(&manifest)?) } else { None };
        Ok(Self { path: path.to_owned(), files })
    }

    /// The tensor of this name, if the folder has it.
    pub(super) fn read(&self, name: &str) -> Result<Option<Tensor>> {
        let file = match &self.files {
            Some(files) => files.get(name).cloned(),
            None => Some(file_name(name, &mut HashSet::new())),
        };
        let path = file.map(|f| self.path.join(f)).filter(|p| self.files.is_some() || p.exists());
        path.map(|p| npy::read(&p)).transpose()
    }
}

fn read_manifest(path: &Path) -> Result<BTreeMap<String, String>> {
    let place = || format!("cannot read {}", path.display());
    let manifest: Manifest = serde_json::from_slice(&std::fs::read(path).with_context(place)?).with_context(place)?;
    let leaves = |file: &&String| Path::new(file).file_name().is_none_or(|n| n != file.as_str());
    let bad = manifest.tensors.values().find(leaves);
    ensure!(bad.is_none(), "{}: `{}` is no file of this folder", path.display(), bad.map_or("", String::as_str));
    Ok(manifest.tensors)
}
