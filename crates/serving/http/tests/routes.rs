//! Every address, with requests that clients send and some that nobody should.
#![allow(clippy::unwrap_used, clippy::panic)]

use std::io::{Read, Write};
use std::time::Duration;

use axum::Router;
use axum::body::Body;
use axum::http::{HeaderMap, Request, StatusCode};
use fastserve_http::{Settings, routes};
use fastserve_serve::{Server, ServerConfig};
use http_body_util::BodyExt;
use serde_json::{Value, json};
use tower::ServiceExt;

struct Answer {
    status: StatusCode,
    headers: HeaderMap,
    body: Vec<u8>,
}

impl Answer {
    fn json(&self) -> Value {
        serde_json::from_slice(&self.body).unwrap_or_else(|e| panic!("{e}: {}", String::from_utf8_lossy(&self.body)))
    }

    fn header(&self, name: &str) -> &str {
        self.headers.get(name).map_or("", |v| v.to_str().unwrap())
    }
}

fn door() -> Router {
    routes(Server::start(ServerConfig::default()).unwrap(), &Settings::default())
}

fn ask(door: &Router, request: Request<Body>) -> Answer {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_time().build().unwrap();
    runtime.block_on(async {
        let response = door.clone().oneshot(request).await.unwrap();
        let (head, body) = response.into_parts();
        Answer { status: head.status, headers: head.headers, body: body.collect().await.unwrap().to_bytes().to_vec() }
    })
}

fn get(door: &Router, path: &str) -> Answer {
    ask(door, Request::get(path).body(Body::empty()).unwrap())
}

fn post(door: &Router, path: &str, headers: &[(&str, &str)], body: impl Into<Body>) -> Answer {
    let request = headers.iter().fold(Request::post(path), |r, (name, value)| r.header(*name, *value));
    ask(door, request.body(body.into()).unwrap())
}

const INFER: &str = "/v2/models/digits/infer";

fn input() -> String {
    let server = Server::start(ServerConfig::default()).unwrap();
    server.metadata("digits", None).unwrap().inputs[0].name.clone()
}

fn pixels(rows: usize) -> Vec<f32> {
    (0..rows * 784).map(|i| (i % 255) as f32 / 255.0).collect()
}

fn as_json(rows: usize) -> Value {
    json!({ "id": "a", "inputs": [{ "name": input(), "datatype": "FP32", "shape": [rows, 1, 28, 28], "data": pixels(rows) }] })
}

/// Header and binary tensor.
fn as_bytes(rows: usize) -> (String, Vec<u8>) {
    let bytes: Vec<u8> = pixels(rows).iter().flat_map(|v| v.to_le_bytes()).collect();
    let input =
        json!({ "name": input(), "datatype": "FP32", "shape": [rows, 1, 28, 28], "parameters": { "binary_data_size": bytes.len() } });
    let mut body = json!({ "inputs": [input], "parameters": { "binary_data_output": true } }).to_string().into_bytes();
    let length = body.len().to_string();
    body.extend(bytes);
    (length, body)
}

#[test]
fn health_and_metadata() {
    let door = door();
    for (path, key, value) in [
        ("/v2/health/live", "live", json!(true)),
        ("/v2/health/ready", "ready", json!(true)),
        ("/healthz", "live", json!(true)),
        ("/readyz", "ready", json!(true)),
        ("/v2", "name", json!("fastserve")),
        ("/v2/models", "models", json!(["digits"])),
        ("/v2/models/digits", "versions", json!(["1"])),
        ("/v2/models/digits/versions/1", "name", json!("digits")),
        ("/v2/models/digits/ready", "ready", json!(true)),
        ("/v2/models/digits/config", "max_batch_size", json!(32)),
        ("/openapi.json", "openapi", json!("3.1.0")),
    ] {
        let answer = get(&door, path);
        assert_eq!((answer.status, &answer.json()[key]), (StatusCode::OK, &value), "{path}");
    }
    assert_eq!(get(&door, "/v2/systemsharedmemory/status").json(), json!([]));
    let plain = String::from_utf8(get(&door, "/metrics").body).unwrap();
    assert!(plain.contains("# HELP fastserve_executions_total ") && !plain.contains("# EOF"), "{plain}");
}

#[test]
fn a_large_body_is_taken_apart_elsewhere_with_the_same_answer() {
    let door = door();
    let small = post(&door, INFER, &[], as_json(2).to_string());
    let large = post(&door, INFER, &[], as_json(2).to_string() + &" ".repeat(2 << 20));
    assert_eq!((large.status, large.json()["outputs"].clone()), (StatusCode::OK, small.json()["outputs"].clone()));
    let wrong = post(&door, INFER, &[], "[".repeat(2 << 20));
    assert_eq!(wrong.status, StatusCode::BAD_REQUEST);
}

#[test]
fn json_and_binary_give_the_same_numbers() {
    let door = door();
    let text = post(&door, INFER, &[], as_json(2).to_string());
    assert_eq!(text.status, StatusCode::OK, "{}", String::from_utf8_lossy(&text.body));
    let answer = text.json();
    let numbers: Vec<f32> = serde_json::from_value(answer["outputs"][0]["data"].clone()).unwrap();
    assert_eq!((&answer["id"], &answer["model_version"], numbers.len()), (&json!("a"), &json!("1"), 20));
    let (length, body) = as_bytes(2);
    let binary = post(&door, INFER, &[("inference-header-content-length", &length)], body);
    let end: usize = binary.header("inference-header-content-length").parse().unwrap();
    let bytes: Vec<u8> = numbers.iter().flat_map(|v| v.to_le_bytes()).collect();
    assert_eq!(&binary.body[end..], bytes);
}

#[test]
fn packed_bodies_both_ways() {
    let door = door();
    let (length, body) = as_bytes(1);
    let plain = post(&door, INFER, &[("inference-header-content-length", &length)], body.clone());
    let mut gzip = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::default());
    gzip.write_all(&body).unwrap();
    let headers = [("inference-header-content-length", length.as_str()), ("content-encoding", "gzip"), ("accept-encoding", "deflate")];
    let packed = post(&door, INFER, &headers, gzip.finish().unwrap());
    assert_eq!(packed.header("content-encoding"), "deflate");
    let mut unpacked = Vec::new();
    flate2::read::ZlibDecoder::new(packed.body.as_slice()).read_to_end(&mut unpacked).unwrap();
    assert_eq!(unpacked, plain.body);
    assert_eq!(post(&door, INFER, &[("content-encoding", "br")], "x").status, StatusCode::UNSUPPORTED_MEDIA_TYPE);
    assert_eq!(post(&door, INFER, &[("content-encoding", "gzip")], "no gzip").status, StatusCode::BAD_REQUEST);
}

#[test]
fn a_bomb_is_not_unpacked() {
    let door = door();
    let mut gzip = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::best());
    let zeros = vec![0u8; 1 << 20];
    (0..256).for_each(|_| gzip.write_all(&zeros).unwrap());
    let answer = post(&door, INFER, &[("content-encoding", "gzip")], gzip.finish().unwrap());
    assert_eq!(answer.status, StatusCode::PAYLOAD_TOO_LARGE, "{}", answer.json());
}

#[test]
fn bodies_that_are_too_large_or_too_slow() {
    let server = Server::start(ServerConfig::default()).unwrap();
    let settings = Settings { max_request_bytes: 1000, body_timeout: Duration::from_millis(50), ..Settings::default() };
    let door = routes(server, &settings);
    assert_eq!(post(&door, INFER, &[("content-length", "1001")], "").status, StatusCode::PAYLOAD_TOO_LARGE);
    assert_eq!(post(&door, INFER, &[], vec![b' '; 1001]).status, StatusCode::PAYLOAD_TOO_LARGE);
    // A sender that is kept and never sends.
    let (sender, receiver) = tokio::sync::oneshot::channel::<()>();
    let never = Body::from_stream(OneFrame(receiver));
    assert_eq!(post(&door, INFER, &[], never).status, StatusCode::REQUEST_TIMEOUT);
    drop(sender);
}

/// A body whose only frame comes when somebody sends it.
struct OneFrame(tokio::sync::oneshot::Receiver<()>);

impl futures_util::Stream for OneFrame {
    type Item = Result<bytes::Bytes, std::io::Error>;

    fn poll_next(mut self: std::pin::Pin<&mut Self>, cx: &mut std::task::Context<'_>) -> std::task::Poll<Option<Self::Item>> {
        std::pin::Pin::new(&mut self.0).poll(cx).map(|_| None)
    }
}

#[test]
fn failures_have_their_status_and_a_text() {
    let door = door();
    let wrong_shape = as_json(1).to_string().replace("[1,1,28,28]", "[1,1,28,29]");
    let deep = format!("{{\"inputs\":{}1{}}}", "[".repeat(100_000), "]".repeat(100_000));
    for (path, body, status, words) in [
        (INFER, "{", StatusCode::BAD_REQUEST, "the request is not as expected"),
        (INFER, deep.as_str(), StatusCode::BAD_REQUEST, "deep"),
        (INFER, "{\"inputs\":[]}", StatusCode::BAD_REQUEST, "got nothing"),
        (INFER, wrong_shape.as_str(), StatusCode::BAD_REQUEST, "input `"),
        ("/v2/models/nobody/infer", "{\"inputs\":[]}", StatusCode::NOT_FOUND, "there is no model `nobody`"),
        ("/v2/models/digits/versions/9/infer", "{\"inputs\":[]}", StatusCode::NOT_FOUND, "no version 9"),
        ("/v2/models/digits/versions/0/infer", "{\"inputs\":[]}", StatusCode::BAD_REQUEST, "version"),
        ("/v2/models/..%2F..%2Fetc/infer", "{\"inputs\":[]}", StatusCode::BAD_REQUEST, "name of a model"),
        ("/v2/repository/models/digits/unload", "", StatusCode::FORBIDDEN, "does not let clients"),
        ("/v2/systemsharedmemory/region/x/register", "", StatusCode::NOT_IMPLEMENTED, "shared memory"),
        ("/v2/logging", "{\"log_file\":\"/etc/x\"}", StatusCode::FORBIDDEN, "logs"),
        ("/nowhere", "", StatusCode::NOT_FOUND, "/openapi.json"),
    ] {
        let answer = post(&door, path, &[], body.to_owned());
        let text = answer.json()["error"].as_str().unwrap().to_owned();
        assert!(answer.status == status && text.contains(words), "{path}: {} {text}", answer.status);
    }
}

#[test]
fn methods_and_names_of_requests() {
    let door = door();
    let answer = get(&door, INFER);
    assert_eq!((answer.status, answer.header("allow")), (StatusCode::METHOD_NOT_ALLOWED, "POST"));
    assert!(answer.json()["error"].is_string());
    let named = ask(&door, Request::get("/v2").header("x-request-id", "mine").body(Body::empty()).unwrap());
    assert_eq!(named.header("x-request-id"), "mine");
    assert!(!get(&door, "/v2").header("x-request-id").is_empty());
}
