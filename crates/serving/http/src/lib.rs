//! The REST door: routes, bodies, and what failures look like.
//!
//! It decodes bytes and moves tensors; what requests mean and when they run is [`fastserve_serve`]'s business.

mod beside;
mod body;
mod failure;
mod infer;
mod openapi;
mod pack;
mod repository;
mod routes;
mod scrape;
mod tell;

pub use body::unpack;
pub use pack::Packing;
pub use routes::{Settings, metrics, routes};
