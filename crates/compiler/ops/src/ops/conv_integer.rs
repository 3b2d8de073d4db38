//! ConvInteger.

use std::sync::Arc;

use fastserve_ir::{AttrError, Attrs, Fact, Inputs, Io, Op, OpError, OpRef, ShapeError};
use fastserve_tensor::{DType, Shape};

use crate::def::OpDef;
use crate::elements::count;
use crate::ops::conv::{Conv, unflatten};
use crate::quantized::codes::{centred, require_byte, zeros};
use crate::quantized::products::products;
use crate::window::{Axis, taps};

/// The convolution of `x − x_zero_point` with `w − w_zero_point` in i32, which wraps around. There is one zero point of x, and one of w
/// or one for each output channel.
#[derive(Clone, Debug, PartialEq)]
pub struct ConvInteger {
    /// Window and groups.
    pub conv: Conv,
}

pub(crate) const DEFS: &[OpDef] = &[OpDef { name: "ConvInteger", since: 10, build }];

fn build(attrs: &Attrs, _: i64) -> Result<OpRef, AttrError> {
    Ok(Arc::new(ConvInteger { conv: Conv::read(attrs)? }))
}

impl Op for ConvInteger {
    fn name(&self) -> &'static str {
        "ConvInteger"
    }

    fn attrs(&self) -> Attrs {
        self.conv.attrs()
    }

    fn infer(&self, inputs: &Inputs<'_>) -> Result<Vec<Fact>, ShapeError> {
        let (x, w) = (require_byte(inputs, 0)?, require_byte(inputs, 1)?);
        for (i, of) in [(2, x), (3, w)] {
            if inputs.opt(i).is_some() {
                inputs.same_dtype(i, of.dtype)?;
            }
        }
        Ok(vec![Fact::new(DType::I32, self.conv.shape(x, w)?)])
    }

    fn reference(&self, io: &mut Io<'_>) -> Result<(), OpError> {
        let (sx, sw, so) = (io.shape(0)?, io.shape(1)?, io.out_shape(0)?);
        let axes = self.conv.check_extents(&sx, &sw, &so)?;
        let taken = count(&sw[1..]);
        if so.contains(&0) || taken == 0 {
            io.out_slice::<i32>(0)?.fill(0);
            return Ok(());
        }
        let (zx, zw) = (zeros(io, 2)?, zeros(io, 3)?);
        let &[zx] = &zx[..] else { return Err(OpError::Value("input 2: expected one zero point".into())) };
        if ![1, sw[0]].contains(&zw.len()) {
            return Err(OpError::Value(format!("input 3: expected 1 or {} zero points, got {}", sw[0], zw.len())));
        }
        let (channels, space) = (sx[1], count(&sx[2..]));
        let mut x = vec![0i16; sx.numel()];
        let last = |i: usize| i / (channels * space) * channels * space + i % space * channels + i / space % channels;
        centred(&io.input(0)?, |_| zx, |i, v| x[last(i)] = v)?;
        let (depth, window) = (sw[1], count(&sw[2..]));
        let mut w = vec![0i16; sw.numel()];
        let last = |i: usize| i / taken * taken + i % window * depth + i / window % depth;
        centred(&io.input(1)?, |i| zw[i / taken % zw.len()], |i, v| w[last(i)] = v)?;
        Job { axes: &axes, group: self.conv.group, sx: &sx, sw: &sw, so: &so, x: &x, w: &w }.run(io.out_slice::<i32>(0)?);
        Ok(())
    }
}

/// Elements of the windows that are gathered at a time.
const GATHERED: usize = 1 << 15;

/// x with its channels last, weights with their input channels last.
struct Job<'a> {
    axes: &'a [Axis],
    group: usize,
    sx: &'a Shape,
    sw: &'a Shape,
    so: &'a Shape,
    x: &'a [i16],
    w: &'a [i16],
}

impl Job<'_> {
    fn run(&self, y: &mut [i32]) {
        let (space, taken) = (count(&self.so[2..]), count(&self.sw[1..]));
        let strip = (GATHERED / taken).clamp(1, space);
        let mut patches = vec![0i16; strip * taken];
        for start in (0..space).step_by(strip) {
            let here = strip.min(space - start);
            let places = self.places(start, here);
            for (n, y) in y.chunks_exact_mut(self.so[1] * space).enumerate() {
                for g in 0..self.group {
                    self.gather(n, g, &places, &mut patches);
                    self.sums(g, &patches[..here * taken], |o, p, sum| y[o * space + start + p] = sum);
                }
            }
        }
    }

    /// (output position, tap, input position) of every tap that does not fall into the padding.
    fn places(&self, start: usize, here: usize) -> Vec<(usize, usize, usize)> {
        let mut places = Vec::new();
        for p in 0..here {
            taps(self.axes, &unflatten(start + p, &self.so[2..]), &self.sx[2..], |tap, position| {
                let tap = tap.iter().zip(&self.sw[2..]).fold(0, |flat, (t, d)| flat * d + t);
                places.push((p, tap, position));
            });
        }
        places
    }

    fn gather(&self, n: usize, g: usize, places: &[(usize, usize, usize)], patches: &mut [i16]) {
        let (depth, channels, taken) = (self.sw[1], self.sx[1], count(&self.sw[1..]));
        let image = &self.x[n * channels * count(&self.sx[2..])..];
        patches.fill(0);
        for &(p, tap, position) in places {
            let from = &image[position * channels + g * depth..][..depth];
            patches[p * taken + tap * depth..][..depth].copy_from_slice(from);
        }
    }

    fn sums(&self, g: usize, patches: &[i16], mut put: impl FnMut(usize, usize, i32)) {
        let (taken, outputs) = (count(&self.sw[1..]), self.sw[0] / self.group);
        let weights = &self.w[g * outputs * taken..][..outputs * taken];
        products(patches, weights, taken, |p, o, sum| put(g * outputs + o, p, sum));
    }
}
