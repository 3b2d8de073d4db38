//! The services over a socket, with a client, on the network of digits.
#![allow(clippy::unwrap_used, clippy::panic)]

use std::time::Duration;

use fastserve_grpc::proto::grpc_inference_service_client::GrpcInferenceServiceClient;
use fastserve_grpc::proto::model_infer_request::{InferInputTensor, InferRequestedOutputTensor};
use fastserve_grpc::proto::*;
use fastserve_grpc::{Settings, routes};
use fastserve_serve::{Server, ServerConfig};
use tonic::codec::CompressionEncoding;
use tonic::transport::Channel;
use tonic::{Code, Request};

type Client = GrpcInferenceServiceClient<Channel>;

async fn start(settings: Settings) -> (Server, Channel) {
    let server = Server::start(ServerConfig::default()).unwrap();
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = format!("http://{}", listener.local_addr().unwrap());
    let router = routes(server.clone(), &settings).unwrap();
    tokio::spawn(std::future::IntoFuture::into_future(axum::serve(listener, router)));
    let channel = tonic::transport::Endpoint::from_shared(address).unwrap().connect().await.unwrap();
    (server, channel)
}

async fn digits() -> (Server, Client) {
    let (server, channel) = start(Settings::default()).await;
    (server, Client::new(channel))
}

/// A request for one digit, and the digit that it is.
fn digit(server: &Server, at: usize) -> (ModelInferRequest, usize) {
    let digits = fastserve::embedded_digits().unwrap();
    let tensor = digits.tensor(at).unwrap();
    let name = server.metadata("digits", None).unwrap().inputs[0].name.clone();
    let shape = tensor.shape().iter().map(|&d| d as i64).collect();
    let request = ModelInferRequest {
        model_name: "digits".into(),
        id: format!("digit {at}"),
        inputs: vec![InferInputTensor { name, datatype: "FP32".into(), shape, ..InferInputTensor::default() }],
        raw_input_contents: vec![bytes::Bytes::copy_from_slice(tensor.bytes())],
        ..ModelInferRequest::default()
    };
    (request, digits.label(at).unwrap())
}

fn likeliest(response: &ModelInferResponse) -> usize {
    let scores = response.raw_output_contents[0].chunks_exact(4).map(|c| f32::from_le_bytes([c[0], c[1], c[2], c[3]]));
    scores.enumerate().max_by(|a, b| a.1.total_cmp(&b.1)).unwrap().0
}

#[tokio::test]
async fn metadata_health_and_configuration() {
    let (server, mut client) = digits().await;
    assert!(client.server_live(ServerLiveRequest {}).await.unwrap().get_ref().live);
    assert!(client.server_ready(ServerReadyRequest {}).await.unwrap().get_ref().ready);
    let named = |version: &str| ModelMetadataRequest { name: "digits".into(), version: version.into() };
    let metadata = client.model_metadata(named("1")).await.unwrap().into_inner();
    assert_eq!((metadata.versions, metadata.inputs[0].datatype.as_str(), metadata.inputs[0].shape.len()), (vec!["1".into()], "FP32", 4));
    assert_eq!(client.model_metadata(named("9")).await.unwrap_err().code(), Code::NotFound);
    assert_eq!(client.model_metadata(named("x")).await.unwrap_err().code(), Code::InvalidArgument);
    let config = client.model_config(ModelConfigRequest { name: "digits".into(), version: String::new() }).await.unwrap();
    assert_eq!(config.get_ref().config.as_ref().unwrap().input[0].data_type(), DataType::TypeFp32);
    let index = client.repository_index(RepositoryIndexRequest::default()).await.unwrap();
    assert_eq!((index.get_ref().models[0].name.as_str(), index.get_ref().models[0].state.as_str()), ("digits", "READY"));
    server.begin_drain();
    assert!(!client.server_ready(ServerReadyRequest {}).await.unwrap().get_ref().ready);
    server.stop();
}

#[tokio::test]
async fn digits_are_recognised_and_counted() {
    let (server, mut client) = digits().await;
    for at in 0..10 {
        let (request, label) = digit(&server, at);
        let response = client.model_infer(request).await.unwrap().into_inner();
        assert_eq!((response.id.as_str(), likeliest(&response)), (format!("digit {at}").as_str(), label));
    }
    let stats = client.model_statistics(ModelStatisticsRequest::default()).await.unwrap().into_inner();
    assert_eq!((stats.model_stats[0].inference_count, stats.model_stats[0].name.as_str()), (10, "digits"));
    server.stop();
}

#[tokio::test]
async fn classes_are_texts() {
    let (server, mut client) = digits().await;
    let (mut request, label) = digit(&server, 3);
    let name = server.metadata("digits", None).unwrap().outputs[0].name.clone();
    let two = InferParameter { parameter_choice: Some(infer_parameter::ParameterChoice::Int64Param(2)) };
    request.outputs = vec![InferRequestedOutputTensor { name, parameters: [("classification".to_owned(), two)].into() }];
    let response = client.model_infer(request).await.unwrap().into_inner();
    assert_eq!((response.outputs[0].datatype.as_str(), response.outputs[0].shape.last()), ("BYTES", Some(&2)));
    let texts = &response.raw_output_contents[0];
    let len = u32::from_le_bytes([texts[0], texts[1], texts[2], texts[3]]) as usize;
    let first = std::str::from_utf8(&texts[4..4 + len]).unwrap();
    assert_eq!(first.split(':').nth(1), Some(label.to_string().as_str()));
    server.stop();
}

#[tokio::test]
async fn a_stream_answers_in_order_and_goes_on_after_an_error() {
    let (server, mut client) = digits().await;
    let mut requests: Vec<ModelInferRequest> = (0..6).map(|at| digit(&server, at).0).collect();
    requests[2].model_name = "nobody".into();
    let labels: Vec<usize> = (0..6).map(|at| digit(&server, at).1).collect();
    let mut answers = client.model_stream_infer(tokio_stream::iter(requests)).await.unwrap().into_inner();
    for (at, label) in labels.into_iter().enumerate() {
        let answer = answers.message().await.unwrap().unwrap();
        let response = answer.infer_response.unwrap();
        assert_eq!(response.id, format!("digit {at}"));
        assert!(response.parameters.contains_key("triton_final_response"));
        if at == 2 {
            assert!(answer.error_message.contains("nobody"), "{}", answer.error_message);
        } else {
            assert_eq!((answer.error_message.as_str(), likeliest(&response)), ("", label));
        }
    }
    assert!(answers.message().await.unwrap().is_none());
    server.stop();
}

#[tokio::test]
async fn deadlines_and_limits_have_their_codes() {
    let (server, channel) = start(Settings { max_request_bytes: 10_000, ..Settings::default() }).await;
    let mut client = Client::new(channel).send_compressed(CompressionEncoding::Gzip).accept_compressed(CompressionEncoding::Gzip);
    let (request, label) = digit(&server, 0);
    let packed = client.model_infer(request.clone()).await.unwrap();
    assert_eq!((packed.metadata().get("grpc-encoding").map(|e| e.as_bytes()), likeliest(packed.get_ref())), (Some(&b"gzip"[..]), label));
    let mut late = Request::new(request.clone());
    late.metadata_mut().insert("grpc-timeout", "1n".parse().unwrap());
    // Without a channel, which would give up first.
    let mut direct = GrpcInferenceServiceClient::new(routes(server.clone(), &Settings::default()).unwrap());
    assert_eq!(direct.model_infer(late).await.unwrap_err().code(), Code::DeadlineExceeded);
    // It packs well, so what is too large is what comes out.
    let large = ModelInferRequest { raw_input_contents: vec![vec![0; 1 << 20].into()], ..request };
    assert_eq!(client.model_infer(large).await.unwrap_err().code(), Code::ResourceExhausted);
    server.stop();
}

#[tokio::test]
async fn control_is_off_unless_allowed() {
    let (server, mut client) = digits().await;
    let load = RepositoryModelLoadRequest { model_name: "digits".into(), ..RepositoryModelLoadRequest::default() };
    assert_eq!(client.repository_model_load(load.clone()).await.unwrap_err().code(), Code::PermissionDenied);
    server.stop();
    let (server, channel) = start(Settings { allow_control: true, ..Settings::default() }).await;
    let mut client = Client::new(channel);
    client.repository_model_load(load.clone()).await.unwrap();
    let unknown = RepositoryModelLoadRequest { model_name: "nobody".into(), ..load.clone() };
    assert_eq!(client.repository_model_load(unknown).await.unwrap_err().code(), Code::NotFound);
    let file = ModelRepositoryParameter { parameter_choice: None };
    let with_file = RepositoryModelLoadRequest { parameters: [("file:1/model.onnx".to_owned(), file)].into(), ..load };
    assert_eq!(client.repository_model_load(with_file).await.unwrap_err().code(), Code::Unimplemented);
    server.stop();
}

#[tokio::test]
async fn what_is_not_there_is_said() {
    let (server, mut client) = digits().await;
    let status = client.system_shared_memory_status(SystemSharedMemoryStatusRequest::default()).await.unwrap();
    assert!(status.get_ref().regions.is_empty());
    let register = client.system_shared_memory_register(SystemSharedMemoryRegisterRequest::default()).await;
    assert_eq!(register.unwrap_err().code(), Code::Unimplemented);
    assert!(client.log_settings(LogSettingsRequest::default()).await.unwrap().get_ref().settings.contains_key("log_info"));
    assert!(client.trace_setting(TraceSettingRequest::default()).await.unwrap().get_ref().settings.contains_key("trace_level"));
    let (mut request, _) = digit(&server, 0);
    request.inputs[0].name = "nothing".into();
    let error = client.model_infer(request).await.unwrap_err();
    assert!(error.code() == Code::InvalidArgument && error.message().contains("nothing"), "{error}");
    server.stop();
}

#[tokio::test]
async fn health_is_watched() {
    use tonic_health::pb::HealthCheckRequest;
    use tonic_health::pb::health_client::HealthClient;
    let (server, channel) = start(Settings::default()).await;
    let mut client = HealthClient::new(channel);
    let asked = |service: &str| HealthCheckRequest { service: service.into() };
    assert_eq!(client.check(asked("")).await.unwrap().get_ref().status, 1);
    assert_eq!(client.check(asked("nobody")).await.unwrap_err().code(), Code::NotFound);
    let mut watched = client.watch(asked("inference.GRPCInferenceService")).await.unwrap().into_inner();
    assert_eq!(watched.message().await.unwrap().unwrap().status, 1);
    server.begin_drain();
    let next = tokio::time::timeout(Duration::from_secs(10), watched.message()).await.unwrap();
    assert_eq!(next.unwrap().unwrap().status, 2);
    server.stop();
}
