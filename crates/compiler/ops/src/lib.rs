//! Operators: one file each under `ops/`, one word each in `list`.
//!
//! A file holds everything an operator is: how it is built from attributes, what it infers, its reference body, and what it
//! lowers to. Families of one shape (unary, binary, reductions) are one table each.

mod attention;
mod broadcast;
mod composites;
mod contraction;
mod def;
mod elements;
mod epilogue;
mod equation;
mod list;
mod moves;
mod numbers;
pub mod ops;
mod order;
mod quantized;
mod random;
mod recurrent;
mod sampling;
mod shape_ints;
mod spectrum;
mod window;

pub use def::{CompositeDef, OpDef, Ops, composites, definitions};
pub use window::{AutoPad, WindowAttrs};
