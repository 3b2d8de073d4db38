//! Clients that are too many, too slow, silent, or there when the server ends.
#![allow(clippy::unwrap_used, clippy::panic)]

use std::time::{Duration, Instant};

use axum::Router;
use axum::routing::get;
use fastserve_listen::{Address, Guard, Keys, Limits, Listeners, Scope, Stopped, new_key};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

const ASK: &[u8] = b"GET / HTTP/1.1\r\nhost: x\r\n\r\n";
const ASK_SLOW: &[u8] = b"GET /slow HTTP/1.1\r\nhost: x\r\n\r\n";

fn router() -> Router {
    let slow = || async {
        tokio::time::sleep(Duration::from_millis(300)).await;
        "late"
    };
    Router::new().route("/", get(|| async { "here" })).route("/slow", get(slow))
}

/// Runs with a server on a port that the system chose.
fn with_server<F: AsyncFnOnce(std::net::SocketAddr, Listeners)>(limits: Limits, test: F) {
    with_router(router(), limits, test);
}

fn with_router<F: AsyncFnOnce(std::net::SocketAddr, Listeners)>(router: Router, limits: Limits, test: F) {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_io().enable_time().build().unwrap();
    runtime.block_on(async {
        let bound = Address::Tcp("127.0.0.1:0".parse().unwrap()).bind().await.unwrap();
        let Address::Tcp(address) = bound.address().unwrap() else { panic!("a port was asked for") };
        let mut listeners = Listeners::new(limits);
        listeners.add(bound, router);
        test(address, listeners).await;
    });
}

/// What the server says, up to its end or until it has said this.
async fn read(stream: &mut TcpStream, until: &str) -> String {
    let mut text = Vec::new();
    while !String::from_utf8_lossy(&text).contains(until) {
        let mut part = [0; 1024];
        match stream.read(&mut part).await {
            Ok(n) if n > 0 => text.extend_from_slice(&part[..n]),
            _ => break,
        }
    }
    String::from_utf8_lossy(&text).into_owned()
}

async fn ask(address: std::net::SocketAddr, bytes: &[u8]) -> TcpStream {
    let mut stream = TcpStream::connect(address).await.unwrap();
    stream.write_all(bytes).await.unwrap();
    stream
}

#[test]
fn one_too_many_is_told() {
    with_server(Limits { max_connections: 2, ..Limits::default() }, async |address, listeners| {
        let mut kept = Vec::new();
        for _ in 0..2 {
            let mut stream = ask(address, ASK).await;
            assert!(read(&mut stream, "here").await.contains("200 OK"));
            kept.push(stream);
        }
        let refused = read(&mut ask(address, ASK).await, "\r\n\r\n").await;
        assert!(refused.contains("503") && refused.contains("retry-after"), "{refused}");
        assert_eq!(listeners.connections(), 2);
        drop(kept);
        let start = Instant::now();
        while listeners.connections() > 0 {
            assert!(start.elapsed() < Duration::from_secs(10));
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
        assert!(read(&mut ask(address, ASK).await, "here").await.contains("200 OK"));
    });
}

#[test]
fn silence_and_slow_heads_are_cut() {
    let limits = Limits { header_timeout: Duration::from_millis(200), idle_timeout: Duration::from_millis(400), ..Limits::default() };
    with_server(limits, async |address, listeners| {
        let mut silent = ask(address, b"").await;
        let mut slow = ask(address, b"GET / HTTP/1.1\r\nhost:").await;
        let mut working = ask(address, ASK_SLOW).await;
        assert!(read(&mut working, "late").await.contains("late"), "a request that is being answered is not silent");
        for stream in [&mut silent, &mut slow] {
            let ended = tokio::time::timeout(Duration::from_secs(10), read(stream, "never said")).await;
            assert!(ended.is_ok(), "the connection is still open");
        }
        drop(listeners);
    });
}

#[test]
fn heads_that_are_too_large_are_refused() {
    with_server(Limits::default(), async |address, _listeners| {
        let fields: String = (0..101).map(|i| format!("x{i}: 1\r\n")).collect();
        let many = read(&mut ask(address, format!("GET / HTTP/1.1\r\n{fields}\r\n").as_bytes()).await, "\r\n\r\n").await;
        assert!(many.contains(" 431 "), "{many}");
        let long = format!("GET / HTTP/1.1\r\nx: {}\r\n\r\n", "y".repeat(40 << 10));
        let mut stream = TcpStream::connect(address).await.unwrap();
        // The server may close before it has read all of it.
        let _ = stream.write_all(long.as_bytes()).await;
        let long = read(&mut stream, "\r\n\r\n").await;
        assert!(long.is_empty() || long.contains(" 431 "), "{long}");
    });
}

#[test]
fn requests_that_have_begun_are_finished() {
    with_server(Limits::default(), async |address, listeners| {
        let mut idle = ask(address, ASK).await;
        assert!(read(&mut idle, "here").await.contains("200 OK"));
        let mut begun = ask(address, ASK_SLOW).await;
        tokio::time::sleep(Duration::from_millis(50)).await;
        let stopped = tokio::spawn(listeners.stop(Duration::from_secs(10)));
        assert!(read(&mut begun, "late").await.contains("late"));
        assert_eq!(stopped.await.unwrap(), Stopped::Drained);
        assert!(TcpStream::connect(address).await.is_err(), "the port is free");
        assert_eq!(read(&mut idle, "never said").await, "", "a connection that waits for nothing ends");
    });
}

#[test]
fn what_does_not_end_is_cut() {
    with_server(Limits::default(), async |address, listeners| {
        let _begun = ask(address, ASK_SLOW).await;
        tokio::time::sleep(Duration::from_millis(50)).await;
        assert_eq!(listeners.stop(Duration::from_millis(20)).await, Stopped::Cut(1));
    });
}

#[test]
fn a_socket_file_is_taken_over_and_removed() {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_io().enable_time().build().unwrap();
    runtime.block_on(async {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("s");
        drop(std::os::unix::net::UnixListener::bind(&path).unwrap());
        assert!(path.exists(), "what a process leaves that was killed");
        let mut listeners = Listeners::new(Limits::default());
        listeners.add(Address::Unix(path.clone()).bind().await.unwrap(), router());
        let error = Address::Unix(path.clone()).bind().await.unwrap_err();
        assert!(error.to_string().contains("cannot listen on"), "{error}");
        let mut stream = tokio::net::UnixStream::connect(&path).await.unwrap();
        stream.write_all(ASK).await.unwrap();
        let mut text = [0; 15];
        stream.read_exact(&mut text).await.unwrap();
        assert_eq!(&text, b"HTTP/1.1 200 OK");
        assert_eq!(listeners.stop(Duration::from_secs(10)).await, Stopped::Drained);
        assert!(!path.exists());
    });
}

#[test]
fn keys_let_in_for_their_scopes_and_as_often_as_they_may() {
    let (mine, my_line) = new_key("me", &[Scope::Infer]).unwrap();
    let (other, other_line) = new_key("other", &[Scope::Infer, Scope::Admin]).unwrap();
    let keys = Keys::parse(&format!("{my_line}\n{other_line}\n")).unwrap();
    let guard = Guard::new(keys, ["me=0.001:2".parse().unwrap()]);
    let router = Router::new().route("/v2", get(|| async { "here" })).route("/v2/health/live", get(|| async { "alive" }));
    with_router(guard.protect(router), Limits::default(), async |address, _listeners| {
        let status = async |path: &str, fields: &str| {
            let head = format!("GET {path} HTTP/1.1\r\nhost: x\r\nconnection: close\r\n{fields}\r\n");
            read(&mut ask(address, head.as_bytes()).await, "never said").await
        };
        assert!(status("/v2/health/live", "").await.contains(" 200 "));
        let none = status("/v2", "").await;
        assert!(none.contains(" 401 ") && none.contains("www-authenticate: Bearer"), "{none}");
        assert!(status("/v2", "authorization: Bearer fs-0000\r\n").await.contains(" 401 "));
        assert!(status("/metrics", &format!("x-api-key: {mine}\r\n")).await.contains(" 403 "));
        let grpc = status("/inference.GRPCInferenceService/ModelInfer", "content-type: application/grpc\r\n").await;
        assert!(grpc.contains(" 200 ") && grpc.contains("grpc-status: 16"), "{grpc}");
        for _ in 0..2 {
            assert!(status("/v2", &format!("authorization: bearer {mine}\r\n")).await.contains(" 200 "));
        }
        let often = status("/v2", &format!("x-api-key: {mine}\r\n")).await;
        assert!(often.contains(" 429 ") && often.contains("retry-after: "), "{often}");
        assert!(status("/v2", &format!("x-api-key: {other}\r\n")).await.contains(" 200 "), "another key has its own limit");
    });
}
