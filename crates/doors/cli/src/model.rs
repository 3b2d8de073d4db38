//! Models on the command line.

use std::path::Path;
use std::time::Instant;

use anyhow::Result;
use fastserve::{CompileOptions, Compiled, Cpu, Model, ReadOptions};

use crate::show::progress;

/// Files from this size on get a sign of life while they load.
const LARGE_BYTES: u64 = 8 << 20;

/// A model that is ready to run.
pub(crate) struct Loaded {
    /// Its path as given, or the name of the one inside.
    pub(crate) name: String,
    pub(crate) compiled: Compiled,
    /// Milliseconds to read and compile it.
    pub(crate) load_ms: f64,
}

/// What a model is called in results.
pub(crate) fn name(path: Option<&Path>) -> String {
    path.map_or_else(|| "tiny_cnn (embedded)".to_owned(), |p| p.display().to_string())
}

/// Reads a model; the one inside where there is no path.
pub(crate) fn open(path: Option<&Path>) -> Result<Model> {
    open_with(path, &ReadOptions::default())
}

/// Reads a model, of whose inputs something is told.
pub(crate) fn open_with(path: Option<&Path>, options: &ReadOptions) -> Result<Model> {
    Ok(path.map_or_else(Model::embedded, |path| Model::open_with(path, options))?)
}

/// Reads and compiles a model.
pub(crate) fn load(path: Option<&Path>, threads: usize) -> Result<Loaded> {
    load_with(path, &ReadOptions::default(), threads)
}

/// Reads and compiles a model, of whose inputs something is told.
pub(crate) fn load_with(path: Option<&Path>, options: &ReadOptions, threads: usize) -> Result<Loaded> {
    let large = path.and_then(|p| p.metadata().ok()).is_some_and(|m| m.len() >= LARGE_BYTES);
    let life = large.then(|| progress::spinner("loading"));
    let start = Instant::now();
    let model = open_with(path, options)?;
    let compiled = model.compile(&Cpu::new()?, &CompileOptions { threads, ..CompileOptions::default() })?;
    let load_ms = start.elapsed().as_secs_f64() * 1e3;
    life.inspect(progress::finish);
    Ok(Loaded { name: name(path), compiled, load_ms })
}
