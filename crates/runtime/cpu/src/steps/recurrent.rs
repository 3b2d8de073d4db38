//! LSTM, GRU and RNN: the products of all steps with the input at once, then step by step.

use fastserve_ir::{OpError, RecurrentSpec};
use fastserve_kernels::epilogue::{BiasAxis, Epilogue};
use fastserve_kernels::gemm::{GemmB, GemmF32, ScratchSizes, gemm_f32, scratch_len};
use fastserve_kernels::recurrent::{RecurrentCell, RecurrentStep, recurrent_step_f32};
use fastserve_parallel::Team;
use fastserve_simd::Cpu;

use crate::step_io::StepIo;
use crate::steps::{Sizes, gemm, kernel_error};

/// Extents of a layer.
#[derive(Clone, Copy)]
struct Extents {
    time: usize,
    batch: usize,
    input: usize,
    hidden: usize,
    /// Elements of the gates of one sequence and step.
    gates: usize,
}

fn extents(x: &[usize], r: &[usize], spec: &RecurrentSpec) -> Result<Extents, OpError> {
    let ([time, batch, input], [_, hidden, _]) = (x, r) else {
        return Err(OpError::Value(format!("expected rank 3, got {x:?} and {r:?}")));
    };
    let gates = spec.cell.gates() * hidden;
    Ok(Extents { time: *time, batch: *batch, input: *input, hidden: *hidden, gates })
}

impl Extents {
    fn state(&self) -> usize {
        self.batch * self.hidden
    }

    /// Scratch: the input's sums of all steps, the sums of one, biases of both, the state, the cell state.
    fn own_scratch(&self) -> [usize; 5] {
        let step = self.batch * self.gates;
        [self.time * step, step, 2 * self.gates, self.state(), self.state()]
    }
}

pub(crate) fn scratch(sizes: &Sizes<'_>, spec: &RecurrentSpec) -> Result<usize, OpError> {
    let e = extents(sizes.input(0)?, sizes.input(2)?, spec)?;
    let need = |m: usize, k: usize| {
        let row = gemm::row(sizes.model.cpu, spec.format, m)?;
        let product = ScratchSizes { m, n: e.gates, k, packed: true };
        scratch_len(row, product, sizes.model.team.threads()).map_err(kernel_error)
    };
    let (all, one) = (need(e.time * e.batch, e.input)?, need(e.batch, e.hidden)?);
    Ok(e.own_scratch().iter().sum::<usize>() + all.max(one))
}

/// One direction of a layer.
struct Layer<'a> {
    spec: &'a RecurrentSpec,
    e: Extents,
    cpu: Cpu,
    team: Team,
    reverse: bool,
    x: &'a [f32],
    w: &'a [f32],
    r: &'a [f32],
    y: &'a mut [f32],
    /// Of `y`, where the direction's part of step 0 starts, and how far apart the steps are.
    y_start: usize,
    y_step: usize,
}

/// The parts of the scratch.
struct Buffers<'a> {
    input: &'a mut [f32],
    sums: &'a mut [f32],
    bias: &'a mut [f32],
    state: &'a mut [f32],
    memory: &'a mut [f32],
    gemm: &'a mut [f32],
}

impl<'a> Buffers<'a> {
    fn new(scratch: &'a mut [f32], e: &Extents) -> Result<Self, OpError> {
        let [input, sums, bias, state, memory] = e.own_scratch();
        let short = || OpError::Value("the scratch is too small".into());
        let (input, rest) = scratch.split_at_mut_checked(input).ok_or_else(short)?;
        let (sums, rest) = rest.split_at_mut_checked(sums).ok_or_else(short)?;
        let (bias, rest) = rest.split_at_mut_checked(bias).ok_or_else(short)?;
        let (state, rest) = rest.split_at_mut_checked(state).ok_or_else(short)?;
        let (memory, gemm) = rest.split_at_mut_checked(memory).ok_or_else(short)?;
        Ok(Self { input, sums, bias, state, memory, gemm })
    }
}

pub(crate) fn run(mut io: StepIo<'_>, spec: &RecurrentSpec) -> Result<(), OpError> {
    let e = extents(&io.in_shape(0)?, &io.in_shape(2)?, spec)?;
    let (x, w, r) = (io.slice::<f32>(0)?, io.slice::<f32>(1)?, io.slice::<f32>(2)?);
    let optional = |i: usize| if io.has_input(i) { io.slice::<f32>(i).map(Some) } else { Ok(None) };
    let (bias, h, c) = (optional(3)?, optional(5)?, optional(6)?);
    let y = io.take_f32(0)?;
    let mut last: [Option<&mut [f32]>; 2] = [None, None];
    for (i, last) in last.iter_mut().enumerate() {
        if i + 1 < io.step.outs.len() {
            *last = Some(io.take_f32(i + 1)?);
        }
    }
    let mut buffers = Buffers::new(io.take_scratch()?, &e)?;
    for d in 0..spec.directions {
        let mut layer = Layer {
            spec,
            e,
            cpu: io.model.cpu,
            team: io.model.team,
            reverse: spec.reverse || d == 1,
            x,
            w: share(w, d, spec.directions)?,
            r: share(r, d, spec.directions)?,
            y: &mut *y,
            y_start: d * e.state(),
            y_step: spec.directions * e.state(),
        };
        set(buffers.state, h, d)?;
        set(buffers.memory, c, d)?;
        layer.set_bias(&mut buffers, bias.map(|b| share(b, d, spec.directions)).transpose()?)?;
        layer.run(&mut buffers)?;
        for (last, state) in last.iter_mut().zip([&*buffers.state, &*buffers.memory]) {
            if let Some(last) = last {
                let part = last.get_mut(d * e.state()..(d + 1) * e.state()).ok_or_else(short)?;
                part.copy_from_slice(state);
            }
        }
    }
    Ok(())
}

fn short() -> OpError {
    OpError::Value("an operand is too short".into())
}

/// A direction's part of an input.
fn share(all: &[f32], d: usize, directions: usize) -> Result<&[f32], OpError> {
    let len = all.len() / directions.max(1);
    all.get(d * len..(d + 1) * len).ok_or_else(short)
}

/// Sets a state to the direction's part of the initial one, or to zeros.
fn set(state: &mut [f32], initial: Option<&[f32]>, d: usize) -> Result<(), OpError> {
    match initial {
        Some(all) => state.copy_from_slice(all.get(d * state.len()..(d + 1) * state.len()).ok_or_else(short)?),
        None => state.fill(0.0),
    }
    Ok(())
}

impl Layer<'_> {
    /// Biases of the input's product, then of the recurrent one, which only a GRU keeps apart.
    fn set_bias(&self, buffers: &mut Buffers<'_>, given: Option<&[f32]>) -> Result<(), OpError> {
        let Some(given) = given else {
            buffers.bias.fill(0.0);
            return Ok(());
        };
        if given.len() != buffers.bias.len() {
            return Err(short());
        }
        buffers.bias.copy_from_slice(given);
        if self.spec.cell != RecurrentCell::Gru {
            let (sum, other) = buffers.bias.split_at_mut(self.e.gates);
            sum.iter_mut().zip(other).for_each(|(a, b)| *a += *b);
        }
        Ok(())
    }

    fn run(&mut self, buffers: &mut Buffers<'_>) -> Result<(), OpError> {
        let Extents { time, batch, input, hidden, gates } = self.e;
        let (bias, recurrent_bias) = buffers.bias.split_at(gates);
        let column = Epilogue { bias: BiasAxis::Column, ..Epilogue::default() };
        let a = (self.x, time * batch, input);
        self.product(a, self.w, &mut *buffers.input, (&column, Some(bias), None), &mut *buffers.gemm)?;
        let gru = self.spec.cell == RecurrentCell::Gru;
        let added = Epilogue { residual: true, ..Epilogue::default() };
        for step in 0..time {
            let t = if self.reverse { time - 1 - step } else { step };
            let from_input = &buffers.input[t * batch * gates..(t + 1) * batch * gates];
            let finish = if gru { (&column, Some(recurrent_bias), None) } else { (&added, None, Some(from_input)) };
            self.product((&*buffers.state, batch, hidden), self.r, &mut *buffers.sums, finish, &mut *buffers.gemm)?;
            let at = self.y_start + t * self.y_step;
            let after = self.y.get_mut(at..at + batch * hidden).ok_or_else(short)?;
            let cell = RecurrentStep {
                cell: self.spec.cell,
                rows: batch,
                hidden,
                sums: &*buffers.sums,
                input: from_input,
                before: &*buffers.state,
                after: &mut *after,
                memory: &mut *buffers.memory,
            };
            recurrent_step_f32(self.cpu, cell).map_err(kernel_error)?;
            buffers.state.copy_from_slice(after);
        }
        Ok(())
    }

    /// `c = a · b` of so many rows and columns of `a`, all row-major and dense.
    fn product(
        &self,
        (a, m, k): (&[f32], usize, usize),
        b: &[f32],
        c: &mut [f32],
        (epilogue, bias, residual): (&Epilogue, Option<&[f32]>, Option<&[f32]>),
        scratch: &mut [f32],
    ) -> Result<(), OpError> {
        let n = self.e.gates;
        let row = gemm::row(self.cpu, self.spec.format, m)?;
        let b = GemmB::Packed(b);
        let args = GemmF32 { m, n, k, a, a_row_stride: k, a_col_stride: 1, b, batch: &[], c, c_row_stride: n, epilogue, bias, residual };
        gemm_f32(self.cpu, row, args, scratch, self.team).map_err(kernel_error)
    }
}
