//! One caller's runs: the arena and the actual extents.

use std::sync::Arc;
use std::time::{Duration, Instant};

use fastserve_backend::{Bindings, OutputBinding, RunCx, RunError, Session};
use fastserve_ir::{Lowered, Source, SymId, ValueId};
use fastserve_simd::FpGuard;
use fastserve_tensor::{Arena, Tensor, TensorView, TensorViewMut};

use crate::bucket::bucket;
use crate::control::Control;
use crate::model::{CpuModel, Inner};
use crate::plan::{Extent, Plan, check_aliases, extents, update_extents};
use crate::resolve::Before;
use crate::step_io::{Earlier, StepIo};
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
    /// A plan and an arena for each segment.
    plans: Vec<Option<Arc<Plan>>>,
    arenas: Vec<Arena>,
    /// The sessions of the graphs that steps run.
    controls: Vec<Option<Control>>,
    /// Steps of the last run, inner ones too.
    steps: u64,
    /// For each symbol, whether the inputs tell it.
    given: Vec<bool>,
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
        let segments = model.segments.all.len();
        Ok(Self {
            plans: vec![None; segments],
            arenas: (0..segments).map(|_| Arena::new(0)).collect::<Result<_, _>>()?,
            controls: model.children.iter().map(|c| control(c)).collect::<Result<_, _>>()?,
            steps: 0,
            given: (0..count).map(|s| model.graph.is_given(SymId::new(s))).collect(),
            extents: extents(&model, &ones)?,
            symbols: ones.clone(),
            next: ones.clone(),
            upper: ones,
            passed: vec![None; model.graph.outputs().len()],
            done: false,
            last: Duration::ZERO,
            model,
        })
    }

    /// Steps of the last run, those of inner graphs too.
    pub(crate) fn steps_done(&self) -> u64 {
        self.steps
    }

    /// Binds the symbols and has plan, extents and arena of the first segment ready for them.
    fn prepare(&mut self, inputs: &[TensorView<'_>], cx: &RunCx<'_>) -> Result<(), RunError> {
        self.model.signature.bind(inputs.iter().map(|v| (v.dtype(), v.shape())), &mut self.next)?;
        let told = self.next.iter_mut().zip(&self.symbols).zip(&self.given);
        told.filter(|(_, given)| !**given).for_each(|((next, last), _)| *next = *last);
        if self.next != self.symbols {
            self.symbols.copy_from_slice(&self.next);
            self.plans.fill(None);
        }
        self.plan_segment(0, cx)?;
        self.check_inputs(inputs)
    }

    /// Has plan, extents and arena of a segment ready.
    fn plan_segment(&mut self, s: usize, cx: &RunCx<'_>) -> Result<(), RunError> {
        if self.plans[s].is_none() {
            self.replan(s)?;
        }
        let needed = planned_bytes(&self.plans[s..=s]);
        let whole = planned_bytes(&self.plans[..=s]);
        if let Some(limit) = cx.memory_limit_bytes.filter(|&limit| whole > limit) {
            return Err(RunError::Budget { what: "bytes", limit: limit as u64, needed: whole as u64 });
        }
        if self.arenas[s].len() < needed {
            // The old arena goes first: both together could pass a container's limit.
            self.arenas[s] = Arena::new(0)?;
            self.arenas[s] = Arena::new(needed)?;
        }
        Ok(())
    }

    fn replan(&mut self, s: usize) -> Result<(), RunError> {
        self.upper.iter_mut().zip(&self.symbols).for_each(|(upper, &n)| *upper = bucket(n));
        update_extents(&self.model, s, &self.symbols, &mut self.extents)?;
        check_aliases(&self.model, s, &self.extents)?;
        self.plans[s] = Some(self.model.plan(s, &self.symbols, &self.upper)?);
        Ok(())
    }

    /// Sees what extents the data tell that the segments before have made, and runs the graphs of steps.
    fn resolve(&mut self, s: usize, inputs: &[TensorView<'_>], cx: &RunCx<'_>) -> Result<(), RunError> {
        let model = &*self.model;
        let earlier = Earlier { arenas: &self.arenas[..s], plans: &self.plans };
        let before = Before { model, extents: &self.extents, inputs, earlier };
        let held = planned_bytes(&self.plans[..s]);
        let mut changed = false;
        for &i in &model.segments.all[s].resolves {
            let step = &model.steps[i];
            let told = match (&step.lowered, &mut self.controls[i]) {
                (Lowered::Control(spec), Some(control)) => {
                    let found = before.run(step, spec, control, cx, (&mut self.steps, held))?;
                    before.tell(s, step, &found, &mut self.symbols)
                }
                _ => before.resolve(s, step, &mut self.symbols),
            };
            changed |= told.map_err(|source| step.error(source))?;
        }
        if changed {
            self.plans[s..].fill(None);
        }
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
        if let Some(profile) = cx.profile.as_deref_mut() {
            profile.start(self.model.steps.len());
        }
        self.steps = 0;
        self.run_segment(0, inputs, cx)?;
        for s in 1..self.plans.len() {
            self.resolve(s, inputs, cx)?;
            self.plan_segment(s, cx)?;
            self.run_segment(s, inputs, cx)?;
        }
        Ok(())
    }

    fn run_segment(&mut self, s: usize, inputs: &[TensorView<'_>], cx: &mut RunCx<'_>) -> Result<(), RunError> {
        let Some(plan) = self.plans[s].clone() else { return Ok(()) };
        let (before, here) = self.arenas.split_at_mut(s);
        let Some(arena) = here.first_mut() else { return Ok(()) };
        let earlier = Earlier { arenas: before, plans: &self.plans };
        let first = self.model.segments.all[s].steps.start;
        for (i, planned) in plan.steps.iter().enumerate() {
            let step = &self.model.steps[first + i];
            cx.check(self.steps)?;
            self.steps += 1;
            let start = cx.profile.is_some().then(Instant::now);
            let access = arena.access(&planned.reads, &planned.writes)?;
            let io = StepIo {
                model: &self.model,
                step,
                extents: &self.extents,
                inputs,
                earlier,
                access,
                made: self.controls[first + i].as_ref().map(|c| &c.made[..]),
            };
            steps::run(io).map_err(|source| step.error(source))?;
            if let (Some(profile), Some(start)) = (cx.profile.as_deref_mut(), start) {
                profile.add(first + i, start.elapsed());
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
            let made = Earlier { arenas: &self.arenas, plans: &self.plans };
            made.bytes(&self.model, id).ok_or(RunError::NoOutput(i))?
        };
        let bytes = bytes.get(..extent.bytes).ok_or(RunError::NoOutput(i))?;
        Ok(TensorView::new(dtype, extent.shape, bytes)?)
    }
}

/// What the arenas of these plans take.
fn planned_bytes(plans: &[Option<Arc<Plan>>]) -> usize {
    plans.iter().flatten().fold(0, |sum, plan| sum.saturating_add(plan.arena_len))
}

fn control(children: &[CpuModel]) -> Result<Option<Control>, RunError> {
    if children.is_empty() {
        return Ok(None);
    }
    let sessions = children.iter().map(|model| CpuSession::new(model.0.clone())).collect::<Result<_, _>>()?;
    Ok(Some(Control { sessions, made: Vec::new() }))
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
