//! `model.toml`: what a model's folder says of how it is served.

use std::collections::BTreeMap;
use std::time::Duration;

use serde::Deserialize;

use crate::config::{BatchMode, Batching};

/// The largest `model.toml` that is read.
pub const MAX_SETTINGS_BYTES: u64 = 1 << 20;

/// `model.toml`. Everything is optional; a key that is not known is an error.
#[derive(Clone, Debug, Default, PartialEq, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct ModelSettings {
    /// Another name than the folder's.
    pub name: Option<String>,
    /// The format of the file: `onnx`, `text` or `safetensors`. Told by its first bytes otherwise.
    pub platform: Option<String>,
    /// Rows of a batch at most; 0 keeps requests apart.
    pub max_batch_size: Option<u32>,
    /// How requests come together.
    pub batching: BatchingSettings,
    /// How they wait.
    pub queue: QueueSettings,
    /// Which versions are served.
    pub versions: VersionSettings,
    /// Workers.
    pub instances: InstanceSettings,
    /// A run before the model answers.
    pub warmup: WarmupSettings,
    /// Checksums of the files.
    pub integrity: IntegritySettings,
    /// Names of classes.
    pub labels: LabelSettings,
}

/// `[batching]`.
#[derive(Clone, Debug, Default, PartialEq, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct BatchingSettings {
    /// `off`, `dynamic` or `adaptive`.
    pub mode: Option<Mode>,
    /// Sizes that are worth waiting for.
    pub preferred_sizes: Option<Vec<u32>>,
    /// How long the dynamic mode waits.
    pub max_queue_delay_us: Option<u64>,
    /// What the adaptive mode aims at; 0 is where throughput stops to rise.
    pub target_p99_ms: Option<f64>,
}

/// A batching mode, as it is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Mode {
    /// One request a run.
    Off,
    /// Triton's rules.
    Dynamic,
    /// By what runs took.
    Adaptive,
}

/// `[queue]`.
#[derive(Clone, Debug, Default, PartialEq, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct QueueSettings {
    /// Requests that may wait.
    pub max_size: Option<u32>,
    /// How long one may wait; 0 is as long as the server lets it.
    pub default_timeout_ms: Option<f64>,
    /// What happens then.
    pub timeout_action: TimeoutAction,
    /// Whether a request may ask for a shorter time.
    pub allow_timeout_override: Option<bool>,
    /// Levels of priority; 1 is the most urgent.
    pub priority_levels: Option<u32>,
    /// The level of requests that name none.
    pub default_priority: Option<u32>,
}

/// What happens to a request that waited too long.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum TimeoutAction {
    /// It is refused.
    #[default]
    Reject,
    /// It runs after all others.
    Delay,
}

/// `[versions]`.
#[derive(Clone, Debug, Default, PartialEq, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct VersionSettings {
    /// `latest:N`, `all` or `specific:1,3`.
    pub policy: Option<String>,
}

/// `[instances]`.
#[derive(Clone, Debug, Default, PartialEq, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct InstanceSettings {
    /// Workers.
    pub count: Option<u32>,
}

/// `[warmup]`.
#[derive(Clone, Debug, PartialEq, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct WarmupSettings {
    /// Whether the model runs once, on zeros, before it answers.
    pub enabled: bool,
    /// Extents of that run's inputs, by name, where symbols should not be 1.
    pub inputs: BTreeMap<String, Vec<usize>>,
    /// Whether a version whose answer to zeros holds NaN is refused.
    pub refuse_nan: bool,
}

impl Default for WarmupSettings {
    fn default() -> Self {
        Self { enabled: true, inputs: BTreeMap::new(), refuse_nan: true }
    }
}

/// `[integrity]`.
#[derive(Clone, Debug, Default, PartialEq, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct IntegritySettings {
    /// sha256 of files, in hexadecimal, by their path from the model's folder, such as `1/model.onnx`.
    pub sha256: BTreeMap<String, String>,
}

/// `[labels]`.
#[derive(Clone, Debug, Default, PartialEq, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct LabelSettings {
    /// A file in the model's folder, one label a line.
    pub file: Option<String>,
}

impl ModelSettings {
    /// Reads the text.
    ///
    /// # Errors
    /// The line and the key, and for a key that is not known the nearest one that is.
    ///
    /// ```
    /// use fastserve_serve::ModelSettings;
    ///
    /// let settings = ModelSettings::parse("max_batch_size = 8\n[queue]\nmax_size = 64\n")?;
    /// assert_eq!(settings.queue.max_size, Some(64));
    /// let error = ModelSettings::parse("max_batch_sise = 8").unwrap_err();
    /// assert!(error.contains("did you mean `max_batch_size`?"), "{error}");
    /// # Ok::<(), String>(())
    /// ```
    pub fn parse(text: &str) -> Result<Self, String> {
        let settings: Self = toml::from_str(text).map_err(|e| with_suggestion(&e))?;
        settings.check()?;
        Ok(settings)
    }

    fn check(&self) -> Result<(), String> {
        let times = [("batching.target_p99_ms", self.batching.target_p99_ms), ("queue.default_timeout_ms", self.queue.default_timeout_ms)];
        for (key, value) in times {
            if value.is_some_and(|v| !(0.0..=1e9).contains(&v)) {
                return Err(format!("{key}: expected a time from 0 to 1e9"));
            }
        }
        let counts = [
            ("instances.count", self.instances.count, 1..=256),
            ("max_batch_size", self.max_batch_size, 0..=65536),
            ("queue.max_size", self.queue.max_size, 1..=1 << 20),
            ("queue.priority_levels", self.queue.priority_levels, 1..=64),
            ("queue.default_priority", self.queue.default_priority, 1..=self.queue.priority_levels.unwrap_or(1)),
        ];
        for (key, value, range) in counts {
            if value.is_some_and(|v| !range.contains(&v)) {
                return Err(format!("{key}: expected {} to {}", range.start(), range.end()));
            }
        }
        self.policy().map(|_| ())
    }

    /// How requests come together: what the model says, else what the server says.
    pub(crate) fn batching(&self, server: &Batching) -> Batching {
        let mode = match self.batching.mode {
            _ if self.max_batch_size == Some(0) => BatchMode::Off,
            Some(Mode::Off) => BatchMode::Off,
            Some(Mode::Dynamic) => BatchMode::Dynamic,
            Some(Mode::Adaptive) => BatchMode::Adaptive,
            None => server.mode,
        };
        let target = self.batching.target_p99_ms.map(|ms| (ms > 0.0).then(|| Duration::from_secs_f64(ms / 1e3)));
        Batching {
            mode,
            max_batch_size: self.max_batch_size.or(server.max_batch_size),
            max_queue_delay: self.batching.max_queue_delay_us.map_or(server.max_queue_delay, Duration::from_micros),
            preferred_sizes: self.batching.preferred_sizes.clone().unwrap_or_else(|| server.preferred_sizes.clone()),
            target_p99: target.unwrap_or(server.target_p99),
        }
    }

    /// Which versions are served.
    pub(crate) fn policy(&self) -> Result<VersionPolicy, String> {
        self.versions.policy.as_deref().map_or(Ok(VersionPolicy::Latest(1)), VersionPolicy::parse)
    }
}

/// Which versions of a model are served.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum VersionPolicy {
    /// The newest ones.
    Latest(usize),
    /// All.
    All,
    /// These.
    Specific(Vec<u64>),
}

impl VersionPolicy {
    fn parse(text: &str) -> Result<Self, String> {
        let wrong = || format!("versions.policy: expected `latest:N`, `all` or `specific:1,3`, got `{text}`");
        match text.split_once(':') {
            None if text == "all" => Ok(Self::All),
            Some(("latest", n)) => n.trim().parse().ok().filter(|&n: &usize| n > 0).map(Self::Latest).ok_or_else(wrong),
            Some(("specific", list)) => {
                let versions: Option<Vec<u64>> = list.split(',').map(|v| v.trim().parse().ok()).collect();
                versions.map(Self::Specific).ok_or_else(wrong)
            }
            _ => Err(wrong()),
        }
    }

    /// Those of the versions that are there which are served, ascending.
    pub(crate) fn choose(&self, mut there: Vec<u64>) -> Vec<u64> {
        there.sort_unstable();
        match self {
            Self::All => there,
            Self::Latest(n) => there.split_off(there.len().saturating_sub(*n)),
            Self::Specific(wanted) => there.into_iter().filter(|v| wanted.contains(v)).collect(),
        }
    }
}

/// The message of a TOML error, with the nearest known key where one is not known.
fn with_suggestion(error: &toml::de::Error) -> String {
    let text = error.to_string();
    let quoted: Vec<&str> = error.message().split('`').skip(1).step_by(2).collect();
    let nearest = match quoted.split_first() {
        Some((unknown, known)) if error.message().starts_with("unknown field") => {
            known.iter().map(|k| (distance(unknown, k), *k)).min().filter(|(d, k)| *d <= 1 + k.len() / 3)
        }
        _ => None,
    };
    match nearest {
        Some((_, key)) => format!("{}\ndid you mean `{key}`?", text.trim_end()),
        None => text,
    }
}

/// How many letters to change, add or leave out to come from one word to the other (Levenshtein, 1966).
fn distance(a: &str, b: &str) -> usize {
    let b: Vec<char> = b.chars().take(64).collect();
    let mut row: Vec<usize> = (0..=b.len()).collect();
    for (i, x) in a.chars().take(64).enumerate() {
        let mut diagonal = i;
        if let Some(first) = row.first_mut() {
            *first = i + 1;
        }
        for (j, y) in b.iter().enumerate() {
            let (left, up) = (row.get(j).copied().unwrap_or(0), row.get(j + 1).copied().unwrap_or(0));
            let best = (diagonal + usize::from(x != *y)).min(left + 1).min(up + 1);
            diagonal = up;
            if let Some(place) = row.get_mut(j + 1) {
                *place = best;
            }
        }
    }
    row.last().copied().unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use super::{ModelSettings, VersionPolicy};

    #[test]
    fn policies_choose_versions() {
        let there = vec![3, 1, 10];
        let chosen = |text: &str| VersionPolicy::parse(text).map(|p| p.choose(there.clone()));
        assert_eq!(chosen("latest:2"), Ok(vec![3, 10]));
        assert_eq!(chosen("all"), Ok(vec![1, 3, 10]));
        assert_eq!(chosen("specific: 1,3"), Ok(vec![1, 3]));
        assert!(chosen("latest:0").is_err());
        assert!(chosen("newest").is_err());
    }

    #[test]
    fn what_is_out_of_range_is_named() {
        for (text, place) in [
            ("[instances]\ncount = 0", "instances.count"),
            ("[queue]\ndefault_timeout_ms = -1.0", "queue.default_timeout_ms"),
            ("[queue]\npriority_levels = 2\ndefault_priority = 3", "queue.default_priority"),
            ("[versions]\npolicy = \"some\"", "versions.policy"),
        ] {
            let error = ModelSettings::parse(text).unwrap_err();
            assert!(error.contains(place), "{error}");
        }
    }
}
