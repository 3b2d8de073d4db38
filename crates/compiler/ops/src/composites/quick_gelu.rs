//! QuickGelu of com.microsoft: `x * sigmoid(alpha * x)`.

use fastserve_ir::{Attrs, Builder, ComposeError, ShapeError, ValueId};
use fastserve_tensor::{DType, Tensor, bf16, f16};

use crate::def::CompositeDef;

pub(crate) const DEFS: &[CompositeDef] = &[CompositeDef { name: "com.microsoft.QuickGelu", since: 1, compose }];

fn compose(b: &mut Builder<'_>, attrs: &Attrs, inputs: &[Option<ValueId>]) -> Result<Vec<ValueId>, ComposeError> {
    attrs.only(&["alpha"])?;
    let alpha = attrs.float_or("alpha", 1.702)?;
    let x = inputs.first().copied().flatten().ok_or(ShapeError::MissingInput(0))?;
    let alpha = scalar(b.fact(x).dtype, alpha)?;
    let alpha = b.constant(alpha);
    let scaled = b.part("Mul", Attrs::new(), &[x, alpha])?;
    let gate = b.part("Sigmoid", Attrs::new(), &[scaled])?;
    Ok(vec![b.part("Mul", Attrs::new(), &[x, gate])?])
}

/// A float as a tensor of rank 0 of this type.
fn scalar(dtype: DType, v: f32) -> Result<Tensor, ComposeError> {
    match dtype {
        DType::F16 => Ok(Tensor::scalar(f16::from_f32(v))?),
        DType::BF16 => Ok(Tensor::scalar(bf16::from_f32(v))?),
        DType::F32 => Ok(Tensor::scalar(v)?),
        DType::F64 => Ok(Tensor::scalar(f64::from(v))?),
        got => Err(ShapeError::DType { index: 0, expected: "a float".into(), got }.into()),
    }
}
