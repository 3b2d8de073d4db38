//! A model under a load, with the adaptive mode and with a grid of fixed settings.

use std::time::Duration;

use fastserve_batch::{Adaptive, Config, Dynamic, Level, Mode};
use serde::Serialize;

use crate::load::Load;
use crate::table::{Table, Times};
use crate::world::{Score, World};

/// The most rows of a batch.
const MOST_ROWS: u32 = 32;

/// A model under a load.
pub(crate) struct Cell {
    model: String,
    workers: u32,
    times: Times,
    load_name: &'static str,
    load: Load,
    target_name: &'static str,
    target: Duration,
}

/// What came of a cell.
#[derive(Clone, Debug, Serialize)]
pub(crate) struct Figures {
    pub(crate) cell: String,
    pub(crate) model: String,
    pub(crate) load: String,
    pub(crate) target_ms: f64,
    /// The adaptive mode with the target.
    pub(crate) adaptive: Score,
    /// The adaptive mode without a target.
    pub(crate) knee: Score,
    /// The best of the fixed settings.
    pub(crate) best: Score,
    /// Which it is.
    pub(crate) setting: Fixed,
}

/// A fixed setting.
#[derive(Clone, Copy, Debug, Default, Serialize)]
pub(crate) struct Fixed {
    pub(crate) rows: u32,
    pub(crate) delay_ms: f64,
    /// How long a request may wait for its start; 0 is for ever.
    pub(crate) timeout_ms: f64,
}

impl Fixed {
    fn config(self) -> Config {
        let time = |ms: f64| Duration::from_nanos((ms * 1e6) as u64);
        let mode = Mode::Dynamic(Dynamic { max_delay: time(self.delay_ms), preferred: Vec::new() });
        let level = Level { default_timeout: Some(time(self.timeout_ms)).filter(|t| !t.is_zero()), ..Level::default() };
        Config { max_rows: self.rows, mode, levels: vec![level], ..Config::default() }
    }
}

/// All cells of a model: as many workers as make two threads, two targets, six loads.
pub(crate) fn cells(table: &Table) -> Vec<Cell> {
    let mut cells = Vec::new();
    for (threads, workers) in [("1", 2), ("2", 1)] {
        let times = Times::new(table, threads);
        let capacity = times.capacity(workers, MOST_ROWS);
        for (target_name, runs) in [("tight", 5.0), ("wide", 25.0)] {
            let target = Duration::from_nanos((runs * times.mean(1)) as u64);
            let phase = target.as_secs_f64();
            let clients = ((0.7 * capacity * phase) as usize).max(2);
            let loads = [
                ("50 %", Load::Poisson(0.5 * capacity)),
                ("80 %", Load::Poisson(0.8 * capacity)),
                ("95 %", Load::Poisson(0.95 * capacity)),
                ("short bursts", Load::Bursts(0.8 * capacity, phase / 2.0)),
                ("long bursts", Load::Bursts(0.8 * capacity, phase * 5.0)),
                ("200 %", Load::Poisson(2.0 * capacity)),
                ("closed", Load::Closed(clients)),
            ];
            for (load_name, load) in loads {
                let (model, times) = (table.model.clone(), times.clone());
                cells.push(Cell { model, workers, times, load_name, load, target_name, target });
            }
        }
    }
    cells
}

impl Figures {
    /// Goodput of the adaptive mode beside that of the best fixed setting; none where that has none.
    pub(crate) fn ratio(&self) -> Option<f64> {
        (self.best.goodput > 0.01).then(|| self.adaptive.goodput / self.best.goodput)
    }
}

impl Cell {
    pub(crate) fn name(&self) -> String {
        let Self { model, workers, load_name, target_name, .. } = self;
        format!("{model} {workers} × {} {target_name} {load_name}", 2 / workers)
    }

    /// The adaptive mode, and the best of the fixed settings.
    pub(crate) fn measure(&self, requests: usize, seed: u64) -> Figures {
        let adaptive = |target| Config { mode: Mode::Adaptive(Adaptive { target }), ..Config::default() };
        let mut best = (Score::default(), Fixed::default());
        for fixed in self.grid() {
            let score = self.run(fixed.config(), requests, seed);
            if score.goodput > best.0.goodput {
                best = (score, fixed);
            }
        }
        Figures {
            cell: self.name(),
            model: format!("{} {} × {}", self.model, self.workers, 2 / self.workers),
            load: format!("{} {}", self.target_name, self.load_name),
            target_ms: self.target.as_secs_f64() * 1e3,
            adaptive: self.run(adaptive(Some(self.target)), requests, seed),
            knee: self.run(adaptive(None), requests, seed),
            best: best.0,
            setting: best.1,
        }
    }

    /// Rows, delays by the run of one row, and timeouts by the target.
    fn grid(&self) -> impl Iterator<Item = Fixed> {
        let (run_ms, target_ms) = (self.times.mean(1) / 1e6, self.target.as_secs_f64() * 1e3);
        let rows = [1, 2, 3, 4, 6, 8, 12, 16, 24, 32].into_iter();
        let delays = move |rows| [0.0, 0.25, 0.5, 1.0, 2.0].map(|delay| (rows, delay * run_ms));
        let timeouts = move |(rows, delay_ms)| [0.0, 0.5, 0.75].map(|part| Fixed { rows, delay_ms, timeout_ms: part * target_ms });
        rows.flat_map(delays).flat_map(timeouts)
    }

    fn run(&self, config: Config, requests: usize, seed: u64) -> Score {
        let config = Config { max_rows: config.max_rows.min(MOST_ROWS), ..config };
        let capacity = self.times.capacity(self.workers, MOST_ROWS);
        World::new(config, self.workers, &self.times, self.load, requests, seed).run(self.target, capacity)
    }
}
