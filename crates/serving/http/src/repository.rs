//! Loading, unloading and listing; settings that clients may read and not change.

use axum::Json;
use axum::extract::{Path, Request, State};
use fastserve_serve::{ServeError, Server};
use fastserve_v2::describe;
use serde_json::{Value, json};

use crate::body;
use crate::failure::Failure;
use crate::infer::Which;
use crate::routes::Door;

type Told = Result<Json<Value>, Failure>;

/// The largest body of a request that is not for a run.
const MOST_BYTES: usize = 1 << 20;
const NO_CONTROL: &str = "this server does not let clients load and unload models (--allow-model-control)";
const NO_SETTINGS: &str = "this server does not let clients change its logs and traces";

/// The body as JSON; an empty one is an object without fields.
async fn object(door: &Door, request: Request) -> Result<Value, Failure> {
    let (head, body) = request.into_parts();
    let bytes = body::read(&head.headers, body, MOST_BYTES.min(door.settings.max_request_bytes), door.settings.body_timeout).await?;
    if bytes.iter().all(u8::is_ascii_whitespace) {
        return Ok(json!({}));
    }
    let text = std::str::from_utf8(&bytes).map_err(|_| ServeError::Invalid("the body is not UTF-8".into()))?;
    fastserve_v2::json::check_depth(text, fastserve_v2::json::MAX_DEPTH)?;
    let value: Value = serde_json::from_str(text).map_err(|e| ServeError::Invalid(format!("the body is not JSON: {e}")))?;
    if value.is_object() { Ok(value) } else { Err(ServeError::Invalid("the body is not an object".into()).into()) }
}

pub(crate) async fn index(State(door): State<Door>, request: Request) -> Told {
    let asked = object(&door, request).await?;
    let only_ready = match asked.get("ready") {
        None => false,
        Some(Value::Bool(b)) => *b,
        Some(_) => return Err(ServeError::Invalid("`ready`: expected true or false".into()).into()),
    };
    Ok(Json(describe::index(&door.server.index(), only_ready)))
}

pub(crate) async fn load(State(door): State<Door>, Path(which): Path<Which>, request: Request) -> Told {
    let asked = object(&door, request).await?;
    let parameters = asked.get("parameters").and_then(Value::as_object);
    if let Some(key) = parameters.and_then(|p| p.keys().find(|k| *k == "config" || k.starts_with("file:"))) {
        let why = format!("parameter `{key}`: models are loaded from the repository only");
        return Err(ServeError::Unimplemented(why).into());
    }
    control(&door, &which, Server::load).await
}

pub(crate) async fn unload(State(door): State<Door>, Path(which): Path<Which>, request: Request) -> Told {
    object(&door, request).await?;
    control(&door, &which, Server::unload).await
}

/// Loads or unloads, which takes its time, beside the thread that reads and writes.
async fn control(door: &Door, which: &Which, act: fn(&Server, &str) -> Result<(), ServeError>) -> Told {
    if !door.settings.allow_control {
        return Err(Failure::NotAllowed(NO_CONTROL));
    }
    let (server, name) = (door.server.clone(), which.model()?.to_owned());
    let failed = |_| ServeError::Failed { model: which.model().unwrap_or_default().to_owned(), why: "it could not be loaded".into() };
    tokio::task::spawn_blocking(move || act(&server, &name)).await.map_err(failed)??;
    Ok(Json(json!({})))
}

pub(crate) async fn logging() -> Json<Value> {
    Json(describe::LOG_SETTINGS.iter().map(|(key, value)| ((*key).to_owned(), json!(value))).collect())
}

pub(crate) async fn tracing() -> Json<Value> {
    Json(describe::TRACE_SETTINGS.iter().map(|(key, value)| ((*key).to_owned(), json!(value))).collect())
}

pub(crate) async fn no_settings() -> Failure {
    Failure::NotAllowed(NO_SETTINGS)
}

/// Regions of shared memory: there are none.
pub(crate) async fn regions() -> Json<Value> {
    Json(json!([]))
}

pub(crate) async fn no_regions() -> Failure {
    ServeError::Unimplemented("this server takes no tensors in shared memory".into()).into()
}
