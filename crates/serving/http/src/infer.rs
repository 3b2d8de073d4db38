//! `POST /v2/models/{model}/infer`.

use axum::body::Body;
use axum::extract::{Path, Request, State};
use axum::http::{HeaderMap, HeaderValue, header};
use axum::response::Response;
use fastserve_serve::{InferRequest, InferResponse, NamedOutput, OutputData, ServeError};
use fastserve_v2::{json, names, trace};

use crate::beside::beside;
use crate::body;
use crate::failure::Failure;
use crate::pack::{Packing, pack, wanted};
use crate::routes::Door;

/// Where the JSON of a body with binary tensors ends.
const HEADER_LENGTH: &str = "inference-header-content-length";

/// A model, and a version of it where the address names one.
#[derive(serde::Deserialize)]
pub(crate) struct Which {
    model: String,
    version: Option<String>,
}

impl Which {
    /// The model.
    pub(crate) fn model(&self) -> Result<&str, ServeError> {
        names::model(&self.model)
    }

    /// The version.
    pub(crate) fn version(&self) -> Result<Option<u64>, ServeError> {
        names::version(self.version.as_deref().unwrap_or_default())
    }
}

pub(crate) async fn infer(State(door): State<Door>, Path(which): Path<Which>, request: Request) -> Result<Response, Failure> {
    let (head, body) = request.into_parts();
    let (model, version) = (which.model()?.to_owned(), which.version()?);
    let settings = &door.settings;
    let bytes = body::read(&head.headers, body, settings.max_request_bytes, settings.body_timeout).await?;
    let json_bytes = header_length(&head.headers)?;
    let decoded = beside(bytes.len(), move || Ok(json::parse(&bytes, json_bytes)?)).await?;
    let form = json::Form::from(&decoded);
    let trace = head.headers.get("traceparent").and_then(|v| trace::parse(v.to_str().ok()?));
    let response = door.server.infer(InferRequest { model, version, trace, ..decoded.request }).await?;
    let packing = wanted(&head.headers);
    beside(size_bytes(&response), move || respond(json::answer(response, &form)?, packing)).await
}

/// Bytes of the outputs.
fn size_bytes(response: &InferResponse) -> usize {
    let size = |output: &NamedOutput| match &output.data {
        OutputData::Tensor(tensor) => tensor.bytes().len(),
        OutputData::Labels { texts, .. } => texts.iter().map(String::len).sum(),
    };
    response.outputs.iter().map(size).sum()
}

fn header_length(headers: &HeaderMap) -> Result<Option<usize>, ServeError> {
    let Some(value) = headers.get(HEADER_LENGTH) else {
        return Ok(None);
    };
    let length = value.to_str().ok().and_then(|v| v.trim().parse().ok());
    length.map(Some).ok_or_else(|| ServeError::Invalid("Inference-Header-Content-Length is not a number".into()))
}

fn respond(answer: json::Answer, packing: Option<Packing>) -> Result<Response, Failure> {
    let json_length = answer.has_binary.then_some(answer.json.len());
    let body = match packing {
        Some(packing) => {
            let parts: Vec<&[u8]> = std::iter::once(answer.json.as_slice()).chain(answer.parts.iter().map(AsRef::as_ref)).collect();
            let failed = |e: std::io::Error| ServeError::Invalid(format!("the answer cannot be packed: {e}"));
            pack(&parts, packing).map_err(failed)?
        }
        None => {
            let mut body = answer.json;
            body.reserve_exact(answer.parts.iter().map(bytes::Bytes::len).sum());
            answer.parts.iter().for_each(|part| body.extend_from_slice(part));
            body
        }
    };
    let mut response = Response::new(Body::from(body));
    let headers = response.headers_mut();
    let kind = if json_length.is_some() { "application/octet-stream" } else { "application/json" };
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static(kind));
    if let Some(length) = json_length {
        headers.insert(HEADER_LENGTH, HeaderValue::from(length));
    }
    if let Some(packing) = packing {
        headers.insert(header::CONTENT_ENCODING, HeaderValue::from_static(packing.name()));
    }
    Ok(response)
}
