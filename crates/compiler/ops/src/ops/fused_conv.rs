//! fs.Conv: a 2-D convolution with packed weights, bias, residual and activation in the store.

use std::sync::Arc;

use fastserve_ir::{
    AttrError, Attrs, ConvSpec, Fact, Inputs, Io, Layout, LowerCx, Lowered, Op, OpError, OpRef, PackConvSpec, ShapeError, Window2d,
};
use fastserve_kernels::epilogue::BiasAxis;
use fastserve_tensor::{DType, Shape, TensorView, TensorViewMut};

use crate::def::OpDef;
use crate::elements::count;
use crate::epilogue::{self, Addends};
use crate::ops::conv::Conv;
use crate::ops::pack_conv::{packed_order, read_size};
use crate::window::{AutoPad, WindowAttrs};

/// `act(X * W + bias[O] + residual)` on `[N, C, H, W]`.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct FusedConv(pub ConvSpec);

pub(crate) const DEFS: &[OpDef] = &[OpDef { name: "fs.Conv", since: 1, build }];

fn build(attrs: &Attrs, _: i64) -> Result<OpRef, AttrError> {
    attrs.only(&[&epilogue::NAMES[..], &["mr", "group", "kernel_shape", "strides", "dilations", "pads"]].concat())?;
    let window = Window2d {
        kernel: read_array(attrs, "kernel_shape", [1; 2])?,
        strides: read_array(attrs, "strides", [1; 2])?,
        dilations: read_array(attrs, "dilations", [1; 2])?,
        pads: read_array(attrs, "pads", [0; 4])?,
    };
    WindowAttrs::read(attrs)?;
    let (mr, group) = (read_size(attrs, "mr")?, read_size(attrs, "group")?);
    Ok(Arc::new(FusedConv(ConvSpec { window, group, mr, epilogue: epilogue::read(attrs, BiasAxis::Row)? })))
}

fn read_array<const N: usize>(attrs: &Attrs, name: &'static str, default: [usize; N]) -> Result<[usize; N], AttrError> {
    let Some(list) = attrs.sizes(name)? else { return Ok(default) };
    list.try_into().map_err(|l: Vec<usize>| AttrError::value(name, format!("expected {N} elements, got {}", l.len())))
}

impl Op for FusedConv {
    fn name(&self) -> &'static str {
        "fs.Conv"
    }

    fn attrs(&self) -> Attrs {
        let attrs = self.plain().window.write(Attrs::new());
        let attrs = attrs.with_int("mr", self.0.mr as i64).with_int("group", self.0.group as i64);
        epilogue::write(&self.0.epilogue, attrs)
    }

    fn infer(&self, inputs: &Inputs<'_>) -> Result<Vec<Fact>, ShapeError> {
        let w = inputs.req(1)?;
        if w.layout != (Layout::ConvWeights { mr: self.0.mr, group: self.0.group }) {
            return Err(ShapeError::shape("input 1 is not packed as the operator says"));
        }
        let bias = self.0.epilogue.bias_input().map(|i| inputs.req(i)).transpose()?;
        let plain = Fact::new(w.dtype, w.shape.clone());
        let facts = self.plain().infer(&Inputs(&[Some(inputs.ranked(0, 4)?), Some(&plain), bias]))?;
        facts.iter().try_for_each(|out| epilogue::check_residual(&self.0.epilogue, inputs, out))?;
        Ok(facts)
    }

    fn reference(&self, io: &mut Io<'_>) -> Result<(), OpError> {
        let (x, packed, out) = (io.input(0)?, io.slice::<f32>(1)?, io.out_shape(0)?);
        let [kh, kw] = self.0.window.kernel;
        if x.shape().rank() != 4 || out.rank() != 4 {
            return Err(OpError::Value(format!("expected {out} of {} to be of rank 4", x.shape())));
        }
        let (channels, outputs) = (x.shape()[1] / self.0.group, out[1]);
        let shape = Shape::new(&[outputs, channels, kh, kw])?;
        if shape.checked_numel() != Some(packed.len()) {
            return Err(OpError::Value(format!("expected the weights {shape}, got {} elements", packed.len())));
        }
        let mut w = vec![0.0f32; packed.len()];
        packed_order(&shape, PackConvSpec { mr: self.0.mr, group: self.0.group })?.for_each(|(plain, at)| w[plain] = packed[at]);
        let inputs = [Some(x), Some(TensorView::of(shape, &w)?)];
        let y = io.output(0)?;
        let mut plain_out = [TensorViewMut::new(DType::F32, out, y.bytes_mut())?];
        self.plain().reference(&mut Io::new(&inputs, &mut plain_out))?;
        self.finish(io, &out)
    }

    fn lower(&self, _: &LowerCx<'_>) -> Lowered {
        Lowered::Conv(self.0)
    }
}

impl FusedConv {
    /// The convolution alone, as the ONNX operator.
    fn plain(&self) -> Conv {
        let Window2d { kernel, strides, dilations, pads } = self.0.window;
        let window = WindowAttrs {
            kernel_shape: Some(kernel.to_vec()),
            strides: strides.to_vec(),
            dilations: dilations.to_vec(),
            pads: pads.to_vec(),
            auto_pad: AutoPad::NotSet,
            ceil_mode: false,
        };
        Conv { window, group: self.0.group }
    }

    fn finish(&self, io: &mut Io<'_>, out: &Shape) -> Result<(), OpError> {
        let outputs = io.out_slice::<f32>(0)?.len();
        let addends = Addends::of(&self.0.epilogue, io, out[1], outputs)?;
        let space = count(&out[2..]);
        for (i, y) in io.out_slice::<f32>(0)?.iter_mut().enumerate() {
            *y = addends.finish(&self.0.epilogue, i, i / space % out[1], f64::from(*y));
        }
        Ok(())
    }
}
