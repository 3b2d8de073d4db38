//! Graphs as files: `testdata/graphs/*.txt`, with what a pass makes of them.

use std::path::PathBuf;

/// A pair of texts: a graph before and after a pass.
#[derive(Clone, Debug)]
pub struct Case {
    /// The file.
    pub path: PathBuf,
    /// The graph before.
    pub before: String,
    /// The graph after.
    pub after: String,
}

const DIVIDER: &str = "\n=== after ===\n";

/// The folder of graph files.
pub fn root() -> PathBuf {
    PathBuf::from(concat!(env!("CARGO_MANIFEST_DIR"), "/../testdata/graphs"))
}

/// The cases whose file name starts with `prefix`, in the order of their names.
///
/// # Errors
/// The folder or a file cannot be read.
pub fn cases(prefix: &str) -> std::io::Result<Vec<Case>> {
    let mut paths: Vec<PathBuf> = std::fs::read_dir(root())?.filter_map(|e| Some(e.ok()?.path())).collect();
    paths.retain(|p| p.file_name().and_then(|n| n.to_str()).is_some_and(|n| n.starts_with(prefix) && n.ends_with(".txt")));
    paths.sort();
    paths.into_iter().map(read).collect()
}

fn read(path: PathBuf) -> std::io::Result<Case> {
    let text = std::fs::read_to_string(&path)?;
    let (before, after) = text.split_once(DIVIDER).unwrap_or((&text, ""));
    Ok(Case { before: before.to_owned(), after: after.to_owned(), path })
}

impl Case {
    /// Writes the file anew with what came out.
    ///
    /// # Errors
    /// The file cannot be written.
    pub fn bless(&self, after: &str) -> std::io::Result<()> {
        std::fs::write(&self.path, format!("{}{DIVIDER}{after}", self.before.trim_end()))
    }
}
