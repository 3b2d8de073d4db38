//! What runs take, as measured.

use std::collections::BTreeMap;
use std::path::Path;

use serde::Deserialize;

use crate::random::Random;

/// What runs of a model take.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Table {
    /// The model's name.
    pub(crate) model: String,
    /// What a batch takes besides its run, in microseconds.
    pub(crate) overhead_us: f64,
    /// By threads: rows of a batch, and a run's median in microseconds.
    pub(crate) threads: BTreeMap<String, Vec<(u32, f64)>>,
}

impl Table {
    /// Every table of a folder, by name of its file.
    pub(crate) fn read_all(folder: &Path) -> Result<Vec<Table>, String> {
        let wrong = |e: &dyn std::fmt::Display| format!("{}: {e}", folder.display());
        let entries = std::fs::read_dir(folder).map_err(|e| wrong(&e))?;
        let mut paths: Vec<_> = entries.filter_map(|e| Some(e.ok()?.path())).collect();
        paths.sort();
        let tables = paths.iter().filter(|p| p.extension().is_some_and(|e| e == "toml"));
        tables.map(|p| toml::from_str(&std::fs::read_to_string(p).map_err(|e| wrong(&e))?).map_err(|e| wrong(&e))).collect()
    }
}

/// What runs of a model take on so many threads.
#[derive(Clone, Debug)]
pub(crate) struct Times {
    points: Vec<(f64, f64)>,
}

impl Times {
    pub(crate) fn new(table: &Table, threads: &str) -> Self {
        let points = table.threads[threads].iter();
        Self { points: points.map(|&(rows, us)| (f64::from(rows), (us + table.overhead_us) * 1e3)).collect() }
    }

    /// Nanoseconds of a batch without noise: a line between what was measured.
    pub(crate) fn mean(&self, rows: u32) -> f64 {
        let at = f64::from(rows);
        let after = self.points.iter().position(|p| p.0 >= at).unwrap_or(self.points.len() - 1).max(1);
        let (a, b) = (self.points[after - 1], self.points[after]);
        a.1 + (at - a.0) / (b.0 - a.0) * (b.1 - a.1)
    }

    /// With noise: 5 %, and one in 200 takes three times as long.
    pub(crate) fn draw(&self, rows: u32, random: &mut Random) -> u64 {
        let outlier = if random.unit() < 0.005 { 3.0 } else { 1.0 };
        (self.mean(rows) * (0.05 * random.normal()).exp() * outlier).max(1.0) as u64
    }

    /// The most rows a second that a number of workers can do, in batches of up to so many rows.
    pub(crate) fn capacity(&self, workers: u32, most: u32) -> f64 {
        (1..=most).map(|rows| f64::from(workers * rows) / self.mean(rows) * 1e9).fold(0.0, f64::max)
    }
}
