//! How a model is served, as Triton's configuration.

use fastserve_serve::{ModelDescription, TensorMetadata};
use fastserve_v2::describe;

use crate::proto::model_config::SchedulingChoice;
use crate::proto::model_instance_group::Kind;
use crate::proto::model_version_policy::{PolicyChoice, Specific};
use crate::proto::{
    DataType, ModelConfig, ModelDynamicBatching, ModelInput, ModelInstanceGroup, ModelOutput, ModelParameter, ModelSequenceBatching,
    ModelVersionPolicy,
};

pub(crate) fn config(model: &ModelDescription) -> ModelConfig {
    let batched = model.max_batch_size > 0;
    let versions = model.metadata.versions.iter().map(|&v| i64::try_from(v).unwrap_or(i64::MAX)).collect();
    let group = ModelInstanceGroup { name: model.metadata.name.clone(), kind: Kind::Cpu.into(), count: narrow(model.instances) };
    ModelConfig {
        name: model.metadata.name.clone(),
        platform: model.metadata.platform.clone(),
        backend: describe::SERVER_NAME.into(),
        version_policy: Some(ModelVersionPolicy { policy_choice: Some(PolicyChoice::Specific(Specific { versions })) }),
        max_batch_size: narrow(model.max_batch_size),
        input: model.metadata.inputs.iter().map(|t| input(t, batched)).collect(),
        output: model.metadata.outputs.iter().map(|t| output(t, batched)).collect(),
        instance_group: vec![group],
        parameters: describe::extra(model).into_iter().map(|(k, v)| (k.to_owned(), ModelParameter { string_value: v })).collect(),
        scheduling_choice: scheduling(model),
        ..ModelConfig::default()
    }
}

fn scheduling(model: &ModelDescription) -> Option<SchedulingChoice> {
    if model.stateful {
        return Some(SchedulingChoice::SequenceBatching(ModelSequenceBatching::default()));
    }
    (model.max_batch_size > 0).then(|| {
        SchedulingChoice::DynamicBatching(ModelDynamicBatching {
            preferred_batch_size: model.preferred_sizes.iter().map(|&s| narrow(s)).collect(),
            max_queue_delay_microseconds: model.max_queue_delay_us,
            ..ModelDynamicBatching::default()
        })
    })
}

fn narrow(n: u32) -> i32 {
    i32::try_from(n).unwrap_or(i32::MAX)
}

fn data_type(tensor: &TensorMetadata) -> i32 {
    DataType::from_str_name(&describe::config_type(tensor)).unwrap_or_default().into()
}

fn input(tensor: &TensorMetadata, batched: bool) -> ModelInput {
    let dims = describe::config_dims(tensor, batched).to_vec();
    ModelInput { name: tensor.name.clone(), data_type: data_type(tensor), dims, optional: false }
}

fn output(tensor: &TensorMetadata, batched: bool) -> ModelOutput {
    let dims = describe::config_dims(tensor, batched).to_vec();
    ModelOutput { name: tensor.name.clone(), data_type: data_type(tensor), dims, label_filename: String::new() }
}
