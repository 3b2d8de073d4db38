//! Epilogues as attributes, and their naive truth.

use fastserve_ir::{AttrError, Attrs, Fact, Inputs, Io, OpError, ShapeError};
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
        _ => Err(AttrError::value("activation", format!("no activation `{name}` with {} parameters", params.len()))),
    }
}

/// Refuses a residual that is not of the output's type, extents and layout.
pub(crate) fn check_residual(epilogue: &Epilogue, inputs: &Inputs<'_>, out: &Fact) -> Result<(), ShapeError> {
    let Some(i) = epilogue.residual_input() else { return Ok(()) };
    if inputs.req(i)?.agrees_with(out) { Ok(()) } else { Err(ShapeError::shape(format!("input {i}: expected what the output is"))) }
}

/// The tensors that are added to a sum.
pub(crate) struct Addends<'a> {
    bias: Option<&'a [f32]>,
    residual: Option<&'a [f32]>,
}

impl<'a> Addends<'a> {
    /// Those of a node, for a bias of `columns` elements and `outputs` results.
    pub(crate) fn of(epilogue: &Epilogue, io: &Io<'a>, columns: usize, outputs: usize) -> Result<Self, OpError> {
        let given = |i: Option<usize>| i.map(|i| io.slice::<f32>(i)).transpose();
        let (bias, residual) = (given(epilogue.bias_input())?, given(epilogue.residual_input())?);
        if bias.is_some_and(|b| b.len() != columns) {
            return Err(OpError::Value(format!("expected {columns} elements of bias")));
        }
        if residual.is_some_and(|r| r.len() != outputs) {
            return Err(OpError::Value(format!("expected {outputs} elements to add")));
        }
        Ok(Self { bias, residual })
    }

    /// Result `i` from its sum, with the bias of its column.
    pub(crate) fn finish(&self, epilogue: &Epilogue, i: usize, column: usize, sum: f64) -> f32 {
        let biased = sum + self.bias.map_or(0.0, |b| f64::from(b[column]));
        let whole = biased + self.residual.map_or(0.0, |r| f64::from(r[i]));
        unary::activate(epilogue.activation, whole) as f32
    }
}
