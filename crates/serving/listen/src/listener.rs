//! Accepting connections, and ending.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use axum::Router;
use tokio::io::{AsyncRead, AsyncWrite, AsyncWriteExt};
use tokio::sync::watch;
use tokio::task::JoinSet;

use crate::address::Bound;
use crate::connection;

/// How long accepting rests when the process can open no more files, so that it does not spin.
const REST: Duration = Duration::from_millis(50);
/// How long a client that is one too many may take to read that.
const REFUSAL: Duration = Duration::from_secs(1);
const FULL: &[u8] = b"HTTP/1.1 503 Service Unavailable\r\ncontent-length: 0\r\nretry-after: 1\r\nconnection: close\r\n\r\n";

/// What connections may cost.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Limits {
    /// Connections at once, of all listeners.
    pub max_connections: usize,
    /// How long the head of a request may take.
    pub header_timeout: Duration,
    /// How long a connection may be silent while none of its requests is being answered.
    pub idle_timeout: Duration,
    /// Bytes of a request's head.
    pub max_header_bytes: usize,
    /// Fields of a request's head.
    pub max_headers: usize,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            max_connections: 10_000,
            header_timeout: Duration::from_secs(10),
            idle_timeout: Duration::from_secs(120),
            max_header_bytes: 32 << 10,
            max_headers: 100,
        }
    }
}

/// Sockets that accept, and their connections.
pub struct Listeners {
    stop: watch::Sender<bool>,
    tasks: JoinSet<()>,
    shared: Arc<Shared>,
}

struct Shared {
    limits: Limits,
    connections: AtomicUsize,
}

/// How listening ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Stopped {
    /// All requests were answered.
    Drained,
    /// Time ran out; so many connections were cut.
    Cut(usize),
}

impl Listeners {
    /// Nothing listens yet.
    pub fn new(limits: Limits) -> Self {
        let shared = Arc::new(Shared { limits, connections: AtomicUsize::new(0) });
        Self { stop: watch::Sender::new(false), tasks: JoinSet::new(), shared }
    }

    /// Accepts on a socket, and answers with the router. Needs a runtime with I/O and time.
    pub fn add(&mut self, bound: Bound, router: Router) {
        let (shared, stop) = (Arc::clone(&self.shared), self.stop.subscribe());
        self.tasks.spawn(accept(bound, router, shared, stop));
    }

    /// Connections that are open.
    pub fn connections(&self) -> usize {
        self.shared.connections.load(Ordering::Relaxed)
    }

    /// Accepts no more, lets requests that have begun end, and cuts what is left after the time.
    pub async fn stop(mut self, limit: Duration) -> Stopped {
        self.stop.send_replace(true);
        let shared = Arc::clone(&self.shared);
        let ended = async {
            while self.tasks.join_next().await.is_some() {}
            while shared.connections.load(Ordering::Acquire) > 0 {
                tokio::time::sleep(Duration::from_millis(5)).await;
            }
        };
        match tokio::time::timeout(limit, ended).await {
            Ok(()) => Stopped::Drained,
            Err(_) => Stopped::Cut(self.shared.connections.load(Ordering::Acquire)),
        }
    }
}

/// A connection that counts.
struct Place(Arc<Shared>);

impl Place {
    fn take(shared: &Arc<Shared>) -> Option<Self> {
        let before = shared.connections.fetch_add(1, Ordering::AcqRel);
        // Given back at once where it is one too many.
        Some(Self(Arc::clone(shared))).filter(|_| before < shared.limits.max_connections)
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        self.0.connections.fetch_sub(1, Ordering::AcqRel);
    }
}

/// Returns once listening is to end.
pub(crate) async fn is_told(stop: &mut watch::Receiver<bool>) {
    // The sender is gone when the listeners are: that is the end too.
    let _ = stop.wait_for(|s| *s).await;
}

async fn accept(bound: Bound, router: Router, shared: Arc<Shared>, stop: watch::Receiver<bool>) {
    let mut told = stop.clone();
    loop {
        tokio::select! {
            biased;
            () = is_told(&mut told) => break,
            accepted = one(&bound, &router, &shared, &stop) => if accepted.is_err() {
                tokio::time::sleep(REST).await;
            },
        }
    }
    // Clients that are connected and were not accepted yet would be cut when the socket closes.
    while let Ok(Ok(())) = tokio::time::timeout(Duration::ZERO, one(&bound, &router, &shared, &stop)).await {}
}

async fn one(bound: &Bound, router: &Router, shared: &Arc<Shared>, stop: &watch::Receiver<bool>) -> std::io::Result<()> {
    match bound {
        Bound::Tcp(listener) => {
            let (stream, _) = listener.accept().await?;
            // Answers are small; a system that cannot do this is slower, and no less right.
            let _ = stream.set_nodelay(true);
            begin(stream, router.clone(), shared, stop.clone());
        }
        Bound::Unix(listener, _) => begin(listener.accept().await?.0, router.clone(), shared, stop.clone()),
    }
    Ok(())
}

fn begin<S>(mut stream: S, router: Router, shared: &Arc<Shared>, stop: watch::Receiver<bool>)
where
    S: AsyncRead + AsyncWrite + Unpin + Send + 'static,
{
    match Place::take(shared) {
        Some(place) => {
            tokio::spawn(async move {
                connection::serve(stream, router, &place.0.limits, stop).await;
            });
        }
        None => {
            tokio::spawn(async move {
                // One that does not read its refusal is closed all the same.
                let _ = tokio::time::timeout(REFUSAL, stream.write_all(FULL)).await;
            });
        }
    }
}
