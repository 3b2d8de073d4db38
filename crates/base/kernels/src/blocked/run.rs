//! One blocked convolution: its arguments, checked, and the way to the row's method.

use super::{ConvC16Row, Method, blocked_len, conv, depthwise, packed_len, plan};
use crate::conv::ConvShape;
use crate::disjoint::Disjoint;
use crate::epilogue::{BiasAxis, Epilogue};
use crate::error::{KernelError, check_len, product, require};
use fastserve_parallel::Team;
use fastserve_simd::{Cpu, LANES};

/// How the input of a blocked convolution lies.
#[derive(Copy, Clone, Debug, PartialEq, Eq)]
pub enum InputLayout {
    /// `[batch][ceil(channels / 16)][h][w][16]`.
    Blocked,
    /// `[batch][channels][h][w]`; for convolutions of one group.
    Planes,
}

impl InputLayout {
    /// Elements that one position of `channels` channels takes.
    pub(super) const fn lanes(self, channels: usize) -> usize {
        match self {
            InputLayout::Blocked => channels.div_ceil(LANES) * LANES,
            InputLayout::Planes => channels,
        }
    }
}

/// The arguments of one blocked convolution.
#[derive(Debug)]
pub struct ConvC16F32<'a> {
    /// The sizes.
    pub shape: &'a ConvShape,
    /// How the input lies.
    pub input: InputLayout,
    /// The input.
    pub x: &'a [f32],
    /// The weights, packed by [`super::pack_weights`].
    pub weights: &'a [f32],
    /// The output, blocked.
    pub y: &'a mut [f32],
    /// What follows the sums; the bias axis is None or Row (one value per output channel).
    pub epilogue: &'a Epilogue,
    /// `out_channels` values, where the epilogue has a bias.
    pub bias: Option<&'a [f32]>,
    /// In the output's layout, where the epilogue has a residual.
    pub residual: Option<&'a [f32]>,
}

/// A checked convolution.
pub(super) struct Job<'a> {
    pub(super) shape: &'a ConvShape,
    pub(super) input: InputLayout,
    pub(super) x: &'a [f32],
    pub(super) weights: &'a [f32],
    pub(super) out: &'a Disjoint<'a, f32>,
    pub(super) epilogue: &'a Epilogue,
    pub(super) bias: &'a [f32],
    pub(super) residual: &'a [f32],
}

/// Scratch memory in `f32` elements for a team of exactly `threads`. It is enough for a smaller input and batch too.
///
/// # Errors
/// Where the number overflows.
pub fn scratch_len(row: &ConvC16Row, shape: &ConvShape, input: InputLayout, threads: usize) -> Result<usize, KernelError> {
    let place = "blocked conv scratch";
    let per_thread = match row.method {
        Method::Tiles(_) => plan::scratch_per_thread(shape, input),
        Method::Depthwise(_) => Some(0),
    };
    product(place, &[per_thread.ok_or(KernelError::Overflow { place })?, threads])
}

/// Runs one convolution with the kernel `row`. `scratch` has [`scratch_len`] elements; its contents do not matter.
///
/// # Errors
/// Where a slice is too short, the bias or residual that the epilogue asks for is absent, or `row` does not run on `cpu`
/// or does not take the shape.
pub fn conv_c16_f32(cpu: Cpu, row: &ConvC16Row, args: ConvC16F32<'_>, scratch: &mut [f32], team: Team) -> Result<(), KernelError> {
    check(cpu, row, &args)?;
    check_len("blocked conv scratch", scratch_len(row, args.shape, args.input, team.threads())?, scratch.len())?;
    if args.shape.output_len() == 0 {
        return Ok(());
    }
    let out = Disjoint::new(args.y);
    let job = Job {
        shape: args.shape,
        input: args.input,
        x: args.x,
        weights: args.weights,
        out: &out,
        epilogue: args.epilogue,
        bias: args.bias.filter(|_| args.epilogue.bias == BiasAxis::Row).unwrap_or(&[]),
        residual: args.residual.filter(|_| args.epilogue.residual).unwrap_or(&[]),
    };
    match row.method {
        Method::Tiles(task) => conv::run(cpu, task, &job, scratch, team),
        Method::Depthwise(task) => {
            depthwise::run(cpu, task, &job, team);
            Ok(())
        }
    }
}

fn check(cpu: Cpu, row: &ConvC16Row, args: &ConvC16F32<'_>) -> Result<(), KernelError> {
    if !cpu.has(row.isa) {
        return Err(KernelError::Isa { row: row.name, cpu: cpu.name() });
    }
    let shape = args.shape;
    require(row.takes(shape), "blocked conv row", "the kernel does not take this shape")?;
    let planes = args.input == InputLayout::Planes;
    require(!planes || shape.group() == 1, "blocked conv x", "an input of planes has one group")?;
    let space = shape.input()[0] * shape.input()[1];
    let need = if planes { shape.input_len() } else { blocked_len(shape.batch(), shape.in_channels(), space)? };
    check_len("blocked conv x", need, args.x.len())?;
    check_len("blocked conv weights", packed_len(shape)?, args.weights.len())?;
    let out = blocked_len(shape.batch(), shape.out_channels(), shape.pixels())?;
    check_len("blocked conv y", out, args.y.len())?;
    require(args.epilogue.bias != BiasAxis::Column, "blocked conv bias", "the axis must be None or Row")?;
    let bias = if args.epilogue.bias == BiasAxis::Row { shape.out_channels() } else { 0 };
    check_len("blocked conv bias", bias, args.bias.map_or(0, <[f32]>::len))?;
    let residual = if args.epilogue.residual { out } else { 0 };
    check_len("blocked conv residual", residual, args.residual.map_or(0, <[f32]>::len))
}
