//! Epilogues as attributes, and their naive truth.

use fastserve_ir::{AttrError, Attrs, Io, OpError};
use fastserve_kernels::epilogue::{Activation, BiasAxis, Epilogue};

use crate::ops::unary;

/// Names of the attributes.
pub(crate) const NAMES: [&str; 4] = ["bias", "activation", "activation_params", "residual"];

/// The epilogue as attributes; nothing for what is at its default.
pub(crate) fn write(epilogue: &Epilogue, mut attrs: Attrs) -> Attrs {
    if epilogue.bias != BiasAxis::None {
        attrs = attrs.with_int("bias", 1);
    }
    if epilogue.residual {
        attrs = attrs.with_int("residual", 1);
    }
    let (name, params) = activation_parts(epilogue.activation);
    if !name.is_empty() {
        attrs = attrs.with_str("activation", name);
    }
    if params.is_empty() { attrs } else { attrs.with_floats("activation_params", params) }
}

/// The epilogue of attributes; a bias lies along `axis`.
pub(crate) fn read(attrs: &Attrs, axis: BiasAxis) -> Result<Epilogue, AttrError> {
    let bias = if attrs.flag("bias", false)? { axis } else { BiasAxis::None };
    let params = attrs.floats("activation_params")?.unwrap_or_default();
    let activation = match attrs.str("activation")? {
        None => Activation::None,
        Some(name) => parse_activation(&name, &params)?,
    };
    Ok(Epilogue { bias, activation, residual: attrs.flag("residual", false)? })
}

fn activation_parts(activation: Activation) -> (&'static str, Vec<f32>) {
    match activation {
        Activation::None => ("", vec![]),
        Activation::Relu => ("Relu", vec![]),
        Activation::Clip { min, max } => ("Clip", vec![min, max]),
        Activation::LeakyRelu { alpha } => ("LeakyRelu", vec![alpha]),
        Activation::Sigmoid => ("Sigmoid", vec![]),
        Activation::Tanh => ("Tanh", vec![]),
        Activation::HardSigmoid { alpha, beta } => ("HardSigmoid", vec![alpha, beta]),
        Activation::HardSwish => ("HardSwish", vec![]),
        Activation::Silu => ("Silu", vec![]),
        Activation::Swish { alpha } => ("Swish", vec![alpha]),
        Activation::Gelu => ("Gelu", vec![]),
        Activation::GeluTanh => ("GeluTanh", vec![]),
        Activation::Mish => ("Mish", vec![]),
    }
}

fn parse_activation(name: &str, params: &[f32]) -> Result<Activation, AttrError> {
    match (name, params) {
        ("Relu", []) => Ok(Activation::Relu),
        ("Clip", &[min, max]) => Ok(Activation::Clip { min, max }),
        ("LeakyRelu", &[alpha]) => Ok(Activation::LeakyRelu { alpha }),
        ("Sigmoid", []) => Ok(Activation::Sigmoid),
        ("Tanh", []) => Ok(Activation::Tanh),
        ("HardSigmoid", &[alpha, beta]) => Ok(Activation::HardSigmoid { alpha, beta }),
        ("HardSwish", []) => Ok(Activation::HardSwish),
        ("Silu", []) => Ok(Activation::Silu),
        ("Swish", &[alpha]) => Ok(Activation::Swish { alpha }),
        ("Gelu", []) => Ok(Activation::Gelu),
        ("GeluTanh", []) => Ok(Activation::GeluTanh),
        ("Mish", []) => Ok(Activation::Mish),
        _ => Err(AttrError::value("activation", format!("no activation `{name}` with {} parameters", params.len()))),
    }
}

/// Which input is the residual, where there is one: the one after the bias.
pub(crate) fn residual_input(epilogue: &Epilogue) -> Option<usize> {
    epilogue.residual.then_some(if epilogue.bias == BiasAxis::None { 2 } else { 3 })
}

/// The elements of the bias and of the residual.
pub(crate) type Addends<'a> = (Option<&'a [f32]>, Option<&'a [f32]>);

/// The bias and the residual that an epilogue adds.
pub(crate) fn addends<'a>(epilogue: &Epilogue, io: &Io<'a>) -> Result<Addends<'a>, OpError> {
    let bias = if epilogue.bias == BiasAxis::None { None } else { Some(io.slice::<f32>(2)?) };
    Ok((bias, residual_input(epilogue).map(|at| io.slice::<f32>(at)).transpose()?))
}

/// One result with its bias and residual, activated.
pub(crate) fn apply(epilogue: &Epilogue, sum: f64, bias: Option<f32>, residual: Option<f32>) -> f32 {
    let whole = sum + bias.map_or(0.0, f64::from) + residual.map_or(0.0, f64::from);
    unary::activate(epilogue.activation, whole) as f32
}
