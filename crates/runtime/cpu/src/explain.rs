//! What a plan does, in words and numbers.

use fastserve_backend::{Explain, ExplainStep, RunError};
use fastserve_ir::{Lowered, ValueId};

use crate::bucket::bucket;
use crate::model::{Inner, ModelStep};
use crate::plan::{Extent, extents};
use crate::steps;

pub(crate) fn explain(model: &Inner, symbols: &[usize]) -> Result<Explain, RunError> {
    let extents = extents(model, symbols)?;
    let upper: Vec<usize> = symbols.iter().map(|&n| bucket(n)).collect();
    // Later segments are planned in the run, when data have told their extents.
    let arena_bytes = model.plan(0, symbols, &upper)?.arena_len;
    let steps: Vec<ExplainStep> = model.steps.iter().map(|s| explain_step(model, s, &extents)).collect();
    let slow = model.steps.iter().filter(|s| s.lowered == Lowered::Reference);
    let mut notes = model.did.notes.clone();
    notes.extend(slow.map(|s| (s.node.to_string(), format!("{} runs by its reference body", s.op.name()))));
    let later = model.segments.all.iter().skip(1).flat_map(|s| &s.resolves).map(|&i| &model.steps[i]);
    notes.extend(
        later.map(|s| (s.node.to_string(), "begins a segment that is planned in the run: extents that data tell are shown as 1".into())),
    );
    let constants = model.graph.values().filter(|(id, v)| v.fact.value.is_some() && model.graph.uses(*id) > 0);
    let constant_bytes = constants.map(|(id, _)| extents[id.index()].bytes).sum();
    let patterns = model.did.patterns.clone();
    Ok(Explain { steps, notes, patterns, arena_bytes, constant_bytes })
}

fn explain_step(model: &Inner, step: &ModelStep, extents: &[Extent]) -> ExplainStep {
    let of = |id: &ValueId| extents[id.index()];
    let shapes: Vec<String> = step.outs.iter().map(|id| of(id).shape.to_string()).collect();
    let touched = step.ins.iter().flatten().chain(&step.outs);
    ExplainStep {
        node: step.node.to_string(),
        op: step.op.name().to_owned(),
        kernel: steps::kernel_name(model, step, extents),
        shape: shapes.join(" "),
        flops: flops(step, extents),
        bytes: touched.map(|id| of(id).bytes as u64).sum(),
    }
}

/// Multiplications and additions of products and convolutions; one an element elsewhere.
fn flops(step: &ModelStep, extents: &[Extent]) -> u64 {
    let input = |i: usize| step.ins.get(i).copied().flatten().map(|id| extents[id.index()].shape);
    let out: u64 = step.outs.iter().map(|id| extents[id.index()].shape.numel() as u64).sum();
    let per_output = match &step.lowered {
        Lowered::Gemm(spec) => input(0).and_then(|a| a.iter().rev().nth(usize::from(spec.trans_a)).copied()).unwrap_or(0) as u64 * 2,
        Lowered::Attention(spec) => 4 * input(1).and_then(|k| k.get(*spec.orders[1].iter().rev().nth(1)?).copied()).unwrap_or(0) as u64,
        Lowered::Conv(_) => input(1).map_or(0, |w| w.iter().skip(1).product::<usize>()) as u64 * 2,
        Lowered::Pool(spec) => input(0).map_or(0, |x| taps(&spec.window.kernel, &x)),
        Lowered::PackGemmB(_) | Lowered::PackConv(_) | Lowered::Alias => 0,
        _ => 1,
    };
    out.saturating_mul(per_output)
}

/// Elements of a pooling window, whose 0 stands for the input's extent.
fn taps(kernel: &[usize], input: &[usize]) -> u64 {
    let sizes = kernel.iter().rev().zip(input.iter().rev());
    sizes.map(|(&k, &size)| if k == 0 { size as u64 } else { k as u64 }).product()
}
