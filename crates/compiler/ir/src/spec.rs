//! What a backend shall run for an operator: data, with no closure and no backend's type in it.

use std::sync::Arc;

use fastserve_kernels::elementwise::{BinaryOp, UnaryOp};
use fastserve_kernels::epilogue::Epilogue;
use fastserve_kernels::gemm::PackFormat;
use fastserve_kernels::recurrent::RecurrentCell;
use fastserve_kernels::reduce::ReduceOp;
use fastserve_tensor::{MAX_RANK, Shape};

use crate::fact::Fact;
use crate::graph::Graph;
use crate::map::MapOp;
use crate::movement::{Coordinates, Movement};
use crate::op::Inputs;

/// What an operator sees when it lowers itself.
pub struct LowerCx<'a> {
    /// Facts of the inputs.
    pub inputs: Inputs<'a>,
    /// Facts of the outputs.
    pub outputs: &'a [&'a Fact],
}

impl LowerCx<'_> {
    /// Whether all inputs that are there and all outputs are row-major f32.
    pub fn all_f32(&self) -> bool {
        use fastserve_tensor::DType::F32;
        self.inputs.0.iter().flatten().chain(self.outputs).all(|f| f.dtype == F32)
    }
}

/// What to run. Extents are not part of it: they are those of the values at run time.
#[derive(Clone, Debug, PartialEq)]
pub enum Lowered {
    /// `A[…, M, K] · B[…, K, N]`, B packed or as it lies.
    Gemm(GemmSpec),
    /// A 2-D convolution with packed weights.
    Conv(ConvSpec),
    /// 2-D pooling.
    Pool(PoolSpec),
    /// Softmax along one axis.
    Softmax(SoftmaxSpec),
    /// Attention: inputs are Q, K, V, and optionally a condition and two addends.
    Attention(AttentionSpec),
    /// A reduction over axes.
    Reduce(ReduceSpec),
    /// Rows normalised by their mean and variance: inputs are X, and optionally scale and bias.
    Normalize(NormalizeSpec),
    /// A recurrent layer with packed weights: inputs are X, W, R, B, none, the initial state and the initial cell state.
    Recurrent(RecurrentSpec),
    /// Taps added into an image: inputs are the taps, and optionally a bias a channel.
    Col2Im(Col2ImSpec),
    /// One input, element by element.
    Unary(UnaryOp),
    /// Two inputs, element by element, broadcast.
    Binary(BinaryOp),
    /// Packs the right operand of a GEMM.
    PackGemmB(PackGemmSpec),
    /// Packs the weights of a convolution.
    PackConv(PackConvSpec),
    /// A function of one element of each input, of any types, broadcast.
    Map(MapOp),
    /// Elements moved.
    Move(Movement),
    /// The last two axes resized, values in between by straight lines: coordinates, and the scale of either axis as the model gives it.
    Linear(Coordinates, [Option<f32>; 2]),
    /// Local response normalisation across channels.
    Lrn(LrnSpec),
    /// Row-major to channel-blocked.
    ToBlocks,
    /// Channel-blocked to row-major.
    FromBlocks,
    /// Graphs that run within the node.
    Control(ControlSpec),
    /// The output is the first input's bytes.
    Alias,
    /// The operator's own reference body.
    Reference,
}

/// A graph that a node runs, and the node's input that each of its own inputs after the first ones comes from.
#[derive(Clone, Debug, PartialEq)]
pub struct Body {
    /// The graph.
    pub graph: Arc<Graph>,
    /// For each captured input, the place among the node's inputs.
    pub captures: Vec<usize>,
}

/// Which graphs run, how often, on what.
#[derive(Clone, Debug, PartialEq)]
pub enum ControlSpec {
    /// The first where input 0 holds, else the second; all their inputs are captured.
    If(Body, Body),
    /// Inputs are the number of trips, the condition and what is carried, of which there are so many.
    Loop(Body, usize),
    /// Inputs are the states, then what is scanned.
    Scan(Body, ScanSpec),
}

/// How a scan walks.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ScanSpec {
    /// Number of states.
    pub states: usize,
    /// For each scanned input, its axis and whether it is walked backwards.
    pub inputs: Vec<(i64, bool)>,
    /// For each stacked output, its axis and whether it is filled backwards.
    pub outputs: Vec<(i64, bool)>,
}

/// `A · B`: inputs are A, B, then the bias and the residual if the epilogue has them.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct GemmSpec {
    /// A is stored `[K, M]`.
    pub trans_a: bool,
    /// B is row-major: what must be packed of it is packed in each run. Else it is packed already.
    pub rows: bool,
    /// A row-major B is stored `[N, K]`.
    pub trans_b: bool,
    /// How B is packed, before or in the run.
    pub format: PackFormat,
    /// What is done to each result as it is stored.
    pub epilogue: Epilogue,
}

/// Packing of B.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct PackGemmSpec {
    /// B is stored `[N, K]`.
    pub trans_b: bool,
    /// The packing.
    pub format: PackFormat,
}

/// Packing of a convolution's weights, as in [`crate::Layout::ConvWeights`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct PackConvSpec {
    /// Output channels of a panel; 16 with `blocks`.
    pub mr: usize,
    /// Number of groups.
    pub group: usize,
    /// In blocks of 16 output channels, as in [`crate::Layout::ConvBlocks`].
    pub blocks: bool,
}

/// A sliding window over two dimensions.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Window2d {
    /// Extents of the window (height, width); a 0 stands for all of the input's.
    pub kernel: [usize; 2],
    /// Steps.
    pub strides: [usize; 2],
    /// Distances between taps.
    pub dilations: [usize; 2],
    /// Zeros before and after: top, left, bottom, right.
    pub pads: [usize; 4],
}

/// A convolution: inputs are X `[N, C, H, W]`, packed weights, then the bias and the residual if the epilogue has them.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct ConvSpec {
    /// The window.
    pub window: Window2d,
    /// Number of groups.
    pub group: usize,
    /// Output channels of a panel of weights; 16 with `blocks`.
    pub mr: usize,
    /// The output and the residual are channel-blocked, the weights in blocks, and the input either way.
    pub blocks: bool,
    /// What is done to each result as it is stored.
    pub epilogue: Epilogue,
}

/// What a pooling window computes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum PoolKind {
    /// The largest; NaN if there is one.
    Max,
    /// The mean.
    Average {
        /// Whether padding counts as elements.
        count_include_pad: bool,
    },
}

/// Pooling of `[N, C, H, W]`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct PoolSpec {
    /// What is computed.
    pub kind: PoolKind,
    /// The window.
    pub window: Window2d,
}

/// Local response normalisation: `x / (bias + alpha / size · Σ x²)^beta`.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct LrnSpec {
    /// Number of channels in a sum.
    pub size: usize,
    /// Weight of the mean of squares.
    pub alpha: f32,
    /// The exponent.
    pub beta: f32,
    /// Added to the mean of squares.
    pub bias: f32,
}

/// Softmax.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct SoftmaxSpec {
    /// First of the axes that sum to 1.
    pub axis: usize,
    /// Whether all axes from `axis` on sum to 1 together (opset below 13), or `axis` alone.
    pub flatten: bool,
    /// Whether the logarithm is taken.
    pub log: bool,
}

/// `Softmax(scale · Q · Kᵀ, chosen among, then added to) · V`. Its operands and its result are tensors whose axes stand in an order of
/// their own.
#[derive(Clone, Debug, PartialEq)]
pub struct AttentionSpec {
    /// Factor of the products.
    pub scale: f32,
    /// Of Q, K and V: axis `i` of `[heads…, row, column]` is axis `orders[…][i]` of the tensor, which may have one axis more. Of the result:
    /// axis `i` of the tensor is axis `orders[3][i]` of `[heads…, row, column]`.
    pub orders: [Vec<usize>; 4],
    /// Of Q, K and V: where the tensor is read on the axis that is not in its order.
    pub places: [usize; 3],
    /// Whether scores stay where the condition holds, or where it does not.
    pub stays: bool,
    /// What the other scores become.
    pub fill: f32,
}

impl AttentionSpec {
    /// Where operand `i` (Q, K or V) begins in a tensor of these extents, and its strides along heads, rows and columns; `None` where the
    /// tensor has no such axes or place.
    pub fn strides(&self, i: usize, shape: &Shape) -> Option<(usize, [usize; MAX_RANK])> {
        let (own, order) = (shape.strides(), self.orders.get(i)?);
        let mut start = 0;
        if shape.rank() == order.len() + 1 {
            let axis = (0..shape.rank()).find(|axis| !order.contains(axis))?;
            let place = *self.places.get(i)?;
            start = (place < shape[axis]).then(|| place * own[axis])?;
        }
        let mut strides = [0; MAX_RANK];
        for (stride, &axis) in strides.iter_mut().zip(order) {
            *stride = *own.get(axis).filter(|_| axis < shape.rank())?;
        }
        Some((start, strides))
    }
}

/// A reduction.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct ReduceSpec {
    /// What is made of the elements.
    pub op: ReduceOp,
    /// For each axis whether it goes. Trailing axes that are known to be 1 go with the one before them.
    pub goes: [bool; MAX_RANK],
}

/// Which elements share a mean and a variance.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum NormalizeOver {
    /// All axes from this one on; scale and bias have an element for each position in them.
    From(usize),
    /// The spatial axes of a channel; scale and bias have an element a channel.
    Channel,
    /// The spatial axes of each of so many groups of channels; scale and bias have an element a channel.
    Groups(usize),
}

/// A normalisation.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct NormalizeSpec {
    /// Which elements share a mean and a variance.
    pub over: NormalizeOver,
    /// Added to the variance.
    pub epsilon: f32,
    /// Whether the mean is subtracted first.
    pub centred: bool,
}

/// A recurrent layer.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct RecurrentSpec {
    /// Which cell.
    pub cell: RecurrentCell,
    /// One direction, or two.
    pub directions: usize,
    /// Whether the only direction walks from the last step; the second of two always does.
    pub reverse: bool,
    /// How the weights are packed.
    pub format: PackFormat,
}

/// Taps added into an image. Its extents are those of the output.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Col2ImSpec {
    /// Extents of the window (height, width).
    pub kernel: [usize; 2],
    /// Steps in the image.
    pub strides: [usize; 2],
    /// Distances between taps in the image.
    pub dilations: [usize; 2],
    /// What is cut off the top and the left.
    pub pads: [usize; 2],
}
