//! The inference service's wire types, server and client, generated from `proto/inference.proto`: include as `mod proto;`.
//!
//! Don't edit: `cargo xtask gen` writes it.
//!
//! schema a009169e45a7909623d8315d50e1581d2a80c4d8320093f451d274802dfd1e97
//! generator 19f019ff1bc426f715ee5fa5c4fa95d77ef4bb25604f18ca740e006017445012
//! code cf3fe3e9bcf3aa8f28fb3b83cbfcc186b260abad66448eda74fa67a2654fb77e
//! tidy: generated
#![allow(missing_docs, unreachable_pub, clippy::all)]

/// Whether the server runs.
#[derive(Clone, Copy, PartialEq, Eq, Hash, ::prost::Message)]
pub struct ServerLiveRequest {}
#[derive(Clone, Copy, PartialEq, Eq, Hash, ::prost::Message)]
pub struct ServerLiveResponse {
    #[prost(bool, tag = "1")]
    pub live: bool,
}
/// Whether the server and its models answer.
#[derive(Clone, Copy, PartialEq, Eq, Hash, ::prost::Message)]
pub struct ServerReadyRequest {}
#[derive(Clone, Copy, PartialEq, Eq, Hash, ::prost::Message)]
pub struct ServerReadyResponse {
    #[prost(bool, tag = "1")]
    pub ready: bool,
}
/// Whether a model answers. An empty version is the newest that is ready.
#[derive(Clone, PartialEq, Eq, Hash, ::prost::Message)]
pub struct ModelReadyRequest {
    #[prost(string, tag = "1")]
    pub name: ::prost::alloc::string::String,
    #[prost(string, tag = "2")]
    pub version: ::prost::alloc::string::String,
}
#[derive(Clone, Copy, PartialEq, Eq, Hash, ::prost::Message)]
pub struct ModelReadyResponse {
    #[prost(bool, tag = "1")]
    pub ready: bool,
}
/// Name, version and protocol extensions of the server.
#[derive(Clone, Copy, PartialEq, Eq, Hash, ::prost::Message)]
pub struct ServerMetadataRequest {}
#[derive(Clone, PartialEq, Eq, Hash, ::prost::Message)]
pub struct ServerMetadataResponse {
    #[prost(string, tag = "1")]
    pub name: ::prost::alloc::string::String,
    #[prost(string, tag = "2")]
    pub version: ::prost::alloc::string::String,
    #[prost(string, repeated, tag = "3")]
    pub extensions: ::prost::alloc::vec::Vec<::prost::alloc::string::String>,
}
/// What goes into a model and what comes out; extents of -1 are any.
#[derive(Clone, PartialEq, Eq, Hash, ::prost::Message)]
pub struct ModelMetadataRequest {
    #[prost(string, tag = "1")]
    pub name: ::prost::alloc::string::String,
    #[prost(string, tag = "2")]
    pub version: ::prost::alloc::string::String,
}
#[derive(Clone, PartialEq, ::prost::Message)]
pub struct ModelMetadataResponse {
    #[prost(string, tag = "1")]
    pub name: ::prost::alloc::string::String,
    #[prost(string, repeated, tag = "2")]
    pub versions: ::prost::alloc::vec::Vec<::prost::alloc::string::String>,
    #[prost(string, tag = "3")]
    pub platform: ::prost::alloc::string::String,
    #[prost(message, repeated, tag = "4")]
    pub inputs: ::prost::alloc::vec::Vec<model_metadata_response::TensorMetadata>,
    #[prost(message, repeated, tag = "5")]
    pub outputs: ::prost::alloc::vec::Vec<model_metadata_response::TensorMetadata>,
}
/// Nested message and enum types in `ModelMetadataResponse`.
pub mod model_metadata_response {
    #[derive(Clone, PartialEq, Eq, Hash, ::prost::Message)]
    pub struct TensorMetadata {
        #[prost(string, tag = "1")]
        pub name: ::prost::alloc::string::String,
        #[prost(string, tag = "2")]
        pub datatype: ::prost::alloc::string::String,
        #[prost(int64, repeated, tag = "3")]
        pub shape: ::prost::alloc::vec::Vec<i64>,
    }
}
/// A value of a parameter.
#[derive(Clone, PartialEq, ::prost::Message)]
pub struct InferParameter {
    #[prost(oneof = "infer_parameter::ParameterChoice", tags = "1, 2, 3, 4, 5")]
    pub parameter_choice: ::core::option::Option<infer_parameter::ParameterChoice>,
}
/// Nested message and enum types in `InferParameter`.
pub mod infer_parameter {
    #[derive(Clone, PartialEq, ::prost::Oneof)]
    pub enum ParameterChoice {
        #[prost(bool, tag = "1")]
        BoolParam(bool),
        #[prost(int64, tag = "2")]
        Int64Param(i64),
        #[prost(string, tag = "3")]
        StringParam(::prost::alloc::string::String),
        #[prost(double, tag = "4")]
        DoubleParam(f64),
        #[prost(uint64, tag = "5")]
        Uint64Param(u64),
    }
}
/// Elements of one tensor in row-major order; exactly one list is used, the one of the tensor's type.
#[derive(Clone, PartialEq, ::prost::Message)]
pub struct InferTensorContents {
    #[prost(bool, repeated, tag = "1")]
    pub bool_contents: ::prost::alloc::vec::Vec<bool>,
    #[prost(int32, repeated, tag = "2")]
    pub int_contents: ::prost::alloc::vec::Vec<i32>,
    #[prost(int64, repeated, tag = "3")]
    pub int64_contents: ::prost::alloc::vec::Vec<i64>,
    #[prost(uint32, repeated, tag = "4")]
    pub uint_contents: ::prost::alloc::vec::Vec<u32>,
    #[prost(uint64, repeated, tag = "5")]
    pub uint64_contents: ::prost::alloc::vec::Vec<u64>,
    #[prost(float, repeated, tag = "6")]
    pub fp32_contents: ::prost::alloc::vec::Vec<f32>,
    #[prost(double, repeated, tag = "7")]
    pub fp64_contents: ::prost::alloc::vec::Vec<f64>,
    #[prost(bytes = "vec", repeated, tag = "8")]
    pub bytes_contents: ::prost::alloc::vec::Vec<::prost::alloc::vec::Vec<u8>>,
}
/// One run of a model. Elements are in `contents` of each input or, for all inputs and in their order, in
/// `raw_input_contents` as little-endian bytes; never in both.
#[derive(Clone, PartialEq, ::prost::Message)]
pub struct ModelInferRequest {
    #[prost(string, tag = "1")]
    pub model_name: ::prost::alloc::string::String,
    #[prost(string, tag = "2")]
    pub model_version: ::prost::alloc::string::String,
    #[prost(string, tag = "3")]
    pub id: ::prost::alloc::string::String,
    #[prost(map = "string, message", tag = "4")]
    pub parameters: ::std::collections::HashMap<::prost::alloc::string::String, InferParameter>,
    #[prost(message, repeated, tag = "5")]
    pub inputs: ::prost::alloc::vec::Vec<model_infer_request::InferInputTensor>,
    #[prost(message, repeated, tag = "6")]
    pub outputs: ::prost::alloc::vec::Vec<model_infer_request::InferRequestedOutputTensor>,
    #[prost(bytes = "bytes", repeated, tag = "7")]
    pub raw_input_contents: ::prost::alloc::vec::Vec<::prost::bytes::Bytes>,
}
/// Nested message and enum types in `ModelInferRequest`.
pub mod model_infer_request {
    #[derive(Clone, PartialEq, ::prost::Message)]
    pub struct InferInputTensor {
        #[prost(string, tag = "1")]
        pub name: ::prost::alloc::string::String,
        #[prost(string, tag = "2")]
        pub datatype: ::prost::alloc::string::String,
        #[prost(int64, repeated, tag = "3")]
        pub shape: ::prost::alloc::vec::Vec<i64>,
        #[prost(map = "string, message", tag = "4")]
        pub parameters: ::std::collections::HashMap<::prost::alloc::string::String, super::InferParameter>,
        #[prost(message, optional, tag = "5")]
        pub contents: ::core::option::Option<super::InferTensorContents>,
    }
    #[derive(Clone, PartialEq, ::prost::Message)]
    pub struct InferRequestedOutputTensor {
        #[prost(string, tag = "1")]
        pub name: ::prost::alloc::string::String,
        #[prost(map = "string, message", tag = "2")]
        pub parameters: ::std::collections::HashMap<::prost::alloc::string::String, super::InferParameter>,
    }
}
/// The outputs; elements as in the request.
#[derive(Clone, PartialEq, ::prost::Message)]
pub struct ModelInferResponse {
    #[prost(string, tag = "1")]
    pub model_name: ::prost::alloc::string::String,
    #[prost(string, tag = "2")]
    pub model_version: ::prost::alloc::string::String,
    #[prost(string, tag = "3")]
    pub id: ::prost::alloc::string::String,
    #[prost(map = "string, message", tag = "4")]
    pub parameters: ::std::collections::HashMap<::prost::alloc::string::String, InferParameter>,
    #[prost(message, repeated, tag = "5")]
    pub outputs: ::prost::alloc::vec::Vec<model_infer_response::InferOutputTensor>,
    #[prost(bytes = "bytes", repeated, tag = "6")]
    pub raw_output_contents: ::prost::alloc::vec::Vec<::prost::bytes::Bytes>,
}
/// Nested message and enum types in `ModelInferResponse`.
pub mod model_infer_response {
    #[derive(Clone, PartialEq, ::prost::Message)]
    pub struct InferOutputTensor {
        #[prost(string, tag = "1")]
        pub name: ::prost::alloc::string::String,
        #[prost(string, tag = "2")]
        pub datatype: ::prost::alloc::string::String,
        #[prost(int64, repeated, tag = "3")]
        pub shape: ::prost::alloc::vec::Vec<i64>,
        #[prost(map = "string, message", tag = "4")]
        pub parameters: ::std::collections::HashMap<::prost::alloc::string::String, super::InferParameter>,
        #[prost(message, optional, tag = "5")]
        pub contents: ::core::option::Option<super::InferTensorContents>,
    }
}
/// One answer of a stream: an error, or a response.
#[derive(Clone, PartialEq, ::prost::Message)]
pub struct ModelStreamInferResponse {
    #[prost(string, tag = "1")]
    pub error_message: ::prost::alloc::string::String,
    #[prost(message, optional, tag = "2")]
    pub infer_response: ::core::option::Option<ModelInferResponse>,
}
/// How a model is served.
#[derive(Clone, PartialEq, Eq, Hash, ::prost::Message)]
pub struct ModelConfigRequest {
    #[prost(string, tag = "1")]
    pub name: ::prost::alloc::string::String,
    #[prost(string, tag = "2")]
    pub version: ::prost::alloc::string::String,
}
#[derive(Clone, PartialEq, ::prost::Message)]
pub struct ModelConfigResponse {
    #[prost(message, optional, tag = "1")]
    pub config: ::core::option::Option<ModelConfig>,
}
/// What models have done; an empty name is all of them.
#[derive(Clone, PartialEq, Eq, Hash, ::prost::Message)]
pub struct ModelStatisticsRequest {
    #[prost(string, tag = "1")]
    pub name: ::prost::alloc::string::String,
    #[prost(string, tag = "2")]
    pub version: ::prost::alloc::string::String,
}
/// A number of events and their time in nanoseconds.
#[derive(Clone, Copy, PartialEq, Eq, Hash, ::prost::Message)]
pub struct StatisticDuration {
    #[prost(uint64, tag = "1")]
    pub count: u64,
    #[prost(uint64, tag = "2")]
    pub ns: u64,
}
#[derive(Clone, Copy, PartialEq, Eq, Hash, ::prost::Message)]
pub struct InferStatistics {
    #[prost(message, optional, tag = "1")]
    pub success: ::core::option::Option<StatisticDuration>,
    #[prost(message, optional, tag = "2")]
    pub fail: ::core::option::Option<StatisticDuration>,
    #[prost(message, optional, tag = "3")]
    pub queue: ::core::option::Option<StatisticDuration>,
    #[prost(message, optional, tag = "4")]
    pub compute_input: ::core::option::Option<StatisticDuration>,
    #[prost(message, optional, tag = "5")]
    pub compute_infer: ::core::option::Option<StatisticDuration>,
    #[prost(message, optional, tag = "6")]
    pub compute_output: ::core::option::Option<StatisticDuration>,
    #[prost(message, optional, tag = "7")]
    pub cache_hit: ::core::option::Option<StatisticDuration>,
    #[prost(message, optional, tag = "8")]
    pub cache_miss: ::core::option::Option<StatisticDuration>,
}
#[derive(Clone, Copy, PartialEq, Eq, Hash, ::prost::Message)]
pub struct InferResponseStatistics {
    #[prost(message, optional, tag = "1")]
    pub compute_infer: ::core::option::Option<StatisticDuration>,
    #[prost(message, optional, tag = "2")]
    pub compute_output: ::core::option::Option<StatisticDuration>,
    #[prost(message, optional, tag = "3")]
    pub success: ::core::option::Option<StatisticDuration>,
    #[prost(message, optional, tag = "4")]
    pub fail: ::core::option::Option<StatisticDuration>,
    #[prost(message, optional, tag = "5")]
    pub empty_response: ::core::option::Option<StatisticDuration>,
    #[prost(message, optional, tag = "6")]
    pub cancel: ::core::option::Option<StatisticDuration>,
}
#[derive(Clone, Copy, PartialEq, Eq, Hash, ::prost::Message)]
pub struct InferBatchStatistics {
    #[prost(uint64, tag = "1")]
    pub batch_size: u64,
    #[prost(message, optional, tag = "2")]
    pub compute_input: ::core::option::Option<StatisticDuration>,
    #[prost(message, optional, tag = "3")]
    pub compute_infer: ::core::option::Option<StatisticDuration>,
    #[prost(message, optional, tag = "4")]
    pub compute_output: ::core::option::Option<StatisticDuration>,
}
#[derive(Clone, PartialEq, Eq, Hash, ::prost::Message)]
pub struct MemoryUsage {
    #[prost(string, tag = "1")]
    pub r#type: ::prost::alloc::string::String,
    #[prost(int64, tag = "2")]
    pub id: i64,
    #[prost(uint64, tag = "3")]
    pub byte_size: u64,
}
#[derive(Clone, PartialEq, ::prost::Message)]
pub struct ModelStatistics {
    #[prost(string, tag = "1")]
    pub name: ::prost::alloc::string::String,
    #[prost(string, tag = "2")]
    pub version: ::prost::alloc::string::String,
    #[prost(uint64, tag = "3")]
    pub last_inference: u64,
    #[prost(uint64, tag = "4")]
    pub inference_count: u64,
    #[prost(uint64, tag = "5")]
    pub execution_count: u64,
    #[prost(message, optional, tag = "6")]
    pub inference_stats: ::core::option::Option<InferStatistics>,
    #[prost(message, repeated, tag = "7")]
    pub batch_stats: ::prost::alloc::vec::Vec<InferBatchStatistics>,
    #[prost(message, repeated, tag = "8")]
    pub memory_usage: ::prost::alloc::vec::Vec<MemoryUsage>,
    #[prost(map = "string, message", tag = "9")]
    pub response_stats: ::std::collections::HashMap<::prost::alloc::string::String, InferResponseStatistics>,
}
#[derive(Clone, PartialEq, ::prost::Message)]
pub struct ModelStatisticsResponse {
    #[prost(message, repeated, tag = "1")]
    pub model_stats: ::prost::alloc::vec::Vec<ModelStatistics>,
}
/// A value of a parameter of loading and unloading.
#[derive(Clone, PartialEq, Eq, Hash, ::prost::Message)]
pub struct ModelRepositoryParameter {
    #[prost(oneof = "model_repository_parameter::ParameterChoice", tags = "1, 2, 3, 4")]
    pub parameter_choice: ::core::option::Option<model_repository_parameter::ParameterChoice>,
}
/// Nested message and enum types in `ModelRepositoryParameter`.
pub mod model_repository_parameter {
    #[derive(Clone, PartialEq, Eq, Hash, ::prost::Oneof)]
    pub enum ParameterChoice {
        #[prost(bool, tag = "1")]
        BoolParam(bool),
        #[prost(int64, tag = "2")]
        Int64Param(i64),
        #[prost(string, tag = "3")]
        StringParam(::prost::alloc::string::String),
        #[prost(bytes, tag = "4")]
        BytesParam(::prost::alloc::vec::Vec<u8>),
    }
}
/// The models of the repository.
#[derive(Clone, PartialEq, Eq, Hash, ::prost::Message)]
pub struct RepositoryIndexRequest {
    #[prost(string, tag = "1")]
    pub repository_name: ::prost::alloc::string::String,
    #[prost(bool, tag = "2")]
    pub ready: bool,
}
#[derive(Clone, PartialEq, ::prost::Message)]
pub struct RepositoryIndexResponse {
    #[prost(message, repeated, tag = "1")]
    pub models: ::prost::alloc::vec::Vec<repository_index_response::ModelIndex>,
}
/// Nested message and enum types in `RepositoryIndexResponse`.
pub mod repository_index_response {
    #[derive(Clone, PartialEq, Eq, Hash, ::prost::Message)]
    pub struct ModelIndex {
        #[prost(string, tag = "1")]
        pub name: ::prost::alloc::string::String,
        #[prost(string, tag = "2")]
        pub version: ::prost::alloc::string::String,
        #[prost(string, tag = "3")]
        pub state: ::prost::alloc::string::String,
        #[prost(string, tag = "4")]
        pub reason: ::prost::alloc::string::String,
    }
}
/// Load a model, or load it again.
#[derive(Clone, PartialEq, ::prost::Message)]
pub struct RepositoryModelLoadRequest {
    #[prost(string, tag = "1")]
    pub repository_name: ::prost::alloc::string::String,
    #[prost(string, tag = "2")]
    pub model_name: ::prost::alloc::string::String,
    #[prost(map = "string, message", tag = "3")]
    pub parameters: ::std::collections::HashMap<::prost::alloc::string::String, ModelRepositoryParameter>,
}
#[derive(Clone, Copy, PartialEq, Eq, Hash, ::prost::Message)]
pub struct RepositoryModelLoadResponse {}
/// Unload a model.
#[derive(Clone, PartialEq, ::prost::Message)]
pub struct RepositoryModelUnloadRequest {
    #[prost(string, tag = "1")]
    pub repository_name: ::prost::alloc::string::String,
    #[prost(string, tag = "2")]
    pub model_name: ::prost::alloc::string::String,
    #[prost(map = "string, message", tag = "3")]
    pub parameters: ::std::collections::HashMap<::prost::alloc::string::String, ModelRepositoryParameter>,
}
#[derive(Clone, Copy, PartialEq, Eq, Hash, ::prost::Message)]
pub struct RepositoryModelUnloadResponse {}
/// Shared memory of the machine: a server may answer that it has none.
#[derive(Clone, PartialEq, Eq, Hash, ::prost::Message)]
pub struct SystemSharedMemoryStatusRequest {
    #[prost(string, tag = "1")]
    pub name: ::prost::alloc::string::String,
}
#[derive(Clone, PartialEq, ::prost::Message)]
pub struct SystemSharedMemoryStatusResponse {
    #[prost(map = "string, message", tag = "1")]
    pub regions: ::std::collections::HashMap<::prost::alloc::string::String, system_shared_memory_status_response::RegionStatus>,
}
/// Nested message and enum types in `SystemSharedMemoryStatusResponse`.
pub mod system_shared_memory_status_response {
    #[derive(Clone, PartialEq, Eq, Hash, ::prost::Message)]
    pub struct RegionStatus {
        #[prost(string, tag = "1")]
        pub name: ::prost::alloc::string::String,
        #[prost(string, tag = "2")]
        pub key: ::prost::alloc::string::String,
        #[prost(uint64, tag = "3")]
        pub offset: u64,
        #[prost(uint64, tag = "4")]
        pub byte_size: u64,
    }
}
#[derive(Clone, PartialEq, Eq, Hash, ::prost::Message)]
pub struct SystemSharedMemoryRegisterRequest {
    #[prost(string, tag = "1")]
    pub name: ::prost::alloc::string::String,
    #[prost(string, tag = "2")]
    pub key: ::prost::alloc::string::String,
    #[prost(uint64, tag = "3")]
    pub offset: u64,
    #[prost(uint64, tag = "4")]
    pub byte_size: u64,
}
#[derive(Clone, Copy, PartialEq, Eq, Hash, ::prost::Message)]
pub struct SystemSharedMemoryRegisterResponse {}
#[derive(Clone, PartialEq, Eq, Hash, ::prost::Message)]
pub struct SystemSharedMemoryUnregisterRequest {
    #[prost(string, tag = "1")]
    pub name: ::prost::alloc::string::String,
}
#[derive(Clone, Copy, PartialEq, Eq, Hash, ::prost::Message)]
pub struct SystemSharedMemoryUnregisterResponse {}
/// Shared memory of CUDA devices.
#[derive(Clone, PartialEq, Eq, Hash, ::prost::Message)]
pub struct CudaSharedMemoryStatusRequest {
    #[prost(string, tag = "1")]
    pub name: ::prost::alloc::string::String,
}
#[derive(Clone, PartialEq, ::prost::Message)]
pub struct CudaSharedMemoryStatusResponse {
    #[prost(map = "string, message", tag = "1")]
    pub regions: ::std::collections::HashMap<::prost::alloc::string::String, cuda_shared_memory_status_response::RegionStatus>,
}
/// Nested message and enum types in `CudaSharedMemoryStatusResponse`.
pub mod cuda_shared_memory_status_response {
    #[derive(Clone, PartialEq, Eq, Hash, ::prost::Message)]
    pub struct RegionStatus {
        #[prost(string, tag = "1")]
        pub name: ::prost::alloc::string::String,
        #[prost(uint64, tag = "2")]
        pub device_id: u64,
        #[prost(uint64, tag = "3")]
        pub byte_size: u64,
    }
}
#[derive(Clone, PartialEq, Eq, Hash, ::prost::Message)]
pub struct CudaSharedMemoryRegisterRequest {
    #[prost(string, tag = "1")]
    pub name: ::prost::alloc::string::String,
    #[prost(bytes = "vec", tag = "2")]
    pub raw_handle: ::prost::alloc::vec::Vec<u8>,
    #[prost(int64, tag = "3")]
    pub device_id: i64,
    #[prost(uint64, tag = "4")]
    pub byte_size: u64,
}
#[derive(Clone, Copy, PartialEq, Eq, Hash, ::prost::Message)]
pub struct CudaSharedMemoryRegisterResponse {}
#[derive(Clone, PartialEq, Eq, Hash, ::prost::Message)]
pub struct CudaSharedMemoryUnregisterRequest {
    #[prost(string, tag = "1")]
    pub name: ::prost::alloc::string::String,
}
#[derive(Clone, Copy, PartialEq, Eq, Hash, ::prost::Message)]
pub struct CudaSharedMemoryUnregisterResponse {}
/// Read settings of traces, and change those that are given.
#[derive(Clone, PartialEq, ::prost::Message)]
pub struct TraceSettingRequest {
    #[prost(map = "string, message", tag = "1")]
    pub settings: ::std::collections::HashMap<::prost::alloc::string::String, trace_setting_request::SettingValue>,
    #[prost(string, tag = "2")]
    pub model_name: ::prost::alloc::string::String,
}
/// Nested message and enum types in `TraceSettingRequest`.
pub mod trace_setting_request {
    #[derive(Clone, PartialEq, Eq, Hash, ::prost::Message)]
    pub struct SettingValue {
        #[prost(string, repeated, tag = "1")]
        pub value: ::prost::alloc::vec::Vec<::prost::alloc::string::String>,
    }
}
#[derive(Clone, PartialEq, ::prost::Message)]
pub struct TraceSettingResponse {
    #[prost(map = "string, message", tag = "1")]
    pub settings: ::std::collections::HashMap<::prost::alloc::string::String, trace_setting_response::SettingValue>,
}
/// Nested message and enum types in `TraceSettingResponse`.
pub mod trace_setting_response {
    #[derive(Clone, PartialEq, Eq, Hash, ::prost::Message)]
    pub struct SettingValue {
        #[prost(string, repeated, tag = "1")]
        pub value: ::prost::alloc::vec::Vec<::prost::alloc::string::String>,
    }
}
/// Read settings of the log, and change those that are given.
#[derive(Clone, PartialEq, ::prost::Message)]
pub struct LogSettingsRequest {
    #[prost(map = "string, message", tag = "1")]
    pub settings: ::std::collections::HashMap<::prost::alloc::string::String, log_settings_request::SettingValue>,
}
/// Nested message and enum types in `LogSettingsRequest`.
pub mod log_settings_request {
    #[derive(Clone, PartialEq, Eq, Hash, ::prost::Message)]
    pub struct SettingValue {
        #[prost(oneof = "setting_value::ParameterChoice", tags = "1, 2, 3")]
        pub parameter_choice: ::core::option::Option<setting_value::ParameterChoice>,
    }
    /// Nested message and enum types in `SettingValue`.
    pub mod setting_value {
        #[derive(Clone, PartialEq, Eq, Hash, ::prost::Oneof)]
        pub enum ParameterChoice {
            #[prost(bool, tag = "1")]
            BoolParam(bool),
            #[prost(uint32, tag = "2")]
            Uint32Param(u32),
            #[prost(string, tag = "3")]
            StringParam(::prost::alloc::string::String),
        }
    }
}
#[derive(Clone, PartialEq, ::prost::Message)]
pub struct LogSettingsResponse {
    #[prost(map = "string, message", tag = "1")]
    pub settings: ::std::collections::HashMap<::prost::alloc::string::String, log_settings_response::SettingValue>,
}
/// Nested message and enum types in `LogSettingsResponse`.
pub mod log_settings_response {
    #[derive(Clone, PartialEq, Eq, Hash, ::prost::Message)]
    pub struct SettingValue {
        #[prost(oneof = "setting_value::ParameterChoice", tags = "1, 2, 3")]
        pub parameter_choice: ::core::option::Option<setting_value::ParameterChoice>,
    }
    /// Nested message and enum types in `SettingValue`.
    pub mod setting_value {
        #[derive(Clone, PartialEq, Eq, Hash, ::prost::Oneof)]
        pub enum ParameterChoice {
            #[prost(bool, tag = "1")]
            BoolParam(bool),
            #[prost(uint32, tag = "2")]
            Uint32Param(u32),
            #[prost(string, tag = "3")]
            StringParam(::prost::alloc::string::String),
        }
    }
}
/// Workers of a model.
#[derive(Clone, PartialEq, Eq, Hash, ::prost::Message)]
pub struct ModelInstanceGroup {
    #[prost(string, tag = "1")]
    pub name: ::prost::alloc::string::String,
    #[prost(enumeration = "model_instance_group::Kind", tag = "4")]
    pub kind: i32,
    #[prost(int32, tag = "2")]
    pub count: i32,
}
/// Nested message and enum types in `ModelInstanceGroup`.
pub mod model_instance_group {
    #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, ::prost::Enumeration)]
    #[repr(i32)]
    pub enum Kind {
        Auto = 0,
        Gpu = 1,
        Cpu = 2,
        Model = 3,
    }
    impl Kind {
        /// String value of the enum field names used in the ProtoBuf definition.
        ///
        /// The values are not transformed in any way and thus are considered stable
        /// (if the ProtoBuf definition does not change) and safe for programmatic use.
        pub fn as_str_name(&self) -> &'static str {
            match self {
                Self::Auto => "KIND_AUTO",
                Self::Gpu => "KIND_GPU",
                Self::Cpu => "KIND_CPU",
                Self::Model => "KIND_MODEL",
            }
        }
        /// Creates an enum from field names used in the ProtoBuf definition.
        pub fn from_str_name(value: &str) -> ::core::option::Option<Self> {
            match value {
                "KIND_AUTO" => Some(Self::Auto),
                "KIND_GPU" => Some(Self::Gpu),
                "KIND_CPU" => Some(Self::Cpu),
                "KIND_MODEL" => Some(Self::Model),
                _ => None,
            }
        }
    }
}
/// An input without the axis of batches.
#[derive(Clone, PartialEq, Eq, Hash, ::prost::Message)]
pub struct ModelInput {
    #[prost(string, tag = "1")]
    pub name: ::prost::alloc::string::String,
    #[prost(enumeration = "DataType", tag = "2")]
    pub data_type: i32,
    #[prost(int64, repeated, tag = "4")]
    pub dims: ::prost::alloc::vec::Vec<i64>,
    #[prost(bool, tag = "8")]
    pub optional: bool,
}
/// An output without the axis of batches.
#[derive(Clone, PartialEq, Eq, Hash, ::prost::Message)]
pub struct ModelOutput {
    #[prost(string, tag = "1")]
    pub name: ::prost::alloc::string::String,
    #[prost(enumeration = "DataType", tag = "2")]
    pub data_type: i32,
    #[prost(int64, repeated, tag = "3")]
    pub dims: ::prost::alloc::vec::Vec<i64>,
    #[prost(string, tag = "4")]
    pub label_filename: ::prost::alloc::string::String,
}
/// Which versions are served.
#[derive(Clone, PartialEq, Eq, Hash, ::prost::Message)]
pub struct ModelVersionPolicy {
    #[prost(oneof = "model_version_policy::PolicyChoice", tags = "1, 2, 3")]
    pub policy_choice: ::core::option::Option<model_version_policy::PolicyChoice>,
}
/// Nested message and enum types in `ModelVersionPolicy`.
pub mod model_version_policy {
    #[derive(Clone, Copy, PartialEq, Eq, Hash, ::prost::Message)]
    pub struct Latest {
        #[prost(uint32, tag = "1")]
        pub num_versions: u32,
    }
    #[derive(Clone, Copy, PartialEq, Eq, Hash, ::prost::Message)]
    pub struct All {}
    #[derive(Clone, PartialEq, Eq, Hash, ::prost::Message)]
    pub struct Specific {
        #[prost(int64, repeated, tag = "1")]
        pub versions: ::prost::alloc::vec::Vec<i64>,
    }
    #[derive(Clone, PartialEq, Eq, Hash, ::prost::Oneof)]
    pub enum PolicyChoice {
        #[prost(message, tag = "1")]
        Latest(Latest),
        #[prost(message, tag = "2")]
        All(All),
        #[prost(message, tag = "3")]
        Specific(Specific),
    }
}
/// How requests wait.
#[derive(Clone, Copy, PartialEq, Eq, Hash, ::prost::Message)]
pub struct ModelQueuePolicy {
    #[prost(enumeration = "model_queue_policy::TimeoutAction", tag = "1")]
    pub timeout_action: i32,
    #[prost(uint64, tag = "2")]
    pub default_timeout_microseconds: u64,
    #[prost(bool, tag = "3")]
    pub allow_timeout_override: bool,
    #[prost(uint32, tag = "4")]
    pub max_queue_size: u32,
}
/// Nested message and enum types in `ModelQueuePolicy`.
pub mod model_queue_policy {
    #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, ::prost::Enumeration)]
    #[repr(i32)]
    pub enum TimeoutAction {
        Reject = 0,
        Delay = 1,
    }
    impl TimeoutAction {
        /// String value of the enum field names used in the ProtoBuf definition.
        ///
        /// The values are not transformed in any way and thus are considered stable
        /// (if the ProtoBuf definition does not change) and safe for programmatic use.
        pub fn as_str_name(&self) -> &'static str {
            match self {
                Self::Reject => "REJECT",
                Self::Delay => "DELAY",
            }
        }
        /// Creates an enum from field names used in the ProtoBuf definition.
        pub fn from_str_name(value: &str) -> ::core::option::Option<Self> {
            match value {
                "REJECT" => Some(Self::Reject),
                "DELAY" => Some(Self::Delay),
                _ => None,
            }
        }
    }
}
/// How requests come together.
#[derive(Clone, PartialEq, ::prost::Message)]
pub struct ModelDynamicBatching {
    #[prost(int32, repeated, tag = "1")]
    pub preferred_batch_size: ::prost::alloc::vec::Vec<i32>,
    #[prost(uint64, tag = "2")]
    pub max_queue_delay_microseconds: u64,
    #[prost(bool, tag = "3")]
    pub preserve_ordering: bool,
    #[prost(uint64, tag = "4")]
    pub priority_levels: u64,
    #[prost(uint64, tag = "5")]
    pub default_priority_level: u64,
    #[prost(message, optional, tag = "6")]
    pub default_queue_policy: ::core::option::Option<ModelQueuePolicy>,
    #[prost(map = "uint64, message", tag = "7")]
    pub priority_queue_policy: ::std::collections::HashMap<u64, ModelQueuePolicy>,
}
/// How requests of one stream come together.
#[derive(Clone, Copy, PartialEq, Eq, Hash, ::prost::Message)]
pub struct ModelSequenceBatching {
    #[prost(uint64, tag = "1")]
    pub max_sequence_idle_microseconds: u64,
}
/// A text under a name.
#[derive(Clone, PartialEq, Eq, Hash, ::prost::Message)]
pub struct ModelParameter {
    #[prost(string, tag = "1")]
    pub string_value: ::prost::alloc::string::String,
}
/// Whether a request has any number of responses.
#[derive(Clone, Copy, PartialEq, Eq, Hash, ::prost::Message)]
pub struct ModelTransactionPolicy {
    #[prost(bool, tag = "1")]
    pub decoupled: bool,
}
/// Whether responses are kept.
#[derive(Clone, Copy, PartialEq, Eq, Hash, ::prost::Message)]
pub struct ModelResponseCache {
    #[prost(bool, tag = "1")]
    pub enable: bool,
}
/// How a model is served.
#[derive(Clone, PartialEq, ::prost::Message)]
pub struct ModelConfig {
    #[prost(string, tag = "1")]
    pub name: ::prost::alloc::string::String,
    #[prost(string, tag = "2")]
    pub platform: ::prost::alloc::string::String,
    #[prost(string, tag = "17")]
    pub backend: ::prost::alloc::string::String,
    #[prost(message, optional, tag = "3")]
    pub version_policy: ::core::option::Option<ModelVersionPolicy>,
    #[prost(int32, tag = "4")]
    pub max_batch_size: i32,
    #[prost(message, repeated, tag = "5")]
    pub input: ::prost::alloc::vec::Vec<ModelInput>,
    #[prost(message, repeated, tag = "6")]
    pub output: ::prost::alloc::vec::Vec<ModelOutput>,
    #[prost(message, repeated, tag = "7")]
    pub instance_group: ::prost::alloc::vec::Vec<ModelInstanceGroup>,
    #[prost(string, tag = "8")]
    pub default_model_filename: ::prost::alloc::string::String,
    #[prost(map = "string, message", tag = "14")]
    pub parameters: ::std::collections::HashMap<::prost::alloc::string::String, ModelParameter>,
    #[prost(message, optional, tag = "19")]
    pub model_transaction_policy: ::core::option::Option<ModelTransactionPolicy>,
    #[prost(message, optional, tag = "24")]
    pub response_cache: ::core::option::Option<ModelResponseCache>,
    #[prost(oneof = "model_config::SchedulingChoice", tags = "11, 13")]
    pub scheduling_choice: ::core::option::Option<model_config::SchedulingChoice>,
}
/// Nested message and enum types in `ModelConfig`.
pub mod model_config {
    #[derive(Clone, PartialEq, ::prost::Oneof)]
    pub enum SchedulingChoice {
        #[prost(message, tag = "11")]
        DynamicBatching(super::ModelDynamicBatching),
        #[prost(message, tag = "13")]
        SequenceBatching(super::ModelSequenceBatching),
    }
}
/// Element types of a configuration.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, ::prost::Enumeration)]
#[repr(i32)]
pub enum DataType {
    TypeInvalid = 0,
    TypeBool = 1,
    TypeUint8 = 2,
    TypeUint16 = 3,
    TypeUint32 = 4,
    TypeUint64 = 5,
    TypeInt8 = 6,
    TypeInt16 = 7,
    TypeInt32 = 8,
    TypeInt64 = 9,
    TypeFp16 = 10,
    TypeFp32 = 11,
    TypeFp64 = 12,
    TypeString = 13,
    TypeBf16 = 14,
}
impl DataType {
    /// String value of the enum field names used in the ProtoBuf definition.
    ///
    /// The values are not transformed in any way and thus are considered stable
    /// (if the ProtoBuf definition does not change) and safe for programmatic use.
    pub fn as_str_name(&self) -> &'static str {
        match self {
            Self::TypeInvalid => "TYPE_INVALID",
            Self::TypeBool => "TYPE_BOOL",
            Self::TypeUint8 => "TYPE_UINT8",
            Self::TypeUint16 => "TYPE_UINT16",
            Self::TypeUint32 => "TYPE_UINT32",
            Self::TypeUint64 => "TYPE_UINT64",
            Self::TypeInt8 => "TYPE_INT8",
            Self::TypeInt16 => "TYPE_INT16",
            Self::TypeInt32 => "TYPE_INT32",
            Self::TypeInt64 => "TYPE_INT64",
            Self::TypeFp16 => "TYPE_FP16",
            Self::TypeFp32 => "TYPE_FP32",
            Self::TypeFp64 => "TYPE_FP64",
            Self::TypeString => "TYPE_STRING",
            Self::TypeBf16 => "TYPE_BF16",
        }
    }
    /// Creates an enum from field names used in the ProtoBuf definition.
    pub fn from_str_name(value: &str) -> ::core::option::Option<Self> {
        match value {
            "TYPE_INVALID" => Some(Self::TypeInvalid),
            "TYPE_BOOL" => Some(Self::TypeBool),
            "TYPE_UINT8" => Some(Self::TypeUint8),
            "TYPE_UINT16" => Some(Self::TypeUint16),
            "TYPE_UINT32" => Some(Self::TypeUint32),
            "TYPE_UINT64" => Some(Self::TypeUint64),
            "TYPE_INT8" => Some(Self::TypeInt8),
            "TYPE_INT16" => Some(Self::TypeInt16),
            "TYPE_INT32" => Some(Self::TypeInt32),
            "TYPE_INT64" => Some(Self::TypeInt64),
            "TYPE_FP16" => Some(Self::TypeFp16),
            "TYPE_FP32" => Some(Self::TypeFp32),
            "TYPE_FP64" => Some(Self::TypeFp64),
            "TYPE_STRING" => Some(Self::TypeString),
            "TYPE_BF16" => Some(Self::TypeBf16),
            _ => None,
        }
    }
}
/// Generated client implementations.
pub mod grpc_inference_service_client {
    #![allow(unused_variables, dead_code, missing_docs, clippy::wildcard_imports, clippy::let_unit_value)]
    use tonic::codegen::http::Uri;
    use tonic::codegen::*;
    /// Health, metadata, inference, statistics and control of models.
    #[derive(Debug, Clone)]
    pub struct GrpcInferenceServiceClient<T> {
        inner: tonic::client::Grpc<T>,
    }
    impl<T> GrpcInferenceServiceClient<T>
    where
        T: tonic::client::GrpcService<tonic::body::Body>,
        T::Error: Into<StdError>,
        T::ResponseBody: Body<Data = Bytes> + std::marker::Send + 'static,
        <T::ResponseBody as Body>::Error: Into<StdError> + std::marker::Send,
    {
        pub fn new(inner: T) -> Self {
            let inner = tonic::client::Grpc::new(inner);
            Self { inner }
        }
        pub fn with_origin(inner: T, origin: Uri) -> Self {
            let inner = tonic::client::Grpc::with_origin(inner, origin);
            Self { inner }
        }
        pub fn with_interceptor<F>(inner: T, interceptor: F) -> GrpcInferenceServiceClient<InterceptedService<T, F>>
        where
            F: tonic::service::Interceptor,
            T::ResponseBody: Default,
            T: tonic::codegen::Service<
                    http::Request<tonic::body::Body>,
                    Response = http::Response<<T as tonic::client::GrpcService<tonic::body::Body>>::ResponseBody>,
                >,
            <T as tonic::codegen::Service<http::Request<tonic::body::Body>>>::Error: Into<StdError> + std::marker::Send + std::marker::Sync,
        {
            GrpcInferenceServiceClient::new(InterceptedService::new(inner, interceptor))
        }
        /// Compress requests with the given encoding.
        ///
        /// This requires the server to support it otherwise it might respond with an
        /// error.
        #[must_use]
        pub fn send_compressed(mut self, encoding: CompressionEncoding) -> Self {
            self.inner = self.inner.send_compressed(encoding);
            self
        }
        /// Enable decompressing responses.
        #[must_use]
        pub fn accept_compressed(mut self, encoding: CompressionEncoding) -> Self {
            self.inner = self.inner.accept_compressed(encoding);
            self
        }
        /// Limits the maximum size of a decoded message.
        ///
        /// Default: `4MB`
        #[must_use]
        pub fn max_decoding_message_size(mut self, limit: usize) -> Self {
            self.inner = self.inner.max_decoding_message_size(limit);
            self
        }
        /// Limits the maximum size of an encoded message.
        ///
        /// Default: `usize::MAX`
        #[must_use]
        pub fn max_encoding_message_size(mut self, limit: usize) -> Self {
            self.inner = self.inner.max_encoding_message_size(limit);
            self
        }
        pub async fn server_live(
            &mut self,
            request: impl tonic::IntoRequest<super::ServerLiveRequest>,
        ) -> std::result::Result<tonic::Response<super::ServerLiveResponse>, tonic::Status> {
            self.inner.ready().await.map_err(|e| tonic::Status::unknown(format!("Service was not ready: {}", e.into())))?;
            let codec = tonic_prost::ProstCodec::default();
            let path = http::uri::PathAndQuery::from_static("/inference.GRPCInferenceService/ServerLive");
            let mut req = request.into_request();
            req.extensions_mut().insert(GrpcMethod::new("inference.GRPCInferenceService", "ServerLive"));
            self.inner.unary(req, path, codec).await
        }
        pub async fn server_ready(
            &mut self,
            request: impl tonic::IntoRequest<super::ServerReadyRequest>,
        ) -> std::result::Result<tonic::Response<super::ServerReadyResponse>, tonic::Status> {
            self.inner.ready().await.map_err(|e| tonic::Status::unknown(format!("Service was not ready: {}", e.into())))?;
            let codec = tonic_prost::ProstCodec::default();
            let path = http::uri::PathAndQuery::from_static("/inference.GRPCInferenceService/ServerReady");
            let mut req = request.into_request();
            req.extensions_mut().insert(GrpcMethod::new("inference.GRPCInferenceService", "ServerReady"));
            self.inner.unary(req, path, codec).await
        }
        pub async fn model_ready(
            &mut self,
            request: impl tonic::IntoRequest<super::ModelReadyRequest>,
        ) -> std::result::Result<tonic::Response<super::ModelReadyResponse>, tonic::Status> {
            self.inner.ready().await.map_err(|e| tonic::Status::unknown(format!("Service was not ready: {}", e.into())))?;
            let codec = tonic_prost::ProstCodec::default();
            let path = http::uri::PathAndQuery::from_static("/inference.GRPCInferenceService/ModelReady");
            let mut req = request.into_request();
            req.extensions_mut().insert(GrpcMethod::new("inference.GRPCInferenceService", "ModelReady"));
            self.inner.unary(req, path, codec).await
        }
        pub async fn server_metadata(
            &mut self,
            request: impl tonic::IntoRequest<super::ServerMetadataRequest>,
        ) -> std::result::Result<tonic::Response<super::ServerMetadataResponse>, tonic::Status> {
            self.inner.ready().await.map_err(|e| tonic::Status::unknown(format!("Service was not ready: {}", e.into())))?;
            let codec = tonic_prost::ProstCodec::default();
            let path = http::uri::PathAndQuery::from_static("/inference.GRPCInferenceService/ServerMetadata");
            let mut req = request.into_request();
            req.extensions_mut().insert(GrpcMethod::new("inference.GRPCInferenceService", "ServerMetadata"));
            self.inner.unary(req, path, codec).await
        }
        pub async fn model_metadata(
            &mut self,
            request: impl tonic::IntoRequest<super::ModelMetadataRequest>,
        ) -> std::result::Result<tonic::Response<super::ModelMetadataResponse>, tonic::Status> {
            self.inner.ready().await.map_err(|e| tonic::Status::unknown(format!("Service was not ready: {}", e.into())))?;
            let codec = tonic_prost::ProstCodec::default();
            let path = http::uri::PathAndQuery::from_static("/inference.GRPCInferenceService/ModelMetadata");
            let mut req = request.into_request();
            req.extensions_mut().insert(GrpcMethod::new("inference.GRPCInferenceService", "ModelMetadata"));
            self.inner.unary(req, path, codec).await
        }
        pub async fn model_infer(
            &mut self,
            request: impl tonic::IntoRequest<super::ModelInferRequest>,
        ) -> std::result::Result<tonic::Response<super::ModelInferResponse>, tonic::Status> {
            self.inner.ready().await.map_err(|e| tonic::Status::unknown(format!("Service was not ready: {}", e.into())))?;
            let codec = tonic_prost::ProstCodec::default();
            let path = http::uri::PathAndQuery::from_static("/inference.GRPCInferenceService/ModelInfer");
            let mut req = request.into_request();
            req.extensions_mut().insert(GrpcMethod::new("inference.GRPCInferenceService", "ModelInfer"));
            self.inner.unary(req, path, codec).await
        }
        pub async fn model_stream_infer(
            &mut self,
            request: impl tonic::IntoStreamingRequest<Message = super::ModelInferRequest>,
        ) -> std::result::Result<tonic::Response<tonic::codec::Streaming<super::ModelStreamInferResponse>>, tonic::Status> {
            self.inner.ready().await.map_err(|e| tonic::Status::unknown(format!("Service was not ready: {}", e.into())))?;
            let codec = tonic_prost::ProstCodec::default();
            let path = http::uri::PathAndQuery::from_static("/inference.GRPCInferenceService/ModelStreamInfer");
            let mut req = request.into_streaming_request();
            req.extensions_mut().insert(GrpcMethod::new("inference.GRPCInferenceService", "ModelStreamInfer"));
            self.inner.streaming(req, path, codec).await
        }
        pub async fn model_config(
            &mut self,
            request: impl tonic::IntoRequest<super::ModelConfigRequest>,
        ) -> std::result::Result<tonic::Response<super::ModelConfigResponse>, tonic::Status> {
            self.inner.ready().await.map_err(|e| tonic::Status::unknown(format!("Service was not ready: {}", e.into())))?;
            let codec = tonic_prost::ProstCodec::default();
            let path = http::uri::PathAndQuery::from_static("/inference.GRPCInferenceService/ModelConfig");
            let mut req = request.into_request();
            req.extensions_mut().insert(GrpcMethod::new("inference.GRPCInferenceService", "ModelConfig"));
            self.inner.unary(req, path, codec).await
        }
        pub async fn model_statistics(
            &mut self,
            request: impl tonic::IntoRequest<super::ModelStatisticsRequest>,
        ) -> std::result::Result<tonic::Response<super::ModelStatisticsResponse>, tonic::Status> {
            self.inner.ready().await.map_err(|e| tonic::Status::unknown(format!("Service was not ready: {}", e.into())))?;
            let codec = tonic_prost::ProstCodec::default();
            let path = http::uri::PathAndQuery::from_static("/inference.GRPCInferenceService/ModelStatistics");
            let mut req = request.into_request();
            req.extensions_mut().insert(GrpcMethod::new("inference.GRPCInferenceService", "ModelStatistics"));
            self.inner.unary(req, path, codec).await
        }
        pub async fn repository_index(
            &mut self,
            request: impl tonic::IntoRequest<super::RepositoryIndexRequest>,
        ) -> std::result::Result<tonic::Response<super::RepositoryIndexResponse>, tonic::Status> {
            self.inner.ready().await.map_err(|e| tonic::Status::unknown(format!("Service was not ready: {}", e.into())))?;
            let codec = tonic_prost::ProstCodec::default();
            let path = http::uri::PathAndQuery::from_static("/inference.GRPCInferenceService/RepositoryIndex");
            let mut req = request.into_request();
            req.extensions_mut().insert(GrpcMethod::new("inference.GRPCInferenceService", "RepositoryIndex"));
            self.inner.unary(req, path, codec).await
        }
        pub async fn repository_model_load(
            &mut self,
            request: impl tonic::IntoRequest<super::RepositoryModelLoadRequest>,
        ) -> std::result::Result<tonic::Response<super::RepositoryModelLoadResponse>, tonic::Status> {
            self.inner.ready().await.map_err(|e| tonic::Status::unknown(format!("Service was not ready: {}", e.into())))?;
            let codec = tonic_prost::ProstCodec::default();
            let path = http::uri::PathAndQuery::from_static("/inference.GRPCInferenceService/RepositoryModelLoad");
            let mut req = request.into_request();
            req.extensions_mut().insert(GrpcMethod::new("inference.GRPCInferenceService", "RepositoryModelLoad"));
            self.inner.unary(req, path, codec).await
        }
        pub async fn repository_model_unload(
            &mut self,
            request: impl tonic::IntoRequest<super::RepositoryModelUnloadRequest>,
        ) -> std::result::Result<tonic::Response<super::RepositoryModelUnloadResponse>, tonic::Status> {
            self.inner.ready().await.map_err(|e| tonic::Status::unknown(format!("Service was not ready: {}", e.into())))?;
            let codec = tonic_prost::ProstCodec::default();
            let path = http::uri::PathAndQuery::from_static("/inference.GRPCInferenceService/RepositoryModelUnload");
            let mut req = request.into_request();
            req.extensions_mut().insert(GrpcMethod::new("inference.GRPCInferenceService", "RepositoryModelUnload"));
            self.inner.unary(req, path, codec).await
        }
        pub async fn system_shared_memory_status(
            &mut self,
            request: impl tonic::IntoRequest<super::SystemSharedMemoryStatusRequest>,
        ) -> std::result::Result<tonic::Response<super::SystemSharedMemoryStatusResponse>, tonic::Status> {
            self.inner.ready().await.map_err(|e| tonic::Status::unknown(format!("Service was not ready: {}", e.into())))?;
            let codec = tonic_prost::ProstCodec::default();
            let path = http::uri::PathAndQuery::from_static("/inference.GRPCInferenceService/SystemSharedMemoryStatus");
            let mut req = request.into_request();
            req.extensions_mut().insert(GrpcMethod::new("inference.GRPCInferenceService", "SystemSharedMemoryStatus"));
            self.inner.unary(req, path, codec).await
        }
        pub async fn system_shared_memory_register(
            &mut self,
            request: impl tonic::IntoRequest<super::SystemSharedMemoryRegisterRequest>,
        ) -> std::result::Result<tonic::Response<super::SystemSharedMemoryRegisterResponse>, tonic::Status> {
            self.inner.ready().await.map_err(|e| tonic::Status::unknown(format!("Service was not ready: {}", e.into())))?;
            let codec = tonic_prost::ProstCodec::default();
            let path = http::uri::PathAndQuery::from_static("/inference.GRPCInferenceService/SystemSharedMemoryRegister");
            let mut req = request.into_request();
            req.extensions_mut().insert(GrpcMethod::new("inference.GRPCInferenceService", "SystemSharedMemoryRegister"));
            self.inner.unary(req, path, codec).await
        }
        pub async fn system_shared_memory_unregister(
            &mut self,
            request: impl tonic::IntoRequest<super::SystemSharedMemoryUnregisterRequest>,
        ) -> std::result::Result<tonic::Response<super::SystemSharedMemoryUnregisterResponse>, tonic::Status> {
            self.inner.ready().await.map_err(|e| tonic::Status::unknown(format!("Service was not ready: {}", e.into())))?;
            let codec = tonic_prost::ProstCodec::default();
            let path = http::uri::PathAndQuery::from_static("/inference.GRPCInferenceService/SystemSharedMemoryUnregister");
            let mut req = request.into_request();
            req.extensions_mut().insert(GrpcMethod::new("inference.GRPCInferenceService", "SystemSharedMemoryUnregister"));
            self.inner.unary(req, path, codec).await
        }
        pub async fn cuda_shared_memory_status(
            &mut self,
            request: impl tonic::IntoRequest<super::CudaSharedMemoryStatusRequest>,
        ) -> std::result::Result<tonic::Response<super::CudaSharedMemoryStatusResponse>, tonic::Status> {
            self.inner.ready().await.map_err(|e| tonic::Status::unknown(format!("Service was not ready: {}", e.into())))?;
            let codec = tonic_prost::ProstCodec::default();
            let path = http::uri::PathAndQuery::from_static("/inference.GRPCInferenceService/CudaSharedMemoryStatus");
            let mut req = request.into_request();
            req.extensions_mut().insert(GrpcMethod::new("inference.GRPCInferenceService", "CudaSharedMemoryStatus"));
            self.inner.unary(req, path, codec).await
        }
        pub async fn cuda_shared_memory_register(
            &mut self,
            request: impl tonic::IntoRequest<super::CudaSharedMemoryRegisterRequest>,
        ) -> std::result::Result<tonic::Response<super::CudaSharedMemoryRegisterResponse>, tonic::Status> {
            self.inner.ready().await.map_err(|e| tonic::Status::unknown(format!("Service was not ready: {}", e.into())))?;
            let codec = tonic_prost::ProstCodec::default();
            let path = http::uri::PathAndQuery::from_static("/inference.GRPCInferenceService/CudaSharedMemoryRegister");
            let mut req = request.into_request();
            req.extensions_mut().insert(GrpcMethod::new("inference.GRPCInferenceService", "CudaSharedMemoryRegister"));
            self.inner.unary(req, path, codec).await
        }
        pub async fn cuda_shared_memory_unregister(
            &mut self,
            request: impl tonic::IntoRequest<super::CudaSharedMemoryUnregisterRequest>,
        ) -> std::result::Result<tonic::Response<super::CudaSharedMemoryUnregisterResponse>, tonic::Status> {
            self.inner.ready().await.map_err(|e| tonic::Status::unknown(format!("Service was not ready: {}", e.into())))?;
            let codec = tonic_prost::ProstCodec::default();
            let path = http::uri::PathAndQuery::from_static("/inference.GRPCInferenceService/CudaSharedMemoryUnregister");
            let mut req = request.into_request();
            req.extensions_mut().insert(GrpcMethod::new("inference.GRPCInferenceService", "CudaSharedMemoryUnregister"));
            self.inner.unary(req, path, codec).await
        }
        pub async fn trace_setting(
            &mut self,
            request: impl tonic::IntoRequest<super::TraceSettingRequest>,
        ) -> std::result::Result<tonic::Response<super::TraceSettingResponse>, tonic::Status> {
            self.inner.ready().await.map_err(|e| tonic::Status::unknown(format!("Service was not ready: {}", e.into())))?;
            let codec = tonic_prost::ProstCodec::default();
            let path = http::uri::PathAndQuery::from_static("/inference.GRPCInferenceService/TraceSetting");
            let mut req = request.into_request();
            req.extensions_mut().insert(GrpcMethod::new("inference.GRPCInferenceService", "TraceSetting"));
            self.inner.unary(req, path, codec).await
        }
        pub async fn log_settings(
            &mut self,
            request: impl tonic::IntoRequest<super::LogSettingsRequest>,
        ) -> std::result::Result<tonic::Response<super::LogSettingsResponse>, tonic::Status> {
            self.inner.ready().await.map_err(|e| tonic::Status::unknown(format!("Service was not ready: {}", e.into())))?;
            let codec = tonic_prost::ProstCodec::default();
            let path = http::uri::PathAndQuery::from_static("/inference.GRPCInferenceService/LogSettings");
            let mut req = request.into_request();
            req.extensions_mut().insert(GrpcMethod::new("inference.GRPCInferenceService", "LogSettings"));
            self.inner.unary(req, path, codec).await
        }
    }
}
/// Generated server implementations.
pub mod grpc_inference_service_server {
    #![allow(unused_variables, dead_code, missing_docs, clippy::wildcard_imports, clippy::let_unit_value)]
    use tonic::codegen::*;
    /// Generated trait containing gRPC methods that should be implemented for use with GrpcInferenceServiceServer.
    #[async_trait]
    pub trait GrpcInferenceService: std::marker::Send + std::marker::Sync + 'static {
        async fn server_live(
            &self,
            request: tonic::Request<super::ServerLiveRequest>,
        ) -> std::result::Result<tonic::Response<super::ServerLiveResponse>, tonic::Status>;
        async fn server_ready(
            &self,
            request: tonic::Request<super::ServerReadyRequest>,
        ) -> std::result::Result<tonic::Response<super::ServerReadyResponse>, tonic::Status>;
        async fn model_ready(
            &self,
            request: tonic::Request<super::ModelReadyRequest>,
        ) -> std::result::Result<tonic::Response<super::ModelReadyResponse>, tonic::Status>;
        async fn server_metadata(
            &self,
            request: tonic::Request<super::ServerMetadataRequest>,
        ) -> std::result::Result<tonic::Response<super::ServerMetadataResponse>, tonic::Status>;
        async fn model_metadata(
            &self,
            request: tonic::Request<super::ModelMetadataRequest>,
        ) -> std::result::Result<tonic::Response<super::ModelMetadataResponse>, tonic::Status>;
        async fn model_infer(
            &self,
            request: tonic::Request<super::ModelInferRequest>,
        ) -> std::result::Result<tonic::Response<super::ModelInferResponse>, tonic::Status>;
        /// Server streaming response type for the ModelStreamInfer method.
        type ModelStreamInferStream: tonic::codegen::tokio_stream::Stream<Item = std::result::Result<super::ModelStreamInferResponse, tonic::Status>>
            + std::marker::Send
            + 'static;
        async fn model_stream_infer(
            &self,
            request: tonic::Request<tonic::Streaming<super::ModelInferRequest>>,
        ) -> std::result::Result<tonic::Response<Self::ModelStreamInferStream>, tonic::Status>;
        async fn model_config(
            &self,
            request: tonic::Request<super::ModelConfigRequest>,
        ) -> std::result::Result<tonic::Response<super::ModelConfigResponse>, tonic::Status>;
        async fn model_statistics(
            &self,
            request: tonic::Request<super::ModelStatisticsRequest>,
        ) -> std::result::Result<tonic::Response<super::ModelStatisticsResponse>, tonic::Status>;
        async fn repository_index(
            &self,
            request: tonic::Request<super::RepositoryIndexRequest>,
        ) -> std::result::Result<tonic::Response<super::RepositoryIndexResponse>, tonic::Status>;
        async fn repository_model_load(
            &self,
            request: tonic::Request<super::RepositoryModelLoadRequest>,
        ) -> std::result::Result<tonic::Response<super::RepositoryModelLoadResponse>, tonic::Status>;
        async fn repository_model_unload(
            &self,
            request: tonic::Request<super::RepositoryModelUnloadRequest>,
        ) -> std::result::Result<tonic::Response<super::RepositoryModelUnloadResponse>, tonic::Status>;
        async fn system_shared_memory_status(
            &self,
            request: tonic::Request<super::SystemSharedMemoryStatusRequest>,
        ) -> std::result::Result<tonic::Response<super::SystemSharedMemoryStatusResponse>, tonic::Status>;
        async fn system_shared_memory_register(
            &self,
            request: tonic::Request<super::SystemSharedMemoryRegisterRequest>,
        ) -> std::result::Result<tonic::Response<super::SystemSharedMemoryRegisterResponse>, tonic::Status>;
        async fn system_shared_memory_unregister(
            &self,
            request: tonic::Request<super::SystemSharedMemoryUnregisterRequest>,
        ) -> std::result::Result<tonic::Response<super::SystemSharedMemoryUnregisterResponse>, tonic::Status>;
        async fn cuda_shared_memory_status(
            &self,
            request: tonic::Request<super::CudaSharedMemoryStatusRequest>,
        ) -> std::result::Result<tonic::Response<super::CudaSharedMemoryStatusResponse>, tonic::Status>;
        async fn cuda_shared_memory_register(
            &self,
            request: tonic::Request<super::CudaSharedMemoryRegisterRequest>,
        ) -> std::result::Result<tonic::Response<super::CudaSharedMemoryRegisterResponse>, tonic::Status>;
        async fn cuda_shared_memory_unregister(
            &self,
            request: tonic::Request<super::CudaSharedMemoryUnregisterRequest>,
        ) -> std::result::Result<tonic::Response<super::CudaSharedMemoryUnregisterResponse>, tonic::Status>;
        async fn trace_setting(
            &self,
            request: tonic::Request<super::TraceSettingRequest>,
        ) -> std::result::Result<tonic::Response<super::TraceSettingResponse>, tonic::Status>;
        async fn log_settings(
            &self,
            request: tonic::Request<super::LogSettingsRequest>,
        ) -> std::result::Result<tonic::Response<super::LogSettingsResponse>, tonic::Status>;
    }
    /// Health, metadata, inference, statistics and control of models.
    #[derive(Debug)]
    pub struct GrpcInferenceServiceServer<T> {
        inner: Arc<T>,
        accept_compression_encodings: EnabledCompressionEncodings,
        send_compression_encodings: EnabledCompressionEncodings,
        max_decoding_message_size: Option<usize>,
        max_encoding_message_size: Option<usize>,
    }
    impl<T> GrpcInferenceServiceServer<T> {
        pub fn new(inner: T) -> Self {
            Self::from_arc(Arc::new(inner))
        }
        pub fn from_arc(inner: Arc<T>) -> Self {
            Self {
                inner,
                accept_compression_encodings: Default::default(),
                send_compression_encodings: Default::default(),
                max_decoding_message_size: None,
                max_encoding_message_size: None,
            }
        }
        pub fn with_interceptor<F>(inner: T, interceptor: F) -> InterceptedService<Self, F>
        where
            F: tonic::service::Interceptor,
        {
            InterceptedService::new(Self::new(inner), interceptor)
        }
        /// Enable decompressing requests with the given encoding.
        #[must_use]
        pub fn accept_compressed(mut self, encoding: CompressionEncoding) -> Self {
            self.accept_compression_encodings.enable(encoding);
            self
        }
        /// Compress responses with the given encoding, if the client supports it.
        #[must_use]
        pub fn send_compressed(mut self, encoding: CompressionEncoding) -> Self {
            self.send_compression_encodings.enable(encoding);
            self
        }
        /// Limits the maximum size of a decoded message.
        ///
        /// Default: `4MB`
        #[must_use]
        pub fn max_decoding_message_size(mut self, limit: usize) -> Self {
            self.max_decoding_message_size = Some(limit);
            self
        }
        /// Limits the maximum size of an encoded message.
        ///
        /// Default: `usize::MAX`
        #[must_use]
        pub fn max_encoding_message_size(mut self, limit: usize) -> Self {
            self.max_encoding_message_size = Some(limit);
            self
        }
    }
    impl<T, B> tonic::codegen::Service<http::Request<B>> for GrpcInferenceServiceServer<T>
    where
        T: GrpcInferenceService,
        B: Body + std::marker::Send + 'static,
        B::Error: Into<StdError> + std::marker::Send + 'static,
    {
        type Response = http::Response<tonic::body::Body>;
        type Error = std::convert::Infallible;
        type Future = BoxFuture<Self::Response, Self::Error>;
        fn poll_ready(&mut self, _cx: &mut Context<'_>) -> Poll<std::result::Result<(), Self::Error>> {
            Poll::Ready(Ok(()))
        }
        fn call(&mut self, req: http::Request<B>) -> Self::Future {
            match req.uri().path() {
                "/inference.GRPCInferenceService/ServerLive" => {
                    #[allow(non_camel_case_types)]
                    struct ServerLiveSvc<T: GrpcInferenceService>(pub Arc<T>);
                    impl<T: GrpcInferenceService> tonic::server::UnaryService<super::ServerLiveRequest> for ServerLiveSvc<T> {
                        type Response = super::ServerLiveResponse;
                        type Future = BoxFuture<tonic::Response<Self::Response>, tonic::Status>;
                        fn call(&mut self, request: tonic::Request<super::ServerLiveRequest>) -> Self::Future {
                            let inner = Arc::clone(&self.0);
                            let fut = async move { <T as GrpcInferenceService>::server_live(&inner, request).await };
                            Box::pin(fut)
                        }
                    }
                    let accept_compression_encodings = self.accept_compression_encodings;
                    let send_compression_encodings = self.send_compression_encodings;
                    let max_decoding_message_size = self.max_decoding_message_size;
                    let max_encoding_message_size = self.max_encoding_message_size;
                    let inner = self.inner.clone();
                    let fut = async move {
                        let method = ServerLiveSvc(inner);
                        let codec = tonic_prost::ProstCodec::default();
                        let mut grpc = tonic::server::Grpc::new(codec)
                            .apply_compression_config(accept_compression_encodings, send_compression_encodings)
                            .apply_max_message_size_config(max_decoding_message_size, max_encoding_message_size);
                        let res = grpc.unary(method, req).await;
                        Ok(res)
                    };
                    Box::pin(fut)
                }
                "/inference.GRPCInferenceService/ServerReady" => {
                    #[allow(non_camel_case_types)]
                    struct ServerReadySvc<T: GrpcInferenceService>(pub Arc<T>);
                    impl<T: GrpcInferenceService> tonic::server::UnaryService<super::ServerReadyRequest> for ServerReadySvc<T> {
                        type Response = super::ServerReadyResponse;
                        type Future = BoxFuture<tonic::Response<Self::Response>, tonic::Status>;
                        fn call(&mut self, request: tonic::Request<super::ServerReadyRequest>) -> Self::Future {
                            let inner = Arc::clone(&self.0);
                            let fut = async move { <T as GrpcInferenceService>::server_ready(&inner, request).await };
                            Box::pin(fut)
                        }
                    }
                    let accept_compression_encodings = self.accept_compression_encodings;
                    let send_compression_encodings = self.send_compression_encodings;
                    let max_decoding_message_size = self.max_decoding_message_size;
                    let max_encoding_message_size = self.max_encoding_message_size;
                    let inner = self.inner.clone();
                    let fut = async move {
                        let method = ServerReadySvc(inner);
                        let codec = tonic_prost::ProstCodec::default();
                        let mut grpc = tonic::server::Grpc::new(codec)
                            .apply_compression_config(accept_compression_encodings, send_compression_encodings)
                            .apply_max_message_size_config(max_decoding_message_size, max_encoding_message_size);
                        let res = grpc.unary(method, req).await;
                        Ok(res)
                    };
                    Box::pin(fut)
                }
                "/inference.GRPCInferenceService/ModelReady" => {
                    #[allow(non_camel_case_types)]
                    struct ModelReadySvc<T: GrpcInferenceService>(pub Arc<T>);
                    impl<T: GrpcInferenceService> tonic::server::UnaryService<super::ModelReadyRequest> for ModelReadySvc<T> {
                        type Response = super::ModelReadyResponse;
                        type Future = BoxFuture<tonic::Response<Self::Response>, tonic::Status>;
                        fn call(&mut self, request: tonic::Request<super::ModelReadyRequest>) -> Self::Future {
                            let inner = Arc::clone(&self.0);
                            let fut = async move { <T as GrpcInferenceService>::model_ready(&inner, request).await };
                            Box::pin(fut)
                        }
                    }
                    let accept_compression_encodings = self.accept_compression_encodings;
                    let send_compression_encodings = self.send_compression_encodings;
                    let max_decoding_message_size = self.max_decoding_message_size;
                    let max_encoding_message_size = self.max_encoding_message_size;
                    let inner = self.inner.clone();
                    let fut = async move {
                        let method = ModelReadySvc(inner);
                        let codec = tonic_prost::ProstCodec::default();
                        let mut grpc = tonic::server::Grpc::new(codec)
                            .apply_compression_config(accept_compression_encodings, send_compression_encodings)
                            .apply_max_message_size_config(max_decoding_message_size, max_encoding_message_size);
                        let res = grpc.unary(method, req).await;
                        Ok(res)
                    };
                    Box::pin(fut)
                }
                "/inference.GRPCInferenceService/ServerMetadata" => {
                    #[allow(non_camel_case_types)]
                    struct ServerMetadataSvc<T: GrpcInferenceService>(pub Arc<T>);
                    impl<T: GrpcInferenceService> tonic::server::UnaryService<super::ServerMetadataRequest> for ServerMetadataSvc<T> {
                        type Response = super::ServerMetadataResponse;
                        type Future = BoxFuture<tonic::Response<Self::Response>, tonic::Status>;
                        fn call(&mut self, request: tonic::Request<super::ServerMetadataRequest>) -> Self::Future {
                            let inner = Arc::clone(&self.0);
                            let fut = async move { <T as GrpcInferenceService>::server_metadata(&inner, request).await };
                            Box::pin(fut)
                        }
                    }
                    let accept_compression_encodings = self.accept_compression_encodings;
                    let send_compression_encodings = self.send_compression_encodings;
                    let max_decoding_message_size = self.max_decoding_message_size;
                    let max_encoding_message_size = self.max_encoding_message_size;
                    let inner = self.inner.clone();
                    let fut = async move {
                        let method = ServerMetadataSvc(inner);
                        let codec = tonic_prost::ProstCodec::default();
                        let mut grpc = tonic::server::Grpc::new(codec)
                            .apply_compression_config(accept_compression_encodings, send_compression_encodings)
                            .apply_max_message_size_config(max_decoding_message_size, max_encoding_message_size);
                        let res = grpc.unary(method, req).await;
                        Ok(res)
                    };
                    Box::pin(fut)
                }
                "/inference.GRPCInferenceService/ModelMetadata" => {
                    #[allow(non_camel_case_types)]
                    struct ModelMetadataSvc<T: GrpcInferenceService>(pub Arc<T>);
                    impl<T: GrpcInferenceService> tonic::server::UnaryService<super::ModelMetadataRequest> for ModelMetadataSvc<T> {
                        type Response = super::ModelMetadataResponse;
                        type Future = BoxFuture<tonic::Response<Self::Response>, tonic::Status>;
                        fn call(&mut self, request: tonic::Request<super::ModelMetadataRequest>) -> Self::Future {
                            let inner = Arc::clone(&self.0);
                            let fut = async move { <T as GrpcInferenceService>::model_metadata(&inner, request).await };
                            Box::pin(fut)
                        }
                    }
                    let accept_compression_encodings = self.accept_compression_encodings;
                    let send_compression_encodings = self.send_compression_encodings;
                    let max_decoding_message_size = self.max_decoding_message_size;
                    let max_encoding_message_size = self.max_encoding_message_size;
                    let inner = self.inner.clone();
                    let fut = async move {
                        let method = ModelMetadataSvc(inner);
                        let codec = tonic_prost::ProstCodec::default();
                        let mut grpc = tonic::server::Grpc::new(codec)
                            .apply_compression_config(accept_compression_encodings, send_compression_encodings)
                            .apply_max_message_size_config(max_decoding_message_size, max_encoding_message_size);
                        let res = grpc.unary(method, req).await;
                        Ok(res)
                    };
                    Box::pin(fut)
                }
                "/inference.GRPCInferenceService/ModelInfer" => {
                    #[allow(non_camel_case_types)]
                    struct ModelInferSvc<T: GrpcInferenceService>(pub Arc<T>);
                    impl<T: GrpcInferenceService> tonic::server::UnaryService<super::ModelInferRequest> for ModelInferSvc<T> {
                        type Response = super::ModelInferResponse;
                        type Future = BoxFuture<tonic::Response<Self::Response>, tonic::Status>;
                        fn call(&mut self, request: tonic::Request<super::ModelInferRequest>) -> Self::Future {
                            let inner = Arc::clone(&self.0);
                            let fut = async move { <T as GrpcInferenceService>::model_infer(&inner, request).await };
                            Box::pin(fut)
                        }
                    }
                    let accept_compression_encodings = self.accept_compression_encodings;
                    let send_compression_encodings = self.send_compression_encodings;
                    let max_decoding_message_size = self.max_decoding_message_size;
                    let max_encoding_message_size = self.max_encoding_message_size;
                    let inner = self.inner.clone();
                    let fut = async move {
                        let method = ModelInferSvc(inner);
                        let codec = tonic_prost::ProstCodec::default();
                        let mut grpc = tonic::server::Grpc::new(codec)
                            .apply_compression_config(accept_compression_encodings, send_compression_encodings)
                            .apply_max_message_size_config(max_decoding_message_size, max_encoding_message_size);
                        let res = grpc.unary(method, req).await;
                        Ok(res)
                    };
                    Box::pin(fut)
                }
                "/inference.GRPCInferenceService/ModelStreamInfer" => {
                    #[allow(non_camel_case_types)]
                    struct ModelStreamInferSvc<T: GrpcInferenceService>(pub Arc<T>);
                    impl<T: GrpcInferenceService> tonic::server::StreamingService<super::ModelInferRequest> for ModelStreamInferSvc<T> {
                        type Response = super::ModelStreamInferResponse;
                        type ResponseStream = T::ModelStreamInferStream;
                        type Future = BoxFuture<tonic::Response<Self::ResponseStream>, tonic::Status>;
                        fn call(&mut self, request: tonic::Request<tonic::Streaming<super::ModelInferRequest>>) -> Self::Future {
                            let inner = Arc::clone(&self.0);
                            let fut = async move { <T as GrpcInferenceService>::model_stream_infer(&inner, request).await };
                            Box::pin(fut)
                        }
                    }
                    let accept_compression_encodings = self.accept_compression_encodings;
                    let send_compression_encodings = self.send_compression_encodings;
                    let max_decoding_message_size = self.max_decoding_message_size;
                    let max_encoding_message_size = self.max_encoding_message_size;
                    let inner = self.inner.clone();
                    let fut = async move {
                        let method = ModelStreamInferSvc(inner);
                        let codec = tonic_prost::ProstCodec::default();
                        let mut grpc = tonic::server::Grpc::new(codec)
                            .apply_compression_config(accept_compression_encodings, send_compression_encodings)
                            .apply_max_message_size_config(max_decoding_message_size, max_encoding_message_size);
                        let res = grpc.streaming(method, req).await;
                        Ok(res)
                    };
                    Box::pin(fut)
                }
                "/inference.GRPCInferenceService/ModelConfig" => {
                    #[allow(non_camel_case_types)]
                    struct ModelConfigSvc<T: GrpcInferenceService>(pub Arc<T>);
                    impl<T: GrpcInferenceService> tonic::server::UnaryService<super::ModelConfigRequest> for ModelConfigSvc<T> {
                        type Response = super::ModelConfigResponse;
                        type Future = BoxFuture<tonic::Response<Self::Response>, tonic::Status>;
                        fn call(&mut self, request: tonic::Request<super::ModelConfigRequest>) -> Self::Future {
                            let inner = Arc::clone(&self.0);
                            let fut = async move { <T as GrpcInferenceService>::model_config(&inner, request).await };
                            Box::pin(fut)
                        }
                    }
                    let accept_compression_encodings = self.accept_compression_encodings;
                    let send_compression_encodings = self.send_compression_encodings;
                    let max_decoding_message_size = self.max_decoding_message_size;
                    let max_encoding_message_size = self.max_encoding_message_size;
                    let inner = self.inner.clone();
                    let fut = async move {
                        let method = ModelConfigSvc(inner);
                        let codec = tonic_prost::ProstCodec::default();
                        let mut grpc = tonic::server::Grpc::new(codec)
                            .apply_compression_config(accept_compression_encodings, send_compression_encodings)
                            .apply_max_message_size_config(max_decoding_message_size, max_encoding_message_size);
                        let res = grpc.unary(method, req).await;
                        Ok(res)
                    };
                    Box::pin(fut)
                }
                "/inference.GRPCInferenceService/ModelStatistics" => {
                    #[allow(non_camel_case_types)]
                    struct ModelStatisticsSvc<T: GrpcInferenceService>(pub Arc<T>);
                    impl<T: GrpcInferenceService> tonic::server::UnaryService<super::ModelStatisticsRequest> for ModelStatisticsSvc<T> {
                        type Response = super::ModelStatisticsResponse;
                        type Future = BoxFuture<tonic::Response<Self::Response>, tonic::Status>;
                        fn call(&mut self, request: tonic::Request<super::ModelStatisticsRequest>) -> Self::Future {
                            let inner = Arc::clone(&self.0);
                            let fut = async move { <T as GrpcInferenceService>::model_statistics(&inner, request).await };
                            Box::pin(fut)
                        }
                    }
                    let accept_compression_encodings = self.accept_compression_encodings;
                    let send_compression_encodings = self.send_compression_encodings;
                    let max_decoding_message_size = self.max_decoding_message_size;
                    let max_encoding_message_size = self.max_encoding_message_size;
                    let inner = self.inner.clone();
                    let fut = async move {
                        let method = ModelStatisticsSvc(inner);
                        let codec = tonic_prost::ProstCodec::default();
                        let mut grpc = tonic::server::Grpc::new(codec)
                            .apply_compression_config(accept_compression_encodings, send_compression_encodings)
                            .apply_max_message_size_config(max_decoding_message_size, max_encoding_message_size);
                        let res = grpc.unary(method, req).await;
                        Ok(res)
                    };
                    Box::pin(fut)
                }
                "/inference.GRPCInferenceService/RepositoryIndex" => {
                    #[allow(non_camel_case_types)]
                    struct RepositoryIndexSvc<T: GrpcInferenceService>(pub Arc<T>);
                    impl<T: GrpcInferenceService> tonic::server::UnaryService<super::RepositoryIndexRequest> for RepositoryIndexSvc<T> {
                        type Response = super::RepositoryIndexResponse;
                        type Future = BoxFuture<tonic::Response<Self::Response>, tonic::Status>;
                        fn call(&mut self, request: tonic::Request<super::RepositoryIndexRequest>) -> Self::Future {
                            let inner = Arc::clone(&self.0);
                            let fut = async move { <T as GrpcInferenceService>::repository_index(&inner, request).await };
                            Box::pin(fut)
                        }
                    }
                    let accept_compression_encodings = self.accept_compression_encodings;
                    let send_compression_encodings = self.send_compression_encodings;
                    let max_decoding_message_size = self.max_decoding_message_size;
                    let max_encoding_message_size = self.max_encoding_message_size;
                    let inner = self.inner.clone();
                    let fut = async move {
                        let method = RepositoryIndexSvc(inner);
                        let codec = tonic_prost::ProstCodec::default();
                        let mut grpc = tonic::server::Grpc::new(codec)
                            .apply_compression_config(accept_compression_encodings, send_compression_encodings)
                            .apply_max_message_size_config(max_decoding_message_size, max_encoding_message_size);
                        let res = grpc.unary(method, req).await;
                        Ok(res)
                    };
                    Box::pin(fut)
                }
                "/inference.GRPCInferenceService/RepositoryModelLoad" => {
                    #[allow(non_camel_case_types)]
                    struct RepositoryModelLoadSvc<T: GrpcInferenceService>(pub Arc<T>);
                    impl<T: GrpcInferenceService> tonic::server::UnaryService<super::RepositoryModelLoadRequest> for RepositoryModelLoadSvc<T> {
                        type Response = super::RepositoryModelLoadResponse;
                        type Future = BoxFuture<tonic::Response<Self::Response>, tonic::Status>;
                        fn call(&mut self, request: tonic::Request<super::RepositoryModelLoadRequest>) -> Self::Future {
                            let inner = Arc::clone(&self.0);
                            let fut = async move { <T as GrpcInferenceService>::repository_model_load(&inner, request).await };
                            Box::pin(fut)
                        }
                    }
                    let accept_compression_encodings = self.accept_compression_encodings;
                    let send_compression_encodings = self.send_compression_encodings;
                    let max_decoding_message_size = self.max_decoding_message_size;
                    let max_encoding_message_size = self.max_encoding_message_size;
                    let inner = self.inner.clone();
                    let fut = async move {
                        let method = RepositoryModelLoadSvc(inner);
                        let codec = tonic_prost::ProstCodec::default();
                        let mut grpc = tonic::server::Grpc::new(codec)
                            .apply_compression_config(accept_compression_encodings, send_compression_encodings)
                            .apply_max_message_size_config(max_decoding_message_size, max_encoding_message_size);
                        let res = grpc.unary(method, req).await;
                        Ok(res)
                    };
                    Box::pin(fut)
                }
                "/inference.GRPCInferenceService/RepositoryModelUnload" => {
                    #[allow(non_camel_case_types)]
                    struct RepositoryModelUnloadSvc<T: GrpcInferenceService>(pub Arc<T>);
                    impl<T: GrpcInferenceService> tonic::server::UnaryService<super::RepositoryModelUnloadRequest> for RepositoryModelUnloadSvc<T> {
                        type Response = super::RepositoryModelUnloadResponse;
                        type Future = BoxFuture<tonic::Response<Self::Response>, tonic::Status>;
                        fn call(&mut self, request: tonic::Request<super::RepositoryModelUnloadRequest>) -> Self::Future {
                            let inner = Arc::clone(&self.0);
                            let fut = async move { <T as GrpcInferenceService>::repository_model_unload(&inner, request).await };
                            Box::pin(fut)
                        }
                    }
                    let accept_compression_encodings = self.accept_compression_encodings;
                    let send_compression_encodings = self.send_compression_encodings;
                    let max_decoding_message_size = self.max_decoding_message_size;
                    let max_encoding_message_size = self.max_encoding_message_size;
                    let inner = self.inner.clone();
                    let fut = async move {
                        let method = RepositoryModelUnloadSvc(inner);
                        let codec = tonic_prost::ProstCodec::default();
                        let mut grpc = tonic::server::Grpc::new(codec)
                            .apply_compression_config(accept_compression_encodings, send_compression_encodings)
                            .apply_max_message_size_config(max_decoding_message_size, max_encoding_message_size);
                        let res = grpc.unary(method, req).await;
                        Ok(res)
                    };
                    Box::pin(fut)
                }
                "/inference.GRPCInferenceService/SystemSharedMemoryStatus" => {
                    #[allow(non_camel_case_types)]
                    struct SystemSharedMemoryStatusSvc<T: GrpcInferenceService>(pub Arc<T>);
                    impl<T: GrpcInferenceService> tonic::server::UnaryService<super::SystemSharedMemoryStatusRequest> for SystemSharedMemoryStatusSvc<T> {
                        type Response = super::SystemSharedMemoryStatusResponse;
                        type Future = BoxFuture<tonic::Response<Self::Response>, tonic::Status>;
                        fn call(&mut self, request: tonic::Request<super::SystemSharedMemoryStatusRequest>) -> Self::Future {
                            let inner = Arc::clone(&self.0);
                            let fut = async move { <T as GrpcInferenceService>::system_shared_memory_status(&inner, request).await };
                            Box::pin(fut)
                        }
                    }
                    let accept_compression_encodings = self.accept_compression_encodings;
                    let send_compression_encodings = self.send_compression_encodings;
                    let max_decoding_message_size = self.max_decoding_message_size;
                    let max_encoding_message_size = self.max_encoding_message_size;
                    let inner = self.inner.clone();
                    let fut = async move {
                        let method = SystemSharedMemoryStatusSvc(inner);
                        let codec = tonic_prost::ProstCodec::default();
                        let mut grpc = tonic::server::Grpc::new(codec)
                            .apply_compression_config(accept_compression_encodings, send_compression_encodings)
                            .apply_max_message_size_config(max_decoding_message_size, max_encoding_message_size);
                        let res = grpc.unary(method, req).await;
                        Ok(res)
                    };
                    Box::pin(fut)
                }
                "/inference.GRPCInferenceService/SystemSharedMemoryRegister" => {
                    #[allow(non_camel_case_types)]
                    struct SystemSharedMemoryRegisterSvc<T: GrpcInferenceService>(pub Arc<T>);
                    impl<T: GrpcInferenceService> tonic::server::UnaryService<super::SystemSharedMemoryRegisterRequest> for SystemSharedMemoryRegisterSvc<T> {
                        type Response = super::SystemSharedMemoryRegisterResponse;
                        type Future = BoxFuture<tonic::Response<Self::Response>, tonic::Status>;
                        fn call(&mut self, request: tonic::Request<super::SystemSharedMemoryRegisterRequest>) -> Self::Future {
                            let inner = Arc::clone(&self.0);
                            let fut = async move { <T as GrpcInferenceService>::system_shared_memory_register(&inner, request).await };
                            Box::pin(fut)
                        }
                    }
                    let accept_compression_encodings = self.accept_compression_encodings;
                    let send_compression_encodings = self.send_compression_encodings;
                    let max_decoding_message_size = self.max_decoding_message_size;
                    let max_encoding_message_size = self.max_encoding_message_size;
                    let inner = self.inner.clone();
                    let fut = async move {
                        let method = SystemSharedMemoryRegisterSvc(inner);
                        let codec = tonic_prost::ProstCodec::default();
                        let mut grpc = tonic::server::Grpc::new(codec)
                            .apply_compression_config(accept_compression_encodings, send_compression_encodings)
                            .apply_max_message_size_config(max_decoding_message_size, max_encoding_message_size);
                        let res = grpc.unary(method, req).await;
                        Ok(res)
                    };
                    Box::pin(fut)
                }
                "/inference.GRPCInferenceService/SystemSharedMemoryUnregister" => {
                    #[allow(non_camel_case_types)]
                    struct SystemSharedMemoryUnregisterSvc<T: GrpcInferenceService>(pub Arc<T>);
                    impl<T: GrpcInferenceService> tonic::server::UnaryService<super::SystemSharedMemoryUnregisterRequest>
                        for SystemSharedMemoryUnregisterSvc<T>
                    {
                        type Response = super::SystemSharedMemoryUnregisterResponse;
                        type Future = BoxFuture<tonic::Response<Self::Response>, tonic::Status>;
                        fn call(&mut self, request: tonic::Request<super::SystemSharedMemoryUnregisterRequest>) -> Self::Future {
                            let inner = Arc::clone(&self.0);
                            let fut = async move { <T as GrpcInferenceService>::system_shared_memory_unregister(&inner, request).await };
                            Box::pin(fut)
                        }
                    }
                    let accept_compression_encodings = self.accept_compression_encodings;
                    let send_compression_encodings = self.send_compression_encodings;
                    let max_decoding_message_size = self.max_decoding_message_size;
                    let max_encoding_message_size = self.max_encoding_message_size;
                    let inner = self.inner.clone();
                    let fut = async move {
                        let method = SystemSharedMemoryUnregisterSvc(inner);
                        let codec = tonic_prost::ProstCodec::default();
                        let mut grpc = tonic::server::Grpc::new(codec)
                            .apply_compression_config(accept_compression_encodings, send_compression_encodings)
                            .apply_max_message_size_config(max_decoding_message_size, max_encoding_message_size);
                        let res = grpc.unary(method, req).await;
                        Ok(res)
                    };
                    Box::pin(fut)
                }
                "/inference.GRPCInferenceService/CudaSharedMemoryStatus" => {
                    #[allow(non_camel_case_types)]
                    struct CudaSharedMemoryStatusSvc<T: GrpcInferenceService>(pub Arc<T>);
                    impl<T: GrpcInferenceService> tonic::server::UnaryService<super::CudaSharedMemoryStatusRequest> for CudaSharedMemoryStatusSvc<T> {
                        type Response = super::CudaSharedMemoryStatusResponse;
                        type Future = BoxFuture<tonic::Response<Self::Response>, tonic::Status>;
                        fn call(&mut self, request: tonic::Request<super::CudaSharedMemoryStatusRequest>) -> Self::Future {
                            let inner = Arc::clone(&self.0);
                            let fut = async move { <T as GrpcInferenceService>::cuda_shared_memory_status(&inner, request).await };
                            Box::pin(fut)
                        }
                    }
                    let accept_compression_encodings = self.accept_compression_encodings;
                    let send_compression_encodings = self.send_compression_encodings;
                    let max_decoding_message_size = self.max_decoding_message_size;
                    let max_encoding_message_size = self.max_encoding_message_size;
                    let inner = self.inner.clone();
                    let fut = async move {
                        let method = CudaSharedMemoryStatusSvc(inner);
                        let codec = tonic_prost::ProstCodec::default();
                        let mut grpc = tonic::server::Grpc::new(codec)
                            .apply_compression_config(accept_compression_encodings, send_compression_encodings)
                            .apply_max_message_size_config(max_decoding_message_size, max_encoding_message_size);
                        let res = grpc.unary(method, req).await;
                        Ok(res)
                    };
                    Box::pin(fut)
                }
                "/inference.GRPCInferenceService/CudaSharedMemoryRegister" => {
                    #[allow(non_camel_case_types)]
                    struct CudaSharedMemoryRegisterSvc<T: GrpcInferenceService>(pub Arc<T>);
                    impl<T: GrpcInferenceService> tonic::server::UnaryService<super::CudaSharedMemoryRegisterRequest> for CudaSharedMemoryRegisterSvc<T> {
                        type Response = super::CudaSharedMemoryRegisterResponse;
                        type Future = BoxFuture<tonic::Response<Self::Response>, tonic::Status>;
                        fn call(&mut self, request: tonic::Request<super::CudaSharedMemoryRegisterRequest>) -> Self::Future {
                            let inner = Arc::clone(&self.0);
                            let fut = async move { <T as GrpcInferenceService>::cuda_shared_memory_register(&inner, request).await };
                            Box::pin(fut)
                        }
                    }
                    let accept_compression_encodings = self.accept_compression_encodings;
                    let send_compression_encodings = self.send_compression_encodings;
                    let max_decoding_message_size = self.max_decoding_message_size;
                    let max_encoding_message_size = self.max_encoding_message_size;
                    let inner = self.inner.clone();
                    let fut = async move {
                        let method = CudaSharedMemoryRegisterSvc(inner);
                        let codec = tonic_prost::ProstCodec::default();
                        let mut grpc = tonic::server::Grpc::new(codec)
                            .apply_compression_config(accept_compression_encodings, send_compression_encodings)
                            .apply_max_message_size_config(max_decoding_message_size, max_encoding_message_size);
                        let res = grpc.unary(method, req).await;
                        Ok(res)
                    };
                    Box::pin(fut)
                }
                "/inference.GRPCInferenceService/CudaSharedMemoryUnregister" => {
                    #[allow(non_camel_case_types)]
                    struct CudaSharedMemoryUnregisterSvc<T: GrpcInferenceService>(pub Arc<T>);
                    impl<T: GrpcInferenceService> tonic::server::UnaryService<super::CudaSharedMemoryUnregisterRequest> for CudaSharedMemoryUnregisterSvc<T> {
                        type Response = super::CudaSharedMemoryUnregisterResponse;
                        type Future = BoxFuture<tonic::Response<Self::Response>, tonic::Status>;
                        fn call(&mut self, request: tonic::Request<super::CudaSharedMemoryUnregisterRequest>) -> Self::Future {
                            let inner = Arc::clone(&self.0);
                            let fut = async move { <T as GrpcInferenceService>::cuda_shared_memory_unregister(&inner, request).await };
                            Box::pin(fut)
                        }
                    }
                    let accept_compression_encodings = self.accept_compression_encodings;
                    let send_compression_encodings = self.send_compression_encodings;
                    let max_decoding_message_size = self.max_decoding_message_size;
                    let max_encoding_message_size = self.max_encoding_message_size;
                    let inner = self.inner.clone();
                    let fut = async move {
                        let method = CudaSharedMemoryUnregisterSvc(inner);
                        let codec = tonic_prost::ProstCodec::default();
                        let mut grpc = tonic::server::Grpc::new(codec)
                            .apply_compression_config(accept_compression_encodings, send_compression_encodings)
                            .apply_max_message_size_config(max_decoding_message_size, max_encoding_message_size);
                        let res = grpc.unary(method, req).await;
                        Ok(res)
                    };
                    Box::pin(fut)
                }
                "/inference.GRPCInferenceService/TraceSetting" => {
                    #[allow(non_camel_case_types)]
                    struct TraceSettingSvc<T: GrpcInferenceService>(pub Arc<T>);
                    impl<T: GrpcInferenceService> tonic::server::UnaryService<super::TraceSettingRequest> for TraceSettingSvc<T> {
                        type Response = super::TraceSettingResponse;
                        type Future = BoxFuture<tonic::Response<Self::Response>, tonic::Status>;
                        fn call(&mut self, request: tonic::Request<super::TraceSettingRequest>) -> Self::Future {
                            let inner = Arc::clone(&self.0);
                            let fut = async move { <T as GrpcInferenceService>::trace_setting(&inner, request).await };
                            Box::pin(fut)
                        }
                    }
                    let accept_compression_encodings = self.accept_compression_encodings;
                    let send_compression_encodings = self.send_compression_encodings;
                    let max_decoding_message_size = self.max_decoding_message_size;
                    let max_encoding_message_size = self.max_encoding_message_size;
                    let inner = self.inner.clone();
                    let fut = async move {
                        let method = TraceSettingSvc(inner);
                        let codec = tonic_prost::ProstCodec::default();
                        let mut grpc = tonic::server::Grpc::new(codec)
                            .apply_compression_config(accept_compression_encodings, send_compression_encodings)
                            .apply_max_message_size_config(max_decoding_message_size, max_encoding_message_size);
                        let res = grpc.unary(method, req).await;
                        Ok(res)
                    };
                    Box::pin(fut)
                }
                "/inference.GRPCInferenceService/LogSettings" => {
                    #[allow(non_camel_case_types)]
                    struct LogSettingsSvc<T: GrpcInferenceService>(pub Arc<T>);
                    impl<T: GrpcInferenceService> tonic::server::UnaryService<super::LogSettingsRequest> for LogSettingsSvc<T> {
                        type Response = super::LogSettingsResponse;
                        type Future = BoxFuture<tonic::Response<Self::Response>, tonic::Status>;
                        fn call(&mut self, request: tonic::Request<super::LogSettingsRequest>) -> Self::Future {
                            let inner = Arc::clone(&self.0);
                            let fut = async move { <T as GrpcInferenceService>::log_settings(&inner, request).await };
                            Box::pin(fut)
                        }
                    }
                    let accept_compression_encodings = self.accept_compression_encodings;
                    let send_compression_encodings = self.send_compression_encodings;
                    let max_decoding_message_size = self.max_decoding_message_size;
                    let max_encoding_message_size = self.max_encoding_message_size;
                    let inner = self.inner.clone();
                    let fut = async move {
                        let method = LogSettingsSvc(inner);
                        let codec = tonic_prost::ProstCodec::default();
                        let mut grpc = tonic::server::Grpc::new(codec)
                            .apply_compression_config(accept_compression_encodings, send_compression_encodings)
                            .apply_max_message_size_config(max_decoding_message_size, max_encoding_message_size);
                        let res = grpc.unary(method, req).await;
                        Ok(res)
                    };
                    Box::pin(fut)
                }
                _ => Box::pin(async move {
                    let mut response = http::Response::new(tonic::body::Body::default());
                    let headers = response.headers_mut();
                    headers.insert(tonic::Status::GRPC_STATUS, (tonic::Code::Unimplemented as i32).into());
                    headers.insert(http::header::CONTENT_TYPE, tonic::metadata::GRPC_CONTENT_TYPE);
                    Ok(response)
                }),
            }
        }
    }
    impl<T> Clone for GrpcInferenceServiceServer<T> {
        fn clone(&self) -> Self {
            let inner = self.inner.clone();
            Self {
                inner,
                accept_compression_encodings: self.accept_compression_encodings,
                send_compression_encodings: self.send_compression_encodings,
                max_decoding_message_size: self.max_decoding_message_size,
                max_encoding_message_size: self.max_encoding_message_size,
            }
        }
    }
    /// Generated gRPC service name
    pub const SERVICE_NAME: &str = "inference.GRPCInferenceService";
    impl<T> tonic::server::NamedService for GrpcInferenceServiceServer<T> {
        const NAME: &'static str = SERVICE_NAME;
    }
}

/// The schema as a `google.protobuf.FileDescriptorSet`.
pub const FILE_DESCRIPTOR_SET: &[u8] = b"\
\x0a\xb1\x6e\x0a\x0f\x69\x6e\x66\x65\x72\x65\x6e\x63\x65\x2e\x70\x72\x6f\x74\x6f\x12\x09\x69\x6e\x66\x65\x72\x65\x6e\x63\x65\x22\
\x13\x0a\x11\x53\x65\x72\x76\x65\x72\x4c\x69\x76\x65\x52\x65\x71\x75\x65\x73\x74\x22\x28\x0a\x12\x53\x65\x72\x76\x65\x72\x4c\x69\
\x76\x65\x52\x65\x73\x70\x6f\x6e\x73\x65\x12\x12\x0a\x04\x6c\x69\x76\x65\x18\x01\x20\x01\x28\x08\x52\x04\x6c\x69\x76\x65\x22\x14\
\x0a\x12\x53\x65\x72\x76\x65\x72\x52\x65\x61\x64\x79\x52\x65\x71\x75\x65\x73\x74\x22\x2b\x0a\x13\x53\x65\x72\x76\x65\x72\x52\x65\
\x61\x64\x79\x52\x65\x73\x70\x6f\x6e\x73\x65\x12\x14\x0a\x05\x72\x65\x61\x64\x79\x18\x01\x20\x01\x28\x08\x52\x05\x72\x65\x61\x64\
\x79\x22\x41\x0a\x11\x4d\x6f\x64\x65\x6c\x52\x65\x61\x64\x79\x52\x65\x71\x75\x65\x73\x74\x12\x12\x0a\x04\x6e\x61\x6d\x65\x18\x01\
\x20\x01\x28\x09\x52\x04\x6e\x61\x6d\x65\x12\x18\x0a\x07\x76\x65\x72\x73\x69\x6f\x6e\x18\x02\x20\x01\x28\x09\x52\x07\x76\x65\x72\
\x73\x69\x6f\x6e\x22\x2a\x0a\x12\x4d\x6f\x64\x65\x6c\x52\x65\x61\x64\x79\x52\x65\x73\x70\x6f\x6e\x73\x65\x12\x14\x0a\x05\x72\x65\
\x61\x64\x79\x18\x01\x20\x01\x28\x08\x52\x05\x72\x65\x61\x64\x79\x22\x17\x0a\x15\x53\x65\x72\x76\x65\x72\x4d\x65\x74\x61\x64\x61\
\x74\x61\x52\x65\x71\x75\x65\x73\x74\x22\x66\x0a\x16\x53\x65\x72\x76\x65\x72\x4d\x65\x74\x61\x64\x61\x74\x61\x52\x65\x73\x70\x6f\
\x6e\x73\x65\x12\x12\x0a\x04\x6e\x61\x6d\x65\x18\x01\x20\x01\x28\x09\x52\x04\x6e\x61\x6d\x65\x12\x18\x0a\x07\x76\x65\x72\x73\x69\
\x6f\x6e\x18\x02\x20\x01\x28\x09\x52\x07\x76\x65\x72\x73\x69\x6f\x6e\x12\x1e\x0a\x0a\x65\x78\x74\x65\x6e\x73\x69\x6f\x6e\x73\x18\
\x03\x20\x03\x28\x09\x52\x0a\x65\x78\x74\x65\x6e\x73\x69\x6f\x6e\x73\x22\x44\x0a\x14\x4d\x6f\x64\x65\x6c\x4d\x65\x74\x61\x64\x61\
\x74\x61\x52\x65\x71\x75\x65\x73\x74\x12\x12\x0a\x04\x6e\x61\x6d\x65\x18\x01\x20\x01\x28\x09\x52\x04\x6e\x61\x6d\x65\x12\x18\x0a\
\x07\x76\x65\x72\x73\x69\x6f\x6e\x18\x02\x20\x01\x28\x09\x52\x07\x76\x65\x72\x73\x69\x6f\x6e\x22\xcf\x02\x0a\x15\x4d\x6f\x64\x65\
\x6c\x4d\x65\x74\x61\x64\x61\x74\x61\x52\x65\x73\x70\x6f\x6e\x73\x65\x12\x12\x0a\x04\x6e\x61\x6d\x65\x18\x01\x20\x01\x28\x09\x52\
\x04\x6e\x61\x6d\x65\x12\x1a\x0a\x08\x76\x65\x72\x73\x69\x6f\x6e\x73\x18\x02\x20\x03\x28\x09\x52\x08\x76\x65\x72\x73\x69\x6f\x6e\
\x73\x12\x1a\x0a\x08\x70\x6c\x61\x74\x66\x6f\x72\x6d\x18\x03\x20\x01\x28\x09\x52\x08\x70\x6c\x61\x74\x66\x6f\x72\x6d\x12\x47\x0a\
\x06\x69\x6e\x70\x75\x74\x73\x18\x04\x20\x03\x28\x0b\x32\x2f\x2e\x69\x6e\x66\x65\x72\x65\x6e\x63\x65\x2e\x4d\x6f\x64\x65\x6c\x4d\
\x65\x74\x61\x64\x61\x74\x61\x52\x65\x73\x70\x6f\x6e\x73\x65\x2e\x54\x65\x6e\x73\x6f\x72\x4d\x65\x74\x61\x64\x61\x74\x61\x52\x06\
\x69\x6e\x70\x75\x74\x73\x12\x49\x0a\x07\x6f\x75\x74\x70\x75\x74\x73\x18\x05\x20\x03\x28\x0b\x32\x2f\x2e\x69\x6e\x66\x65\x72\x65\
\x6e\x63\x65\x2e\x4d\x6f\x64\x65\x6c\x4d\x65\x74\x61\x64\x61\x74\x61\x52\x65\x73\x70\x6f\x6e\x73\x65\x2e\x54\x65\x6e\x73\x6f\x72\
\x4d\x65\x74\x61\x64\x61\x74\x61\x52\x07\x6f\x75\x74\x70\x75\x74\x73\x1a\x56\x0a\x0e\x54\x65\x6e\x73\x6f\x72\x4d\x65\x74\x61\x64\
\x61\x74\x61\x12\x12\x0a\x04\x6e\x61\x6d\x65\x18\x01\x20\x01\x28\x09\x52\x04\x6e\x61\x6d\x65\x12\x1a\x0a\x08\x64\x61\x74\x61\x74\
\x79\x70\x65\x18\x02\x20\x01\x28\x09\x52\x08\x64\x61\x74\x61\x74\x79\x70\x65\x12\x14\x0a\x05\x73\x68\x61\x70\x65\x18\x03\x20\x03\
\x28\x03\x52\x05\x73\x68\x61\x70\x65\x22\xd7\x01\x0a\x0e\x49\x6e\x66\x65\x72\x50\x61\x72\x61\x6d\x65\x74\x65\x72\x12\x1f\x0a\x0a\
\x62\x6f\x6f\x6c\x5f\x70\x61\x72\x61\x6d\x18\x01\x20\x01\x28\x08\x48\x00\x52\x09\x62\x6f\x6f\x6c\x50\x61\x72\x61\x6d\x12\x21\x0a\
\x0b\x69\x6e\x74\x36\x34\x5f\x70\x61\x72\x61\x6d\x18\x02\x20\x01\x28\x03\x48\x00\x52\x0a\x69\x6e\x74\x36\x34\x50\x61\x72\x61\x6d\
\x12\x23\x0a\x0c\x73\x74\x72\x69\x6e\x67\x5f\x70\x61\x72\x61\x6d\x18\x03\x20\x01\x28\x09\x48\x00\x52\x0b\x73\x74\x72\x69\x6e\x67\
\x50\x61\x72\x61\x6d\x12\x23\x0a\x0c\x64\x6f\x75\x62\x6c\x65\x5f\x70\x61\x72\x61\x6d\x18\x04\x20\x01\x28\x01\x48\x00\x52\x0b\x64\
\x6f\x75\x62\x6c\x65\x50\x61\x72\x61\x6d\x12\x23\x0a\x0c\x75\x69\x6e\x74\x36\x34\x5f\x70\x61\x72\x61\x6d\x18\x05\x20\x01\x28\x04\
\x48\x00\x52\x0b\x75\x69\x6e\x74\x36\x34\x50\x61\x72\x61\x6d\x42\x12\x0a\x10\x70\x61\x72\x61\x6d\x65\x74\x65\x72\x5f\x63\x68\x6f\
\x69\x63\x65\x22\xc3\x02\x0a\x13\x49\x6e\x66\x65\x72\x54\x65\x6e\x73\x6f\x72\x43\x6f\x6e\x74\x65\x6e\x74\x73\x12\x23\x0a\x0d\x62\
\x6f\x6f\x6c\x5f\x63\x6f\x6e\x74\x65\x6e\x74\x73\x18\x01\x20\x03\x28\x08\x52\x0c\x62\x6f\x6f\x6c\x43\x6f\x6e\x74\x65\x6e\x74\x73\
\x12\x21\x0a\x0c\x69\x6e\x74\x5f\x63\x6f\x6e\x74\x65\x6e\x74\x73\x18\x02\x20\x03\x28\x05\x52\x0b\x69\x6e\x74\x43\x6f\x6e\x74\x65\
\x6e\x74\x73\x12\x25\x0a\x0e\x69\x6e\x74\x36\x34\x5f\x63\x6f\x6e\x74\x65\x6e\x74\x73\x18\x03\x20\x03\x28\x03\x52\x0d\x69\x6e\x74\
\x36\x34\x43\x6f\x6e\x74\x65\x6e\x74\x73\x12\x23\x0a\x0d\x75\x69\x6e\x74\x5f\x63\x6f\x6e\x74\x65\x6e\x74\x73\x18\x04\x20\x03\x28\
\x0d\x52\x0c\x75\x69\x6e\x74\x43\x6f\x6e\x74\x65\x6e\x74\x73\x12\x27\x0a\x0f\x75\x69\x6e\x74\x36\x34\x5f\x63\x6f\x6e\x74\x65\x6e\
\x74\x73\x18\x05\x20\x03\x28\x04\x52\x0e\x75\x69\x6e\x74\x36\x34\x43\x6f\x6e\x74\x65\x6e\x74\x73\x12\x23\x0a\x0d\x66\x70\x33\x32\
\x5f\x63\x6f\x6e\x74\x65\x6e\x74\x73\x18\x06\x20\x03\x28\x02\x52\x0c\x66\x70\x33\x32\x43\x6f\x6e\x74\x65\x6e\x74\x73\x12\x23\x0a\
\x0d\x66\x70\x36\x34\x5f\x63\x6f\x6e\x74\x65\x6e\x74\x73\x18\x07\x20\x03\x28\x01\x52\x0c\x66\x70\x36\x34\x43\x6f\x6e\x74\x65\x6e\
\x74\x73\x12\x25\x0a\x0e\x62\x79\x74\x65\x73\x5f\x63\x6f\x6e\x74\x65\x6e\x74\x73\x18\x08\x20\x03\x28\x0c\x52\x0d\x62\x79\x74\x65\
\x73\x43\x6f\x6e\x74\x65\x6e\x74\x73\x22\x9d\x08\x0a\x11\x4d\x6f\x64\x65\x6c\x49\x6e\x66\x65\x72\x52\x65\x71\x75\x65\x73\x74\x12\
\x1d\x0a\x0a\x6d\x6f\x64\x65\x6c\x5f\x6e\x61\x6d\x65\x18\x01\x20\x01\x28\x09\x52\x09\x6d\x6f\x64\x65\x6c\x4e\x61\x6d\x65\x12\x23\
\x0a\x0d\x6d\x6f\x64\x65\x6c\x5f\x76\x65\x72\x73\x69\x6f\x6e\x18\x02\x20\x01\x28\x09\x52\x0c\x6d\x6f\x64\x65\x6c\x56\x65\x72\x73\
\x69\x6f\x6e\x12\x0e\x0a\x02\x69\x64\x18\x03\x20\x01\x28\x09\x52\x02\x69\x64\x12\x4c\x0a\x0a\x70\x61\x72\x61\x6d\x65\x74\x65\x72\
\x73\x18\x04\x20\x03\x28\x0b\x32\x2c\x2e\x69\x6e\x66\x65\x72\x65\x6e\x63\x65\x2e\x4d\x6f\x64\x65\x6c\x49\x6e\x66\x65\x72\x52\x65\
\x71\x75\x65\x73\x74\x2e\x50\x61\x72\x61\x6d\x65\x74\x65\x72\x73\x45\x6e\x74\x72\x79\x52\x0a\x70\x61\x72\x61\x6d\x65\x74\x65\x72\
\x73\x12\x45\x0a\x06\x69\x6e\x70\x75\x74\x73\x18\x05\x20\x03\x28\x0b\x32\x2d\x2e\x69\x6e\x66\x65\x72\x65\x6e\x63\x65\x2e\x4d\x6f\
\x64\x65\x6c\x49\x6e\x66\x65\x72\x52\x65\x71\x75\x65\x73\x74\x2e\x49\x6e\x66\x65\x72\x49\x6e\x70\x75\x74\x54\x65\x6e\x73\x6f\x72\
\x52\x06\x69\x6e\x70\x75\x74\x73\x12\x51\x0a\x07\x6f\x75\x74\x70\x75\x74\x73\x18\x06\x20\x03\x28\x0b\x32\x37\x2e\x69\x6e\x66\x65\
\x72\x65\x6e\x63\x65\x2e\x4d\x6f\x64\x65\x6c\x49\x6e\x66\x65\x72\x52\x65\x71\x75\x65\x73\x74\x2e\x49\x6e\x66\x65\x72\x52\x65\x71\
\x75\x65\x73\x74\x65\x64\x4f\x75\x74\x70\x75\x74\x54\x65\x6e\x73\x6f\x72\x52\x07\x6f\x75\x74\x70\x75\x74\x73\x12\x2c\x0a\x12\x72\
\x61\x77\x5f\x69\x6e\x70\x75\x74\x5f\x63\x6f\x6e\x74\x65\x6e\x74\x73\x18\x07\x20\x03\x28\x0c\x52\x10\x72\x61\x77\x49\x6e\x70\x75\
\x74\x43\x6f\x6e\x74\x65\x6e\x74\x73\x1a\xcd\x02\x0a\x10\x49\x6e\x66\x65\x72\x49\x6e\x70\x75\x74\x54\x65\x6e\x73\x6f\x72\x12\x12\
\x0a\x04\x6e\x61\x6d\x65\x18\x01\x20\x01\x28\x09\x52\x04\x6e\x61\x6d\x65\x12\x1a\x0a\x08\x64\x61\x74\x61\x74\x79\x70\x65\x18\x02\
\x20\x01\x28\x09\x52\x08\x64\x61\x74\x61\x74\x79\x70\x65\x12\x14\x0a\x05\x73\x68\x61\x70\x65\x18\x03\x20\x03\x28\x03\x52\x05\x73\
\x68\x61\x70\x65\x12\x5d\x0a\x0a\x70\x61\x72\x61\x6d\x65\x74\x65\x72\x73\x18\x04\x20\x03\x28\x0b\x32\x3d\x2e\x69\x6e\x66\x65\x72\
\x65\x6e\x63\x65\x2e\x4d\x6f\x64\x65\x6c\x49\x6e\x66\x65\x72\x52\x65\x71\x75\x65\x73\x74\x2e\x49\x6e\x66\x65\x72\x49\x6e\x70\x75\
\x74\x54\x65\x6e\x73\x6f\x72\x2e\x50\x61\x72\x61\x6d\x65\x74\x65\x72\x73\x45\x6e\x74\x72\x79\x52\x0a\x70\x61\x72\x61\x6d\x65\x74\
\x65\x72\x73\x12\x3a\x0a\x08\x63\x6f\x6e\x74\x65\x6e\x74\x73\x18\x05\x20\x01\x28\x0b\x32\x1e\x2e\x69\x6e\x66\x65\x72\x65\x6e\x63\
\x65\x2e\x49\x6e\x66\x65\x72\x54\x65\x6e\x73\x6f\x72\x43\x6f\x6e\x74\x65\x6e\x74\x73\x52\x08\x63\x6f\x6e\x74\x65\x6e\x74\x73\x1a\
\x58\x0a\x0f\x50\x61\x72\x61\x6d\x65\x74\x65\x72\x73\x45\x6e\x74\x72\x79\x12\x10\x0a\x03\x6b\x65\x79\x18\x01\x20\x01\x28\x09\x52\
\x03\x6b\x65\x79\x12\x2f\x0a\x05\x76\x61\x6c\x75\x65\x18\x02\x20\x01\x28\x0b\x32\x19\x2e\x69\x6e\x66\x65\x72\x65\x6e\x63\x65\x2e\
\x49\x6e\x66\x65\x72\x50\x61\x72\x61\x6d\x65\x74\x65\x72\x52\x05\x76\x61\x6c\x75\x65\x3a\x02\x38\x01\x1a\xf3\x01\x0a\x1a\x49\x6e\
\x66\x65\x72\x52\x65\x71\x75\x65\x73\x74\x65\x64\x4f\x75\x74\x70\x75\x74\x54\x65\x6e\x73\x6f\x72\x12\x12\x0a\x04\x6e\x61\x6d\x65\
\x18\x01\x20\x01\x28\x09\x52\x04\x6e\x61\x6d\x65\x12\x67\x0a\x0a\x70\x61\x72\x61\x6d\x65\x74\x65\x72\x73\x18\x02\x20\x03\x28\x0b\
\x32\x47\x2e\x69\x6e\x66\x65\x72\x65\x6e\x63\x65\x2e\x4d\x6f\x64\x65\x6c\x49\x6e\x66\x65\x72\x52\x65\x71\x75\x65\x73\x74\x2e\x49\
\x6e\x66\x65\x72\x52\x65\x71\x75\x65\x73\x74\x65\x64\x4f\x75\x74\x70\x75\x74\x54\x65\x6e\x73\x6f\x72\x2e\x50\x61\x72\x61\x6d\x65\
\x74\x65\x72\x73\x45\x6e\x74\x72\x79\x52\x0a\x70\x61\x72\x61\x6d\x65\x74\x65\x72\x73\x1a\x58\x0a\x0f\x50\x61\x72\x61\x6d\x65\x74\
\x65\x72\x73\x45\x6e\x74\x72\x79\x12\x10\x0a\x03\x6b\x65\x79\x18\x01\x20\x01\x28\x09\x52\x03\x6b\x65\x79\x12\x2f\x0a\x05\x76\x61\
\x6c\x75\x65\x18\x02\x20\x01\x28\x0b\x32\x19\x2e\x69\x6e\x66\x65\x72\x65\x6e\x63\x65\x2e\x49\x6e\x66\x65\x72\x50\x61\x72\x61\x6d\
\x65\x74\x65\x72\x52\x05\x76\x61\x6c\x75\x65\x3a\x02\x38\x01\x1a\x58\x0a\x0f\x50\x61\x72\x61\x6d\x65\x74\x65\x72\x73\x45\x6e\x74\
\x72\x79\x12\x10\x0a\x03\x6b\x65\x79\x18\x01\x20\x01\x28\x09\x52\x03\x6b\x65\x79\x12\x2f\x0a\x05\x76\x61\x6c\x75\x65\x18\x02\x20\
\x01\x28\x0b\x32\x19\x2e\x69\x6e\x66\x65\x72\x65\x6e\x63\x65\x2e\x49\x6e\x66\x65\x72\x50\x61\x72\x61\x6d\x65\x74\x65\x72\x52\x05\
\x76\x61\x6c\x75\x65\x3a\x02\x38\x01\x22\xdf\x05\x0a\x12\x4d\x6f\x64\x65\x6c\x49\x6e\x66\x65\x72\x52\x65\x73\x70\x6f\x6e\x73\x65\
\x12\x1d\x0a\x0a\x6d\x6f\x64\x65\x6c\x5f\x6e\x61\x6d\x65\x18\x01\x20\x01\x28\x09\x52\x09\x6d\x6f\x64\x65\x6c\x4e\x61\x6d\x65\x12\
\x23\x0a\x0d\x6d\x6f\x64\x65\x6c\x5f\x76\x65\x72\x73\x69\x6f\x6e\x18\x02\x20\x01\x28\x09\x52\x0c\x6d\x6f\x64\x65\x6c\x56\x65\x72\
\x73\x69\x6f\x6e\x12\x0e\x0a\x02\x69\x64\x18\x03\x20\x01\x28\x09\x52\x02\x69\x64\x12\x4d\x0a\x0a\x70\x61\x72\x61\x6d\x65\x74\x65\
\x72\x73\x18\x04\x20\x03\x28\x0b\x32\x2d\x2e\x69\x6e\x66\x65\x72\x65\x6e\x63\x65\x2e\x4d\x6f\x64\x65\x6c\x49\x6e\x66\x65\x72\x52\
\x65\x73\x70\x6f\x6e\x73\x65\x2e\x50\x61\x72\x61\x6d\x65\x74\x65\x72\x73\x45\x6e\x74\x72\x79\x52\x0a\x70\x61\x72\x61\x6d\x65\x74\
\x65\x72\x73\x12\x49\x0a\x07\x6f\x75\x74\x70\x75\x74\x73\x18\x05\x20\x03\x28\x0b\x32\x2f\x2e\x69\x6e\x66\x65\x72\x65\x6e\x63\x65\
\x2e\x4d\x6f\x64\x65\x6c\x49\x6e\x66\x65\x72\x52\x65\x73\x70\x6f\x6e\x73\x65\x2e\x49\x6e\x66\x65\x72\x4f\x75\x74\x70\x75\x74\x54\
\x65\x6e\x73\x6f\x72\x52\x07\x6f\x75\x74\x70\x75\x74\x73\x12\x2e\x0a\x13\x72\x61\x77\x5f\x6f\x75\x74\x70\x75\x74\x5f\x63\x6f\x6e\
\x74\x65\x6e\x74\x73\x18\x06\x20\x03\x28\x0c\x52\x11\x72\x61\x77\x4f\x75\x74\x70\x75\x74\x43\x6f\x6e\x74\x65\x6e\x74\x73\x1a\xd0\
\x02\x0a\x11\x49\x6e\x66\x65\x72\x4f\x75\x74\x70\x75\x74\x54\x65\x6e\x73\x6f\x72\x12\x12\x0a\x04\x6e\x61\x6d\x65\x18\x01\x20\x01\
\x28\x09\x52\x04\x6e\x61\x6d\x65\x12\x1a\x0a\x08\x64\x61\x74\x61\x74\x79\x70\x65\x18\x02\x20\x01\x28\x09\x52\x08\x64\x61\x74\x61\
\x74\x79\x70\x65\x12\x14\x0a\x05\x73\x68\x61\x70\x65\x18\x03\x20\x03\x28\x03\x52\x05\x73\x68\x61\x70\x65\x12\x5f\x0a\x0a\x70\x61\
\x72\x61\x6d\x65\x74\x65\x72\x73\x18\x04\x20\x03\x28\x0b\x32\x3f\x2e\x69\x6e\x66\x65\x72\x65\x6e\x63\x65\x2e\x4d\x6f\x64\x65\x6c\
\x49\x6e\x66\x65\x72\x52\x65\x73\x70\x6f\x6e\x73\x65\x2e\x49\x6e\x66\x65\x72\x4f\x75\x74\x70\x75\x74\x54\x65\x6e\x73\x6f\x72\x2e\
\x50\x61\x72\x61\x6d\x65\x74\x65\x72\x73\x45\x6e\x74\x72\x79\x52\x0a\x70\x61\x72\x61\x6d\x65\x74\x65\x72\x73\x12\x3a\x0a\x08\x63\
\x6f\x6e\x74\x65\x6e\x74\x73\x18\x05\x20\x01\x28\x0b\x32\x1e\x2e\x69\x6e\x66\x65\x72\x65\x6e\x63\x65\x2e\x49\x6e\x66\x65\x72\x54\
\x65\x6e\x73\x6f\x72\x43\x6f\x6e\x74\x65\x6e\x74\x73\x52\x08\x63\x6f\x6e\x74\x65\x6e\x74\x73\x1a\x58\x0a\x0f\x50\x61\x72\x61\x6d\
\x65\x74\x65\x72\x73\x45\x6e\x74\x72\x79\x12\x10\x0a\x03\x6b\x65\x79\x18\x01\x20\x01\x28\x09\x52\x03\x6b\x65\x79\x12\x2f\x0a\x05\
\x76\x61\x6c\x75\x65\x18\x02\x20\x01\x28\x0b\x32\x19\x2e\x69\x6e\x66\x65\x72\x65\x6e\x63\x65\x2e\x49\x6e\x66\x65\x72\x50\x61\x72\
\x61\x6d\x65\x74\x65\x72\x52\x05\x76\x61\x6c\x75\x65\x3a\x02\x38\x01\x1a\x58\x0a\x0f\x50\x61\x72\x61\x6d\x65\x74\x65\x72\x73\x45\
\x6e\x74\x72\x79\x12\x10\x0a\x03\x6b\x65\x79\x18\x01\x20\x01\x28\x09\x52\x03\x6b\x65\x79\x12\x2f\x0a\x05\x76\x61\x6c\x75\x65\x18\
\x02\x20\x01\x28\x0b\x32\x19\x2e\x69\x6e\x66\x65\x72\x65\x6e\x63\x65\x2e\x49\x6e\x66\x65\x72\x50\x61\x72\x61\x6d\x65\x74\x65\x72\
\x52\x05\x76\x61\x6c\x75\x65\x3a\x02\x38\x01\x22\x85\x01\x0a\x18\x4d\x6f\x64\x65\x6c\x53\x74\x72\x65\x61\x6d\x49\x6e\x66\x65\x72\
\x52\x65\x73\x70\x6f\x6e\x73\x65\x12\x23\x0a\x0d\x65\x72\x72\x6f\x72\x5f\x6d\x65\x73\x73\x61\x67\x65\x18\x01\x20\x01\x28\x09\x52\
\x0c\x65\x72\x72\x6f\x72\x4d\x65\x73\x73\x61\x67\x65\x12\x44\x0a\x0e\x69\x6e\x66\x65\x72\x5f\x72\x65\x73\x70\x6f\x6e\x73\x65\x18\
\x02\x20\x01\x28\x0b\x32\x1d\x2e\x69\x6e\x66\x65\x72\x65\x6e\x63\x65\x2e\x4d\x6f\x64\x65\x6c\x49\x6e\x66\x65\x72\x52\x65\x73\x70\
\x6f\x6e\x73\x65\x52\x0d\x69\x6e\x66\x65\x72\x52\x65\x73\x70\x6f\x6e\x73\x65\x22\x42\x0a\x12\x4d\x6f\x64\x65\x6c\x43\x6f\x6e\x66\
\x69\x67\x52\x65\x71\x75\x65\x73\x74\x12\x12\x0a\x04\x6e\x61\x6d\x65\x18\x01\x20\x01\x28\x09\x52\x04\x6e\x61\x6d\x65\x12\x18\x0a\
\x07\x76\x65\x72\x73\x69\x6f\x6e\x18\x02\x20\x01\x28\x09\x52\x07\x76\x65\x72\x73\x69\x6f\x6e\x22\x45\x0a\x13\x4d\x6f\x64\x65\x6c\
\x43\x6f\x6e\x66\x69\x67\x52\x65\x73\x70\x6f\x6e\x73\x65\x12\x2e\x0a\x06\x63\x6f\x6e\x66\x69\x67\x18\x01\x20\x01\x28\x0b\x32\x16\
\x2e\x69\x6e\x66\x65\x72\x65\x6e\x63\x65\x2e\x4d\x6f\x64\x65\x6c\x43\x6f\x6e\x66\x69\x67\x52\x06\x63\x6f\x6e\x66\x69\x67\x22\x46\
\x0a\x16\x4d\x6f\x64\x65\x6c\x53\x74\x61\x74\x69\x73\x74\x69\x63\x73\x52\x65\x71\x75\x65\x73\x74\x12\x12\x0a\x04\x6e\x61\x6d\x65\
\x18\x01\x20\x01\x28\x09\x52\x04\x6e\x61\x6d\x65\x12\x18\x0a\x07\x76\x65\x72\x73\x69\x6f\x6e\x18\x02\x20\x01\x28\x09\x52\x07\x76\
\x65\x72\x73\x69\x6f\x6e\x22\x39\x0a\x11\x53\x74\x61\x74\x69\x73\x74\x69\x63\x44\x75\x72\x61\x74\x69\x6f\x6e\x12\x14\x0a\x05\x63\
\x6f\x75\x6e\x74\x18\x01\x20\x01\x28\x04\x52\x05\x63\x6f\x75\x6e\x74\x12\x0e\x0a\x02\x6e\x73\x18\x02\x20\x01\x28\x04\x52\x02\x6e\
\x73\x22\xf2\x03\x0a\x0f\x49\x6e\x66\x65\x72\x53\x74\x61\x74\x69\x73\x74\x69\x63\x73\x12\x36\x0a\x07\x73\x75\x63\x63\x65\x73\x73\
\x18\x01\x20\x01\x28\x0b\x32\x1c\x2e\x69\x6e\x66\x65\x72\x65\x6e\x63\x65\x2e\x53\x74\x61\x74\x69\x73\x74\x69\x63\x44\x75\x72\x61\
\x74\x69\x6f\x6e\x52\x07\x73\x75\x63\x63\x65\x73\x73\x12\x30\x0a\x04\x66\x61\x69\x6c\x18\x02\x20\x01\x28\x0b\x32\x1c\x2e\x69\x6e\
\x66\x65\x72\x65\x6e\x63\x65\x2e\x53\x74\x61\x74\x69\x73\x74\x69\x63\x44\x75\x72\x61\x74\x69\x6f\x6e\x52\x04\x66\x61\x69\x6c\x12\
\x32\x0a\x05\x71\x75\x65\x75\x65\x18\x03\x20\x01\x28\x0b\x32\x1c\x2e\x69\x6e\x66\x65\x72\x65\x6e\x63\x65\x2e\x53\x74\x61\x74\x69\
\x73\x74\x69\x63\x44\x75\x72\x61\x74\x69\x6f\x6e\x52\x05\x71\x75\x65\x75\x65\x12\x41\x0a\x0d\x63\x6f\x6d\x70\x75\x74\x65\x5f\x69\
\x6e\x70\x75\x74\x18\x04\x20\x01\x28\x0b\x32\x1c\x2e\x69\x6e\x66\x65\x72\x65\x6e\x63\x65\x2e\x53\x74\x61\x74\x69\x73\x74\x69\x63\
\x44\x75\x72\x61\x74\x69\x6f\x6e\x52\x0c\x63\x6f\x6d\x70\x75\x74\x65\x49\x6e\x70\x75\x74\x12\x41\x0a\x0d\x63\x6f\x6d\x70\x75\x74\
\x65\x5f\x69\x6e\x66\x65\x72\x18\x05\x20\x01\x28\x0b\x32\x1c\x2e\x69\x6e\x66\x65\x72\x65\x6e\x63\x65\x2e\x53\x74\x61\x74\x69\x73\
\x74\x69\x63\x44\x75\x72\x61\x74\x69\x6f\x6e\x52\x0c\x63\x6f\x6d\x70\x75\x74\x65\x49\x6e\x66\x65\x72\x12\x43\x0a\x0e\x63\x6f\x6d\
\x70\x75\x74\x65\x5f\x6f\x75\x74\x70\x75\x74\x18\x06\x20\x01\x28\x0b\x32\x1c\x2e\x69\x6e\x66\x65\x72\x65\x6e\x63\x65\x2e\x53\x74\
\x61\x74\x69\x73\x74\x69\x63\x44\x75\x72\x61\x74\x69\x6f\x6e\x52\x0d\x63\x6f\x6d\x70\x75\x74\x65\x4f\x75\x74\x70\x75\x74\x12\x39\
\x0a\x09\x63\x61\x63\x68\x65\x5f\x68\x69\x74\x18\x07\x20\x01\x28\x0b\x32\x1c\x2e\x69\x6e\x66\x65\x72\x65\x6e\x63\x65\x2e\x53\x74\
\x61\x74\x69\x73\x74\x69\x63\x44\x75\x72\x61\x74\x69\x6f\x6e\x52\x08\x63\x61\x63\x68\x65\x48\x69\x74\x12\x3b\x0a\x0a\x63\x61\x63\
\x68\x65\x5f\x6d\x69\x73\x73\x18\x08\x20\x01\x28\x0b\x32\x1c\x2e\x69\x6e\x66\x65\x72\x65\x6e\x63\x65\x2e\x53\x74\x61\x74\x69\x73\
\x74\x69\x63\x44\x75\x72\x61\x74\x69\x6f\x6e\x52\x09\x63\x61\x63\x68\x65\x4d\x69\x73\x73\x22\x86\x03\x0a\x17\x49\x6e\x66\x65\x72\
\x52\x65\x73\x70\x6f\x6e\x73\x65\x53\x74\x61\x74\x69\x73\x74\x69\x63\x73\x12\x41\x0a\x0d\x63\x6f\x6d\x70\x75\x74\x65\x5f\x69\x6e\
\x66\x65\x72\x18\x01\x20\x01\x28\x0b\x32\x1c\x2e\x69\x6e\x66\x65\x72\x65\x6e\x63\x65\x2e\x53\x74\x61\x74\x69\x73\x74\x69\x63\x44\
\x75\x72\x61\x74\x69\x6f\x6e\x52\x0c\x63\x6f\x6d\x70\x75\x74\x65\x49\x6e\x66\x65\x72\x12\x43\x0a\x0e\x63\x6f\x6d\x70\x75\x74\x65\
\x5f\x6f\x75\x74\x70\x75\x74\x18\x02\x20\x01\x28\x0b\x32\x1c\x2e\x69\x6e\x66\x65\x72\x65\x6e\x63\x65\x2e\x53\x74\x61\x74\x69\x73\
\x74\x69\x63\x44\x75\x72\x61\x74\x69\x6f\x6e\x52\x0d\x63\x6f\x6d\x70\x75\x74\x65\x4f\x75\x74\x70\x75\x74\x12\x36\x0a\x07\x73\x75\
\x63\x63\x65\x73\x73\x18\x03\x20\x01\x28\x0b\x32\x1c\x2e\x69\x6e\x66\x65\x72\x65\x6e\x63\x65\x2e\x53\x74\x61\x74\x69\x73\x74\x69\
\x63\x44\x75\x72\x61\x74\x69\x6f\x6e\x52\x07\x73\x75\x63\x63\x65\x73\x73\x12\x30\x0a\x04\x66\x61\x69\x6c\x18\x04\x20\x01\x28\x0b\
\x32\x1c\x2e\x69\x6e\x66\x65\x72\x65\x6e\x63\x65\x2e\x53\x74\x61\x74\x69\x73\x74\x69\x63\x44\x75\x72\x61\x74\x69\x6f\x6e\x52\x04\
\x66\x61\x69\x6c\x12\x43\x0a\x0e\x65\x6d\x70\x74\x79\x5f\x72\x65\x73\x70\x6f\x6e\x73\x65\x18\x05\x20\x01\x28\x0b\x32\x1c\x2e\x69\
\x6e\x66\x65\x72\x65\x6e\x63\x65\x2e\x53\x74\x61\x74\x69\x73\x74\x69\x63\x44\x75\x72\x61\x74\x69\x6f\x6e\x52\x0d\x65\x6d\x70\x74\
\x79\x52\x65\x73\x70\x6f\x6e\x73\x65\x12\x34\x0a\x06\x63\x61\x6e\x63\x65\x6c\x18\x06\x20\x01\x28\x0b\x32\x1c\x2e\x69\x6e\x66\x65\
\x72\x65\x6e\x63\x65\x2e\x53\x74\x61\x74\x69\x73\x74\x69\x63\x44\x75\x72\x61\x74\x69\x6f\x6e\x52\x06\x63\x61\x6e\x63\x65\x6c\x22\
\x80\x02\x0a\x14\x49\x6e\x66\x65\x72\x42\x61\x74\x63\x68\x53\x74\x61\x74\x69\x73\x74\x69\x63\x73\x12\x1d\x0a\x0a\x62\x61\x74\x63\
\x68\x5f\x73\x69\x7a\x65\x18\x01\x20\x01\x28\x04\x52\x09\x62\x61\x74\x63\x68\x53\x69\x7a\x65\x12\x41\x0a\x0d\x63\x6f\x6d\x70\x75\
\x74\x65\x5f\x69\x6e\x70\x75\x74\x18\x02\x20\x01\x28\x0b\x32\x1c\x2e\x69\x6e\x66\x65\x72\x65\x6e\x63\x65\x2e\x53\x74\x61\x74\x69\
\x73\x74\x69\x63\x44\x75\x72\x61\x74\x69\x6f\x6e\x52\x0c\x63\x6f\x6d\x70\x75\x74\x65\x49\x6e\x70\x75\x74\x12\x41\x0a\x0d\x63\x6f\
\x6d\x70\x75\x74\x65\x5f\x69\x6e\x66\x65\x72\x18\x03\x20\x01\x28\x0b\x32\x1c\x2e\x69\x6e\x66\x65\x72\x65\x6e\x63\x65\x2e\x53\x74\
\x61\x74\x69\x73\x74\x69\x63\x44\x75\x72\x61\x74\x69\x6f\x6e\x52\x0c\x63\x6f\x6d\x70\x75\x74\x65\x49\x6e\x66\x65\x72\x12\x43\x0a\
\x0e\x63\x6f\x6d\x70\x75\x74\x65\x5f\x6f\x75\x74\x70\x75\x74\x18\x04\x20\x01\x28\x0b\x32\x1c\x2e\x69\x6e\x66\x65\x72\x65\x6e\x63\
\x65\x2e\x53\x74\x61\x74\x69\x73\x74\x69\x63\x44\x75\x72\x61\x74\x69\x6f\x6e\x52\x0d\x63\x6f\x6d\x70\x75\x74\x65\x4f\x75\x74\x70\
\x75\x74\x22\x4e\x0a\x0b\x4d\x65\x6d\x6f\x72\x79\x55\x73\x61\x67\x65\x12\x12\x0a\x04\x74\x79\x70\x65\x18\x01\x20\x01\x28\x09\x52\
\x04\x74\x79\x70\x65\x12\x0e\x0a\x02\x69\x64\x18\x02\x20\x01\x28\x03\x52\x02\x69\x64\x12\x1b\x0a\x09\x62\x79\x74\x65\x5f\x73\x69\
\x7a\x65\x18\x03\x20\x01\x28\x04\x52\x08\x62\x79\x74\x65\x53\x69\x7a\x65\x22\xb6\x04\x0a\x0f\x4d\x6f\x64\x65\x6c\x53\x74\x61\x74\
\x69\x73\x74\x69\x63\x73\x12\x12\x0a\x04\x6e\x61\x6d\x65\x18\x01\x20\x01\x28\x09\x52\x04\x6e\x61\x6d\x65\x12\x18\x0a\x07\x76\x65\
\x72\x73\x69\x6f\x6e\x18\x02\x20\x01\x28\x09\x52\x07\x76\x65\x72\x73\x69\x6f\x6e\x12\x25\x0a\x0e\x6c\x61\x73\x74\x5f\x69\x6e\x66\
\x65\x72\x65\x6e\x63\x65\x18\x03\x20\x01\x28\x04\x52\x0d\x6c\x61\x73\x74\x49\x6e\x66\x65\x72\x65\x6e\x63\x65\x12\x27\x0a\x0f\x69\
\x6e\x66\x65\x72\x65\x6e\x63\x65\x5f\x63\x6f\x75\x6e\x74\x18\x04\x20\x01\x28\x04\x52\x0e\x69\x6e\x66\x65\x72\x65\x6e\x63\x65\x43\
\x6f\x75\x6e\x74\x12\x27\x0a\x0f\x65\x78\x65\x63\x75\x74\x69\x6f\x6e\x5f\x63\x6f\x75\x6e\x74\x18\x05\x20\x01\x28\x04\x52\x0e\x65\
\x78\x65\x63\x75\x74\x69\x6f\x6e\x43\x6f\x75\x6e\x74\x12\x43\x0a\x0f\x69\x6e\x66\x65\x72\x65\x6e\x63\x65\x5f\x73\x74\x61\x74\x73\
\x18\x06\x20\x01\x28\x0b\x32\x1a\x2e\x69\x6e\x66\x65\x72\x65\x6e\x63\x65\x2e\x49\x6e\x66\x65\x72\x53\x74\x61\x74\x69\x73\x74\x69\
\x63\x73\x52\x0e\x69\x6e\x66\x65\x72\x65\x6e\x63\x65\x53\x74\x61\x74\x73\x12\x40\x0a\x0b\x62\x61\x74\x63\x68\x5f\x73\x74\x61\x74\
\x73\x18\x07\x20\x03\x28\x0b\x32\x1f\x2e\x69\x6e\x66\x65\x72\x65\x6e\x63\x65\x2e\x49\x6e\x66\x65\x72\x42\x61\x74\x63\x68\x53\x74\
\x61\x74\x69\x73\x74\x69\x63\x73\x52\x0a\x62\x61\x74\x63\x68\x53\x74\x61\x74\x73\x12\x39\x0a\x0c\x6d\x65\x6d\x6f\x72\x79\x5f\x75\
\x73\x61\x67\x65\x18\x08\x20\x03\x28\x0b\x32\x16\x2e\x69\x6e\x66\x65\x72\x65\x6e\x63\x65\x2e\x4d\x65\x6d\x6f\x72\x79\x55\x73\x61\
\x67\x65\x52\x0b\x6d\x65\x6d\x6f\x72\x79\x55\x73\x61\x67\x65\x12\x54\x0a\x0e\x72\x65\x73\x70\x6f\x6e\x73\x65\x5f\x73\x74\x61\x74\
\x73\x18\x09\x20\x03\x28\x0b\x32\x2d\x2e\x69\x6e\x66\x65\x72\x65\x6e\x63\x65\x2e\x4d\x6f\x64\x65\x6c\x53\x74\x61\x74\x69\x73\x74\
\x69\x63\x73\x2e\x52\x65\x73\x70\x6f\x6e\x73\x65\x53\x74\x61\x74\x73\x45\x6e\x74\x72\x79\x52\x0d\x72\x65\x73\x70\x6f\x6e\x73\x65\
\x53\x74\x61\x74\x73\x1a\x64\x0a\x12\x52\x65\x73\x70\x6f\x6e\x73\x65\x53\x74\x61\x74\x73\x45\x6e\x74\x72\x79\x12\x10\x0a\x03\x6b\
\x65\x79\x18\x01\x20\x01\x28\x09\x52\x03\x6b\x65\x79\x12\x38\x0a\x05\x76\x61\x6c\x75\x65\x18\x02\x20\x01\x28\x0b\x32\x22\x2e\x69\
\x6e\x66\x65\x72\x65\x6e\x63\x65\x2e\x49\x6e\x66\x65\x72\x52\x65\x73\x70\x6f\x6e\x73\x65\x53\x74\x61\x74\x69\x73\x74\x69\x63\x73\
\x52\x05\x76\x61\x6c\x75\x65\x3a\x02\x38\x01\x22\x56\x0a\x17\x4d\x6f\x64\x65\x6c\x53\x74\x61\x74\x69\x73\x74\x69\x63\x73\x52\x65\
\x73\x70\x6f\x6e\x73\x65\x12\x3b\x0a\x0b\x6d\x6f\x64\x65\x6c\x5f\x73\x74\x61\x74\x73\x18\x01\x20\x03\x28\x0b\x32\x1a\x2e\x69\x6e\
\x66\x65\x72\x65\x6e\x63\x65\x2e\x4d\x6f\x64\x65\x6c\x53\x74\x61\x74\x69\x73\x74\x69\x63\x73\x52\x0a\x6d\x6f\x64\x65\x6c\x53\x74\
\x61\x74\x73\x22\xba\x01\x0a\x18\x4d\x6f\x64\x65\x6c\x52\x65\x70\x6f\x73\x69\x74\x6f\x72\x79\x50\x61\x72\x61\x6d\x65\x74\x65\x72\
\x12\x1f\x0a\x0a\x62\x6f\x6f\x6c\x5f\x70\x61\x72\x61\x6d\x18\x01\x20\x01\x28\x08\x48\x00\x52\x09\x62\x6f\x6f\x6c\x50\x61\x72\x61\
\x6d\x12\x21\x0a\x0b\x69\x6e\x74\x36\x34\x5f\x70\x61\x72\x61\x6d\x18\x02\x20\x01\x28\x03\x48\x00\x52\x0a\x69\x6e\x74\x36\x34\x50\
\x61\x72\x61\x6d\x12\x23\x0a\x0c\x73\x74\x72\x69\x6e\x67\x5f\x70\x61\x72\x61\x6d\x18\x03\x20\x01\x28\x09\x48\x00\x52\x0b\x73\x74\
\x72\x69\x6e\x67\x50\x61\x72\x61\x6d\x12\x21\x0a\x0b\x62\x79\x74\x65\x73\x5f\x70\x61\x72\x61\x6d\x18\x04\x20\x01\x28\x0c\x48\x00\
\x52\x0a\x62\x79\x74\x65\x73\x50\x61\x72\x61\x6d\x42\x12\x0a\x10\x70\x61\x72\x61\x6d\x65\x74\x65\x72\x5f\x63\x68\x6f\x69\x63\x65\
\x22\x57\x0a\x16\x52\x65\x70\x6f\x73\x69\x74\x6f\x72\x79\x49\x6e\x64\x65\x78\x52\x65\x71\x75\x65\x73\x74\x12\x27\x0a\x0f\x72\x65\
\x70\x6f\x73\x69\x74\x6f\x72\x79\x5f\x6e\x61\x6d\x65\x18\x01\x20\x01\x28\x09\x52\x0e\x72\x65\x70\x6f\x73\x69\x74\x6f\x72\x79\x4e\
\x61\x6d\x65\x12\x14\x0a\x05\x72\x65\x61\x64\x79\x18\x02\x20\x01\x28\x08\x52\x05\x72\x65\x61\x64\x79\x22\xca\x01\x0a\x17\x52\x65\
\x70\x6f\x73\x69\x74\x6f\x72\x79\x49\x6e\x64\x65\x78\x52\x65\x73\x70\x6f\x6e\x73\x65\x12\x45\x0a\x06\x6d\x6f\x64\x65\x6c\x73\x18\
\x01\x20\x03\x28\x0b\x32\x2d\x2e\x69\x6e\x66\x65\x72\x65\x6e\x63\x65\x2e\x52\x65\x70\x6f\x73\x69\x74\x6f\x72\x79\x49\x6e\x64\x65\
\x78\x52\x65\x73\x70\x6f\x6e\x73\x65\x2e\x4d\x6f\x64\x65\x6c\x49\x6e\x64\x65\x78\x52\x06\x6d\x6f\x64\x65\x6c\x73\x1a\x68\x0a\x0a\
\x4d\x6f\x64\x65\x6c\x49\x6e\x64\x65\x78\x12\x12\x0a\x04\x6e\x61\x6d\x65\x18\x01\x20\x01\x28\x09\x52\x04\x6e\x61\x6d\x65\x12\x18\
\x0a\x07\x76\x65\x72\x73\x69\x6f\x6e\x18\x02\x20\x01\x28\x09\x52\x07\x76\x65\x72\x73\x69\x6f\x6e\x12\x14\x0a\x05\x73\x74\x61\x74\
\x65\x18\x03\x20\x01\x28\x09\x52\x05\x73\x74\x61\x74\x65\x12\x16\x0a\x06\x72\x65\x61\x73\x6f\x6e\x18\x04\x20\x01\x28\x09\x52\x06\
\x72\x65\x61\x73\x6f\x6e\x22\x9f\x02\x0a\x1a\x52\x65\x70\x6f\x73\x69\x74\x6f\x72\x79\x4d\x6f\x64\x65\x6c\x4c\x6f\x61\x64\x52\x65\
\x71\x75\x65\x73\x74\x12\x27\x0a\x0f\x72\x65\x70\x6f\x73\x69\x74\x6f\x72\x79\x5f\x6e\x61\x6d\x65\x18\x01\x20\x01\x28\x09\x52\x0e\
\x72\x65\x70\x6f\x73\x69\x74\x6f\x72\x79\x4e\x61\x6d\x65\x12\x1d\x0a\x0a\x6d\x6f\x64\x65\x6c\x5f\x6e\x61\x6d\x65\x18\x02\x20\x01\
\x28\x09\x52\x09\x6d\x6f\x64\x65\x6c\x4e\x61\x6d\x65\x12\x55\x0a\x0a\x70\x61\x72\x61\x6d\x65\x74\x65\x72\x73\x18\x03\x20\x03\x28\
\x0b\x32\x35\x2e\x69\x6e\x66\x65\x72\x65\x6e\x63\x65\x2e\x52\x65\x70\x6f\x73\x69\x74\x6f\x72\x79\x4d\x6f\x64\x65\x6c\x4c\x6f\x61\
\x64\x52\x65\x71\x75\x65\x73\x74\x2e\x50\x61\x72\x61\x6d\x65\x74\x65\x72\x73\x45\x6e\x74\x72\x79\x52\x0a\x70\x61\x72\x61\x6d\x65\
\x74\x65\x72\x73\x1a\x62\x0a\x0f\x50\x61\x72\x61\x6d\x65\x74\x65\x72\x73\x45\x6e\x74\x72\x79\x12\x10\x0a\x03\x6b\x65\x79\x18\x01\
\x20\x01\x28\x09\x52\x03\x6b\x65\x79\x12\x39\x0a\x05\x76\x61\x6c\x75\x65\x18\x02\x20\x01\x28\x0b\x32\x23\x2e\x69\x6e\x66\x65\x72\
\x65\x6e\x63\x65\x2e\x4d\x6f\x64\x65\x6c\x52\x65\x70\x6f\x73\x69\x74\x6f\x72\x79\x50\x61\x72\x61\x6d\x65\x74\x65\x72\x52\x05\x76\
\x61\x6c\x75\x65\x3a\x02\x38\x01\x22\x1d\x0a\x1b\x52\x65\x70\x6f\x73\x69\x74\x6f\x72\x79\x4d\x6f\x64\x65\x6c\x4c\x6f\x61\x64\x52\
\x65\x73\x70\x6f\x6e\x73\x65\x22\xa3\x02\x0a\x1c\x52\x65\x70\x6f\x73\x69\x74\x6f\x72\x79\x4d\x6f\x64\x65\x6c\x55\x6e\x6c\x6f\x61\
\x64\x52\x65\x71\x75\x65\x73\x74\x12\x27\x0a\x0f\x72\x65\x70\x6f\x73\x69\x74\x6f\x72\x79\x5f\x6e\x61\x6d\x65\x18\x01\x20\x01\x28\
\x09\x52\x0e\x72\x65\x70\x6f\x73\x69\x74\x6f\x72\x79\x4e\x61\x6d\x65\x12\x1d\x0a\x0a\x6d\x6f\x64\x65\x6c\x5f\x6e\x61\x6d\x65\x18\
\x02\x20\x01\x28\x09\x52\x09\x6d\x6f\x64\x65\x6c\x4e\x61\x6d\x65\x12\x57\x0a\x0a\x70\x61\x72\x61\x6d\x65\x74\x65\x72\x73\x18\x03\
\x20\x03\x28\x0b\x32\x37\x2e\x69\x6e\x66\x65\x72\x65\x6e\x63\x65\x2e\x52\x65\x70\x6f\x73\x69\x74\x6f\x72\x79\x4d\x6f\x64\x65\x6c\
\x55\x6e\x6c\x6f\x61\x64\x52\x65\x71\x75\x65\x73\x74\x2e\x50\x61\x72\x61\x6d\x65\x74\x65\x72\x73\x45\x6e\x74\x72\x79\x52\x0a\x70\
\x61\x72\x61\x6d\x65\x74\x65\x72\x73\x1a\x62\x0a\x0f\x50\x61\x72\x61\x6d\x65\x74\x65\x72\x73\x45\x6e\x74\x72\x79\x12\x10\x0a\x03\
\x6b\x65\x79\x18\x01\x20\x01\x28\x09\x52\x03\x6b\x65\x79\x12\x39\x0a\x05\x76\x61\x6c\x75\x65\x18\x02\x20\x01\x28\x0b\x32\x23\x2e\
\x69\x6e\x66\x65\x72\x65\x6e\x63\x65\x2e\x4d\x6f\x64\x65\x6c\x52\x65\x70\x6f\x73\x69\x74\x6f\x72\x79\x50\x61\x72\x61\x6d\x65\x74\
\x65\x72\x52\x05\x76\x61\x6c\x75\x65\x3a\x02\x38\x01\x22\x1f\x0a\x1d\x52\x65\x70\x6f\x73\x69\x74\x6f\x72\x79\x4d\x6f\x64\x65\x6c\
\x55\x6e\x6c\x6f\x61\x64\x52\x65\x73\x70\x6f\x6e\x73\x65\x22\x35\x0a\x1f\x53\x79\x73\x74\x65\x6d\x53\x68\x61\x72\x65\x64\x4d\x65\
\x6d\x6f\x72\x79\x53\x74\x61\x74\x75\x73\x52\x65\x71\x75\x65\x73\x74\x12\x12\x0a\x04\x6e\x61\x6d\x65\x18\x01\x20\x01\x28\x09\x52\
\x04\x6e\x61\x6d\x65\x22\xd7\x02\x0a\x20\x53\x79\x73\x74\x65\x6d\x53\x68\x61\x72\x65\x64\x4d\x65\x6d\x6f\x72\x79\x53\x74\x61\x74\
\x75\x73\x52\x65\x73\x70\x6f\x6e\x73\x65\x12\x52\x0a\x07\x72\x65\x67\x69\x6f\x6e\x73\x18\x01\x20\x03\x28\x0b\x32\x38\x2e\x69\x6e\
\x66\x65\x72\x65\x6e\x63\x65\x2e\x53\x79\x73\x74\x65\x6d\x53\x68\x61\x72\x65\x64\x4d\x65\x6d\x6f\x72\x79\x53\x74\x61\x74\x75\x73\
\x52\x65\x73\x70\x6f\x6e\x73\x65\x2e\x52\x65\x67\x69\x6f\x6e\x73\x45\x6e\x74\x72\x79\x52\x07\x72\x65\x67\x69\x6f\x6e\x73\x1a\x69\
\x0a\x0c\x52\x65\x67\x69\x6f\x6e\x53\x74\x61\x74\x75\x73\x12\x12\x0a\x04\x6e\x61\x6d\x65\x18\x01\x20\x01\x28\x09\x52\x04\x6e\x61\
\x6d\x65\x12\x10\x0a\x03\x6b\x65\x79\x18\x02\x20\x01\x28\x09\x52\x03\x6b\x65\x79\x12\x16\x0a\x06\x6f\x66\x66\x73\x65\x74\x18\x03\
\x20\x01\x28\x04\x52\x06\x6f\x66\x66\x73\x65\x74\x12\x1b\x0a\x09\x62\x79\x74\x65\x5f\x73\x69\x7a\x65\x18\x04\x20\x01\x28\x04\x52\
\x08\x62\x79\x74\x65\x53\x69\x7a\x65\x1a\x74\x0a\x0c\x52\x65\x67\x69\x6f\x6e\x73\x45\x6e\x74\x72\x79\x12\x10\x0a\x03\x6b\x65\x79\
\x18\x01\x20\x01\x28\x09\x52\x03\x6b\x65\x79\x12\x4e\x0a\x05\x76\x61\x6c\x75\x65\x18\x02\x20\x01\x28\x0b\x32\x38\x2e\x69\x6e\x66\
\x65\x72\x65\x6e\x63\x65\x2e\x53\x79\x73\x74\x65\x6d\x53\x68\x61\x72\x65\x64\x4d\x65\x6d\x6f\x72\x79\x53\x74\x61\x74\x75\x73\x52\
\x65\x73\x70\x6f\x6e\x73\x65\x2e\x52\x65\x67\x69\x6f\x6e\x53\x74\x61\x74\x75\x73\x52\x05\x76\x61\x6c\x75\x65\x3a\x02\x38\x01\x22\
\x7e\x0a\x21\x53\x79\x73\x74\x65\x6d\x53\x68\x61\x72\x65\x64\x4d\x65\x6d\x6f\x72\x79\x52\x65\x67\x69\x73\x74\x65\x72\x52\x65\x71\
\x75\x65\x73\x74\x12\x12\x0a\x04\x6e\x61\x6d\x65\x18\x01\x20\x01\x28\x09\x52\x04\x6e\x61\x6d\x65\x12\x10\x0a\x03\x6b\x65\x79\x18\
\x02\x20\x01\x28\x09\x52\x03\x6b\x65\x79\x12\x16\x0a\x06\x6f\x66\x66\x73\x65\x74\x18\x03\x20\x01\x28\x04\x52\x06\x6f\x66\x66\x73\
\x65\x74\x12\x1b\x0a\x09\x62\x79\x74\x65\x5f\x73\x69\x7a\x65\x18\x04\x20\x01\x28\x04\x52\x08\x62\x79\x74\x65\x53\x69\x7a\x65\x22\
\x24\x0a\x22\x53\x79\x73\x74\x65\x6d\x53\x68\x61\x72\x65\x64\x4d\x65\x6d\x6f\x72\x79\x52\x65\x67\x69\x73\x74\x65\x72\x52\x65\x73\
\x70\x6f\x6e\x73\x65\x22\x39\x0a\x23\x53\x79\x73\x74\x65\x6d\x53\x68\x61\x72\x65\x64\x4d\x65\x6d\x6f\x72\x79\x55\x6e\x72\x65\x67\
\x69\x73\x74\x65\x72\x52\x65\x71\x75\x65\x73\x74\x12\x12\x0a\x04\x6e\x61\x6d\x65\x18\x01\x20\x01\x28\x09\x52\x04\x6e\x61\x6d\x65\
\x22\x26\x0a\x24\x53\x79\x73\x74\x65\x6d\x53\x68\x61\x72\x65\x64\x4d\x65\x6d\x6f\x72\x79\x55\x6e\x72\x65\x67\x69\x73\x74\x65\x72\
\x52\x65\x73\x70\x6f\x6e\x73\x65\x22\x33\x0a\x1d\x43\x75\x64\x61\x53\x68\x61\x72\x65\x64\x4d\x65\x6d\x6f\x72\x79\x53\x74\x61\x74\
\x75\x73\x52\x65\x71\x75\x65\x73\x74\x12\x12\x0a\x04\x6e\x61\x6d\x65\x18\x01\x20\x01\x28\x09\x52\x04\x6e\x61\x6d\x65\x22\xc4\x02\
\x0a\x1e\x43\x75\x64\x61\x53\x68\x61\x72\x65\x64\x4d\x65\x6d\x6f\x72\x79\x53\x74\x61\x74\x75\x73\x52\x65\x73\x70\x6f\x6e\x73\x65\
\x12\x50\x0a\x07\x72\x65\x67\x69\x6f\x6e\x73\x18\x01\x20\x03\x28\x0b\x32\x36\x2e\x69\x6e\x66\x65\x72\x65\x6e\x63\x65\x2e\x43\x75\
\x64\x61\x53\x68\x61\x72\x65\x64\x4d\x65\x6d\x6f\x72\x79\x53\x74\x61\x74\x75\x73\x52\x65\x73\x70\x6f\x6e\x73\x65\x2e\x52\x65\x67\
\x69\x6f\x6e\x73\x45\x6e\x74\x72\x79\x52\x07\x72\x65\x67\x69\x6f\x6e\x73\x1a\x5c\x0a\x0c\x52\x65\x67\x69\x6f\x6e\x53\x74\x61\x74\
\x75\x73\x12\x12\x0a\x04\x6e\x61\x6d\x65\x18\x01\x20\x01\x28\x09\x52\x04\x6e\x61\x6d\x65\x12\x1b\x0a\x09\x64\x65\x76\x69\x63\x65\
\x5f\x69\x64\x18\x02\x20\x01\x28\x04\x52\x08\x64\x65\x76\x69\x63\x65\x49\x64\x12\x1b\x0a\x09\x62\x79\x74\x65\x5f\x73\x69\x7a\x65\
\x18\x03\x20\x01\x28\x04\x52\x08\x62\x79\x74\x65\x53\x69\x7a\x65\x1a\x72\x0a\x0c\x52\x65\x67\x69\x6f\x6e\x73\x45\x6e\x74\x72\x79\
\x12\x10\x0a\x03\x6b\x65\x79\x18\x01\x20\x01\x28\x09\x52\x03\x6b\x65\x79\x12\x4c\x0a\x05\x76\x61\x6c\x75\x65\x18\x02\x20\x01\x28\
\x0b\x32\x36\x2e\x69\x6e\x66\x65\x72\x65\x6e\x63\x65\x2e\x43\x75\x64\x61\x53\x68\x61\x72\x65\x64\x4d\x65\x6d\x6f\x72\x79\x53\x74\
\x61\x74\x75\x73\x52\x65\x73\x70\x6f\x6e\x73\x65\x2e\x52\x65\x67\x69\x6f\x6e\x53\x74\x61\x74\x75\x73\x52\x05\x76\x61\x6c\x75\x65\
\x3a\x02\x38\x01\x22\x8e\x01\x0a\x1f\x43\x75\x64\x61\x53\x68\x61\x72\x65\x64\x4d\x65\x6d\x6f\x72\x79\x52\x65\x67\x69\x73\x74\x65\
\x72\x52\x65\x71\x75\x65\x73\x74\x12\x12\x0a\x04\x6e\x61\x6d\x65\x18\x01\x20\x01\x28\x09\x52\x04\x6e\x61\x6d\x65\x12\x1d\x0a\x0a\
\x72\x61\x77\x5f\x68\x61\x6e\x64\x6c\x65\x18\x02\x20\x01\x28\x0c\x52\x09\x72\x61\x77\x48\x61\x6e\x64\x6c\x65\x12\x1b\x0a\x09\x64\
\x65\x76\x69\x63\x65\x5f\x69\x64\x18\x03\x20\x01\x28\x03\x52\x08\x64\x65\x76\x69\x63\x65\x49\x64\x12\x1b\x0a\x09\x62\x79\x74\x65\
\x5f\x73\x69\x7a\x65\x18\x04\x20\x01\x28\x04\x52\x08\x62\x79\x74\x65\x53\x69\x7a\x65\x22\x22\x0a\x20\x43\x75\x64\x61\x53\x68\x61\
\x72\x65\x64\x4d\x65\x6d\x6f\x72\x79\x52\x65\x67\x69\x73\x74\x65\x72\x52\x65\x73\x70\x6f\x6e\x73\x65\x22\x37\x0a\x21\x43\x75\x64\
\x61\x53\x68\x61\x72\x65\x64\x4d\x65\x6d\x6f\x72\x79\x55\x6e\x72\x65\x67\x69\x73\x74\x65\x72\x52\x65\x71\x75\x65\x73\x74\x12\x12\
\x0a\x04\x6e\x61\x6d\x65\x18\x01\x20\x01\x28\x09\x52\x04\x6e\x61\x6d\x65\x22\x24\x0a\x22\x43\x75\x64\x61\x53\x68\x61\x72\x65\x64\
\x4d\x65\x6d\x6f\x72\x79\x55\x6e\x72\x65\x67\x69\x73\x74\x65\x72\x52\x65\x73\x70\x6f\x6e\x73\x65\x22\x8e\x02\x0a\x13\x54\x72\x61\
\x63\x65\x53\x65\x74\x74\x69\x6e\x67\x52\x65\x71\x75\x65\x73\x74\x12\x48\x0a\x08\x73\x65\x74\x74\x69\x6e\x67\x73\x18\x01\x20\x03\
\x28\x0b\x32\x2c\x2e\x69\x6e\x66\x65\x72\x65\x6e\x63\x65\x2e\x54\x72\x61\x63\x65\x53\x65\x74\x74\x69\x6e\x67\x52\x65\x71\x75\x65\
\x73\x74\x2e\x53\x65\x74\x74\x69\x6e\x67\x73\x45\x6e\x74\x72\x79\x52\x08\x73\x65\x74\x74\x69\x6e\x67\x73\x12\x1d\x0a\x0a\x6d\x6f\
\x64\x65\x6c\x5f\x6e\x61\x6d\x65\x18\x02\x20\x01\x28\x09\x52\x09\x6d\x6f\x64\x65\x6c\x4e\x61\x6d\x65\x1a\x24\x0a\x0c\x53\x65\x74\
\x74\x69\x6e\x67\x56\x61\x6c\x75\x65\x12\x14\x0a\x05\x76\x61\x6c\x75\x65\x18\x01\x20\x03\x28\x09\x52\x05\x76\x61\x6c\x75\x65\x1a\
\x68\x0a\x0d\x53\x65\x74\x74\x69\x6e\x67\x73\x45\x6e\x74\x72\x79\x12\x10\x0a\x03\x6b\x65\x79\x18\x01\x20\x01\x28\x09\x52\x03\x6b\
\x65\x79\x12\x41\x0a\x05\x76\x61\x6c\x75\x65\x18\x02\x20\x01\x28\x0b\x32\x2b\x2e\x69\x6e\x66\x65\x72\x65\x6e\x63\x65\x2e\x54\x72\
\x61\x63\x65\x53\x65\x74\x74\x69\x6e\x67\x52\x65\x71\x75\x65\x73\x74\x2e\x53\x65\x74\x74\x69\x6e\x67\x56\x61\x6c\x75\x65\x52\x05\
\x76\x61\x6c\x75\x65\x3a\x02\x38\x01\x22\xf2\x01\x0a\x14\x54\x72\x61\x63\x65\x53\x65\x74\x74\x69\x6e\x67\x52\x65\x73\x70\x6f\x6e\
\x73\x65\x12\x49\x0a\x08\x73\x65\x74\x74\x69\x6e\x67\x73\x18\x01\x20\x03\x28\x0b\x32\x2d\x2e\x69\x6e\x66\x65\x72\x65\x6e\x63\x65\
\x2e\x54\x72\x61\x63\x65\x53\x65\x74\x74\x69\x6e\x67\x52\x65\x73\x70\x6f\x6e\x73\x65\x2e\x53\x65\x74\x74\x69\x6e\x67\x73\x45\x6e\
\x74\x72\x79\x52\x08\x73\x65\x74\x74\x69\x6e\x67\x73\x1a\x24\x0a\x0c\x53\x65\x74\x74\x69\x6e\x67\x56\x61\x6c\x75\x65\x12\x14\x0a\
\x05\x76\x61\x6c\x75\x65\x18\x01\x20\x03\x28\x09\x52\x05\x76\x61\x6c\x75\x65\x1a\x69\x0a\x0d\x53\x65\x74\x74\x69\x6e\x67\x73\x45\
\x6e\x74\x72\x79\x12\x10\x0a\x03\x6b\x65\x79\x18\x01\x20\x01\x28\x09\x52\x03\x6b\x65\x79\x12\x42\x0a\x05\x76\x61\x6c\x75\x65\x18\
\x02\x20\x01\x28\x0b\x32\x2c\x2e\x69\x6e\x66\x65\x72\x65\x6e\x63\x65\x2e\x54\x72\x61\x63\x65\x53\x65\x74\x74\x69\x6e\x67\x52\x65\
\x73\x70\x6f\x6e\x73\x65\x2e\x53\x65\x74\x74\x69\x6e\x67\x56\x61\x6c\x75\x65\x52\x05\x76\x61\x6c\x75\x65\x3a\x02\x38\x01\x22\xd6\
\x02\x0a\x12\x4c\x6f\x67\x53\x65\x74\x74\x69\x6e\x67\x73\x52\x65\x71\x75\x65\x73\x74\x12\x47\x0a\x08\x73\x65\x74\x74\x69\x6e\x67\
\x73\x18\x01\x20\x03\x28\x0b\x32\x2b\x2e\x69\x6e\x66\x65\x72\x65\x6e\x63\x65\x2e\x4c\x6f\x67\x53\x65\x74\x74\x69\x6e\x67\x73\x52\
\x65\x71\x75\x65\x73\x74\x2e\x53\x65\x74\x74\x69\x6e\x67\x73\x45\x6e\x74\x72\x79\x52\x08\x73\x65\x74\x74\x69\x6e\x67\x73\x1a\x8d\
\x01\x0a\x0c\x53\x65\x74\x74\x69\x6e\x67\x56\x61\x6c\x75\x65\x12\x1f\x0a\x0a\x62\x6f\x6f\x6c\x5f\x70\x61\x72\x61\x6d\x18\x01\x20\
\x01\x28\x08\x48\x00\x52\x09\x62\x6f\x6f\x6c\x50\x61\x72\x61\x6d\x12\x23\x0a\x0c\x75\x69\x6e\x74\x33\x32\x5f\x70\x61\x72\x61\x6d\
\x18\x02\x20\x01\x28\x0d\x48\x00\x52\x0b\x75\x69\x6e\x74\x33\x32\x50\x61\x72\x61\x6d\x12\x23\x0a\x0c\x73\x74\x72\x69\x6e\x67\x5f\
\x70\x61\x72\x61\x6d\x18\x03\x20\x01\x28\x09\x48\x00\x52\x0b\x73\x74\x72\x69\x6e\x67\x50\x61\x72\x61\x6d\x42\x12\x0a\x10\x70\x61\
\x72\x61\x6d\x65\x74\x65\x72\x5f\x63\x68\x6f\x69\x63\x65\x1a\x67\x0a\x0d\x53\x65\x74\x74\x69\x6e\x67\x73\x45\x6e\x74\x72\x79\x12\
\x10\x0a\x03\x6b\x65\x79\x18\x01\x20\x01\x28\x09\x52\x03\x6b\x65\x79\x12\x40\x0a\x05\x76\x61\x6c\x75\x65\x18\x02\x20\x01\x28\x0b\
\x32\x2a\x2e\x69\x6e\x66\x65\x72\x65\x6e\x63\x65\x2e\x4c\x6f\x67\x53\x65\x74\x74\x69\x6e\x67\x73\x52\x65\x71\x75\x65\x73\x74\x2e\
\x53\x65\x74\x74\x69\x6e\x67\x56\x61\x6c\x75\x65\x52\x05\x76\x61\x6c\x75\x65\x3a\x02\x38\x01\x22\xd9\x02\x0a\x13\x4c\x6f\x67\x53\
\x65\x74\x74\x69\x6e\x67\x73\x52\x65\x73\x70\x6f\x6e\x73\x65\x12\x48\x0a\x08\x73\x65\x74\x74\x69\x6e\x67\x73\x18\x01\x20\x03\x28\
\x0b\x32\x2c\x2e\x69\x6e\x66\x65\x72\x65\x6e\x63\x65\x2e\x4c\x6f\x67\x53\x65\x74\x74\x69\x6e\x67\x73\x52\x65\x73\x70\x6f\x6e\x73\
\x65\x2e\x53\x65\x74\x74\x69\x6e\x67\x73\x45\x6e\x74\x72\x79\x52\x08\x73\x65\x74\x74\x69\x6e\x67\x73\x1a\x8d\x01\x0a\x0c\x53\x65\
\x74\x74\x69\x6e\x67\x56\x61\x6c\x75\x65\x12\x1f\x0a\x0a\x62\x6f\x6f\x6c\x5f\x70\x61\x72\x61\x6d\x18\x01\x20\x01\x28\x08\x48\x00\
\x52\x09\x62\x6f\x6f\x6c\x50\x61\x72\x61\x6d\x12\x23\x0a\x0c\x75\x69\x6e\x74\x33\x32\x5f\x70\x61\x72\x61\x6d\x18\x02\x20\x01\x28\
\x0d\x48\x00\x52\x0b\x75\x69\x6e\x74\x33\x32\x50\x61\x72\x61\x6d\x12\x23\x0a\x0c\x73\x74\x72\x69\x6e\x67\x5f\x70\x61\x72\x61\x6d\
\x18\x03\x20\x01\x28\x09\x48\x00\x52\x0b\x73\x74\x72\x69\x6e\x67\x50\x61\x72\x61\x6d\x42\x12\x0a\x10\x70\x61\x72\x61\x6d\x65\x74\
\x65\x72\x5f\x63\x68\x6f\x69\x63\x65\x1a\x68\x0a\x0d\x53\x65\x74\x74\x69\x6e\x67\x73\x45\x6e\x74\x72\x79\x12\x10\x0a\x03\x6b\x65\
\x79\x18\x01\x20\x01\x28\x09\x52\x03\x6b\x65\x79\x12\x41\x0a\x05\x76\x61\x6c\x75\x65\x18\x02\x20\x01\x28\x0b\x32\x2b\x2e\x69\x6e\
\x66\x65\x72\x65\x6e\x63\x65\x2e\x4c\x6f\x67\x53\x65\x74\x74\x69\x6e\x67\x73\x52\x65\x73\x70\x6f\x6e\x73\x65\x2e\x53\x65\x74\x74\
\x69\x6e\x67\x56\x61\x6c\x75\x65\x52\x05\x76\x61\x6c\x75\x65\x3a\x02\x38\x01\x22\xb9\x01\x0a\x12\x4d\x6f\x64\x65\x6c\x49\x6e\x73\
\x74\x61\x6e\x63\x65\x47\x72\x6f\x75\x70\x12\x12\x0a\x04\x6e\x61\x6d\x65\x18\x01\x20\x01\x28\x09\x52\x04\x6e\x61\x6d\x65\x12\x36\
\x0a\x04\x6b\x69\x6e\x64\x18\x04\x20\x01\x28\x0e\x32\x22\x2e\x69\x6e\x66\x65\x72\x65\x6e\x63\x65\x2e\x4d\x6f\x64\x65\x6c\x49\x6e\
\x73\x74\x61\x6e\x63\x65\x47\x72\x6f\x75\x70\x2e\x4b\x69\x6e\x64\x52\x04\x6b\x69\x6e\x64\x12\x14\x0a\x05\x63\x6f\x75\x6e\x74\x18\
\x02\x20\x01\x28\x05\x52\x05\x63\x6f\x75\x6e\x74\x22\x41\x0a\x04\x4b\x69\x6e\x64\x12\x0d\x0a\x09\x4b\x49\x4e\x44\x5f\x41\x55\x54\
\x4f\x10\x00\x12\x0c\x0a\x08\x4b\x49\x4e\x44\x5f\x47\x50\x55\x10\x01\x12\x0c\x0a\x08\x4b\x49\x4e\x44\x5f\x43\x50\x55\x10\x02\x12\
\x0e\x0a\x0a\x4b\x49\x4e\x44\x5f\x4d\x4f\x44\x45\x4c\x10\x03\x22\x82\x01\x0a\x0a\x4d\x6f\x64\x65\x6c\x49\x6e\x70\x75\x74\x12\x12\
\x0a\x04\x6e\x61\x6d\x65\x18\x01\x20\x01\x28\x09\x52\x04\x6e\x61\x6d\x65\x12\x30\x0a\x09\x64\x61\x74\x61\x5f\x74\x79\x70\x65\x18\
\x02\x20\x01\x28\x0e\x32\x13\x2e\x69\x6e\x66\x65\x72\x65\x6e\x63\x65\x2e\x44\x61\x74\x61\x54\x79\x70\x65\x52\x08\x64\x61\x74\x61\
\x54\x79\x70\x65\x12\x12\x0a\x04\x64\x69\x6d\x73\x18\x04\x20\x03\x28\x03\x52\x04\x64\x69\x6d\x73\x12\x1a\x0a\x08\x6f\x70\x74\x69\
\x6f\x6e\x61\x6c\x18\x08\x20\x01\x28\x08\x52\x08\x6f\x70\x74\x69\x6f\x6e\x61\x6c\x22\x8e\x01\x0a\x0b\x4d\x6f\x64\x65\x6c\x4f\x75\
\x74\x70\x75\x74\x12\x12\x0a\x04\x6e\x61\x6d\x65\x18\x01\x20\x01\x28\x09\x52\x04\x6e\x61\x6d\x65\x12\x30\x0a\x09\x64\x61\x74\x61\
\x5f\x74\x79\x70\x65\x18\x02\x20\x01\x28\x0e\x32\x13\x2e\x69\x6e\x66\x65\x72\x65\x6e\x63\x65\x2e\x44\x61\x74\x61\x54\x79\x70\x65\
\x52\x08\x64\x61\x74\x61\x54\x79\x70\x65\x12\x12\x0a\x04\x64\x69\x6d\x73\x18\x03\x20\x03\x28\x03\x52\x04\x64\x69\x6d\x73\x12\x25\
\x0a\x0e\x6c\x61\x62\x65\x6c\x5f\x66\x69\x6c\x65\x6e\x61\x6d\x65\x18\x04\x20\x01\x28\x09\x52\x0d\x6c\x61\x62\x65\x6c\x46\x69\x6c\
\x65\x6e\x61\x6d\x65\x22\xbe\x02\x0a\x12\x4d\x6f\x64\x65\x6c\x56\x65\x72\x73\x69\x6f\x6e\x50\x6f\x6c\x69\x63\x79\x12\x3e\x0a\x06\
\x6c\x61\x74\x65\x73\x74\x18\x01\x20\x01\x28\x0b\x32\x24\x2e\x69\x6e\x66\x65\x72\x65\x6e\x63\x65\x2e\x4d\x6f\x64\x65\x6c\x56\x65\
\x72\x73\x69\x6f\x6e\x50\x6f\x6c\x69\x63\x79\x2e\x4c\x61\x74\x65\x73\x74\x48\x00\x52\x06\x6c\x61\x74\x65\x73\x74\x12\x35\x0a\x03\
\x61\x6c\x6c\x18\x02\x20\x01\x28\x0b\x32\x21\x2e\x69\x6e\x66\x65\x72\x65\x6e\x63\x65\x2e\x4d\x6f\x64\x65\x6c\x56\x65\x72\x73\x69\
\x6f\x6e\x50\x6f\x6c\x69\x63\x79\x2e\x41\x6c\x6c\x48\x00\x52\x03\x61\x6c\x6c\x12\x44\x0a\x08\x73\x70\x65\x63\x69\x66\x69\x63\x18\
\x03\x20\x01\x28\x0b\x32\x26\x2e\x69\x6e\x66\x65\x72\x65\x6e\x63\x65\x2e\x4d\x6f\x64\x65\x6c\x56\x65\x72\x73\x69\x6f\x6e\x50\x6f\
\x6c\x69\x63\x79\x2e\x53\x70\x65\x63\x69\x66\x69\x63\x48\x00\x52\x08\x73\x70\x65\x63\x69\x66\x69\x63\x1a\x2b\x0a\x06\x4c\x61\x74\
\x65\x73\x74\x12\x21\x0a\x0c\x6e\x75\x6d\x5f\x76\x65\x72\x73\x69\x6f\x6e\x73\x18\x01\x20\x01\x28\x0d\x52\x0b\x6e\x75\x6d\x56\x65\
\x72\x73\x69\x6f\x6e\x73\x1a\x05\x0a\x03\x41\x6c\x6c\x1a\x26\x0a\x08\x53\x70\x65\x63\x69\x66\x69\x63\x12\x1a\x0a\x08\x76\x65\x72\
\x73\x69\x6f\x6e\x73\x18\x01\x20\x03\x28\x03\x52\x08\x76\x65\x72\x73\x69\x6f\x6e\x73\x42\x0f\x0a\x0d\x70\x6f\x6c\x69\x63\x79\x5f\
\x63\x68\x6f\x69\x63\x65\x22\xaa\x02\x0a\x10\x4d\x6f\x64\x65\x6c\x51\x75\x65\x75\x65\x50\x6f\x6c\x69\x63\x79\x12\x50\x0a\x0e\x74\
\x69\x6d\x65\x6f\x75\x74\x5f\x61\x63\x74\x69\x6f\x6e\x18\x01\x20\x01\x28\x0e\x32\x29\x2e\x69\x6e\x66\x65\x72\x65\x6e\x63\x65\x2e\
\x4d\x6f\x64\x65\x6c\x51\x75\x65\x75\x65\x50\x6f\x6c\x69\x63\x79\x2e\x54\x69\x6d\x65\x6f\x75\x74\x41\x63\x74\x69\x6f\x6e\x52\x0d\
\x74\x69\x6d\x65\x6f\x75\x74\x41\x63\x74\x69\x6f\x6e\x12\x40\x0a\x1c\x64\x65\x66\x61\x75\x6c\x74\x5f\x74\x69\x6d\x65\x6f\x75\x74\
\x5f\x6d\x69\x63\x72\x6f\x73\x65\x63\x6f\x6e\x64\x73\x18\x02\x20\x01\x28\x04\x52\x1a\x64\x65\x66\x61\x75\x6c\x74\x54\x69\x6d\x65\
\x6f\x75\x74\x4d\x69\x63\x72\x6f\x73\x65\x63\x6f\x6e\x64\x73\x12\x34\x0a\x16\x61\x6c\x6c\x6f\x77\x5f\x74\x69\x6d\x65\x6f\x75\x74\
\x5f\x6f\x76\x65\x72\x72\x69\x64\x65\x18\x03\x20\x01\x28\x08\x52\x14\x61\x6c\x6c\x6f\x77\x54\x69\x6d\x65\x6f\x75\x74\x4f\x76\x65\
\x72\x72\x69\x64\x65\x12\x24\x0a\x0e\x6d\x61\x78\x5f\x71\x75\x65\x75\x65\x5f\x73\x69\x7a\x65\x18\x04\x20\x01\x28\x0d\x52\x0c\x6d\
\x61\x78\x51\x75\x65\x75\x65\x53\x69\x7a\x65\x22\x26\x0a\x0d\x54\x69\x6d\x65\x6f\x75\x74\x41\x63\x74\x69\x6f\x6e\x12\x0a\x0a\x06\
\x52\x45\x4a\x45\x43\x54\x10\x00\x12\x09\x0a\x05\x44\x45\x4c\x41\x59\x10\x01\x22\xb7\x04\x0a\x14\x4d\x6f\x64\x65\x6c\x44\x79\x6e\
\x61\x6d\x69\x63\x42\x61\x74\x63\x68\x69\x6e\x67\x12\x30\x0a\x14\x70\x72\x65\x66\x65\x72\x72\x65\x64\x5f\x62\x61\x74\x63\x68\x5f\
\x73\x69\x7a\x65\x18\x01\x20\x03\x28\x05\x52\x12\x70\x72\x65\x66\x65\x72\x72\x65\x64\x42\x61\x74\x63\x68\x53\x69\x7a\x65\x12\x3f\
\x0a\x1c\x6d\x61\x78\x5f\x71\x75\x65\x75\x65\x5f\x64\x65\x6c\x61\x79\x5f\x6d\x69\x63\x72\x6f\x73\x65\x63\x6f\x6e\x64\x73\x18\x02\
\x20\x01\x28\x04\x52\x19\x6d\x61\x78\x51\x75\x65\x75\x65\x44\x65\x6c\x61\x79\x4d\x69\x63\x72\x6f\x73\x65\x63\x6f\x6e\x64\x73\x12\
\x2b\x0a\x11\x70\x72\x65\x73\x65\x72\x76\x65\x5f\x6f\x72\x64\x65\x72\x69\x6e\x67\x18\x03\x20\x01\x28\x08\x52\x10\x70\x72\x65\x73\
\x65\x72\x76\x65\x4f\x72\x64\x65\x72\x69\x6e\x67\x12\x27\x0a\x0f\x70\x72\x69\x6f\x72\x69\x74\x79\x5f\x6c\x65\x76\x65\x6c\x73\x18\
\x04\x20\x01\x28\x04\x52\x0e\x70\x72\x69\x6f\x72\x69\x74\x79\x4c\x65\x76\x65\x6c\x73\x12\x34\x0a\x16\x64\x65\x66\x61\x75\x6c\x74\
\x5f\x70\x72\x69\x6f\x72\x69\x74\x79\x5f\x6c\x65\x76\x65\x6c\x18\x05\x20\x01\x28\x04\x52\x14\x64\x65\x66\x61\x75\x6c\x74\x50\x72\
\x69\x6f\x72\x69\x74\x79\x4c\x65\x76\x65\x6c\x12\x4d\x0a\x14\x64\x65\x66\x61\x75\x6c\x74\x5f\x71\x75\x65\x75\x65\x5f\x70\x6f\x6c\
\x69\x63\x79\x18\x06\x20\x01\x28\x0b\x32\x1b\x2e\x69\x6e\x66\x65\x72\x65\x6e\x63\x65\x2e\x4d\x6f\x64\x65\x6c\x51\x75\x65\x75\x65\
\x50\x6f\x6c\x69\x63\x79\x52\x12\x64\x65\x66\x61\x75\x6c\x74\x51\x75\x65\x75\x65\x50\x6f\x6c\x69\x63\x79\x12\x6c\x0a\x15\x70\x72\
\x69\x6f\x72\x69\x74\x79\x5f\x71\x75\x65\x75\x65\x5f\x70\x6f\x6c\x69\x63\x79\x18\x07\x20\x03\x28\x0b\x32\x38\x2e\x69\x6e\x66\x65\
\x72\x65\x6e\x63\x65\x2e\x4d\x6f\x64\x65\x6c\x44\x79\x6e\x61\x6d\x69\x63\x42\x61\x74\x63\x68\x69\x6e\x67\x2e\x50\x72\x69\x6f\x72\
\x69\x74\x79\x51\x75\x65\x75\x65\x50\x6f\x6c\x69\x63\x79\x45\x6e\x74\x72\x79\x52\x13\x70\x72\x69\x6f\x72\x69\x74\x79\x51\x75\x65\
\x75\x65\x50\x6f\x6c\x69\x63\x79\x1a\x63\x0a\x18\x50\x72\x69\x6f\x72\x69\x74\x79\x51\x75\x65\x75\x65\x50\x6f\x6c\x69\x63\x79\x45\
\x6e\x74\x72\x79\x12\x10\x0a\x03\x6b\x65\x79\x18\x01\x20\x01\x28\x04\x52\x03\x6b\x65\x79\x12\x31\x0a\x05\x76\x61\x6c\x75\x65\x18\
\x02\x20\x01\x28\x0b\x32\x1b\x2e\x69\x6e\x66\x65\x72\x65\x6e\x63\x65\x2e\x4d\x6f\x64\x65\x6c\x51\x75\x65\x75\x65\x50\x6f\x6c\x69\
\x63\x79\x52\x05\x76\x61\x6c\x75\x65\x3a\x02\x38\x01\x22\x5c\x0a\x15\x4d\x6f\x64\x65\x6c\x53\x65\x71\x75\x65\x6e\x63\x65\x42\x61\
\x74\x63\x68\x69\x6e\x67\x12\x43\x0a\x1e\x6d\x61\x78\x5f\x73\x65\x71\x75\x65\x6e\x63\x65\x5f\x69\x64\x6c\x65\x5f\x6d\x69\x63\x72\
\x6f\x73\x65\x63\x6f\x6e\x64\x73\x18\x01\x20\x01\x28\x04\x52\x1b\x6d\x61\x78\x53\x65\x71\x75\x65\x6e\x63\x65\x49\x64\x6c\x65\x4d\
\x69\x63\x72\x6f\x73\x65\x63\x6f\x6e\x64\x73\x22\x33\x0a\x0e\x4d\x6f\x64\x65\x6c\x50\x61\x72\x61\x6d\x65\x74\x65\x72\x12\x21\x0a\
\x0c\x73\x74\x72\x69\x6e\x67\x5f\x76\x61\x6c\x75\x65\x18\x01\x20\x01\x28\x09\x52\x0b\x73\x74\x72\x69\x6e\x67\x56\x61\x6c\x75\x65\
\x22\x36\x0a\x16\x4d\x6f\x64\x65\x6c\x54\x72\x61\x6e\x73\x61\x63\x74\x69\x6f\x6e\x50\x6f\x6c\x69\x63\x79\x12\x1c\x0a\x09\x64\x65\
\x63\x6f\x75\x70\x6c\x65\x64\x18\x01\x20\x01\x28\x08\x52\x09\x64\x65\x63\x6f\x75\x70\x6c\x65\x64\x22\x2c\x0a\x12\x4d\x6f\x64\x65\
\x6c\x52\x65\x73\x70\x6f\x6e\x73\x65\x43\x61\x63\x68\x65\x12\x16\x0a\x06\x65\x6e\x61\x62\x6c\x65\x18\x01\x20\x01\x28\x08\x52\x06\
\x65\x6e\x61\x62\x6c\x65\x22\x95\x07\x0a\x0b\x4d\x6f\x64\x65\x6c\x43\x6f\x6e\x66\x69\x67\x12\x4c\x0a\x10\x64\x79\x6e\x61\x6d\x69\
\x63\x5f\x62\x61\x74\x63\x68\x69\x6e\x67\x18\x0b\x20\x01\x28\x0b\x32\x1f\x2e\x69\x6e\x66\x65\x72\x65\x6e\x63\x65\x2e\x4d\x6f\x64\
\x65\x6c\x44\x79\x6e\x61\x6d\x69\x63\x42\x61\x74\x63\x68\x69\x6e\x67\x48\x00\x52\x0f\x64\x79\x6e\x61\x6d\x69\x63\x42\x61\x74\x63\
\x68\x69\x6e\x67\x12\x4f\x0a\x11\x73\x65\x71\x75\x65\x6e\x63\x65\x5f\x62\x61\x74\x63\x68\x69\x6e\x67\x18\x0d\x20\x01\x28\x0b\x32\
\x20\x2e\x69\x6e\x66\x65\x72\x65\x6e\x63\x65\x2e\x4d\x6f\x64\x65\x6c\x53\x65\x71\x75\x65\x6e\x63\x65\x42\x61\x74\x63\x68\x69\x6e\
\x67\x48\x00\x52\x10\x73\x65\x71\x75\x65\x6e\x63\x65\x42\x61\x74\x63\x68\x69\x6e\x67\x12\x12\x0a\x04\x6e\x61\x6d\x65\x18\x01\x20\
\x01\x28\x09\x52\x04\x6e\x61\x6d\x65\x12\x1a\x0a\x08\x70\x6c\x61\x74\x66\x6f\x72\x6d\x18\x02\x20\x01\x28\x09\x52\x08\x70\x6c\x61\
\x74\x66\x6f\x72\x6d\x12\x18\x0a\x07\x62\x61\x63\x6b\x65\x6e\x64\x18\x11\x20\x01\x28\x09\x52\x07\x62\x61\x63\x6b\x65\x6e\x64\x12\
\x44\x0a\x0e\x76\x65\x72\x73\x69\x6f\x6e\x5f\x70\x6f\x6c\x69\x63\x79\x18\x03\x20\x01\x28\x0b\x32\x1d\x2e\x69\x6e\x66\x65\x72\x65\
\x6e\x63\x65\x2e\x4d\x6f\x64\x65\x6c\x56\x65\x72\x73\x69\x6f\x6e\x50\x6f\x6c\x69\x63\x79\x52\x0d\x76\x65\x72\x73\x69\x6f\x6e\x50\
\x6f\x6c\x69\x63\x79\x12\x24\x0a\x0e\x6d\x61\x78\x5f\x62\x61\x74\x63\x68\x5f\x73\x69\x7a\x65\x18\x04\x20\x01\x28\x05\x52\x0c\x6d\
\x61\x78\x42\x61\x74\x63\x68\x53\x69\x7a\x65\x12\x2b\x0a\x05\x69\x6e\x70\x75\x74\x18\x05\x20\x03\x28\x0b\x32\x15\x2e\x69\x6e\x66\
\x65\x72\x65\x6e\x63\x65\x2e\x4d\x6f\x64\x65\x6c\x49\x6e\x70\x75\x74\x52\x05\x69\x6e\x70\x75\x74\x12\x2e\x0a\x06\x6f\x75\x74\x70\
\x75\x74\x18\x06\x20\x03\x28\x0b\x32\x16\x2e\x69\x6e\x66\x65\x72\x65\x6e\x63\x65\x2e\x4d\x6f\x64\x65\x6c\x4f\x75\x74\x70\x75\x74\
\x52\x06\x6f\x75\x74\x70\x75\x74\x12\x44\x0a\x0e\x69\x6e\x73\x74\x61\x6e\x63\x65\x5f\x67\x72\x6f\x75\x70\x18\x07\x20\x03\x28\x0b\
\x32\x1d\x2e\x69\x6e\x66\x65\x72\x65\x6e\x63\x65\x2e\x4d\x6f\x64\x65\x6c\x49\x6e\x73\x74\x61\x6e\x63\x65\x47\x72\x6f\x75\x70\x52\
\x0d\x69\x6e\x73\x74\x61\x6e\x63\x65\x47\x72\x6f\x75\x70\x12\x34\x0a\x16\x64\x65\x66\x61\x75\x6c\x74\x5f\x6d\x6f\x64\x65\x6c\x5f\
\x66\x69\x6c\x65\x6e\x61\x6d\x65\x18\x08\x20\x01\x28\x09\x52\x14\x64\x65\x66\x61\x75\x6c\x74\x4d\x6f\x64\x65\x6c\x46\x69\x6c\x65\
\x6e\x61\x6d\x65\x12\x46\x0a\x0a\x70\x61\x72\x61\x6d\x65\x74\x65\x72\x73\x18\x0e\x20\x03\x28\x0b\x32\x26\x2e\x69\x6e\x66\x65\x72\
\x65\x6e\x63\x65\x2e\x4d\x6f\x64\x65\x6c\x43\x6f\x6e\x66\x69\x67\x2e\x50\x61\x72\x61\x6d\x65\x74\x65\x72\x73\x45\x6e\x74\x72\x79\
\x52\x0a\x70\x61\x72\x61\x6d\x65\x74\x65\x72\x73\x12\x5b\x0a\x18\x6d\x6f\x64\x65\x6c\x5f\x74\x72\x61\x6e\x73\x61\x63\x74\x69\x6f\
\x6e\x5f\x70\x6f\x6c\x69\x63\x79\x18\x13\x20\x01\x28\x0b\x32\x21\x2e\x69\x6e\x66\x65\x72\x65\x6e\x63\x65\x2e\x4d\x6f\x64\x65\x6c\
\x54\x72\x61\x6e\x73\x61\x63\x74\x69\x6f\x6e\x50\x6f\x6c\x69\x63\x79\x52\x16\x6d\x6f\x64\x65\x6c\x54\x72\x61\x6e\x73\x61\x63\x74\
\x69\x6f\x6e\x50\x6f\x6c\x69\x63\x79\x12\x44\x0a\x0e\x72\x65\x73\x70\x6f\x6e\x73\x65\x5f\x63\x61\x63\x68\x65\x18\x18\x20\x01\x28\
\x0b\x32\x1d\x2e\x69\x6e\x66\x65\x72\x65\x6e\x63\x65\x2e\x4d\x6f\x64\x65\x6c\x52\x65\x73\x70\x6f\x6e\x73\x65\x43\x61\x63\x68\x65\
\x52\x0d\x72\x65\x73\x70\x6f\x6e\x73\x65\x43\x61\x63\x68\x65\x1a\x58\x0a\x0f\x50\x61\x72\x61\x6d\x65\x74\x65\x72\x73\x45\x6e\x74\
\x72\x79\x12\x10\x0a\x03\x6b\x65\x79\x18\x01\x20\x01\x28\x09\x52\x03\x6b\x65\x79\x12\x2f\x0a\x05\x76\x61\x6c\x75\x65\x18\x02\x20\
\x01\x28\x0b\x32\x19\x2e\x69\x6e\x66\x65\x72\x65\x6e\x63\x65\x2e\x4d\x6f\x64\x65\x6c\x50\x61\x72\x61\x6d\x65\x74\x65\x72\x52\x05\
\x76\x61\x6c\x75\x65\x3a\x02\x38\x01\x42\x13\x0a\x11\x73\x63\x68\x65\x64\x75\x6c\x69\x6e\x67\x5f\x63\x68\x6f\x69\x63\x65\x2a\xfa\
\x01\x0a\x08\x44\x61\x74\x61\x54\x79\x70\x65\x12\x10\x0a\x0c\x54\x59\x50\x45\x5f\x49\x4e\x56\x41\x4c\x49\x44\x10\x00\x12\x0d\x0a\
\x09\x54\x59\x50\x45\x5f\x42\x4f\x4f\x4c\x10\x01\x12\x0e\x0a\x0a\x54\x59\x50\x45\x5f\x55\x49\x4e\x54\x38\x10\x02\x12\x0f\x0a\x0b\
\x54\x59\x50\x45\x5f\x55\x49\x4e\x54\x31\x36\x10\x03\x12\x0f\x0a\x0b\x54\x59\x50\x45\x5f\x55\x49\x4e\x54\x33\x32\x10\x04\x12\x0f\
\x0a\x0b\x54\x59\x50\x45\x5f\x55\x49\x4e\x54\x36\x34\x10\x05\x12\x0d\x0a\x09\x54\x59\x50\x45\x5f\x49\x4e\x54\x38\x10\x06\x12\x0e\
\x0a\x0a\x54\x59\x50\x45\x5f\x49\x4e\x54\x31\x36\x10\x07\x12\x0e\x0a\x0a\x54\x59\x50\x45\x5f\x49\x4e\x54\x33\x32\x10\x08\x12\x0e\
\x0a\x0a\x54\x59\x50\x45\x5f\x49\x4e\x54\x36\x34\x10\x09\x12\x0d\x0a\x09\x54\x59\x50\x45\x5f\x46\x50\x31\x36\x10\x0a\x12\x0d\x0a\
\x09\x54\x59\x50\x45\x5f\x46\x50\x33\x32\x10\x0b\x12\x0d\x0a\x09\x54\x59\x50\x45\x5f\x46\x50\x36\x34\x10\x0c\x12\x0f\x0a\x0b\x54\
\x59\x50\x45\x5f\x53\x54\x52\x49\x4e\x47\x10\x0d\x12\x0d\x0a\x09\x54\x59\x50\x45\x5f\x42\x46\x31\x36\x10\x0e\x32\x8e\x0f\x0a\x14\
\x47\x52\x50\x43\x49\x6e\x66\x65\x72\x65\x6e\x63\x65\x53\x65\x72\x76\x69\x63\x65\x12\x49\x0a\x0a\x53\x65\x72\x76\x65\x72\x4c\x69\
\x76\x65\x12\x1c\x2e\x69\x6e\x66\x65\x72\x65\x6e\x63\x65\x2e\x53\x65\x72\x76\x65\x72\x4c\x69\x76\x65\x52\x65\x71\x75\x65\x73\x74\
\x1a\x1d\x2e\x69\x6e\x66\x65\x72\x65\x6e\x63\x65\x2e\x53\x65\x72\x76\x65\x72\x4c\x69\x76\x65\x52\x65\x73\x70\x6f\x6e\x73\x65\x12\
\x4c\x0a\x0b\x53\x65\x72\x76\x65\x72\x52\x65\x61\x64\x79\x12\x1d\x2e\x69\x6e\x66\x65\x72\x65\x6e\x63\x65\x2e\x53\x65\x72\x76\x65\
\x72\x52\x65\x61\x64\x79\x52\x65\x71\x75\x65\x73\x74\x1a\x1e\x2e\x69\x6e\x66\x65\x72\x65\x6e\x63\x65\x2e\x53\x65\x72\x76\x65\x72\
\x52\x65\x61\x64\x79\x52\x65\x73\x70\x6f\x6e\x73\x65\x12\x49\x0a\x0a\x4d\x6f\x64\x65\x6c\x52\x65\x61\x64\x79\x12\x1c\x2e\x69\x6e\
\x66\x65\x72\x65\x6e\x63\x65\x2e\x4d\x6f\x64\x65\x6c\x52\x65\x61\x64\x79\x52\x65\x71\x75\x65\x73\x74\x1a\x1d\x2e\x69\x6e\x66\x65\
\x72\x65\x6e\x63\x65\x2e\x4d\x6f\x64\x65\x6c\x52\x65\x61\x64\x79\x52\x65\x73\x70\x6f\x6e\x73\x65\x12\x55\x0a\x0e\x53\x65\x72\x76\
\x65\x72\x4d\x65\x74\x61\x64\x61\x74\x61\x12\x20\x2e\x69\x6e\x66\x65\x72\x65\x6e\x63\x65\x2e\x53\x65\x72\x76\x65\x72\x4d\x65\x74\
\x61\x64\x61\x74\x61\x52\x65\x71\x75\x65\x73\x74\x1a\x21\x2e\x69\x6e\x66\x65\x72\x65\x6e\x63\x65\x2e\x53\x65\x72\x76\x65\x72\x4d\
\x65\x74\x61\x64\x61\x74\x61\x52\x65\x73\x70\x6f\x6e\x73\x65\x12\x52\x0a\x0d\x4d\x6f\x64\x65\x6c\x4d\x65\x74\x61\x64\x61\x74\x61\
\x12\x1f\x2e\x69\x6e\x66\x65\x72\x65\x6e\x63\x65\x2e\x4d\x6f\x64\x65\x6c\x4d\x65\x74\x61\x64\x61\x74\x61\x52\x65\x71\x75\x65\x73\
\x74\x1a\x20\x2e\x69\x6e\x66\x65\x72\x65\x6e\x63\x65\x2e\x4d\x6f\x64\x65\x6c\x4d\x65\x74\x61\x64\x61\x74\x61\x52\x65\x73\x70\x6f\
\x6e\x73\x65\x12\x49\x0a\x0a\x4d\x6f\x64\x65\x6c\x49\x6e\x66\x65\x72\x12\x1c\x2e\x69\x6e\x66\x65\x72\x65\x6e\x63\x65\x2e\x4d\x6f\
\x64\x65\x6c\x49\x6e\x66\x65\x72\x52\x65\x71\x75\x65\x73\x74\x1a\x1d\x2e\x69\x6e\x66\x65\x72\x65\x6e\x63\x65\x2e\x4d\x6f\x64\x65\
\x6c\x49\x6e\x66\x65\x72\x52\x65\x73\x70\x6f\x6e\x73\x65\x12\x59\x0a\x10\x4d\x6f\x64\x65\x6c\x53\x74\x72\x65\x61\x6d\x49\x6e\x66\
\x65\x72\x12\x1c\x2e\x69\x6e\x66\x65\x72\x65\x6e\x63\x65\x2e\x4d\x6f\x64\x65\x6c\x49\x6e\x66\x65\x72\x52\x65\x71\x75\x65\x73\x74\
\x1a\x23\x2e\x69\x6e\x66\x65\x72\x65\x6e\x63\x65\x2e\x4d\x6f\x64\x65\x6c\x53\x74\x72\x65\x61\x6d\x49\x6e\x66\x65\x72\x52\x65\x73\
\x70\x6f\x6e\x73\x65\x28\x01\x30\x01\x12\x4c\x0a\x0b\x4d\x6f\x64\x65\x6c\x43\x6f\x6e\x66\x69\x67\x12\x1d\x2e\x69\x6e\x66\x65\x72\
\x65\x6e\x63\x65\x2e\x4d\x6f\x64\x65\x6c\x43\x6f\x6e\x66\x69\x67\x52\x65\x71\x75\x65\x73\x74\x1a\x1e\x2e\x69\x6e\x66\x65\x72\x65\
\x6e\x63\x65\x2e\x4d\x6f\x64\x65\x6c\x43\x6f\x6e\x66\x69\x67\x52\x65\x73\x70\x6f\x6e\x73\x65\x12\x58\x0a\x0f\x4d\x6f\x64\x65\x6c\
\x53\x74\x61\x74\x69\x73\x74\x69\x63\x73\x12\x21\x2e\x69\x6e\x66\x65\x72\x65\x6e\x63\x65\x2e\x4d\x6f\x64\x65\x6c\x53\x74\x61\x74\
\x69\x73\x74\x69\x63\x73\x52\x65\x71\x75\x65\x73\x74\x1a\x22\x2e\x69\x6e\x66\x65\x72\x65\x6e\x63\x65\x2e\x4d\x6f\x64\x65\x6c\x53\
\x74\x61\x74\x69\x73\x74\x69\x63\x73\x52\x65\x73\x70\x6f\x6e\x73\x65\x12\x58\x0a\x0f\x52\x65\x70\x6f\x73\x69\x74\x6f\x72\x79\x49\
\x6e\x64\x65\x78\x12\x21\x2e\x69\x6e\x66\x65\x72\x65\x6e\x63\x65\x2e\x52\x65\x70\x6f\x73\x69\x74\x6f\x72\x79\x49\x6e\x64\x65\x78\
\x52\x65\x71\x75\x65\x73\x74\x1a\x22\x2e\x69\x6e\x66\x65\x72\x65\x6e\x63\x65\x2e\x52\x65\x70\x6f\x73\x69\x74\x6f\x72\x79\x49\x6e\
\x64\x65\x78\x52\x65\x73\x70\x6f\x6e\x73\x65\x12\x64\x0a\x13\x52\x65\x70\x6f\x73\x69\x74\x6f\x72\x79\x4d\x6f\x64\x65\x6c\x4c\x6f\
\x61\x64\x12\x25\x2e\x69\x6e\x66\x65\x72\x65\x6e\x63\x65\x2e\x52\x65\x70\x6f\x73\x69\x74\x6f\x72\x79\x4d\x6f\x64\x65\x6c\x4c\x6f\
\x61\x64\x52\x65\x71\x75\x65\x73\x74\x1a\x26\x2e\x69\x6e\x66\x65\x72\x65\x6e\x63\x65\x2e\x52\x65\x70\x6f\x73\x69\x74\x6f\x72\x79\
\x4d\x6f\x64\x65\x6c\x4c\x6f\x61\x64\x52\x65\x73\x70\x6f\x6e\x73\x65\x12\x6a\x0a\x15\x52\x65\x70\x6f\x73\x69\x74\x6f\x72\x79\x4d\
\x6f\x64\x65\x6c\x55\x6e\x6c\x6f\x61\x64\x12\x27\x2e\x69\x6e\x66\x65\x72\x65\x6e\x63\x65\x2e\x52\x65\x70\x6f\x73\x69\x74\x6f\x72\
\x79\x4d\x6f\x64\x65\x6c\x55\x6e\x6c\x6f\x61\x64\x52\x65\x71\x75\x65\x73\x74\x1a\x28\x2e\x69\x6e\x66\x65\x72\x65\x6e\x63\x65\x2e\
\x52\x65\x70\x6f\x73\x69\x74\x6f\x72\x79\x4d\x6f\x64\x65\x6c\x55\x6e\x6c\x6f\x61\x64\x52\x65\x73\x70\x6f\x6e\x73\x65\x12\x73\x0a\
\x18\x53\x79\x73\x74\x65\x6d\x53\x68\x61\x72\x65\x64\x4d\x65\x6d\x6f\x72\x79\x53\x74\x61\x74\x75\x73\x12\x2a\x2e\x69\x6e\x66\x65\
\x72\x65\x6e\x63\x65\x2e\x53\x79\x73\x74\x65\x6d\x53\x68\x61\x72\x65\x64\x4d\x65\x6d\x6f\x72\x79\x53\x74\x61\x74\x75\x73\x52\x65\
\x71\x75\x65\x73\x74\x1a\x2b\x2e\x69\x6e\x66\x65\x72\x65\x6e\x63\x65\x2e\x53\x79\x73\x74\x65\x6d\x53\x68\x61\x72\x65\x64\x4d\x65\
\x6d\x6f\x72\x79\x53\x74\x61\x74\x75\x73\x52\x65\x73\x70\x6f\x6e\x73\x65\x12\x79\x0a\x1a\x53\x79\x73\x74\x65\x6d\x53\x68\x61\x72\
\x65\x64\x4d\x65\x6d\x6f\x72\x79\x52\x65\x67\x69\x73\x74\x65\x72\x12\x2c\x2e\x69\x6e\x66\x65\x72\x65\x6e\x63\x65\x2e\x53\x79\x73\
\x74\x65\x6d\x53\x68\x61\x72\x65\x64\x4d\x65\x6d\x6f\x72\x79\x52\x65\x67\x69\x73\x74\x65\x72\x52\x65\x71\x75\x65\x73\x74\x1a\x2d\
\x2e\x69\x6e\x66\x65\x72\x65\x6e\x63\x65\x2e\x53\x79\x73\x74\x65\x6d\x53\x68\x61\x72\x65\x64\x4d\x65\x6d\x6f\x72\x79\x52\x65\x67\
\x69\x73\x74\x65\x72\x52\x65\x73\x70\x6f\x6e\x73\x65\x12\x7f\x0a\x1c\x53\x79\x73\x74\x65\x6d\x53\x68\x61\x72\x65\x64\x4d\x65\x6d\
\x6f\x72\x79\x55\x6e\x72\x65\x67\x69\x73\x74\x65\x72\x12\x2e\x2e\x69\x6e\x66\x65\x72\x65\x6e\x63\x65\x2e\x53\x79\x73\x74\x65\x6d\
\x53\x68\x61\x72\x65\x64\x4d\x65\x6d\x6f\x72\x79\x55\x6e\x72\x65\x67\x69\x73\x74\x65\x72\x52\x65\x71\x75\x65\x73\x74\x1a\x2f\x2e\
\x69\x6e\x66\x65\x72\x65\x6e\x63\x65\x2e\x53\x79\x73\x74\x65\x6d\x53\x68\x61\x72\x65\x64\x4d\x65\x6d\x6f\x72\x79\x55\x6e\x72\x65\
\x67\x69\x73\x74\x65\x72\x52\x65\x73\x70\x6f\x6e\x73\x65\x12\x6d\x0a\x16\x43\x75\x64\x61\x53\x68\x61\x72\x65\x64\x4d\x65\x6d\x6f\
\x72\x79\x53\x74\x61\x74\x75\x73\x12\x28\x2e\x69\x6e\x66\x65\x72\x65\x6e\x63\x65\x2e\x43\x75\x64\x61\x53\x68\x61\x72\x65\x64\x4d\
\x65\x6d\x6f\x72\x79\x53\x74\x61\x74\x75\x73\x52\x65\x71\x75\x65\x73\x74\x1a\x29\x2e\x69\x6e\x66\x65\x72\x65\x6e\x63\x65\x2e\x43\
\x75\x64\x61\x53\x68\x61\x72\x65\x64\x4d\x65\x6d\x6f\x72\x79\x53\x74\x61\x74\x75\x73\x52\x65\x73\x70\x6f\x6e\x73\x65\x12\x73\x0a\
\x18\x43\x75\x64\x61\x53\x68\x61\x72\x65\x64\x4d\x65\x6d\x6f\x72\x79\x52\x65\x67\x69\x73\x74\x65\x72\x12\x2a\x2e\x69\x6e\x66\x65\
\x72\x65\x6e\x63\x65\x2e\x43\x75\x64\x61\x53\x68\x61\x72\x65\x64\x4d\x65\x6d\x6f\x72\x79\x52\x65\x67\x69\x73\x74\x65\x72\x52\x65\
\x71\x75\x65\x73\x74\x1a\x2b\x2e\x69\x6e\x66\x65\x72\x65\x6e\x63\x65\x2e\x43\x75\x64\x61\x53\x68\x61\x72\x65\x64\x4d\x65\x6d\x6f\
\x72\x79\x52\x65\x67\x69\x73\x74\x65\x72\x52\x65\x73\x70\x6f\x6e\x73\x65\x12\x79\x0a\x1a\x43\x75\x64\x61\x53\x68\x61\x72\x65\x64\
\x4d\x65\x6d\x6f\x72\x79\x55\x6e\x72\x65\x67\x69\x73\x74\x65\x72\x12\x2c\x2e\x69\x6e\x66\x65\x72\x65\x6e\x63\x65\x2e\x43\x75\x64\
\x61\x53\x68\x61\x72\x65\x64\x4d\x65\x6d\x6f\x72\x79\x55\x6e\x72\x65\x67\x69\x73\x74\x65\x72\x52\x65\x71\x75\x65\x73\x74\x1a\x2d\
\x2e\x69\x6e\x66\x65\x72\x65\x6e\x63\x65\x2e\x43\x75\x64\x61\x53\x68\x61\x72\x65\x64\x4d\x65\x6d\x6f\x72\x79\x55\x6e\x72\x65\x67\
\x69\x73\x74\x65\x72\x52\x65\x73\x70\x6f\x6e\x73\x65\x12\x4f\x0a\x0c\x54\x72\x61\x63\x65\x53\x65\x74\x74\x69\x6e\x67\x12\x1e\x2e\
\x69\x6e\x66\x65\x72\x65\x6e\x63\x65\x2e\x54\x72\x61\x63\x65\x53\x65\x74\x74\x69\x6e\x67\x52\x65\x71\x75\x65\x73\x74\x1a\x1f\x2e\
\x69\x6e\x66\x65\x72\x65\x6e\x63\x65\x2e\x54\x72\x61\x63\x65\x53\x65\x74\x74\x69\x6e\x67\x52\x65\x73\x70\x6f\x6e\x73\x65\x12\x4c\
\x0a\x0b\x4c\x6f\x67\x53\x65\x74\x74\x69\x6e\x67\x73\x12\x1d\x2e\x69\x6e\x66\x65\x72\x65\x6e\x63\x65\x2e\x4c\x6f\x67\x53\x65\x74\
\x74\x69\x6e\x67\x73\x52\x65\x71\x75\x65\x73\x74\x1a\x1e\x2e\x69\x6e\x66\x65\x72\x65\x6e\x63\x65\x2e\x4c\x6f\x67\x53\x65\x74\x74\
\x69\x6e\x67\x73\x52\x65\x73\x70\x6f\x6e\x73\x65\x62\x06\x70\x72\x6f\x74\x6f\x33";
