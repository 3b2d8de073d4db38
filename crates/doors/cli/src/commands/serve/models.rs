//! Which models a server has, and how it runs them: the options of `serve` that are not about protocols.

use std::path::{Path, PathBuf};
use std::time::Duration;

use anyhow::Result;
use fastserve_serve::{BatchMode, Batching, ControlMode, ServerConfig, Source, is_model_name};

use crate::fail::usage;
use crate::system;

/// Options about models.
#[derive(clap::Args, Clone, Debug)]
#[command(next_help_heading = "Models")]
pub(crate) struct ModelArgs {
    /// A model's file, a folder that is one model, or a repository (MODEL/VERSION/model.*); the network of digits inside if not given
    #[arg(value_name = "PATH")]
    paths: Vec<PathBuf>,
    /// A folder of models: MODEL/VERSION/model.onnx, with an optional MODEL/model.toml
    #[arg(long, alias = "model-store", value_name = "DIR", env = "FASTSERVE_MODEL_REPOSITORY")]
    model_repository: Vec<PathBuf>,
    /// Another name for a model that is one file
    #[arg(long, value_name = "NAME")]
    model_name: Option<String>,
    /// Who decides what is loaded: all there is, all there is at each look, or clients (needs --admin)
    #[arg(long, value_name = "MODE", default_value = "none", env = "FASTSERVE_MODEL_CONTROL_MODE")]
    model_control_mode: Control,
    /// With `--model-control-mode explicit`, a model to load from the beginning; `*` is every one
    #[arg(long, value_name = "NAME")]
    load_model: Vec<String>,
    /// With `--model-control-mode poll`, how often repositories are looked at
    #[arg(long, value_name = "S", default_value_t = 15.0, env = "FASTSERVE_REPOSITORY_POLL_SECS")]
    repository_poll_secs: f64,
    /// Workers of a model
    #[arg(long, value_name = "N", default_value_t = 1, value_parser = clap::value_parser!(u32).range(1..=256), env = "FASTSERVE_INSTANCES")]
    instances: u32,
    /// Bytes that the weights of all models may take, such as 4G; 80 % of what the process may have if not given
    #[arg(long, value_name = "BYTES", value_parser = bytes, env = "FASTSERVE_MEMORY_BUDGET")]
    memory_budget: Option<u64>,
    /// End at once if a model cannot be loaded
    #[arg(long, value_name = "BOOL", default_value_t = true, action = clap::ArgAction::Set, env = "FASTSERVE_EXIT_ON_ERROR")]
    exit_on_error: bool,
    /// Be ready only when all models are
    #[arg(long, value_name = "BOOL", default_value_t = true, action = clap::ArgAction::Set, env = "FASTSERVE_STRICT_READINESS")]
    strict_readiness: bool,
}

/// Options about queues and batches.
#[derive(clap::Args, Clone, Debug)]
#[command(next_help_heading = "Queues and batches")]
pub(crate) struct QueueArgs {
    /// How requests come together: not at all, by Triton's rules, or by what runs of each size take
    #[arg(long, value_name = "MODE", default_value = "adaptive", env = "FASTSERVE_BATCH_MODE")]
    batch_mode: Mode,
    /// Rows of a batch at most; 32 if not given
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(1..=65536), env = "FASTSERVE_MAX_BATCH_SIZE")]
    max_batch_size: Option<u32>,
    /// With `--batch-mode dynamic`, how long a batch waits for more requests
    #[arg(long, value_name = "US", default_value_t = 0, env = "FASTSERVE_MAX_QUEUE_DELAY_US")]
    max_queue_delay_us: u64,
    /// With `--batch-mode adaptive`, what 99 of 100 answers should take; 0 is where throughput stops to rise
    #[arg(long, value_name = "MS", default_value_t = 0.0, env = "FASTSERVE_TARGET_P99_MS")]
    target_p99_ms: f64,
    /// Requests that may wait for one model
    #[arg(long, value_name = "N", default_value_t = 512, value_parser = clap::value_parser!(u32).range(1..=1 << 20), env = "FASTSERVE_MAX_QUEUE_SIZE")]
    max_queue_size: u32,
    /// Requests that may be in the server at once
    #[arg(long, value_name = "N", default_value_t = 1024, value_parser = clap::value_parser!(u32).range(1..=1 << 20), env = "FASTSERVE_MAX_CONCURRENT_REQUESTS")]
    max_concurrent_requests: u32,
    /// The longest a request may take, in seconds, waiting included
    #[arg(long, value_name = "S", default_value_t = 60.0, env = "FASTSERVE_REQUEST_TIMEOUT")]
    request_timeout: f64,
}

#[derive(clap::ValueEnum, Clone, Copy, Debug, PartialEq, Eq)]
enum Control {
    None,
    Poll,
    Explicit,
}

#[derive(clap::ValueEnum, Clone, Copy, Debug, PartialEq, Eq)]
enum Mode {
    Off,
    Dynamic,
    Adaptive,
}

impl ModelArgs {
    /// Whether the server ends if a model cannot be loaded.
    pub(crate) fn exits_on_error(&self) -> bool {
        self.exit_on_error && self.model_control_mode == Control::None
    }

    /// The whole configuration.
    ///
    /// # Errors
    /// Something that is not there or makes no sense.
    pub(crate) fn config(&self, queues: &QueueArgs, threads: usize) -> Result<ServerConfig> {
        Ok(ServerConfig {
            sources: self.sources()?,
            control: match self.model_control_mode {
                Control::None => ControlMode::None,
                Control::Explicit => ControlMode::Explicit,
                Control::Poll => ControlMode::Poll(seconds(self.repository_poll_secs, "repository-poll-secs")?),
            },
            load: self.load_model.clone(),
            threads,
            instances: self.instances,
            memory_budget_bytes: self.memory_budget.unwrap_or_else(|| system::memory_limit_bytes() / 5 * 4),
            max_queue_size: queues.max_queue_size,
            max_concurrent_requests: queues.max_concurrent_requests,
            request_timeout: seconds(queues.request_timeout, "request-timeout")?,
            batching: queues.batching()?,
            strict_readiness: self.strict_readiness,
        })
    }

    fn sources(&self) -> Result<Vec<Source>> {
        let mut sources: Vec<Source> = self.model_repository.iter().cloned().map(Source::Repository).collect();
        for path in &self.paths {
            sources.push(self.source(path)?);
        }
        if self.model_name.is_some() && !matches!(sources.as_slice(), [Source::File { .. }]) {
            return Err(usage("--model-name names a model that is one file: give that file, and nothing else"));
        }
        if sources.is_empty() {
            sources.push(Source::Embedded);
        }
        Ok(sources)
    }

    fn source(&self, path: &Path) -> Result<Source> {
        if !path.exists() {
            return Err(usage(format!("{}: there is no such file or folder", path.display())));
        }
        if path.is_dir() && !path.join("config.json").is_file() {
            return Ok(Source::Repository(path.to_owned()));
        }
        let name = self.model_name.clone().unwrap_or_else(|| name_of(path));
        if !is_model_name(&name) {
            return Err(usage(format!("`{name}` cannot be the name of a model; --model-name gives it another")));
        }
        Ok(Source::File { name, path: path.to_owned() })
    }
}

/// The name of a file without its ending; of `model.onnx` the folder's.
fn name_of(path: &Path) -> String {
    let text = |part: Option<&std::ffi::OsStr>| part.map(|s| s.to_string_lossy().into_owned()).unwrap_or_default();
    let stem = text(if path.is_dir() { path.file_name() } else { path.file_stem() });
    let parent = text(path.parent().and_then(Path::file_name));
    if stem == "model" && !parent.is_empty() { parent } else { stem }
}

impl QueueArgs {
    fn batching(&self) -> Result<Batching> {
        let target = seconds(self.target_p99_ms / 1e3, "target-p99-ms")?;
        Ok(Batching {
            mode: match self.batch_mode {
                Mode::Off => BatchMode::Off,
                Mode::Dynamic => BatchMode::Dynamic,
                Mode::Adaptive => BatchMode::Adaptive,
            },
            max_batch_size: self.max_batch_size,
            max_queue_delay: Duration::from_micros(self.max_queue_delay_us),
            preferred_sizes: Vec::new(),
            target_p99: (!target.is_zero()).then_some(target),
        })
    }
}

/// # Errors
/// A time that is negative or longer than eleven days.
pub(crate) fn seconds(value: f64, name: &str) -> Result<Duration> {
    let is_fine = (0.0..=1e6).contains(&value);
    is_fine.then(|| Duration::from_secs_f64(value)).ok_or_else(|| usage(format!("--{name}: expected a time from 0 to 1000000 seconds")))
}

/// A number of bytes, with K, M or G for powers of 1024.
pub(crate) fn bytes(text: &str) -> Result<u64, String> {
    let wrong = || format!("expected bytes such as 64M, got `{text}`");
    let (digits, unit) = match text.char_indices().find(|(_, c)| !c.is_ascii_digit()) {
        Some((at, _)) => text.split_at(at),
        None => (text, ""),
    };
    let power = match unit.trim_end_matches("iB").trim_end_matches('B') {
        "" => 0,
        "K" | "k" => 10,
        "M" => 20,
        "G" => 30,
        "T" => 40,
        _ => return Err(wrong()),
    };
    let number: u64 = digits.parse().map_err(|_| wrong())?;
    number.checked_mul(1 << power).ok_or_else(wrong)
}

#[cfg(test)]
mod tests {
    use super::{bytes, name_of};
    use std::path::Path;

    #[test]
    fn bytes_have_units() {
        for (text, value) in [("0", 0), ("64M", 64 << 20), ("4GiB", 4 << 30), ("2KB", 2048)] {
            assert_eq!(bytes(text), Ok(value));
        }
        for text in ["", "M", "-1", "1.5G", "1X", "99999999T"] {
            assert!(bytes(text).is_err(), "{text}");
        }
    }

    #[test]
    fn a_model_is_named_for_its_file() {
        assert_eq!(name_of(Path::new("a/mobilenet.onnx")), "mobilenet");
        assert_eq!(name_of(Path::new("a/resnet/model.onnx")), "resnet");
    }
}
