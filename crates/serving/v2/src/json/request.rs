//! A request for a run: JSON, and binary tensors behind it.

use bytes::Bytes;
use fastserve::Tensor;
use fastserve_serve::{InferRequest, NamedTensor, OutputRequest, Protocol, ServeError};
use serde::Deserialize;
use serde_json::value::RawValue;

use super::object::Object;
use super::{MAX_DEPTH, check_depth, data};
use crate::params::{OutputParams, Params, RequestParams, no_shared_memory};
use crate::shape::shape;
use crate::{datatype, raw};

/// A request, and how its answer is to look.
#[derive(Clone, Debug)]
pub struct Decoded {
    /// What the server is asked for; the caller adds the model and its version.
    pub request: InferRequest,
    /// Whether outputs that are not named are bytes.
    pub binary_by_default: bool,
    /// Whether each output that is named is bytes, in the order of `request.outputs`.
    pub binary: Vec<bool>,
    /// The other parameters.
    pub params: RequestParams,
}

#[derive(Deserialize)]
struct Body<'a> {
    id: Option<String>,
    parameters: Option<Params>,
    #[serde(borrow, default)]
    inputs: Option<Vec<Object<Input<'a>>>>,
    outputs: Option<Vec<Object<Output>>>,
}

#[derive(Deserialize)]
struct Input<'a> {
    name: Option<String>,
    #[serde(borrow)]
    shape: Option<&'a RawValue>,
    #[serde(borrow)]
    datatype: Option<&'a RawValue>,
    parameters: Option<Params>,
    #[serde(borrow)]
    data: Option<&'a RawValue>,
}

#[derive(Deserialize)]
struct Output {
    name: Option<String>,
    parameters: Option<Params>,
}

/// Reads the body of a request. `json_bytes` is the length of its JSON, from the header `Inference-Header-Content-Length`; `None` where
/// all of it is JSON. Tensors are parts of `body` where they are aligned.
///
/// # Errors
/// [`ServeError::Invalid`] and [`ServeError::Input`] for what is not as the protocol asks, with the tensor's name where there is one;
/// [`ServeError::Unimplemented`] for shared memory and texts.
pub fn parse(body: &Bytes, json_bytes: Option<usize>) -> Result<Decoded, ServeError> {
    let json = body.get(..json_bytes.unwrap_or(body.len())).ok_or_else(|| too_long(json_bytes, body.len()))?;
    let text =
        std::str::from_utf8(json).map_err(|e| ServeError::Invalid(format!("the JSON is not UTF-8 from byte {} on", e.valid_up_to())))?;
    check_depth(text, MAX_DEPTH)?;
    let Object(parsed): Object<Body<'_>> =
        serde_json::from_str(text).map_err(|e| ServeError::Invalid(format!("the request is not as expected: {e}")))?;
    let mut tail = body.slice(json.len()..);
    let inputs = inputs(parsed.inputs, &mut tail)?;
    if !tail.is_empty() {
        return Err(ServeError::Invalid(format!("{} bytes follow the last input's binary data", tail.len())));
    }
    let mut params = RequestParams::default();
    parsed.parameters.iter().flat_map(Params::iter).try_for_each(|(key, value)| params.set(key, value))?;
    let (outputs, binary) = outputs(parsed.outputs.unwrap_or_default(), params.binary_data_output)?;
    let request = InferRequest {
        id: parsed.id.unwrap_or_default(),
        outputs,
        priority: params.priority,
        timeout: params.timeout,
        sequence: params.sequence()?,
        protocol: Protocol::Rest,
        ..InferRequest::new("", inputs)
    };
    Ok(Decoded { request, binary_by_default: params.binary_data_output, binary, params })
}

fn too_long(json_bytes: Option<usize>, len: usize) -> ServeError {
    let claimed = json_bytes.unwrap_or_default();
    ServeError::Invalid(format!("Inference-Header-Content-Length is {claimed}, and the body has {len} bytes"))
}

fn inputs(inputs: Option<Vec<Object<Input<'_>>>>, tail: &mut Bytes) -> Result<Vec<NamedTensor>, ServeError> {
    let inputs = inputs.ok_or_else(|| ServeError::Invalid("`inputs` is missing".into()))?;
    let mut tensors: Vec<NamedTensor> = Vec::with_capacity(inputs.len());
    for (at, Object(input)) in inputs.into_iter().enumerate() {
        let name = named(input.name.as_deref(), "inputs", at)?.to_owned();
        let tensor = tensor(&name, &input, tail)?;
        tensors.push(NamedTensor { name, tensor });
    }
    Ok(tensors)
}

fn named<'n>(name: Option<&'n str>, list: &str, at: usize) -> Result<&'n str, ServeError> {
    name.filter(|n| !n.is_empty()).ok_or_else(|| ServeError::Invalid(format!("{list}[{at}] has no `name`")))
}

fn tensor(name: &str, input: &Input<'_>, tail: &mut Bytes) -> Result<Tensor, ServeError> {
    let refuse = |expected: &str, got: &str| ServeError::Input { name: name.into(), expected: expected.into(), got: got.into() };
    let dtype = dtype(name, input.datatype)?;
    let dims: Vec<i64> = match input.shape {
        None => return Err(refuse("a `shape`", "none")),
        Some(text) => serde_json::from_str(text.get()).map_err(|_| refuse("a list of whole numbers under `shape`", &short(text.get())))?,
    };
    let size = binary_size(name, input.parameters.as_ref())?;
    match (input.data, size) {
        (Some(_), Some(_)) => Err(refuse("`data` or `binary_data_size`", "both")),
        (None, None) => Err(refuse("`data` or the parameter `binary_data_size`", "neither")),
        (Some(text), None) => data::tensor(name, dtype, shape(name, dtype, &dims)?.0, text.get()),
        (None, Some(size)) => {
            let size = usize::try_from(size).unwrap_or(usize::MAX);
            if size > tail.len() {
                return Err(refuse(&format!("{size} bytes of binary data"), &format!("{}", tail.len())));
            }
            raw::tensor(name, dtype, &dims, tail.split_to(size))
        }
    }
}

fn dtype(name: &str, text: Option<&RawValue>) -> Result<fastserve::DType, ServeError> {
    let refuse = |got: String| ServeError::Input { name: name.into(), expected: format!("a `datatype` of {}", datatype::names()), got };
    let text = text.ok_or_else(|| refuse("none".into()))?.get();
    let known: String = serde_json::from_str(text).map_err(|_| refuse(short(text)))?;
    if known == datatype::BYTES {
        return Err(ServeError::Unimplemented(format!("input `{name}`: no model of this server takes texts (BYTES)")));
    }
    datatype::of_name(&known).ok_or_else(|| refuse(short(text)))
}

fn binary_size(name: &str, params: Option<&Params>) -> Result<Option<u64>, ServeError> {
    let mut size = None;
    for (key, value) in params.into_iter().flat_map(Params::iter) {
        no_shared_memory(key)?;
        if key == "binary_data_size" {
            size = Some(value.u64(key).map_err(|e| ServeError::Invalid(format!("input `{name}`: {e}")))?);
        }
    }
    Ok(size)
}

fn outputs(outputs: Vec<Object<Output>>, binary_by_default: bool) -> Result<(Vec<OutputRequest>, Vec<bool>), ServeError> {
    let mut wanted = (Vec::with_capacity(outputs.len()), Vec::with_capacity(outputs.len()));
    for (at, Object(output)) in outputs.into_iter().enumerate() {
        let name = named(output.name.as_deref(), "outputs", at)?.to_owned();
        let mut params = OutputParams::default();
        let set = |(key, value): (&str, &crate::params::Value)| params.set(key, value);
        output.parameters.iter().flat_map(Params::iter).try_for_each(set)?;
        wanted.0.push(OutputRequest { name, classes: params.classes });
        wanted.1.push(params.binary_data.unwrap_or(binary_by_default));
    }
    Ok(wanted)
}

fn short(text: &str) -> String {
    text.chars().take(48).collect()
}
