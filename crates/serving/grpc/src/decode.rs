//! Messages to requests of the server.

use std::collections::HashMap;

use bytes::Bytes;
use fastserve::Tensor;
use fastserve_serve::{InferRequest, NamedTensor, OutputRequest, Protocol, ServeError};
use fastserve_v2::params::{OutputParams, RequestParams, Value, no_shared_memory};
use fastserve_v2::{datatype, names, raw, shape};

use crate::contents;
use crate::proto::infer_parameter::ParameterChoice;
use crate::proto::model_infer_request::InferInputTensor;
use crate::proto::{InferParameter, InferTensorContents, ModelInferRequest};

/// The request that a message asks for. Tensors of `raw_input_contents` are parts of the message where they are aligned.
///
/// # Errors
/// [`ServeError::Invalid`] and [`ServeError::Input`] for what is not as the protocol asks, with the tensor's name where there is one;
/// [`ServeError::Unimplemented`] for shared memory and texts.
pub fn request(message: ModelInferRequest) -> Result<(InferRequest, RequestParams), ServeError> {
    let model = names::model(&message.model_name)?.to_owned();
    let version = names::version(&message.model_version)?;
    let inputs = inputs(message.inputs, message.raw_input_contents)?;
    let mut params = RequestParams::default();
    message.parameters.iter().try_for_each(|(key, p)| params.set(key, &value(p)))?;
    let request = InferRequest {
        version,
        id: message.id,
        outputs: message.outputs.into_iter().map(output).collect::<Result<_, _>>()?,
        priority: params.priority,
        timeout: params.timeout,
        sequence: params.sequence()?,
        protocol: Protocol::Grpc,
        ..InferRequest::new(model, inputs)
    };
    Ok((request, params))
}

fn output(output: crate::proto::model_infer_request::InferRequestedOutputTensor) -> Result<OutputRequest, ServeError> {
    let mut params = OutputParams::default();
    // Everything is bytes here, so what it says of `binary_data` has no effect.
    output.parameters.iter().try_for_each(|(key, p)| params.set(key, &value(p)))?;
    Ok(OutputRequest { name: output.name, classes: params.classes })
}

fn inputs(inputs: Vec<InferInputTensor>, raw: Vec<Bytes>) -> Result<Vec<NamedTensor>, ServeError> {
    if raw.is_empty() {
        return inputs.into_iter().map(|input| with(input, typed)).collect();
    }
    if raw.len() != inputs.len() {
        let why = format!("`raw_input_contents` has {} tensors for {} inputs", raw.len(), inputs.len());
        return Err(ServeError::Invalid(why));
    }
    inputs.into_iter().zip(raw).map(|(input, bytes)| with(input, |i, dtype| as_bytes(i, dtype, bytes))).collect()
}

fn with(
    input: InferInputTensor,
    read: impl FnOnce(&InferInputTensor, fastserve::DType) -> Result<Tensor, ServeError>,
) -> Result<NamedTensor, ServeError> {
    no_shared_memory_in(&input.parameters)?;
    let tensor = read(&input, dtype(&input)?)?;
    Ok(NamedTensor { name: input.name, tensor })
}

fn as_bytes(input: &InferInputTensor, dtype: fastserve::DType, bytes: Bytes) -> Result<Tensor, ServeError> {
    if input.contents.as_ref().is_some_and(|c| *c != InferTensorContents::default()) {
        let expected = "`contents` or `raw_input_contents`".into();
        return Err(ServeError::Input { name: input.name.clone(), expected, got: "both".into() });
    }
    raw::tensor(&input.name, dtype, &input.shape, bytes)
}

fn typed(input: &InferInputTensor, dtype: fastserve::DType) -> Result<Tensor, ServeError> {
    let (shape, _) = shape::shape(&input.name, dtype, &input.shape)?;
    let none = InferTensorContents::default();
    contents::tensor(&input.name, dtype, shape, input.contents.as_ref().unwrap_or(&none))
}

fn dtype(input: &InferInputTensor) -> Result<fastserve::DType, ServeError> {
    if input.datatype == datatype::BYTES {
        return Err(ServeError::Unimplemented(format!("input `{}`: no model of this server takes texts (BYTES)", input.name)));
    }
    datatype::of_name(&input.datatype).ok_or_else(|| ServeError::Input {
        name: input.name.clone(),
        expected: format!("a `datatype` of {}", datatype::names()),
        got: format!("`{}`", input.datatype.chars().take(48).collect::<String>()),
    })
}

fn no_shared_memory_in(params: &HashMap<String, InferParameter>) -> Result<(), ServeError> {
    params.keys().try_for_each(|key| no_shared_memory(key))
}

fn value(parameter: &InferParameter) -> Value {
    match &parameter.parameter_choice {
        None => Value::Other,
        Some(ParameterChoice::BoolParam(v)) => Value::Bool(*v),
        Some(ParameterChoice::Int64Param(v)) => Value::Int((*v).into()),
        Some(ParameterChoice::Uint64Param(v)) => Value::Int((*v).into()),
        Some(ParameterChoice::DoubleParam(v)) => Value::Float(*v),
        Some(ParameterChoice::StringParam(v)) => Value::Text(v.clone()),
    }
}
