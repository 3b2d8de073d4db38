//! Which address is answered by what.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use axum::Router;
use axum::extract::Request;
use axum::http::{HeaderName, HeaderValue};
use axum::middleware::{Next, from_fn};
use axum::response::Response;
use axum::routing::{get, post};
use fastserve_serve::Server;

use crate::failure::Failure;
use crate::{infer, openapi, repository, scrape, tell};

/// What the door lets in.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Settings {
    /// Bytes of a body, before and after it is unpacked.
    pub max_request_bytes: usize,
    /// How long a body may take.
    pub body_timeout: Duration,
    /// Whether clients load and unload models.
    pub allow_control: bool,
}

impl Default for Settings {
    fn default() -> Self {
        Self { max_request_bytes: 64 << 20, body_timeout: Duration::from_secs(60), allow_control: false }
    }
}

/// What handlers share.
#[derive(Clone)]
pub(crate) struct Door {
    pub(crate) server: Server,
    pub(crate) settings: Arc<Settings>,
}

/// All addresses of REST, the one of metrics included.
pub fn routes(server: Server, settings: &Settings) -> Router {
    let door = Door { server, settings: Arc::new(settings.clone()) };
    models(Router::new())
        .route("/v2", get(tell::server))
        .route("/v2/", get(tell::server))
        .route("/v2/health/live", get(tell::live))
        .route("/v2/health/ready", get(tell::ready))
        .route("/healthz", get(tell::live))
        .route("/readyz", get(tell::ready))
        .route("/metrics", get(scrape::metrics))
        .route("/openapi.json", get(openapi::document))
        .route("/v2/repository/index", post(repository::index))
        .route("/v2/repository/models/{model}/load", post(repository::load))
        .route("/v2/repository/models/{model}/unload", post(repository::unload))
        .route("/v2/logging", get(repository::logging).post(repository::no_settings))
        .route("/v2/trace/setting", get(repository::tracing).post(repository::no_settings))
        .merge(shared_memory())
        .fallback(async || Failure::NoRoute)
        .method_not_allowed_fallback(async || Failure::Method)
        .layer(from_fn(name_request))
        .with_state(door)
}

/// Addresses of one model, with and without a version.
fn models(router: Router<Door>) -> Router<Door> {
    let mut router = router.route("/v2/models", get(tell::models)).route("/v2/models/stats", get(tell::all_statistics));
    for model in ["/v2/models/{model}", "/v2/models/{model}/versions/{version}"] {
        router = router
            .route(model, get(tell::model))
            .route(&format!("{model}/ready"), get(tell::model_ready))
            .route(&format!("{model}/config"), get(tell::config))
            .route(&format!("{model}/stats"), get(tell::statistics))
            .route(&format!("{model}/infer"), post(infer::infer));
    }
    router.route("/v2/models/{model}/trace/setting", get(repository::tracing).post(repository::no_settings))
}

fn shared_memory() -> Router<Door> {
    let mut router = Router::new();
    for kind in ["systemsharedmemory", "cudasharedmemory"] {
        router = router
            .route(&format!("/v2/{kind}/status"), get(repository::regions))
            .route(&format!("/v2/{kind}/region/{{region}}/status"), get(repository::regions))
            .route(&format!("/v2/{kind}/region/{{region}}/register"), post(repository::no_regions))
            .route(&format!("/v2/{kind}/region/{{region}}/unregister"), post(repository::no_regions))
            .route(&format!("/v2/{kind}/unregister"), post(repository::no_regions));
    }
    router
}

/// Metrics alone, for a port of their own.
pub fn metrics(server: Server) -> Router {
    let door = Door { server, settings: Arc::new(Settings::default()) };
    Router::new().route("/metrics", get(scrape::metrics)).fallback(async || Failure::NoRoute).with_state(door)
}

const REQUEST_ID: HeaderName = HeaderName::from_static("x-request-id");
/// The longest name of a request that is given back.
const LONGEST_ID: usize = 128;

/// Gives the request's name back, or a number where it has none.
async fn name_request(request: Request, next: Next) -> Response {
    static NUMBER: AtomicU64 = AtomicU64::new(1);
    let given = request.headers().get(REQUEST_ID).filter(|v| v.len() <= LONGEST_ID && !v.is_empty()).cloned();
    let id = given.unwrap_or_else(|| HeaderValue::from(NUMBER.fetch_add(1, Ordering::Relaxed)));
    let mut response = next.run(request).await;
    response.headers_mut().insert(REQUEST_ID, id);
    response
}
