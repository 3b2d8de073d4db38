//! The services as a router.

use fastserve_serve::Server;
use tonic::codec::CompressionEncoding;
use tonic::service::Routes;
use tonic_health::pb::health_server::HealthServer;

use crate::health::Check;
use crate::proto::FILE_DESCRIPTOR_SET;
use crate::proto::grpc_inference_service_server::GrpcInferenceServiceServer;
use crate::service::Service;

/// What the door lets in.
#[derive(Clone, Debug)]
pub struct Settings {
    /// Bytes of a message, before and after it is unpacked.
    pub max_request_bytes: usize,
    /// Whether clients load and unload models.
    pub allow_control: bool,
}

impl Default for Settings {
    fn default() -> Self {
        Self { max_request_bytes: 64 << 20, allow_control: false }
    }
}

/// The inference service, health and reflection. The router has no fallback, so that another one can be merged with it.
///
/// # Errors
/// The schema that reflection tells cannot be read; it is a part of the program.
pub fn routes(server: Server, settings: &Settings) -> Result<axum::Router, tonic_reflection::server::Error> {
    let health = HealthServer::new(Check(server.clone()));
    let inference = GrpcInferenceServiceServer::new(Service { server, allow_control: settings.allow_control })
        .max_decoding_message_size(settings.max_request_bytes)
        .max_encoding_message_size(usize::MAX)
        .accept_compressed(CompressionEncoding::Gzip)
        .send_compressed(CompressionEncoding::Gzip);
    let schema = || {
        tonic_reflection::server::Builder::configure()
            .register_encoded_file_descriptor_set(FILE_DESCRIPTOR_SET)
            .register_encoded_file_descriptor_set(tonic_health::pb::FILE_DESCRIPTOR_SET)
    };
    let routes = Routes::new(inference).add_service(health).add_service(schema().build_v1()?).add_service(schema().build_v1alpha()?);
    Ok(routes.into_axum_router().reset_fallback())
}
