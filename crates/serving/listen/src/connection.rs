//! One connection, from its first byte to its last.

use std::convert::Infallible;
use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::Duration;

use axum::Router;
use axum::body::Body;
use hyper::body::Incoming;
use hyper::{Request, Response};
use hyper_util::rt::{TokioExecutor, TokioIo, TokioTimer};
use hyper_util::server::conn::auto::Builder;
use hyper_util::service::TowerToHyperService;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::sync::watch;
use tower_service::Service;

use crate::activity::{Activity, Watched};
use crate::listener::{Limits, is_told};

/// Streams of one HTTP/2 connection at once.
const MOST_STREAMS: u32 = 256;
/// How often an HTTP/2 peer is asked whether it is there, and how long it may take to say so.
const PING: Duration = Duration::from_secs(20);

/// What answers requests of one connection, and counts those that it has not answered yet.
#[derive(Clone)]
struct Counted {
    router: Router,
    activity: Arc<Activity>,
}

impl Service<Request<Incoming>> for Counted {
    type Response = Response<Body>;
    type Error = Infallible;
    type Future = Pin<Box<dyn Future<Output = Result<Self::Response, Infallible>> + Send>>;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), Infallible>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, request: Request<Incoming>) -> Self::Future {
        let work = self.activity.work();
        let answer = self.router.call(request.map(Body::new));
        Box::pin(async move {
            let response = answer.await;
            drop(work);
            response
        })
    }
}

/// Answers requests until the client ends, is silent for too long, or `stop` says so; then requests that have begun are finished.
pub(crate) async fn serve<S>(stream: S, router: Router, limits: &Limits, mut stop: watch::Receiver<bool>)
where
    S: AsyncRead + AsyncWrite + Unpin + Send + 'static,
{
    let activity = Activity::new();
    let service = TowerToHyperService::new(Counted { router, activity: Arc::clone(&activity) });
    let builder = builder(limits);
    let connection = builder.serve_connection(TokioIo::new(Watched::new(stream, Arc::clone(&activity))), service);
    tokio::pin!(connection);
    tokio::select! {
        // An error is the client's: a broken connection, or bytes that are no HTTP. There is nobody to tell.
        _ = connection.as_mut() => return,
        () = activity.silence(limits.idle_timeout) => return,
        () = is_told(&mut stop) => connection.as_mut().graceful_shutdown(),
    }
    tokio::select! {
        _ = connection.as_mut() => {}
        () = activity.silence(limits.idle_timeout) => {}
    }
}

fn builder(limits: &Limits) -> Builder<TokioExecutor> {
    let mut builder = Builder::new(TokioExecutor::new());
    builder
        .http1()
        .timer(TokioTimer::new())
        .header_read_timeout(limits.header_timeout)
        .max_buf_size(limits.max_header_bytes.max(8192))
        .max_headers(limits.max_headers);
    builder
        .http2()
        .timer(TokioTimer::new())
        .max_header_list_size(u32::try_from(limits.max_header_bytes).unwrap_or(u32::MAX))
        .max_concurrent_streams(MOST_STREAMS)
        .initial_stream_window_size(1 << 20)
        .initial_connection_window_size(4 << 20)
        .keep_alive_interval(PING)
        .keep_alive_timeout(PING);
    builder
}
