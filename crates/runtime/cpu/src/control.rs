//! If, Loop and Scan: sessions of the graphs that run within a node. Their results are kept as tensors until the node's segment
//! copies them into its arena.

use fastserve_backend::{Bindings, RunCx, RunError, Session};
use fastserve_ir::{Body, ControlSpec, OpError, ScanSpec, normalize_axis};
use fastserve_tensor::{DType, MAX_RANK, Shape, Tensor, TensorView};

use crate::session::CpuSession;

/// The sessions of a step, and what it made last.
pub(crate) struct Control {
    pub(crate) sessions: Vec<CpuSession>,
    pub(crate) made: Vec<Tensor>,
}

/// One run of a step's graphs: the node's inputs, and what the run may cost.
pub(crate) struct Call<'a, 'c> {
    pub(crate) inputs: &'a [Option<TensorView<'a>>],
    pub(crate) cx: &'a RunCx<'c>,
    /// Steps done so far, of all graphs.
    pub(crate) steps: u64,
    /// Bytes that the graphs around hold.
    pub(crate) held: usize,
}

/// What a step's graphs failed with.
pub(crate) enum Failed {
    /// The run was stopped, or failed within a graph.
    Run(RunError),
    /// The node itself failed.
    Op(OpError),
}

impl From<RunError> for Failed {
    fn from(e: RunError) -> Self {
        Failed::Run(e)
    }
}

impl From<OpError> for Failed {
    fn from(e: OpError) -> Self {
        Failed::Op(e)
    }
}

impl From<fastserve_tensor::TensorError> for Failed {
    fn from(e: fastserve_tensor::TensorError) -> Self {
        Failed::Op(e.into())
    }
}

impl From<fastserve_ir::ShapeError> for Failed {
    fn from(e: fastserve_ir::ShapeError) -> Self {
        Failed::Op(e.into())
    }
}

fn wrong(why: impl Into<String>) -> Failed {
    Failed::Op(OpError::Value(why.into()))
}

impl Control {
    /// Runs the graphs of a step.
    pub(crate) fn run(&mut self, spec: &ControlSpec, call: &mut Call<'_, '_>) -> Result<(), Failed> {
        self.made = match spec {
            ControlSpec::If(then, other) => {
                let holds = call.flag(0)?.ok_or_else(|| wrong("the condition is missing"))?;
                let (at, body) = if holds { (0, then) } else { (1, other) };
                let session = self.sessions.get_mut(at).ok_or_else(|| wrong("a branch is missing"))?;
                call.inner(session, body, &[], 0)?
            }
            ControlSpec::Loop(body, carried) => call.repeat(self.session()?, body, *carried)?,
            ControlSpec::Scan(body, spec) => call.scan(self.session()?, body, spec)?,
        };
        Ok(())
    }

    fn session(&mut self) -> Result<&mut CpuSession, Failed> {
        self.sessions.first_mut().ok_or_else(|| wrong("the body is missing"))
    }
}

impl<'a> Call<'a, '_> {
    fn input(&self, i: usize) -> Result<TensorView<'a>, Failed> {
        self.inputs.get(i).copied().flatten().ok_or(Failed::Op(OpError::Missing { what: "input", index: i }))
    }

    /// A condition, if it is there.
    fn flag(&self, i: usize) -> Result<Option<bool>, Failed> {
        let Some(view) = self.inputs.get(i).copied().flatten() else { return Ok(None) };
        truth(&view).map(Some)
    }

    /// Fails if this many bytes beside those held around are more than the run may have.
    fn grant(&self, bytes: usize) -> Result<(), RunError> {
        let needed = self.held.saturating_add(bytes);
        match self.cx.memory_limit_bytes {
            Some(limit) if needed > limit => Err(RunError::Budget { what: "bytes", limit: limit as u64, needed: needed as u64 }),
            _ => Ok(()),
        }
    }

    /// Runs a graph once, on these inputs and what it captures, while the node keeps so many bytes; returns copies of its outputs.
    fn inner(&mut self, session: &mut CpuSession, body: &Body, own: &[TensorView<'_>], kept: usize) -> Result<Vec<Tensor>, Failed> {
        let captured = body.captures.iter().map(|&i| self.input(i)).collect::<Result<Vec<_>, _>>()?;
        let views: Vec<TensorView<'_>> = own.iter().copied().chain(captured).collect();
        let left = self.cx.step_limit.map(|limit| limit.saturating_sub(self.steps));
        let mut cx = RunCx {
            cancel: self.cx.cancel,
            deadline: self.cx.deadline,
            memory_limit_bytes: self.cx.memory_limit_bytes.map(|limit| limit.saturating_sub(self.held.saturating_add(kept))),
            step_limit: left,
            profile: None,
        };
        self.cx.check(self.steps)?;
        session.run(&mut Bindings::lent(&views), &mut cx)?;
        // An empty graph counts too, so that no loop is free.
        self.steps = self.steps.saturating_add(session.steps_done().max(1));
        let outputs = (0..body.graph.outputs().len()).map(|i| session.output(i)).collect::<Result<Vec<_>, _>>()?;
        self.grant(outputs.iter().fold(kept, |sum, view| sum.saturating_add(view.bytes().len())))?;
        outputs.iter().map(|view| Ok(Tensor::copy_of(view)?)).collect()
    }

    fn repeat(&mut self, session: &mut CpuSession, body: &Body, carried: usize) -> Result<Vec<Tensor>, Failed> {
        let trips = self.inputs.first().copied().flatten().map(|v| count(&v)).transpose()?;
        let mut goes_on = self.flag(1)?.unwrap_or(true);
        let mut state = (0..carried).map(|i| Ok(Tensor::copy_of(&self.input(2 + i)?)?)).collect::<Result<Vec<_>, Failed>>()?;
        let mut stacks = Stacks::of(body, carried + 1);
        let shape = |i: usize| Shape::new(&[1; MAX_RANK][..body.graph.inputs().get(i).map_or(0, |&v| body.graph.fact(v).rank()).min(1)]);
        let mut trip = 0;
        while goes_on && trips.is_none_or(|n| trip < n) {
            let at = Tensor::from_slice(&shape(0)?, &[trip])?;
            let going = Tensor::from_slice(&shape(1)?, &[fastserve_tensor::Bool::from(goes_on)])?;
            let mut made = {
                let own = [&at, &going].into_iter().chain(&state).map(Tensor::view).collect::<Result<Vec<_>, _>>()?;
                self.inner(session, body, &own, stacks.held().saturating_add(size(&state)))?
            };
            goes_on = truth(&made.first().ok_or_else(|| wrong("the body makes no condition"))?.view()?)?;
            let stacked = made.split_off((carried + 1).min(made.len()));
            stacks.push(&stacked)?;
            self.grant(stacks.held())?;
            state = made.split_off(1);
            trip += 1;
        }
        state.extend(stacks.finish(&vec![(0, false); body.graph.outputs().len().saturating_sub(carried + 1)])?);
        Ok(state)
    }

    fn scan(&mut self, session: &mut CpuSession, body: &Body, spec: &ScanSpec) -> Result<Vec<Tensor>, Failed> {
        let mut state = (0..spec.states).map(|i| Ok(Tensor::copy_of(&self.input(i)?)?)).collect::<Result<Vec<_>, Failed>>()?;
        let scanned = (0..spec.inputs.len()).map(|i| self.input(spec.states + i)).collect::<Result<Vec<_>, Failed>>()?;
        let axes = scanned.iter().zip(&spec.inputs).map(|(v, w)| normalize_axis(w.0, v.shape().rank())).collect::<Result<Vec<_>, _>>()?;
        let lengths: Vec<usize> = scanned.iter().zip(&axes).map(|(v, &axis)| v.shape()[axis]).collect();
        let length = lengths.first().copied().unwrap_or(0);
        if lengths.iter().any(|&n| n != length) {
            return Err(wrong(format!("scanned inputs have {lengths:?} elements")));
        }
        let mut stacks = Stacks::of(body, spec.states);
        for i in 0..length {
            let at = |backwards: bool| if backwards { length - 1 - i } else { i };
            let parts = scanned.iter().zip(&axes).zip(&spec.inputs);
            let parts = parts.map(|((v, &axis), w)| part(v, axis, at(w.1))).collect::<Result<Vec<_>, _>>()?;
            let mut made = {
                let own = state.iter().chain(&parts).map(Tensor::view).collect::<Result<Vec<_>, _>>()?;
                self.inner(session, body, &own, stacks.held().saturating_add(size(&state)))?
            };
            let stacked = made.split_off(spec.states.min(made.len()));
            stacks.push(&stacked)?;
            self.grant(stacks.held())?;
            state = made;
        }
        state.extend(stacks.finish(&spec.outputs)?);
        Ok(state)
    }
}

/// Bytes of all.
fn size(tensors: &[Tensor]) -> usize {
    tensors.iter().fold(0, |sum, t| sum.saturating_add(t.bytes().len()))
}

fn truth(view: &TensorView<'_>) -> Result<bool, Failed> {
    match (view.dtype(), view.bytes()) {
        (DType::Bool, [byte]) => Ok(*byte != 0),
        _ => Err(wrong(format!("a condition is {}{}, not one bool", view.dtype(), view.shape()))),
    }
}

/// A number of trips.
fn count(view: &TensorView<'_>) -> Result<i64, Failed> {
    match view.as_slice::<i64>() {
        Ok([n]) => Ok(*n),
        _ => Err(wrong(format!("the number of trips is {}{}, not one i64", view.dtype(), view.shape()))),
    }
}

/// Element `index` of an axis, without it.
fn part(view: &TensorView<'_>, axis: usize, index: usize) -> Result<Tensor, Failed> {
    let dims = view.shape().dims();
    let rest: Vec<usize> = dims.iter().enumerate().filter(|(i, _)| *i != axis).map(|(_, &d)| d).collect();
    let mut out = Tensor::zeros(view.dtype(), Shape::new(&rest)?)?;
    // Extents beside an empty one say nothing of memory: only those of elements that are there can be multiplied.
    if view.bytes().is_empty() {
        return Ok(out);
    }
    let inner = dims[axis + 1..].iter().product::<usize>() * view.dtype().size_bytes();
    let mut to = out.view_mut()?;
    let blocks = view.bytes().chunks_exact(inner * dims[axis]);
    to.bytes_mut().chunks_exact_mut(inner).zip(blocks).for_each(|(to, from)| to.copy_from_slice(&from[index * inner..][..inner]));
    Ok(out)
}

/// Outputs of the trips, one behind the other.
struct Stacks {
    all: Vec<Stack>,
}

struct Stack {
    dtype: DType,
    shape: Shape,
    count: usize,
    bytes: Vec<u8>,
}

impl Stacks {
    /// Empty ones, of what is known of the outputs from `first` on.
    fn of(body: &Body, first: usize) -> Self {
        let stack = |&v: &fastserve_ir::ValueId| {
            let fact = body.graph.fact(v);
            let dims: Vec<usize> = fact.shape.iter().map(|d| d.known().unwrap_or(0)).collect();
            Stack { dtype: fact.dtype, shape: Shape::new(&dims).unwrap_or(Shape::SCALAR), count: 0, bytes: Vec::new() }
        };
        Self { all: body.graph.outputs().iter().skip(first).map(stack).collect() }
    }

    fn push(&mut self, made: &[Tensor]) -> Result<(), Failed> {
        for (stack, t) in self.all.iter_mut().zip(made) {
            if stack.count > 0 && stack.shape != *t.shape() {
                return Err(wrong(format!("trips make {} and {} to stack", stack.shape, t.shape())));
            }
            stack.shape = *t.shape();
            stack.count += 1;
            let needed = stack.bytes.len().saturating_add(t.bytes().len());
            if needed > stack.bytes.capacity() {
                // By quarters: twice as much as is needed could be more than is granted.
                let more = t.bytes().len().max(stack.bytes.len() / 4);
                let grown = stack.bytes.try_reserve_exact(more);
                grown.map_err(|_| wrong(format!("out of memory after {} trips", stack.count)))?;
            }
            stack.bytes.extend_from_slice(t.bytes());
        }
        Ok(())
    }

    /// Bytes that they take, and what is made of them at the end.
    fn held(&self) -> usize {
        self.all.iter().fold(0, |sum, stack| sum.saturating_add(stack.bytes.capacity()).saturating_add(stack.bytes.len()))
    }

    /// The stacks, each along its axis, forward or backward.
    fn finish(self, walks: &[(i64, bool)]) -> Result<Vec<Tensor>, Failed> {
        self.all.into_iter().zip(walks).map(|(stack, walk)| stack.finish(walk.0, walk.1)).collect()
    }
}

impl Stack {
    fn finish(self, axis: i64, backwards: bool) -> Result<Tensor, Failed> {
        let axis = normalize_axis(axis, self.shape.rank() + 1)?;
        let mut dims = self.shape.dims().to_vec();
        dims.insert(axis, self.count);
        let mut out = Tensor::zeros(self.dtype, Shape::new(&dims)?)?;
        if self.bytes.is_empty() {
            return Ok(out);
        }
        let inner = dims[axis + 1..].iter().product::<usize>() * self.dtype.size_bytes();
        let each = self.shape.numel() * self.dtype.size_bytes();
        let mut view = out.view_mut()?;
        let places = view.bytes_mut().chunks_exact_mut(inner);
        for (place, to) in places.enumerate() {
            let (outer, k) = (place / self.count, place % self.count);
            let k = if backwards { self.count - 1 - k } else { k };
            to.copy_from_slice(&self.bytes[k * each + outer * inner..][..inner]);
        }
        Ok(out)
    }
}
