//! Where the time of a run goes.

use anyhow::Result;
use fastserve::{Bindings, ExplainStep, Profile, RunCx, Session, TensorView};
use serde_json::{Value, json};

use crate::app::Cx;
use crate::model::Loaded;
use crate::show::numbers::percent;
use crate::show::table::{Left, Right, Table};

/// Runs of a profile.
const RUNS: usize = 50;

/// One step with its time.
pub(crate) struct Row {
    step: ExplainStep,
    us: f64,
    part: f64,
}

/// Runs with a profile.
pub(crate) fn profile(loaded: &Loaded, session: &mut Session, inputs: &[TensorView<'_>]) -> Result<Vec<Row>> {
    let mut profile = Profile::new();
    for _ in 0..RUNS {
        let mut cx = RunCx { profile: Some(&mut profile), ..RunCx::default() };
        session.run_with(&mut Bindings::lent(inputs), &mut cx)?;
    }
    let signature = loaded.compiled.signature();
    let mut symbols = vec![1; signature.symbols.len()];
    signature.bind(inputs.iter().map(|v| (v.dtype(), v.shape())), &mut symbols).map_err(fastserve::Error::from)?;
    let steps = loaded.compiled.explain(&symbols)?.steps;
    let total: f64 = profile.mean_us().sum();
    Ok(steps.into_iter().zip(profile.mean_us()).map(|(step, us)| Row { step, us, part: us / total }).collect())
}

impl Row {
    /// As JSON.
    pub(crate) fn json(&self) -> Value {
        let s = &self.step;
        json!({ "node": s.node, "op": s.op, "kernel": s.kernel, "shape": s.shape, "mean_us": self.us, "part": self.part,
            "flops": s.flops, "bytes": s.bytes, "gflop_per_s": self.gflop_per_s() })
    }

    fn gflop_per_s(&self) -> f64 {
        if self.us > 0.0 { self.step.flops as f64 / self.us / 1e3 } else { 0.0 }
    }
}

/// As a table, in the order in which the steps run.
pub(crate) fn print(rows: &[Row], cx: &mut Cx<'_>) -> Result<()> {
    writeln!(cx.out)?;
    let columns = [("step", Left), ("op", Left), ("kernel", Left), ("shape", Left), ("µs", Right), ("part", Right), ("GFLOP/s", Right)];
    let mut table = Table::new(&columns);
    for row in rows {
        let ExplainStep { node, op, kernel, shape, .. } = row.step.clone();
        table.row([node, op, kernel, shape, format!("{:.1}", row.us), percent(row.part), format!("{:.1}", row.gflop_per_s())]);
    }
    Ok(table.write(cx.out)?)
}
