//! Answers of the server to messages.

use std::time::Duration;

use fastserve_serve::{InferResponse, ModelMetadata, ModelStatistics, NamedOutput, OutputData, Summed, TensorMetadata};
use fastserve_v2::{datatype, describe, raw};

use crate::proto::model_infer_response::InferOutputTensor;
use crate::proto::{self, ModelInferResponse, ModelMetadataResponse, StatisticDuration};

/// The message of a response: all elements are in `raw_output_contents`, each tensor copied once, when the message is written.
pub fn response(response: InferResponse) -> ModelInferResponse {
    let mut message = ModelInferResponse {
        model_name: response.model,
        model_version: response.version.to_string(),
        id: response.id,
        ..ModelInferResponse::default()
    };
    for NamedOutput { name, data } in response.outputs {
        let (datatype, shape, bytes) = match data {
            OutputData::Tensor(t) => (datatype::any_name(t.dtype()), extents(t.shape().dims()), raw::bytes_of(t)),
            OutputData::Labels { shape, texts } => (datatype::BYTES, extents(&shape), raw::bytes_of_texts(&texts).into()),
        };
        message.outputs.push(InferOutputTensor { name, datatype: datatype.into(), shape, ..InferOutputTensor::default() });
        message.raw_output_contents.push(bytes);
    }
    message
}

fn extents(dims: &[usize]) -> Vec<i64> {
    dims.iter().map(|&d| i64::try_from(d).unwrap_or(i64::MAX)).collect()
}

pub(crate) fn metadata(model: ModelMetadata) -> ModelMetadataResponse {
    ModelMetadataResponse {
        name: model.name,
        versions: model.versions.iter().map(u64::to_string).collect(),
        platform: model.platform,
        inputs: model.inputs.into_iter().map(tensor).collect(),
        outputs: model.outputs.into_iter().map(tensor).collect(),
    }
}

fn tensor(tensor: TensorMetadata) -> proto::model_metadata_response::TensorMetadata {
    let datatype = datatype::any_name(tensor.dtype).into();
    proto::model_metadata_response::TensorMetadata { name: tensor.name, datatype, shape: tensor.shape }
}

pub(crate) fn statistics(model: &ModelStatistics) -> proto::ModelStatistics {
    let none = Some(sum(Summed { count: 0, time: Duration::ZERO }));
    proto::ModelStatistics {
        name: model.name.clone(),
        version: model.version.to_string(),
        last_inference: describe::last_inference_ms(model),
        inference_count: model.inference_count,
        execution_count: model.execution_count,
        inference_stats: Some(proto::InferStatistics {
            success: Some(sum(model.success)),
            fail: Some(sum(model.fail)),
            queue: Some(sum(model.queue)),
            compute_input: Some(sum(model.compute_input)),
            compute_infer: Some(sum(model.compute_infer)),
            compute_output: Some(sum(model.compute_output)),
            cache_hit: none,
            cache_miss: none,
        }),
        batch_stats: model.batches.iter().map(batch).collect(),
        memory_usage: vec![proto::MemoryUsage { r#type: "CPU".into(), id: 0, byte_size: model.memory_bytes }],
        response_stats: std::collections::HashMap::new(),
    }
}

fn batch(batch: &fastserve_serve::BatchStatistics) -> proto::InferBatchStatistics {
    proto::InferBatchStatistics {
        batch_size: batch.rows,
        compute_input: Some(sum(batch.compute_input)),
        compute_infer: Some(sum(batch.compute_infer)),
        compute_output: Some(sum(batch.compute_output)),
    }
}

fn sum(sum: Summed) -> StatisticDuration {
    StatisticDuration { count: sum.count, ns: describe::nanoseconds(sum) }
}
