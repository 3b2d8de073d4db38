//! FlexAttention of ai.onnx.preview, without graphs that change scores or probabilities: Attention of four axes.

use fastserve_ir::{Attr, Attrs, Builder, ComposeError, ValueId};

use super::parts::{req, wrong};
use crate::def::CompositeDef;

pub(crate) const DEFS: &[CompositeDef] = &[CompositeDef { name: "ai.onnx.preview.FlexAttention", since: 1, compose }];

fn compose(b: &mut Builder<'_>, attrs: &Attrs, inputs: &[Option<ValueId>]) -> Result<Vec<ValueId>, ComposeError> {
    attrs.only(&["scale", "softmax_precision"])?;
    let operands = [req(inputs, 0)?, req(inputs, 1)?, req(inputs, 2)?];
    if let Some(i) = operands.iter().position(|&v| b.fact(v).rank() != 4) {
        return Err(wrong(format!("input {i}: expected rank 4, got {}", b.fact(operands[i]).rank())));
    }
    let mut kept = Attrs::new();
    if let Some(scale) = attrs.float("scale")? {
        kept.set("scale", Attr::Float(scale));
    }
    if let Some(precision) = attrs.int("softmax_precision")? {
        kept.set("softmax_precision", Attr::Int(precision));
    }
    Ok(vec![b.part("Attention", kept, &operands)?])
}
