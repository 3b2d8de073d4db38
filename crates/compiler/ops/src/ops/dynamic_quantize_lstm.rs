//! DynamicQuantizeLSTM of the domain com.microsoft.

use std::sync::Arc;

use fastserve_ir::{AttrError, Attrs, Fact, Inputs, Io, Op, OpError, OpRef, ShapeError};
use fastserve_tensor::DType;

use crate::def::OpDef;
use crate::numbers::expect_shape;
use crate::ops::recurrent::{Cell, Recurrent, lstm};
use crate::quantized::codes::{centred, quantize, require_byte, zeros};
use crate::quantized::dynamic::scale_of;
use crate::quantized::products::products;

/// An LSTM with weights of 8 bits, `[directions, input, 4 · hidden]` and `[directions, hidden, 4 · hidden]`. All of X has one scale, which
/// its numbers tell, and so has the state of all sequences at each step. Inputs are those of LSTM, then scales and zero points of W,
/// scales and zero points of R: one for each direction, or one for each of its columns.
#[derive(Clone, Debug, PartialEq)]
pub struct DynamicQuantizeLstm {
    /// Everything but the weights.
    pub layer: Recurrent,
}

pub(crate) const DEFS: &[OpDef] = &[OpDef { name: "com.microsoft.DynamicQuantizeLSTM", since: 1, build }];

fn build(attrs: &Attrs, _: i64) -> Result<OpRef, AttrError> {
    let layer = lstm(attrs)?;
    if layer.batch_first {
        return Err(AttrError::value("layout", "expected 0"));
    }
    Ok(Arc::new(DynamicQuantizeLstm { layer }))
}

impl Op for DynamicQuantizeLstm {
    fn name(&self) -> &'static str {
        "com.microsoft.DynamicQuantizeLSTM"
    }

    fn attrs(&self) -> Attrs {
        self.layer.attrs()
    }

    fn infer(&self, inputs: &Inputs<'_>) -> Result<Vec<Fact>, ShapeError> {
        let x = inputs.same_dtype(0, DType::F32)?;
        let turned = |i: usize| {
            require_byte(inputs, i)?;
            let mut shape = inputs.ranked(i, 3)?.shape.clone();
            shape.swap(1, 2);
            Ok::<_, ShapeError>(Fact::new(DType::F32, shape))
        };
        let (w, r) = (turned(1)?, turned(2)?);
        for (i, of) in [(9, 1), (11, 2)] {
            inputs.same_dtype(i - 1, DType::F32)?;
            if inputs.opt(i).is_some() {
                inputs.same_dtype(i, inputs.req(of)?.dtype)?;
            }
        }
        let plain = [Some(x), Some(&w), Some(&r), inputs.opt(3), inputs.opt(4), inputs.opt(5), inputs.opt(6), inputs.opt(7)];
        self.layer.infer(&Inputs(&plain))
    }

    fn reference(&self, io: &mut Io<'_>) -> Result<(), OpError> {
        let e = self.extents(io)?;
        let states = [e.directions, e.batch, e.hidden];
        let mut asked = expect_shape(io, 0, &[&[e.time], &states[..]].concat())?;
        asked |= expect_shape(io, 1, &states)?;
        asked |= expect_shape(io, 2, &states)?;
        if !asked {
            return Ok(());
        }
        let mut run = Run { layer: &self.layer, e, lengths: lengths(io, &e)?, h: state(io, 5, &e)?, c: state(io, 6, &e)? };
        let mut y = vec![0.0; e.time * e.directions * e.batch * e.hidden];
        let steps = run.lengths.iter().copied().max().unwrap_or(0);
        let x = io.slice::<f32>(0)?;
        let x = Codes::new(x.get(..steps * e.batch * e.input).unwrap_or_default());
        for d in 0..e.directions {
            let weights = Weights::new(io, &e, d)?;
            for step in 0..steps {
                run.step(d, step, &x, &weights, &mut y);
            }
        }
        for (i, made) in [y, run.h, run.c].iter().enumerate().take(io.num_outputs()) {
            io.out_slice::<f32>(i)?.copy_from_slice(made);
        }
        Ok(())
    }
}

#[derive(Clone, Copy)]
struct Extents {
    time: usize,
    batch: usize,
    input: usize,
    hidden: usize,
    directions: usize,
}

impl DynamicQuantizeLstm {
    fn extents(&self, io: &Io<'_>) -> Result<Extents, OpError> {
        let (x, w, r) = (io.shape(0)?, io.shape(1)?, io.shape(2)?);
        let wrong = || OpError::Value(format!("cannot take {x} with weights {w} and {r}"));
        let (&[time, batch, input], &[_, _, _], &[directions, hidden, rows]) = (x.dims(), w.dims(), r.dims()) else { return Err(wrong()) };
        let e = Extents { time, batch, input, hidden, directions };
        let fits = directions == self.layer.direction.count()
            && hidden.checked_mul(4) == Some(rows)
            && w.dims() == [directions, input, rows]
            && self.layer.hidden_size.is_none_or(|h| h == hidden);
        if fits { Ok(e) } else { Err(wrong()) }
    }
}

/// The number of steps of each sequence.
fn lengths(io: &Io<'_>, e: &Extents) -> Result<Vec<usize>, OpError> {
    let Some(view) = io.opt(4) else { return Ok(vec![e.time; e.batch]) };
    let given = view.as_slice::<i32>()?;
    let read = given.iter().map(|&n| usize::try_from(n).ok().filter(|&n| n <= e.time)).collect::<Option<Vec<_>>>();
    read.filter(|list| list.len() == e.batch)
        .ok_or_else(|| OpError::Value(format!("input 4: expected {} lengths of 0 to {}", e.batch, e.time)))
}

/// An initial state; zeros where it is left out.
fn state(io: &Io<'_>, i: usize, e: &Extents) -> Result<Vec<f32>, OpError> {
    let count = e.directions * e.batch * e.hidden;
    let given = io.opt(i).map(|view| view.as_slice::<f32>().map(<[f32]>::to_vec)).transpose()?;
    match given {
        None => Ok(vec![0.0; count]),
        Some(list) if list.len() == count => Ok(list),
        Some(list) => Err(OpError::Value(format!("input {i}: expected {count} elements, got {}", list.len()))),
    }
}

/// Numbers as codes of which the zero point is taken away.
struct Codes {
    scale: f32,
    codes: Vec<i16>,
}

impl Codes {
    fn new(x: &[f32]) -> Self {
        let (scale, zero) = scale_of(x);
        let mut bytes = vec![0u8; x.len()];
        quantize(x, scale, zero, &mut bytes);
        Codes { scale, codes: bytes.iter().map(|&v| i16::from(v) - zero as i16).collect() }
    }
}

/// The weights of one direction, a row for each sum of a gate, with the scale of each row.
struct Matrix {
    codes: Vec<i16>,
    scales: Vec<f32>,
}

impl Matrix {
    /// Input `i` has `inner` rows of `rows` elements a direction; its scales and zero points are inputs `params` and the next.
    fn new(io: &Io<'_>, i: usize, params: usize, inner: usize, rows: usize, e: &Extents, d: usize) -> Result<Self, OpError> {
        let scales = io.slice::<f32>(params)?;
        let zeros = zeros(io, params + 1)?;
        let place = |len: usize, row: usize| if len == e.directions * rows { d * rows + row } else { d };
        for (at, len) in [(params, scales.len()), (params + 1, zeros.len())] {
            let fits = [e.directions, e.directions * rows].contains(&len);
            if !fits && io.opt(at).is_some() {
                return Err(OpError::Value(format!("input {at}: expected {} or {} elements", e.directions, e.directions * rows)));
            }
        }
        let zero = |row: usize| zeros.get(place(zeros.len(), row)).copied().unwrap_or(0);
        let mut codes = vec![0i16; inner * rows];
        let own = d * inner * rows;
        centred(
            &io.input(i)?,
            |at| zero(at % rows.max(1)),
            |at, v| {
                if let Some(at) = at.checked_sub(own).filter(|&at| at < inner * rows) {
                    codes[at % rows * inner + at / rows] = v;
                }
            },
        )?;
        let scales = (0..rows).map(|row| scales.get(place(scales.len(), row)).copied().unwrap_or(0.0)).collect();
        Ok(Matrix { codes, scales })
    }

    /// Adds products with rows of `k` codes to `sums`.
    fn add(&self, x: &[i16], scale: f32, k: usize, sums: &mut [f32]) {
        let rows = self.scales.len();
        products(x, &self.codes, k, |i, j, sum| sums[i * rows + j] += sum as f32 * (scale * self.scales[j]));
    }
}

/// What one direction has.
struct Weights<'a> {
    w: Matrix,
    r: Matrix,
    bias: &'a [f32],
    peepholes: &'a [f32],
}

impl<'a> Weights<'a> {
    fn new(io: &Io<'a>, e: &Extents, d: usize) -> Result<Self, OpError> {
        let rows = 4 * e.hidden;
        let part = |i: usize, len: usize| -> Result<&'a [f32], OpError> {
            let Some(view) = io.opt(i) else { return Ok(&[]) };
            let part = view.as_slice::<f32>()?.get(d * len..(d + 1) * len);
            part.ok_or_else(|| OpError::Value(format!("input {i}: expected {len} elements a direction")))
        };
        Ok(Weights {
            w: Matrix::new(io, 1, 8, e.input, rows, e, d)?,
            r: Matrix::new(io, 2, 10, e.hidden, rows, e, d)?,
            bias: part(3, 2 * rows)?,
            peepholes: part(7, 3 * e.hidden)?,
        })
    }

    fn bias(&self, row: usize) -> f32 {
        let at = |i: usize| self.bias.get(i).copied().unwrap_or(0.0);
        at(row) + at(self.bias.len() / 2 + row)
    }

    fn peephole(&self, p: usize, j: usize, hidden: usize) -> f64 {
        self.peepholes.get(p * hidden + j).map_or(0.0, |&v| f64::from(v))
    }
}

struct Run<'a> {
    layer: &'a Recurrent,
    e: Extents,
    lengths: Vec<usize>,
    h: Vec<f32>,
    c: Vec<f32>,
}

impl Run<'_> {
    fn step(&mut self, d: usize, step: usize, x: &Codes, weights: &Weights<'_>, y: &mut [f32]) {
        let e = self.e;
        let (rows, own) = (4 * e.hidden, d * e.batch * e.hidden);
        let time = |length: usize| if self.layer.direction.is_reverse(d) { length - 1 - step } else { step };
        let times: Vec<Option<usize>> = self.lengths.iter().map(|&n| (step < n).then(|| time(n))).collect();
        let mut taken = vec![0i16; e.batch * e.input];
        for (n, t) in times.iter().enumerate().filter_map(|(n, t)| Some((n, (*t)?))) {
            let from = (t * e.batch + n) * e.input;
            taken[n * e.input..][..e.input].copy_from_slice(&x.codes[from..][..e.input]);
        }
        let mut sums = vec![0.0f32; e.batch * rows];
        weights.w.add(&taken, x.scale, e.input, &mut sums);
        let h = Codes::new(&self.h[own..][..e.batch * e.hidden]);
        weights.r.add(&h.codes, h.scale, e.hidden, &mut sums);
        for (n, t) in times.iter().enumerate().filter_map(|(n, t)| Some((n, (*t)?))) {
            let at = own + n * e.hidden;
            self.cell(d, at, &sums[n * rows..][..rows], weights);
            y[((t * e.directions + d) * e.batch + n) * e.hidden..][..e.hidden].copy_from_slice(&self.h[at..][..e.hidden]);
        }
    }

    /// The state at `at` after one step.
    fn cell(&mut self, d: usize, at: usize, sums: &[f32], weights: &Weights<'_>) {
        let hidden = self.e.hidden;
        let functions = &self.layer.activations[d * 3..][..3];
        let clip = self.layer.clip.map_or(f64::INFINITY, f64::from);
        let input_forget = self.layer.cell == Cell::Lstm { input_forget: true };
        for j in 0..hidden {
            let sum = |gate: usize| f64::from(sums[gate * hidden + j] + weights.bias(gate * hidden + j));
            let call = |f: usize, v: f64| functions[f].apply(if v.is_nan() { v } else { v.clamp(-clip, clip) });
            let peephole = |p: usize, c: f32| weights.peephole(p, j, hidden) * f64::from(c);
            let (h, c) = (&mut self.h[at + j], &mut self.c[at + j]);
            let i = call(0, sum(0) + peephole(0, *c));
            let f = if input_forget { 1.0 - i } else { call(0, sum(2) + peephole(2, *c)) };
            *c = (f * f64::from(*c) + i * call(1, sum(3))) as f32;
            let o = call(0, sum(1) + peephole(1, *c));
            *h = (o * functions[2].apply(f64::from(*c))) as f32;
        }
    }
}
