//! One connection of HTTP/1.1, kept alive.

use bytes::Bytes;
use http_body_util::{BodyExt, Full};
use hyper::client::conn::http1::{SendRequest, handshake};
use hyper_util::rt::TokioIo;
use tokio::net::TcpStream;

use crate::error::LoadError;
use crate::model::Request;
use crate::plan::Target;

/// The largest answer that is read.
const MOST_BYTES: usize = 256 << 20;

/// One connection of HTTP/1.1, kept alive.
pub(crate) struct Connection {
    sender: SendRequest<Full<Bytes>>,
    host: String,
}

fn broken(error: impl std::fmt::Display) -> LoadError {
    LoadError::Broken(error.to_string())
}

impl Connection {
    /// Connects. Must be called on a runtime's `LocalSet`-free thread that goes on running.
    pub(crate) async fn open(target: &Target) -> Result<Self, LoadError> {
        let Target::Tcp(address) = target;
        let failed = |source| LoadError::Connect { address: address.clone(), source };
        let stream = TcpStream::connect(address).await.map_err(failed)?;
        stream.set_nodelay(true).map_err(failed)?;
        let (sender, connection) = handshake(TokioIo::new(stream)).await.map_err(broken)?;
        // It ends with the sender; an error shows in the request that it ends.
        tokio::spawn(connection);
        Ok(Self { sender, host: address.clone() })
    }

    pub(crate) async fn get(&mut self, path: &str) -> Result<(u16, Bytes), LoadError> {
        let request = hyper::Request::get(path).header("host", &self.host).body(Full::default()).map_err(broken)?;
        self.send(request).await
    }

    pub(crate) async fn post(&mut self, request: &Request) -> Result<(u16, Bytes), LoadError> {
        let mut head = hyper::Request::post(&request.path).header("host", &self.host);
        head = match request.body.header_length {
            Some(n) => head.header("content-type", "application/octet-stream").header("inference-header-content-length", n),
            None => head.header("content-type", "application/json"),
        };
        let whole = head.body(Full::new(request.body.bytes.clone())).map_err(broken)?;
        self.send(whole).await
    }

    async fn send(&mut self, request: hyper::Request<Full<Bytes>>) -> Result<(u16, Bytes), LoadError> {
        self.sender.ready().await.map_err(broken)?;
        let response = self.sender.send_request(request).await.map_err(broken)?;
        let status = response.status().as_u16();
        let body = http_body_util::Limited::new(response.into_body(), MOST_BYTES);
        Ok((status, body.collect().await.map_err(broken)?.to_bytes()))
    }
}
