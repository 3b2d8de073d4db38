//! One convolution: its arguments, checked, and the way to the row's method.

use super::{ConvRow, ConvShape, Method, direct, packed_len, product};
use crate::disjoint::Disjoint;
use crate::epilogue::{BiasAxis, Epilogue};
use crate::error::{KernelError, check_len, product as size, require};
use crate::gemm::check_epilogue;
use crate::tile::Output;
use fastserve_parallel::Team;
use fastserve_simd::Cpu;

/// The arguments of one convolution.
#[derive(Debug)]
pub struct ConvF32<'a> {
    /// The sizes.
    pub shape: &'a ConvShape,
    /// The input, `[batch][in_channels][h][w]`.
    pub x: &'a [f32],
    /// The weights, packed by [`super::pack_weights`] for the row.
    pub weights: &'a [f32],
    /// The output, `[batch][out_channels][h][w]`.
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
    pub(super) x: &'a [f32],
    pub(super) weights: &'a [f32],
    pub(super) out: &'a Disjoint<'a, f32>,
    pub(super) epilogue: &'a Epilogue,
    pub(super) bias: &'a [f32],
    pub(super) residual: &'a [f32],
}

impl<'a> Job<'a> {
    /// The planes of one image's group.
    pub(super) fn image(&self, image: usize, group: usize) -> &'a [f32] {
        let len = self.shape.group_in() * self.shape.input[0] * self.shape.input[1];
        &self.x[(image * self.shape.group + group) * len..][..len]
    }

    /// The packed weights of a group.
    pub(super) fn group_weights(&self, group: usize) -> &'a [f32] {
        let len = self.shape.group_out() * self.shape.k();
        &self.weights[group * len..][..len]
    }

    /// The group's channels of an output image as a matrix, one row per channel.
    pub(super) fn output(&self, image: usize, group: usize) -> Output<'a> {
        let shape = self.shape;
        let first = group * shape.group_out();
        Output {
            out: self.out,
            start: (image * shape.out_channels + first) * shape.pixels(),
            stride: shape.pixels(),
            epilogue: self.epilogue,
            row_bias: self.bias.get(first..).unwrap_or(&[]),
            col_bias: &[],
            residual: self.residual,
        }
    }
}

/// Scratch memory in `f32` elements for a team of exactly `threads`. It is enough for a smaller batch too.
pub fn scratch_len(row: &ConvRow, shape: &ConvShape, threads: usize) -> Result<usize, KernelError> {
    let place = "conv scratch";
    let per_thread = match row.method {
        Method::Im2col(_) => product::scratch_per_thread(row, shape),
        Method::Direct(_) => direct::scratch_per_thread(shape),
    };
    size(place, &[per_thread.ok_or(KernelError::Overflow { place })?, threads])
}

/// Runs one convolution with the kernel `row`. `scratch` has [`scratch_len`] elements; its contents do not matter.
///
/// # Errors
/// Where a slice is too short, the bias or residual that the epilogue asks for is absent, or `row` does not run on `cpu`
/// or does not take the shape.
pub fn conv_f32(cpu: Cpu, row: &ConvRow, args: ConvF32<'_>, scratch: &mut [f32], team: Team) -> Result<(), KernelError> {
    check(cpu, row, &args)?;
    check_len("conv scratch", scratch_len(row, args.shape, team.threads())?, scratch.len())?;
    let out = Disjoint::new(args.y);
    let job = Job {
        shape: args.shape,
        x: args.x,
        weights: args.weights,
        out: &out,
        epilogue: args.epilogue,
        bias: args.bias.filter(|_| args.epilogue.bias == BiasAxis::Row).unwrap_or(&[]),
        residual: args.residual.filter(|_| args.epilogue.residual).unwrap_or(&[]),
    };
    match row.method {
        Method::Im2col(block) => product::run(cpu, row, block, &job, scratch, team),
        Method::Direct(part) => direct::run(cpu, row, part, &job, scratch, team),
    }
}

fn check(cpu: Cpu, row: &ConvRow, args: &ConvF32<'_>) -> Result<(), KernelError> {
    if !cpu.has(row.isa) {
        return Err(KernelError::Isa { row: row.name, cpu: cpu.name() });
    }
    let shape = args.shape;
    require(row.takes(shape), "conv row", "the kernel does not take this shape")?;
    check_len("conv x", shape.input_len(), args.x.len())?;
    check_len("conv weights", packed_len(shape), args.weights.len())?;
    check_len("conv y", shape.output_len(), args.y.len())?;
    require(args.epilogue.bias != BiasAxis::Column, "conv bias", "the axis must be None or Row")?;
    let size = (shape.out_channels(), shape.pixels());
    check_epilogue(args.epilogue, size, shape.output_len(), args.bias, args.residual)
}
