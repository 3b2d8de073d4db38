//! fs.Conv: a 2-D convolution with packed weights, bias and activation in the store.

use std::sync::Arc;

use fastserve_ir::{
    AttrError, Attrs, ConvSpec, Fact, Inputs, Io, Layout, LowerCx, Lowered, Op, OpError, OpRef, PackConvSpec, ShapeError, Window2d,
};
use fastserve_kernels::epilogue::BiasAxis;
use fastserve_tensor::{DType, Shape, TensorView, TensorViewMut};

use crate::def::OpDef;
use crate::elements::count;
use crate::epilogue;
use crate::ops::conv::Conv;
use crate::ops::pack_conv::{packed_layout, packed_order, read_form, read_size, write_form};
use crate::window::{AutoPad, WindowAttrs};

/// `act(X * W + bias[O])` on `[N, C, H, W]`, or on `[N, C, W]` as height 1.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct FusedConv(pub ConvSpec);

pub(crate) const DEFS: &[OpDef] = &[OpDef { name: "fs.Conv", since: 1, build }];

fn build(attrs: &Attrs, _: i64) -> Result<OpRef, AttrError> {
    attrs.only(&[&epilogue::NAMES[..], &["mr", "blocks", "group", "kernel_shape", "strides", "dilations", "pads"]].concat())?;
    let window = Window2d {
        kernel: read_array(attrs, "kernel_shape", [1; 2])?,
        strides: read_array(attrs, "strides", [1; 2])?,
        dilations: read_array(attrs, "dilations", [1; 2])?,
        pads: read_array(attrs, "pads", [0; 4])?,
    };
    WindowAttrs::read(attrs)?;
    let ((mr, blocks), group) = (read_form(attrs)?, read_size(attrs, "group")?);
    Ok(Arc::new(FusedConv(ConvSpec { window, group, mr, blocks, epilogue: epilogue::read(attrs, BiasAxis::Row)? })))
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
        let attrs = write_form(attrs, self.0.mr, self.0.blocks).with_int("group", self.0.group as i64);
        epilogue::write(&self.0.epilogue, attrs)
    }

    fn infer(&self, inputs: &Inputs<'_>) -> Result<Vec<Fact>, ShapeError> {
        let w = inputs.req(1)?;
        if w.layout != packed_layout(self.packing()) {
            return Err(ShapeError::shape("input 1 is not packed as the operator says"));
        }
        let bias = if self.0.epilogue.bias == BiasAxis::None { None } else { Some(inputs.req(2)?) };
        let plain = Fact::new(w.dtype, w.shape.clone());
        let mut x = self.input(inputs.req(0)?)?;
        let flat = x.rank() == 3 && !self.0.blocks;
        if flat {
            x.shape.insert(2, 1.into());
        }
        if x.rank() != 4 {
            return Err(ShapeError::shape(format!("input 0: expected rank 4, or 3 in rows, got {}", x.rank())));
        }
        let mut outputs = self.plain().infer(&Inputs(&[Some(&x), Some(&plain), bias]))?;
        for out in &mut outputs {
            if flat && out.shape.remove(2).known() != Some(1) {
                return Err(ShapeError::shape("the window along the height of a single spatial axis is not 1"));
            }
            out.layout = self.layout();
            self.check_residual(inputs, out)?;
        }
        Ok(outputs)
    }

    fn reference(&self, io: &mut Io<'_>) -> Result<(), OpError> {
        let (x, packed, out) = (io.input(0)?, io.slice::<f32>(1)?, with_height(io.out_shape(0)?)?);
        let x = x.reshaped(with_height(*x.shape())?)?;
        let [kh, kw] = self.0.window.kernel;
        if x.shape().rank() != 4 || out.rank() != 4 {
            return Err(OpError::Value(format!("expected {out} of {} to be of rank 4", x.shape())));
        }
        let (channels, outputs) = (x.shape()[1] / self.0.group, out[1]);
        let shape = Shape::new(&[outputs, channels, kh, kw])?;
        if packed_layout(self.packing()).storage_numel(&shape) != Some(packed.len()) {
            return Err(OpError::Value(format!("expected the weights {shape}, got {} elements", packed.len())));
        }
        let mut w = vec![0.0f32; shape.numel()];
        packed_order(&shape, self.packing())?.for_each(|(plain, at)| w[plain] = packed[at]);
        let inputs = [Some(x), Some(TensorView::of(shape, &w)?)];
        let y = io.output(0)?;
        let mut plain_out = [TensorViewMut::new(DType::F32, out, y.bytes_mut())?];
        self.plain().reference(&mut Io::new(&inputs, &mut plain_out))?;
        self.finish(io, &out)
    }

    fn knows_blocks(&self) -> bool {
        true
    }

    fn lower(&self, _: &LowerCx<'_>) -> Lowered {
        Lowered::Conv(self.0)
    }
}

/// A single spatial axis is a width, and the height is 1.
fn with_height(shape: Shape) -> Result<Shape, OpError> {
    Ok(if let [n, c, w] = *shape.dims() { Shape::new(&[n, c, 1, w])? } else { shape })
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

    fn packing(&self) -> PackConvSpec {
        PackConvSpec { mr: self.0.mr, group: self.0.group, blocks: self.0.blocks }
    }

    /// How the output lies.
    fn layout(&self) -> Layout {
        if self.0.blocks { Layout::Channels16 } else { Layout::RowMajor }
    }

    /// The input as it would be in rows.
    fn input(&self, x: &Fact) -> Result<Fact, ShapeError> {
        match x.layout {
            Layout::RowMajor => Ok(x.clone()),
            Layout::Channels16 if self.0.blocks => Ok(x.clone().with_layout(Layout::RowMajor)),
            _ => Err(ShapeError::shape("input 0 does not lie as the operator reads it")),
        }
    }

    fn check_residual(&self, inputs: &Inputs<'_>, out: &Fact) -> Result<(), ShapeError> {
        let Some(at) = epilogue::residual_input(&self.0.epilogue) else { return Ok(()) };
        if inputs.req(at)?.agrees_with(out) { Ok(()) } else { Err(ShapeError::shape("the residual is not like the output")) }
    }

    fn finish(&self, io: &mut Io<'_>, out: &Shape) -> Result<(), OpError> {
        let bias = if self.0.epilogue.bias == BiasAxis::None { None } else { Some(io.slice::<f32>(2)?) };
        let residual = epilogue::residual_input(&self.0.epilogue).map(|at| io.slice::<f32>(at)).transpose()?;
        if residual.is_some_and(|r| r.len() != out.numel()) {
            return Err(OpError::Value(format!("expected {} elements of residual", out.numel())));
        }
        if bias.is_some_and(|b| b.len() != out[1]) {
            return Err(OpError::Value(format!("expected {} elements of bias", out[1])));
        }
        let space = count(&out[2..]);
        for (i, y) in io.out_slice::<f32>(0)?.iter_mut().enumerate() {
            *y = epilogue::apply(&self.0.epilogue, f64::from(*y), bias.map(|b| b[i / space % out[1]]), residual.map(|r| r[i]));
        }
        Ok(())
    }
}
