//! Vector readers, tolerances and the backend conformance suite

pub mod reference;
pub mod tolerance;
pub mod vectors;

pub use tolerance::{Mismatch, Tolerance, compare};
pub use vectors::{Vector, VectorError};
