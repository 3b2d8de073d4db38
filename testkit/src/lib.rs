//! Vector readers, tolerances and the backend conformance suite

pub mod conformance;
pub mod fixtures;
pub mod graphs;
pub mod half;
pub mod interpret;
pub mod node_suite;
pub mod random;
pub mod reference;
pub mod sys;
pub mod tolerance;
pub mod vectors;

pub use tolerance::{Mismatch, Tolerance, compare, distance};
pub use vectors::{Vector, VectorError};
