//! `/openapi.json`.

use axum::Json;
use serde_json::{Map, Value, json};

/// The addresses as OpenAPI 3.1 has them.
pub(crate) async fn document() -> Json<Value> {
    Json(json!({
        "openapi": "3.1.0",
        "info": {
            "title": "FastServe",
            "version": env!("CARGO_PKG_VERSION"),
            "description": "The Open Inference Protocol, version 2, with binary tensors, statistics and the repository of models.",
        },
        "paths": paths(),
        "components": { "schemas": schemas() },
    }))
}

/// An answer that is JSON of this schema; every other status has the schema of failures.
fn answers(schema: Value) -> Value {
    json!({
        "200": { "description": "The answer", "content": { "application/json": { "schema": schema } } },
        "default": { "description": "A failure", "content": { "application/json": { "schema": { "$ref": "#/components/schemas/Failure" } } } },
    })
}

fn of(name: &str) -> Value {
    json!({ "$ref": format!("#/components/schemas/{name}") })
}

fn get(summary: &str, schema: Value) -> Value {
    json!({ "summary": summary, "responses": answers(schema) })
}

fn post(summary: &str, body: Value, required: bool, schema: Value) -> Value {
    json!({
        "summary": summary,
        "requestBody": { "required": required, "content": { "application/json": { "schema": body } } },
        "responses": answers(schema),
    })
}

fn paths() -> Value {
    let object = || json!({ "type": "object" });
    let any = || json!({ "type": "object" });
    let health = || of("Health");
    let mut paths = Map::new();
    let mut add = |path: &str, methods: Value| paths.insert(path.to_owned(), methods);
    add("/v2", json!({ "get": get("The server", object()) }));
    add("/v2/health/live", json!({ "get": probe("Whether the server lives", health()) }));
    add("/v2/health/ready", json!({ "get": probe("Whether requests should be sent here", health()) }));
    add("/v2/models", json!({ "get": get("Names of models", object()) }));
    add("/v2/models/stats", json!({ "get": get("What all models have done", object()) }));
    for (prefix, versions) in [("/v2/models/{model}", false), ("/v2/models/{model}/versions/{version}", true)] {
        let with = |name: &str, mut operation: Value| {
            operation["parameters"] = parameters(versions);
            json!({ name: operation })
        };
        add(prefix, with("get", get("What a model takes and returns", of("Model"))));
        add(&format!("{prefix}/ready"), with("get", probe("Whether a model answers", any())));
        add(&format!("{prefix}/config"), with("get", get("How a model is served", object())));
        add(&format!("{prefix}/stats"), with("get", get("What a model has done", object())));
        add(&format!("{prefix}/infer"), with("post", post("A run", of("Request"), true, of("Response"))));
    }
    add(
        "/v2/repository/index",
        json!({ "post": post("All models and where they stand", of("IndexRequest"), false, json!({ "type": "array", "items": object() })) }),
    );
    for act in ["load", "unload"] {
        let mut operation = post("Load or unload a model, where the server allows it", object(), false, object());
        operation["parameters"] = parameters(false);
        add(&format!("/v2/repository/models/{{model}}/{act}"), json!({ "post": operation }));
    }
    add(
        "/metrics",
        json!({ "get": { "summary": "Metrics", "responses": { "200": {
            "description": "Prometheus's text form", "content": { "text/plain": {}, "application/openmetrics-text": {} },
        } } } }),
    );
    Value::Object(paths)
}

/// A probe answers 503 with the same schema.
fn probe(summary: &str, schema: Value) -> Value {
    let mut operation = get(summary, schema.clone());
    operation["responses"]["503"] = json!({ "description": "Not now", "content": { "application/json": { "schema": schema } } });
    operation
}

fn parameters(versions: bool) -> Value {
    let path = |name: &str, pattern: &str| json!({ "name": name, "in": "path", "required": true, "schema": { "type": "string", "pattern": pattern } });
    let mut list = vec![path("model", "^[A-Za-z0-9][A-Za-z0-9._-]{0,127}$")];
    if versions {
        list.push(path("version", "^[1-9][0-9]{0,18}$"));
    }
    Value::Array(list)
}

fn schemas() -> Value {
    let datatypes =
        json!(["BOOL", "UINT8", "UINT16", "UINT32", "UINT64", "INT8", "INT16", "INT32", "INT64", "FP16", "FP32", "FP64", "BF16"]);
    let text = json!({ "type": "string" });
    let port = json!({ "type": "object", "properties": { "name": text, "datatype": text, "shape": { "type": "array", "items": { "type": "integer" } } } });
    json!({
        "Failure": { "type": "object", "required": ["error"], "properties": { "error": text } },
        "Health": { "type": "object", "properties": { "live": { "type": "boolean" }, "ready": { "type": "boolean" } } },
        "IndexRequest": { "type": "object", "properties": { "ready": { "type": "boolean" } } },
        "Model": {
            "type": "object", "required": ["name", "versions", "platform", "inputs", "outputs"],
            "properties": {
                "name": text, "versions": { "type": "array", "items": text }, "platform": text,
                "inputs": { "type": "array", "items": port }, "outputs": { "type": "array", "items": port },
            },
        },
        "Tensor": {
            "type": "object", "required": ["name", "shape", "datatype"],
            "properties": {
                "name": { "type": "string", "minLength": 1 },
                "shape": { "type": "array", "items": { "type": "integer", "minimum": 0 } },
                "datatype": { "type": "string", "enum": datatypes },
                "data": { "type": "array" },
                "parameters": { "type": "object" },
            },
        },
        "Request": {
            "type": "object", "required": ["inputs"],
            "properties": {
                "id": text, "parameters": { "type": "object" },
                "inputs": { "type": "array", "items": of("Tensor") },
                "outputs": { "type": "array", "items": {
                    "type": "object", "required": ["name"],
                    "properties": { "name": { "type": "string", "minLength": 1 }, "parameters": { "type": "object" } },
                } },
            },
        },
        "Response": {
            "type": "object", "required": ["model_name", "model_version", "outputs"],
            "properties": {
                "id": text, "model_name": text, "model_version": text,
                "outputs": { "type": "array", "items": { "type": "object", "required": ["name", "shape", "datatype"] } },
            },
        },
    })
}
