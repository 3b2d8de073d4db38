#![allow(unsafe_code)]
//! Windows added into an image: what follows the product in a transposed convolution.

use crate::disjoint::Disjoint;
use crate::error::{KernelError, check_len, product, require};
use crate::grain::team_for;
use fastserve_parallel::Team;
use fastserve_simd::{Cpu, Isa, Kernel};

/// Planes of taps, and the image that they are added into.
#[derive(Copy, Clone, Debug, PartialEq, Eq, Hash)]
pub struct Col2ImShape {
    /// Images.
    pub batch: usize,
    /// Channels of an image; the taps of each are `kernel[0] * kernel[1]` planes.
    pub channels: usize,
    /// Height and width of a plane of taps.
    pub input: [usize; 2],
    /// Height and width of the image.
    pub output: [usize; 2],
    /// Extents of the window.
    pub kernel: [usize; 2],
    /// Steps in the image.
    pub stride: [usize; 2],
    /// Distances between taps in the image.
    pub dilation: [usize; 2],
    /// What is cut off the top and the left of the image.
    pub pads: [usize; 2],
}

/// Elements that a task writes, about.
const TASK_ELEMENTS: usize = 16 * 1024;

/// `y[n][c] = bias[c] + Σ x[n][c][tap]`, each tap moved to its place: the sum starts with the bias (or +0) and takes the taps in
/// ascending order (row of the window, then column). Positions outside the image are left out.
///
/// # Errors
/// A slice that is too short, or a size that overflows.
pub fn col2im_f32(cpu: Cpu, shape: &Col2ImShape, x: &[f32], bias: Option<&[f32]>, y: &mut [f32], team: Team) -> Result<(), KernelError> {
    let plane = product("col2im y", &shape.output)?;
    let taps = product("col2im x", &[shape.kernel[0], shape.kernel[1], shape.input[0], shape.input[1]])?;
    let images = product("col2im y", &[shape.batch, shape.channels])?;
    let len = product("col2im y", &[images, plane])?;
    check_len("col2im x", product("col2im x", &[images, taps])?, x.len())?;
    check_len("col2im y", len, y.len())?;
    check_len("col2im bias", if bias.is_some() { shape.channels } else { 0 }, bias.map_or(0, <[f32]>::len))?;
    check_axes(shape)?;
    if len == 0 {
        return Ok(());
    }
    let per_task = TASK_ELEMENTS.div_ceil(plane);
    let out = Disjoint::new(&mut y[..len]);
    team_for(team, || len.saturating_add(x.len())).run(images.div_ceil(per_task), &|task, _| {
        for i in task.0 * per_task..images.min((task.0 + 1) * per_task) {
            // SAFETY: the planes do not overlap.
            let y = unsafe { out.part(i * plane..(i + 1) * plane) };
            let bias = bias.map_or(0.0, |b| b[i % shape.channels]);
            cpu.run(Plane { shape, x: &x[i * taps..(i + 1) * taps], bias, y });
        }
    });
    Ok(())
}

/// Steps are not 0, and positions do not overflow.
fn check_axes(shape: &Col2ImShape) -> Result<(), KernelError> {
    for i in 0..2 {
        require(shape.stride[i] > 0, "col2im stride", "not 0")?;
        let tap = shape.kernel[i].checked_mul(shape.dilation[i]);
        let last = shape.input[i].checked_mul(shape.stride[i]).zip(tap).and_then(|(a, b)| a.checked_add(b));
        let end = shape.output[i].checked_add(shape.pads[i]).and_then(|end| end.checked_add(shape.stride[i]));
        if last.is_none() || end.is_none() {
            return Err(KernelError::Overflow { place: "col2im" });
        }
    }
    Ok(())
}

struct Plane<'a> {
    shape: &'a Col2ImShape,
    x: &'a [f32],
    bias: f32,
    y: &'a mut [f32],
}

/// Along one axis, the input positions whose tap falls into the image, and the image position of position 0 plus the padding.
#[inline(always)]
fn along(shape: &Col2ImShape, axis: usize, tap: usize) -> (usize, usize, usize) {
    let (stride, at) = (shape.stride[axis], tap * shape.dilation[axis]);
    let first = shape.pads[axis].saturating_sub(at).div_ceil(stride);
    let end = (shape.output[axis] + shape.pads[axis]).saturating_sub(at).div_ceil(stride).min(shape.input[axis]);
    (first.min(end), end, at)
}

impl Kernel for Plane<'_> {
    type Out = ();

    #[inline(always)]
    fn run<I: Isa>(mut self, _: I) {
        let s = self.shape;
        if s.kernel[1] == 2 && s.stride[1] == 2 && s.dilation[1] == 1 && s.pads == [0; 2] && s.output[1] == 2 * s.input[1] && self.apart(0)
        {
            self.pairs();
            return;
        }
        self.y.fill(self.bias);
        let plane = s.input[0] * s.input[1];
        for ky in 0..s.kernel[0] {
            for kx in 0..s.kernel[1] {
                let tap = (ky * s.kernel[1] + kx) * plane;
                self.add_tap(ky, kx, tap);
            }
        }
    }
}

impl Plane<'_> {
    /// Whether windows lie side by side along an axis, and fill the image.
    #[inline(always)]
    fn apart(&self, axis: usize) -> bool {
        let s = self.shape;
        s.kernel[axis] == s.stride[axis] && s.dilation[axis] == 1 && s.output[axis] == s.stride[axis] * s.input[axis]
    }

    /// Windows side by side, two wide: each output has one tap.
    #[inline(always)]
    fn pairs(&mut self) {
        let [height, width] = self.shape.input;
        let plane = height * width;
        let stride = self.shape.stride[0];
        for (row, y) in self.y.chunks_exact_mut(2 * width).enumerate() {
            let at = row % stride * 2 * plane + row / stride * width;
            let (left, right) = (&self.x[at..at + width], &self.x[at + plane..at + plane + width]);
            for ((y, left), right) in y.as_chunks_mut::<2>().0.iter_mut().zip(left).zip(right) {
                *y = [self.bias + left, self.bias + right];
            }
        }
    }

    #[inline(always)]
    fn add_tap(&mut self, ky: usize, kx: usize, tap: usize) {
        let s = self.shape;
        let (top, bottom, down) = along(s, 0, ky);
        let (left, right, across) = along(s, 1, kx);
        if left == right {
            return;
        }
        for row in top..bottom {
            let x = &self.x[tap + row * s.input[1]..][left..right];
            let oy = row * s.stride[0] + down - s.pads[0];
            let y = &mut self.y[oy * s.output[1] + left * s.stride[1] + across - s.pads[1]..];
            if s.stride[1] == 1 {
                y.iter_mut().zip(x).for_each(|(y, x)| *y += x);
            } else {
                y.iter_mut().step_by(s.stride[1]).zip(x).for_each(|(y, x)| *y += x);
            }
        }
    }
}
