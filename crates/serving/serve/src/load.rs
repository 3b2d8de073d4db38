//! From a file to a version that answers.

use std::fs;
use std::io::Read;
use std::path::Path;
use std::sync::Arc;
use std::time::Instant;

use fastserve::{Backend, CompileOptions, Compiled, Model, ReadOptions, Shape, Signature, Tensor};
use sha2::{Digest, Sha256};

use crate::batching::batcher_config;
use crate::config::{BatchMode, ServerConfig};
use crate::labels::Labels;
use crate::lane::Lane;
use crate::repository::{Found, Place, beneath, stamp, text_in};
use crate::settings::{ModelSettings, WarmupSettings};
use crate::version::{Facts, Version};

/// The largest list of labels.
const MOST_LABEL_BYTES: u64 = 16 << 20;
/// Rows of a batch where nobody says otherwise.
const DEFAULT_ROWS: u32 = 32;

/// What loading needs of the server.
pub(crate) struct Loading<'s> {
    pub(crate) config: &'s ServerConfig,
    pub(crate) backend: &'s dyn Backend,
    /// Bytes that are left of the budget; `None` has no bound.
    pub(crate) memory_left: Option<u64>,
}

/// Loads a version, runs it once, and starts its workers.
///
/// # Errors
/// What is wrong with the file or its settings, in words for the index; paths are left out.
pub(crate) fn load(name: &str, number: u64, found: &Found, cx: &Loading<'_>) -> Result<Arc<Version>, String> {
    let start = Instant::now();
    let settings = found.settings.clone()?;
    let place = found.versions.get(&number).ok_or_else(|| format!("version {number} is not there"))?;
    let before = stamp(found, place);
    check_budget(&before, cx.memory_left)?;
    check_sums(found, number, &settings)?;
    let model = open(place)?;
    if let Some(platform) = settings.platform.as_deref().filter(|p| *p != model.format().name()) {
        return Err(format!("model.toml says platform `{platform}`, the file is {}", model.format().name()));
    }
    if stamp(found, place) != before {
        return Err("its files changed while they were read".into());
    }
    let facts = facts(&model, &settings, cx, start);
    let options = CompileOptions { threads: cx.config.threads, ..CompileOptions::default() };
    let compiled = model.compile(cx.backend, &options).map_err(|e| e.to_string())?;
    // What was read of the file goes with the model: its constants are copied.
    drop(model);
    warm_up(&compiled, &settings.warmup)?;
    let labels = labels(found, &settings)?;
    let most_rows = facts.most_rows.unwrap_or(1);
    let lane = Lane::new(fastserve_batch::Batcher::new(batcher_config(&settings, &facts, cx.config, most_rows), facts.instances));
    Version::start(name.to_owned(), number, compiled, lane, labels, Facts { load_time: start.elapsed(), ..facts })
}

fn check_budget(files: &crate::repository::Stamp, left: Option<u64>) -> Result<(), String> {
    let bytes: u64 = files.iter().map(|(_, len, _)| len).sum();
    match left {
        Some(left) if bytes > left => Err(format!("its files have {bytes} bytes, {left} are left of the memory budget")),
        _ => Ok(()),
    }
}

/// Compares the checksums of this version's files.
fn check_sums(found: &Found, number: u64, settings: &ModelSettings) -> Result<(), String> {
    let Some(folder) = &found.folder else {
        return Ok(());
    };
    for (name, expected) in &settings.integrity.sha256 {
        let version = name.split('/').next().and_then(crate::repository::parse_version);
        if version.is_some_and(|v| v != number) {
            continue;
        }
        let got = sum_of(&beneath(folder, name)?).map_err(|e| format!("{name}: {e}"))?;
        if !got.eq_ignore_ascii_case(expected) {
            return Err(format!("{name}: its sha256 is {got}, model.toml says {expected}"));
        }
    }
    Ok(())
}

fn sum_of(path: &Path) -> std::io::Result<String> {
    let mut file = fs::File::open(path)?;
    let mut hasher = Sha256::new();
    let mut buffer = vec![0u8; 1 << 16];
    loop {
        let n = file.read(&mut buffer)?;
        if n == 0 {
            return Ok(hasher.finalize().iter().map(|b| format!("{b:02x}")).collect());
        }
        hasher.update(buffer.get(..n).unwrap_or_default());
    }
}

fn open(place: &Place) -> Result<Model, String> {
    match place {
        Place::Embedded => Model::embedded().map_err(|e| e.to_string()),
        Place::Missing(why) => Err(why.clone()),
        Place::Path(path) => Model::open_with(path, &ReadOptions { copied: true, ..ReadOptions::default() })
            .map_err(|e| without_folder(&e.to_string(), path)),
    }
}

/// A message without the folder that a file lies in.
fn without_folder(text: &str, path: &Path) -> String {
    let folder = path.parent().map(|p| format!("{}/", p.display())).unwrap_or_default();
    if folder.len() > 1 { text.replace(&folder, "") } else { text.to_owned() }
}

fn facts(model: &Model, settings: &ModelSettings, cx: &Loading<'_>, start: Instant) -> Facts {
    let batching = settings.batching(&cx.config.batching);
    let separable = match batching.mode {
        BatchMode::Off => Err("batching is off".to_owned()),
        _ => model.separable().map_err(|e| e.to_string()),
    };
    let most = batching.max_batch_size.unwrap_or(DEFAULT_ROWS).max(1);
    Facts {
        platform: model.format().name(),
        most_rows: separable.is_ok().then_some(most),
        unbatched_because: separable.err(),
        batching,
        instances: settings.instances.count.unwrap_or(cx.config.instances).max(1),
        memory_bytes: constants_bytes(model),
        load_time: start.elapsed(),
    }
}

fn constants_bytes(model: &Model) -> u64 {
    let graph = model.graph();
    let constants = graph.values().filter_map(|(_, v)| v.fact.value.as_ref());
    constants.map(|t| t.bytes().len() as u64).sum()
}

fn labels(found: &Found, settings: &ModelSettings) -> Result<Labels, String> {
    let (Some(file), Some(folder)) = (&settings.labels.file, &found.folder) else {
        return Ok(Labels::default());
    };
    let text = text_in(folder, file, MOST_LABEL_BYTES)?.ok_or_else(|| format!("labels: {file} is not there"))?;
    Ok(Labels::parse(&text))
}

/// Runs once on zeros, so that the first request finds a plan, and a broken version is found before it answers anybody.
fn warm_up(compiled: &Compiled, settings: &WarmupSettings) -> Result<(), String> {
    if !settings.enabled {
        return Ok(());
    }
    let inputs = zeros(compiled.signature(), settings)?;
    let views: Result<Vec<_>, _> = inputs.iter().map(Tensor::view).collect();
    let mut session = compiled.session().map_err(|e| e.to_string())?;
    let outputs = match session.run(&views.map_err(|e| e.to_string())?) {
        Ok(outputs) => outputs,
        // Zeros of extent 1 are a guess: only the caller's own extents must run.
        Err(_) if settings.inputs.is_empty() => return Ok(()),
        Err(error) => return Err(format!("the run before the first request failed: {error}")),
    };
    for output in outputs.iter() {
        let (name, view) = output.map_err(|e| e.to_string())?;
        let has_nan = view.as_slice::<f32>().is_ok_and(|v| v.iter().any(|x| x.is_nan()));
        if has_nan && settings.refuse_nan {
            return Err(format!("output `{name}` is NaN for inputs of zeros (`[warmup] refuse_nan = false` allows it)"));
        }
    }
    Ok(())
}

fn zeros(signature: &Signature, settings: &WarmupSettings) -> Result<Vec<Tensor>, String> {
    let zeros = signature.inputs.iter().map(|port| {
        let guess: Vec<usize> = port.dims.iter().map(|d| d.known().unwrap_or(1)).collect();
        let dims = settings.inputs.get(&port.name).unwrap_or(&guess);
        let shape = Shape::new(dims).map_err(|e| format!("warmup.inputs.{}: {e}", port.name))?;
        Tensor::zeros(port.dtype, shape).map_err(|e| format!("warmup.inputs.{}: {e}", port.name))
    });
    zeros.collect()
}
