//! The Open Inference Protocol, version 2 ("V2"): what requests and answers look like as JSON and as bytes.
//!
//! Everything here is a function of its arguments: no socket, no clock, no thread. [`json::parse`] makes a request of the server of the
//! bytes of a body, [`json::answer`] makes bytes of its response, and [`describe`] has the texts that are not about a run. The door for
//! gRPC shares types ([`datatype`]), bytes ([`raw`]) and parameters ([`params`]).
//!
//! The protocol: <https://github.com/kserve/open-inference-protocol>; binary tensors and the other extensions are Triton's.

pub mod datatype;
pub mod describe;
pub mod json;
pub mod names;
pub mod params;
pub mod raw;
pub mod shape;
pub mod trace;
