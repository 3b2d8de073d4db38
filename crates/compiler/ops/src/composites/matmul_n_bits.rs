//! MatMulNBits of com.microsoft: a product with a matrix of codes of a few bits.

use fastserve_ir::{AttrError, Attrs, Builder, ComposeError, ValueId};

use super::parts::{first, opt, req};
use crate::def::CompositeDef;

pub(crate) const DEFS: &[CompositeDef] = &[CompositeDef { name: "com.microsoft.MatMulNBits", since: 1, compose }];

fn compose(b: &mut Builder<'_>, attrs: &Attrs, inputs: &[Option<ValueId>]) -> Result<Vec<ValueId>, ComposeError> {
    // Sums are made in the type of A, whatever less `accuracy_level` asks for.
    attrs.only(&["K", "N", "accuracy_level", "bits", "block_size", "weight_prepacked"])?;
    let size = |name: &'static str| attrs.int(name)?.ok_or(AttrError::Missing(name));
    let unpack = Attrs::new()
        .with_int("rows", size("K")?)
        .with_int("columns", size("N")?)
        .with_int("bits", attrs.int_or("bits", 4)?)
        .with_int("block", size("block_size")?);
    let matrix = first(b.parts("fs.UnpackBits", unpack, &[opt(inputs, 1), opt(inputs, 2), opt(inputs, 3), opt(inputs, 4)], 1)?)?;
    let y = b.part("MatMul", Attrs::new(), &[req(inputs, 0)?, matrix])?;
    match opt(inputs, 5) {
        Some(bias) => Ok(vec![b.part("Add", Attrs::new(), &[y, bias])?]),
        None => Ok(vec![y]),
    }
}
