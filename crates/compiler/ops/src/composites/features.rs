//! Binarizer and ArrayFeatureExtractor of ai.onnx.ml: elements above a threshold, and picked elements of the last axis.

use fastserve_ir::{Attrs, Builder, ComposeError, ValueId};
use fastserve_tensor::{DType, Tensor};

use super::parts::{cast, req, wrong};
use crate::def::CompositeDef;

pub(crate) const DEFS: &[CompositeDef] = &[
    CompositeDef { name: "ai.onnx.ml.ArrayFeatureExtractor", since: 1, compose: extract },
    CompositeDef { name: "ai.onnx.ml.Binarizer", since: 1, compose: binarize },
];

/// 1 above the threshold, else 0, in the type of the input. A threshold lies between integers too.
fn binarize(b: &mut Builder<'_>, attrs: &Attrs, inputs: &[Option<ValueId>]) -> Result<Vec<ValueId>, ComposeError> {
    attrs.only(&["threshold"])?;
    let (x, threshold) = (req(inputs, 0)?, attrs.float_or("threshold", 0.0)?);
    let dtype = b.fact(x).dtype;
    let (x, threshold) = match dtype {
        DType::F32 => (x, Tensor::scalar(threshold)?),
        _ => (cast(b, x, DType::F64)?, Tensor::scalar(f64::from(threshold))?),
    };
    let threshold = b.constant(threshold);
    let above = b.part("Greater", Attrs::new(), &[x, threshold])?;
    Ok(vec![cast(b, above, dtype)?])
}

/// The elements of the last axis that the second input names; a vector is a matrix of one row.
fn extract(b: &mut Builder<'_>, attrs: &Attrs, inputs: &[Option<ValueId>]) -> Result<Vec<ValueId>, ComposeError> {
    attrs.only(&[])?;
    let (x, indices) = (req(inputs, 0)?, req(inputs, 1)?);
    if b.fact(x).rank() == 0 {
        return Err(wrong("input 0: expected rank 1 or more, got 0"));
    }
    let rest = b.ints(&[-1])?;
    let indices = b.part("Reshape", Attrs::new(), &[indices, rest])?;
    let x = if b.fact(x).rank() == 1 {
        let front = b.ints(&[0])?;
        b.part("Unsqueeze", Attrs::new(), &[x, front])?
    } else {
        x
    };
    Ok(vec![b.part("Gather", Attrs::new().with_int("axis", -1), &[x, indices])?])
}
