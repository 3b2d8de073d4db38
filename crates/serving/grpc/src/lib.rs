//! The gRPC door: `inference.GRPCInferenceService`, health and reflection.
//!
//! It decodes messages and moves tensors; what requests mean and when they run is [`fastserve_serve`]'s business.
//! [`decode`] and [`encode`] are functions of their arguments. [`routes`] gives the services as a router, so that REST can share a port.

mod config;
mod contents;
pub mod decode;
pub mod encode;
mod health;
mod metadata;
#[rustfmt::skip]
pub mod proto;
mod routes;
mod service;
mod status;
mod stream;

pub use routes::{Settings, routes};
pub use status::status;
