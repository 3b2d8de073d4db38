//! Numbers that lie in files beside the model. Only regular files beneath the model's folder are read, by no way around.

use std::collections::HashMap;
use std::fs::{File, Metadata};
use std::path::{Component, Path, PathBuf};

use bytes::Bytes;

use crate::error::{OnnxError, shown};
use crate::limits::MAX_EXTERNAL_FILES;
use crate::prescan::Budget;
use crate::sys;

/// The files beside a model, each mapped or read once.
pub(crate) struct External {
    /// The model's folder, resolved; without it nothing external is read.
    base: Option<PathBuf>,
    files: HashMap<PathBuf, Bytes>,
    budget: Budget,
    copied: bool,
}

impl External {
    /// The files beneath `base`.
    pub(crate) fn new(base: Option<&Path>, budget: Budget, copied: bool) -> Result<Self, OnnxError> {
        let resolve = |p: &Path| {
            let p = if p.as_os_str().is_empty() { Path::new(".") } else { p };
            p.canonicalize().map_err(|source| OnnxError::Io { path: p.into(), source })
        };
        Ok(Self { base: base.map(resolve).transpose()?, files: HashMap::new(), budget, copied })
    }

    /// The `size` bytes that `entries` describe, for elements of `align` bytes, which will take `unpacked` bytes more.
    ///
    /// # Errors
    /// `External`, with the location and the reason.
    pub(crate) fn read(
        &mut self,
        entries: &[(&str, &str)],
        size: usize,
        align: usize,
        unpacked: usize,
        place: &str,
    ) -> Result<Bytes, OnnxError> {
        let get = |key: &str| entries.iter().rev().find(|(k, _)| *k == key).map(|(_, v)| *v);
        let location = get("location").unwrap_or_default();
        let part = self.part(location, get("offset"), get("length"), size, align).and_then(|bytes| self.grant(unpacked).map(|()| bytes));
        part.map_err(|why| OnnxError::External { place: place.into(), location: shown(location), why })
    }

    fn part(&mut self, location: &str, offset: Option<&str>, length: Option<&str>, size: usize, align: usize) -> Result<Bytes, String> {
        let offset = offset.map_or(Ok(0), |text| number("offset", text))?;
        let length = length.map_or(Ok(size), |text| number("length", text))?;
        if length != size {
            return Err(format!("length: expected {size} bytes, got {length}"));
        }
        let file = self.file(location)?;
        let end = offset.checked_add(length).filter(|&end| end <= file.len());
        let end = end.ok_or_else(|| format!("{length} bytes at {offset} leave the file, which has {}", file.len()))?;
        let bytes = file.slice(offset..end);
        // A tensor copies what is not aligned, and many may share one region.
        if !(bytes.as_ptr() as usize).is_multiple_of(align) && !self.budget.take(length) {
            return Err("copies of parts that are not aligned would take more memory than is granted".into());
        }
        Ok(bytes)
    }

    fn grant(&mut self, bytes: usize) -> Result<(), String> {
        if self.budget.take(bytes) { Ok(()) } else { Err("unpacking it would take more memory than is granted".into()) }
    }

    fn file(&mut self, location: &str) -> Result<Bytes, String> {
        let base = self.base.as_deref().ok_or("a model without a folder cannot have any")?;
        let path = beneath(base, location)?;
        if let Some(bytes) = self.files.get(&path) {
            return Ok(bytes.clone());
        }
        if self.files.len() == MAX_EXTERNAL_FILES {
            return Err(format!("more than {MAX_EXTERNAL_FILES} files"));
        }
        let bytes = open(&path, self.copied)?;
        self.budget = self.budget.with_file(bytes.len());
        self.files.insert(path, bytes.clone());
        Ok(bytes)
    }
}

fn number(key: &str, text: &str) -> Result<usize, String> {
    let digits = !text.is_empty() && text.bytes().all(|b| b.is_ascii_digit());
    let value = if digits { text.parse().ok() } else { None };
    value.ok_or_else(|| format!("{key}: expected a number of bytes, got `{}`", shown(text)))
}

/// The resolved path of a location, which must stay beneath `base`.
fn beneath(base: &Path, location: &str) -> Result<PathBuf, String> {
    let relative = Path::new(location);
    if location.is_empty() || location.contains(['\\', '\0']) {
        return Err("expected a relative path".into());
    }
    if !relative.components().all(|c| matches!(c, Component::Normal(_) | Component::CurDir)) {
        return Err("the path must be relative and must not contain `..`".into());
    }
    let path = base.join(relative).canonicalize().map_err(|e| e.to_string())?;
    if path.starts_with(base) { Ok(path) } else { Err("a link leads out of the model's folder".into()) }
}

/// Maps or reads a resolved path, if it is a regular file with one name.
fn open(path: &Path, copied: bool) -> Result<Bytes, String> {
    // Looked at before it is opened, because opening a pipe waits; and again after, because it may have been exchanged.
    let before = std::fs::symlink_metadata(path).map_err(|e| e.to_string())?;
    check(&before)?;
    let file = File::open(path).map_err(|e| e.to_string())?;
    let after = file.metadata().map_err(|e| e.to_string())?;
    check(&after)?;
    if identity(&before) != identity(&after) {
        return Err("the file was exchanged while it was opened".into());
    }
    sys::contents(&file, copied).map_err(|e| e.to_string())
}

fn check(metadata: &Metadata) -> Result<(), String> {
    if !metadata.is_file() {
        return Err("not a regular file".into());
    }
    if names(metadata) > 1 {
        Err("the file has another name (a hard link), which may lie outside the model's folder".into())
    } else {
        Ok(())
    }
}

/// Number of names of a file.
#[cfg(unix)]
fn names(metadata: &Metadata) -> u64 {
    std::os::unix::fs::MetadataExt::nlink(metadata)
}

/// What tells a file from all others.
#[cfg(unix)]
fn identity(metadata: &Metadata) -> (u64, u64) {
    use std::os::unix::fs::MetadataExt;
    (metadata.dev(), metadata.ino())
}

#[cfg(not(unix))]
fn identity(metadata: &Metadata) -> u64 {
    metadata.len()
}

#[cfg(not(unix))]
fn names(_: &Metadata) -> u64 {
    1
}
