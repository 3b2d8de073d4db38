//! The CPU backend.
//!
//! A graph becomes a `model` once (passes, packed constants, lowered steps), a `plan` per bucket of
//! extents (offsets into one arena), and runs in a `session` (the arena and the actual extents).

mod backend;
mod bucket;
mod cache;
mod control;
mod explain;
mod memory;
mod model;
mod plan;
mod resolve;
mod segment;
mod session;
mod step_io;
mod steps;

pub use backend::CpuBackend;
pub use cache::PLAN_CACHE_LIMIT;
pub use model::CpuModel;
