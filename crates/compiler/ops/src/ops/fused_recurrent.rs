//! fs.GRU, fs.LSTM and fs.RNN: recurrent layers with packed weights and the default functions.

use std::sync::Arc;

use fastserve_ir::{
    AttrError, Attrs, Fact, Inputs, Io, Layout, LowerCx, Lowered, Op, OpError, OpRef, RecurrentSpec, ShapeError, pack_format_name,
};
use fastserve_kernels::gemm::PackFormat;
use fastserve_kernels::recurrent::RecurrentCell;
use fastserve_tensor::{DType, Shape, TensorView, TensorViewMut};

use crate::def::OpDef;
use crate::ops::pack_gemm::{packed_index, read_format};
use crate::ops::recurrent::{Activation, Cell, Direction, Recurrent};

/// A layer whose W `[directions, input, gates · hidden]` and R `[directions, hidden, gates · hidden]` are packed. Its other inputs are
/// those of the ONNX operator, without lengths and peepholes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct FusedRecurrent(pub RecurrentSpec);

pub(crate) const DEFS: &[OpDef] = &[
    OpDef { name: "fs.GRU", since: 1, build: |attrs, _| build(attrs, RecurrentCell::Gru) },
    OpDef { name: "fs.LSTM", since: 1, build: |attrs, _| build(attrs, RecurrentCell::Lstm) },
    OpDef { name: "fs.RNN", since: 1, build: |attrs, _| build(attrs, RecurrentCell::Rnn) },
];

fn build(attrs: &Attrs, cell: RecurrentCell) -> Result<OpRef, AttrError> {
    attrs.only(&["direction", "format"])?;
    let (directions, reverse) = match attrs.str("direction")?.as_deref() {
        None | Some("forward") => (1, false),
        Some("reverse") => (1, true),
        Some("bidirectional") => (2, false),
        Some(other) => return Err(AttrError::value("direction", format!("expected forward, reverse or bidirectional, got {other}"))),
    };
    Ok(Arc::new(FusedRecurrent(RecurrentSpec { cell, directions, reverse, format: read_format(attrs)? })))
}

impl Op for FusedRecurrent {
    fn name(&self) -> &'static str {
        match self.0.cell {
            RecurrentCell::Gru => "fs.GRU",
            RecurrentCell::Lstm => "fs.LSTM",
            RecurrentCell::Rnn => "fs.RNN",
        }
    }

    fn attrs(&self) -> Attrs {
        let attrs = Attrs::new().with_str("format", pack_format_name(self.0.format));
        match (self.0.directions, self.0.reverse) {
            (2, _) => attrs.with_str("direction", "bidirectional"),
            (_, true) => attrs.with_str("direction", "reverse"),
            _ => attrs,
        }
    }

    fn infer(&self, inputs: &Inputs<'_>) -> Result<Vec<Fact>, ShapeError> {
        let weights = [self.plain_weights(inputs, 1)?, self.plain_weights(inputs, 2)?];
        if inputs.opt(4).is_some() || inputs.len() > 7 {
            return Err(ShapeError::shape("lengths and peepholes are not taken"));
        }
        inputs.same_dtype(0, DType::F32)?;
        let mut plain: Vec<Option<&Fact>> = inputs.0.to_vec();
        plain[1] = Some(&weights[0]);
        plain[2] = Some(&weights[1]);
        self.plain().infer(&Inputs(&plain))
    }

    fn reference(&self, io: &mut Io<'_>) -> Result<(), OpError> {
        let x = io.shape(0)?;
        let y = io.out_shape(0)?;
        let ([_, _, input], [.., hidden]) = (x.dims(), y.dims()) else {
            return Err(OpError::Value(format!("expected {y} of {x}")));
        };
        let w = self.unpacked(io.slice::<f32>(1)?, *hidden, *input)?;
        let r = self.unpacked(io.slice::<f32>(2)?, *hidden, *hidden)?;
        let mut inputs: Vec<Option<TensorView<'_>>> = (0..io.num_inputs()).map(|i| io.opt(i)).collect();
        let rows = self.0.cell.gates() * hidden;
        inputs[1] = Some(TensorView::of(Shape::new(&[self.0.directions, rows, *input])?, &w)?);
        inputs[2] = Some(TensorView::of(Shape::new(&[self.0.directions, rows, *hidden])?, &r)?);
        self.plain_outputs(io, &inputs)
    }

    fn lower(&self, _: &LowerCx<'_>) -> Lowered {
        Lowered::Recurrent(self.0)
    }
}

impl FusedRecurrent {
    /// The ONNX operator.
    fn plain(&self) -> Recurrent {
        let cell = match self.0.cell {
            RecurrentCell::Gru => Cell::Gru { linear_before_reset: true },
            RecurrentCell::Lstm => Cell::Lstm { input_forget: false },
            RecurrentCell::Rnn => Cell::Rnn,
        };
        let direction = match (self.0.directions, self.0.reverse) {
            (2, _) => Direction::Both,
            (_, true) => Direction::Reverse,
            _ => Direction::Forward,
        };
        let activations = cell.functions().repeat(direction.count()).into_iter().map(Activation::new).collect();
        Recurrent { cell, direction, activations, clip: None, hidden_size: None, batch_first: false }
    }

    fn plain_weights(&self, inputs: &Inputs<'_>, i: usize) -> Result<Fact, ShapeError> {
        let packed = inputs.ranked(i, 3)?;
        if packed.layout != Layout::GemmB(self.0.format) || packed.dtype != DType::F32 {
            return Err(ShapeError::shape(format!("input {i} is not packed as the operator says")));
        }
        let shape = vec![packed.shape[0].clone(), packed.shape[2].clone(), packed.shape[1].clone()];
        Ok(Fact::new(DType::F32, shape))
    }

    /// Weights `[directions, gates · hidden, k]` from their packed form.
    fn unpacked(&self, packed: &[f32], hidden: usize, k: usize) -> Result<Vec<f32>, OpError> {
        let rows = hidden.checked_mul(self.0.cell.gates()).ok_or(ShapeError::Overflow)?;
        let one = self.0.format.packed_len(rows, k).ok_or(ShapeError::Overflow)?;
        if one.checked_mul(self.0.directions) != Some(packed.len()) {
            return Err(OpError::Value(format!("weights of {rows} by {k} do not pack into {} elements", packed.len())));
        }
        let count = self.0.directions * rows * k;
        let at = |i: usize| i / (rows * k) * one + packed_index(self.0.format, k, i % k, i / k % rows);
        Ok((0..count).map(|i| packed[at(i)]).collect())
    }

    fn plain_outputs(&self, io: &mut Io<'_>, inputs: &[Option<TensorView<'_>>]) -> Result<(), OpError> {
        let shapes: Vec<Shape> = (0..io.num_outputs()).map(|i| io.out_shape(i)).collect::<Result<_, _>>()?;
        let mut made: Vec<Vec<f32>> = shapes.iter().map(|s| vec![0.0; s.numel()]).collect();
        {
            let views: Result<Vec<TensorViewMut<'_>>, _> =
                made.iter_mut().zip(&shapes).map(|(m, s)| TensorViewMut::new(DType::F32, *s, bytemuck::cast_slice_mut(m))).collect();
            self.plain().reference(&mut Io::new(inputs, &mut views?))?;
        }
        for (i, made) in made.iter().enumerate() {
            let y = io.out_slice::<f32>(i)?;
            if y.len() != made.len() {
                return Err(OpError::Value(format!("output {i}: expected {} elements, got {}", y.len(), made.len())));
            }
            y.copy_from_slice(made);
        }
        Ok(())
    }
}

/// The spec of a layer that has kernels, or why there are none.
pub fn spec(layer: &Recurrent, format: PackFormat) -> Result<RecurrentSpec, &'static str> {
    let cell = match layer.cell {
        Cell::Gru { linear_before_reset: true } => RecurrentCell::Gru,
        Cell::Gru { .. } => return Err("a reset gate before the recurrent product has no kernel"),
        Cell::Lstm { input_forget: false } => RecurrentCell::Lstm,
        Cell::Lstm { .. } => return Err("coupled gates have no kernel"),
        Cell::Rnn => RecurrentCell::Rnn,
    };
    let functions = layer.cell.functions().iter().map(|&f| Activation::new(f));
    if !layer.activations.chunks(layer.cell.functions().len()).all(|a| a.iter().copied().eq(functions.clone())) {
        return Err("functions other than the default ones have no kernel");
    }
    if layer.clip.is_some() || layer.batch_first {
        return Err("clipped sums and layout 1 have no kernel");
    }
    Ok(RecurrentSpec { cell, directions: layer.direction.count(), reverse: layer.direction == Direction::Reverse, format })
}
