//! EmbedLayerNormalization of com.microsoft: embeddings of words, places and segments, added and normalised.

use fastserve_ir::{Attrs, Builder, ComposeError, ValueId};
use fastserve_tensor::{DType, Tensor};

use super::parts::{cast, extent, extents, first, integer, join, opt, req};
use crate::def::CompositeDef;

pub(crate) const DEFS: &[CompositeDef] = &[CompositeDef { name: "com.microsoft.EmbedLayerNormalization", since: 1, compose }];

/// Inputs are words `[B, S]`, segments, the tables of words, places and segments, scale and shift, a mask, and places; outputs are the
/// result, how many elements of each row of the mask are 1, and the sum that was normalised.
fn compose(b: &mut Builder<'_>, attrs: &Attrs, inputs: &[Option<ValueId>]) -> Result<Vec<ValueId>, ComposeError> {
    attrs.only(&["epsilon", "mask_index_type"])?;
    let words = req(inputs, 0)?;
    let mut sum = gather(b, req(inputs, 2)?, words)?;
    let place = places(b, req(inputs, 3)?, words, opt(inputs, 8))?;
    sum = join(b, "Add", sum, place)?;
    if let Some(segments) = opt(inputs, 1) {
        let segment = gather(b, req(inputs, 4)?, segments)?;
        sum = join(b, "Add", sum, segment)?;
    }
    let norm = Attrs::new().with_int("axis", -1).with_float("epsilon", attrs.float_or("epsilon", 1e-12)?);
    let y = first(b.parts("LayerNormalization", norm, &[Some(sum), opt(inputs, 5), opt(inputs, 6)], 1)?)?;
    if b.outputs_asked() < 2 {
        return Ok(vec![y]);
    }
    Ok(vec![y, lengths(b, words, opt(inputs, 7))?, sum])
}

fn gather(b: &mut Builder<'_>, table: ValueId, at: ValueId) -> Result<ValueId, ComposeError> {
    b.part("Gather", Attrs::new().with_int("axis", 0), &[table, at])
}

/// The embeddings of places: the first ones of the table where none are given.
fn places(b: &mut Builder<'_>, table: ValueId, words: ValueId, at: Option<ValueId>) -> Result<ValueId, ComposeError> {
    if let Some(at) = at {
        return gather(b, table, at);
    }
    let (start, step) = (integer(b, 0)?, integer(b, 1)?);
    let len = extent(b, words, 1)?;
    let at = b.part("Range", Attrs::new(), &[start, len, step])?;
    gather(b, table, at)
}

/// How many elements of each row are 1; 0 where there is no mask.
fn lengths(b: &mut Builder<'_>, words: ValueId, mask: Option<ValueId>) -> Result<ValueId, ComposeError> {
    let Some(mask) = mask else {
        let batch = extents(b, words, 0, 1)?;
        return b.part("ConstantOfShape", Attrs::new().with_tensor("value", Tensor::from_slice(&[1], &[0i32])?), &[batch]);
    };
    let one = b.constant(Tensor::scalar(1i32)?);
    let seen = join(b, "Equal", mask, one)?;
    let seen = cast(b, seen, DType::I32)?;
    let axes = b.ints(&[1])?;
    b.part("ReduceSum", Attrs::new().with_int("keepdims", 0), &[seen, axes])
}
