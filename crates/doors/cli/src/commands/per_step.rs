//! Where the time of a run goes.

use std::time::Instant;

use anyhow::Result;
use fastserve::{Bindings, ExplainStep, Profile, RunCx, Session, TensorView};
use serde_json::{Value, json};

use crate::app::Cx;
use crate::model::Loaded;
use crate::show::numbers::percent;
use crate::show::table::{Left, Right, Table};
use crate::stats::Latencies;

/// Runs with a profile, and as many without one, in turn.
const RUNS: usize = 51;

/// The steps of a run, and how their times compare with the whole.
pub(crate) struct Profiled {
    rows: Vec<Row>,
    /// All steps of a run together, the median over runs, in microseconds.
    steps_us: f64,
    /// The same run without a profile.
    whole_us: f64,
}

/// One step with its time.
pub(crate) struct Row {
    step: ExplainStep,
    us: f64,
    part: f64,
}

/// Runs with a profile and without, in turn.
pub(crate) fn profile(loaded: &Loaded, session: &mut Session, inputs: &[TensorView<'_>]) -> Result<Profiled> {
    let (mut runs, mut whole) = (Vec::with_capacity(RUNS), Vec::with_capacity(RUNS));
    for _ in 0..RUNS {
        let start = Instant::now();
        session.run(inputs)?;
        whole.push(start.elapsed().as_secs_f64() * 1e6);
        let mut profile = Profile::new();
        let mut cx = RunCx { profile: Some(&mut profile), ..RunCx::default() };
        session.run_with(&mut Bindings::lent(inputs), &mut cx)?;
        runs.push(profile.mean_us().collect::<Vec<f64>>());
    }
    let signature = loaded.compiled.signature();
    let mut symbols = vec![1; signature.symbols.len()];
    signature.bind(inputs.iter().map(|v| (v.dtype(), v.shape())), &mut symbols).map_err(fastserve::Error::from)?;
    let steps = loaded.compiled.explain(&symbols)?.steps;
    let medians: Vec<f64> = (0..steps.len()).map(|i| median(runs.iter().filter_map(|run| run.get(i).copied()))).collect();
    let total: f64 = medians.iter().sum();
    let rows = steps.into_iter().zip(medians).map(|(step, us)| Row { step, us, part: us / total }).collect();
    let steps_us = median(runs.iter().map(|run| run.iter().sum()));
    Ok(Profiled { rows, steps_us, whole_us: median(whole.into_iter()) })
}

fn median(values: impl Iterator<Item = f64>) -> f64 {
    Latencies::new(values.collect()).median()
}

impl Profiled {
    /// As JSON: the rows, and the sums.
    pub(crate) fn json(&self) -> (Vec<Value>, Value) {
        let ratio = self.steps_us / self.whole_us;
        let sums = json!({ "steps_us": self.steps_us, "whole_us": self.whole_us, "ratio": ratio });
        (self.rows.iter().map(Row::json).collect(), sums)
    }
}

impl Row {
    /// As JSON.
    pub(crate) fn json(&self) -> Value {
        let s = &self.step;
        json!({ "node": s.node, "op": s.op, "kernel": s.kernel, "shape": s.shape, "median_us": self.us, "part": self.part,
            "flops": s.flops, "bytes": s.bytes, "gflop_per_s": self.gflop_per_s() })
    }

    fn gflop_per_s(&self) -> f64 {
        if self.us > 0.0 { self.step.flops as f64 / self.us / 1e3 } else { 0.0 }
    }
}

/// As a table, in the order in which the steps run.
pub(crate) fn print(profiled: &Profiled, cx: &mut Cx<'_>) -> Result<()> {
    writeln!(cx.out)?;
    let columns = [("step", Left), ("op", Left), ("kernel", Left), ("shape", Left), ("µs", Right), ("part", Right), ("GFLOP/s", Right)];
    let mut table = Table::new(&columns);
    for row in &profiled.rows {
        let ExplainStep { node, op, kernel, shape, .. } = row.step.clone();
        table.row([node, op, kernel, shape, format!("{:.1}", row.us), percent(row.part), format!("{:.1}", row.gflop_per_s())]);
    }
    table.write(cx.out)?;
    let (steps, whole) = (profiled.steps_us, profiled.whole_us);
    Ok(writeln!(cx.out, "\nsteps together {steps:.1} µs, the whole without a profile {whole:.1} µs: {}", percent(steps / whole))?)
}
