//! The reference body: one step after the other, in f64.

use fastserve_ir::{Io, OpError};

use super::activation::Activation;
use crate::elements::Float;
use crate::ops::recurrent::{Cell, Recurrent};

/// Extents of a run.
#[derive(Clone, Copy)]
struct Extents {
    time: usize,
    batch: usize,
    input: usize,
    hidden: usize,
    directions: usize,
    batch_first: bool,
}

impl Extents {
    /// Place of the first element of step `t` of sequence `n` in X.
    fn x(&self, t: usize, n: usize) -> usize {
        self.input * if self.batch_first { n * self.time + t } else { t * self.batch + n }
    }

    fn y(&self, t: usize, n: usize, d: usize) -> usize {
        let row = match self.batch_first {
            true => (n * self.time + t) * self.directions + d,
            false => (t * self.directions + d) * self.batch + n,
        };
        row * self.hidden
    }

    fn state(&self, n: usize, d: usize) -> usize {
        self.hidden * if self.batch_first { n * self.directions + d } else { d * self.batch + n }
    }
}

/// Weights of one direction.
struct Weights<'a, T> {
    w: &'a [T],
    r: &'a [T],
    /// Biases of W, then of R; empty where there are none.
    bias: &'a [T],
    peepholes: &'a [T],
    functions: &'a [Activation],
    clip: f64,
    input: usize,
    hidden: usize,
}

fn number<T: Float>(list: &[T], i: usize) -> f64 {
    list.get(i).map_or(0.0, |v| v.to_f64())
}

fn dot<T: Float>(w: &[T], x: impl Iterator<Item = f64>) -> f64 {
    w.iter().zip(x).map(|(w, x)| w.to_f64() * x).sum()
}

impl<T: Float> Weights<'_, T> {
    fn product_x(&self, row: usize, x: &[T]) -> f64 {
        dot(&self.w[row * self.input..][..self.input], x.iter().map(|v| v.to_f64()))
    }

    fn product_h(&self, row: usize, h: &[f64]) -> f64 {
        dot(&self.r[row * self.hidden..][..self.hidden], h.iter().copied())
    }

    /// The bias of W's row, and that of R's.
    fn biases(&self, row: usize) -> (f64, f64) {
        (number(self.bias, row), number(self.bias, self.bias.len() / 2 + row))
    }

    fn sum(&self, gate: usize, j: usize, x: &[T], h: &[f64]) -> f64 {
        let row = gate * self.hidden + j;
        let (bw, br) = self.biases(row);
        self.product_x(row, x) + self.product_h(row, h) + bw + br
    }

    fn function(&self, i: usize, sum: f64) -> f64 {
        self.functions[i].apply(if sum.is_nan() { sum } else { sum.clamp(-self.clip, self.clip) })
    }

    fn rnn(&self, x: &[T], h: &mut Vec<f64>) {
        *h = (0..self.hidden).map(|j| self.function(0, self.sum(0, j, x, h))).collect();
    }

    fn gru(&self, linear_before_reset: bool, x: &[T], h: &mut Vec<f64>) {
        let gate = |g: usize| (0..self.hidden).map(|j| self.function(0, self.sum(g, j, x, h))).collect::<Vec<f64>>();
        let (update, reset) = (gate(0), gate(1));
        let cut: Vec<f64> = h.iter().zip(&reset).map(|(h, r)| h * r).collect();
        let hidden = |j: usize| {
            let row = 2 * self.hidden + j;
            let (bw, br) = self.biases(row);
            let recurrent = if linear_before_reset { reset[j] * (self.product_h(row, h) + br) } else { self.product_h(row, &cut) + br };
            self.function(1, self.product_x(row, x) + bw + recurrent)
        };
        *h = (0..self.hidden).map(|j| (1.0 - update[j]) * hidden(j) + update[j] * h[j]).collect();
    }

    fn lstm(&self, input_forget: bool, x: &[T], h: &mut Vec<f64>, c: &mut [f64]) {
        let peephole =
            |p: usize, j: usize, c: f64| if self.peepholes.is_empty() { 0.0 } else { number(self.peepholes, p * self.hidden + j) * c };
        let mut next = Vec::with_capacity(self.hidden);
        for (j, c) in c.iter_mut().enumerate() {
            let i = self.function(0, self.sum(0, j, x, h) + peephole(0, j, *c));
            let forget = || self.function(0, self.sum(2, j, x, h) + peephole(2, j, *c));
            let f = if input_forget { 1.0 - i } else { forget() };
            *c = f * *c + i * self.function(1, self.sum(3, j, x, h));
            let o = self.function(0, self.sum(1, j, x, h) + peephole(1, j, *c));
            next.push(o * self.functions[2].apply(*c));
        }
        *h = next;
    }

    fn step(&self, cell: Cell, x: &[T], h: &mut Vec<f64>, c: &mut [f64]) {
        match cell {
            Cell::Gru { linear_before_reset } => self.gru(linear_before_reset, x, h),
            Cell::Lstm { input_forget } => self.lstm(input_forget, x, h, c),
            Cell::Rnn => self.rnn(x, h),
        }
    }
}

pub(crate) fn run<T: Float>(op: &Recurrent, io: &mut Io<'_>) -> Result<(), OpError> {
    let e = extents(op, io)?;
    let lengths = lengths(io, &e)?;
    let x = io.slice::<T>(0)?;
    let mut y = vec![0.0; e.time * e.directions * e.batch * e.hidden];
    let mut states = [state::<T>(io, 5, &e)?, state::<T>(io, 6, &e)?];
    for d in 0..e.directions {
        let weights = weights::<T>(op, io, &e, d)?;
        for (n, &length) in lengths.iter().enumerate() {
            let at = e.state(n, d)..e.state(n, d) + e.hidden;
            let mut h = states[0][at.clone()].to_vec();
            for step in 0..length {
                let t = if op.direction.is_reverse(d) { length - 1 - step } else { step };
                weights.step(op.cell, &x[e.x(t, n)..][..e.input], &mut h, &mut states[1][at.clone()]);
                y[e.y(t, n, d)..][..e.hidden].copy_from_slice(&h);
            }
            states[0][at].copy_from_slice(&h);
        }
    }
    store::<T>(io, 0, &y)?;
    store::<T>(io, 1, &states[0])?;
    store::<T>(io, 2, &states[1])
}

fn store<T: Float>(io: &mut Io<'_>, i: usize, values: &[f64]) -> Result<(), OpError> {
    if i < io.num_outputs() {
        io.out_slice::<T>(i)?.iter_mut().zip(values).for_each(|(y, &v)| *y = T::from_f64(v));
    }
    Ok(())
}

/// The extents, of which the inputs are checked to be.
fn extents(op: &Recurrent, io: &Io<'_>) -> Result<Extents, OpError> {
    let (x, w, r) = (io.shape(0)?, io.shape(1)?, io.shape(2)?);
    let wrong = || OpError::Value(format!("cannot take {x} with weights {w} and {r}"));
    if x.rank() != 3 || w.rank() != 3 || r.rank() != 3 {
        return Err(wrong());
    }
    let (time, batch) = if op.batch_first { (x[1], x[0]) } else { (x[0], x[1]) };
    let (directions, hidden) = (op.direction.count(), r[2]);
    let rows = hidden.checked_mul(op.cell.gates()).ok_or_else(wrong)?;
    if w[..] != [directions, rows, x[2]] || r[..2] != [directions, rows] || op.hidden_size.is_some_and(|h| h != hidden) {
        return Err(wrong());
    }
    let count = [time, directions, batch, hidden].into_iter().try_fold(1usize, usize::checked_mul);
    if count != Some(io.out_shape(0)?.numel()) {
        return Err(wrong());
    }
    Ok(Extents { time, batch, input: x[2], hidden, directions, batch_first: op.batch_first })
}

/// The length of each sequence.
fn lengths(io: &Io<'_>, e: &Extents) -> Result<Vec<usize>, OpError> {
    let Some(given) = io.opt(4) else { return Ok(vec![e.time; e.batch]) };
    let given = given.as_slice::<i32>()?;
    let length = |&n: &i32| usize::try_from(n).ok().filter(|&n| n <= e.time);
    let lengths: Option<Vec<usize>> = given.iter().map(length).collect();
    let lengths = lengths.filter(|l| l.len() == e.batch);
    lengths.ok_or_else(|| OpError::Value(format!("expected {} lengths of 0 to {}, got {given:?}", e.batch, e.time)))
}

/// An initial state; zeros where it is left out.
fn state<T: Float>(io: &Io<'_>, i: usize, e: &Extents) -> Result<Vec<f64>, OpError> {
    let count = e.directions * e.batch * e.hidden;
    let Some(given) = optional::<T>(io, i)? else { return Ok(vec![0.0; count]) };
    if given.len() != count {
        return Err(OpError::Value(format!("input {i}: expected {count} elements, got {}", given.len())));
    }
    Ok(given.iter().map(|v| v.to_f64()).collect())
}

fn optional<'a, T: Float>(io: &Io<'a>, i: usize) -> Result<Option<&'a [T]>, OpError> {
    Ok(match io.opt(i) {
        Some(view) => Some(view.as_slice::<T>()?),
        None => None,
    })
}

fn weights<'w, 'a: 'w, T: Float>(op: &'w Recurrent, io: &Io<'a>, e: &Extents, d: usize) -> Result<Weights<'w, T>, OpError> {
    let rows = op.cell.gates() * e.hidden;
    let part = |i: usize, len: usize| -> Result<&'w [T], OpError> {
        let Some(all) = optional::<T>(io, i)? else { return Ok(&[]) };
        let part = all.get(d * len..(d + 1) * len);
        part.ok_or_else(|| OpError::Value(format!("input {i}: expected {len} elements a direction")))
    };
    let functions = op.cell.functions().len();
    Ok(Weights {
        w: part(1, rows * e.input)?,
        r: part(2, rows * e.hidden)?,
        bias: part(3, 2 * rows)?,
        peepholes: part(7, 3 * e.hidden)?,
        functions: &op.activations[d * functions..][..functions],
        clip: op.clip.map_or(f64::INFINITY, f64::from),
        input: e.input,
        hidden: e.hidden,
    })
}
