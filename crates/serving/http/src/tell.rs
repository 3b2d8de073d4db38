//! What the server says of itself and its models.

use axum::Json;
use axum::extract::{Path, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use fastserve_v2::describe;
use serde_json::{Value, json};

use crate::failure::Failure;
use crate::infer::Which;
use crate::routes::Door;

type Told = Result<Json<Value>, Failure>;

pub(crate) async fn server() -> Json<Value> {
    Json(describe::server(env!("CARGO_PKG_VERSION")))
}

fn health(what: &str, is_well: bool) -> Response {
    let status = if is_well { StatusCode::OK } else { StatusCode::SERVICE_UNAVAILABLE };
    (status, Json(json!({ what: is_well }))).into_response()
}

pub(crate) async fn live(State(door): State<Door>) -> Response {
    health("live", door.server.is_live())
}

pub(crate) async fn ready(State(door): State<Door>) -> Response {
    health("ready", door.server.is_ready())
}

pub(crate) async fn models(State(door): State<Door>) -> Json<Value> {
    let mut names: Vec<String> = door.server.index().into_iter().map(|e| e.name).collect();
    names.dedup();
    Json(json!({ "models": names }))
}

pub(crate) async fn model(State(door): State<Door>, Path(which): Path<Which>) -> Told {
    Ok(Json(describe::metadata(&door.server.metadata(which.model()?, which.version()?)?)))
}

pub(crate) async fn model_ready(State(door): State<Door>, Path(which): Path<Which>) -> Result<Response, Failure> {
    let name = which.model()?;
    let is_ready = door.server.is_model_ready(name, which.version()?)?;
    let status = if is_ready { StatusCode::OK } else { StatusCode::SERVICE_UNAVAILABLE };
    Ok((status, Json(json!({ "name": name, "ready": is_ready }))).into_response())
}

pub(crate) async fn config(State(door): State<Door>, Path(which): Path<Which>) -> Told {
    Ok(Json(describe::config(&door.server.describe(which.model()?, which.version()?)?)))
}

pub(crate) async fn statistics(State(door): State<Door>, Path(which): Path<Which>) -> Told {
    Ok(Json(describe::statistics(&door.server.statistics(Some(which.model()?), which.version()?)?)))
}

pub(crate) async fn all_statistics(State(door): State<Door>) -> Told {
    Ok(Json(describe::statistics(&door.server.statistics(None, None)?)))
}
