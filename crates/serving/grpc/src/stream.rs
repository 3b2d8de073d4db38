//! `ModelStreamInfer`: requests and answers in the same order.

use std::time::Instant;

use fastserve_serve::{InferRequest, ServeError, Server};
use futures_util::{Stream, StreamExt};
use tonic::metadata::MetadataMap;
use tonic::{Status, Streaming};

use crate::proto::infer_parameter::ParameterChoice;
use crate::proto::{InferParameter, ModelInferRequest, ModelInferResponse, ModelStreamInferResponse};
use crate::{decode, encode, metadata};

/// Requests of one stream that are in the server at once.
const IN_FLIGHT: usize = 64;

/// The answers to a stream of requests, in their order. A request that fails has an answer with its error; a message that cannot be read
/// ends the stream.
pub(crate) fn answers(
    server: Server,
    requests: Streaming<ModelInferRequest>,
    call: MetadataMap,
) -> impl Stream<Item = Result<ModelStreamInferResponse, Status>> + Send {
    let deadline = metadata::deadline(&call, Instant::now());
    let trace = metadata::trace(&call);
    let one = move |message: Result<ModelInferRequest, Status>| {
        let server = server.clone();
        async move {
            let message = message?;
            let (id, model) = (message.id.clone(), message.model_name.clone());
            let result = match decode::request(message) {
                Ok((request, _)) => server.infer(InferRequest { deadline, trace, ..request }).await,
                Err(error) => Err(error),
            };
            Ok(result.map_or_else(|error| failed(&error, id, model), answered))
        }
    };
    requests.map(one).buffered(IN_FLIGHT)
}

/// One request has one answer here, so each is the last of its request.
fn answered(response: fastserve_serve::InferResponse) -> ModelStreamInferResponse {
    let mut message = encode::response(response);
    mark_final(&mut message);
    ModelStreamInferResponse { error_message: String::new(), infer_response: Some(message) }
}

fn failed(error: &ServeError, id: String, model_name: String) -> ModelStreamInferResponse {
    let mut message = ModelInferResponse { id, model_name, ..ModelInferResponse::default() };
    mark_final(&mut message);
    ModelStreamInferResponse { error_message: error.to_string(), infer_response: Some(message) }
}

fn mark_final(message: &mut ModelInferResponse) {
    let yes = InferParameter { parameter_choice: Some(ParameterChoice::BoolParam(true)) };
    message.parameters.insert("triton_final_response".into(), yes);
}
