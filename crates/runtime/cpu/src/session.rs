//! One caller's runs: the arena and the actual extents.

use std::sync::Arc;
use std::time::{Duration, Instant};

use fastserve_backend::{Bindings, OutputBinding, RunCx, RunError, Session};
use fastserve_ir::{Source, ValueId};
use fastserve_simd::FpGuard;
use fastserve_tensor::{Arena, Tensor, TensorView, TensorViewMut};

use crate::bucket::bucket;
use crate::model::Inner;
use crate::plan::{Extent, Plan, check_aliases, extents, update_extents};
use crate::step_io::StepIo;
use crate::steps;

/// A session on the CPU. Its second run of known extents makes no allocator call.
pub(crate) struct CpuSession {
    model: Arc<Inner>,
    /// Values of the symbols in the last run.
    symbols: Vec<usize>,
    /// The same for the run that is being prepared, and the bucket it falls into.
    next: Vec<usize>,
    upper: Vec<usize>,
    extents: Vec<Extent>,
    plan: Option<Arc<Plan>>,
    arena: Arena,
    /// Copies of outputs that are inputs of the model: lent outputs must outlive the caller's input.
    passed: Vec<Option<Tensor>>,
    done: bool,
    /// What the last run's steps took: whether it pays to wake the pool's workers at the start of the next.
    last: Duration,
}

impl CpuSession {
    pub(crate) fn new(model: Arc<Inner>) -> Result<Self, RunError> {
        let count = model.signature.symbols.len();
        let ones = vec![1; count];
        Ok(Self {
            extents: extents(&model, &ones)?,
            symbols: ones.clone(),
            next: ones.clone(),
            upper: ones,
            plan: None,
            arena: Arena::new(0)?,
            passed: vec![None; model.graph.outputs().len()],
            done: false,
            last: Duration::ZERO,
            model,
        })
    }

    /// Binds the symbols and has plan, extents and arena ready for them.
    fn prepare(&mut self, inputs: &[TensorView<'_>], cx: &RunCx<'_>) -> Result<(), RunError> {
        self.model.signature.bind(inputs.iter().map(|v| (v.dtype(), v.shape())), &mut self.next)?;
        if self.plan.is_none() || self.next != self.symbols {
            self.replan()?;
        }
        let needed = self.plan.as_ref().map_or(0, |p| p.arena_len);
        if let Some(limit) = cx.memory_limit_bytes.filter(|&limit| needed > limit) {
            return Err(RunError::Budget { what: "bytes", limit: limit as u64, needed: needed as u64 });
        }
        if self.arena.len() < needed {
            // The old arena goes first: both together could pass a container's limit.
            self.arena = Arena::new(0)?;
            self.arena = Arena::new(needed)?;
        }
        self.check_inputs(inputs)
    }

    fn replan(&mut self) -> Result<(), RunError> {
        self.plan = None;
        self.upper.iter_mut().zip(&self.next).for_each(|(upper, &n)| *upper = bucket(n));
        update_extents(&self.model, &self.next, &mut self.extents)?;
        check_aliases(&self.model, &self.extents)?;
        self.plan = Some(self.model.plan(&self.upper)?);
        self.symbols.copy_from_slice(&self.next);
        Ok(())
    }

    /// The signature binds symbols; an input whose extents are expressions of them is checked here.
    fn check_inputs(&self, inputs: &[TensorView<'_>]) -> Result<(), RunError> {
        for (&id, view) in self.model.graph.inputs().iter().zip(inputs) {
            let expected = self.extents[id.index()].shape;
            if expected != *view.shape() {
                let got = format!("{}{}", view.dtype(), view.shape());
                let expected = format!("{}{expected}", view.dtype());
                return Err(RunError::Input { name: self.model.name(id), expected, got });
            }
        }
        Ok(())
    }

    fn run_steps(&mut self, inputs: &[TensorView<'_>], cx: &mut RunCx<'_>) -> Result<(), RunError> {
        let Some(plan) = self.plan.clone() else { return Ok(()) };
        if let Some(profile) = cx.profile.as_deref_mut() {
            profile.start(plan.steps.len());
        }
        for (i, (step, planned)) in self.model.steps.iter().zip(&plan.steps).enumerate() {
            cx.check(i as u64)?;
            let start = cx.profile.is_some().then(Instant::now);
            let access = self.arena.access(&planned.reads, &planned.writes)?;
            let io = StepIo { model: &self.model, step, extents: &self.extents, inputs, access };
            steps::run(io).map_err(|source| step.error(source))?;
            if let (Some(profile), Some(start)) = (cx.profile.as_deref_mut(), start) {
                profile.add(i, start.elapsed());
            }
        }
        Ok(())
    }

    fn write_outputs(&mut self, io: &mut Bindings<'_, '_>) -> Result<(), RunError> {
        for i in 0..self.model.graph.outputs().len() {
            let id = self.model.graph.outputs()[i];
            if let Some(given) = self.given_input(id, io.inputs) {
                keep(&mut self.passed[i], &given.reshaped(self.extents[id.index()].shape)?)?;
            }
            if let Some(OutputBinding::Caller(buffer)) = io.outputs.get_mut(i) {
                self.copy_output(i, buffer)?;
            }
        }
        Ok(())
    }

    /// The input whose bytes an output shares, if it does.
    fn given_input<'t>(&self, output: ValueId, inputs: &[TensorView<'t>]) -> Option<TensorView<'t>> {
        let root = self.model.root(output);
        if self.model.graph.value(root).source != Source::Input {
            return None;
        }
        let at = self.model.graph.inputs().iter().position(|&v| v == root)?;
        inputs.get(at).copied()
    }

    fn copy_output(&self, i: usize, buffer: &mut TensorViewMut<'_>) -> Result<(), RunError> {
        let view = self.output_view(i)?;
        if buffer.dtype() != view.dtype() || buffer.shape() != view.shape() {
            return Err(RunError::Output {
                name: self.model.signature.outputs[i].name.clone(),
                expected: format!("{}{}", view.dtype(), view.shape()),
                got: format!("{}{}", buffer.dtype(), buffer.shape()),
            });
        }
        buffer.bytes_mut().copy_from_slice(view.bytes());
        Ok(())
    }

    fn output_view(&self, i: usize) -> Result<TensorView<'_>, RunError> {
        let &id = self.model.graph.outputs().get(i).ok_or(RunError::NoOutput(i))?;
        let root = self.model.root(id);
        let extent = self.extents[id.index()];
        let dtype = self.model.graph.fact(id).dtype;
        let bytes = if let Some(constant) = self.model.graph.constant(root) {
            constant.bytes()
        } else if let Some(passed) = &self.passed[i] {
            passed.bytes()
        } else {
            let plan = self.plan.as_ref().ok_or(RunError::NoOutput(i))?;
            self.arena.bytes(plan.regions[id.index()])?
        };
        let bytes = bytes.get(..extent.bytes).ok_or(RunError::NoOutput(i))?;
        Ok(TensorView::new(dtype, extent.shape, bytes)?)
    }
}

/// Keeps a copy, in the memory of the last one where it fits.
fn keep(slot: &mut Option<Tensor>, view: &TensorView<'_>) -> Result<(), RunError> {
    match slot {
        Some(t) if t.shape() == view.shape() => t.view_mut()?.bytes_mut().copy_from_slice(view.bytes()),
        _ => *slot = Some(Tensor::copy_of(view)?),
    }
    Ok(())
}

impl Session for CpuSession {
    fn run(&mut self, io: &mut Bindings<'_, '_>, cx: &mut RunCx<'_>) -> Result<(), RunError> {
        let _control_word = FpGuard::enter();
        self.done = false;
        self.prepare(io.inputs, cx)?;
        let start = Instant::now();
        let workers = self.model.team.hot(self.last);
        self.run_steps(io.inputs, cx)?;
        drop(workers);
        self.last = start.elapsed();
        self.write_outputs(io)?;
        self.done = true;
        Ok(())
    }

    fn output(&self, index: usize) -> Result<TensorView<'_>, RunError> {
        if self.done { self.output_view(index) } else { Err(RunError::NoOutput(index)) }
    }
}
