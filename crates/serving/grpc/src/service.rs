//! `inference.GRPCInferenceService`.

use std::collections::HashMap;
use std::pin::Pin;
use std::time::Instant;

use fastserve_serve::{InferRequest, ServeError, Server};
use fastserve_v2::{describe, names};
use futures_util::Stream;
use tonic::{Request, Response, Status, Streaming};

use crate::proto::grpc_inference_service_server::GrpcInferenceService;
use crate::proto::*;
use crate::status::status;
use crate::{config, decode, encode, metadata, stream};

pub(crate) struct Service {
    pub(crate) server: Server,
    pub(crate) allow_control: bool,
}

type Answer<T> = Result<Response<T>, Status>;

impl Service {
    /// Loads or unloads, which takes its time, beside the thread that reads and writes.
    async fn control(
        &self,
        name: &str,
        params: &HashMap<String, ModelRepositoryParameter>,
        act: fn(&Server, &str) -> Result<(), ServeError>,
    ) -> Result<(), Status> {
        if !self.allow_control {
            return Err(Status::permission_denied("this server does not let clients load and unload models"));
        }
        if let Some(key) = params.keys().find(|key| *key == "config" || key.starts_with("file:")) {
            return Err(status(&ServeError::Unimplemented(format!("parameter `{key}`: models are loaded from the repository only"))));
        }
        let (server, name) = (self.server.clone(), names::model(name).map_err(|e| status(&e))?.to_owned());
        let done = tokio::task::spawn_blocking(move || act(&server, &name)).await;
        done.map_err(|_| Status::internal("loading failed"))?.map_err(|e| status(&e))
    }
}

/// The answer of a function that fails as the server does.
fn answer<T>(made: impl FnOnce() -> Result<T, ServeError>) -> Answer<T> {
    made().map(Response::new).map_err(|e| status(&e))
}

fn no_shared_memory<T>() -> Answer<T> {
    Err(Status::unimplemented("this server takes no tensors in shared memory"))
}

#[tonic::async_trait]
impl GrpcInferenceService for Service {
    async fn server_live(&self, _: Request<ServerLiveRequest>) -> Answer<ServerLiveResponse> {
        Ok(Response::new(ServerLiveResponse { live: self.server.is_live() }))
    }

    async fn server_ready(&self, _: Request<ServerReadyRequest>) -> Answer<ServerReadyResponse> {
        Ok(Response::new(ServerReadyResponse { ready: self.server.is_ready() }))
    }

    async fn model_ready(&self, request: Request<ModelReadyRequest>) -> Answer<ModelReadyResponse> {
        let ModelReadyRequest { name, version } = request.into_inner();
        let ready = || self.server.is_model_ready(names::model(&name)?, names::version(&version)?);
        answer(|| Ok(ModelReadyResponse { ready: ready()? }))
    }

    async fn server_metadata(&self, _: Request<ServerMetadataRequest>) -> Answer<ServerMetadataResponse> {
        Ok(Response::new(ServerMetadataResponse {
            name: describe::SERVER_NAME.into(),
            version: env!("CARGO_PKG_VERSION").into(),
            extensions: describe::EXTENSIONS.iter().map(|e| (*e).to_owned()).collect(),
        }))
    }

    async fn model_metadata(&self, request: Request<ModelMetadataRequest>) -> Answer<ModelMetadataResponse> {
        let ModelMetadataRequest { name, version } = request.into_inner();
        answer(|| Ok(encode::metadata(self.server.metadata(names::model(&name)?, names::version(&version)?)?)))
    }

    async fn model_infer(&self, request: Request<ModelInferRequest>) -> Answer<ModelInferResponse> {
        let (call, _, message) = request.into_parts();
        let packed = call.get("grpc-encoding").is_some_and(|e| e != "identity");
        let (request, _) = decode::request(message).map_err(|e| status(&e))?;
        let deadline = metadata::deadline(&call, Instant::now());
        let request = InferRequest { deadline, trace: metadata::trace(&call), ..request };
        let answer = self.server.infer(request).await.map_err(|e| status(&e))?;
        let mut response = Response::new(encode::response(answer));
        if !packed {
            // Every client says that it reads gzip; only one that writes it wants it.
            response.disable_compression();
        }
        Ok(response)
    }

    type ModelStreamInferStream = Pin<Box<dyn Stream<Item = Result<ModelStreamInferResponse, Status>> + Send>>;

    async fn model_stream_infer(&self, request: Request<Streaming<ModelInferRequest>>) -> Answer<Self::ModelStreamInferStream> {
        let (call, _, requests) = request.into_parts();
        let packed = call.get("grpc-encoding").is_some_and(|e| e != "identity");
        let mut response: Response<Self::ModelStreamInferStream> =
            Response::new(Box::pin(stream::answers(self.server.clone(), requests, call)));
        if !packed {
            response.disable_compression();
        }
        Ok(response)
    }

    async fn model_config(&self, request: Request<ModelConfigRequest>) -> Answer<ModelConfigResponse> {
        let ModelConfigRequest { name, version } = request.into_inner();
        let model = || self.server.describe(names::model(&name)?, names::version(&version)?);
        answer(|| Ok(ModelConfigResponse { config: Some(config::config(&model()?)) }))
    }

    async fn model_statistics(&self, request: Request<ModelStatisticsRequest>) -> Answer<ModelStatisticsResponse> {
        let ModelStatisticsRequest { name, version } = request.into_inner();
        let named = || if name.is_empty() { Ok(None) } else { names::model(&name).map(Some) };
        let all = || self.server.statistics(named()?, names::version(&version)?);
        answer(|| Ok(ModelStatisticsResponse { model_stats: all()?.iter().map(encode::statistics).collect() }))
    }

    async fn repository_index(&self, request: Request<RepositoryIndexRequest>) -> Answer<RepositoryIndexResponse> {
        let only_ready = request.get_ref().ready;
        let entry = |e: &fastserve_serve::IndexEntry| repository_index_response::ModelIndex {
            name: e.name.clone(),
            version: describe::version_text(e),
            state: e.state.name().into(),
            reason: e.reason.clone(),
        };
        let models = describe::listed(&self.server.index(), only_ready).map(entry).collect();
        Ok(Response::new(RepositoryIndexResponse { models }))
    }

    async fn repository_model_load(&self, request: Request<RepositoryModelLoadRequest>) -> Answer<RepositoryModelLoadResponse> {
        let RepositoryModelLoadRequest { model_name, parameters, .. } = request.into_inner();
        self.control(&model_name, &parameters, Server::load).await?;
        Ok(Response::new(RepositoryModelLoadResponse {}))
    }

    async fn repository_model_unload(&self, request: Request<RepositoryModelUnloadRequest>) -> Answer<RepositoryModelUnloadResponse> {
        let RepositoryModelUnloadRequest { model_name, parameters, .. } = request.into_inner();
        self.control(&model_name, &parameters, Server::unload).await?;
        Ok(Response::new(RepositoryModelUnloadResponse {}))
    }

    async fn system_shared_memory_status(&self, _: Request<SystemSharedMemoryStatusRequest>) -> Answer<SystemSharedMemoryStatusResponse> {
        Ok(Response::new(SystemSharedMemoryStatusResponse::default()))
    }

    async fn system_shared_memory_register(
        &self,
        _: Request<SystemSharedMemoryRegisterRequest>,
    ) -> Answer<SystemSharedMemoryRegisterResponse> {
        no_shared_memory()
    }

    /// There is nothing that could be left of it.
    async fn system_shared_memory_unregister(
        &self,
        _: Request<SystemSharedMemoryUnregisterRequest>,
    ) -> Answer<SystemSharedMemoryUnregisterResponse> {
        Ok(Response::new(SystemSharedMemoryUnregisterResponse {}))
    }

    async fn cuda_shared_memory_status(&self, _: Request<CudaSharedMemoryStatusRequest>) -> Answer<CudaSharedMemoryStatusResponse> {
        Ok(Response::new(CudaSharedMemoryStatusResponse::default()))
    }

    async fn cuda_shared_memory_register(&self, _: Request<CudaSharedMemoryRegisterRequest>) -> Answer<CudaSharedMemoryRegisterResponse> {
        no_shared_memory()
    }

    async fn cuda_shared_memory_unregister(
        &self,
        _: Request<CudaSharedMemoryUnregisterRequest>,
    ) -> Answer<CudaSharedMemoryUnregisterResponse> {
        Ok(Response::new(CudaSharedMemoryUnregisterResponse {}))
    }

    /// Traces are set up when the server starts: a client can write no file.
    async fn trace_setting(&self, request: Request<TraceSettingRequest>) -> Answer<TraceSettingResponse> {
        if request.get_ref().settings.is_empty() {
            return Ok(Response::new(TraceSettingResponse { settings: trace_settings() }));
        }
        Err(Status::unimplemented("traces are set up when the server starts"))
    }

    /// The log is set up when the server starts: a client can write no file.
    async fn log_settings(&self, request: Request<LogSettingsRequest>) -> Answer<LogSettingsResponse> {
        if request.get_ref().settings.is_empty() {
            return Ok(Response::new(LogSettingsResponse { settings: log_settings() }));
        }
        Err(Status::unimplemented("the log is set up when the server starts"))
    }
}

fn trace_settings() -> HashMap<String, trace_setting_response::SettingValue> {
    let one = |(key, value): (&str, String)| (key.to_owned(), trace_setting_response::SettingValue { value: vec![value] });
    describe::TRACE_SETTINGS.iter().map(|(key, value)| one((key, (*value).to_owned()))).collect()
}

fn log_settings() -> HashMap<String, log_settings_response::SettingValue> {
    use log_settings_response::SettingValue;
    use log_settings_response::setting_value::ParameterChoice;
    let flag = |(key, on): &(&str, bool)| {
        let value = SettingValue { parameter_choice: Some(ParameterChoice::BoolParam(*on)) };
        ((*key).to_owned(), value)
    };
    describe::LOG_SETTINGS.iter().map(flag).collect()
}
