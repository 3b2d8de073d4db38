//! Steps as data, with offsets for the largest extents of a bucket.

use fastserve_backend::RunError;
use fastserve_ir::{ValueId, eval_shape};
use fastserve_tensor::{Region, Shape};

use crate::memory::{Buffer, place};
use crate::model::Inner;
use crate::steps;

/// The extents of a value in one run, and the bytes it takes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Extent {
    pub(crate) shape: Shape,
    pub(crate) bytes: usize,
}

/// Where everything that a segment makes lies for extents up to `upper`.
#[derive(Debug)]
pub(crate) struct Plan {
    /// The segment.
    pub(crate) segment: usize,
    /// The largest value of each symbol that the plan serves.
    pub(crate) upper: Vec<usize>,
    /// For each step of the segment, what it reads and writes.
    pub(crate) steps: Vec<PlanStep>,
    /// The region of each value, by its id; empty where the value does not lie in the segment's arena.
    pub(crate) regions: Vec<Region>,
    /// Size of the arena in bytes.
    pub(crate) arena_len: usize,
}

/// Regions of one step: one to read for each input (empty where it lies elsewhere), one to write for each output, and the
/// scratch behind them.
#[derive(Debug)]
pub(crate) struct PlanStep {
    pub(crate) reads: Vec<Region>,
    pub(crate) writes: Vec<Region>,
}

impl Plan {
    /// Plans a segment for extents up to `upper`.
    pub(crate) fn new(model: &Inner, segment: usize, upper: &[usize]) -> Result<Self, RunError> {
        let mut extents = blank_extents(model);
        (0..=segment).try_for_each(|s| update_extents(model, s, upper, &mut extents))?;
        let lives = lifetimes(model, segment, &extents);
        let range = model.segments.all[segment].steps.clone();
        let steps = &model.steps[range];
        let scratch = steps.iter().enumerate().map(|(i, s)| scratch_buffer(model, i, s, &extents)).collect::<Result<Vec<_>, _>>()?;
        let owners: Vec<ValueId> = lives.iter().map(|(id, _)| *id).collect();
        let buffers: Vec<Buffer> = lives.into_iter().map(|(_, b)| b).chain(scratch).collect();
        let (placed, arena_len) = place(&buffers).ok_or_else(|| RunError::Extents("arena".into()))?;
        let mut regions = vec![Region::default(); model.graph.num_values()];
        owners.iter().zip(&placed).for_each(|(id, r)| regions[id.index()] = *r);
        let shared: Vec<Region> = model.roots.iter().map(|root| regions[root.index()]).collect();
        let steps = steps.iter().zip(&placed[owners.len()..]).map(|(step, scratch)| plan_step(step, &shared, *scratch)).collect();
        Ok(Self { segment, upper: upper.to_vec(), steps, regions: shared, arena_len })
    }
}

fn plan_step(step: &crate::model::ModelStep, regions: &[Region], scratch: Region) -> PlanStep {
    let reads = step.ins.iter().map(|v| v.map_or(Region::default(), |v| regions[v.index()])).collect();
    let mut writes: Vec<Region> = step.outs.iter().map(|v| regions[v.index()]).collect();
    writes.push(scratch);
    PlanStep { reads, writes }
}

fn scratch_buffer(model: &Inner, index: usize, step: &crate::model::ModelStep, extents: &[Extent]) -> Result<Buffer, RunError> {
    let elements = steps::scratch_elements(model, step, extents).map_err(|source| step.error(source))?;
    let len = elements.checked_mul(4).ok_or_else(|| RunError::Extents(step.node.to_string()))?;
    Ok(Buffer { len, first: index, last: index })
}

/// The extents of every value where all symbols are known.
pub(crate) fn extents(model: &Inner, symbols: &[usize]) -> Result<Vec<Extent>, RunError> {
    let mut all = blank_extents(model);
    (0..model.segments.all.len()).try_for_each(|s| update_extents(model, s, symbols, &mut all))?;
    Ok(all)
}

fn blank_extents(model: &Inner) -> Vec<Extent> {
    vec![Extent { shape: Shape::SCALAR, bytes: 0 }; model.graph.num_values()]
}

/// The extents that are known first in a segment, into a table that is there already: no allocation.
pub(crate) fn update_extents(model: &Inner, segment: usize, symbols: &[usize], all: &mut [Extent]) -> Result<(), RunError> {
    for (id, value) in model.graph.values().filter(|(id, _)| model.segments.known_in[id.index()] == segment) {
        let shape = eval_shape(&value.fact.shape, symbols);
        let bytes = value.fact.storage_bytes(symbols);
        match shape.zip(bytes) {
            Some((shape, bytes)) => all[id.index()] = Extent { shape, bytes },
            None => return Err(RunError::Extents(model.name(id))),
        }
    }
    Ok(())
}

/// A value that shares bytes has as many as they are: inference may have taken a symbol for an extent that it is not.
pub(crate) fn check_aliases(model: &Inner, segment: usize, all: &[Extent]) -> Result<(), RunError> {
    let live = model.graph.nodes().flat_map(|(_, node)| node.outputs.iter()).copied();
    let mut here = live.filter(|id| model.segments.known_in[id.index()] == segment);
    match here.find(|&id| all[id.index()].bytes != all[model.root(id).index()].bytes) {
        Some(id) => Err(RunError::Extents(model.name(id))),
        None => Ok(()),
    }
}

/// For each value that owns bytes of the segment's arena, the steps in which they must hold.
fn lifetimes(model: &Inner, segment: usize, extents: &[Extent]) -> Vec<(ValueId, Buffer)> {
    let mut lives: Vec<Option<Buffer>> = vec![None; model.graph.num_values()];
    let range = model.segments.all[segment].steps.clone();
    let end = range.len();
    for (i, step) in model.steps[range].iter().enumerate() {
        for &out in &step.outs {
            // Outputs are lent until the next run, and later segments read what is kept.
            let last = if model.segments.kept[out.index()] { end } else { i };
            lives[out.index()] = Some(Buffer { len: extents[out.index()].bytes, first: i, last });
        }
        for root in step.ins.iter().flatten().map(|&v| model.root(v)) {
            if let Some(buffer) = &mut lives[root.index()] {
                buffer.last = buffer.last.max(i);
            }
        }
    }
    lives.into_iter().enumerate().filter_map(|(i, b)| Some((ValueId::new(i), b?))).collect()
}
