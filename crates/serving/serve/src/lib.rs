//! Models, versions, queues and workers of the server. Protocols decode bytes and call [`Server`].

mod batching;
mod config;
mod error;
mod gather;
mod inputs;
mod job;
mod labels;
mod lane;
mod load;
mod metadata;
mod metrics;
mod registry;
mod repository;
mod request;
mod server;
mod settings;
mod stats;
mod version;
mod worker;

pub use config::{BatchMode, Batching, ControlMode, ServerConfig, Source};
pub use error::{ErrorKind, ServeError};
pub use metadata::{BatchStatistics, IndexEntry, ModelDescription, ModelMetadata, ModelState, ModelStatistics, Summed, TensorMetadata};
pub use repository::{is_model_name, parse_version};
pub use request::{
    InferRequest, InferResponse, NamedOutput, NamedTensor, OutputData, OutputRequest, Protocol, SequenceId, SequenceStep, Times,
    TraceContext,
};
pub use server::Server;
pub use settings::{
    BatchingSettings, InstanceSettings, IntegritySettings, LabelSettings, MAX_SETTINGS_BYTES, Mode, ModelSettings, QueueSettings,
    TimeoutAction, VersionSettings, WarmupSettings,
};
