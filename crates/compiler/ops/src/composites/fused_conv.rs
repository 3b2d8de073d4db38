//! FusedConv of com.microsoft: a convolution, a sum with another value, an activation.

use fastserve_ir::{Attr, AttrError, Attrs, Builder, ComposeError, ShapeError, ValueId};
use fastserve_tensor::Tensor;

use crate::def::CompositeDef;

pub(crate) const DEFS: &[CompositeDef] = &[CompositeDef { name: "com.microsoft.FusedConv", since: 1, compose }];

const OWN: [&str; 2] = ["activation", "activation_params"];

fn compose(b: &mut Builder<'_>, attrs: &Attrs, inputs: &[Option<ValueId>]) -> Result<Vec<ValueId>, ComposeError> {
    let mut conv = Attrs::new();
    attrs.iter().filter(|(name, _)| !OWN.contains(name)).for_each(|(name, value)| conv.set(name, value.clone()));
    let operands = &inputs[..inputs.len().min(3)];
    let made = b.parts("Conv", conv, operands, 1)?;
    let mut y = made.first().copied().ok_or(ShapeError::MissingInput(0))?;
    if let Some(z) = inputs.get(3).copied().flatten() {
        y = b.part("Add", Attrs::new(), &[y, z])?;
    }
    let Some(name) = attrs.str("activation")? else { return Ok(vec![y]) };
    let params = attrs.floats("activation_params")?.unwrap_or_default();
    Ok(vec![activation(b, &name, &params, y)?])
}

/// Names of an activation's attributes, in the order of `activation_params`.
fn parameters(name: &str) -> Option<&'static [&'static str]> {
    Some(match name {
        "Relu" | "Sigmoid" | "Tanh" | "HardSwish" => &[],
        "LeakyRelu" => &["alpha"],
        "HardSigmoid" => &["alpha", "beta"],
        _ => return None,
    })
}

fn activation(b: &mut Builder<'_>, name: &str, params: &[f32], y: ValueId) -> Result<ValueId, ComposeError> {
    if name == "Clip" {
        let bounds = [params.first().copied().unwrap_or(f32::MIN), params.get(1).copied().unwrap_or(f32::MAX)];
        let min = Tensor::scalar(bounds[0])?;
        let max = Tensor::scalar(bounds[1])?;
        let (min, max) = (b.constant(min), b.constant(max));
        return b.part("Clip", Attrs::new(), &[y, min, max]);
    }
    let names = parameters(name).ok_or_else(|| AttrError::value("activation", format!("no such activation: {name}")))?;
    let mut attrs = Attrs::new();
    names.iter().zip(params).for_each(|(name, value)| attrs.set(*name, Attr::Float(*value)));
    b.part(name, attrs, &[y])
}
