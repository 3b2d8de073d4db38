//! LSTM, GRU and RNN.

use std::sync::Arc;

use fastserve_ir::{AttrError, Attrs, Dim, DimOp, Fact, Inputs, Io, Op, OpError, OpRef, ShapeError};
use fastserve_tensor::DType;

use crate::def::OpDef;
use crate::elements::{for_float, require_float};
pub use crate::recurrent::activation::{Activation, ActivationKind};
use crate::recurrent::{activation, body};

/// Which cell.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Cell {
    /// Gates update, reset, hidden (z r h).
    Gru {
        /// Whether the recurrent product of the hidden gate is made before the reset gate is applied.
        linear_before_reset: bool,
    },
    /// Gates input, output, forget, cell (i o f c).
    Lstm {
        /// Whether the forget gate is one minus the input gate.
        input_forget: bool,
    },
    /// One gate.
    Rnn,
}

/// In which order a sequence is walked.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Direction {
    /// From the first step.
    Forward,
    /// From the last step.
    Reverse,
    /// Both, with weights of their own.
    Both,
}

/// A recurrent layer. Inputs are X, W, R, and optionally B, sequence_lens, initial_h; an LSTM also takes initial_c and P.
#[derive(Clone, Debug, PartialEq)]
pub struct Recurrent {
    /// Which cell.
    pub cell: Cell,
    /// In which order a sequence is walked.
    pub direction: Direction,
    /// The functions, [`Cell::functions`] a direction.
    pub activations: Vec<Activation>,
    /// Sums of gates are cut to ± this before their function.
    pub clip: Option<f32>,
    /// Extent of the hidden state, which the weights say too.
    pub hidden_size: Option<usize>,
    /// Layout 1: the batch is the first axis of X, Y and the states.
    pub batch_first: bool,
}

/// `output_sequence` of opset 1 said whether Y is made; now it is where it is used.
const COMMON: [&str; 8] =
    ["activation_alpha", "activation_beta", "activations", "clip", "direction", "hidden_size", "layout", "output_sequence"];

pub(crate) const DEFS: &[OpDef] = &[
    OpDef { name: "GRU", since: 1, build: build_gru },
    OpDef { name: "LSTM", since: 1, build: build_lstm },
    OpDef { name: "RNN", since: 1, build: build_rnn },
];

fn build_gru(attrs: &Attrs, _: i64) -> Result<OpRef, AttrError> {
    attrs.only(&[&COMMON[..], &["linear_before_reset"]].concat())?;
    build(attrs, Cell::Gru { linear_before_reset: attrs.flag("linear_before_reset", false)? })
}

fn build_lstm(attrs: &Attrs, _: i64) -> Result<OpRef, AttrError> {
    Ok(Arc::new(lstm(attrs)?))
}

/// An LSTM by its attributes.
pub(crate) fn lstm(attrs: &Attrs) -> Result<Recurrent, AttrError> {
    attrs.only(&[&COMMON[..], &["input_forget"]].concat())?;
    read(attrs, Cell::Lstm { input_forget: attrs.flag("input_forget", false)? })
}

fn build_rnn(attrs: &Attrs, _: i64) -> Result<OpRef, AttrError> {
    attrs.only(&COMMON)?;
    build(attrs, Cell::Rnn)
}

fn build(attrs: &Attrs, cell: Cell) -> Result<OpRef, AttrError> {
    Ok(Arc::new(read(attrs, cell)?))
}

fn read(attrs: &Attrs, cell: Cell) -> Result<Recurrent, AttrError> {
    let direction = match attrs.str("direction")?.as_deref() {
        // The default of GRU is misspelt in opset 1.
        None | Some("forward" | "foward") => Direction::Forward,
        Some("reverse") => Direction::Reverse,
        Some("bidirectional") => Direction::Both,
        Some(other) => return Err(AttrError::value("direction", format!("expected forward, reverse or bidirectional, got {other}"))),
    };
    let activations = activation::read(attrs, cell.functions(), direction.count())?;
    let hidden_size = attrs.int("hidden_size")?.map(usize::try_from).transpose();
    let hidden_size = hidden_size.map_err(|_| AttrError::value("hidden_size", "expected no negative number"))?;
    // A clip of 0 means none in the implementations that models are made with.
    let clip = attrs.float("clip")?.filter(|&c| c != 0.0);
    if clip.is_some_and(|c| c.is_nan() || c < 0.0) {
        return Err(AttrError::value("clip", "expected a positive number"));
    }
    Ok(Recurrent { cell, direction, activations, clip, hidden_size, batch_first: attrs.flag("layout", false)? })
}

impl Cell {
    /// Number of gates.
    pub fn gates(self) -> usize {
        match self {
            Cell::Gru { .. } => 3,
            Cell::Lstm { .. } => 4,
            Cell::Rnn => 1,
        }
    }

    /// The default functions.
    pub fn functions(self) -> &'static [ActivationKind] {
        use ActivationKind::{Sigmoid, Tanh};
        match self {
            Cell::Gru { .. } => &[Sigmoid, Tanh],
            Cell::Lstm { .. } => &[Sigmoid, Tanh, Tanh],
            Cell::Rnn => &[Tanh],
        }
    }

    fn has_memory(self) -> bool {
        matches!(self, Cell::Lstm { .. })
    }
}

impl Direction {
    /// Number of directions.
    pub fn count(self) -> usize {
        if self == Direction::Both { 2 } else { 1 }
    }

    /// Whether direction number `d` walks from the last step.
    pub fn is_reverse(self, d: usize) -> bool {
        self == Direction::Reverse || d == 1
    }
}

impl Op for Recurrent {
    fn name(&self) -> &'static str {
        match self.cell {
            Cell::Gru { .. } => "GRU",
            Cell::Lstm { .. } => "LSTM",
            Cell::Rnn => "RNN",
        }
    }

    fn attrs(&self) -> Attrs {
        let mut attrs = activation::write(Attrs::new(), &self.activations, self.cell.functions());
        match self.direction {
            Direction::Forward => {}
            Direction::Reverse => attrs = attrs.with_str("direction", "reverse"),
            Direction::Both => attrs = attrs.with_str("direction", "bidirectional"),
        }
        attrs = self.clip.into_iter().fold(attrs, |attrs, clip| attrs.with_float("clip", clip));
        attrs = self.hidden_size.into_iter().fold(attrs, |attrs, h| attrs.with_int("hidden_size", h as i64));
        let flags = [
            ("input_forget", self.cell == Cell::Lstm { input_forget: true }),
            ("layout", self.batch_first),
            ("linear_before_reset", self.cell == Cell::Gru { linear_before_reset: true }),
        ];
        flags.into_iter().filter(|(_, set)| *set).fold(attrs, |attrs, (name, _)| attrs.with_int(name, 1))
    }

    fn infer(&self, inputs: &Inputs<'_>) -> Result<Vec<Fact>, ShapeError> {
        let x = require_float(inputs, 0)?;
        inputs.ranked(0, 3)?;
        let (w, r) = (inputs.ranked(1, 3)?, inputs.ranked(2, 3)?);
        let hidden = self.hidden_size.map_or_else(|| r.shape[2].clone(), Dim::Known);
        let (time, batch) = if self.batch_first { (&x.shape[1], &x.shape[0]) } else { (&x.shape[0], &x.shape[1]) };
        let (time, batch) = (time.clone(), batch.clone());
        let rows = hidden.clone().combine(DimOp::Mul, self.cell.gates().into()).ok_or(ShapeError::Overflow)?;
        let directions = || Dim::Known(self.direction.count());
        agree(1, w, &[directions(), rows.clone(), x.shape[2].clone()])?;
        agree(2, r, &[directions(), rows.clone(), hidden.clone()])?;
        self.check_optional(inputs, x.dtype, [directions(), rows, batch.clone(), hidden.clone()])?;
        let state = || self.state_shape(directions(), batch.clone(), hidden.clone());
        let y = match self.batch_first {
            true => vec![batch.clone(), time, directions(), hidden.clone()],
            false => vec![time, directions(), batch.clone(), hidden.clone()],
        };
        let fact = |shape| Fact::new(x.dtype, shape);
        let mut facts = vec![fact(y), fact(state())];
        if self.cell.has_memory() {
            facts.push(fact(state()));
        }
        Ok(facts)
    }

    fn reference(&self, io: &mut Io<'_>) -> Result<(), OpError> {
        let dtype = io.dtype(0)?;
        for_float!(dtype, T => body::run::<T>(self, io))
    }
}

impl Recurrent {
    fn state_shape(&self, directions: Dim, batch: Dim, hidden: Dim) -> Vec<Dim> {
        if self.batch_first { vec![batch, directions, hidden] } else { vec![directions, batch, hidden] }
    }

    fn check_optional(&self, inputs: &Inputs<'_>, dtype: DType, extents: [Dim; 4]) -> Result<(), ShapeError> {
        let [directions, rows, batch, hidden] = extents;
        let state = self.state_shape(directions.clone(), batch.clone(), hidden.clone());
        let times = |d: Dim, n: usize| d.combine(DimOp::Mul, n.into()).ok_or(ShapeError::Overflow);
        let peepholes = vec![directions.clone(), times(hidden, 3)?];
        let expected = [(3, vec![directions, times(rows, 2)?]), (5, state.clone()), (6, state), (7, peepholes)];
        for (i, shape) in expected.into_iter().take(if self.cell.has_memory() { 4 } else { 2 }) {
            if inputs.opt(i).is_some() {
                agree(i, inputs.same_dtype(i, dtype)?, &shape)?;
            }
        }
        match inputs.opt(4) {
            Some(_) => agree(4, inputs.same_dtype(4, DType::I32)?, &[batch]),
            None => Ok(()),
        }
    }
}

/// Refuses known extents that differ from known ones.
fn agree(i: usize, fact: &Fact, expected: &[Dim]) -> Result<(), ShapeError> {
    if fact.rank() != expected.len() || fact.shape.iter().zip(expected).any(|(a, b)| a.differs(b)) {
        return Err(ShapeError::shape(format!("input {i}: expected {expected:?}, got {:?}", fact.shape)));
    }
    Ok(())
}
