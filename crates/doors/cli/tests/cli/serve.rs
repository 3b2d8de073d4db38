//! `fastserve serve`, `load` and `key`, as processes.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpStream;
use std::process::{Child, ChildStdout, Command, Stdio};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use serde_json::{Value, json};

use crate::program::{command, fastserve};

/// A server that is ended when it is dropped.
struct Serving {
    child: Child,
    out: BufReader<ChildStdout>,
    rest: String,
}

const PORTS: &[&str] = &["--http-port", "0", "--grpc-port", "0", "--metrics-port", "0", "--shutdown-drain-delay", "0.5", "--json"];

impl Serving {
    fn start(args: &[&str]) -> Self {
        let mut child = command(&[&["serve"], PORTS, args].concat()).stdout(Stdio::piped()).spawn().expect("the program starts");
        let mut out = BufReader::new(child.stdout.take().expect("stdout is piped"));
        let mut line = String::new();
        out.read_line(&mut line).expect("the server says where it listens");
        let said: Value = serde_json::from_str(&line).unwrap_or_else(|e| unreachable!("{e}: {line}"));
        let rest = said["listening"][0]["address"].as_str().expect("REST has an address").to_owned();
        Self { child, out, rest }
    }

    fn signal(&self, name: &str) {
        let sent = Command::new("kill").args([name, &self.child.id().to_string()]).status().expect("kill is there");
        assert!(sent.success());
    }

    fn ask(&self, text: &str) -> String {
        ask(&self.rest, text).expect("the server answers")
    }

    /// The code it ends with.
    fn code(mut self) -> Option<i32> {
        let mut rest = String::new();
        self.out.read_to_string(&mut rest).expect("stdout is text");
        self.child.wait().expect("it ends").code()
    }
}

impl Drop for Serving {
    fn drop(&mut self) {
        // It may have ended already.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// One request on a connection of its own.
fn ask(address: &str, text: &str) -> std::io::Result<String> {
    let mut stream = TcpStream::connect(address)?;
    stream.write_all(text.as_bytes())?;
    let mut answer = String::new();
    stream.read_to_string(&mut answer)?;
    Ok(answer)
}

fn get(path: &str) -> String {
    format!("GET {path} HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n")
}

fn infer(rows: usize) -> String {
    let data: Vec<f32> = (0..rows * 784).map(|i| (i % 7) as f32 / 7.0).collect();
    let body = json!({ "inputs": [{ "name": "image", "datatype": "FP32", "shape": [rows, 1, 28, 28], "data": data }] }).to_string();
    format!("POST /v2/models/digits/infer HTTP/1.1\r\nhost: x\r\nconnection: close\r\ncontent-length: {}\r\n\r\n{body}", body.len())
}

#[test]
fn the_model_inside_is_served_and_measured() {
    let server = Serving::start(&[]);
    assert!(server.ask(&get("/v2/health/ready")).contains("200 OK"));
    let answer = server.ask(&infer(2));
    assert!(answer.contains("200 OK") && answer.contains("\"shape\":[2,10]"), "{answer}");
    for more in [&["--clients", "2"][..], &["--rate", "200", "--target-ms", "1000"], &["--json-tensors"]] {
        let args = [&["load", server.rest.as_str(), "--seconds", "0.5", "--warmup", "0.1", "--json"], more].concat();
        let report = fastserve(&args).expect(0).json();
        let counts = &report["counts"];
        assert!(counts["answered"].as_u64() > Some(0) && counts["answered"] == counts["sent"], "{more:?}: {report}");
        assert!(report["latency_us"]["p50"].as_f64() > Some(0.0), "{report}");
    }
    server.signal("-TERM");
    assert_eq!(server.code(), Some(0));
}

#[test]
fn a_signal_to_end_loses_nothing() {
    let server = Serving::start(&[]);
    let ended = Arc::new(AtomicBool::new(false));
    let clients: Vec<_> = (0..4)
        .map(|_| {
            let (address, ended) = (server.rest.clone(), Arc::clone(&ended));
            std::thread::spawn(move || {
                let mut answered = 0;
                let text = infer(1);
                while !ended.load(Ordering::Acquire) {
                    let answer = ask(&address, &text).expect("no request is lost");
                    assert!(answer.starts_with("HTTP/1.1 200"), "{answer}");
                    answered += 1;
                }
                answered
            })
        })
        .collect();
    std::thread::sleep(Duration::from_millis(300));
    server.signal("-TERM");
    let start = Instant::now();
    while server.ask(&get("/v2/health/ready")).contains("200 OK") {
        assert!(start.elapsed() < Duration::from_millis(400), "readiness is the first thing to go");
    }
    assert!(server.ask(&get("/v2/health/live")).contains("200 OK"));
    // What balances load asks whether the server is ready, and sends no more; what it has sent is answered.
    ended.store(true, Ordering::Release);
    assert_eq!(server.code(), Some(0));
    let answered: Vec<usize> = clients.into_iter().map(|c| c.join().expect("no request is lost")).collect();
    assert!(answered.iter().all(|&n| n > 0), "{answered:?}");
}

#[test]
fn nobody_from_outside_without_a_key() {
    let refused = fastserve(&["serve", "--http-address", "0.0.0.0", "--http-port", "0"]).expect(2);
    assert!(refused.err.contains("--api-key-file") && refused.err.contains("--allow-insecure-public"), "{}", refused.err);
    let made = fastserve(&["key", "me", "--json"]).expect(0).json();
    let file = tempfile::NamedTempFile::new().expect("a file can be made");
    std::fs::write(file.path(), made["line"].as_str().expect("a line")).expect("the file can be written");
    let server = Serving::start(&["--api-key-file", file.path().to_str().expect("a plain path")]);
    assert!(server.ask(&get("/v2/models")).contains(" 401 "));
    assert!(server.ask(&get("/v2/health/live")).contains("200 OK"));
    let key = format!("authorization: Bearer {}\r\n\r\n", made["key"].as_str().expect("a key"));
    assert!(server.ask(&get("/v2/models").replacen("\r\n\r\n", &format!("\r\n{key}"), 1)).contains("200 OK"));
}

#[test]
fn a_model_that_cannot_be_loaded_ends_the_server() {
    let folder = tempfile::tempdir().expect("a folder can be made");
    let version = folder.path().join("broken/1");
    std::fs::create_dir_all(&version).expect("a folder can be made");
    std::fs::write(version.join("model.onnx"), b"\x08\x07nothing").expect("a file can be written");
    let path = folder.path().to_str().expect("a plain path");
    let ended = fastserve(&[&["serve", path], PORTS].concat()).expect(1).json();
    assert!(ended["problems"][0].as_str().is_some_and(|p| p.contains("broken")), "{ended}");
    let server = Serving::start(&[path, "--exit-on-error", "false"]);
    assert!(server.ask(&get("/v2/health/ready")).contains(" 503 "));
    assert!(server.ask(&get("/v2/models/broken/ready")).contains(" 503 "));
}
