//! Who may ask for what, and how often.

mod bucket;
mod keys;

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use axum::Router;
use axum::body::Body;
use axum::extract::{Request, State};
use axum::middleware::{Next, from_fn_with_state};
use axum::response::Response;
use hyper::{HeaderMap, Method, StatusCode, header};

use bucket::Bucket;
pub use bucket::{Rate, RateError};
pub use keys::{Key, KeyError, Keys, Scope, new_key};

/// Who may ask for what, and how often. Cheap to clone.
#[derive(Clone)]
pub struct Guard(Arc<Inner>);

struct Inner {
    keys: Keys,
    buckets: HashMap<String, Mutex<Bucket>>,
}

/// Why a request is not let in.
enum Refusal {
    /// It has no key, or one that nobody has.
    Unknown,
    /// Its key is for other things.
    Forbidden(Scope),
    /// Its key asks too often.
    TooOften(Duration),
}

impl Guard {
    /// Lets in who has one of the keys, as often as the rates of key names say.
    pub fn new(keys: Keys, rates: impl IntoIterator<Item = Rate>) -> Self {
        let now = Instant::now();
        let buckets = rates.into_iter().map(|rate| (rate.key.clone(), Mutex::new(Bucket::new(&rate, now)))).collect();
        Self(Arc::new(Inner { keys, buckets }))
    }

    /// The router behind the guard.
    pub fn protect(&self, router: Router) -> Router {
        router.layer(from_fn_with_state(self.clone(), pass))
    }

    fn look(&self, request: &Request) -> Result<(), Refusal> {
        let Some(scope) = scope(request.method(), request.uri().path()) else {
            return Ok(());
        };
        let key = presented(request.headers()).and_then(|text| self.0.keys.find(text)).ok_or(Refusal::Unknown)?;
        if !key.allows(scope) {
            return Err(Refusal::Forbidden(scope));
        }
        let Some(bucket) = self.0.buckets.get(&key.id) else {
            return Ok(());
        };
        // A bucket is whole between any two statements that change it.
        bucket.lock().unwrap_or_else(PoisonError::into_inner).take(Instant::now()).map_err(Refusal::TooOften)
    }
}

async fn pass(State(guard): State<Guard>, request: Request, next: Next) -> Response {
    match guard.look(&request) {
        Ok(()) => next.run(request).await,
        Err(refusal) => refusal.answer(is_grpc(request.headers())),
    }
}

/// What a request needs a key for; `None` is open to all: whether the server lives and is ready.
fn scope(method: &Method, path: &str) -> Option<Scope> {
    const OPEN: &[&str] = &[
        "/healthz",
        "/readyz",
        "/health",
        "/ping",
        "/v2/health/live",
        "/v2/health/ready",
        "/grpc.health.v1.Health/Check",
        "/grpc.health.v1.Health/Watch",
        "/inference.GRPCInferenceService/ServerLive",
        "/inference.GRPCInferenceService/ServerReady",
    ];
    const ADMIN: &[&str] = &["/RepositoryModelLoad", "/RepositoryModelUnload", "/TraceSetting", "/LogSettings"];
    let changes = method == Method::POST && (path.ends_with("/load") || path.ends_with("/unload")) && path.starts_with("/v2/repository/");
    let sets = method == Method::POST && (path.ends_with("/trace/setting") || path == "/v2/logging");
    match path {
        path if OPEN.contains(&path) => None,
        "/metrics" => Some(Scope::Metrics),
        path if changes || sets || ADMIN.iter().any(|end| path.ends_with(end)) => Some(Scope::Admin),
        _ => Some(Scope::Infer),
    }
}

/// The key that a request shows.
fn presented(headers: &HeaderMap) -> Option<&str> {
    let bearer = headers.get(header::AUTHORIZATION).and_then(|v| v.to_str().ok()).and_then(|v| {
        let (scheme, key) = v.split_once(' ')?;
        scheme.eq_ignore_ascii_case("bearer").then_some(key.trim())
    });
    bearer.or_else(|| headers.get("x-api-key")?.to_str().ok())
}

fn is_grpc(headers: &HeaderMap) -> bool {
    headers.get(header::CONTENT_TYPE).is_some_and(|v| v.as_bytes().starts_with(b"application/grpc"))
}

impl Refusal {
    fn answer(&self, is_grpc: bool) -> Response {
        // Status of HTTP, code of gRPC, text.
        let (status, code, text) = match self {
            Refusal::Unknown => (StatusCode::UNAUTHORIZED, 16, "a key is needed: Authorization: Bearer KEY".to_owned()),
            Refusal::Forbidden(scope) => (StatusCode::FORBIDDEN, 7, format!("this key is not for `{}`", scope.name())),
            Refusal::TooOften(_) => (StatusCode::TOO_MANY_REQUESTS, 8, "the limit of this key is reached".to_owned()),
        };
        let mut response = if is_grpc { grpc(code, &text) } else { rest(status, &text) };
        let headers = response.headers_mut();
        match self {
            Refusal::Unknown => {
                headers.insert(header::WWW_AUTHENTICATE, header::HeaderValue::from_static("Bearer"));
            }
            Refusal::TooOften(wait) => {
                headers.insert(header::RETRY_AFTER, header::HeaderValue::from(wait.as_secs_f64().ceil().max(1.0) as u64));
            }
            Refusal::Forbidden(_) => {}
        }
        response
    }
}

fn rest(status: StatusCode, text: &str) -> Response {
    let mut response = Response::new(Body::from(format!("{{\"error\":\"{text}\"}}")));
    *response.status_mut() = status;
    response.headers_mut().insert(header::CONTENT_TYPE, header::HeaderValue::from_static("application/json"));
    response
}

/// An answer of trailers only, which gRPC sends as headers.
fn grpc(code: u16, text: &str) -> Response {
    let mut response = Response::new(Body::empty());
    let headers = response.headers_mut();
    headers.insert(header::CONTENT_TYPE, header::HeaderValue::from_static("application/grpc"));
    headers.insert("grpc-status", header::HeaderValue::from(code));
    if let Ok(text) = header::HeaderValue::from_str(&text.replace(' ', "%20")) {
        headers.insert("grpc-message", text);
    }
    response
}
