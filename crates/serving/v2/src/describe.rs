//! What is said of the server and its models, as JSON of the shape that Triton's clients read.

use fastserve_serve::{IndexEntry, ModelDescription, ModelMetadata, ModelState, ModelStatistics, Summed, TensorMetadata};
use serde_json::{Value, json};

use crate::datatype;

/// The name that the server says it has.
pub const SERVER_NAME: &str = "fastserve";

/// The protocol's extensions that are here.
pub const EXTENSIONS: &[&str] =
    &["binary_tensor_data", "classification", "model_configuration", "model_repository", "parameters", "sequence", "statistics"];

/// What the server says of its traces: clients cannot set them.
pub const TRACE_SETTINGS: &[(&str, &str)] = &[("trace_level", "OFF"), ("trace_rate", "0"), ("trace_count", "-1"), ("log_frequency", "0")];

/// What the server says of its log: clients cannot set it.
pub const LOG_SETTINGS: &[(&str, bool)] = &[("log_error", true), ("log_warning", true), ("log_info", true)];

/// `GET /v2`.
pub fn server(version: &str) -> Value {
    json!({ "name": SERVER_NAME, "version": version, "extensions": EXTENSIONS })
}

/// `GET /v2/models/{model}`.
pub fn metadata(model: &ModelMetadata) -> Value {
    json!({
        "name": model.name,
        "versions": model.versions.iter().map(u64::to_string).collect::<Vec<_>>(),
        "platform": model.platform,
        "inputs": model.inputs.iter().map(tensor).collect::<Vec<_>>(),
        "outputs": model.outputs.iter().map(tensor).collect::<Vec<_>>(),
    })
}

fn tensor(tensor: &TensorMetadata) -> Value {
    json!({ "name": tensor.name, "datatype": datatype::any_name(tensor.dtype), "shape": tensor.shape })
}

/// `GET /v2/models/{model}/config`.
pub fn config(model: &ModelDescription) -> Value {
    let batched = model.max_batch_size > 0;
    let mut config = json!({
        "name": model.metadata.name,
        "platform": model.metadata.platform,
        "backend": SERVER_NAME,
        "version_policy": { "specific": { "versions": model.metadata.versions } },
        "max_batch_size": model.max_batch_size,
        "input": model.metadata.inputs.iter().map(|t| config_input(t, batched)).collect::<Vec<_>>(),
        "output": model.metadata.outputs.iter().map(|t| config_output(t, batched)).collect::<Vec<_>>(),
        "instance_group": [{ "name": model.metadata.name, "kind": "KIND_CPU", "count": model.instances, "gpus": [] }],
        "default_model_filename": "",
        "model_transaction_policy": { "decoupled": false },
        "response_cache": { "enable": false },
        "parameters": parameters(model),
    });
    if let Some(fields) = config.as_object_mut() {
        if model.stateful {
            fields.insert("sequence_batching".into(), json!({}));
        } else if batched {
            fields.insert("dynamic_batching".into(), dynamic_batching(model));
        }
    }
    config
}

fn dynamic_batching(model: &ModelDescription) -> Value {
    json!({
        "preferred_batch_size": model.preferred_sizes,
        "max_queue_delay_microseconds": model.max_queue_delay_us,
        "preserve_ordering": false,
        "priority_levels": 0,
        "default_priority_level": 0,
    })
}

/// What Triton's configuration has no field for.
pub fn extra(model: &ModelDescription) -> Vec<(&'static str, String)> {
    let why = model.unbatched_because.clone().map(|why| ("fastserve.unbatched_because", why));
    std::iter::once(("fastserve.batch_mode", model.batch_mode.to_owned())).chain(why).collect()
}

fn parameters(model: &ModelDescription) -> Value {
    extra(model).into_iter().map(|(key, value)| (key.to_owned(), json!({ "string_value": value }))).collect()
}

/// The extents of a configuration: without the axis of batches, where there is one.
pub fn config_dims(tensor: &TensorMetadata, batched: bool) -> &[i64] {
    tensor.shape.get(usize::from(batched)..).unwrap_or_default()
}

/// The name of an element type in a configuration, such as `TYPE_FP32`.
pub fn config_type(tensor: &TensorMetadata) -> String {
    datatype::name(tensor.dtype).map_or_else(|| "TYPE_INVALID".into(), |name| format!("TYPE_{name}"))
}

fn config_input(tensor: &TensorMetadata, batched: bool) -> Value {
    json!({
        "name": tensor.name, "data_type": config_type(tensor), "format": "FORMAT_NONE", "dims": config_dims(tensor, batched),
        "is_shape_tensor": false, "allow_ragged_batch": false, "optional": false,
    })
}

fn config_output(tensor: &TensorMetadata, batched: bool) -> Value {
    let dims = config_dims(tensor, batched);
    json!({ "name": tensor.name, "data_type": config_type(tensor), "dims": dims, "label_filename": "", "is_shape_tensor": false })
}

/// `GET /v2/models/stats` and its narrower forms.
pub fn statistics(models: &[ModelStatistics]) -> Value {
    json!({ "model_stats": models.iter().map(model_statistics).collect::<Vec<_>>() })
}

fn model_statistics(model: &ModelStatistics) -> Value {
    let batch = |b: &fastserve_serve::BatchStatistics| {
        json!({
            "batch_size": b.rows, "compute_input": summed(b.compute_input), "compute_infer": summed(b.compute_infer),
            "compute_output": summed(b.compute_output),
        })
    };
    json!({
        "name": model.name,
        "version": model.version.to_string(),
        "last_inference": last_inference_ms(model),
        "inference_count": model.inference_count,
        "execution_count": model.execution_count,
        "inference_stats": {
            "success": summed(model.success), "fail": summed(model.fail), "queue": summed(model.queue),
            "compute_input": summed(model.compute_input), "compute_infer": summed(model.compute_infer),
            "compute_output": summed(model.compute_output), "cache_hit": summed(Summed::default()), "cache_miss": summed(Summed::default()),
        },
        "response_stats": {},
        "batch_stats": model.batches.iter().map(batch).collect::<Vec<_>>(),
        "memory_usage": [{ "type": "CPU", "id": 0, "byte_size": model.memory_bytes }],
    })
}

fn summed(sum: Summed) -> Value {
    json!({ "count": sum.count, "ns": nanoseconds(sum) })
}

/// The time of a sum in nanoseconds.
pub fn nanoseconds(sum: Summed) -> u64 {
    u64::try_from(sum.time.as_nanos()).unwrap_or(u64::MAX)
}

/// When a model last ran, in milliseconds since 1970; 0 is never.
pub fn last_inference_ms(model: &ModelStatistics) -> u64 {
    let since = model.last_inference.and_then(|t| t.duration_since(std::time::UNIX_EPOCH).ok()).unwrap_or_default();
    u64::try_from(since.as_millis()).unwrap_or(u64::MAX)
}

/// `POST /v2/repository/index`.
pub fn index(models: &[IndexEntry], only_ready: bool) -> Value {
    listed(models, only_ready).map(entry).collect()
}

/// The entries that are asked for.
pub fn listed(models: &[IndexEntry], only_ready: bool) -> impl Iterator<Item = &IndexEntry> {
    models.iter().filter(move |m| !only_ready || m.state == ModelState::Ready)
}

/// A version of a model in an index; an empty text where there is none.
pub fn version_text(entry: &IndexEntry) -> String {
    entry.version.map(|v| v.to_string()).unwrap_or_default()
}

fn entry(entry: &IndexEntry) -> Value {
    json!({ "name": entry.name, "version": version_text(entry), "state": entry.state.name(), "reason": entry.reason })
}

#[cfg(test)]
mod tests {
    use fastserve::DType;

    use super::*;

    fn description() -> ModelDescription {
        let tensor = |name: &str, shape: &[i64]| TensorMetadata { name: name.into(), dtype: DType::F32, shape: shape.to_vec() };
        ModelDescription {
            metadata: ModelMetadata {
                name: "m".into(),
                versions: vec![1, 3],
                platform: "fastserve_onnx".into(),
                inputs: vec![tensor("x", &[-1, 4])],
                outputs: vec![tensor("y", &[-1, 2])],
            },
            version: 3,
            max_batch_size: 8,
            unbatched_because: None,
            batch_mode: "dynamic",
            preferred_sizes: vec![4],
            max_queue_delay_us: 100,
            instances: 1,
            stateful: false,
        }
    }

    #[test]
    fn a_configuration_leaves_out_the_axis_of_batches() {
        let mut model = description();
        let batched = config(&model);
        assert_eq!((&batched["input"][0]["dims"], &batched["input"][0]["data_type"]), (&json!([4]), &json!("TYPE_FP32")));
        assert_eq!(batched["dynamic_batching"]["preferred_batch_size"], json!([4]));
        model.max_batch_size = 0;
        model.unbatched_because = Some("x has no symbol".into());
        let apart = config(&model);
        assert_eq!((&apart["input"][0]["dims"], apart.get("dynamic_batching")), (&json!([-1, 4]), None));
        assert_eq!(apart["parameters"]["fastserve.unbatched_because"]["string_value"], json!("x has no symbol"));
    }

    #[test]
    fn metadata_has_texts_for_versions() {
        let text = metadata(&description().metadata);
        assert_eq!((&text["versions"], &text["outputs"][0]["shape"]), (&json!(["1", "3"]), &json!([-1, 2])));
    }
}
