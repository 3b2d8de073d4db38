//! A folder of models: `<model>/<version>/model.*`, with an optional `<model>/model.toml`.

use std::collections::BTreeMap;
use std::collections::btree_map::Entry as Slot;
use std::fs;
use std::path::{Path, PathBuf};
use std::time::SystemTime;

use crate::config::Source;
use crate::settings::{MAX_SETTINGS_BYTES, ModelSettings};

/// The most models that a repository may have, and versions a model.
const MOST_ENTRIES: usize = 10_000;
const SETTINGS: &str = "model.toml";
/// Files that a version may be, the first that is there counts. An encoder is its folder, told by `config.json`.
const FILES: &[&str] = &["model.onnx", "model.txt", "config.json"];
/// Files of formats that can carry code, which are named so that nobody waits for them.
const REFUSED: &[&str] = &["model.pt", "model.pth", "model.pkl", "model.joblib", "model.h5", "model.keras"];

/// A model that was found.
#[derive(Clone, Debug)]
pub(crate) struct Found {
    /// What `model.toml` says, or why it cannot be read.
    pub(crate) settings: Result<ModelSettings, String>,
    /// Its folder, which labels and checksums are relative to.
    pub(crate) folder: Option<PathBuf>,
    /// Its versions.
    pub(crate) versions: BTreeMap<u64, Place>,
}

/// Where a version is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Place {
    /// Carried by the program.
    Embedded,
    /// A file, or a folder that is one model.
    Path(PathBuf),
    /// There is none, for this reason.
    Missing(String),
}

/// What tells one content of a file from another: length and time of change, of every file that belongs to a version.
pub(crate) type Stamp = Vec<(PathBuf, u64, Option<SystemTime>)>;

/// Whether a text can be the name of a model: a letter or digit, then up to 127 of these and `._-`.
pub fn is_model_name(name: &str) -> bool {
    let is_fine = |b: u8| b.is_ascii_alphanumeric() || matches!(b, b'.' | b'_' | b'-');
    name.len() <= 128 && name.bytes().next().is_some_and(|b| b.is_ascii_alphanumeric()) && name.bytes().all(is_fine)
}

/// The number of a version: no sign, no 0 in front.
pub fn parse_version(text: &str) -> Option<u64> {
    let is_plain = text.bytes().all(|b| b.is_ascii_digit()) && !text.starts_with('0');
    text.parse().ok().filter(|_| is_plain)
}

/// All models of all sources, by name; and what is wrong with folders that are none.
pub(crate) fn find(sources: &[Source]) -> (BTreeMap<String, Found>, Vec<String>) {
    let mut found = BTreeMap::new();
    let mut wrong = Vec::new();
    for source in sources {
        let models = match source {
            Source::Embedded => vec![("digits".to_owned(), embedded())],
            Source::File { name, path } => vec![(name.clone(), one_file(path))],
            Source::Repository(folder) => models_in(folder, &mut wrong),
        };
        for (name, model) in models {
            let name = model.settings.as_ref().ok().and_then(|s| s.name.clone()).unwrap_or(name);
            if !is_model_name(&name) {
                wrong.push(format!("`{name}` cannot be the name of a model: letters, digits and `._-`, at most 128"));
                continue;
            }
            match found.entry(name) {
                Slot::Vacant(place) => {
                    place.insert(model);
                }
                Slot::Occupied(first) => wrong.push(format!("there are two models `{}`; the first one is served", first.key())),
            }
        }
    }
    (found, wrong)
}

fn embedded() -> Found {
    Found { settings: Ok(ModelSettings::default()), folder: None, versions: BTreeMap::from([(1, Place::Embedded)]) }
}

/// A single file; a `model.toml` beside it counts if the file is `model.*`.
fn one_file(path: &Path) -> Found {
    let folder = path.parent().map(Path::to_owned);
    let is_model = path.file_stem().is_some_and(|s| s == "model");
    let settings = folder.as_deref().filter(|_| is_model).map_or_else(|| Ok(ModelSettings::default()), settings_in);
    Found { settings, folder, versions: BTreeMap::from([(1, Place::Path(path.to_owned()))]) }
}

fn models_in(folder: &Path, wrong: &mut Vec<String>) -> Vec<(String, Found)> {
    let names = match folders_in(folder) {
        Ok(names) => names,
        Err(error) => {
            wrong.push(format!("the repository cannot be read: {error}"));
            return Vec::new();
        }
    };
    let mut models = Vec::new();
    for name in names {
        let path = folder.join(&name);
        if is_model_name(&name) {
            models.push((name, model_in(&path)));
        } else if !name.starts_with('.') {
            wrong.push(format!("folder `{name}` cannot be the name of a model"));
        }
    }
    models
}

fn model_in(folder: &Path) -> Found {
    let versions = folders_in(folder).unwrap_or_default();
    let versions = versions.iter().filter_map(|v| Some((parse_version(v)?, version_in(&folder.join(v)))));
    Found { settings: settings_in(folder), folder: Some(folder.to_owned()), versions: versions.collect() }
}

fn version_in(folder: &Path) -> Place {
    let is_there = |name: &&&str| fs::symlink_metadata(folder.join(name)).is_ok();
    match (FILES.iter().find(is_there), REFUSED.iter().find(is_there)) {
        (Some(&"config.json"), _) => Place::Path(folder.to_owned()),
        (Some(file), _) => Place::Path(folder.join(file)),
        (None, Some(file)) => Place::Missing(format!("{file} can carry code and is not read; export the model as ONNX")),
        (None, None) => Place::Missing(format!("none of {} is there", FILES.join(", "))),
    }
}

fn settings_in(folder: &Path) -> Result<ModelSettings, String> {
    match text_in(folder, SETTINGS, MAX_SETTINGS_BYTES) {
        Ok(Some(text)) => ModelSettings::parse(&text).map_err(|e| format!("{SETTINGS}: {e}")),
        Ok(None) => Ok(ModelSettings::default()),
        Err(error) => Err(error),
    }
}

/// The text of a file beneath a folder; `None` if it is not there.
///
/// # Errors
/// A path that leads out of the folder or through a link, a file that is too large or no text.
pub(crate) fn text_in(folder: &Path, name: &str, most_bytes: u64) -> Result<Option<String>, String> {
    use std::io::Read;
    let path = beneath(folder, name)?;
    let file = match fs::File::open(path) {
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(None),
        file => file.map_err(|e| format!("{name}: {e}"))?,
    };
    let mut text = String::new();
    file.take(most_bytes + 1).read_to_string(&mut text).map_err(|e| format!("{name}: {e}"))?;
    match text.len() as u64 > most_bytes {
        true => Err(format!("{name}: more than {most_bytes} bytes")),
        false => Ok(Some(text)),
    }
}

/// A path beneath a folder, no part of which is a link or leads up.
///
/// # Errors
/// It is not.
pub(crate) fn beneath(folder: &Path, name: &str) -> Result<PathBuf, String> {
    let mut path = folder.to_owned();
    for part in Path::new(name).components() {
        let std::path::Component::Normal(part) = part else {
            return Err(format!("`{name}` does not stay in the model's folder"));
        };
        path.push(part);
        if fs::symlink_metadata(&path).is_ok_and(|m| m.file_type().is_symlink()) {
            return Err(format!("`{name}` is a link, which a repository may not have"));
        }
    }
    Ok(path)
}

/// Names of the folders in a folder, links left out, sorted.
fn folders_in(folder: &Path) -> std::io::Result<Vec<String>> {
    let mut names = Vec::new();
    for entry in fs::read_dir(folder)?.take(MOST_ENTRIES) {
        let entry = entry?;
        if let (true, Ok(name)) = (entry.file_type()?.is_dir(), entry.file_name().into_string()) {
            names.push(name);
        }
    }
    names.sort();
    Ok(names)
}

/// The stamp of a version: its files and its model's settings.
pub(crate) fn stamp(found: &Found, place: &Place) -> Stamp {
    let mut files: Vec<PathBuf> = found.folder.iter().map(|f| f.join(SETTINGS)).collect();
    match place {
        Place::Path(path) if path.is_dir() => {
            let inside = fs::read_dir(path).into_iter().flatten().take(MOST_ENTRIES);
            files.extend(inside.filter_map(|e| Some(e.ok()?.path())));
        }
        Place::Path(path) => files.push(path.clone()),
        Place::Embedded | Place::Missing(_) => {}
    }
    files.sort();
    let of = |path: PathBuf| fs::metadata(&path).ok().map(|m| (path, m.len(), m.modified().ok()));
    files.into_iter().filter_map(of).collect()
}

#[cfg(test)]
mod tests {
    use super::{beneath, is_model_name, parse_version};
    use std::path::Path;

    #[test]
    fn names_and_versions() {
        for name in ["a", "MobileNet_v2-1.0", "0"] {
            assert!(is_model_name(name), "{name}");
        }
        for name in ["", ".hidden", "a/b", "..", "ä", "a b", &"x".repeat(129)] {
            assert!(!is_model_name(name), "{name}");
        }
        assert_eq!(parse_version("10"), Some(10));
        for version in ["", "0", "01", "-1", "+1", "1.0", "99999999999999999999999"] {
            assert_eq!(parse_version(version), None, "{version}");
        }
    }

    #[test]
    fn paths_stay_beneath() {
        for path in ["../x", "/etc/passwd", "a/../../x", "a/.."] {
            assert!(beneath(Path::new("/somewhere"), path).is_err(), "{path}");
        }
        assert!(beneath(Path::new("/somewhere"), "1/model.onnx").is_ok());
    }
}
