//! fs.PackConv: the weights of a convolution, packed for a kernel.

use std::sync::Arc;

use fastserve_ir::{
    AttrError, Attrs, CHANNEL_BLOCK, Fact, Inputs, Io, Layout, LowerCx, Lowered, Op, OpError, OpRef, PackConvSpec, ShapeError,
};
use fastserve_tensor::DType;

use crate::def::OpDef;

/// Weights `[O, I/group, kh, kw]` to their packed form. Constant weights are packed when the model is loaded: this node folds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PackConv(pub PackConvSpec);

pub(crate) const DEFS: &[OpDef] = &[OpDef { name: "fs.PackConv", since: 1, build }];

fn build(attrs: &Attrs, _: i64) -> Result<OpRef, AttrError> {
    attrs.only(&["mr", "group", "blocks"])?;
    let (mr, blocks) = read_form(attrs)?;
    Ok(Arc::new(PackConv(PackConvSpec { mr, group: read_size(attrs, "group")?, blocks })))
}

/// Output channels of a panel, and whether panels are blocks of 16 channels.
pub(crate) fn read_form(attrs: &Attrs) -> Result<(usize, bool), AttrError> {
    if attrs.flag("blocks", false)? { Ok((CHANNEL_BLOCK, true)) } else { Ok((read_size(attrs, "mr")?, false)) }
}

/// The way back of [`read_form`].
pub(crate) fn write_form(attrs: Attrs, mr: usize, blocks: bool) -> Attrs {
    if blocks { attrs.with_int("blocks", 1) } else { attrs.with_int("mr", mr as i64) }
}

/// The layout of packed weights.
pub(crate) fn packed_layout(spec: PackConvSpec) -> Layout {
    if spec.blocks { Layout::ConvBlocks } else { Layout::ConvWeights { mr: spec.mr, group: spec.group } }
}

/// A required attribute that is at least 1 and small.
pub(crate) fn read_size(attrs: &Attrs, name: &'static str) -> Result<usize, AttrError> {
    let value = attrs.int(name)?.ok_or(AttrError::Missing(name))?;
    let size = usize::try_from(value).ok().filter(|v| (1..=1 << 20).contains(v));
    size.ok_or_else(|| AttrError::value(name, format!("expected 1 to 1048576, got {value}")))
}

impl Op for PackConv {
    fn name(&self) -> &'static str {
        "fs.PackConv"
    }

    fn attrs(&self) -> Attrs {
        write_form(Attrs::new(), self.0.mr, self.0.blocks).with_int("group", self.0.group as i64)
    }

    fn infer(&self, inputs: &Inputs<'_>) -> Result<Vec<Fact>, ShapeError> {
        let w = inputs.ranked(0, 4)?;
        inputs.same_dtype(0, DType::F32)?;
        let layout = packed_layout(self.0);
        if w.shape[0].known().is_none_or(|o| o % self.0.group != 0) {
            return Err(ShapeError::shape("output channels do not divide into the groups"));
        }
        Ok(vec![Fact::new(DType::F32, w.shape.clone()).with_layout(layout)])
    }

    fn reference(&self, io: &mut Io<'_>) -> Result<(), OpError> {
        let shape = io.shape(0)?;
        let order = packed_order(&shape, self.0)?;
        let w = io.slice::<f32>(0)?;
        let y = io.out_slice::<f32>(0)?;
        if packed_layout(self.0).storage_numel(&shape) != Some(y.len()) || shape.checked_numel() != Some(w.len()) {
            return Err(OpError::Value(format!("{shape} does not pack into {} elements", y.len())));
        }
        y.fill(0.0);
        order.for_each(|(plain, packed)| y[packed] = w[plain]);
        Ok(())
    }

    fn lower(&self, _: &LowerCx<'_>) -> Lowered {
        Lowered::PackConv(self.0)
    }
}

/// For each weight of `[O, I/group, kh, kw]`, its position there and in the packed form.
pub(crate) fn packed_order(shape: &[usize], spec: PackConvSpec) -> Result<impl Iterator<Item = (usize, usize)> + use<>, OpError> {
    let [o, channels, kh, kw] = *shape else {
        return Err(OpError::Value(format!("expected weights of rank 4, got {shape:?}")));
    };
    let PackConvSpec { mr, group, blocks } = spec;
    // Extents of an empty tensor may be anything: they are neither multiplied nor allocated by.
    let (o, channels, kh, kw) = if shape.contains(&0) { (0, 0, 0, 0) } else { (o, channels, kh, kw) };
    if o % group != 0 {
        return Err(OpError::Value(format!("{o} output channels do not divide into {group} groups")));
    }
    let (k, rows) = (channels * kh * kw, o / group);
    let rank: Vec<usize> = ranks(channels, kh * kw);
    Ok((0..o * k).map(move |plain| {
        let (row, at) = (plain / k, plain % k);
        if blocks {
            return (plain, ((row / CHANNEL_BLOCK) * k + rank[at]) * CHANNEL_BLOCK + row % CHANNEL_BLOCK);
        }
        let (g, r) = (row / rows, row % rows);
        let (start, height) = tile_of(r, rows, mr);
        (plain, (g * rows + start) * k + rank[at] * height + r - start)
    }))
}

/// First row and height of the tile that a row is in: the fewest tiles of at most `mr` rows, the higher ones first.
fn tile_of(row: usize, rows: usize, mr: usize) -> (usize, usize) {
    let tiles = rows.div_ceil(mr);
    let (low, higher) = (rows / tiles, rows % tiles);
    let split = higher * (low + 1);
    if row < split { (row / (low + 1) * (low + 1), low + 1) } else { (split + (row - split) / low * low, low) }
}

/// For each (channel, tap), its place in the order (channel block of 16, tap, channel in block).
fn ranks(channels: usize, taps: usize) -> Vec<usize> {
    let mut ranks = vec![0; channels * taps];
    let mut next = 0;
    for block in (0..channels).step_by(CHANNEL_BLOCK) {
        for tap in 0..taps {
            for c in block..(block + CHANNEL_BLOCK).min(channels) {
                ranks[c * taps + tap] = next;
                next += 1;
            }
        }
    }
    ranks
}
