//! Convolution of `[batch][channels][h][w]` inputs, weights packed beforehand, with an epilogue.

mod cost;
mod direct;
mod direct_tile;
mod im2col;
mod pack;
mod product;
mod run;
mod table;

pub(crate) use direct_tile::{Direct, DirectLines};
pub(crate) use im2col::PanelFill;
pub(crate) use pack::Runs;
pub use pack::{pack_weights, packed_len};
pub use run::{ConvF32, conv_f32, scratch_len};
use table::Method;
pub use table::{CONV, ConvRow, rows, select};

use crate::error::{KernelError, product, require};
use crate::window::Window;

/// The sizes of a 2-D convolution, checked against each other. A 1-D convolution is one of height 1.
#[derive(Copy, Clone, Debug, PartialEq, Eq, Hash)]
pub struct ConvShape {
    batch: usize,
    in_channels: usize,
    out_channels: usize,
    group: usize,
    input: [usize; 2],
    output: [usize; 2],
    window: Window,
}

impl ConvShape {
    /// Checks the sizes and computes the output's. Weights are `[out_channels][in_channels / group][kernel]`.
    ///
    /// # Errors
    /// Where channels do not divide into groups, the window does not fit the padded input, or a size overflows.
    pub fn new(
        batch: usize,
        in_channels: usize,
        out_channels: usize,
        group: usize,
        input: [usize; 2],
        window: Window,
    ) -> Result<ConvShape, KernelError> {
        let divides = group > 0 && in_channels.is_multiple_of(group) && out_channels.is_multiple_of(group);
        require(divides, "conv group", "input and output channels must be multiples of the group")?;
        let output = window.output(input)?;
        let [kh, kw] = window.kernel;
        product("conv input", &[batch, in_channels, input[0], input[1]])?;
        product("conv output", &[batch, out_channels, output[0], output[1]])?;
        product("conv weights", &[out_channels, in_channels / group, kh, kw])?;
        Ok(ConvShape { batch, in_channels, out_channels, group, input, output, window })
    }

    /// The same convolution for another batch.
    pub fn with_batch(self, batch: usize) -> Result<ConvShape, KernelError> {
        ConvShape::new(batch, self.in_channels, self.out_channels, self.group, self.input, self.window)
    }

    /// Images.
    pub const fn batch(&self) -> usize {
        self.batch
    }

    /// Channels of the input.
    pub const fn in_channels(&self) -> usize {
        self.in_channels
    }

    /// Channels of the output.
    pub const fn out_channels(&self) -> usize {
        self.out_channels
    }

    /// Groups of channels.
    pub const fn group(&self) -> usize {
        self.group
    }

    /// Height and width of the input.
    pub const fn input(&self) -> [usize; 2] {
        self.input
    }

    /// Height and width of the output.
    pub const fn output(&self) -> [usize; 2] {
        self.output
    }

    /// The window.
    pub const fn window(&self) -> &Window {
        &self.window
    }

    /// Elements of the input.
    pub const fn input_len(&self) -> usize {
        self.batch * self.in_channels * self.input[0] * self.input[1]
    }

    /// Elements of the output.
    pub const fn output_len(&self) -> usize {
        self.batch * self.out_channels * self.pixels()
    }

    /// Elements of the weights.
    pub const fn weights_len(&self) -> usize {
        self.out_channels * self.k()
    }

    /// Output positions of one channel.
    pub(crate) const fn pixels(&self) -> usize {
        self.output[0] * self.output[1]
    }

    /// Input channels of a group.
    pub(crate) const fn group_in(&self) -> usize {
        self.in_channels / self.group
    }

    /// Output channels of a group.
    pub(crate) const fn group_out(&self) -> usize {
        self.out_channels / self.group
    }

    /// Products in a sum.
    pub(crate) const fn k(&self) -> usize {
        self.group_in() * self.window.kernel[0] * self.window.kernel[1]
    }
}
