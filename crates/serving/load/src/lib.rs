//! A load generator for servers of the Open Inference Protocol, version 2.
//!
//! Clients in a closed loop send their next request when they have an answer. An open loop sends requests at times that were drawn
//! beforehand, whether or not the server keeps up, and counts a request's latency from the time at which it should have been sent
//! (Tene, "How not to measure latency": otherwise a stall hides the requests that it kept from being sent).

mod connection;
mod driver;
mod error;
mod model;
mod plan;
mod plot;
mod random;
mod report;
mod schedule;

pub use driver::run;
pub use error::LoadError;
pub use model::{Body, Encoding, Request, fetch};
pub use plan::{Arrivals, Plan, Target};
pub use plot::svg;
pub use report::{Counts, Percentiles, Point, Report};
