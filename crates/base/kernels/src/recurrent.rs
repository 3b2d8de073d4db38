//! The functions of gates of recurrent cells, for the rows of one step. The sums of the gates are matrix products.

use crate::error::{KernelError, check_len, product};
use fastserve_simd::{Cpu, Isa, Kernel, LANES, math};

/// Which cell.
#[derive(Copy, Clone, Debug, PartialEq, Eq, Hash)]
pub enum RecurrentCell {
    /// Gates update, reset, hidden; the recurrent product of the hidden gate comes before the reset gate.
    Gru,
    /// Gates input, output, forget, cell.
    Lstm,
    /// One gate.
    Rnn,
}

impl RecurrentCell {
    /// Number of gates.
    pub const fn gates(self) -> usize {
        match self {
            RecurrentCell::Gru => 3,
            RecurrentCell::Lstm => 4,
            RecurrentCell::Rnn => 1,
        }
    }
}

/// One step of `rows` sequences; a row of `sums` and of `input` has the gates one after the other, `hidden` elements each.
#[derive(Debug)]
pub struct RecurrentStep<'a> {
    /// Which cell.
    pub cell: RecurrentCell,
    /// Sequences.
    pub rows: usize,
    /// Elements of the state.
    pub hidden: usize,
    /// The sums of the gates; of a GRU, those of the recurrent part alone.
    pub sums: &'a [f32],
    /// Of a GRU, the sums of the input's part.
    pub input: &'a [f32],
    /// The state before the step. Only a GRU reads it.
    pub before: &'a [f32],
    /// The state after it.
    pub after: &'a mut [f32],
    /// The cell state of an LSTM, which is updated.
    pub memory: &'a mut [f32],
}

/// LSTM: `c = f * c + i * g`, the product `i * g` rounded before the multiply-add; `h = o * tanh(c)`, where
/// i, o and f are sigmoids and g is a tanh. GRU: `n = tanh(x + r * s)`, `h = z * (before - n) + n`, both in one multiply-add.
/// RNN: `h = tanh(sum)`.
///
/// # Errors
/// A slice that is too short.
pub fn recurrent_step_f32(cpu: Cpu, step: RecurrentStep<'_>) -> Result<(), KernelError> {
    let state = product("recurrent state", &[step.rows, step.hidden])?;
    let sums = product("recurrent sums", &[state, step.cell.gates()])?;
    let when = |needed: bool, len: usize| if needed { len } else { 0 };
    check_len("recurrent sums", sums, step.sums.len())?;
    check_len("recurrent after", state, step.after.len())?;
    check_len("recurrent input", when(step.cell == RecurrentCell::Gru, sums), step.input.len())?;
    check_len("recurrent before", when(step.cell == RecurrentCell::Gru, state), step.before.len())?;
    check_len("recurrent memory", when(step.cell == RecurrentCell::Lstm, state), step.memory.len())?;
    if state > 0 {
        cpu.run(step);
    }
    Ok(())
}

impl Kernel for RecurrentStep<'_> {
    type Out = ();

    #[inline(always)]
    fn run<I: Isa>(mut self, isa: I) {
        for row in 0..self.rows {
            match self.cell {
                RecurrentCell::Gru => self.gru(isa, row),
                RecurrentCell::Lstm => self.lstm(isa, row),
                RecurrentCell::Rnn => self.rnn(isa, row),
            }
        }
    }
}

/// Sixteen elements of `x` from `at` on, or as many as there are before `end`, and zeros.
#[inline(always)]
fn load<I: Isa>(isa: I, x: &[f32], at: usize, len: usize) -> I::F32 {
    if len >= LANES { isa.load(&x[at..]) } else { isa.load_partial(&x[at..at + len], 0.0) }
}

#[inline(always)]
fn store<I: Isa>(isa: I, v: I::F32, y: &mut [f32], at: usize, len: usize) {
    if len >= LANES { isa.store(v, &mut y[at..]) } else { isa.store_partial(v, &mut y[at..at + len]) }
}

impl RecurrentStep<'_> {
    #[inline(always)]
    fn rnn<I: Isa>(&mut self, isa: I, row: usize) {
        for j in (0..self.hidden).step_by(LANES) {
            let (at, len) = (row * self.hidden + j, self.hidden - j);
            store(isa, math::tanh(isa, load(isa, self.sums, at, len)), self.after, at, len);
        }
    }

    #[inline(always)]
    fn lstm<I: Isa>(&mut self, isa: I, row: usize) {
        let (hidden, sums) = (self.hidden, &self.sums[row * 4 * self.hidden..]);
        for j in (0..hidden).step_by(LANES) {
            let (at, len) = (row * hidden + j, hidden - j);
            let i = math::sigmoid(isa, load(isa, sums, j, len));
            let o = math::sigmoid(isa, load(isa, sums, hidden + j, len));
            let f = math::sigmoid(isa, load(isa, sums, 2 * hidden + j, len));
            let g = math::tanh(isa, load(isa, sums, 3 * hidden + j, len));
            let c = isa.fma(f, load(isa, self.memory, at, len), isa.mul(i, g));
            store(isa, c, self.memory, at, len);
            store(isa, isa.mul(o, math::tanh(isa, c)), self.after, at, len);
        }
    }

    #[inline(always)]
    fn gru<I: Isa>(&mut self, isa: I, row: usize) {
        let hidden = self.hidden;
        let (sums, input) = (&self.sums[row * 3 * hidden..], &self.input[row * 3 * hidden..]);
        for j in (0..hidden).step_by(LANES) {
            let (at, len) = (row * hidden + j, hidden - j);
            let part = |gate: usize| (load(isa, input, gate * hidden + j, len), load(isa, sums, gate * hidden + j, len));
            let ((xz, sz), (xr, sr), (xn, sn)) = (part(0), part(1), part(2));
            let z = math::sigmoid(isa, isa.add(xz, sz));
            let r = math::sigmoid(isa, isa.add(xr, sr));
            let n = math::tanh(isa, isa.fma(r, sn, xn));
            let h = isa.fma(z, isa.sub(load(isa, self.before, at, len), n), n);
            store(isa, h, self.after, at, len);
        }
    }
}
