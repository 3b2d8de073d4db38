//! `grpc.health.v1.Health`: asks the server whenever it is asked.

use std::pin::Pin;
use std::time::Duration;

use fastserve_serve::Server;
use futures_util::{Stream, stream};
use tonic::{Request, Response, Status};
use tonic_health::pb::health_check_response::ServingStatus;
use tonic_health::pb::health_server::Health;
use tonic_health::pb::{HealthCheckRequest, HealthCheckResponse};

/// How often a watched server is looked at.
const WATCH_EVERY: Duration = Duration::from_millis(250);
const SERVICE: &str = "inference.GRPCInferenceService";

pub(crate) struct Check(pub(crate) Server);

impl Check {
    fn state(&self) -> ServingStatus {
        if self.0.is_ready() { ServingStatus::Serving } else { ServingStatus::NotServing }
    }
}

fn is_ours(service: &str) -> bool {
    service.is_empty() || service == SERVICE
}

fn response(state: ServingStatus) -> HealthCheckResponse {
    HealthCheckResponse { status: state.into() }
}

#[tonic::async_trait]
impl Health for Check {
    async fn check(&self, request: Request<HealthCheckRequest>) -> Result<Response<HealthCheckResponse>, Status> {
        if is_ours(&request.get_ref().service) {
            return Ok(Response::new(response(self.state())));
        }
        Err(Status::not_found("there is no such service"))
    }

    type WatchStream = Pin<Box<dyn Stream<Item = Result<HealthCheckResponse, Status>> + Send>>;

    async fn watch(&self, request: Request<HealthCheckRequest>) -> Result<Response<Self::WatchStream>, Status> {
        let known = is_ours(&request.get_ref().service);
        let server = Check(self.0.clone());
        let changes = stream::unfold(None, move |last| {
            let server = Check(server.0.clone());
            async move {
                let state = changed(last, || if known { server.state() } else { ServingStatus::ServiceUnknown }).await;
                Some((Ok(response(state)), Some(state)))
            }
        });
        Ok(Response::new(Box::pin(changes)))
    }
}

/// The state once it is another than `last`.
async fn changed(last: Option<ServingStatus>, state: impl Fn() -> ServingStatus) -> ServingStatus {
    loop {
        let now = state();
        if last != Some(now) {
            return now;
        }
        tokio::time::sleep(WATCH_EVERY).await;
    }
}
