//! The sliding window of convolution and pooling.

use crate::error::{KernelError, require};

/// A 2-D window; each pair is (height, width). A 1-D one has height 1.
#[derive(Copy, Clone, Debug, PartialEq, Eq, Hash)]
pub struct Window {
    /// Kernel size.
    pub kernel: [usize; 2],
    /// Step between windows.
    pub stride: [usize; 2],
    /// Step between elements of a window.
    pub dilation: [usize; 2],
    /// Padding at the top, left, bottom and right.
    pub pads: [usize; 4],
}

impl Window {
    /// A window of the given size with stride and dilation 1 and no padding.
    pub const fn new(kernel: [usize; 2]) -> Window {
        Window { kernel, stride: [1, 1], dilation: [1, 1], pads: [0; 4] }
    }

    /// The output size for an input of the given size, rounded down.
    ///
    /// # Errors
    /// Where a kernel size, stride or dilation is zero, the window is larger than the padded input, or a size overflows.
    pub fn output(&self, input: [usize; 2]) -> Result<[usize; 2], KernelError> {
        Ok([self.along(input, 0)?, self.along(input, 1)?])
    }

    fn along(&self, input: [usize; 2], axis: usize) -> Result<usize, KernelError> {
        let positive = self.kernel[axis] > 0 && self.stride[axis] > 0 && self.dilation[axis] > 0;
        require(positive, "window", "kernel, stride and dilation must be positive")?;
        let padded = self.padded(input, axis).ok_or(KernelError::Overflow { place: "window" })?;
        let span = self.span(axis).ok_or(KernelError::Overflow { place: "window" })?;
        require(span <= padded, "window", "the window is larger than the padded input")?;
        Ok((padded - span) / self.stride[axis] + 1)
    }

    /// The padded input's size along `axis`.
    pub(crate) fn padded(&self, input: [usize; 2], axis: usize) -> Option<usize> {
        input[axis].checked_add(self.pads[axis])?.checked_add(self.pads[axis + 2])
    }

    /// From a window's first element to its last, along `axis`.
    fn span(&self, axis: usize) -> Option<usize> {
        (self.kernel[axis] - 1).checked_mul(self.dilation[axis])?.checked_add(1)
    }

    /// Input rows under a window.
    pub(crate) fn height(&self) -> usize {
        (self.kernel[0] - 1) * self.dilation[0] + 1
    }

    /// Kernel positions.
    pub(crate) fn taps(&self) -> usize {
        self.kernel[0] * self.kernel[1]
    }
}
